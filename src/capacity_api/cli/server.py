"""`capacity-api serve` and `openapi`."""

import asyncio
import contextlib
import socket
from collections.abc import Sequence

import click
from click.core import ParameterSource

from capacity_api.api.openapi import encode_document
from capacity_api.api.shared_counts import SharedCounts
from capacity_api.app import create_app
from capacity_api.cli.processes import Link, Processes
from capacity_api.cli.serving import BACKLOG, GRACE_SECONDS, Server, address_of, bind, default_headers
from capacity_api.cli.setup import (
    create_database,
    load_settings,
    make_missing_key,
    open_database,
    prepare_to_run,
    require_whole_file,
    uvloop_runner,
)
from capacity_api.cli.supervision import Supervisor, supervisor_of, take_sockets
from capacity_api.config import Settings
from capacity_api.db import schema
from capacity_api.db.sqlite_file import database_path, hold_lock, is_absent, require_file
from capacity_api.errors import ConfigurationError

# What a process needs beyond the grace of its requests: to see the signal, to wait for connections, to record results.
_STOP_SECONDS = GRACE_SECONDS + 10


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 for any free port.")
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="The number of processes. More than 1 needs PostgreSQL.",
)
@click.option("--no-delivery", is_flag=True, help="Do not deliver webhooks: `capacity-api worker` does.")
@click.option("--create", is_flag=True, help="Make the database if there is none, with the starting register.")
def serve(host: str, port: int, workers: int, no_delivery: bool, create: bool) -> None:
    """Run the service. In a folder without a database, and without settings, it makes one there.

    Under systemd it says when it is ready, and takes the sockets of its .socket unit: docs/operate/systemd.md.
    """
    settings = load_settings()
    supervisor = supervisor_of()
    passed = take_sockets()
    if passed and _is_given("host", "port"):
        raise ConfigurationError("systemd passes the sockets, so --host and --port say nothing; leave them out")
    if workers > 1 and settings.is_sqlite:
        raise ConfigurationError(
            "--workers above 1 needs PostgreSQL: SQLite has one writer and serves from one process"
        )
    with contextlib.ExitStack() as stack:
        if settings.is_sqlite:
            path = database_path(settings)
            if not (is_absent(path, is_asked_for=create) and (create or settings.names_no_database)):
                require_file(path)
            stack.enter_context(hold_lock(path))
        settings = asyncio.run(_prepare(settings, create=create))
        bound = passed or [bind(host, port)]
        if workers > 1:
            _serve_from_several(settings, bound, workers, supervisor, deliver=not no_delivery)
        else:
            _serve(settings, bound, supervisor, deliver=not no_delivery)


def _is_given(*options: str) -> bool:
    context = click.get_current_context()
    return any(context.get_parameter_source(option) is ParameterSource.COMMANDLINE for option in options)


async def _prepare(settings: Settings, *, create: bool) -> Settings:
    """Make what is missing and may be made. Returns the settings with a secret key."""
    if await _is_to_be_made(settings, create=create):
        count = await create_database(settings)
        click.echo(f"made a new database with {count} responders, each unconfirmed", err=True)
    await require_whole_file(settings)
    settings = await make_missing_key(settings)
    async with open_database(settings) as database:
        await prepare_to_run(database)
    return settings


async def _is_to_be_made(settings: Settings, *, create: bool) -> bool:
    if settings.is_sqlite:
        return (create or settings.names_no_database) and is_absent(database_path(settings), is_asked_for=create)
    if not create:
        return False
    async with open_database(settings) as database:
        return await schema.read_revision(database) is None


def _serve(settings: Settings, bound: Sequence[socket.socket], supervisor: Supervisor, *, deliver: bool) -> None:
    app = create_app(settings, deliver=deliver, owns_process=True)
    server = Server(app, bound, _announce, default_headers(settings), supervisor)
    with uvloop_runner() as runner:
        runner.run(server.serve_until_stopped())


def _serve_from_several(
    settings: Settings, bound: Sequence[socket.socket], count: int, supervisor: Supervisor, *, deliver: bool
) -> None:
    for each in bound:
        # Before there are processes, so that they share one queue.
        each.listen(BACKLOG)
    counts = SharedCounts(count)

    def work(link: Link) -> None:
        app = create_app(settings, deliver=deliver, owns_process=True, counts=counts.of_process(link.number))
        server = Server(app, bound, lambda _: None, default_headers(settings), link.supervisor)

        async def serve_until_stopped() -> None:
            link.when_parent_ends(server.stop)
            await server.serve_until_stopped()

        with uvloop_runner() as runner:
            runner.run(serve_until_stopped())

    def close_sockets() -> None:
        for each in bound:
            each.close()

    Processes(
        count,
        work,
        supervisor,
        lambda: _announce(" ".join(address_of(each) for each in bound)),
        close_sockets,
        grace_seconds=_STOP_SECONDS,
    ).run()


def _announce(where: str) -> None:
    click.echo(f"capacity_api answers on {where}")


@click.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    click.echo(encode_document(), nl=False)
