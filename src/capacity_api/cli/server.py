"""`capacity-api serve` and `openapi`."""

import asyncio
import contextlib

import click
import uvicorn

from capacity_api.api.openapi import encode_document
from capacity_api.app import create_app
from capacity_api.cli.serving import GRACE_SECONDS, Server, bind, default_headers
from capacity_api.cli.setup import (
    create_database,
    load_settings,
    make_missing_key,
    open_database,
    prepare_to_run,
    require_whole_file,
    uvloop_runner,
)
from capacity_api.config import Settings
from capacity_api.db import schema
from capacity_api.db.sqlite_file import database_path, hold_lock, is_absent, require_file
from capacity_api.errors import ConfigurationError


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
    """Run the service. In a folder without a database, and without settings, it makes one there."""
    settings = load_settings()
    if workers > 1 and settings.is_sqlite:
        raise ConfigurationError(
            "--workers above 1 needs PostgreSQL: SQLite has one writer and serves from one process"
        )
    if workers > 1 and no_delivery:
        raise ConfigurationError("--no-delivery works with one process; start several services behind a proxy instead")
    with contextlib.ExitStack() as stack:
        if settings.is_sqlite:
            path = database_path(settings)
            if not (is_absent(path, is_asked_for=create) and (create or settings.names_no_database)):
                require_file(path)
            stack.enter_context(hold_lock(path))
        settings = asyncio.run(_prepare(settings, create=create))
        _serve(settings, host, port, workers, deliver=not no_delivery)


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


def _serve(settings: Settings, host: str, port: int, workers: int, *, deliver: bool) -> None:
    if workers > 1:
        uvicorn.run(
            "capacity_api.app:from_environment",
            factory=True,
            http="capacity_api.edge.protocol:EdgeProtocol",
            ws="none",
            host=host,
            port=port,
            workers=workers,
            access_log=False,
            # Each process sets up its own log, in `from_environment`.
            log_config=None,
            server_header=False,
            proxy_headers=False,
            headers=default_headers(settings),
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        return
    app = create_app(settings, deliver=deliver, owns_process=True)
    server = Server(
        app,
        bind(host, port),
        lambda where: click.echo(f"capacity_api answers on {where}"),
        default_headers(settings),
    )
    with uvloop_runner() as runner:
        runner.run(server.serve_until_stopped())


@click.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    click.echo(encode_document(), nl=False)
