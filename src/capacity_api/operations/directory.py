"""The directory as it stood at a time in the past, read from the bodies of the events."""

from datetime import UTC, datetime

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.tables import EventRow, IntakeRow, ResponderRow
from capacity_api.domain.events import EventType
from capacity_api.representations.directory import Directory
from capacity_api.representations.responder import Responder, represent_responder


class _Data(msgspec.Struct):
    responder: Responder


class _ResponderEvent(msgspec.Struct):
    data: _Data


_decoder = msgspec.json.Decoder(_ResponderEvent)


async def directory_as_of(session: AsyncSession, time: datetime) -> Directory:
    """The directory as a reader saw it at `time`, which must not lie in the future; empty before the first event."""
    newest = (
        await session.execute(
            select(EventRow.sequence, EventRow.at)
            .where(EventRow.at <= time, EventRow.sequence.is_not(None))
            .order_by(EventRow.at.desc(), EventRow.sequence.desc())
            .limit(1)
        )
    ).one_or_none()
    sequence, updated_at = (newest.sequence, newest.at) if newest else (0, datetime.fromtimestamp(0, UTC))
    last_of_responder = (
        select(func.max(EventRow.sequence))
        .where(EventRow.responder_id == ResponderRow.id, EventRow.sequence <= sequence)
        .correlate(ResponderRow)
        .scalar_subquery()
    )
    bodies = await session.execute(
        select(ResponderRow.id, EventRow.body)
        .select_from(ResponderRow)
        .join(EventRow, EventRow.sequence == last_of_responder)
        .where(EventRow.type != EventType.RESPONDER_DELISTED)
        .order_by(ResponderRow.slug)
    )
    responders = {responder_id: _decoder.decode(body).data.responder for responder_id, body in bodies}
    # A lapse that was due by then and is not recorded yet has no event. Read those responders from their rows.
    unrecorded = await session.scalars(
        select(ResponderRow).join(IntakeRow).where(IntakeRow.next_due <= time, ResponderRow.delisted_at.is_(None))
    )
    responders.update((row.id, represent_responder(row.record, time)) for row in unrecorded)
    return Directory(
        sequence=sequence, updated_at=updated_at, total=len(responders), responders=list(responders.values())
    )
