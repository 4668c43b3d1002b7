"""The public statistics of any span of time. They rank nobody, and leave out how promptly a responder confirms."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import case, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.tables import EventRow, IntakeRow, PeriodRow, ResponderRow, RollupRow
from capacity_api.domain.areas import AREAS
from capacity_api.domain.intake import State, due_steps
from capacity_api.domain.periods import (
    NATIONS,
    Gap,
    Ledger,
    Period,
    StateChange,
    Totals,
    from_second,
    nations_covered,
    to_second,
)
from capacity_api.operations import periods
from capacity_api.representations.statistics import (
    NationStatistics,
    ResponderStatistics,
    StateSeconds,
    StateShares,
    Statistics,
)

_SECONDS_PER_HOUR = 3600


async def read_statistics(session: AsyncSession, start: datetime, end: datetime) -> Statistics:
    """The statistics of [start, end). A step that is due counts whether or not it has been recorded."""
    first, last = to_second(start), to_second(end)
    ledger = await _build_ledger(session, first, last)
    at_start = await periods.read_last_periods(session, first)
    at_end = await periods.read_last_periods(session, last)
    longest = await _longest_pauses(session, first, last)
    rows = await session.execute(
        select(ResponderRow.id, ResponderRow.slug, ResponderRow.name, ResponderRow.created_at).order_by(
            ResponderRow.slug
        )
    )
    responders = []
    for row in rows:
        known = _merge(at_start.get(row.id), at_end.get(row.id), ledger.periods.get(row.id, []))
        # A responder that was listed in this very second is in the statistics, with no time yet.
        if _was_there(known, first, last) or to_second(row.created_at) == last:
            responders.append(_measure_responder(row.slug, row.name, known, longest.get(row.id, 0), first, last))
    counted_from = await _read_counted_from(session, first, last)
    nations = []
    for nation in NATIONS:
        gaps = await _read_gaps(session, ledger, nation, first, last)
        nations.append(_measure_nation(nation, gaps, first, last, counted_from))
    return Statistics(
        start=from_second(first),
        end=from_second(last),
        counted_from=None if counted_from is None else from_second(counted_from),
        nations=nations,
        responders=responders,
    )


def _merge(at_start: Period | None, at_end: Period | None, uncounted: list[Period]) -> list[Period]:
    """The periods by which a span is measured, in order. The first uncounted one replaces its stored version."""
    stored = [period for period in (at_start, at_end) if period is not None]
    return [period for period in stored if not uncounted or period.number < uncounted[0].number] + uncounted


async def _read_counted_from(session: AsyncSession, start: int, end: int) -> int | None:
    """The second in [start, end] from which there is evidence, or `None`: it begins with the first event."""
    first_event = await session.scalar(select(EventRow.at).where(EventRow.sequence == 1))
    if first_event is None or to_second(first_event) > end:
        return None
    return max(start, to_second(first_event))


async def _build_ledger(session: AsyncSession, start: int, end: int) -> Ledger:
    """A ledger of what happened before `end` and is not counted yet: events, and then the steps that are due."""
    rollup = (await session.execute(select(RollupRow))).scalar_one()
    ledger = await periods.load_ledger(session, rollup)
    async for changes in periods.read_uncounted(session, rollup.sequence):
        await periods.load_periods(session, ledger, changes)
        for change in changes:
            if change.at < end:
                ledger.apply(change)
        ledger.prune(start, end)
    due = await _read_due_changes(session, end)
    await periods.load_periods(session, ledger, due)
    for change in due:
        ledger.apply(change)
    return ledger


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
            changes.append(StateChange(row.id, to_second(step.at), step.after.state, _nations_of(row)))
    return changes


def _nations_of(row: ResponderRow) -> tuple[str, ...]:
    remit = row.remit
    return nations_covered(
        remit.areas,
        is_known=remit.exploitation_types is not None,
        existing_clients_only=remit.existing_clients_only,
    )


async def _longest_pauses(session: AsyncSession, start: int, end: int) -> dict[UUID, int]:
    """The longest ended pause of each responder, in seconds within [start, end).

    A pause that still lasts is the responder's last period, and is measured with it.
    """
    ended = case((PeriodRow.ended > end, end), else_=PeriodRow.ended)
    began = case((PeriodRow.began < start, start), else_=PeriodRow.began)
    query = (
        select(PeriodRow.responder_id, func.max(ended - began))
        # Literal SQL, so that SQLite uses the partial index: it does not for a parameter.
        .where(PeriodRow.state == literal_column("'paused'"), PeriodRow.ended.is_not(None))
        .where(PeriodRow.began < end, PeriodRow.ended > start)
        .group_by(PeriodRow.responder_id)
    )
    return {row[0]: row[1] for row in await session.execute(query)}


async def _read_gaps(session: AsyncSession, ledger: Ledger, nation: str, start: int, end: int) -> list[Gap]:
    """The last stored gaps that began before `start` and before `end`, then those not counted yet, in order."""
    stored = [await periods.read_last_gap(session, nation, before) for before in (start, end)]
    return [*(gap for gap in stored if gap is not None), *ledger.gaps[nation]]


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
        pauses=spent.pauses,
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


def _measure_nation(nation: str, gaps: list[Gap], start: int, end: int, counted_from: int | None) -> NationStatistics:
    name = AREAS[nation].name
    if counted_from is None:
        return NationStatistics(
            code=nation, name=name, counted_seconds=0, nobody_open_seconds=None, nobody_open_hours=None
        )
    seconds = _gap_seconds_before(gaps, end) - _gap_seconds_before(gaps, start)
    return NationStatistics(
        code=nation,
        name=name,
        counted_seconds=end - counted_from,
        nobody_open_seconds=seconds,
        nobody_open_hours=seconds / _SECONDS_PER_HOUR,
    )


def _gap_seconds_before(gaps: list[Gap], until: int) -> int:
    for gap in reversed(gaps):
        if gap.began < until:
            return gap.seconds(until)
    return 0
