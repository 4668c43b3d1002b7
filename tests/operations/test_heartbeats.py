"""Heartbeats: a task says that it does its rounds, and only if it does."""

import asyncio
from datetime import timedelta

from sqlalchemy import func, select
from tests.conftest import Clock
from tests.serving import patience

from capacity_api.db.bulkheads import Bulkhead
from capacity_api.db.engine import Database
from capacity_api.db.tables import HeartbeatRow
from capacity_api.operations.heartbeats import SILENT_AFTER, Heartbeat, Pulse, Task, read_pulses


async def pulse(database: Database, clock: Clock) -> Pulse:
    async with database.read() as session:
        return (await read_pulses(session, clock()))[Task.DELIVERY]


def heartbeat_of(database: Database, clock: Clock) -> Heartbeat:
    return Heartbeat(database, Bulkhead.DELIVERY, Task.DELIVERY, clock)


async def no_work() -> bool:
    return False


async def test_it_beats_after_a_round_and_not_without_one(database: Database, clock: Clock) -> None:
    heartbeat = heartbeat_of(database, clock)
    await heartbeat.beat()
    assert await pulse(database, clock) == Pulse(alive=0, silent=0, newest=None)
    do_round = heartbeat.after(no_work)
    assert await do_round() is False
    await heartbeat.beat()
    first = clock()
    assert await pulse(database, clock) == Pulse(alive=1, silent=0, newest=first)
    # Its rounds hang.
    clock.advance(SILENT_AFTER)
    await heartbeat.beat()
    assert await pulse(database, clock) == Pulse(alive=1, silent=0, newest=first)
    clock.advance(timedelta(seconds=1))
    assert await pulse(database, clock) == Pulse(alive=0, silent=1, newest=first)
    # They go on.
    await do_round()
    await heartbeat.beat()
    assert await pulse(database, clock) == Pulse(alive=1, silent=0, newest=clock())


async def test_one_that_ends_removes_its_row_and_any_removes_those_that_are_old(
    database: Database, clock: Clock
) -> None:
    killed, other = heartbeat_of(database, clock), heartbeat_of(database, clock)
    await killed.after(no_work)()
    await killed.beat()
    clock.advance(timedelta(minutes=59))
    running = asyncio.create_task(other.run())
    await other.after(no_work)()
    async with patience(lambda: "the first heartbeat"):
        while (await pulse(database, clock)).alive == 0:
            pass
    assert await pulse(database, clock) == Pulse(alive=1, silent=1, newest=clock())
    clock.advance(timedelta(minutes=2))
    await other.after(no_work)()
    await other.beat()
    assert await pulse(database, clock) == Pulse(alive=1, silent=0, newest=clock())
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(HeartbeatRow)) == 0
