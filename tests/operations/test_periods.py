"""Counting the events: in batches, by several processes at once, in an older database, and anew."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from bench.past import Past, build, forget_counts
from sqlalchemy import delete, select, text
from tests import processes
from tests.processes import environment

from capacity_api.config import Settings
from capacity_api.db import schema, sequence
from capacity_api.db.engine import Database
from capacity_api.db.tables import CoverageRow, GapRow, PeriodRow, RollupRow
from capacity_api.domain.coverage import NOBODY, counts_to_json
from capacity_api.domain.intake import Report, ReportedState
from capacity_api.operations import intake, periods, responders, statistics
from capacity_api.representations.statistics import Statistics

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)


async def _report_for_two_weeks(database: Database) -> datetime:
    """List the register and have two responders report for two weeks; returns the time at the end."""
    async with database.write() as session:
        await responders.load_register(session, START)
    now = START
    for n in range(14):
        now += DAY
        report = Report(state=list(ReportedState)[n % 3])
        async with database.write() as session:
            await intake.report_intake(session, now, ("tara", "bawso")[n % 2], report)
    return now


async def _stored_rows(database: Database) -> list[Any]:
    async with database.read() as session:
        found: list[Any] = []
        for table in (PeriodRow, GapRow, RollupRow):
            found += sorted((await session.execute(select(*table.__table__.columns))).all(), key=str)
        return found


async def _count(database: Database, max_events: int = periods.BATCH) -> int:
    async with database.write() as session:
        return await periods.count_events(session, max_events)


async def _latest_number(database: Database) -> int:
    async with database.read() as session:
        latest, _ = await sequence.latest(session)
    return latest


async def test_counting_in_batches_is_counting_at_once(database: Database) -> None:
    await _report_for_two_weeks(database)
    events = await _latest_number(database)
    assert await _count(database) == events
    at_once = await _stored_rows(database)
    async with database.read() as session:
        assert not await periods.is_behind(session)
    async with database.write() as session:
        await periods.reset(session)
    async with database.read() as session:
        assert await periods.is_behind(session)
    batches = [4] * (events // 4) + [events % 4]
    assert [await _count(database, 4) for _ in batches] == batches
    assert await _count(database, 4) == 0
    assert await _stored_rows(database) == at_once


async def test_several_that_count_at_once_count_each_event_once(database: Database) -> None:
    await _report_for_two_weeks(database)
    other = Database(database.settings)
    counted = await asyncio.gather(*(_count(each, 5) for each in (database, other) * 5))
    await other.close()
    assert sum(counted) == await _latest_number(database)
    kept = await _stored_rows(database)
    async with database.write() as session:
        await periods.reset(session)
    await _count(database)
    assert await _stored_rows(database) == kept


async def test_an_older_database_is_counted_from_its_first_event(empty_database: Database) -> None:
    await schema.upgrade(empty_database)
    now = await _report_for_two_weeks(empty_database)
    await _count(empty_database)
    kept = await _stored_rows(empty_database)
    async with empty_database.read() as session:
        found = await statistics.read_statistics(session, START, now)
    # An upgrade deletes what was counted.
    async with empty_database.write() as session:
        await periods.reset(session)
    async with empty_database.read() as session:
        assert await statistics.read_statistics(session, START, now) == found
    await _count(empty_database)
    assert await _stored_rows(empty_database) == kept


async def test_what_is_too_much_to_count_now_is_left_out_and_the_answer_says_so(settings: Settings) -> None:
    """After an upgrade that counts anew a million events would take minutes."""
    end = START + 300 * DAY
    await build(settings, Past(13, 3 * statistics.MAX_UNCOUNTED, START, end))
    database = Database(settings)
    whole = await _read(database, START, end)
    assert whole.counted_until == whole.end
    await forget_counts(database)
    begun = await _read(database, START, end)
    assert (begun.start, begun.end, begun.counted_from) == (whole.start, whole.end, whole.counted_from)
    assert begun.counted_until is not None
    assert START < begun.counted_until < end
    # It is right as far as it goes.
    until = await _read(database, START, begun.counted_until)
    later = await _read(database, begun.counted_until, end)
    assert (later.counted_from, later.counted_until, later.responders) == (None, None, [])
    assert {each.nobody_open_seconds for each in later.nations} == {None}
    assert {each.nobody_open_seconds for each in later.groups} == {None}
    while await _count(database):
        pass
    assert await _read(database, START, end) == whole
    assert await _read(database, START, begun.counted_until) == until == msgspec.structs.replace(begun, end=until.end)
    assert begun.months is not None
    assert (begun.months[0].start, begun.months[-1].end) == (whole.counted_from, begun.counted_until)
    await database.close()


async def _read(database: Database, start: datetime, end: datetime) -> Statistics:
    async with database.read() as session:
        return await statistics.read_statistics(session, start, end, by_month=True)


async def test_the_command_rebuilds_the_statistics_and_the_coverage_counts(
    database_url: str, settings: Settings
) -> None:
    database = Database(settings)
    await _report_for_two_weeks(database)
    await _count(database)
    kept = await _stored_rows(database)
    async with database.write() as session:
        await session.execute(delete(PeriodRow).where(PeriodRow.number == 0))
        await session.execute(text("UPDATE period SET paused = 77, ended = NULL"))
        (await session.get_one(CoverageRow, 1)).counts = counts_to_json(NOBODY)
    assert await _stored_rows(database) != kept
    counted = f"counted {await _latest_number(database)} events for the statistics\n"
    for coverage in ("wrong and are now right", "right"):
        code, out, err = await processes.run("db", "rebuild", env=environment(database_url))
        assert (code, out) == (0, f"the coverage counts were {coverage}\n{counted}"), err
        assert await _stored_rows(database) == kept
    await database.close()
