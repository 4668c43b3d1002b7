"""One installation as processes: servers, workers, and what befalls them."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import httpx
from sqlalchemy.engine import make_url
from tests import processes
from tests.outages import end_connections
from tests.processes import Process
from tests.serving import PATIENCE_SECONDS, client_of

# A claim that died with its worker is free again after the lease; the shortest that is allowed.
LEASE_SECONDS = 20
_LONGEST_STOP_SECONDS = 1.5
_LONGEST_PEACE_SECONDS = 1.5
# What is done in each process before the service starts there.
Before = Callable[[], None]


class Member:
    """A server or a worker, which keeps its name when it is started again. `client` reaches a server."""

    def __init__(
        self, name: str, *arguments: str, env: dict[str, str], announces: str, log: Path, before: Before | None = None
    ) -> None:
        self.name = name
        self.client = client_of("")
        self._arguments = arguments
        self._env = env
        self._announces = announces
        self._log = log
        self._before = before
        self._process: Process | None = None

    async def start(self) -> None:
        self._process = await processes.start(
            *self._arguments, env=self._env, announces=self._announces, log=self._log, before=self._before
        )
        if self._process.address.startswith("http"):
            self.client.base_url = httpx.URL(self._process.address)

    async def kill(self) -> None:
        """`kill -9`: no clean-up, no warning."""
        if self._process is not None:
            await self._process.kill()
            self._process = None

    async def stop(self, ended: asyncio.Event, seconds: float) -> None:
        """SIGSTOP, and SIGCONT after so many seconds, or when the run has ended."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            await passes(ended, seconds)
        finally:
            self._process.send_signal(signal.SIGCONT)


class Installation:
    """On SQLite one server that delivers; on PostgreSQL two that do not, and two workers."""

    def __init__(self, database_url: str, folder: Path, before: Before | None = None) -> None:
        self.url = make_url(database_url)
        self.env = processes.environment(
            database_url, write_limit="0", egress_allow="127.0.0.0/8", lease_seconds=str(LEASE_SECONDS)
        )
        is_alone = self.url.get_backend_name() == "sqlite"
        options = [] if is_alone else ["--no-delivery"]

        def member(name: str, *arguments: str, announces: str) -> Member:
            log = folder / f"{name}.log"
            return Member(name, *arguments, env=self.env, announces=announces, log=log, before=before)

        self.servers = [
            member(f"server {n}", "serve", "--port", "0", *options, announces="answers on ")
            for n in range(1, 2 if is_alone else 3)
        ]
        self.workers = [
            member(f"worker {n}", "worker", announces="delivers webhooks") for n in range(1, 1 if is_alone else 3)
        ]

    async def suffer(self, ended: asyncio.Event, chance: Random, spared: Member | None = None) -> None:
        """Do something to a process or to the database, again and again. In the end, every process runs."""
        victims = [each for each in (*self.servers, *self.workers) if each is not spared]
        took = 0.0
        # A slow machine would else do nothing but start processes.
        while not await passes(ended, chance.uniform(0, _LONGEST_PEACE_SECONDS + 2 * took)):
            victim = chance.choice(victims)
            what = chance.choice(("kill", "stop", "end connections"))
            if what == "stop":
                await victim.stop(ended, chance.uniform(0, _LONGEST_STOP_SECONDS))
            elif what == "end connections" and self.workers:
                await end_connections(self.url)
            else:
                began = time.monotonic()
                await victim.kill()
                await victim.start()
                took = time.monotonic() - began


@asynccontextmanager
async def running(database_url: str, folder: Path, before: Before | None = None) -> AsyncIterator[Installation]:
    """All processes of an installation, which log into `folder`. They are killed when the block ends."""
    installation = Installation(database_url, folder, before)
    members = [*installation.servers, *installation.workers]
    try:
        for each in members:
            await each.start()
        yield installation
    finally:
        async with asyncio.timeout(PATIENCE_SECONDS):
            for each in members:
                await each.kill()
                await each.client.aclose()


async def passes(ended: asyncio.Event, seconds: float) -> bool:
    """Wait so long, or until the run has ended: then true."""
    try:
        async with asyncio.timeout(seconds):
            return await ended.wait()
    except TimeoutError:
        return False
