"""Count the events into periods, for the statistics. The counts can be rebuilt from the events at any time.

The code that changes responders does not know of the periods. `count_events` counts the events since its last run, so
neither a crash nor an older version of the program leaves the periods wrong. A reader gets the events that are not
counted yet from `read_uncounted`.
"""

from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Select, and_, delete, func, insert, or_, select, text, union_all, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from capacity_api.db import sequence
from capacity_api.db.tables import IS_RESTORE, EventRow, GapRow, PeriodRow, ResponderRow, RollupRow
from capacity_api.domain.events import EventType
from capacity_api.domain.intake import State
from capacity_api.domain.periods import PLACES, Gap, Ledger, Period, StateChange, state_change, to_second
from capacity_api.domain.remit import Limit, Remit, limited_remit
from capacity_api.operations.restores import Restores, read_restores
from capacity_api.representations.responder import AreaRef

# How many events to read at a time, and how many parameters to put in one statement.
BATCH = 1000
_TOTALS: tuple[Any, ...] = (
    PeriodRow.state,
    PeriodRow.began,
    PeriodRow.number,
    PeriodRow.ended,
    PeriodRow.open,
    PeriodRow.waiting_list,
    PeriodRow.paused,
    PeriodRow.unconfirmed,
    PeriodRow.pauses,
)
_COLUMNS = (*_TOTALS, PeriodRow.nations, PeriodRow.age_groups)


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """So many events in order, the last of which has this `number` and happened at `until`; `None` without any.

    `changes` are their state changes. Not every event is one.
    """

    number: int
    until: datetime | None
    events: int
    changes: list[StateChange]


async def is_behind(session: AsyncSession) -> bool:
    """Whether there are events that are not counted yet."""
    latest, _ = await sequence.latest(session)
    return await session.scalar(select(RollupRow.sequence)) != latest


async def count_events(session: AsyncSession, max_events: int = BATCH) -> int:
    """Count up to `max_events` events that are not counted yet, and return how many. Locks the rollup."""
    rollup = (
        await session.execute(select(RollupRow).with_for_update().execution_options(populate_existing=True))
    ).scalar_one()
    batch = await _read_changes(session, rollup.sequence, max_events)
    if batch.events == 0:
        return 0
    if await misdated_from(session, rollup.sequence) is not None:
        # Count everything again, from the first event.
        await reset(session)
        batch = await _read_changes(session, 0, max_events)
    ledger = await load_ledger(session, rollup)
    await load_periods(session, ledger, batch.changes)
    # Copies of the stored rows: the ledger changes its own.
    stored_periods = {
        responder_id: msgspec.structs.replace(periods[-1])
        for responder_id, periods in ledger.periods.items()
        if periods
    }
    stored_gaps = {place: msgspec.structs.replace(gaps[-1]) for place, gaps in ledger.gaps.items() if gaps}
    for change in batch.changes:
        ledger.apply(change)
    await _write_periods(session, ledger, stored_periods)
    await _write_gaps(session, ledger, stored_gaps)
    rollup.sequence, rollup.open_in = batch.number, ledger.open_in
    await session.flush()
    return batch.events


async def reset(session: AsyncSession) -> None:
    """Delete all periods and gaps. Then call `count_events` until it returns 0 to count them again."""
    rollup = (await session.execute(select(RollupRow).with_for_update())).scalar_one()
    rollup.sequence, rollup.open_in = 0, {}
    await session.execute(delete(PeriodRow))
    await session.execute(delete(GapRow))


async def read_uncounted(session: AsyncSession, after: int) -> AsyncIterator[Batch]:
    """The events after number `after`, in order, a batch at a time."""
    while True:
        batch = await _read_changes(session, after, BATCH)
        if batch.events == 0:
            return
        after = batch.number
        yield batch


async def misdated_from(session: AsyncSession, counted: int) -> int | None:
    """From when on the stored periods and gaps are wrong, in seconds since 1970; `None` where all are right.

    From a restore that is not counted yet (its number is above `counted`), where a wrong clock has dated later what was
    counted before.
    """
    restored_at = await session.scalar(
        select(func.min(EventRow.at)).where(text(IS_RESTORE), EventRow.sequence > counted)
    )
    if restored_at is None:
        return None
    second = to_second(restored_at)
    period = select(PeriodRow.began).where(or_(PeriodRow.began > second, PeriodRow.ended > second))
    gap = select(GapRow.began).where(or_(GapRow.began > second, GapRow.ended > second))
    return second if await session.scalar(select(or_(period.exists(), gap.exists()))) else None


async def load_ledger(session: AsyncSession, rollup: RollupRow) -> Ledger:
    """A ledger as of the last counted event, without the periods of any responder."""
    return Ledger(await read_last_gaps(session), rollup.open_in)


async def read_last_gaps(session: AsyncSession, before: int | None = None) -> dict[str, Gap]:
    """The last gap of each place that began before `before`, in seconds since 1970; by default the last of all."""
    rows = await session.execute(union_all(*(_select_last_gap(place, before) for place in PLACES)))
    return {row.place: Gap(began=row.began, ended=row.ended, seconds_before=row.seconds_before) for row in rows}


async def read_last_periods(
    session: AsyncSession, before: int | None = None, responders: Iterable[UUID] | None = None
) -> dict[UUID, Period]:
    """The last period of each responder that began before `before`, in seconds since 1970; by default the last of all.

    `responders`: only these, by id.
    """
    query = _select_last_periods(before, _COLUMNS)
    if responders is None:
        return _periods(await session.execute(query))
    periods: dict[UUID, Period] = {}
    ids = list(responders)
    for n in range(0, len(ids), BATCH):
        periods |= _periods(await session.execute(query.where(ResponderRow.id.in_(ids[n : n + BATCH]))))
    return periods


async def read_last_totals(session: AsyncSession, before: int) -> dict[UUID, Period]:
    """The same of every responder, without the nations and age groups, which take the longest to read."""
    rows = await session.execute(_select_last_periods(before, _TOTALS))
    return {
        row.id: Period(
            state=State(row.state),
            began=row.began,
            number=row.number,
            ended=row.ended,
            open=row.open,
            waiting_list=row.waiting_list,
            paused=row.paused,
            unconfirmed=row.unconfirmed,
            pauses=row.pauses,
        )
        for row in rows
        if row.number is not None
    }


async def load_periods(session: AsyncSession, ledger: Ledger, changes: Iterable[StateChange]) -> None:
    """Load into the ledger the last stored period of each responder in `changes` that it does not have yet."""
    missing = {change.responder_id for change in changes} - ledger.periods.keys()
    periods = await read_last_periods(session, None, missing)
    for responder_id in missing:
        ledger.load(responder_id, periods.get(responder_id))


async def _write_periods(session: AsyncSession, ledger: Ledger, stored: dict[UUID, Period]) -> None:
    updates: list[dict[str, Any]] = []
    inserts: list[dict[str, Any]] = []
    for responder_id, periods in ledger.periods.items():
        last = stored.get(responder_id)
        for period in periods:
            if last is None or period.number > last.number:
                inserts.append({"responder_id": responder_id, **msgspec.structs.asdict(period)})
            elif period != last:
                updates.append(
                    {
                        "responder_id": responder_id,
                        "number": period.number,
                        "ended": period.ended,
                        "nations": period.nations,
                        "age_groups": period.age_groups,
                    }
                )
    if updates:
        await session.execute(update(PeriodRow), updates)
    if inserts:
        await session.execute(insert(PeriodRow), inserts)


async def _write_gaps(session: AsyncSession, ledger: Ledger, stored: dict[str, Gap]) -> None:
    for place, gaps in ledger.gaps.items():
        for gap in gaps:
            if gap != stored.get(place):
                await session.merge(
                    GapRow(place=place, began=gap.began, ended=gap.ended, seconds_before=gap.seconds_before)
                )


def _select_last_gap(place: str, before: int | None) -> Select[Any]:
    query = select(GapRow.place, GapRow.began, GapRow.ended, GapRow.seconds_before).where(GapRow.place == place)
    if before is not None:
        query = query.where(GapRow.began < before)
    # A subquery: SQLite takes no LIMIT within a UNION.
    return select(query.order_by(GapRow.began.desc()).limit(1).subquery())


def _select_last_periods(before: int | None, columns: tuple[Any, ...]) -> Select[Any]:
    earlier = aliased(PeriodRow)
    newest = select(earlier.number).where(earlier.responder_id == ResponderRow.id)
    if before is not None:
        newest = newest.where(earlier.began < before)
    # By `began`, which has an index. `number` rises with it and decides where two began in the same second.
    number = newest.order_by(earlier.began.desc(), earlier.number.desc()).limit(1).correlate(ResponderRow)
    last = and_(PeriodRow.responder_id == ResponderRow.id, PeriodRow.number == number.scalar_subquery())
    # An outer join: with an inner one SQLite would scan all periods and look up the responder of each.
    return select(ResponderRow.id, *columns).select_from(ResponderRow).outerjoin(PeriodRow, last)


def _periods(rows: Iterable[Any]) -> dict[UUID, Period]:
    """The rows of `_select_last_periods` as periods, by responder, without the responders that have none."""
    return {row.id: _period(row) for row in rows if row.number is not None}


def _period(row: Any) -> Period:
    return Period(
        state=State(row.state),
        began=row.began,
        number=row.number,
        ended=row.ended,
        nations=tuple(row.nations),
        age_groups=tuple(row.age_groups),
        open=row.open,
        waiting_list=row.waiting_list,
        paused=row.paused,
        unconfirmed=row.unconfirmed,
        pauses=row.pauses,
    )


class _Remit(msgspec.Struct):
    areas: tuple[AreaRef, ...]
    exploitation_types: tuple[str, ...]
    age_groups: tuple[str, ...]
    genders: tuple[str, ...]
    existing_clients_only: bool


class _Report(msgspec.Struct):
    limited_to: Limit | None


class _Intake(msgspec.Struct):
    state: State
    report: _Report | None


class _Responder(msgspec.Struct):
    remit: _Remit
    intake: _Intake


class _Data(msgspec.Struct):
    responder: _Responder


class _EventBody(msgspec.Struct):
    """The part of an event's body that the periods need."""

    data: _Data


_decoder = msgspec.json.Decoder(_EventBody)


async def _read_changes(session: AsyncSession, after: int, max_events: int) -> Batch:
    rows = (
        await session.execute(
            select(EventRow.sequence, EventRow.type, EventRow.at, EventRow.responder_id, EventRow.body)
            .where(EventRow.sequence > after)
            .order_by(EventRow.sequence)
            .limit(max_events)
        )
    ).all()
    restores = await read_restores(session)
    changes = [
        _state_change(row, restores)
        for row in rows
        if row.responder_id is not None and row.type != EventType.EVENT_REDACTED
    ]
    if not rows:
        return Batch(number=after, until=None, events=0, changes=[])
    last = rows[-1]
    return Batch(
        number=last.sequence, until=restores.time_of(last.sequence, last.at), events=len(rows), changes=changes
    )


def _state_change(row: Any, restores: Restores) -> StateChange:
    responder = _decoder.decode(row.body).data.responder
    state = None if row.type == EventType.RESPONDER_DELISTED else responder.intake.state
    return state_change(
        row.responder_id, to_second(restores.time_of(row.sequence, row.at)), state, _remit_now(responder)
    )


def _remit_now(responder: _Responder) -> Remit:
    remit, report = responder.remit, responder.intake.report
    return limited_remit(
        Remit(
            areas=tuple(area.code for area in remit.areas),
            exploitation_types=remit.exploitation_types,
            age_groups=remit.age_groups,
            genders=remit.genders,
            existing_clients_only=remit.existing_clients_only,
        ),
        None if report is None else report.limited_to,
    )
