"""What the publication keeps of the past of every responder: its newest reports, and when its state changed."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, func, literal, select, text, true, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from capacity_api.db.tables import IS_LISTING, EventRow, ReportRow
from capacity_api.domain.intake import State

Turn = tuple[UUID, datetime, State]


async def reports(session: AsyncSession, after: int) -> list[ReportRow]:
    """Every report and lapse after a sequence number, oldest first."""
    rows = await session.scalars(select(ReportRow).where(ReportRow.sequence > after).order_by(ReportRow.sequence))
    return list(rows)


async def newest_reports(
    session: AsyncSession, since: datetime, most: int, responders: Sequence[UUID] | None
) -> list[ReportRow]:
    """The newest `most` from `since` on of each of `responders`, or of everybody, oldest first."""
    ranked = (
        select(
            ReportRow.id,
            func.row_number().over(partition_by=ReportRow.responder_id, order_by=ReportRow.sequence.desc()).label("n"),
        )
        .where(ReportRow.at >= since, _of(ReportRow.responder_id, responders))
        .subquery()
    )
    query = select(ReportRow).join(ranked, ranked.c.id == ReportRow.id).where(ranked.c.n <= most)
    return list(await session.scalars(query.order_by(ReportRow.sequence)))


async def turns(session: AsyncSession, since: datetime, responders: Sequence[UUID] | None) -> list[Turn]:
    """When the state of each of `responders`, or of everybody, became another from `since` on, oldest first.

    The first of each is what it was at `since`, where anything was known. Whoever is listed or delisted becomes
    unconfirmed, which no report tells.
    """
    columns = (ReportRow.responder_id, ReportRow.at, ReportRow.state, ReportRow.sequence)
    listings = select(
        EventRow.responder_id, EventRow.at, literal(State.UNCONFIRMED.value, Text).label("state"), EventRow.sequence
    ).where(text(IS_LISTING), _of(EventRow.responder_id, responders))
    each = union_all(select(*columns).where(_of(ReportRow.responder_id, responders)), listings).subquery()
    last = select(func.max(each.c.sequence)).where(each.c.at < since).group_by(each.c.responder_id)
    held = select(each.c.responder_id, each.c.state).where(each.c.sequence.in_(last))
    before = func.lag(each.c.state).over(partition_by=each.c.responder_id, order_by=each.c.sequence)
    within = select(each, before.label("before")).where(each.c.at >= since).subquery()
    turned = (
        select(within.c.responder_id, within.c.at, within.c.state)
        .where(within.c.before.is_distinct_from(within.c.state))
        .order_by(within.c.sequence)
    )
    found: list[Turn] = [(row.responder_id, since, State(row.state)) for row in await session.execute(held)]
    found += [(row.responder_id, row.at, State(row.state)) for row in await session.execute(turned)]
    return found


def by_responder(rows: Iterable[ReportRow]) -> dict[UUID, list[ReportRow]]:
    """The rows of each responder, in the order in which they came."""
    held: dict[UUID, list[ReportRow]] = {}
    for row in rows:
        held.setdefault(row.responder_id, []).append(row)
    return held


def _of(column: InstrumentedAttribute[Any], responders: Sequence[UUID] | None) -> ColumnElement[bool]:
    return true() if responders is None else column.in_(responders)
