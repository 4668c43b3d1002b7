"""The public events, as they were told."""

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db import sequence
from capacity_api.db.tables import EventRow
from capacity_api.domain.events import EventType
from capacity_api.errors import BeyondLatest
from capacity_api.representations import EventPage


async def after(session: AsyncSession, number: int, limit: int) -> EventPage:
    """Up to `limit` public events after sequence number `number`, oldest first; raises `BeyondLatest`."""
    latest, _ = await sequence.latest(session)
    if number > latest:
        raise BeyondLatest(f"The newest event has the sequence number {latest}; {number} lies beyond it")
    rows = (
        await session.execute(
            select(EventRow.sequence, EventRow.body)
            .where(EventRow.sequence > number)
            .order_by(EventRow.sequence)
            .limit(limit)
        )
    ).all()
    return EventPage(
        events=[msgspec.Raw(body.encode()) for _, body in rows],
        sequence=rows[-1][0] or number if rows else number,
        latest=latest,
    )


async def newest(session: AsyncSession, after: int, limit: int) -> list[EventRow]:
    """Up to `limit` public events after a number, newest first, without confirmations: what is worth telling people."""
    rows = await session.scalars(
        select(EventRow)
        .where(EventRow.sequence > after, EventRow.type != EventType.INTAKE_CONFIRMED)
        .order_by(EventRow.sequence.desc())
        .limit(limit)
    )
    return list(rows)
