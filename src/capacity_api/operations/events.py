"""The public events, in the bodies that were sent."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.sequence import latest
from capacity_api.db.tables import IS_REDACTION, EventRow
from capacity_api.domain.events import OPT_IN, EventType
from capacity_api.errors import BeyondLatest
from capacity_api.operations.restores import Restores, read_restores
from capacity_api.representations.event import Event, EventPage

_decoder = msgspec.json.Decoder(Event)


async def require_number(session: AsyncSession, number: int) -> None:
    """Raise `BeyondLatest` if the newest event has a lower number than this."""
    newest, _ = await latest(session)
    if number > newest:
        raise BeyondLatest(f"The newest event has the sequence number {newest}; {number} lies beyond it")


async def list_events(session: AsyncSession, after: int, until: int, limit: int) -> EventPage:
    """Up to `limit` public events with a number in (after, until], oldest first, as if there were none later."""
    rows = (
        await session.execute(
            select(EventRow.sequence, EventRow.body)
            .where(EventRow.sequence > after, EventRow.sequence <= until)
            .order_by(EventRow.sequence)
            .limit(limit)
        )
    ).all()
    last = after
    for row in rows:
        assert row.sequence is not None, "the query leaves out private events"
        last = row.sequence
    return EventPage(events=[msgspec.Raw(row.body.encode()) for row in rows], sequence=last, latest=until)


async def count_after(session: AsyncSession, number: int) -> int:
    """How many public events have a higher number. Numbers are not subtracted: after a restore there is a gap."""
    return await session.scalar(select(func.count()).where(EventRow.sequence > number)) or 0


async def newest_events(session: AsyncSession, after: int, limit: int) -> list[Event]:
    """Up to `limit` public events after a sequence number, newest first, without those that must be named."""
    bodies = await session.scalars(
        select(EventRow.body)
        .where(EventRow.sequence > after, EventRow.type.not_in(OPT_IN))
        .order_by(EventRow.sequence.desc())
        .limit(limit)
    )
    return [_decoder.decode(body) for body in bodies]


async def events_since(
    session: AsyncSession, since: datetime, until: int, event_types: Collection[EventType]
) -> list[Event]:
    """The events of these public types since a time and up to a sequence number, oldest first.

    A wrong clock may have dated one ahead of a restore. It has the time at which it happened.
    """
    restores = await read_restores(session)
    bodies = await session.scalars(
        select(EventRow.body)
        .where(
            restores.column(EventRow.sequence, EventRow.at) >= since,
            EventRow.sequence <= until,
            EventRow.type.in_(event_types),
        )
        .order_by(EventRow.sequence)
    )
    return [_at_its_time(_decoder.decode(body), restores) for body in bodies]


def _at_its_time(event: Event, restores: Restores) -> Event:
    assert event.sequence is not None, "it is public"
    return msgspec.structs.replace(event, timestamp=restores.time_of(event.sequence, event.timestamp))


async def redacted_responders(session: AsyncSession, after: int) -> set[UUID]:
    """The responders of which earlier events were redacted after a sequence number."""
    query = select(EventRow.responder_id).where(text(IS_REDACTION), EventRow.sequence > after)
    return {responder_id for responder_id in await session.scalars(query) if responder_id is not None}
