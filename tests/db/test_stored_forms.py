"""The upgrade of what revision 0006 stored: every fact stays, and nothing is left in the old form."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from alembic.util import CommandError
from sqlalchemy import select, text
from tests.db import before_0007
from tests.processes import environment, run

from capacity_api.db import schema
from capacity_api.db.engine import Database
from capacity_api.db.tables import (
    CoverageRow,
    EventRow,
    ReportRow,
    ResponderRow,
    RollupRow,
    ThresholdRow,
    WebhookRow,
)
from capacity_api.domain.contact import Phone
from capacity_api.domain.intake import Circumstance, ExpectedTime, Reason, Report, ReportedState, Unit
from capacity_api.operations import coverage
from capacity_api.representations.encoding import encode
from capacity_api.representations.event import Event
from capacity_api.representations.responder import represent_responder

# Each step of the month, by its number: whose word the step is, whose word holds then, when that was confirmed, and
# when the state began.
STEPS = """
 4 harbour reported responder    | responder   03-04T09:00:00.123456Z since 03-04T09:00:00.123456Z
 6 harbour counted threshold     | threshold   never since 03-05T09:00:00Z
 8 harbour responder.updated     | threshold   never since 03-05T09:00:00Z
 9 harbour counted responder     | responder   03-04T09:00:00.123456Z since 03-06T09:00:00Z
11 lantern reported coordinator  | coordinator 03-06T09:00:00Z since 03-06T09:00:00Z
12 lantern confirmed coordinator | coordinator 03-07T09:00:00Z since 03-06T09:00:00Z
13 lantern confirmed responder   | responder   03-08T09:00:00Z since 03-06T09:00:00Z
14 harbour counted threshold     | threshold   never since 03-08T09:00:00Z
16 harbour confirmed responder   | responder   03-08T09:00:00Z since 03-08T09:00:00Z
17 orchard reported responder    | responder   03-09T09:00:00Z since 03-09T09:00:00Z
18 harbour lapsed responder      | responder   03-08T09:00:00Z since 03-15T09:00:00Z
19 lantern lapsed responder      | responder   03-08T09:00:00Z since 03-15T09:00:00Z
20 harbour counted threshold     | threshold   never since 03-16T09:00:00Z
21 harbour counted responder     | responder   03-04T09:00:00.123456Z since 03-16T12:00:00Z
22 harbour reported responder    | responder   03-17T09:00:00Z since 03-17T09:00:00Z
24 lantern reported responder    | responder   03-17T09:00:00Z since 03-17T09:00:00Z
25 lantern planned coordinator   | responder   03-17T09:00:00Z since 03-17T09:00:00Z
26 lantern confirmed responder   | responder   03-18T09:00:00Z since 03-17T09:00:00Z
27 lantern plan_cancelled responder | responder   03-18T09:00:00Z since 03-17T09:00:00Z
28 lantern planned responder     | responder   03-18T09:00:00Z since 03-17T09:00:00Z
29 lantern planned coordinator   | responder   03-18T09:00:00Z since 03-17T09:00:00Z
30 orchard lapsed responder      | responder   03-09T09:00:00Z since 03-21T00:00:00Z
31 harbour confirmed responder   | responder   03-21T09:00:00Z since 03-17T09:00:00Z
32 lantern started coordinator   | coordinator 03-19T12:00:00Z since 03-22T15:30:00Z
33 harbour confirmed responder   | responder   03-24T09:00:00Z since 03-17T09:00:00Z
34 orchard responder.updated     | responder   03-09T09:00:00Z since 03-21T00:00:00Z
35 orchard responder.delisted    | responder   03-09T09:00:00Z since 03-21T00:00:00Z
36 orchard responder.listed      | null        never since never
37 orchard reported responder    | responder   03-28T09:00:00Z since 03-28T09:00:00Z
38 orchard counted threshold     | threshold   never since 03-29T09:00:00Z
39 harbour reported responder    | responder   03-30T09:00:00Z since 03-30T09:00:00Z
40 harbour planned responder     | responder   03-30T09:00:00Z since 03-30T09:00:00Z
41 lantern lapsed coordinator    | coordinator 03-19T12:00:00Z since 04-02T23:00:00Z
"""
PHONES = [
    ("0800 808 3733", "+448008083733"),
    ("116 123", "116123"),
    ("+44 (0)20 7946 0018", "+442079460018"),
    ("00 33 1 23 45 67 89", "+33123456789"),
    # The old version took these, and no telephone does.
    ("01234 567", None),
    ("123 456 789 012 345", None),
    ("18001 0800 808 3733", None),
]


@pytest.fixture
async def upgraded(empty_database: Database) -> Database:
    await before_0007.load(empty_database, before_0007.old_rows())
    await schema.upgrade(empty_database)
    return empty_database


async def _events(database: Database) -> list[EventRow]:
    async with database.read() as session:
        return list(await session.scalars(select(EventRow).order_by(EventRow.sequence, EventRow.id)))


async def _bodies(database: Database) -> dict[int, dict[str, Any]]:
    """The bodies of the public events, by number."""
    return {row.sequence: json.loads(row.body) for row in await _events(database) if row.sequence is not None}


async def _private_bodies(database: Database) -> list[dict[str, Any]]:
    return [json.loads(row.body) for row in await _events(database) if row.sequence is None]


async def test_every_fact_is_as_before(upgraded: Database) -> None:
    async with upgraded.write() as session:
        await coverage.rebuild(session)
    facts, old_facts = await before_0007.new_facts(upgraded), before_0007.old_facts()
    # A gap has another meaning now, so other gap events no longer hold.
    gaps = {row["id"] for row in before_0007.old_rows()["event"] if row["type"].startswith("coverage.")}
    for webhook in (*facts["webhooks"], *old_facts["webhooks"]):
        webhook["undelivered"] = [event for event in webhook["undelivered"] if event[0] not in gaps]
    for name, old in old_facts.items():
        assert facts[name] == old, name


async def test_every_body_is_what_this_version_would_write(upgraded: Database) -> None:
    rows = await _events(upgraded)
    assert {row.type for row in rows} == {each["type"] for each in before_0007.old_rows()["event"]}
    for row in rows:
        event = msgspec.json.decode(row.body, type=Event)
        assert encode(event).decode() == row.body
        assert (event.id, event.type, event.sequence, event.timestamp) == (row.id, row.type, row.sequence, row.at)
        assert event.test is (row.type == "webhook.test")


async def test_each_step_says_whose_word_it_is_and_since_when(upgraded: Database) -> None:
    async with upgraded.read() as session:
        reports = {row.sequence: row for row in await session.scalars(select(ReportRow))}
    lines = []
    for number, body in (await _bodies(upgraded)).items():
        if "cells" in body["data"] or number < 4:
            continue
        responder = body["data"]["responder"]
        intake, row = responder["intake"], reports.get(number)
        step = f"{responder['slug']} {body['type'] if row is None else f'{row.kind} {row.said_by}'}"
        times = [time and time.removeprefix("2026-") for time in (intake["confirmed_at"], intake["since"])]
        said = f"{intake['said_by'] or 'null':11} {times[0] or 'never'} since {times[1] or 'never'}"
        lines.append(f"{number:2} {step:29} | {said}")
    assert "\n".join(lines) == STEPS.strip("\n")


async def test_a_plan_says_who_announced_it_and_until_when_it_holds(upgraded: Database) -> None:
    plans = {
        n: body["data"]["responder"]["intake"]["planned"] for n, body in (await _bodies(upgraded)).items() if n > 39
    }
    moved = (await _bodies(upgraded))[29]["data"]["responder"]["intake"]["planned"]
    report: dict[str, Any] = {
        "expected_response": None,
        "expected_referral": None,
        "no_timeframe": False,
        "limited_to": None,
    }
    report |= {"state": "paused", "reason": "planned", "exceptions": []}
    # It was carried out.
    assert moved == {
        "effective_from": "2026-03-22T15:30:00Z",
        "said_by": "coordinator",
        "said_at": "2026-03-19T12:00:00Z",
        "confirm_by": "2026-04-02T23:00:00Z",
        "report": {**report, "reopens_on": "2026-04-02", "note": "Moving house"},
    }
    # It is still ahead.
    assert plans[40] == {
        "effective_from": "2026-08-01T08:00:00Z",
        "said_by": "responder",
        "said_at": "2026-03-30T12:00:00Z",
        "confirm_by": "2026-08-31T23:00:00Z",
        "report": {**report, "reopens_on": "2026-08-31", "note": "Summer"},
    }
    # It was cancelled: it would have held for the responder's usual seven days.
    cancelled = (await _bodies(upgraded))[25]["data"]["responder"]["intake"]["planned"]
    assert (cancelled["effective_from"], cancelled["confirm_by"]) == ("2026-03-21T09:00:00Z", "2026-03-28T09:00:00Z")


async def test_a_lapsed_report_says_again_what_it_expected(upgraded: Database) -> None:
    lapsed = (await _bodies(upgraded))[19]["data"]["responder"]["intake"]
    assert (lapsed["state"], lapsed["report"], lapsed["capacity_status"]) == ("unconfirmed", None, None)
    assert lapsed["last_report"]["state"] == "waiting_list"
    assert lapsed["last_report"]["expected_response"] == {"min": 2, "max": 4, "unit": "weeks"}


async def test_a_changed_remit_names_the_areas_before_it(upgraded: Database) -> None:
    bodies = await _bodies(upgraded)
    areas = {n: body["data"]["previous_areas"] for n, body in bodies.items() if body["type"] == "responder.updated"}
    assert areas == {8: ["K02000001"], 34: ["S92000003"]}
    assert all("previous_areas" not in body["data"] for n, body in bodies.items() if n not in areas)


async def test_an_update_by_a_redaction_names_the_areas_that_it_kept(empty_database: Database) -> None:
    await before_0007.load(empty_database, before_0007.old_rows())
    await schema.upgrade(empty_database, "0014")
    bodies = await _bodies(empty_database)
    without = json.loads(msgspec.json.encode(bodies[34]))
    del without["data"]["previous_areas"]
    async with empty_database.write(recovering=True) as session:
        event = await session.scalar(select(EventRow).where(EventRow.sequence == 34))
        assert event is not None
        event.body = encode(without).decode()

    await schema.upgrade(empty_database)

    after = await _bodies(empty_database)
    areas = [area["code"] for area in after[34]["data"]["responder"]["remit"]["areas"]]
    assert after[34]["data"]["previous_areas"] == areas != bodies[34]["data"]["previous_areas"]
    assert list(after[34]["data"]) == ["responder", "previous_areas"], "the order in which this version writes them"
    assert {**after, 34: bodies[34]} == bodies


async def test_sets_are_arrays_in_every_body(upgraded: Database) -> None:
    bodies = await _bodies(upgraded)
    assert bodies[1]["data"]["responder"]["remit"]["exploitation_types"] == ["all"]
    assert bodies[2]["data"]["responder"]["remit"]["exploitation_types"] == ["unknown"]
    assert bodies[2]["data"]["responder"]["remit"]["genders"] == ["woman"]
    groups = [group for body in bodies.values() for group in body["data"].get("cells", ())]
    assert groups
    for group in groups:
        for name in ("areas", "exploitation_types", "age_groups", "genders"):
            assert isinstance(group[name], list)
    assert any(group["genders"] == ["all"] for group in groups)


async def test_a_private_event_shows_its_responder_as_the_event_before_it(upgraded: Database) -> None:
    bodies, private = await _bodies(upgraded), await _private_bodies(upgraded)
    due = [body["data"]["responder"] for body in private if body["type"] == "intake.confirmation_due"]
    assert len(due) == 4
    for responder in due:
        assert responder == bodies[responder["sequence"]]["data"]["responder"]
    tests = [body for body in private if body["type"] == "webhook.test"]
    assert [body["data"] for body in tests] == [{"message": "This is a test of your webhook."}] * 2


async def test_rows_say_what_the_newest_event_says(upgraded: Database) -> None:
    bodies = await _bodies(upgraded)
    async with upgraded.read() as session:
        rows = (await session.scalars(select(ResponderRow))).all()
        assert len(rows) == 3
        for row in rows:
            shown = represent_responder(row.record, row.updated_at)
            assert json.loads(encode(shown)) == bodies[row.sequence]["data"]["responder"]


async def test_what_a_threshold_put_aside_keeps_whose_word_it_is(upgraded: Database) -> None:
    async with upgraded.read() as session:
        row = await session.scalar(select(ResponderRow).where(ResponderRow.slug == "orchard"))
    assert row is not None
    before = row.intake.value.before
    assert before is not None
    assert (before.said_by, before.confirmed_at) == ("responder", datetime.fromisoformat("2026-03-28T09:00:00Z"))
    assert before.report == Report(state=ReportedState.OPEN, expected_response=ExpectedTime(max=2, unit=Unit.DAYS))


async def test_a_threshold_has_a_report(upgraded: Database) -> None:
    async with upgraded.read() as session:
        thresholds = [row.threshold for row in await session.scalars(select(ThresholdRow))]
    harbour = next(each for each in thresholds if each is not None and each.pause_at == 100)
    assert harbour.reopen_below == 60
    assert harbour.report == Report(
        state=ReportedState.PAUSED,
        reason=Reason.REFERRAL_THRESHOLD,
        expected_response=ExpectedTime(max=3, unit=Unit.WEEKS),
        exceptions=(Circumstance.SELF_REFERRAL,),
        note="Full",
    )


async def test_a_webhook_for_everything_says_all(upgraded: Database) -> None:
    async with upgraded.read() as session:
        rows = (await session.scalars(select(WebhookRow).order_by(WebhookRow.id))).all()
    assert [(row.event_types, row.responders, row.areas) for row in rows] == [
        (["all"], ["all"], ["all"]),
        (["all"], ["all"], ["all"]),
        (["all"], ["all"], ["S92000003"]),
        (["all"], ["harbour"], ["all"]),
        (["all"], ["all"], ["all"]),
        (["intake.confirmed", "intake.confirmation_due"], ["all"], ["all"]),
    ]


@pytest.mark.parametrize("empty_database_url", ["sqlite"], indirect=True)
async def test_a_stored_phone_number_keeps_its_text_even_if_nobody_can_dial_it(empty_database: Database) -> None:
    rows = before_0007.old_rows()
    responder, intake = rows["responder"][0], rows["intake"][0]
    for n, (phone, _) in enumerate(PHONES):
        key = str(UUID(int=n))
        contact = {**responder["contact"], "phone": phone}
        rows["responder"].append({**responder, "id": key, "slug": f"phone-{n}", "contact": contact})
        rows["intake"].append({**intake, "responder_id": key, "planned": None})
    await before_0007.load(empty_database, rows)

    await schema.upgrade(empty_database)

    async with empty_database.read() as session:
        query = select(ResponderRow).where(ResponderRow.slug.startswith("phone-")).order_by(ResponderRow.slug)
        phones = [row.contact.phone for row in await session.scalars(query)]
    assert phones == [Phone(text=text, dial=dial, extension=None) for text, dial in PHONES]


async def test_counts_are_made_anew(upgraded: Database) -> None:
    async with upgraded.read() as session:
        assert (await session.get_one(CoverageRow, 1)).counts is None
        assert (await session.get_one(RollupRow, 1)).sequence == 0
        for table in ("period", "gap"):
            assert await session.scalar(text(f"SELECT count(*) FROM {table}")) == 0  # noqa: S608 - the two names above


async def test_the_command_upgrades_and_counts_the_coverage(empty_database: Database, empty_database_url: str) -> None:
    await before_0007.load(empty_database, before_0007.old_rows())
    code, out, err = await run("db", "upgrade", env=environment(empty_database_url))
    assert (code, out) == (0, f"the schema is at {schema.needed_revision()}\n"), err
    async with empty_database.read() as session:
        # Without counts, outdated events about gaps would be sent.
        assert (await session.get_one(CoverageRow, 1)).counts is not None


async def test_events_cannot_go_back_to_the_old_form(upgraded: Database) -> None:
    before = [row.body for row in await _events(upgraded)]
    with pytest.raises(CommandError, match=r"^events .* cannot be brought back to the old form: restore a backup"):
        await schema.downgrade(upgraded, "0006")
    assert await schema.read_revision(upgraded) == schema.needed_revision()
    assert [row.body for row in await _events(upgraded)] == before
