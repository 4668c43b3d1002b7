"""The statistics of any sequence of reports, however it was counted, against a model that steps through the reports."""

from collections.abc import Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Literal, NamedTuple

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update
from tests.domain.strategies import Move, moves, unhurried

from capacity_api.db.engine import Database
from capacity_api.db.tables import (
    AuditRow,
    EventRow,
    GapRow,
    IntakeRow,
    PeriodRow,
    ReportRow,
    ResponderRow,
    RollupRow,
    SequenceRow,
)
from capacity_api.domain.areas import ENGLAND, NORTHERN_IRELAND, SCOTLAND, UNITED_KINGDOM, WALES
from capacity_api.domain.codes import EVERYTHING, NOT_KNOWN
from capacity_api.domain.intake import LONDON_TIME, ReportedState
from capacity_api.domain.remit import AgeGroup, Limit, Remit
from capacity_api.errors import CapacityError
from capacity_api.operations import changes, intake, periods, responders, statistics
from capacity_api.operations.responders import ResponderPatch, ResponderRequest
from capacity_api.representations.statistics import Statistics


def _places(nations: str, ages: str) -> set[str]:
    return {*nations, *(nation + age for nation in nations for age in ages)}


START = datetime(2026, 3, 20, 12, 0, 0, 500_000, tzinfo=UTC)
SLUGS = ("a", "b", "c")
# A remit, and the places that it counts for: a nation by its letter, and with an age group after it.
CHILD, ADULT = (AgeGroup.CHILD,), (AgeGroup.ADULT,)
REMITS: list[tuple[Remit, set[str]]] = [
    (Remit(areas=(UNITED_KINGDOM,), exploitation_types=EVERYTHING, age_groups=ADULT), _places("EWSN", "ay")),
    (Remit(areas=(WALES, SCOTLAND), exploitation_types=EVERYTHING, age_groups=CHILD), _places("WS", "c")),
    (Remit(areas=("E12000007", WALES), exploitation_types=EVERYTHING, age_groups=ADULT), _places("W", "ay")),
    (Remit(areas=(UNITED_KINGDOM,), exploitation_types=NOT_KNOWN, age_groups=CHILD), set()),
    (Remit(areas=(ENGLAND,), exploitation_types=EVERYTHING, age_groups=ADULT, existing_clients_only=True), set()),
]
# What a report may be limited to, and the places that are left of those of any remit above.
LIMITS: list[tuple[Limit | None, set[str]]] = [
    (None, _places("EWSN", "acy")),
    # Every remit for adults has young people in it; one for children has none.
    (Limit(age_groups=("young_person",)), _places("EWSN", "y")),
    (Limit(areas=(WALES,)), _places("W", "acy")),
]
LETTERS = {ENGLAND: "E", WALES: "W", SCOTLAND: "S", NORTHERN_IRELAND: "N"}


def _now(places: set[str], left: set[str]) -> set[str]:
    """The places of a remit that a limit leaves. Without an age group that both have, it takes nobody."""
    served = places & left
    nations = {place[0] for place in served if len(place) == 2}
    return {place for place in served if place[0] in nations}


class Act(NamedTuple):
    """What happens to one responder next, and whether all events are counted after it."""

    slug: str
    kind: Literal["report", "list", "delist", "change"]
    move: Move
    remit: int
    limit: int
    is_counted: bool


acts = st.lists(
    st.builds(
        Act,
        slug=st.sampled_from(SLUGS),
        kind=st.sampled_from(["report", "report", "report", "report", "list", "delist", "change"]),
        move=moves,
        remit=st.integers(0, len(REMITS) - 1),
        limit=st.integers(0, len(LIMITS) - 1),
        is_counted=st.booleans(),
    ),
    min_size=1,
    max_size=15,
)


class Scenario:
    """Does the acts, and notes for each responder when it was listed and with which remit."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = START
        # By slug: (from when on, whether it is listed, the places that it counts for).
        self.listings: dict[str, list[tuple[datetime, bool, set[str]]]] = {slug: [] for slug in SLUGS}

    async def run(self, happened: list[Act]) -> None:
        for slug in SLUGS[:2]:
            await self._act(Act(slug, "list", happened[0].move, happened[0].remit, 0, False))
        for act in happened:
            self.now += await self._wait(act.move)
            with suppress(CapacityError):
                await self._act(act)
            if act.is_counted:
                async with self.database.write() as session:
                    await periods.count_events(session)

    async def _wait(self, move: Move) -> timedelta:
        if isinstance(move.wait, timedelta):
            return move.wait
        async with self.database.read() as session:
            due = await changes.next_due(session)
        beside = timedelta() if move.wait == "until it is due" else timedelta(microseconds=1)
        return max(timedelta(), (due or self.now) - beside - self.now)

    async def _act(self, act: Act) -> None:
        remit, nations = REMITS[act.remit]
        async with self.database.write() as session:
            if act.kind == "list":
                await responders.list_responder(
                    session, self.now, ResponderRequest(slug=act.slug, name=act.slug, remit=remit)
                )
                self.listings[act.slug].append((self.now, True, nations))
            elif act.kind == "delist":
                await responders.delist_responder(session, self.now, act.slug)
                self.listings[act.slug].append((self.now, False, set()))
            elif act.kind == "change":
                hours = int(act.move.valid_for / timedelta(hours=1))
                patch = ResponderPatch(remit=remit, valid_for_hours=hours)
                await responders.change_details(session, self.now, act.slug, patch)
                self.listings[act.slug].append((self.now, True, nations))
            elif act.move.action == "confirm":
                await intake.confirm_intake(session, self.now, act.slug)
            elif act.move.action == "unplan":
                await intake.cancel_planned_intake(session, self.now, act.slug)
            else:
                planned = self.now + act.move.starts_in if act.move.action == "plan" else None
                # What does not fit the remit is refused.
                limit = LIMITS[act.limit][0] if act.move.report.state is not ReportedState.PAUSED else None
                limited = msgspec.structs.replace(act.move.report, limited_to=limit)
                await intake.report_intake(session, self.now, act.slug, limited, effective_from=planned, replace=True)


class Model:
    """The model: steps through reports, listings and remits one by one, in whole seconds."""

    def __init__(self, scenario: Scenario, reports: dict[str, list[ReportRow]]) -> None:
        # By slug: (second, state or None, the places that it is open for).
        self.steps: dict[str, list[tuple[int, str | None, frozenset[str]]]] = {}
        for slug in SLUGS:
            happened: list[tuple[datetime, int, Any]] = [
                (at, n, (listed, nations)) for n, (at, listed, nations) in enumerate(scenario.listings[slug])
            ]
            for row in reports[slug]:
                # Stored lapses are not read: each report carries the time at which it lapses.
                if row.kind in {"reported", "confirmed", "started"}:
                    assert row.report is not None
                    # A plan that starts in the moment of a lapse comes first: the state goes on without a break.
                    order = 4_000 if row.kind == "started" else 10_000 + row.sequence
                    happened.append((row.at, order, ("report", row.sequence, row.report)))
                    assert row.confirm_by is not None
                    happened.append((row.confirm_by, 5_000, ("lapse", row.sequence)))
            self.steps[slug] = list(self._stepped(sorted(happened, key=lambda each: each[:2])))

    @staticmethod
    def _stepped(happened: list[tuple[datetime, int, Any]]) -> Iterator[tuple[int, str | None, frozenset[str]]]:
        listed, reported, number, nations, left = False, "unconfirmed", 0, set[str](), LIMITS[0][1]
        for at, _, what in happened:
            if what[0] == "report":
                _, number, report = what
                reported = str(report.state)
                left = next(places for limit, places in LIMITS if limit == report.limited_to)
            elif what[0] == "lapse":
                if what[1] != number:
                    continue
                reported = "unconfirmed"
            else:
                was, (listed, nations) = listed, what
                if listed and not was:
                    reported, number = "unconfirmed", 0
            yield (
                int(at.timestamp() // 1),
                reported if listed else None,
                frozenset(_now(nations, left)) if listed and reported == "open" else frozenset(),
            )

    def of(self, slug: str, start: int, end: int) -> dict[str, int]:
        """Seconds by state, `pauses` and `longest`."""
        found = {"open": 0, "waiting_list": 0, "paused": 0, "unconfirmed": 0, "pauses": 0, "longest": 0}
        steps = self.steps[slug]
        run, before = 0, None
        for n, (at, state, _) in enumerate(steps):
            until = steps[n + 1][0] if n + 1 < len(steps) else end
            inside = max(0, min(until, end) - max(at, start))
            if state is not None:
                found[state] += inside
            if state == "paused":
                run = run + inside if before == "paused" else inside
                found["longest"] = max(found["longest"], run)
                found["pauses"] += before != "paused" and start <= at < end
            before = state
        return found

    def without(self, place: str, start: int, end: int) -> int:
        """The seconds of [start, end) after the first listing in which nobody is open for a place."""
        first = min(steps[0][0] for steps in self.steps.values() if steps)
        edges = sorted({first, start, end, *(at for steps in self.steps.values() for at, _, _ in steps)})
        edges = [edge for edge in edges if max(start, first) <= edge <= end]
        return sum(
            then - now for now, then in pairwise(edges) if not any(place in self._open(slug, now) for slug in SLUGS)
        )

    def _open(self, slug: str, now: int) -> frozenset[str]:
        nations = frozenset[str]()
        for at, _, open_for in self.steps[slug]:
            if at <= now:
                nations = open_for
        return nations


@settings(
    unhurried,
    max_examples=12,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(happened=acts, spans=st.lists(st.floats(-0.1, 1), min_size=2, max_size=2), wait=st.integers(0, 100))
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_statistics_equal_those_of_stepping_through_the_reports(
    database: Database, happened: list[Act], spans: list[float], wait: int
) -> None:
    async with _emptied(database):
        scenario = Scenario(database)
        await scenario.run(happened)
        scenario.now += timedelta(days=wait)
        edges = [*sorted(START + span * (scenario.now - START) for span in spans), scenario.now]
        asked = [(start, end) for n, start in enumerate(edges) for end in edges[n:]]
        results = [await _read_statistics(database, start, end) for start, end in asked]

        # The same with all due steps recorded, then with all events counted, then counted anew.
        async with database.write() as session:
            await changes.begin(session, scenario.now)
        assert [await _read_statistics(database, start, end) for start, end in asked] == results
        async with database.write() as session:
            while await periods.count_events(session, 7):
                pass
        assert [await _read_statistics(database, start, end) for start, end in asked] == results
        kept = await _stored_rows(database)
        async with database.write() as session:
            await periods.reset(session)
            while await periods.count_events(session):
                pass
        assert await _stored_rows(database) == kept

        model = Model(scenario, await _reports(database))
        for (start, end), found in zip(asked, results, strict=True):
            first, last = int(start.timestamp() // 1), int(end.timestamp() // 1)
            by_slug = {each.slug: each for each in found.responders}
            for slug in SLUGS:
                expected = model.of(slug, first, last)
                each = by_slug.get(slug)
                if each is None:
                    assert not any(expected.values()), (slug, start, end, expected)
                    continue
                got = {state: getattr(each.seconds, state) for state in each.seconds.__struct_fields__}
                got |= {"pauses": each.pause_count, "longest": each.longest_pause_seconds}
                assert got == expected, (slug, start, end)
                assert each.listed_seconds == sum(getattr(each.seconds, s) for s in each.seconds.__struct_fields__)
            for nation in found.nations:
                expected_gap = model.without(LETTERS[nation.code], first, last)
                assert (nation.nobody_open_seconds or 0) == expected_gap, (nation.code, start, end)
                assert (nation.nobody_open_seconds is None) == (found.counted_from is None)
            for group in found.groups:
                expected_gap = model.without(LETTERS[group.area] + group.age_group[0], first, last)
                assert (group.nobody_open_seconds or 0) == expected_gap, (group.area, group.age_group, start, end)
                assert (group.nobody_open_seconds is None) == (found.counted_from is None)
            await _check_months(database, found)


async def _check_months(database: Database, whole: Statistics) -> None:
    """Each month is what its span gives when it is asked for alone, and together they are all that was counted."""
    async with database.read() as session:
        found = await statistics.read_statistics(session, whole.start, whole.end, by_month=True)
        assert msgspec.structs.replace(found, months=None) == whole
        assert found.months is not None
        edges = [month.start for month in found.months] + [month.end for month in found.months[-1:]]
        assert edges == sorted(edges)
        assert edges[:1] + edges[-1:] == ([found.counted_from, found.end] if found.months else [])
        for month in found.months:
            alone = await statistics.read_statistics(session, month.start, month.end)
            assert (month.nations, month.groups) == (alone.nations, alone.groups), month.start
            assert month.responders == alone.responders
            local = month.start.astimezone(LONDON_TIME)
            assert month.start == found.counted_from or (local.day, local.hour, local.minute) == (1, 0, 0)


@asynccontextmanager
async def _emptied(database: Database) -> Any:
    async with database.write() as session:
        for table in (PeriodRow, GapRow, EventRow, ReportRow, IntakeRow, AuditRow, ResponderRow):
            await session.execute(delete(table))
        await session.execute(update(SequenceRow).values(n=0, at=datetime(1970, 1, 1, tzinfo=UTC)))
        await session.execute(update(RollupRow).values(sequence=0, open_in={}))
    yield


async def _read_statistics(database: Database, start: datetime, end: datetime) -> Statistics:
    async with database.read() as session:
        return await statistics.read_statistics(session, start, end)


async def _stored_rows(database: Database) -> list[Any]:
    async with database.read() as session:
        found = []
        for table in (PeriodRow, GapRow, RollupRow):
            columns = table.__table__.columns
            found += [sorted((await session.execute(select(*columns))).all(), key=str)]
        return found


async def _reports(database: Database) -> dict[str, list[ReportRow]]:
    async with database.read() as session:
        rows = await session.execute(
            select(ResponderRow.slug, ReportRow).join(ResponderRow, ResponderRow.id == ReportRow.responder_id)
        )
        found: dict[str, list[ReportRow]] = {slug: [] for slug in SLUGS}
        for slug, row in rows:
            found[slug].append(row)
        return found
