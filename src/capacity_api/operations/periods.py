"""Counting the events into periods, for the statistics: a rollup that follows the events and can be made anew.

Nothing that changes a responder knows of it. `count` takes in what was told since it last ran, so that neither a crash
nor a writer of another version leaves it wrong; a reader who needs the rest takes it from `uncounted`.
"""

from collections.abc import AsyncIterator, Iterable
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Select, and_, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from capacity_api.db import sequence
from capacity_api.db.tables import EventRow, NationGapRow, PeriodRow, ResponderRow, RollupRow
from capacity_api.domain.events import EventType
from capacity_api.domain.intake import State
from capacity_api.domain.periods import NATIONS, Gap, Ledger, Period, StateChange, nations_covered, to_second
from capacity_api.representations.responder import AreaRef

# How many events are held in memory at a time.
BATCH = 1000
_COLUMNS = [getattr(PeriodRow, name) for name in Period.__struct_fields__]


async def is_behind(session: AsyncSession) -> bool:
    """Whether there are events that were not counted yet."""
    latest, _ = await sequence.latest(session)
    return await session.scalar(select(RollupRow.sequence)) != latest


async def count_events(session: AsyncSession, most: int = BATCH) -> int:
    """Count up to `most` events that were not counted yet; returns how many. Whoever comes second waits its turn."""
    rollup = (
        await session.execute(select(RollupRow).with_for_update().execution_options(populate_existing=True))
    ).scalar_one()
    number, turns = await _read_changes(session, rollup.sequence, most)
    if number == rollup.sequence:
        return 0
    ledger = await load_ledger(session, rollup)
    await load_periods(session, ledger, turns)
    # What stands in the database, to tell what became different.
    kept = {responder_id: msgspec.structs.replace(held[-1]) for responder_id, held in ledger.periods.items() if held}
    kept_gaps = {nation: msgspec.structs.replace(held[-1]) for nation, held in ledger.gaps.items() if held}
    for turn in turns:
        ledger.take(turn)
    await _write_periods(session, ledger, kept)
    for nation, gaps in ledger.gaps.items():
        for gap in gaps:
            if gap != kept_gaps.get(nation):
                await session.merge(NationGapRow(nation=nation, **msgspec.structs.asdict(gap)))
    counted = number - rollup.sequence
    rollup.sequence, rollup.open_in = number, ledger.open_in
    await session.flush()
    return counted


async def reset(session: AsyncSession) -> None:
    """Forget all that was counted; `count`, until it returns 0, makes it anew."""
    rollup = (await session.execute(select(RollupRow).with_for_update())).scalar_one()
    rollup.sequence, rollup.open_in = 0, {}
    await session.execute(delete(PeriodRow))
    await session.execute(delete(NationGapRow))


async def read_uncounted(session: AsyncSession, after: int) -> AsyncIterator[list[StateChange]]:
    """What the events after number `after` say, in their order, a batch at a time."""
    while True:
        number, turns = await _read_changes(session, after, BATCH)
        if number == after:
            return
        after = number
        yield turns


async def load_ledger(session: AsyncSession, rollup: RollupRow) -> Ledger:
    """A ledger as of the last counted event, without any responder's periods yet."""
    gaps = {}
    for nation in NATIONS:
        row = await read_last_gap(session, nation)
        if row is not None:
            gaps[nation] = row
    return Ledger(gaps, rollup.open_in)


async def read_last_gap(session: AsyncSession, nation: str, before: int | None = None) -> Gap | None:
    """The last gap of a nation that began before the second `before`, or the last of all."""
    query = select(NationGapRow.began, NationGapRow.ended, NationGapRow.before).where(NationGapRow.nation == nation)
    if before is not None:
        query = query.where(NationGapRow.began < before)
    row = (await session.execute(query.order_by(NationGapRow.began.desc()).limit(1))).one_or_none()
    return None if row is None else Gap(began=row.began, ended=row.ended, before=row.before)


async def read_last_periods(
    session: AsyncSession, before: int | None = None, responders: Iterable[UUID] | None = None
) -> dict[UUID, Period]:
    """The last period of each responder that began before the second `before`, or the last of all."""
    query = _last_period(before)
    if responders is None:
        return {row[0]: _period(row) for row in await session.execute(query) if row.number is not None}
    found: dict[UUID, Period] = {}
    ids = list(responders)
    # A statement takes only so many parameters.
    for n in range(0, len(ids), BATCH):
        rows = await session.execute(query.where(ResponderRow.id.in_(ids[n : n + BATCH])))
        found.update((row[0], _period(row)) for row in rows if row.number is not None)
    return found


async def load_periods(session: AsyncSession, ledger: Ledger, turns: Iterable[StateChange]) -> None:
    """Have the ledger hold the last period of every responder that `turns` are about."""
    missing = {turn.responder_id for turn in turns} - ledger.periods.keys()
    found = await read_last_periods(session, None, missing)
    for responder_id in missing:
        ledger.periods[responder_id] = [found[responder_id]] if responder_id in found else []


async def _write_periods(session: AsyncSession, ledger: Ledger, kept: dict[UUID, Period]) -> None:
    changed: list[dict[str, Any]] = []
    added: list[dict[str, Any]] = []
    for responder_id, periods in ledger.periods.items():
        before = kept.get(responder_id)
        for period in periods:
            if before is None or period.number > before.number:
                added.append({"responder_id": responder_id, **msgspec.structs.asdict(period)})
            elif period != before:
                changed.append(
                    {
                        "responder_id": responder_id,
                        "number": period.number,
                        "ended": period.ended,
                        "nations": period.nations,
                    }
                )
    if changed:
        await session.execute(update(PeriodRow), changed)
    if added:
        await session.execute(insert(PeriodRow), added)


def _last_period(before: int | None) -> Select[Any]:
    earlier = aliased(PeriodRow)
    newest = select(earlier.number).where(earlier.responder_id == ResponderRow.id)
    if before is not None:
        newest = newest.where(earlier.began < before)
    # By `began`, which has the index, and not by `number` alone, though both go up together.
    number = newest.order_by(earlier.began.desc(), earlier.number.desc()).limit(1).correlate(ResponderRow)
    last = and_(PeriodRow.responder_id == ResponderRow.id, PeriodRow.number == number.scalar_subquery())
    # An outer join, or SQLite would go through all periods and look up the responder of each.
    return select(ResponderRow.id, *_COLUMNS).select_from(ResponderRow).outerjoin(PeriodRow, last)


def _period(row: Any) -> Period:
    _, state, began, number, ended, nations, *before = row
    return Period(State(state), began, number, ended, tuple(nations), *before)


class _Remit(msgspec.Struct):
    areas: list[AreaRef]
    exploitation_types: msgspec.Raw
    existing_clients_only: bool


class _Intake(msgspec.Struct):
    state: State


class _Responder(msgspec.Struct):
    remit: _Remit
    intake: _Intake


class _Data(msgspec.Struct):
    responder: _Responder


class _EventBody(msgspec.Struct):
    """As much of an event's body as counts: bodies of every age are read, with whatever else stands in them."""

    data: _Data


_decoder = msgspec.json.Decoder(_EventBody)


async def _read_changes(session: AsyncSession, after: int, most: int) -> tuple[int, list[StateChange]]:
    """What up to `most` events after number `after` say of responders, and the number of the last of them."""
    rows = (
        await session.execute(
            select(EventRow.sequence, EventRow.type, EventRow.at, EventRow.responder_id, EventRow.body)
            .where(EventRow.sequence > after)
            .order_by(EventRow.sequence)
            .limit(most)
        )
    ).all()
    turns = [_state_change(row) for row in rows if row.responder_id is not None]
    return rows[-1].sequence if rows else after, turns


def _state_change(row: Any) -> StateChange:
    responder = _decoder.decode(row.body).data.responder
    remit = responder.remit
    return StateChange(
        responder_id=row.responder_id,
        at=to_second(row.at),
        state=None if row.type == EventType.RESPONDER_DELISTED else responder.intake.state,
        nations=nations_covered(
            tuple(area.code for area in remit.areas),
            is_known=bytes(remit.exploitation_types) != b"null",
            existing_clients_only=remit.existing_clients_only,
        ),
    )
