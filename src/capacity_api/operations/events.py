"""The public events, in the bodies that were sent."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, and_, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.sequence import latest
from capacity_api.db.tables import IS_REDACTION, EventRow, ResponderRow
from capacity_api.domain.events import OPT_IN, TO_EVERY_WEBHOOK, EventType
from capacity_api.errors import BeyondLatest, Invalid
from capacity_api.operations.restores import Restores, read_restores
from capacity_api.representations.event import Event, EventPage

_decoder = msgspec.json.Decoder(Event)
# How many events one filtered page looks at. No index serves the filter, and a page must not read the whole past.
_MAX_EXAMINED = 5000


async def require_number(session: AsyncSession, number: int) -> None:
    """Raise `BeyondLatest` if the newest event has a lower number than this."""
    newest, _ = await latest(session)
    if number > newest:
        raise BeyondLatest(f"The newest event has the sequence number {newest}; {number} lies beyond it")


class EventFilter(msgspec.Struct, frozen=True, kw_only=True):
    """The types and the slugs of responders to keep; none of either keeps all."""

    types: tuple[EventType, ...] = ()
    responders: tuple[str, ...] = ()


EVERYTHING = EventFilter()


async def list_events(
    session: AsyncSession, after: int, until: int, limit: int, kept: EventFilter = EVERYTHING
) -> EventPage:
    """Up to `limit` public events with a number in (after, until], oldest first, as if there were none later."""
    if kept == EVERYTHING:
        end = None
        conditions: list[ColumnElement[bool]] = []
    else:
        end = await _last_examined(session, after, until)
        conditions = [EventRow.sequence <= (end or after), await _condition(session, kept)]
    rows = (
        await session.execute(
            select(EventRow.sequence, EventRow.body)
            .where(EventRow.sequence > after, EventRow.sequence <= until, *conditions)
            .order_by(EventRow.sequence)
            .limit(limit)
        )
    ).all()
    last = rows[-1].sequence if rows else after
    if end is not None and len(rows) < limit:
        last = end
    assert last is not None, "the query leaves out private events"
    return EventPage(events=[msgspec.Raw(row.body.encode()) for row in rows], sequence=last, latest=until)


async def _last_examined(session: AsyncSession, after: int, until: int) -> int | None:
    """The number of the last event that a filtered page looks at; `None` where there is none to look at."""
    examined = (
        select(EventRow.sequence)
        .where(EventRow.sequence > after, EventRow.sequence <= until)
        .order_by(EventRow.sequence)
        .limit(_MAX_EXAMINED)
        .subquery()
    )
    last: int | None = await session.scalar(select(func.max(examined.c.sequence)))
    return last


async def _condition(session: AsyncSession, kept: EventFilter) -> ColumnElement[bool]:
    """What a filter keeps. As for webhooks, what somebody with a copy must act on is always kept."""
    conditions: list[ColumnElement[bool]] = []
    if kept.types:
        conditions.append(EventRow.type.in_(kept.types))
    if kept.responders:
        found = await session.execute(
            select(ResponderRow.slug, ResponderRow.id).where(ResponderRow.slug.in_(kept.responders))
        )
        ids = {row.slug: row.id for row in found}
        if ids.keys() != set(kept.responders):
            raise Invalid.at("?responder", "no responder with this slug was ever listed")
        conditions.append(EventRow.responder_id.in_(ids.values()))
    return or_(EventRow.type.in_(TO_EVERY_WEBHOOK), and_(*conditions))


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
