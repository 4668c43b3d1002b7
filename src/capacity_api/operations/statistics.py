"""The evidence: what was, for any period. Nobody is ranked; how promptly a responder confirms is not told."""

from datetime import datetime
from typing import Any
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
    """The statistics of [start, end); what the clock has brought counts, whether or not it was recorded."""
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
        newer = ledger.periods.get(row.id, [])
        known = [held[row.id] for held in (at_start, at_end) if row.id in held]
        # The first of the newer ones is the last of the stored ones as it stands by now.
        known = [period for period in known if not newer or period.number < newer[0].number] + newer
        # One that was listed just now is there, without any time yet.
        if _has_time(known, first, last) or to_second(row.created_at) == last:
            responders.append(_measure_responder(row.slug, row.name, known, longest.get(row.id, 0), first, last))
    counting = await session.scalar(select(EventRow.at).where(EventRow.sequence == 1))
    begins = None if counting is None or to_second(counting) > last else max(first, to_second(counting))
    return Statistics(
        start=from_second(first),
        end=from_second(last),
        counted_from=None if begins is None else from_second(begins),
        nations=[
            _measure_nation(nation, await _read_gaps(session, ledger, nation, first, last), first, last, begins)
            for nation in NATIONS
        ],
        responders=responders,
    )


async def _build_ledger(session: AsyncSession, start: int, end: int) -> Ledger:
    """What was told, or brought by the clock, before `end` and is not counted yet."""
    rollup = (await session.execute(select(RollupRow))).scalar_one()
    ledger = await periods.load_ledger(session, rollup)
    async for turns in periods.read_uncounted(session, rollup.sequence):
        await periods.load_periods(session, ledger, turns)
        for turn in turns:
            if turn.at < end:
                ledger.take(turn)
        ledger.thin(start, end)
    due = await _read_due_changes(session, end)
    await periods.load_periods(session, ledger, due)
    for turn in due:
        ledger.take(turn)
    return ledger


async def _read_due_changes(session: AsyncSession, end: int) -> list[StateChange]:
    """What the clock has brought before `end` and nobody has recorded."""
    rows = await session.scalars(
        select(ResponderRow)
        .join(IntakeRow)
        .where(IntakeRow.next_due < from_second(end), ResponderRow.delisted_at.is_(None))
    )
    steps = [(step, row) for row in rows for step in due_steps(row.intake.value, from_second(end))]
    return [
        StateChange(row.id, to_second(step.at), step.after.state, _nations_of(row))
        for step, row in sorted(steps, key=lambda pair: (pair[0].at, pair[1].slug))
        # A reminder changes no state.
        if to_second(step.at) < end and step.kind != "reminded"
    ]


def _nations_of(row: ResponderRow) -> tuple[str, ...]:
    remit = row.remit
    return nations_covered(
        remit.areas,
        is_known=remit.exploitation_types is not None,
        existing_clients_only=remit.existing_clients_only,
    )


async def _longest_pauses(session: AsyncSession, start: int, end: int) -> dict[UUID, int]:
    """The longest within [start, end) of the pauses that are over, by responder; one that lasts is a last period."""
    ended = case((PeriodRow.ended > end, end), else_=PeriodRow.ended)
    began = case((PeriodRow.began < start, start), else_=PeriodRow.began)
    query = (
        select(PeriodRow.responder_id, func.max(ended - began))
        # As it stands in the index: SQLite takes a partial index for a constant, not for a parameter.
        .where(PeriodRow.state == literal_column("'paused'"), PeriodRow.ended.is_not(None))
        .where(PeriodRow.began < end, PeriodRow.ended > start)
        .group_by(PeriodRow.responder_id)
    )
    return {row[0]: row[1] for row in await session.execute(query)}


async def _read_gaps(session: AsyncSession, ledger: Ledger, nation: str, start: int, end: int) -> list[Gap]:
    """The last gaps before `start` and `end`, and those that are not counted yet, in their order."""
    stored = [await periods.read_last_gap(session, nation, before) for before in (start, end)]
    return [*(gap for gap in stored if gap is not None), *ledger.gaps[nation]]


def _has_time(known: list[Period], start: int, end: int) -> bool:
    # In a period without any time nobody was anything.
    return start < end and any(
        period.began < end and (period.ended is None or period.ended > start) for period in known
    )


def _measure_responder(
    slug: str, name: str, known: list[Period], longest: int, start: int, end: int
) -> ResponderStatistics:
    spent = _totals_before(known, end).since(_totals_before(known, start))
    seconds: dict[str, Any] = {state: getattr(spent, state) for state in State}
    listed = sum(seconds.values())
    return ResponderStatistics(
        slug=slug,
        name=name,
        listed_seconds=listed,
        seconds=StateSeconds(**seconds),
        shares=StateShares(**{state: value / listed for state, value in seconds.items()}) if listed else None,
        pauses=spent.pauses,
        longest_pause_seconds=max(
            longest, *(period.within(start, end) for period in known if period.state is State.PAUSED), 0
        ),
    )


def _totals_before(known: list[Period], until: int) -> Totals:
    for period in reversed(known):
        if period.began < until:
            return period.totals(until)
    return Totals()


def _measure_nation(nation: str, gaps: list[Gap], start: int, end: int, begins: int | None) -> NationStatistics:
    seconds = None if begins is None else _gap_seconds_before(gaps, end) - _gap_seconds_before(gaps, start)
    return NationStatistics(
        code=nation,
        name=AREAS[nation].name,
        counted_seconds=0 if begins is None else end - begins,
        nobody_open_seconds=seconds,
        nobody_open_hours=None if seconds is None else seconds / _SECONDS_PER_HOUR,
    )


def _gap_seconds_before(gaps: list[Gap], until: int) -> int:
    for gap in reversed(gaps):
        if gap.began < until:
            return gap.seconds(until)
    return 0
