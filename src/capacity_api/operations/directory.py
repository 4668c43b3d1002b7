"""The directory as it stood: read from the events, which hold each responder as it was told."""

from datetime import UTC, datetime

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api import representations
from capacity_api.db.tables import EventRow, IntakeRow, ResponderRow
from capacity_api.domain.events import EventType
from capacity_api.representations import Directory, Responder


class _Data(msgspec.Struct):
    responder: Responder


class _Told(msgspec.Struct):
    data: _Data


_decoder = msgspec.json.Decoder(_Told)


async def as_of(session: AsyncSession, time: datetime) -> Directory:
    """The directory as a reader saw it at `time`, which must not lie in the future; before the first event, empty."""
    newest = (
        await session.execute(
            select(EventRow.sequence, EventRow.at)
            .where(EventRow.at <= time, EventRow.sequence.is_not(None))
            .order_by(EventRow.at.desc(), EventRow.sequence.desc())
            .limit(1)
        )
    ).one_or_none()
    number, updated_at = (newest.sequence, newest.at) if newest else (0, datetime.fromtimestamp(0, UTC))
    last = (
        select(func.max(EventRow.sequence))
        .where(EventRow.responder_id == ResponderRow.id, EventRow.sequence <= number)
        .correlate(ResponderRow)
        .scalar_subquery()
    )
    told = await session.execute(
        select(ResponderRow.id, EventRow.body)
        .select_from(ResponderRow)
        .join(EventRow, EventRow.sequence == last)
        .where(EventRow.type != EventType.RESPONDER_DELISTED)
        .order_by(ResponderRow.slug)
    )
    responders = {responder_id: _decoder.decode(body).data.responder for responder_id, body in told}
    # What the clock had brought by then and nobody has recorded: no event tells of it, and there is no newer one.
    due = await session.scalars(
        select(ResponderRow).join(IntakeRow).where(IntakeRow.next_due <= time, ResponderRow.delisted_at.is_(None))
    )
    responders.update((row.id, representations.from_responder(row, time)) for row in due)
    return Directory(
        sequence=number, updated_at=updated_at, total=len(responders), responders=list(responders.values())
    )
