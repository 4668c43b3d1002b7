"""The past of the responders: their reports and lapses, and when their states changed."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, func, literal, select, text, true, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from capacity_api.db.tables import IS_LISTING, EventRow, ReportRow
from capacity_api.domain.intake import State, TimedState
from capacity_api.operations import responders
from capacity_api.operations.paging import Page, page
from capacity_api.operations.restores import NO_RESTORES, Restores, read_restores
from capacity_api.representations.responder import HistoryEntry


async def read_history(
    session: AsyncSession, slug: str, start: datetime, end: datetime, until: int, limit: int, cursor: str | None
) -> Page[HistoryEntry]:
    """Every entry in the history of a listed responder in [start, end), newest first. Raises `NotFound`.

    Entries with a higher number than `until` are left out.
    """
    row = await responders.get_responder(session, slug)
    restores = await read_restores(session)
    at = restores.column(ReportRow.sequence, ReportRow.at)
    query = select(ReportRow).where(
        ReportRow.responder_id == row.id, at >= start, at < end, ReportRow.sequence <= until
    )
    return await page(
        session, query, ReportRow.sequence, lambda entry: represent_report(entry, restores), limit, cursor
    )


async def entries_after(session: AsyncSession, sequence: int) -> dict[UUID, list[HistoryEntry]]:
    """Every entry after a sequence number, by responder, oldest first."""
    rows = await session.scalars(select(ReportRow).where(ReportRow.sequence > sequence).order_by(ReportRow.sequence))
    return _by_responder(rows, await read_restores(session))


async def newest_entries(
    session: AsyncSession, since: datetime, max_entries: int, responder_ids: Sequence[UUID] | None
) -> dict[UUID, list[HistoryEntry]]:
    """The newest `max_entries` since a time of each responder (`None`: of all), oldest first."""
    restores = await read_restores(session)
    ranked = (
        select(
            ReportRow.id,
            func.row_number().over(partition_by=ReportRow.responder_id, order_by=ReportRow.sequence.desc()).label("n"),
        )
        .where(
            restores.column(ReportRow.sequence, ReportRow.at) >= since,
            _is_one_of(ReportRow.responder_id, responder_ids),
        )
        .subquery()
    )
    query = select(ReportRow).join(ranked, ranked.c.id == ReportRow.id).where(ranked.c.n <= max_entries)
    return _by_responder(await session.scalars(query.order_by(ReportRow.sequence)), restores)


async def state_changes(
    session: AsyncSession, since: datetime, responder_ids: Sequence[UUID] | None
) -> dict[UUID, list[TimedState]]:
    """When the effective state of each responder (`None`: of all) changed since a time, oldest first.

    The first of each is the state that it was in at `since`, if that is known. Listing and delisting make it
    unconfirmed, and leave no report.
    """
    restores = await read_restores(session)
    reported_at = restores.column(ReportRow.sequence, ReportRow.at).label("at")
    listed_at = restores.column(EventRow.sequence, EventRow.at).label("at")
    columns = (ReportRow.responder_id, reported_at, ReportRow.state, ReportRow.sequence)
    reports = select(*columns).where(_is_one_of(ReportRow.responder_id, responder_ids))
    listings = select(
        EventRow.responder_id, listed_at, literal(State.UNCONFIRMED.value, Text).label("state"), EventRow.sequence
    ).where(text(IS_LISTING), _is_one_of(EventRow.responder_id, responder_ids))
    all_states = union_all(reports, listings).subquery()

    newest_before = (
        select(func.max(all_states.c.sequence)).where(all_states.c.at < since).group_by(all_states.c.responder_id)
    )
    at_start = select(all_states.c.responder_id, all_states.c.state).where(all_states.c.sequence.in_(newest_before))

    previous = func.lag(all_states.c.state).over(partition_by=all_states.c.responder_id, order_by=all_states.c.sequence)
    within = select(all_states, previous.label("previous")).where(all_states.c.at >= since).subquery()
    changes = (
        select(within.c.responder_id, within.c.at, within.c.state)
        .where(within.c.previous.is_distinct_from(within.c.state))
        .order_by(within.c.sequence)
    )

    found: dict[UUID, list[TimedState]] = {}
    for responder_id, state in await session.execute(at_start):
        found.setdefault(responder_id, []).append((since, State(state)))
    for responder_id, at, state in await session.execute(changes):
        found.setdefault(responder_id, []).append((at, State(state)))
    return found


def represent_report(row: ReportRow, restores: Restores = NO_RESTORES) -> HistoryEntry:
    return HistoryEntry(
        sequence=row.sequence,
        kind=row.kind,  # type: ignore[arg-type]  # only `operations.changes` writes it, from Step.kind
        at=restores.time_of(row.sequence, row.at),
        said_by=row.said_by,
        state=row.state,
        confirm_by=row.confirm_by,
        effective_from=row.effective_from,
        report=row.report,
    )


def _by_responder(rows: Iterable[ReportRow], restores: Restores) -> dict[UUID, list[HistoryEntry]]:
    entries: dict[UUID, list[HistoryEntry]] = {}
    for row in rows:
        entries.setdefault(row.responder_id, []).append(represent_report(row, restores))
    return entries


def _is_one_of(column: InstrumentedAttribute[Any], responder_ids: Sequence[UUID] | None) -> ColumnElement[bool]:
    return true() if responder_ids is None else column.in_(responder_ids)
