"""Heartbeats: what delivers webhooks and sends mail says in the database that it still does its rounds.

`/metrics` and `capacity-api doctor` read it, so a `worker` is watched without a port of its own. A row that grows old
is of a process that was killed or hangs. One that ends as it should removes its row. The id of a row says when its
process started and on which machine, so one that was started again there is known to replace one that was killed.
"""

import asyncio
import hashlib
import secrets
import socket
from collections import defaultdict
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec
from sqlalchemy import delete, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

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
# In the id of a row, as in each UUIDv7: the milliseconds of the start first. Its last bits are of the machine.
_START_SHIFT = 80
_PLACE_BITS = 62
# At the end, a database that does not answer may not keep the process from stopping.
_END_SECONDS = 3.0


class Task(StrEnum):
    """What a process does for others in rounds."""

    DELIVERY = "delivery"
    MAIL = "mail"


class Pulse(msgspec.Struct, frozen=True, kw_only=True):
    """The processes that do one task: how many beat, how many fell silent, and when the newest heartbeat was.

    One that fell silent is not counted if another was started in its place.
    """

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
        self._id = _identify(socket.gethostname(), task, clock())
        self._has_beaten = False
        # Also one whose end was not seen, because it was cancelled, may be stored.
        self._may_be_stored = False
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
        self._may_be_stored = True
        # Not a real write: that it cannot be stored holds up nobody.
        async with self._database.write(bulkhead=self._bulkhead, is_probe=True) as session:
            outdated = or_(HeartbeatRow.id == self._id, HeartbeatRow.beat_at < now - _KEPT_FOR)
            await session.execute(delete(HeartbeatRow).where(outdated))
            await session.execute(insert(HeartbeatRow).values(id=self._id, task=self._task, beat_at=now))
        self._has_beaten, self._has_done_round = True, False
        return False

    async def _end(self) -> None:
        if not self._may_be_stored:
            return
        with suppress(Unavailable, TimeoutError):
            async with (
                asyncio.timeout(_END_SECONDS),
                self._database.write(bulkhead=self._bulkhead, is_probe=True) as session,
            ):
                await session.execute(delete(HeartbeatRow).where(HeartbeatRow.id == self._id))


async def read_pulses(session: AsyncSession, now: datetime) -> dict[Task, Pulse]:
    """Of each task, whether or not anything does it."""
    beats: dict[Task, list[tuple[UUID, datetime]]] = {task: [] for task in Task}
    for id_, task, beat_at in await session.execute(select(HeartbeatRow.id, HeartbeatRow.task, HeartbeatRow.beat_at)):
        beats[Task(task)].append((id_, beat_at))
    pulses = {}
    for task, found in beats.items():
        alive = [id_ for id_, at in found if now - at <= SILENT_AFTER]
        silent = [(id_, at) for id_, at in found if now - at > SILENT_AFTER]
        newest = max((at for _, at in found), default=None)
        pulses[task] = Pulse(alive=len(alive), silent=_without_replacement(silent, alive), newest=newest)
    return pulses


def _identify(host: str, task: Task, now: datetime) -> UUID:
    """A UUIDv7 whose last bits are the same for each process that does the task on this host."""
    digest = hashlib.sha256(f"{host} {task}".encode()).digest()
    place = int.from_bytes(digest[:8]) >> (64 - _PLACE_BITS)
    start = _milliseconds(now) << _START_SHIFT
    return UUID(int=start | 7 << 76 | secrets.randbits(12) << 64 | 2 << _PLACE_BITS | place)


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _without_replacement(silent: list[tuple[UUID, datetime]], alive: list[UUID]) -> int:
    """How many fell silent and have none of `alive` in their place, started since. Each takes the place of one."""
    starts: defaultdict[int, list[int]] = defaultdict(list)
    for id_ in alive:
        starts[_place(id_)].append(id_.int >> _START_SHIFT)
    count = 0
    for id_, last_beat in sorted(silent, key=lambda each: each[1], reverse=True):
        later = [start for start in starts[_place(id_)] if start > _milliseconds(last_beat)]
        if later:
            starts[_place(id_)].remove(later[0])
        else:
            count += 1
    return count


def _place(id_: UUID) -> int:
    return id_.int % (1 << _PLACE_BITS)
