import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from capacity_api.db import sequence
from capacity_api.db.engine import Database
from capacity_api.db.tables import EventRow
from capacity_api.domain.events import EventType

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


async def _event(database: Database, at: datetime = NOON) -> int:
    async with database.write() as session:
        row = await sequence.lock(session)
        # Let the others come in between, if anything lets them.
        await asyncio.sleep(0.001)
        number = sequence.next_number(row, at)
        session.add(EventRow(id=uuid7(), sequence=number, type=EventType.INTAKE_OPENED, at=row.at, body="{}"))
    return number


async def _latest(database: Database) -> tuple[int, datetime]:
    async with database.read() as session:
        return await sequence.latest(session)


async def _stored(database: Database) -> list[int | None]:
    async with database.read() as session:
        return list(await session.scalars(select(EventRow.sequence).order_by(EventRow.sequence)))


async def test_a_new_database_is_at_number_zero(database: Database) -> None:
    assert await _latest(database) == (0, datetime(1970, 1, 1, tzinfo=UTC))


async def test_writers_at_once_get_numbers_without_gap_or_repetition(database: Database) -> None:
    other = Database(database.settings)
    numbers = await asyncio.gather(*(_event(which) for _ in range(20) for which in (database, other)))
    await other.close()

    assert sorted(numbers) == list(range(1, 41))
    assert await _stored(database) == list(range(1, 41))
    assert await _latest(database) == (40, NOON)


async def test_a_transaction_that_is_undone_gives_its_number_back(database: Database) -> None:
    assert await _event(database) == 1
    with pytest.raises(RuntimeError, match="halfway"):
        async with database.write() as session:
            assert sequence.next_number(await sequence.lock(session), NOON) == 2
            await session.flush()
            raise RuntimeError("halfway")

    assert await _event(database) == 2
    assert await _stored(database) == [1, 2]


async def test_failures_among_writers_at_once_leave_no_gap(database: Database) -> None:
    async def fail() -> None:
        async with database.write() as session:
            sequence.next_number(await sequence.lock(session), NOON)
            await session.flush()
            raise RuntimeError("halfway")

    outcomes = await asyncio.gather(
        *(fail() if n % 3 == 0 else _event(database) for n in range(30)), return_exceptions=True
    )

    assert sorted(number for number in outcomes if isinstance(number, int)) == list(range(1, 21))
    assert await _stored(database) == list(range(1, 21))


async def test_a_write_that_waited_for_the_lock_sees_the_write_before_it(database: Database) -> None:
    second = Database(database.settings)
    async with database.write() as session:
        row = await sequence.lock(session)
        waiting = asyncio.create_task(_event(second))
        # So that it most likely waits; it is right as well if it does not.
        await asyncio.sleep(0.05)
        assert sequence.next_number(row, NOON) == 1
    assert await waiting == 2
    await second.close()


async def test_time_never_goes_back(database: Database) -> None:
    await _event(database, NOON)
    await _event(database, NOON - timedelta(hours=1))
    assert await _latest(database) == (2, NOON)
    await _event(database, NOON + timedelta(seconds=1))
    assert await _latest(database) == (3, NOON + timedelta(seconds=1))
