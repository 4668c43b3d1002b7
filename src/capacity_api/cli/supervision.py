"""What a process that goes on tells its supervisor: that it is ready, that it is alive, that it stops.

The supervisor is systemd (sd_notify(3), sd_listen_fds(3)), or the parent of several processes that serve.
Without one, nothing is told.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Callable, MutableMapping

import structlog

from capacity_api.errors import ConfigurationError

log = structlog.get_logger()
# The first descriptor that systemd passes on (SD_LISTEN_FDS_START).
_FIRST_DESCRIPTOR = 3


class Supervisor:
    """`say` takes lines such as `READY=1`. `watchdog_seconds`: a process that is silent for longer is restarted."""

    def __init__(self, say: Callable[[str], None] | None = None, watchdog_seconds: float | None = None) -> None:
        self._say = say
        self.watchdog_seconds = watchdog_seconds

    def ready(self, status: str) -> None:
        self._tell(f"READY=1\nSTATUS={status}")

    def describe(self, status: str) -> None:
        self._tell(f"STATUS={status}")

    def stopping(self) -> None:
        self._tell("STOPPING=1\nSTATUS=stops, and answers what has begun")

    def alive(self) -> None:
        self._tell("WATCHDOG=1")

    @contextlib.asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Meanwhile, tell that the event loop turns. If something blocks it, the supervisor hears nothing."""
        if self.watchdog_seconds is None:
            yield
            return
        beating = asyncio.create_task(self._beat(self.watchdog_seconds / 2))
        try:
            yield
        finally:
            beating.cancel()

    async def _beat(self, seconds: float) -> None:
        while True:
            self.alive()
            # Until the next beat is due.
            await asyncio.sleep(seconds)

    def _tell(self, lines: str) -> None:
        if self._say is None:
            return
        try:
            self._say(lines)
        except OSError as error:
            # A supervisor that hears nothing restarts the process, which a retry here could not prevent.
            log.warning("supervisor.unreachable", error=error.strerror)


def supervisor_of(environment: MutableMapping[str, str] = os.environ) -> Supervisor:
    """The supervisor that the environment names. What this process starts does not inherit it."""
    address = environment.pop("NOTIFY_SOCKET", None)
    watchdog = environment.pop("WATCHDOG_USEC", "")
    watched_pid = environment.pop("WATCHDOG_PID", str(os.getpid()))
    if address is None:
        return Supervisor()
    if address.startswith("@"):
        # In Linux's namespace without files.
        address = f"\0{address[1:]}"
    sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    # A supervisor whose queue is full must not block the event loop.
    sender.setblocking(False)

    def say(lines: str) -> None:
        sender.sendto(lines.encode(), address)

    is_watched = watchdog.isdecimal() and watched_pid == str(os.getpid())
    return Supervisor(say, int(watchdog) / 1_000_000 if is_watched else None)


def take_sockets(environment: MutableMapping[str, str] = os.environ) -> list[socket.socket]:
    """The listening sockets that systemd passes to this process. Empty if it passes none.

    Raises `ConfigurationError` if one of them is not a TCP socket that listens.
    """
    pid = environment.pop("LISTEN_PID", "")
    count = environment.pop("LISTEN_FDS", "")
    names = environment.pop("LISTEN_FDNAMES", "").split(":")
    if pid != str(os.getpid()) or not count.isdecimal():
        return []
    sockets = []
    for number in range(int(count)):
        descriptor = _FIRST_DESCRIPTOR + number
        name = names[number] if number < len(names) and names[number] else f"number {number + 1}"
        try:
            passed = socket.socket(fileno=descriptor)
            passed.set_inheritable(False)
            is_usable = passed.family in {socket.AF_INET, socket.AF_INET6} and bool(
                passed.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
            )
        except OSError:
            is_usable = False
        if not is_usable:
            # Behind another kind of socket, the address of a client would be unknown.
            raise ConfigurationError(
                f"the socket {name} that systemd passes is not a TCP socket that listens: "
                "name a port, or an address and a port, as ListenStream in its .socket unit"
            )
        sockets.append(passed)
    return sockets
