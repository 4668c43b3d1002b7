"""`capacity-api site`: the published paths as files."""

import asyncio
import contextlib
import signal
from collections.abc import Coroutine
from functools import partial
from pathlib import Path

import click
import msgspec

from capacity_api import background, config, log
from capacity_api.background import Round
from capacity_api.cli.output import json_option
from capacity_api.cli.setup import load_settings, open_database
from capacity_api.cli.supervision import Supervisor, supervisor_of
from capacity_api.clock import utc_now
from capacity_api.clock_watch import ClockWatch
from capacity_api.conditions import Conditions
from capacity_api.db import schema
from capacity_api.db.clock import LOOK_AT_CLOCK_EVERY_SECONDS, look_at_clock
from capacity_api.db.engine import Database
from capacity_api.db.listening import listen_for_changes
from capacity_api.db.watch import Watch
from capacity_api.formats.registry import FORMATS
from capacity_api.publication.documents import catalogue
from capacity_api.publication.publisher import Publisher
from capacity_api.static_site.folder import open_folder, write_error
from capacity_api.static_site.site import StaticSite, headers_of_every_page


@click.group()
def site() -> None:
    """The published paths as files, for nginx or any file server."""


@site.command()
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--watch", is_flag=True, help="Keep the files up to date, until SIGINT or SIGTERM.")
@json_option
def build(directory: Path, watch: bool, as_json: bool) -> None:
    """Write every path that needs no query into DIR, which must be empty or contain an earlier site.

    Unchanged files are left alone. This only reads the database, and needs no secret key.
    """
    settings = load_settings()
    supervisor = supervisor_of()

    async def work() -> None:
        async with open_database(settings) as database:
            await schema.check(database)
            clock_watch, conditions = ClockWatch(), Conditions()
            look_at_clocks = partial(look_at_clock, database, clock_watch, conditions)
            await look_at_clocks()
            publisher = Publisher(
                database, clock_watch.latest, catalogue(settings, is_static=True), wall=clock_watch.wall
            )
            await publisher.refresh()
            with open_folder(directory) as folder:
                static_site = StaticSite(publisher, FORMATS, folder, utc_now)
                try:
                    summary = await static_site.write()
                except OSError as error:
                    raise write_error(directory, error) from None
                if as_json:
                    click.echo(msgspec.json.encode(summary))
                elif summary is not None:
                    click.echo(
                        f"{directory} holds version {publisher.sequence} in {summary.files} files: "
                        f"{summary.written} written, {summary.removed} removed"
                        + (f", {summary.failed} could not be built" if summary.failed else "")
                    )
                if watch:
                    watching = Watch(database, conditions, keeps_mark=False).run()
                    await _follow(static_site, database, watching, look_at_clocks, supervisor)

    asyncio.run(work())


@site.command()
def headers() -> None:
    """Print the headers that nginx must send with the pages. Include them in its configuration."""
    for name, value in headers_of_every_page(catalogue(config.from_environment(), is_static=True), utc_now()):
        click.echo(f'add_header {name} "{value}" always;')


async def _follow(
    static_site: StaticSite,
    database: Database,
    watching: Coroutine[None, None, None],
    look_at_clocks: Round,
    supervisor: Supervisor,
) -> None:
    wake = asyncio.Event()

    async def follow() -> None:
        # Unlike `gather`, a task group waits for both when it is cancelled, so no file is left half written.
        async with asyncio.TaskGroup() as group:
            group.create_task(static_site.follow(wake))
            group.create_task(watching)
            group.create_task(background.run("clock", look_at_clocks, asyncio.Event(), LOOK_AT_CLOCK_EVERY_SECONDS))
            group.create_task(listen_for_changes(database, wake.set))

    following = asyncio.create_task(follow())

    def stop() -> None:
        supervisor.stopping()
        following.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    supervisor.ready("keeps the files up to date")
    async with supervisor.watched():
        with log.lifetime(), contextlib.suppress(asyncio.CancelledError):
            await following
