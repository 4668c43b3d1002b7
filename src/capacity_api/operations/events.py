"""The public events, as they were told."""

from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db import sequence
from capacity_api.db.tables import EventRow
from capacity_api.domain.events import ONLY_WHEN_NAMED
from capacity_api.errors import BeyondLatest
from capacity_api.representations import Event, EventPage

_decoder = msgspec.json.Decoder(Event)


class Told(msgspec.Struct, frozen=True):
    """A public event with the id that it has in every webhook and feed."""

    id: UUID
    event: Event


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


async def newest(session: AsyncSession, after: int, limit: int) -> list[Told]:
    """Up to `limit` public events after a number that change somebody's plans, newest first: those that "all" means."""
    rows = await session.execute(
        select(EventRow.id, EventRow.body)
        .where(EventRow.sequence > after, EventRow.type.not_in(ONLY_WHEN_NAMED))
        .order_by(EventRow.sequence.desc())
        .limit(limit)
    )
    return [Told(event_id, _decoder.decode(body)) for event_id, body in rows]
