"""Redact: take fields out of the events of one responder, and out of all that was stored with them.

A note may name a person. `redact` does all of this in one transaction under the write lock:

1. The bodies of the responder's events in the range lose the fields, its private events included.
2. So do its reports, its threshold and the responder itself, where what they hold was said, or still stood, in the
   range.
3. What an endpoint answered to these events is dropped: it may quote them.
4. `event.redacted` tells everybody who keeps a copy. If the range ended earlier and what stands now has changed as
   well, a `responder.updated` follows.

Each process drops what it keeps when it meets `event.redacted` (`publication.publisher`); a worker reads a message
again before it sends it late (`delivery.worker`). What SQLite leaves in its files goes afterwards (`db.erasure`).
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.tables import AttemptRow, EventRow, InstallationRow, ReportRow, ResponderRow, ThresholdRow
from capacity_api.domain.events import EventType
from capacity_api.domain.redaction import RedactedField, Removal
from capacity_api.errors import BeyondLatest, Invalid
from capacity_api.operations import audit, changes
from capacity_api.operations.changes import Change
from capacity_api.representations.event import EventData

# How many events to read and to write at a time.
_BATCH = 500
_MAX_NUMBER = 2**53
_Number = Annotated[int, msgspec.Meta(extra_json_schema={"minimum": 1, "maximum": _MAX_NUMBER})]
_SET_BODY = update(EventRow).where(EventRow.id == bindparam("event_id")).values(body=bindparam("new_body"))


class RedactionRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which fields to take out of the events with the numbers `from` to `to`, both included. Null is "until now"."""

    fields: Annotated[tuple[RedactedField, ...], msgspec.Meta(extra_json_schema={"minItems": 1})]
    first: _Number = msgspec.field(name="from")
    last: _Number | None = msgspec.field(name="to", default=None)


class Redaction(msgspec.Struct, frozen=True, kw_only=True):
    """What was taken out. `event_count` stored events held any of it; `sequence` is the number of the new event."""

    sequence: int
    slug: str
    fields: tuple[RedactedField, ...]
    first: int = msgspec.field(name="from")
    last: int = msgspec.field(name="to")
    event_count: int


class _Range(msgspec.Struct, frozen=True):
    """The numbers of the events, and the times between which it was written what has no number."""

    first: int
    last: int
    began: datetime
    ended: datetime

    def has_private(self, body: str, at: datetime) -> bool:
        """Whether a private event is in the range: by its time, or by the number of what it says."""
        responder = msgspec.json.decode(body, type=_PrivateEvent).data.responder
        is_numbered = responder is not None and self.first <= responder.sequence <= self.last
        return is_numbered or self.began <= at <= self.ended


class _Numbered(msgspec.Struct):
    sequence: int


class _PrivateData(msgspec.Struct):
    responder: _Numbered | None = None


class _PrivateEvent(msgspec.Struct):
    data: _PrivateData


async def redact(session: AsyncSession, now: datetime, slug: str, new: RedactionRequest) -> Redaction:
    """Take fields out of what a responder said, also if it is delisted. A second time finds nothing, and tells again.

    Raises `Invalid`, `NotFound`, `BeyondLatest`.
    """
    fields = _validate(new)
    change = await changes.begin(session, now)
    row = await change.get_responder(slug, or_delisted=True)
    if max(new.first, new.last or 0) > change.newest:
        raise BeyondLatest(f"The newest event has the sequence number {change.newest}")
    span = await _find_range(change, new)
    reaches_now = span.last >= row.sequence
    removal = Removal(fields, everything=reaches_now)
    event_ids, changed = await _redact_events(session, row, span, removal)
    await _drop_answers(session, event_ids)
    if RedactedField.REPORT_NOTE in fields:
        await _redact_reports(session, row, span, removal)
        await _redact_threshold(session, row, span, removal)
    before = change.represent(row)
    _redact_current(row, removal)
    is_changed = change.represent(row) != before
    data = EventData(slug=slug, from_number=span.first, to_number=span.last, fields=fields)
    number = change.add_redaction(row, data)
    if is_changed and not reaches_now and row.delisted_at is None:
        await change.add_event(
            EventType.RESPONDER_UPDATED, row, change.now, previous_areas=tuple(area.code for area in before.remit.areas)
        )
    if session.get_bind().dialect.name == "sqlite":
        (await session.get_one(InstallationRow, 1)).remains_sequence = number
    audit.add_entry(
        session, change.now, "responder.redact", slug, fields=fields, first=span.first, last=span.last, sequence=number
    )
    return Redaction(sequence=number, slug=slug, fields=fields, first=span.first, last=span.last, event_count=changed)


def _validate(new: RedactionRequest) -> tuple[RedactedField, ...]:
    """The fields, each once, in the usual order. Raises `Invalid`."""
    if not new.fields:
        raise Invalid.at("/fields", "must name a field")
    if not 1 <= new.first <= _MAX_NUMBER:
        raise Invalid.at("/from", "must be the number of an event, from 1 on")
    if new.last is not None and not new.first <= new.last <= _MAX_NUMBER:
        raise Invalid.at("/to", "must not be below from")
    return tuple(field for field in RedactedField if field in new.fields)


async def _find_range(change: Change, new: RedactionRequest) -> _Range:
    """The range with the times of its first and its last event. After a restore a number may have no event."""
    numbered = select(EventRow.at).limit(1)
    began = await change.session.scalar(numbered.where(EventRow.sequence >= new.first).order_by(EventRow.sequence))
    assert began is not None, "no number is above that of the newest event"
    if new.last is None:
        return _Range(new.first, change.newest, began, datetime.max.replace(tzinfo=UTC))
    ended = await change.session.scalar(
        numbered.where(EventRow.sequence <= new.last).order_by(EventRow.sequence.desc())
    )
    return _Range(new.first, new.last, began, ended or began)


async def _redact_events(
    session: AsyncSession, row: ResponderRow, span: _Range, removal: Removal
) -> tuple[list[UUID], int]:
    """Redact the bodies. The ids of all events in the range, and how many held any of the fields."""
    of_responder = (EventRow.responder_id == row.id, EventRow.type != EventType.EVENT_REDACTED)
    # What the event before the range said still stood in it.
    stood = select(func.max(EventRow.sequence)).where(*of_responder, EventRow.sequence <= span.first)
    after = (await session.scalar(stood) or span.first) - 1
    event_ids: list[UUID] = []
    changed = 0
    columns = select(EventRow.id, EventRow.sequence, EventRow.body)
    while True:
        events = (
            await session.execute(
                columns.where(*of_responder, EventRow.sequence > after, EventRow.sequence <= span.last)
                .order_by(EventRow.sequence)
                .limit(_BATCH)
            )
        ).all()
        if not events:
            break
        after = events[-1].sequence or after
        for event in events:
            removal.note_values(event.body)
        in_range = [event for event in events if (event.sequence or 0) >= span.first]
        event_ids += [event.id for event in in_range]
        changed += await _rewrite(session, {event.id: event.body for event in in_range}, removal)
    private = await session.execute(
        select(EventRow.id, EventRow.at, EventRow.body).where(*of_responder, EventRow.sequence.is_(None))
    )
    bodies = {event.id: event.body for event in private if span.has_private(event.body, event.at)}
    changed += await _rewrite(session, bodies, removal)
    return [*event_ids, *bodies], changed


async def _rewrite(session: AsyncSession, bodies: Mapping[UUID, str], removal: Removal) -> int:
    """Store the bodies without the fields; returns how many had any."""
    redacted = {event_id: removal.redact_body(body) for event_id, body in bodies.items()}
    rows = [{"event_id": event_id, "new_body": body} for event_id, body in redacted.items() if body != bodies[event_id]]
    if rows:
        await (await session.connection()).execute(_SET_BODY, rows)
    return len(rows)


async def _drop_answers(session: AsyncSession, event_ids: Sequence[UUID]) -> None:
    """Drop what endpoints answered to these events. Call it after their bodies are redacted: see `results.record`."""
    for n in range(0, len(event_ids), _BATCH):
        await session.execute(
            update(AttemptRow)
            .where(AttemptRow.event_id.in_(event_ids[n : n + _BATCH]), AttemptRow.answer.is_not(None))
            .values(answer=None)
            .execution_options(synchronize_session=False)
        )


async def _redact_reports(session: AsyncSession, row: ResponderRow, span: _Range, removal: Removal) -> None:
    reports = await session.scalars(
        select(ReportRow).where(ReportRow.responder_id == row.id, ReportRow.sequence <= span.last)
    )
    for each in reports:
        if each.report is None:
            continue
        removal.note_earlier(each.report)
        if each.sequence >= span.first:
            each.report = removal.redact_report(each.report)


async def _redact_threshold(session: AsyncSession, row: ResponderRow, span: _Range, removal: Removal) -> None:
    stored = await session.get(ThresholdRow, row.id)
    if stored is None or stored.threshold is None:
        return
    # What was set before the range still stood in it.
    if stored.set_at is None or stored.set_at <= span.ended:
        stored.threshold = removal.redact_threshold(stored.threshold)


def _redact_current(row: ResponderRow, removal: Removal) -> None:
    row.website = removal.current_website(row.website)
    row.contact = removal.current_contact(row.contact)
    row.remit = removal.current_remit(row.remit)
    row.intake.value = removal.current_intake(row.intake.value)
