"""`capacity-api worker` and `listen`."""

import asyncio
import contextlib
import signal
from functools import partial
from pathlib import Path

import click

from capacity_api import background, log
from capacity_api.cli.output import json_option
from capacity_api.cli.serving import Server, bind
from capacity_api.cli.setup import (
    load_settings,
    load_settings_with_keys,
    open_database,
    prepare_to_run,
    require_whole_file,
    uvloop_runner,
)
from capacity_api.clock import utc_now
from capacity_api.clock_watch import ClockWatch
from capacity_api.conditions import Conditions
from capacity_api.db.clock import LOOK_AT_CLOCK_EVERY_SECONDS, look_at_clock
from capacity_api.db.listening import listen_for_changes
from capacity_api.db.watch import Watch
from capacity_api.delivery.receiver import Receiver
from capacity_api.delivery.worker import Worker
from capacity_api.domain.keys import Keys
from capacity_api.errors import ConfigurationError


@click.command()
def worker() -> None:
    """Deliver webhooks. Run it with `serve --no-delivery`; you may run several workers."""

    async def work() -> None:
        settings = await load_settings_with_keys()
        await require_whole_file(settings)
        async with open_database(settings) as database:
            await prepare_to_run(database)
            wake = asyncio.Event()
            conditions = Conditions()
            database.clock_watch = ClockWatch()
            look_at_clocks = partial(look_at_clock, database, database.clock_watch, conditions)
            await look_at_clocks()
            working = Worker(database, Keys(settings.secret_keys), settings, utc_now, wake).run()
            watching = Watch(database, conditions).run()
            clocks = background.run("clock", look_at_clocks, asyncio.Event(), LOOK_AT_CLOCK_EVERY_SECONDS)
            running = asyncio.gather(working, watching, clocks, listen_for_changes(database, wake.set))
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, running.cancel)
            click.echo("capacity_api delivers webhooks")
            with log.lifetime(), contextlib.suppress(asyncio.CancelledError):
                await running

    with uvloop_runner() as runner:
        runner.run(work())


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8001, show_default=True, type=click.IntRange(0, 65535))
@click.option("--secret", help="The webhook's whsec_… secret, or its whpk_… public key.")
@click.option(
    "--secret-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A file that contains it."
)
@json_option
def listen(host: str, port: int, secret: str | None, secret_file: Path | None, as_json: bool) -> None:
    """Receive webhooks on this machine, verify each signature and print each event."""
    if (secret is None) == (secret_file is None):
        raise click.UsageError("give --secret or --secret-file")
    load_settings()
    if secret_file is not None:
        secret = secret_file.read_text().strip()
    try:
        receiver = Receiver(utc_now, secret, as_json)
    except ValueError as error:
        raise ConfigurationError(f"the secret cannot be used: {error}") from None
    server = Server(receiver, bind(host, port), lambda where: click.echo(f"listening on {where}", err=True))
    with log.lifetime():
        asyncio.run(server.serve_until_stopped())
