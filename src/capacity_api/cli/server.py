"""`capacity-api serve`, `worker`, `listen`, `openapi`."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import uvicorn

from capacity_api import loop
from capacity_api.api import openapi as document
from capacity_api.app import create_app, listening
from capacity_api.cli import session
from capacity_api.config import Settings
from capacity_api.delivery.receiver import Receiver
from capacity_api.delivery.worker import Worker
from capacity_api.domain.keys import Keys
from capacity_api.errors import ConfigurationError

_GRACE_SECONDS = 5


class Server(uvicorn.Server):
    """One process, which announces itself when it answers."""

    def __init__(self, app: Any, bound: socket.socket, started: Callable[[str], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                lifespan="auto",
                # No access log: it would hold readers' addresses and what they asked for.
                access_log=False,
                log_config=None,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        self._bound = bound
        self._started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._started(address(self._bound))

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing: uvicorn would raise them again after its own clean-up, before that of whoever runs it."""
        yield

    async def serve_bound(self) -> None:
        await self.serve(sockets=[self._bound])

    async def serve_until_stopped(self) -> None:
        """Serve until SIGINT or SIGTERM; what is being answered then has a few seconds."""
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self.handle_exit, number, None)
        await self.serve_bound()


def bind(host: str, port: int) -> socket.socket:
    """A socket on the address; raises `ConfigurationError` when it is taken."""
    # The protocol is named because asyncio turns Nagle's delay off only where it is.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise ConfigurationError(f"cannot listen on {host} port {port}: {error.strerror}") from None
    return bound


def address(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 for any that is free.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes; PostgreSQL only.")
@click.option("--no-delivery", is_flag=True, help="Leave the webhooks to `capacity-api worker`.")
def serve(host: str, port: int, workers: int, no_delivery: bool) -> None:
    """Run the service. An empty SQLite file becomes a database with the starting register."""
    settings = session.run(session.settings_with_keys())
    if workers > 1 and settings.is_sqlite:
        raise ConfigurationError(
            "--workers above 1 needs PostgreSQL: SQLite has one writer and serves from one process"
        )
    if workers > 1 and no_delivery:
        raise ConfigurationError("--no-delivery goes with one process; start several of them behind a proxy instead")
    session.run(_prepare(settings))
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
    app = create_app(settings, deliver=not no_delivery, alone=True)
    server = Server(app, bind(host, port), lambda where: click.echo(f"capacity_api answers on {where}"))
    with uvloop_runner() as runner:
        runner.run(server.serve_until_stopped())


async def _prepare(settings: Settings) -> None:
    async with session.opened(settings) as database:
        await session.prepare_to_serve(database)
        await session.check_keys(database)


def uvloop_runner() -> asyncio.Runner:
    """A runner on uvloop where there is one."""
    try:
        import uvloop
    except ImportError:
        return asyncio.Runner()
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)


@click.command()
def worker() -> None:
    """Deliver webhooks, beside `serve --no-delivery` or other workers."""

    async def work() -> None:
        settings = await session.settings_with_keys()
        async with session.opened(settings) as database:
            await session.prepare_to_serve(database)
            await session.check_keys(database)
            wake = asyncio.Event()
            working = Worker(database, Keys(settings.secret_keys), settings, loop.now, wake).run()
            running = asyncio.gather(working, listening(database, wake.set))
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, running.cancel)
            click.echo("capacity_api delivers webhooks")
            with contextlib.suppress(asyncio.CancelledError):
                await running

    with uvloop_runner() as runner:
        runner.run(work())


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8001, show_default=True, type=click.IntRange(0, 65535))
@click.option("--secret", help="The webhook's whsec_… secret, or its whpk_… public key.")
@click.option(
    "--secret-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A file that holds it."
)
@session.as_json
def listen(host: str, port: int, secret: str | None, secret_file: Path | None, as_json: bool) -> None:
    """Receive webhooks on this machine, verify each signature and print it."""
    if (secret is None) == (secret_file is None):
        raise click.UsageError("give --secret or --secret-file")
    held = secret if secret is not None else secret_file.read_text().strip() if secret_file else ""
    try:
        receiver = Receiver(loop.now, held, as_json)
    except ValueError as error:
        raise ConfigurationError(f"the secret cannot be used: {error}") from None
    server = Server(receiver, bind(host, port), lambda where: click.echo(f"listening on {where}", err=True))
    asyncio.run(server.serve_until_stopped())


@click.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    click.echo(document.encoded(), nl=False)
