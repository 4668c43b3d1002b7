"""One installation as processes: servers, workers, and who keeps the directory as files."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

from tests import processes
from tests.history.clocks import MovedClock
from tests.history.places import Place, with_programs
from tests.nginx import free_port
from tests.processes import Process
from tests.serving import PATIENCE_SECONDS, client_of

# A claim that died with its worker is free again after the lease; the shortest that is allowed.
LEASE_SECONDS = 20
_SERVERS = 3
_WORKERS = 2
# What is done in each process before the service starts there.
Before = Callable[[], None]


class Member:
    """One process, which keeps its name and its address when it is started again. `client` reaches a server.

    With a `clock` of its own it does nothing else `before` it starts.
    """

    def __init__(
        self,
        name: str,
        *arguments: str,
        env: dict[str, str],
        announces: str,
        log: Path,
        before: Before | None = None,
        address: str = "",
        clock: MovedClock | None = None,
    ) -> None:
        self.name = name
        self.clock = clock
        self.client = client_of(address)
        self._arguments = arguments
        self._env = env
        self._announces = announces
        self._log = log
        self._before = before
        self._process: Process | None = None

    def lag_since(self, began: float) -> timedelta:
        """By how much it may have been behind the right time and not know it, since that time of `time.monotonic`."""
        return timedelta(0) if self.clock is None else self.clock.lag_since(began)

    def lead_since(self, began: float) -> timedelta:
        return timedelta(0) if self.clock is None else self.clock.lead_since(began)

    def was_far_behind_since(self, began: float) -> bool:
        return self.clock is not None and self.clock.was_far_behind_since(began)

    async def start(self) -> None:
        before = self._before if self.clock is None else self.clock.install
        self._process = await processes.start(
            *self._arguments, env=self._env, announces=self._announces, log=self._log, before=before
        )

    async def kill(self) -> None:
        """`kill -9`: no clean-up, no warning."""
        if self._process is not None:
            await self._process.kill()
            self._process = None

    async def stop(self, ended: asyncio.Event, seconds: float) -> None:
        """SIGSTOP, and SIGCONT after so many seconds, or when the run has ended."""
        process = self._process
        assert process is not None
        process.send_signal(signal.SIGSTOP)
        try:
            await passes(ended, seconds)
        finally:
            # It may have been killed meanwhile.
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)


class Installation:
    """On SQLite one server that delivers; on PostgreSQL three that do not, and two workers.

    `watcher` keeps the files in `root`. Of the `moved` members, by name, the clock can be moved.
    """

    def __init__(
        self,
        place: Place,
        folder: Path,
        before: Before | None = None,
        *,
        moved: frozenset[str] = frozenset(),
        has_files: bool = False,
    ) -> None:
        self.place = place
        self.root = folder / "site"
        self.env = with_programs(
            processes.environment(
                place.url, write_limit="0", egress_allow="127.0.0.0/8", lease_seconds=str(LEASE_SECONDS)
            )
        )

        def member(name: str, *arguments: str, announces: str, address: str = "") -> Member:
            clock = MovedClock(folder / f"{name}.clock") if name in moved else None
            log = folder / f"{name}.log"
            return Member(
                name,
                *arguments,
                env=self.env,
                announces=announces,
                log=log,
                before=before,
                address=address,
                clock=clock,
            )

        def server(name: str, *options: str) -> Member:
            # The cache learns the address once, so a server that is started again has the same.
            port = free_port()
            arguments = ("serve", "--port", str(port), *options)
            return member(name, *arguments, announces="answers on ", address=f"http://127.0.0.1:{port}")

        names = member_names(is_sqlite=place.is_sqlite)
        options = [] if place.is_sqlite else ["--no-delivery"]
        self.servers = [server(name, *options) for name in names if name.startswith("server")]
        self.workers = [
            member(name, "worker", announces="delivers webhooks") for name in names if name.startswith("worker")
        ]
        self.watcher = None
        if has_files:
            arguments = ("site", "build", str(self.root), "--watch")
            self.watcher = member("watcher", *arguments, announces="holds version ")

    @property
    def members(self) -> list[Member]:
        return [*self.servers, *self.workers, *([self.watcher] if self.watcher is not None else [])]

    async def start(self) -> None:
        for each in self.members:
            await each.start()

    async def kill(self) -> None:
        for each in self.members:
            await each.kill()


def member_names(*, is_sqlite: bool) -> list[str]:
    if is_sqlite:
        return ["server 1"]
    return [f"server {n + 1}" for n in range(_SERVERS)] + [f"worker {n + 1}" for n in range(_WORKERS)]


@asynccontextmanager
async def running(installation: Installation) -> AsyncIterator[None]:
    """All its processes run, and are killed when the block ends."""
    try:
        await installation.start()
        yield
    finally:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await installation.kill()
            for each in installation.members:
                await each.client.aclose()


async def passes(ended: asyncio.Event, seconds: float) -> bool:
    """Wait so long, or until the run has ended: then true."""
    try:
        async with asyncio.timeout(seconds):
            return await ended.wait()
    except TimeoutError:
        return False
