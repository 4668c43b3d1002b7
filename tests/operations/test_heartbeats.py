"""Heartbeats: a task says that it does its rounds, and only if it does."""

import asyncio
import socket
from datetime import timedelta

import pytest
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


async def test_one_that_is_started_again_on_its_machine_replaces_one_that_was_killed(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def started(host: str) -> Heartbeat:
        monkeypatch.setattr(socket, "gethostname", lambda: host)
        heartbeat = heartbeat_of(database, clock)
        await beaten(heartbeat)
        clock.advance(timedelta(seconds=2))
        return heartbeat

    async def beaten(heartbeat: Heartbeat) -> None:
        await heartbeat.after(no_work)()
        await heartbeat.beat()

    running = [await started("one"), await started("two")]
    # Two are killed on one machine. Another machine's does not take their place.
    await started("one")
    await started("one")
    running.append(await started("two"))
    clock.advance(SILENT_AFTER)
    for heartbeat in running:
        await beaten(heartbeat)
    assert await pulse(database, clock) == Pulse(alive=3, silent=2, newest=clock())
    # Each that is started takes the place of one.
    for silent in (1, 0, 0):
        await started("one")
        assert (await pulse(database, clock)).silent == silent
