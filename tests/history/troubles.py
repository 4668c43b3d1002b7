"""What befalls the processes, the database and the clocks of one run. Which of it does is drawn by the run's seed."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from random import Random

from tests import processes
from tests.history.record import Record, Restore
from tests.history.servers import Installation, Member, member_names, passes
from tests.serving import PATIENCE_SECONDS, patience

_LONGEST_STOP_SECONDS = 1.5
_LONGEST_PEACE_SECONDS = 1.5
_LONGEST_WRONG_SECONDS = 4.0
# What happens once happens in this part of a run.
_MIDDLE = (0.15, 0.75)
# A step of less than a minute is not noticed. One of four minutes dates no event too far ahead to wait for it.
_STEPS_OF_SERVERS = tuple(map(timedelta, (0, 0, 0, 0), (-7200, -45, 45, 240)))
_STEPS_OF_WORKERS = (*_STEPS_OF_SERVERS, timedelta(hours=2))


class Trouble(StrEnum):
    """What a run may have besides kills, short stops and connections that are ended, which each has."""

    AHEAD = "the newest event lies ahead of the clock"
    STOP = "a worker stops for longer than its lease"
    CLOCKS = "clocks are moved"
    RESTART = "PostgreSQL is restarted"
    PROMOTION = "a standby is promoted"
    RESTORE = "a backup is restored"
    PUT_BACK = "a backup is put back under the service"


_OF_POSTGRESQL = frozenset({Trouble.STOP, Trouble.RESTART, Trouble.PROMOTION})


def draw(chance: Random, *, is_sqlite: bool) -> frozenset[Trouble]:
    """Each for itself in one of two runs, but a backup comes back in one way."""
    drawn = {each for each in Trouble if chance.random() < 0.5 and not (is_sqlite and each in _OF_POSTGRESQL)}
    if drawn >= {Trouble.RESTORE, Trouble.PUT_BACK}:
        drawn.discard(chance.choice((Trouble.RESTORE, Trouble.PUT_BACK)))
    return frozenset(drawn)


def draw_moved(chance: Random, troubles: frozenset[Trouble], *, is_sqlite: bool) -> frozenset[str]:
    """The names of those whose clocks are moved: a server and a worker."""
    if Trouble.CLOCKS not in troubles:
        return frozenset()
    names = member_names(is_sqlite=is_sqlite)
    kinds = ([name for name in names if name.startswith(kind)] for kind in ("server", "worker"))
    return frozenset(chance.choice(kind) for kind in kinds if kind)


class Troubles:
    """`spared` is stopped by somebody else, and nothing else befalls it."""

    def __init__(
        self,
        installation: Installation,
        record: Record,
        chance: Random,
        troubles: frozenset[Trouble],
        folder: Path,
        spared: Member | None,
    ) -> None:
        self._installation = installation
        self._record = record
        self._chance = chance
        self._troubles = troubles
        self._folder = folder
        self._backup = folder / "history.backup"
        self._spared = spared
        # What has befallen, in order.
        self.befell: list[str] = []

    async def befall(self, ended: asyncio.Event, seconds: float) -> None:
        """Do something again and again, until the run of so many seconds has ended. In the end, every process runs."""
        took = 0.0
        began = time.monotonic()
        once = self._draw_once(seconds)
        # A slow machine would else do nothing but start processes.
        while not await passes(ended, self._chance.uniform(0, _LONGEST_PEACE_SECONDS + 2 * took)):
            started = time.monotonic()
            if once and started - began > once[0][0]:
                await self._do(once.pop(0)[1])
                continue
            await self._do(self._chance.choice(self._repeated()))
            took = time.monotonic() - started
        for _, what in once:
            await self._do(what)

    def _draw_once(self, seconds: float) -> list[tuple[float, Callable[[], Awaitable[None]]]]:
        """What happens once, with its second."""
        what: list[Callable[[], Awaitable[None]]] = []
        if Trouble.RESTORE in self._troubles:
            what += [self._back_up, self._restore]
        if Trouble.PUT_BACK in self._troubles:
            what += [self._remember, self._put_back]
        if Trouble.PROMOTION in self._troubles:
            what.insert(self._chance.randint(0, len(what)), self._promote)
        moments = sorted(self._chance.uniform(*_MIDDLE) * seconds for _ in what)
        return list(zip(moments, what, strict=True))

    def _repeated(self) -> list[Callable[[], Awaitable[None]]]:
        found: list[Callable[[], Awaitable[None]]] = [self._kill, self._stop]
        if not self._installation.place.is_sqlite:
            found.append(self._end_connections)
        if Trouble.RESTART in self._troubles:
            found.append(self._restart)
        if Trouble.CLOCKS in self._troubles:
            found.append(self._move_a_clock)
        return found

    async def _do(self, what: Callable[[], Awaitable[None]]) -> None:
        self.befell.append(what.__name__.strip("_"))
        await what()

    def _victim(self) -> Member:
        installation = self._installation
        return self._chance.choice(
            [each for each in (*installation.servers, *installation.workers) if each is not self._spared]
        )

    async def _kill(self) -> None:
        victim = self._victim()
        await victim.kill()
        await victim.start()

    async def _stop(self) -> None:
        # The run's end does not shorten it.
        await self._victim().stop(asyncio.Event(), self._chance.uniform(0, _LONGEST_STOP_SECONDS))

    async def _end_connections(self) -> None:
        await self._installation.place.end_connections()

    async def _restart(self) -> None:
        await self._installation.place.restart(self._chance.choice(("immediate", "fast")))

    async def _promote(self) -> None:
        await self._installation.place.promote()

    async def _move_a_clock(self) -> None:
        """Set one wrong, and right again before it is started anew: a new process has only the clock that it finds."""
        installation = self._installation
        moved = self._chance.choice([each for each in installation.members if each.clock is not None])
        assert moved.clock is not None
        steps = _STEPS_OF_SERVERS if moved in installation.servers else _STEPS_OF_WORKERS
        moved.clock.set(self._chance.choice(steps))
        await passes(asyncio.Event(), self._chance.uniform(0.5, _LONGEST_WRONG_SECONDS))
        moved.clock.set(timedelta(0))

    async def _back_up(self) -> None:
        await self._command("backup", str(self._backup))

    async def _remember(self) -> None:
        await self._installation.place.remember(self._folder)

    async def _restore(self) -> None:
        """As docs/operate/backup.md says: stop everything, restore, start everything."""
        self._record.begin_restore()
        await self._installation.kill()
        await self._declare("restore", str(self._backup))
        await self._installation.start()

    async def _put_back(self) -> None:
        """Restore by other means, under everybody: `db restored` says so afterwards."""
        self._record.begin_restore()
        await self._installation.place.put_back()
        self._record.has_gone_back = True
        for server in self._installation.servers:
            async with patience(lambda: f"{server.name} that is not ready"):  # noqa: B023 - it is awaited here
                while (await server.client.get("/readyz")).status_code == 200:  # noqa: ASYNC110 - nothing announces it
                    await asyncio.sleep(_ASK_EVERY_SECONDS)
        self._record.has_gone_back = False
        await self._declare("db", "restored")

    async def _declare(self, *command: str) -> None:
        done = json.loads(await self._command(*command, "--keep-tokens", "--json"))
        self._record.end_restore(Restore(done["last"], done["number"]))

    async def _command(self, *command: str) -> str:
        """The output of a command. The database may still be on its way back."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            code, out, err = await processes.run(*command, env=self._installation.env)
            if code == 0:
                return out
            assert time.monotonic() < until, f"{command} ended with {code}: {err}"


# How often a server is asked whether it has noticed.
_ASK_EVERY_SECONDS = 0.05
