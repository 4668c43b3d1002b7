"""The past of the responders: their reports and lapses, and when their states changed."""

from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Select, Text, cast, func, select, text, true, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from capacity_api.db.tables import IS_LISTING, EventRow, ReportRow, ResponderRow
from capacity_api.domain.intake import Report, State, TimedState
from capacity_api.operations import responders
from capacity_api.operations.paging import Page, page
from capacity_api.operations.restores import NO_RESTORES, Restores, first_number_since, read_restores
from capacity_api.representations.responder import HistoryEntry

_AT_A_TIME = 100


def _raw(column: Any) -> Any:
    """A column as the driver gives it. There may be a million of them, and it takes longer to convert than to read."""
    return type_coerce(column, Text)


# What an entry is made of. Many say the same, so the report is decoded once (`_decode_report`).
_COLUMNS: tuple[Any, ...] = (
    _raw(ReportRow.responder_id),
    ReportRow.sequence,
    ReportRow.kind,
    _raw(ReportRow.at),
    ReportRow.said_by,
    ReportRow.state,
    _raw(ReportRow.confirm_by),
    _raw(ReportRow.effective_from),
    cast(ReportRow.report, Text).label("report"),
)
_STATE_COLUMNS = tuple(map(_raw, (ReportRow.responder_id, ReportRow.sequence, ReportRow.at, ReportRow.state)))
# How many reports to read at a time.
_BATCH = 20_000
_STATES = {state.value: state for state in State}
# A number, a time as the driver gives it, and a state.
_State = tuple[int, Any, str]


async def read_history(
    session: AsyncSession, slug: str, start: datetime, end: datetime, until: int, limit: int, cursor: str | None
) -> Page[HistoryEntry]:
    """Every entry in the history of a listed responder in [start, end), newest first. Raises `NotFound`.

    Entries with a higher number than `until` are left out.
    """
    row = await responders.get_responder(session, slug)
    restores = await read_restores(session)
    first = await first_number_since(session, start, restores)
    at = restores.column(ReportRow.sequence, ReportRow.at)
    query = select(ReportRow).where(
        ReportRow.responder_id == row.id,
        # From the newest on in an index, until there are enough.
        ReportRow.sequence >= first,
        ReportRow.sequence <= until,
        at >= start,
        at < end,
    )
    return await page(
        session, query, ReportRow.sequence, lambda entry: represent_report(entry, restores), limit, cursor
    )


async def entries_after(session: AsyncSession, sequence: int) -> dict[UUID, list[HistoryEntry]]:
    """Every entry after a sequence number, by responder, oldest first."""
    restores = await read_restores(session)
    query = select(*_COLUMNS).where(ReportRow.sequence > sequence).order_by(ReportRow.sequence)
    # Some at a time: others go on in between, however many there are.
    rows = await session.stream(query.execution_options(yield_per=_AT_A_TIME))
    return _by_responder([(row.responder_id, represent_report(row, restores)) async for row in rows])


async def newest_entries(
    session: AsyncSession, since: datetime, max_entries: int, responder_ids: Sequence[UUID] | None
) -> dict[UUID, list[HistoryEntry]]:
    """The newest `max_entries` since a time of each responder (`None`: of all), oldest first."""
    restores = await read_restores(session)
    first = await first_number_since(session, since, restores)
    query = select(*_COLUMNS).where(
        _is_one_of(ReportRow.responder_id, responder_ids),
        restores.column(ReportRow.sequence, ReportRow.at) >= since,
    )
    newest: dict[Any, deque[Any]] = {}
    async for batch in _batches(session, query, first):
        for row in batch:
            newest.setdefault(row.responder_id, deque(maxlen=max_entries)).append(row)
    rows = chain.from_iterable(newest.values())
    return _by_responder((row.responder_id, represent_report(row, restores)) for row in rows)


async def state_changes(
    session: AsyncSession, since: datetime, responder_ids: Sequence[UUID] | None
) -> dict[UUID, list[TimedState]]:
    """When the effective state of each responder (`None`: of all) changed since a time, oldest first.

    The first of each is the state that it was in at `since`, if that is known. Listing and delisting make it
    unconfirmed, and leave no report.
    """
    restores = await read_restores(session)
    first = await first_number_since(session, since, restores)
    # By id as the driver gives it.
    states: dict[Any, list[_State]] = {}
    listings = select(*map(_raw, (EventRow.responder_id, EventRow.sequence, EventRow.at))).where(
        text(IS_LISTING), EventRow.sequence.is_not(None), _is_one_of(EventRow.responder_id, responder_ids)
    )
    for responder_id, number, at in await session.execute(listings):
        states.setdefault(responder_id, []).append((number, at, State.UNCONFIRMED.value))
    for responder_id, number, at, state in await session.execute(_last_before(first, responder_ids)):
        states.setdefault(responder_id, []).append((number, at, state))
    since_then = select(*_STATE_COLUMNS).where(_is_one_of(ReportRow.responder_id, responder_ids))
    async for rows in _batches(session, since_then, first):
        for responder_id, number, at, state in rows:
            states.setdefault(responder_id, []).append((number, at, state))
    found = {_id(responder_id): _changes(each, since, restores) for responder_id, each in states.items()}
    return {responder_id: changes for responder_id, changes in found.items() if changes}


async def _batches(session: AsyncSession, query: Select[Any], first: int) -> AsyncIterator[Sequence[Any]]:
    """The rows of `query` from the number `first` on, in order: a statement for all takes too long when it is busy."""
    query = query.order_by(ReportRow.sequence).limit(_BATCH)
    after = first - 1
    while rows := (await session.execute(query.where(ReportRow.sequence > after))).all():
        yield rows
        after = rows[-1].sequence


def _last_before(first: int, responder_ids: Sequence[UUID] | None) -> Select[Any]:
    """The last report of each responder with a lower number than `first`."""
    other = aliased(ReportRow)
    number = (
        select(func.max(other.sequence))
        .where(other.responder_id == ResponderRow.id, other.sequence < first)
        .correlate(ResponderRow)
        .scalar_subquery()
    )
    return (
        select(*_STATE_COLUMNS)
        .select_from(ResponderRow)
        .join(ReportRow, ReportRow.sequence == number)
        .where(_is_one_of(ResponderRow.id, responder_ids))
    )


def _changes(states: list[_State], since: datetime, restores: Restores) -> list[TimedState]:
    """The state at `since`, if there was one, and each later one that is not the same as the one before it."""
    states.sort()
    at_start: list[TimedState] = []
    later: list[TimedState] = []
    previous: str | None = None
    for number, dated, state in states:
        at = _time(dated)
        if restores.limits:
            at = restores.time_of(number, at)
        if at < since:
            at_start = [(since, _STATES[state])]
        elif state != previous:
            later.append((at, _STATES[state]))
        previous = state
    return at_start + later


def _id(raw: Any) -> UUID:
    return raw if isinstance(raw, UUID) else UUID(raw)


def _time(raw: Any) -> datetime:
    # As one string: to replace the time zone afterwards takes eight times as long.
    return raw if isinstance(raw, datetime) else datetime.fromisoformat(f"{raw}Z")


def represent_report(row: Any, restores: Restores = NO_RESTORES) -> HistoryEntry:
    """The entry of a `ReportRow`, or of a row of `_COLUMNS`."""
    return HistoryEntry(
        sequence=row.sequence,
        kind=row.kind,
        at=restores.time_of(row.sequence, _time(row.at)),
        said_by=row.said_by,
        state=row.state,
        confirm_by=None if row.confirm_by is None else _time(row.confirm_by),
        effective_from=None if row.effective_from is None else _time(row.effective_from),
        report=row.report if row.report is None or isinstance(row.report, Report) else _decode_report(row.report),
    )


@lru_cache(maxsize=4096)
def _decode_report(stored: str) -> Report:
    return msgspec.json.decode(stored, type=Report)


def _by_responder(found: Iterable[tuple[Any, HistoryEntry]]) -> dict[UUID, list[HistoryEntry]]:
    """The ids of `found` are as the driver gives them."""
    entries: dict[Any, list[HistoryEntry]] = {}
    for responder_id, entry in found:
        entries.setdefault(responder_id, []).append(entry)
    return {_id(responder_id): found for responder_id, found in entries.items()}


def _is_one_of(column: InstrumentedAttribute[Any], responder_ids: Sequence[UUID] | None) -> ColumnElement[bool]:
    return true() if responder_ids is None else column.in_(responder_ids)
