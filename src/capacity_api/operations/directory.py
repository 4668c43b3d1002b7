"""The directory as it stood at a time in the past, read from the bodies of the events."""

from datetime import UTC, datetime

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.tables import EventRow, ResponderRow
from capacity_api.domain.events import EventType
from capacity_api.operations.restores import read_restores
from capacity_api.representations.directory import Directory
from capacity_api.representations.responder import Responder, responder_at


class _Data(msgspec.Struct):
    responder: Responder


class _ResponderEvent(msgspec.Struct):
    data: _Data


_decoder = msgspec.json.Decoder(_ResponderEvent)


async def directory_as_of(session: AsyncSession, time: datetime) -> Directory:
    """The directory as a reader saw it at `time`, which must not lie in the future; empty before the first event."""
    restores = await read_restores(session)
    # What is dated after a restore, and before it by number, had happened by then.
    restored = max((number for number, limit in restores.limits if limit <= time), default=0)
    newest = (
        await session.execute(
            select(EventRow.sequence, EventRow.at)
            .where(EventRow.at <= time, EventRow.sequence.is_not(None), EventRow.sequence >= restored)
            .order_by(EventRow.at.desc(), EventRow.sequence.desc())
            .limit(1)
        )
    ).one_or_none()
    sequence, updated_at = (0, datetime.fromtimestamp(0, UTC))
    if newest is not None:
        sequence, updated_at = newest.sequence, restores.time_of(newest.sequence, newest.at)
    last_of_responder = (
        select(func.max(EventRow.sequence))
        .where(EventRow.responder_id == ResponderRow.id, EventRow.sequence <= sequence)
        .correlate(ResponderRow)
        .scalar_subquery()
    )
    bodies = await session.scalars(
        select(EventRow.body)
        .select_from(ResponderRow)
        .join(EventRow, EventRow.sequence == last_of_responder)
        .where(EventRow.type != EventType.RESPONDER_DELISTED)
        .order_by(ResponderRow.slug)
    )
    # A lapse or a planned start that was due by then may have been recorded later, or not yet.
    responders = [responder_at(_decoder.decode(body).data.responder, time) for body in bodies]
    return Directory(
        sequence=sequence,
        updated_at=updated_at,
        # The past does not change.
        valid_until=None,
        total=len(responders),
        responders=responders,
    )
