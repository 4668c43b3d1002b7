"""The directory as it stood at a time in the past, read from the bodies of the events."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.tables import IS_REDACTION, EventRow, ResponderRow
from capacity_api.domain.events import EventType
from capacity_api.operations.restores import read_restores
from capacity_api.representations.directory import Directory
from capacity_api.representations.responder import Responder, responder_at


class _Data(msgspec.Struct):
    responder: Responder


class _ResponderEvent(msgspec.Struct):
    data: _Data


# Decoding so many takes a few milliseconds. Then others have their turn.
_AT_A_TIME = 100
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
        .where(
            EventRow.responder_id == ResponderRow.id,
            EventRow.sequence <= sequence,
            # It has no responder in its body.
            EventRow.type != EventType.EVENT_REDACTED,
        )
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
    responders = []
    for number, body in enumerate(bodies, start=1):
        responders.append(responder_at(_decoder.decode(body).data.responder, time))
        if number % _AT_A_TIME == 0:
            # Decoding takes long: let others have a turn.
            await asyncio.sleep(0)
    redactions = await _last_redactions(session, sequence)
    responders = [_after_redaction(responder, redactions.get(responder.id)) for responder in responders]
    return Directory(
        sequence=sequence,
        updated_at=updated_at,
        # The past does not change.
        valid_until=None,
        total=len(responders),
        responders=responders,
    )


async def _last_redactions(session: AsyncSession, sequence: int) -> dict[UUID, tuple[int, datetime]]:
    """The number and time of each responder's last `event.redacted` up to a sequence number."""
    rows = await session.execute(
        select(EventRow.responder_id, EventRow.sequence, EventRow.at)
        .where(text(IS_REDACTION), EventRow.sequence <= sequence)
        .order_by(EventRow.sequence)
    )
    return {row.responder_id: (row.sequence, row.at) for row in rows}


def _after_redaction(responder: Responder, redaction: tuple[int, datetime] | None) -> Responder:
    """The responder of its last other event. The fields themselves are out of that event."""
    if redaction is None or redaction[0] < responder.sequence:
        return responder
    return msgspec.structs.replace(responder, sequence=redaction[0], updated_at=redaction[1])
