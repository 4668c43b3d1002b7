"""The counts behind the coverage events, on a real database: after each change they equal those of counting anew."""

import asyncio
import contextlib
import random
import re
import shutil
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from tests.conftest import Clock
from tests.domain.strategies import remits
from tests.gaps import follow_gaps
from tests.scratch import scratch_folder

from capacity_api.config import Settings
from capacity_api.db import schema, sequence
from capacity_api.db.engine import Database
from capacity_api.db.tables import CoverageRow, EventRow
from capacity_api.domain.codes import EVERYTHING, NOT_KNOWN
from capacity_api.domain.coverage import (
    ALL_CELLS,
    NOBODY,
    cells_in,
    counts_from_json,
    counts_to_json,
    gap_cells,
)
from capacity_api.domain.intake import Report, ReportedState
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender, Limit, Remit
from capacity_api.errors import AlreadyExists, AlreadyPlanned, Invalid, NotFound, NothingToConfirm
from capacity_api.operations import changes, coverage, intake, responders
from capacity_api.operations.responders import ResponderPatch, ResponderRequest

OPEN, WAITING, PAUSED = (Report(state=state) for state in ReportedState)
START = datetime(2026, 11, 21, 12, tzinfo=UTC)
OPENED, CLOSED = "coverage.gap_opened", "coverage.gap_closed"


async def report(database: Database, now: datetime, slug: str, report: Report) -> None:
    async with database.write() as session:
        await intake.report_intake(session, now, slug, report)


async def load(database: Database, now: datetime) -> None:
    async with database.write() as session:
        await responders.load_register(session, now)


async def events_after(database: Database, after: int = 0) -> list[dict[str, Any]]:
    async with database.read() as session:
        query = select(EventRow.body).where(EventRow.sequence > after).order_by(EventRow.sequence)
        return [msgspec.json.decode(body) for body in await session.scalars(query)]


async def latest(database: Database) -> int:
    async with database.read() as session:
        return (await sequence.latest(session))[0]


async def assert_counted(database: Database) -> int:
    """Check that the stored counts equal those of counting anew, and return the gaps."""
    async with database.read() as session:
        row = await session.get_one(CoverageRow, 1)
        assert row.counts is not None
        assert row.counts == counts_to_json(await coverage.recount(session))
        return gap_cells(counts_from_json(row.counts))


async def test_loading_the_register_opens_no_gap(database: Database, clock: Clock) -> None:
    await load(database, clock())
    assert {each["type"] for each in await events_after(database)} == {"responder.listed"}
    assert await assert_counted(database) == ALL_CELLS


async def test_two_that_pause_at_the_same_instant_open_one_gap(database: Database, clock: Clock) -> None:
    await load(database, clock())
    other = Database(database.settings)
    for _ in range(10):
        for slug in ("salvation-army", "migrant-help"):
            await report(database, clock(), slug, OPEN)
        before = await latest(database)
        await asyncio.gather(
            report(database, clock(), "salvation-army", PAUSED), report(other, clock(), "migrant-help", PAUSED)
        )
        events = await events_after(database, before)
        assert [each["type"] for each in events] == ["intake.paused", "intake.paused", OPENED]
        assert [each["sequence"] for each in events] == [before + 1, before + 2, before + 3]
    await other.close()
    await assert_counted(database)


async def test_a_database_from_before_the_counts_makes_them_with_the_next_change(
    empty_database: Database, clock: Clock
) -> None:
    await schema.upgrade(empty_database)
    await load(empty_database, clock())
    for slug in ("tara", "bawso"):
        await report(empty_database, clock(), slug, OPEN)
    # An upgrade deletes the counts.
    async with empty_database.write() as session:
        (await session.get_one(CoverageRow, 1)).counts = None
    before = await latest(empty_database)
    await report(empty_database, clock(), "tara", PAUSED)
    assert [each["type"] for each in await events_after(empty_database, before)] == ["intake.paused", OPENED]
    await assert_counted(empty_database)


async def test_the_first_change_may_be_a_lapse(database: Database, clock: Clock) -> None:
    await load(database, clock())
    await report(database, clock(), "tara", OPEN)
    async with database.write() as session:
        (await session.get_one(CoverageRow, 1)).counts = None
    before = await latest(database)
    clock.advance(timedelta(days=8))
    async with database.write() as session:
        await changes.begin(session, clock())
    assert [each["type"] for each in await events_after(database, before)] == ["intake.unconfirmed", OPENED]
    await assert_counted(database)


async def test_rebuilding_corrects_wrong_counts_without_an_event(database: Database, clock: Clock) -> None:
    await load(database, clock())
    await report(database, clock(), "tara", OPEN)
    before = await latest(database)
    async with database.write() as session:
        assert not await coverage.rebuild(session)
        row = await session.get_one(CoverageRow, 1)
        row.counts = counts_to_json(dict.fromkeys(counts_from_json(row.counts or {}), (ALL_CELLS, ALL_CELLS)))
    async with database.write() as session:
        assert await coverage.rebuild(session)
        assert not await coverage.rebuild(session)
    await assert_counted(database)
    assert await latest(database) == before


async def test_wrong_counts_stop_no_report(database: Database, clock: Clock) -> None:
    await load(database, clock())
    async with database.write() as session:
        (await session.get_one(CoverageRow, 1)).counts = counts_to_json(NOBODY)
    await report(database, clock(), "tara", OPEN)
    await report(database, clock(), "tara", PAUSED)
    assert [each["type"] for each in (await events_after(database))[-4:]] == [
        "intake.opened",
        CLOSED,
        "intake.paused",
        OPENED,
    ]


async def test_a_change_that_is_undone_moves_nothing(database: Database, clock: Clock) -> None:
    await load(database, clock())
    with pytest.raises(RuntimeError, match="halfway"):
        async with database.write() as session:
            await intake.report_intake(session, clock(), "tara", OPEN)
            raise RuntimeError("halfway")
    assert await assert_counted(database) == ALL_CELLS
    assert {each["type"] for each in await events_after(database)} == {"responder.listed"}


SEXUAL_SCOTLAND = Remit(
    areas=("S92000003",),
    exploitation_types=(ExploitationType.SEXUAL,),
    age_groups=(AgeGroup.ADULT,),
    genders=(Gender.WOMAN,),
)


async def list_one(database: Database, now: datetime, slug: str, remit: Remit, name: str | None = None) -> None:
    async with database.write() as session:
        await responders.list_responder(session, now, ResponderRequest(slug=slug, name=name or slug, remit=remit))


async def test_a_gap_event_names_those_who_may_help_as_of_then(database: Database, clock: Clock) -> None:
    await load(database, clock())
    unknown = msgspec.structs.replace(SEXUAL_SCOTLAND, exploitation_types=NOT_KNOWN)
    # One pauses, one lapses and one is delisted before the gap opens; one takes existing clients only.
    for slug, remit in (
        ("b-unknown", unknown),
        ("paused-one", SEXUAL_SCOTLAND),
        ("gone-one", unknown),
        ("clients-one", msgspec.structs.replace(unknown, existing_clients_only=True)),
        ("in-wales", msgspec.structs.replace(unknown, areas=("W92000004",))),
    ):
        await list_one(database, clock(), slug, remit)
        await report(database, clock(), slug, OPEN if remit is not SEXUAL_SCOTLAND else WAITING)
    await report(database, clock(), "salvation-army", WAITING)
    clock.advance(timedelta(days=8))
    for slug, state in (
        ("b-unknown", OPEN),
        ("gone-one", OPEN),
        ("clients-one", OPEN),
        ("in-wales", OPEN),
        ("paused-one", WAITING),
        ("migrant-help", WAITING),
        ("tara", OPEN),
        ("paused-one", PAUSED),
    ):
        await report(database, clock(), slug, state)
    async with database.write() as session:
        await responders.delist_responder(session, clock(), "gone-one")
    before = await latest(database)
    await report(database, clock(), "tara", PAUSED)
    _, opened = await events_after(database, before)
    (group,) = opened["data"]["cells"]
    assert group["ask"] == ["b-unknown", "migrant-help"]
    assert group["text"].endswith(" in Scotland; you can ask b-unknown and Migrant Help")
    # Whom to ask is as of the event: a change of it makes none.
    before = await latest(database)
    await report(database, clock(), "b-unknown", PAUSED)
    await report(database, clock(), "salvation-army", WAITING)
    assert [each["type"] for each in await events_after(database, before)] == ["intake.paused", "intake.waiting_list"]
    await report(database, clock(), "tara", OPEN)
    closed = (await events_after(database, before))[-1]
    assert (closed["type"], closed["data"]["cells"][0]["ask"]) == (CLOSED, [])


async def test_a_lapse_that_leaves_others_to_ask_names_them_before_their_own_lapse(
    database: Database, clock: Clock
) -> None:
    await load(database, clock())
    await report(database, clock(), "tara", OPEN)
    clock.advance(timedelta(hours=1))
    await report(database, clock(), "migrant-help", WAITING)
    before = await latest(database)
    clock.advance(timedelta(days=8))
    async with database.write() as session:
        await changes.begin(session, clock())
    lapse, opened, second = await events_after(database, before)
    assert [lapse["type"], opened["type"], second["type"]] == ["intake.unconfirmed", OPENED, "intake.unconfirmed"]
    assert opened["data"]["cells"][0]["ask"] == ["migrant-help"]


async def test_a_limit_opens_the_gap_of_those_whom_it_leaves_out(database: Database, clock: Clock) -> None:
    await load(database, clock())
    await report(database, clock(), "salvation-army", OPEN)
    before = await latest(database)
    women = Report(state=ReportedState.OPEN, limited_to=Limit(genders=("woman",), areas=("S92000003", "E12000007")))
    await report(database, clock(), "salvation-army", women)
    updated, opened = await events_after(database, before)
    assert (updated["type"], opened["type"]) == ("intake.updated", OPENED)
    # In England it takes women in London alone, so one has to ask; for the men in London it is not to be asked.
    to_ask = {tuple(each["areas"]) for each in opened["data"]["cells"] if each["ask"]}
    assert to_ask
    assert all("E92000001" in areas for areas in to_ask)
    gaps = cells_in(await assert_counted(database))
    assert not any(
        cell.area in {"S92000003", "E12000007"} and cell.gender == "woman" and cell.age_group != "child"
        for cell in gaps
    )
    assert {cell.gender for cell in gaps if cell.area == "E12000007"} == set(Gender)
    # It lapses with the report: then nobody is confirmed.
    clock.advance(timedelta(days=8))
    async with database.write() as session:
        await changes.begin(session, clock())
    assert await assert_counted(database) == ALL_CELLS


@pytest.mark.parametrize(("count", "name"), [(12, "\N{CJK UNIFIED IDEOGRAPH-4E2D}" * 195), (3, '"' * 195), (40, "n")])
async def test_a_gap_event_stays_below_20_kilobytes_whatever_the_names(
    database: Database, clock: Clock, count: int, name: str
) -> None:
    everybody = Remit(areas=("K02000001",), exploitation_types=EVERYTHING, age_groups=EVERYTHING)
    await list_one(database, clock(), "open-one", everybody)
    for n in range(count):
        await list_one(database, clock(), f"waiting-{n}", everybody, f"{name}{n:03}")
        await report(database, clock(), f"waiting-{n}", WAITING)
    # Each region, kind, age and gender that is still covered leaves one group more.
    for n, kind in enumerate(ExploitationType):
        remit = Remit(areas=(f"E1200000{n + 1}",), exploitation_types=(kind,), age_groups=("child",), genders=("man",))
        await list_one(database, clock(), f"still-{n}", remit)
        await report(database, clock(), f"still-{n}", OPEN)
    await report(database, clock(), "open-one", OPEN)
    before = await latest(database)
    await report(database, clock(), "open-one", PAUSED)
    async with database.read() as session:
        query = select(EventRow.body).where(EventRow.sequence > before).order_by(EventRow.sequence)
        _, body = (await session.scalars(query)).all()
    assert len(body.encode()) <= 20_000
    cells = msgspec.json.decode(body)["data"]["cells"]
    assert len(cells) >= 6
    # Some are children's charities in a part of England.
    if len(name) == 1:
        assert {len(each["ask"]) for each in cells} == {10}
        assert all(re.search(r"n008, n009 and 3[0-6] more$", each["text"]) for each in cells)
    else:
        assert all(re.search(r"more$|[0-9] charities$|.\d\d\d$|still-\d$", each["text"]) for each in cells)
        assert max(len(each["ask"]) for each in cells) < 10


# A scenario with three responders: to whom, what happens, and after how long.
SLUGS = ("tara", "bawso", "new-one")
acts = st.sampled_from(["open", "limited", "waiting_list", "paused", "confirm", "plan", "remit", "delist", "list"])
waits = st.sampled_from([timedelta(), timedelta(hours=1), timedelta(days=3), timedelta(days=8)])
scenarios = st.lists(st.tuples(st.sampled_from(SLUGS), acts, waits, remits), max_size=15)


async def run_scenario(database: Database, scenario: Sequence[tuple[str, str, timedelta, Remit]]) -> None:
    """Do the acts, and check after each that the counts are right and that the events name what opened and closed."""
    now = START
    await load(database, now)
    for slug, act, wait, remit in scenario:
        now += wait
        before = await assert_counted(database)
        number = await latest(database)
        # What is refused moves nothing.
        with contextlib.suppress(NotFound, AlreadyExists, AlreadyPlanned, Invalid, NothingToConfirm):
            async with database.write() as session:
                await _act(session, now, slug, act, remit)
        events = await events_after(database, number)
        assert [each["sequence"] for each in events] == list(range(number + 1, number + 1 + len(events)))
        assert follow_gaps(before, events) == await assert_counted(database)


async def _act(session: AsyncSession, now: datetime, slug: str, act: str, remit: Remit) -> None:
    match act:
        case "confirm":
            await intake.confirm_intake(session, now, slug)
        case "plan":
            await intake.report_intake(session, now, slug, PAUSED, effective_from=now + timedelta(days=1))
        case "limited":
            report = Report(state=ReportedState.OPEN, limited_to=Limit(age_groups=("young_person",)))
            await intake.report_intake(session, now, slug, report)
        case "remit":
            await responders.change_details(session, now, slug, ResponderPatch(remit=remit))
        case "delist":
            await responders.delist_responder(session, now, slug)
        case "list":
            await responders.list_responder(session, now, ResponderRequest(slug=slug, name=slug, remit=remit))
        case _:
            await intake.report_intake(session, now, slug, Report(state=ReportedState(act)))


@given(scenarios)
@hypothesis_settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
def test_after_any_changes_the_counts_are_those_of_a_new_count(sqlite_template: Path, scenario: list[Any]) -> None:
    async def work() -> None:
        with tempfile.TemporaryDirectory(dir=scratch_folder()) as folder:
            path = Path(folder) / "capacity.db"
            shutil.copyfile(sqlite_template, path)
            database = Database(Settings(database_url=f"sqlite+aiosqlite:///{path}"))
            try:
                await run_scenario(database, scenario)
            finally:
                await database.close()

    asyncio.run(work())


async def test_a_long_scenario_is_counted_right_on_both_databases(database: Database) -> None:
    chosen = random.Random(2024)
    remit = Remit(areas=("K02000001",), exploitation_types=EVERYTHING, age_groups=(AgeGroup.ADULT,))
    narrower = [
        remit,
        msgspec.structs.replace(remit, areas=("S92000003", "W92000004"), genders=(Gender.WOMAN,)),
        msgspec.structs.replace(remit, exploitation_types=(ExploitationType.SEXUAL,), age_groups=tuple(AgeGroup)),
        msgspec.structs.replace(remit, exploitation_types=NOT_KNOWN),
    ]
    kinds = ["open", "limited", "waiting_list", "paused", "confirm", "plan", "remit", "delist", "list"]
    await run_scenario(
        database,
        [
            (
                chosen.choice(SLUGS),
                chosen.choice(kinds),
                timedelta(hours=chosen.choice([0, 1, 30, 200])),
                chosen.choice(narrower),
            )
            for _ in range(60)
        ],
    )
