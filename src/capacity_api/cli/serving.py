"""An HTTP server in this process, for the service and for the receiver of webhooks."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn

from capacity_api.config import Settings
from capacity_api.edge.application import EdgeApplication
from capacity_api.edge.protocol import EdgeProtocol
from capacity_api.errors import ConfigurationError

GRACE_SECONDS = 5
# For a year a browser then asks this host over https alone. Not for its subdomains, which others may run.
_STRICT_TRANSPORT = ("strict-transport-security", "max-age=31536000")


def default_headers(settings: Settings) -> list[tuple[str, str]]:
    """The headers that the server adds to every answer, its own errors included."""
    return [_STRICT_TRANSPORT] if (settings.public_url or "").startswith("https:") else []


class Server(uvicorn.Server):
    """A server on a bound socket. It calls `announce` with its address when it is ready."""

    def __init__(
        self,
        app: Any,
        bound: socket.socket,
        announce: Callable[[str], None],
        headers: list[tuple[str, str]] | None = None,
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
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        self._bound = bound
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._announce(address_of(self._bound))

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone. uvicorn would raise them again before its caller could clean up."""
        yield

    async def serve_bound(self) -> None:
        await self.serve(sockets=[self._bound])

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
        raise ConfigurationError(f"cannot listen on {host} port {port}: {error.strerror}") from None
    return bound


def address_of(bound: socket.socket) -> str:
    """The socket's address as a URL, such as `http://127.0.0.1:8000`."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
