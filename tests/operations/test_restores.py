"""An event that is dated after the next restore counts as of that restore."""

from datetime import datetime, timedelta

from sqlalchemy import select
from tests.conftest import NOON
from uuid_utils.compat import uuid7

from capacity_api.db import sequence
from capacity_api.db.engine import Database
from capacity_api.db.tables import EventRow, PeriodRow, RollupRow
from capacity_api.domain.events import EventType
from capacity_api.domain.intake import Report, ReportedState
from capacity_api.domain.periods import to_second
from capacity_api.operations import directory, history, intake, periods, statistics
from capacity_api.representations.statistics import Statistics

AHEAD = NOON + timedelta(days=400)
RESTORED = NOON + timedelta(hours=1)
OPEN = Report(state=ReportedState.OPEN)


async def _restore(database: Database, at: datetime) -> None:
    async with database.write() as session:
        row = await sequence.lock(session)
        row.n, row.at = row.n + 1, at
        session.add(EventRow(id=uuid7(), sequence=row.n, type=EventType.DIRECTORY_RESTORED, at=at, body="{}"))


async def _count(database: Database, max_events: int = periods.BATCH) -> int:
    """How many times it counted."""
    times = 0
    async with database.write() as session:
        while await periods.count_events(session, max_events):
            times += 1
    return times


async def _read_statistics(database: Database, until: datetime) -> Statistics:
    async with database.read() as session:
        return await statistics.read_statistics(session, NOON, until)


async def test_what_a_wrong_clock_dated_counts_as_of_the_restore(listed: Database) -> None:
    async with listed.write() as session:
        await intake.report_intake(session, AHEAD, "tara", OPEN)
    await _count(listed)
    await _restore(listed, RESTORED)
    await _count(listed)

    async with listed.read() as session:
        before = await directory.directory_as_of(session, RESTORED - timedelta(seconds=1))
        after = await directory.directory_as_of(session, RESTORED)
        page = await history.read_history(session, "tara", NOON, RESTORED + timedelta(seconds=1), 2**62, 10, None)
        rollup = (await session.execute(select(RollupRow))).scalar_one()
        began = list(await session.scalars(select(PeriodRow.began)))
    assert before.sequence < after.sequence == rollup.sequence
    assert after.updated_at == RESTORED
    tara = next(each for each in after.responders if each.slug == "tara")
    assert tara.intake.state == "unconfirmed", "it was confirmed in the future"
    assert [entry.at for entry in page.items] == [RESTORED]
    assert max(began) == to_second(RESTORED)


async def test_until_a_restore_is_counted_the_statistics_end_before_it(listed: Database) -> None:
    async with listed.write() as session:
        await intake.report_intake(session, AHEAD, "tara", OPEN)
    await _count(listed)
    await _restore(listed, RESTORED)
    begun = await _read_statistics(listed, AHEAD)
    assert begun.counted_until == RESTORED
    before = await _read_statistics(listed, RESTORED)
    await _count(listed)
    after = await _read_statistics(listed, RESTORED)
    assert (begun.responders, before.responders) == (after.responders, after.responders)
    assert (begun.nations, begun.counted_until) == (after.nations, after.counted_until)
    assert (await _read_statistics(listed, AHEAD)).counted_until == AHEAD


async def test_a_restore_that_ends_what_a_wrong_clock_has_dated_is_counted_anew_once(listed: Database) -> None:
    for n in range(4):
        async with listed.write() as session:
            await intake.report_intake(session, AHEAD + n * timedelta(hours=1), "tara", OPEN)
    await _count(listed)
    await _restore(listed, RESTORED)
    async with listed.read() as session:
        latest, _ = await sequence.latest(session)
    assert await _count(listed, 2) == -(-latest // 2)


async def test_without_a_restore_an_event_counts_as_of_its_date(listed: Database) -> None:
    async with listed.write() as session:
        await intake.report_intake(session, NOON + timedelta(minutes=1), "tara", OPEN)

    async with listed.read() as session:
        then = await directory.directory_as_of(session, NOON + timedelta(minutes=1))
    assert next(each for each in then.responders if each.slug == "tara").intake.state == "open"
