"""`capacity-api site`: the published tree as files."""

import asyncio
import contextlib
import signal
from pathlib import Path

import click
import msgspec

from capacity_api import config, loop
from capacity_api.cli import session
from capacity_api.db import schema
from capacity_api.db.engine import Database
from capacity_api.db.listening import listening
from capacity_api.publication import documents, folder
from capacity_api.publication.publication import Publication
from capacity_api.publication.site import Copy, page_headers


@click.group()
def site() -> None:
    """What is published as files, for nginx or any server of files."""


@site.command()
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--watch", is_flag=True, help="Go on and keep the files in step, until SIGINT or SIGTERM.")
@session.as_json
def build(directory: Path, watch: bool, as_json: bool) -> None:
    """Write all that can be read without a query into DIR, which is empty or held an earlier copy.

    What did not change is left alone. Only reads the database, and needs no secret key.
    """
    settings = session.settings()

    async def work() -> None:
        async with session.opened(settings) as database:
            await schema.check(database)
            publication = Publication(database, loop.now, documents.site(settings))
            await publication.refresh()
            with folder.opened(directory) as held:
                copy = Copy(publication, held, loop.now)
                try:
                    written = await copy.write()
                except OSError as error:
                    raise folder.unwritable(directory, error) from None
                if as_json:
                    click.echo(msgspec.json.encode(written))
                elif written is not None:
                    click.echo(
                        f"{directory} holds version {publication.sequence} in {written.files} files: "
                        f"{written.written} written, {written.removed} removed"
                    )
                if watch:
                    await _follow(copy, database)

    session.run(work())


@site.command()
def headers() -> None:
    """Print what nginx has to send with the pages, to be included where it serves them."""
    for name, value in page_headers(documents.site(config.from_environment()), loop.now()):
        click.echo(f'add_header {name} "{value}";')


async def _follow(copy: Copy, database: Database) -> None:
    wake = asyncio.Event()

    async def follow() -> None:
        # Unlike `gather`, it ends when both have: a file that is being written is written to its end.
        async with asyncio.TaskGroup() as both:
            both.create_task(copy.follow(wake))
            both.create_task(listening(database, wake.set))

    following = asyncio.create_task(follow())
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, following.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await following
