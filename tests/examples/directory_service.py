"""The service as a process that can be killed, with the clock of the test."""

import asyncio
import multiprocessing
import os
from multiprocessing.connection import Connection
from pathlib import Path

from tests.examples.moved_clock import MovedClock
from tests.serving import PATIENCE_SECONDS, serving

from capacity_api.config import Settings

# The one of `tests.processes`, which has read the commands.
_forks = multiprocessing.get_context("forkserver")


class DirectoryService:
    """It is killed and started again on the same database, each time at another address."""

    def __init__(self, settings: Settings, clock: MovedClock, log: Path) -> None:
        self._settings = settings
        self._clock = clock
        self._log = log
        self._process: multiprocessing.context.ForkServerProcess | None = None

    async def start(self) -> str:
        """Start it; returns its address."""
        announced, announces = _forks.Pipe(duplex=False)
        self._process = _forks.Process(target=_run, args=(self._settings, self._clock, self._log, announces))
        await asyncio.to_thread(self._process.start)
        announces.close()
        with announced:
            assert await asyncio.to_thread(announced.poll, PATIENCE_SECONDS), self._log.read_text()[-2000:]
            address: str = announced.recv()
        return address

    async def kill(self) -> None:
        """`kill -9`: no clean-up, no warning."""
        if self._process is not None:
            self._process.kill()
            await asyncio.to_thread(self._process.join, PATIENCE_SECONDS)
            self._process = None


def _run(settings: Settings, clock: MovedClock, log: Path, announces: Connection) -> None:
    with log.open("a") as file:
        for output in (1, 2):
            os.dup2(file.fileno(), output)
    asyncio.run(_serve(settings, clock, announces))


async def _serve(settings: Settings, clock: MovedClock, announces: Connection) -> None:
    async with serving(settings, clock, deliver=True) as service:
        announces.send(str(service.client.base_url).rstrip("/"))
        await asyncio.Event().wait()
