"""What is due of many responders at once is recorded in steps: by date, each once, and a responder's own before more.

`tests/test_lapses.py` has the same with a whole service.
"""

import json
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import select
from tests.conftest import NOON
from tests.many import add_many, open_intake

from capacity_api.db.engine import Database
from capacity_api.db.tables import EventRow, ReportRow
from capacity_api.domain.intake import Report, ReportedState
from capacity_api.operations import changes, intake
from capacity_api.operations.changes import MAX_DUE

WEEK = timedelta(days=7)
LAPSE = NOON + WEEK
LATER = LAPSE + timedelta(minutes=1)


async def record(database: Database, now: datetime) -> bool:
    """One step, as the background task takes it; whether more is due."""
    async with database.write() as session:
        await changes.begin(session, now)
        due = await changes.next_due(session)
    return due is not None and due <= now


async def intake_events(database: Database) -> list[dict[str, Any]]:
    """The public events of intakes in their order."""
    async with database.read() as session:
        bodies = await session.scalars(
            select(EventRow.body)
            .where(EventRow.sequence.is_not(None), EventRow.type.startswith("intake."))
            .order_by(EventRow.sequence)
        )
        return [json.loads(body) for body in bodies]


async def lapses(database: Database) -> list[tuple[str, datetime]]:
    return [
        (event["data"]["responder"]["slug"], datetime.fromisoformat(event["timestamp"]))
        for event in await intake_events(database)
        if event["type"] == "intake.unconfirmed"
    ]


async def test_one_step_records_what_was_due_first_and_no_more_than_it_may(database: Database) -> None:
    times = [LAPSE + timedelta(seconds=n) for n in range(2 * MAX_DUE + 1)]
    Random(0).shuffle(times)
    await add_many(database, [open_intake(NOON, time) for time in times])
    counts = []
    while await record(database, LATER):
        counts.append(len(await lapses(database)))
    assert counts == [MAX_DUE, 2 * MAX_DUE]
    recorded = await lapses(database)
    assert [at for _, at in recorded] == sorted(times)
    assert sorted(recorded) == [(f"many-{n:03}", time) for n, time in enumerate(times)]


async def test_a_later_step_of_one_responder_waits_for_an_earlier_one_of_another(database: Database) -> None:
    reminder, end = LAPSE, LAPSE + timedelta(seconds=9)
    between = LAPSE + timedelta(seconds=5)
    many = [open_intake(NOON, end, remind_at=reminder)] * MAX_DUE
    await add_many(database, [*many, open_intake(NOON, between)])
    assert await record(database, LATER)
    assert await lapses(database) == []
    while await record(database, LATER):
        pass
    assert [at for _, at in await lapses(database)] == [between, *[end] * MAX_DUE]


@pytest.mark.parametrize("call", ["report", "confirm"])
async def test_a_report_follows_the_lapse_of_its_own_responder_though_many_others_are_due(
    database: Database, call: str
) -> None:
    own = LAPSE + timedelta(seconds=1)
    added = await add_many(database, [*[open_intake(NOON, LAPSE)] * (3 * MAX_DUE), open_intake(NOON, own)])
    slug = added[-1].slug
    async with database.write() as session:
        if call == "report":
            await intake.report_intake(session, LATER, slug, Report(state=ReportedState.PAUSED))
        else:
            await intake.confirm_intake(session, LATER, slug)
    # Its own, and no more of the others than one step may.
    assert len(await lapses(database)) == MAX_DUE + 1
    async with database.read() as session:
        still_due = await changes.next_due(session)
    assert still_due == LAPSE
    while await record(database, LATER):
        pass
    events = await intake_events(database)
    of_it = [event for event in events if event["data"]["responder"]["slug"] == slug]
    after = "paused" if call == "report" else "open"
    assert [
        (event["data"]["previous_state"], event["data"]["responder"]["intake"]["state"], event["timestamp"])
        for event in of_it
    ] == [("open", "unconfirmed", "2026-11-28T12:00:01Z"), ("unconfirmed", after, "2026-11-28T12:01:00Z")]
    assert of_it[0]["data"]["responder"]["intake"]["since"] == "2026-11-28T12:00:01Z"
    # Each lapse once, whatever was recorded between them, and no event is dated before the one that it follows.
    assert sorted(slug for slug, _ in await lapses(database)) == [row.slug for row in added]
    timestamps = [event["timestamp"] for event in events]
    assert timestamps == sorted(timestamps)
    async with database.read() as session:
        reports = (await session.execute(select(ReportRow.at).where(ReportRow.kind == "lapsed"))).scalars().all()
    # The history has the moment itself.
    assert set(reports) == {LAPSE, own}
    assert len(reports) == len(added)
