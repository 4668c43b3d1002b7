"""The public statistics of any span of time. They rank nobody, and leave out how promptly a responder confirms."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import case, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db import sequence
from capacity_api.db.tables import EventRow, IntakeRow, PeriodRow, ResponderRow, RollupRow
from capacity_api.domain.areas import AREAS
from capacity_api.domain.intake import State, due_steps, remit_now
from capacity_api.domain.periods import (
    NATIONS,
    PLACES,
    Gap,
    Ledger,
    Period,
    StateChange,
    Totals,
    from_second,
    month_starts,
    place_for,
    state_change,
    to_second,
)
from capacity_api.domain.remit import AgeGroup
from capacity_api.operations import periods
from capacity_api.operations.restores import read_restores
from capacity_api.representations.statistics import (
    GroupStatistics,
    MonthStatistics,
    NationStatistics,
    ResponderStatistics,
    StateSeconds,
    StateShares,
    Statistics,
)

_SECONDS_PER_HOUR = 3600
# Measuring so many responders takes some milliseconds.
_AT_A_TIME = 200
# How many events a reader counts that nobody has counted yet. It takes a fifth of a second.
MAX_UNCOUNTED = 2000


class _Edge(msgspec.Struct, frozen=True):
    """A second at which a span begins or ends, with the last stored periods and gaps that began before it."""

    at: int
    periods: Mapping[UUID, Period]
    gaps: Mapping[str, Gap]


class _Span(msgspec.Struct, frozen=True):
    """What is measured between two edges."""

    nations: list[NationStatistics]
    groups: list[GroupStatistics]
    responders: list[ResponderStatistics]


async def read_statistics(
    session: AsyncSession, start: datetime, end: datetime, *, by_month: bool = False, responders_by_month: bool = True
) -> Statistics:
    """The statistics of [start, end). A step that is due counts whether or not it has been recorded.

    The months leave the responders out unless `responders_by_month`: each month costs a look-up for each of them.
    """
    first, asked = to_second(start), to_second(end)
    rollup = (await session.execute(select(RollupRow))).scalar_one()
    uncounted, counted = await _read_uncounted(session, rollup.sequence)
    # What is not counted yet and is too much to count now is left to a later answer.
    last = asked if counted is None else max(first, min(asked, counted))
    counted_from = await _read_counted_from(session, first, last, asked)
    edges = _month_edges(counted_from, last) if by_month else []
    ledger = await _build_ledger(session, rollup, uncounted, sorted({first, *edges, last}))
    responders = (
        await session.execute(
            select(ResponderRow.id, ResponderRow.slug, ResponderRow.name, ResponderRow.created_at).order_by(
                ResponderRow.slug
            )
        )
    ).all()
    of_months = responders if responders_by_month else []
    opening, closing = await _read_edge(session, first), await _read_edge(session, last)
    whole = await _measure(session, ledger, responders, opening, closing, counted_from)
    months = []
    # One edge at a time: what is stored at all of them may be much.
    edge_before = opening
    for begin, until in pairwise(edges):
        if edge_before.at != begin:
            edge_before = await _read_edge(session, begin, of_responders=responders_by_month)
        edge_after = closing if until == last else await _read_edge(session, until, of_responders=responders_by_month)
        span = await _measure(session, ledger, of_months, edge_before, edge_after, counted_from)
        months.append(
            MonthStatistics(
                start=from_second(begin),
                end=from_second(until),
                nations=span.nations,
                groups=span.groups,
                responders=span.responders,
            )
        )
        edge_before = edge_after
    return Statistics(
        start=from_second(first),
        end=from_second(asked),
        counted_from=None if counted_from is None else from_second(counted_from),
        counted_until=None if counted_from is None else from_second(last),
        nations=whole.nations,
        groups=whole.groups,
        responders=whole.responders,
        months=months if by_month else None,
    )


def _month_edges(counted_from: int | None, end: int) -> list[int]:
    """The seconds at which the months are cut, both ends included: the first begins with the evidence."""
    if counted_from is None or counted_from == end:
        return []
    starts = month_starts(from_second(counted_from), from_second(end))
    return [counted_from, *(to_second(each) for each in starts), end]


async def _read_edge(session: AsyncSession, at: int, *, of_responders: bool = True) -> _Edge:
    found = await periods.read_last_totals(session, at) if of_responders else {}
    return _Edge(at, found, await periods.read_last_gaps(session, at))


async def _measure(
    session: AsyncSession,
    ledger: Ledger,
    responders: Sequence[Any],
    opening: _Edge,
    closing: _Edge,
    counted_from: int | None,
) -> _Span:
    start, end = opening.at, closing.at
    longest = await _longest_pauses(session, start, end) if responders else {}
    measured = []
    for n, row in enumerate(responders, start=1):
        if n % _AT_A_TIME == 0:
            await asyncio.sleep(0)  # ten thousand take long: others have a turn
        known = _merge(opening.periods.get(row.id), closing.periods.get(row.id), ledger.periods.get(row.id, []))
        # A responder that was listed in this very second is in the statistics, with no time yet.
        if _was_there(known, start, end) or to_second(row.created_at) == end:
            measured.append(_measure_responder(row.slug, row.name, known, longest.get(row.id, 0), start, end))
    nobody_open = {}
    for place in PLACES:
        stored = [edge.gaps[place] for edge in (opening, closing) if place in edge.gaps]
        gaps = [*stored, *ledger.gaps[place]]
        nobody_open[place] = _gap_seconds_before(gaps, end) - _gap_seconds_before(gaps, start)
    counted = None if counted_from is None else end - max(start, counted_from)
    return _Span(
        [_nation(nation, counted, nobody_open[nation]) for nation in NATIONS],
        [_group(nation, age, counted, nobody_open[place_for(nation, age)]) for nation in NATIONS for age in AgeGroup],
        measured,
    )


def _merge(at_start: Period | None, at_end: Period | None, uncounted: list[Period]) -> list[Period]:
    """The periods by which a span is measured, in order. The first uncounted one replaces its stored version."""
    stored = [period for period in (at_start, at_end) if period is not None]
    return [period for period in stored if not uncounted or period.number < uncounted[0].number] + uncounted


async def read_evidence_start(session: AsyncSession) -> datetime | None:
    """When the evidence begins: with the first event, in whole seconds. `None` before it."""
    first_event = await session.scalar(select(EventRow.at).where(EventRow.sequence == 1))
    if first_event is None:
        return None
    return from_second(to_second((await read_restores(session)).time_of(1, first_event)))


async def _read_counted_from(session: AsyncSession, start: int, end: int, asked: int) -> int | None:
    """The second in [start, end] from which there is evidence, or `None`. `end` lies before `asked` while we count."""
    evidence_start = await read_evidence_start(session)
    if evidence_start is None:
        return None
    begins = max(start, to_second(evidence_start))
    return begins if begins < end or begins == end == asked else None


async def _read_uncounted(session: AsyncSession, counted: int) -> tuple[list[StateChange], int | None]:
    """The state changes of the events that are not counted yet, in order, and the second until which all is counted.

    That is `None` if there is no more. It is seldom otherwise: after an upgrade that counts anew, after very many
    changes at once, or after a restore that ends what a wrong clock has dated.
    """
    counted_until = await periods.misdated_from(session, counted)
    changes: list[StateChange] = []
    events = 0
    latest, _ = await sequence.latest(session)
    async for batch in periods.read_uncounted(session, counted):
        changes += batch.changes
        events += batch.events
        if events >= MAX_UNCOUNTED and batch.number < latest:
            assert batch.until is not None, "it has events"
            until = to_second(batch.until)
            return changes, until if counted_until is None else min(until, counted_until)
    return changes, counted_until


async def _build_ledger(
    session: AsyncSession, rollup: RollupRow, uncounted: Sequence[StateChange], edges: Sequence[int]
) -> Ledger:
    """A ledger of what happened before the last edge and is not counted yet: events, then the steps that are due."""
    end = edges[-1]
    ledger = await periods.load_ledger(session, rollup)
    await _apply(session, ledger, uncounted, end)
    ledger.prune(edges)
    await _apply(session, ledger, await _read_due_changes(session, end), end)
    return ledger


async def _apply(session: AsyncSession, ledger: Ledger, changes: Sequence[StateChange], end: int) -> None:
    await periods.load_periods(session, ledger, changes)
    for change in changes:
        if change.at < end:
            ledger.apply(change)


async def _read_due_changes(session: AsyncSession, end: int) -> list[StateChange]:
    """The state changes that were due before `end` and are not recorded yet, in order."""
    rows = await session.scalars(
        select(ResponderRow)
        .join(IntakeRow)
        .where(IntakeRow.next_due < from_second(end), ResponderRow.delisted_at.is_(None))
    )
    steps = [(step, row) for row in rows for step in due_steps(row.intake.value, from_second(end))]
    steps.sort(key=lambda pair: (pair[0].at, pair[1].slug))
    changes = []
    for step, row in steps:
        # A reminder changes no state.
        if to_second(step.at) < end and step.kind != "reminded":
            remit = remit_now(row.remit, step.after)
            changes.append(state_change(row.id, to_second(step.at), step.after.state, remit))
    return changes


async def _longest_pauses(session: AsyncSession, start: int, end: int) -> dict[UUID, int]:
    """The longest ended pause of each responder that began in [start, end), in seconds before `end`.

    A pause that began before it, or still lasts, is the last period before an edge, and is measured with that.
    """
    ended = case((PeriodRow.ended > end, end), else_=PeriodRow.ended)
    longest = (
        select(func.max(ended - PeriodRow.began))
        # Literal SQL, so that SQLite uses the partial index: it does not for a parameter.
        .where(PeriodRow.state == literal_column("'paused'"), PeriodRow.ended.is_not(None))
        .where(PeriodRow.responder_id == ResponderRow.id, PeriodRow.began >= start, PeriodRow.began < end)
        .correlate(ResponderRow)
        .scalar_subquery()
    )
    rows = await session.execute(select(ResponderRow.id, longest.label("seconds")))
    return {row.id: row.seconds for row in rows if row.seconds is not None}


def _was_there(known: list[Period], start: int, end: int) -> bool:
    """Whether any of the periods overlaps [start, end). An empty span overlaps nothing."""
    return start < end and any(
        period.began < end and (period.ended is None or period.ended > start) for period in known
    )


def _measure_responder(
    slug: str, name: str, known: list[Period], longest: int, start: int, end: int
) -> ResponderStatistics:
    spent = _totals_before(known, end).since(_totals_before(known, start))
    pauses = [period.within(start, end) for period in known if period.state is State.PAUSED]
    return ResponderStatistics(
        slug=slug,
        name=name,
        listed_seconds=spent.seconds,
        seconds=StateSeconds(
            open=spent.open, waiting_list=spent.waiting_list, paused=spent.paused, unconfirmed=spent.unconfirmed
        ),
        shares=_shares(spent),
        pause_count=spent.pauses,
        longest_pause_seconds=max([longest, *pauses]),
    )


def _shares(spent: Totals) -> StateShares | None:
    """The share of its time that a responder spent in each state; `None` if it has no time yet."""
    listed = spent.seconds
    if listed == 0:
        return None
    return StateShares(
        open=spent.open / listed,
        waiting_list=spent.waiting_list / listed,
        paused=spent.paused / listed,
        unconfirmed=spent.unconfirmed / listed,
    )


def _totals_before(known: list[Period], until: int) -> Totals:
    for period in reversed(known):
        if period.began < until:
            return period.totals(until)
    return Totals()


def _nation(nation: str, counted: int | None, seconds: int) -> NationStatistics:
    return NationStatistics(
        code=nation,
        name=AREAS[nation].name,
        counted_seconds=counted or 0,
        nobody_open_seconds=None if counted is None else seconds,
        nobody_open_hours=None if counted is None else seconds / _SECONDS_PER_HOUR,
    )


def _group(nation: str, age_group: AgeGroup, counted: int | None, seconds: int) -> GroupStatistics:
    return GroupStatistics(
        area=nation,
        age_group=age_group,
        counted_seconds=counted or 0,
        nobody_open_seconds=None if counted is None else seconds,
        nobody_open_hours=None if counted is None else seconds / _SECONDS_PER_HOUR,
    )


def _gap_seconds_before(gaps: list[Gap], until: int) -> int:
    for gap in reversed(gaps):
        if gap.began < until:
            return gap.seconds(until)
    return 0
