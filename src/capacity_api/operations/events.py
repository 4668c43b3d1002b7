"""The public events, as they were told."""

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db import sequence
from capacity_api.db.tables import EventRow
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
