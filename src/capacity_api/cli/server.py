"""`capacity-api serve` and `openapi`."""

import asyncio

import click
import uvicorn

from capacity_api.api.openapi import encode_document
from capacity_api.app import create_app
from capacity_api.cli.serving import Server, bind
from capacity_api.cli.setup import check_keys, load_settings_with_keys, open_database, prepare_to_serve, uvloop_runner
from capacity_api.config import Settings
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
def serve(host: str, port: int, workers: int, no_delivery: bool) -> None:
    """Run the service. An empty SQLite file becomes a database with the starting register."""
    settings = asyncio.run(load_settings_with_keys())
    if workers > 1 and settings.is_sqlite:
        raise ConfigurationError(
            "--workers above 1 needs PostgreSQL: SQLite has one writer and serves from one process"
        )
    if workers > 1 and no_delivery:
        raise ConfigurationError("--no-delivery works with one process; start several services behind a proxy instead")
    asyncio.run(_prepare(settings))
    if workers > 1:
        uvicorn.run(
            "capacity_api.app:from_environment",
            factory=True,
            host=host,
            port=port,
            workers=workers,
            access_log=False,
            server_header=False,
            proxy_headers=False,
        )
        return
    app = create_app(settings, deliver=not no_delivery, owns_process=True)
    server = Server(app, bind(host, port), lambda where: click.echo(f"capacity_api answers on {where}"))
    with uvloop_runner() as runner:
        runner.run(server.serve_until_stopped())


async def _prepare(settings: Settings) -> None:
    async with open_database(settings) as database:
        await prepare_to_serve(database)
        await check_keys(database)


@click.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    click.echo(encode_document(), nl=False)
