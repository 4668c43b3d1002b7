"""What systemd does for a unit: it keeps the listening socket, passes it on, and hears how the process is."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO
from uuid import uuid4

from tests import processes
from tests.serving import PATIENCE_SECONDS

from capacity_api.cli.serving import address_of

# Between fork and exec, as systemd does it: the socket becomes descriptor 3, and the process learns its own number.
_EXEC = """
import os, sys
descriptor = int(sys.argv[1])
if descriptor >= 0:
    os.dup2(descriptor, 3)
    os.environ |= {"LISTEN_FDS": "1", "LISTEN_FDNAMES": "http", "LISTEN_PID": str(os.getpid())}
os.execv(sys.argv[2], sys.argv[2:])
"""


class Unit:
    """One service. `messages` has what its processes said, in order, and `env` is that of the next."""

    def __init__(self, env: dict[str, str], arguments: tuple[str, ...], log: Path, watchdog_seconds: float) -> None:
        self._name = f"capacity-{uuid4()}"
        self.env = env | {"NOTIFY_SOCKET": f"@{self._name}", "WATCHDOG_USEC": str(int(watchdog_seconds * 1_000_000))}
        self._arguments = arguments
        self._log = log
        self.listener: socket.socket | None = None
        self._notifications = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notifications.bind(f"\0{self._name}")
        self._notifications.setblocking(False)
        self._heard = asyncio.Event()
        self.messages: list[str] = []
        self.process: asyncio.subprocess.Process | None = None

    @property
    def address(self) -> str:
        assert self.listener is not None
        return address_of(self.listener)

    async def start(self) -> None:
        """Start it, and wait until it says that it is ready."""
        with self._log.open("a") as log:
            self.process = await _exec(*self._arguments, env=self.env, passed=self.listener, output=log)
        await self.hears("READY=1")

    async def stop(self) -> int:
        """Stop it as `systemctl stop` does. Connections wait in the queue of the socket from then on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.process.wait()

    async def hears(self, line: str, count: int = 1) -> None:
        """Wait until a process of it says this line so many times, from now on."""
        begun = len(self.messages)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while sum(line in each.split("\n") for each in self.messages[begun:]) < count:
                assert self.process is None or self.process.returncode is None, self._log.read_text()
                await self._more()

    async def _more(self) -> None:
        self._heard.clear()
        # It looks now and then whether the process has ended.
        try:
            async with asyncio.timeout(1):
                await self._heard.wait()
        except TimeoutError:
            return

    def _hear(self) -> None:
        self.messages.append(self._notifications.recv(4096).decode())
        self._heard.set()

    @asynccontextmanager
    async def hearing(self) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        loop.add_reader(self._notifications, self._hear)
        try:
            yield
        finally:
            loop.remove_reader(self._notifications)
            self._notifications.close()
            if self.process is not None and self.process.returncode is None:
                self.process.terminate()
                await processes.finish(self.process)


@asynccontextmanager
async def service(
    *arguments: str, env: dict[str, str], log: Path, listens: bool = True, watchdog_seconds: float = PATIENCE_SECONDS
) -> AsyncIterator[Unit]:
    """A service that is not started yet. With `listens`, its socket takes connections from now on."""
    unit = Unit({**os.environ, **env}, arguments, log, watchdog_seconds)
    if listens:
        unit.listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    try:
        async with unit.hearing():
            yield unit
    finally:
        if unit.listener is not None:
            unit.listener.close()


async def run_with(*arguments: str, env: dict[str, str], passed: socket.socket) -> tuple[int, str]:
    """Run a command to its end with a socket that systemd passes: exit code, and all that it says."""
    process = await _exec(*arguments, env={**os.environ, **env}, passed=passed, output=asyncio.subprocess.PIPE)
    said, _ = await processes.finish(process)
    assert process.returncode is not None
    return process.returncode, said.decode()


async def _exec(
    *arguments: str, env: dict[str, str], passed: socket.socket | None, output: IO[str] | int
) -> asyncio.subprocess.Process:
    descriptor = -1 if passed is None else passed.fileno()
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _EXEC, str(descriptor), str(processes.COMMAND), *arguments),
        env=env,
        pass_fds=() if passed is None else (descriptor,),
        stdout=output,
        stderr=asyncio.subprocess.STDOUT,
    )
