"""Heartbeats: what delivers webhooks and sends mail says in the database that it still does its rounds.

`/metrics` and `capacity-api doctor` read it, so a `worker` is watched without a port of its own. A row that grows old
is of a process that was killed or hangs. One that ends as it should removes its row.
"""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec
from sqlalchemy import delete, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from capacity_api import background
from capacity_api.background import Round
from capacity_api.clock import Clock
from capacity_api.db.bulkheads import Bulkhead
from capacity_api.db.engine import Database
from capacity_api.db.tables import HeartbeatRow
from capacity_api.errors import Unavailable

_BEAT_EVERY_SECONDS = 15.0
# A busy database may hold up a few.
SILENT_AFTER = timedelta(seconds=90)
# The next heartbeat of any process removes a row that is older.
_KEPT_FOR = timedelta(hours=1)
# At the end, a database that does not answer may not keep the process from stopping.
_END_SECONDS = 3.0


class Task(StrEnum):
    """What a process does for others in rounds."""

    DELIVERY = "delivery"
    MAIL = "mail"


class Pulse(msgspec.Struct, frozen=True, kw_only=True):
    """The processes that do one task: how many beat, how many fell silent, and when the newest heartbeat was."""

    alive: int
    silent: int
    newest: datetime | None


class Heartbeat:
    """Of one task of one process. It beats only if a round has ended since it last did."""

    def __init__(self, database: Database, bulkhead: Bulkhead, task: Task, clock: Clock) -> None:
        self._database = database
        self._bulkhead = bulkhead
        self._task = task
        self._clock = clock
        self._id = uuid7()
        self._has_beaten = False
        self._has_done_round = False
        self._wake = asyncio.Event()

    def after(self, do_round: Round) -> Round:
        """The same round, noted once it has ended."""

        async def do_noted_round() -> bool:
            found_work = await do_round()
            self._has_done_round = True
            if not self._has_beaten:
                self._wake.set()
            return found_work

        return do_noted_round

    async def run(self) -> None:
        """Beat until cancelled, then remove the row."""
        try:
            await background.run("heartbeat", self.beat, self._wake, _BEAT_EVERY_SECONDS)
        finally:
            await self._end()

    async def beat(self) -> bool:
        """One heartbeat, if there is something to say. It never finds more to do at once."""
        if not self._has_done_round:
            return False
        now = self._clock()
        # Not a real write: that it cannot be stored holds up nobody.
        async with self._database.write(bulkhead=self._bulkhead, is_probe=True) as session:
            outdated = or_(HeartbeatRow.id == self._id, HeartbeatRow.beat_at < now - _KEPT_FOR)
            await session.execute(delete(HeartbeatRow).where(outdated))
            await session.execute(insert(HeartbeatRow).values(id=self._id, task=self._task, beat_at=now))
        self._has_beaten, self._has_done_round = True, False
        return False

    async def _end(self) -> None:
        if not self._has_beaten:
            return
        with suppress(Unavailable, TimeoutError):
            async with (
                asyncio.timeout(_END_SECONDS),
                self._database.write(bulkhead=self._bulkhead, is_probe=True) as session,
            ):
                await session.execute(delete(HeartbeatRow).where(HeartbeatRow.id == self._id))


async def read_pulses(session: AsyncSession, now: datetime) -> dict[Task, Pulse]:
    """Of each task, whether or not anything does it."""
    beats: dict[Task, list[datetime]] = {task: [] for task in Task}
    for task, beat_at in await session.execute(select(HeartbeatRow.task, HeartbeatRow.beat_at)):
        beats[Task(task)].append(beat_at)
    pulses = {}
    for task, times in beats.items():
        alive = sum(now - each <= SILENT_AFTER for each in times)
        pulses[task] = Pulse(alive=alive, silent=len(times) - alive, newest=max(times, default=None))
    return pulses
