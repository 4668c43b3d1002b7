"""An HTTP server in this process, for the service and for the receiver of webhooks."""

import asyncio
import contextlib
import errno
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import uvicorn

from capacity_api.cli.supervision import Supervisor
from capacity_api.config import Settings
from capacity_api.edge.application import EdgeApplication
from capacity_api.edge.protocol import EdgeProtocol
from capacity_api.errors import ConfigurationError

GRACE_SECONDS = 5
_REMEDIES = {
    errno.EADDRINUSE: "; another program uses it: choose another --port, or end that",
    errno.EACCES: "; choose a port above 1023 and let a proxy forward to it, or grant CAP_NET_BIND_SERVICE",
    errno.EADDRNOTAVAIL: "; this machine has no such address: --host takes one of its own",
}
# How many connections the kernel lets wait: those of a few seconds, while a restart takes so long.
BACKLOG = 4096
# For a year a browser then asks this host over https alone. Not for its subdomains, which others may run.
_STRICT_TRANSPORT = ("strict-transport-security", "max-age=31536000")


def default_headers(settings: Settings) -> list[tuple[str, str]]:
    """The headers that the server adds to every answer, its own errors included."""
    return [_STRICT_TRANSPORT] if (settings.public_url or "").startswith("https:") else []


class Server(uvicorn.Server):
    """A server on bound sockets. It calls `announce` with their addresses when it is ready.

    When it stops, every connection that the kernel has taken for it is answered.
    """

    def __init__(
        self,
        app: Any,
        bound: socket.socket | Sequence[socket.socket],
        announce: Callable[[str], None],
        headers: list[tuple[str, str]] | None = None,
        supervisor: Supervisor | None = None,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=EdgeProtocol if isinstance(app, EdgeApplication) else "auto",
                ws="none",
                lifespan="auto",
                # No access log: it would contain the addresses of readers and their queries.
                access_log=False,
                log_config=None,
                server_header=False,
                proxy_headers=False,
                headers=headers,
                backlog=BACKLOG,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        self._app = app
        self._bound = [bound] if isinstance(bound, socket.socket) else list(bound)
        self._announce = announce
        self._supervisor = supervisor or Supervisor()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            addresses = " ".join(address_of(each) for each in self._bound)
            self._announce(addresses)
            self._supervisor.ready(f"answers on {addresses}")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._supervisor.stopping()
        if isinstance(self._app, EdgeApplication):
            self._app.edge.connections.drain()
        # A second descriptor: when the last one is closed, the kernel resets what still waits in the queue.
        queues = [each.dup() for each in sockets or [] if each.fileno() >= 0]
        for server in self.servers:
            server.close()
        for queue in queues:
            with queue:
                await self._take_waiting(queue)
        await super().shutdown(sockets)

    async def _take_waiting(self, queue: socket.socket) -> None:
        queue.setblocking(False)
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            # No more than waited at the end: systemd keeps the socket open, so others come all the time.
            for _ in range(BACKLOG + 1):
                connection, _ = queue.accept()
                await loop.connect_accepted_socket(self._protocol, connection)

    def _protocol(self) -> asyncio.Protocol:
        # Its type is that of any protocol, which takes nothing.
        protocol: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return protocol

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone. uvicorn would raise them again before its caller could clean up."""
        yield

    def stop(self) -> None:
        self.should_exit = True

    async def serve_bound(self) -> None:
        async with self._supervisor.watched():
            await self.serve(sockets=self._bound)

    async def serve_until_stopped(self) -> None:
        """Serve until SIGINT or SIGTERM. Requests that have begun get a few more seconds."""
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self.handle_exit, number, None)
        await self.serve_bound()


def bind(host: str, port: int) -> socket.socket:
    """A socket that is bound to the address. Raises `ConfigurationError` if that fails."""
    # Name the protocol: asyncio turns Nagle's algorithm off only for a socket with IPPROTO_TCP.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise ConfigurationError(
            f"cannot listen on {host} port {port}: {error.strerror or error}{_REMEDIES.get(error.errno or 0, '')}"
        ) from None
    return bound


def address_of(bound: socket.socket) -> str:
    """The socket's address as a URL, such as `http://127.0.0.1:8000`."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
