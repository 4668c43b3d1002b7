"""Deliveries: the log of what a webhook was sent, and what its owner may send out of order."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from capacity_api.db.engine import wake_delivery
from capacity_api.db.tables import AttemptRow, DeliveryRow, EventRow, WebhookRow
from capacity_api.domain.events import EventType
from capacity_api.domain.owner import Owner
from capacity_api.errors import NotFound, Superseded
from capacity_api.operations import audit
from capacity_api.operations.paging import Page, page
from capacity_api.operations.webhooks import event_record
from capacity_api.operations.webhooks.delivery_rows import DeliveryStatus
from capacity_api.operations.webhooks.example_event import EXAMPLE_RESPONDER, example_data
from capacity_api.operations.webhooks.superseded import find_superseded
from capacity_api.operations.webhooks.webhook import require_active
from capacity_api.representations.encoding import encode
from capacity_api.representations.event import Event

_PRUNE_BATCH = 500
_DELETE = delete(DeliveryRow).where(
    DeliveryRow.webhook_id == bindparam("webhook"), DeliveryRow.event_id == bindparam("event")
)


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """`status` is null when there was no response; `answer` is the beginning of its body.

    In a private network, `answer` is null, and every failure looks the same.

    `reason` is null when the attempt succeeded, and otherwise a word such as `timeout` or `http_500`.
    """

    at: datetime
    status: int | None
    duration_ms: int
    reason: str | None
    answer: str | None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """`id` is the `webhook-id` of every attempt, and the same as `event_id`."""

    id: UUID
    event_id: UUID
    type: EventType
    sequence: int | None
    status: DeliveryStatus
    attempts: list[Attempt]
    next_attempt_at: datetime | None
    created_at: datetime
    finished_at: datetime | None


async def list_deliveries(
    session: AsyncSession,
    webhook: WebhookRow,
    limit: int,
    cursor: str | None,
    *,
    statuses: Collection[DeliveryStatus] | None = None,
    event_types: Collection[EventType] | None = None,
) -> Page[Delivery]:
    """What was sent or superseded, newest event first, each with its attempts. `None` means any."""
    query = select(DeliveryRow).where(DeliveryRow.webhook_id == webhook.id)
    if statuses is not None:
        query = query.where(DeliveryRow.status.in_(statuses))
    if event_types is not None:
        query = query.join(EventRow, EventRow.id == DeliveryRow.event_id).where(EventRow.type.in_(event_types))
    rows = await page(session, query, DeliveryRow.event_id, lambda row: row, limit, cursor)
    return Page(await _representations(session, webhook, rows.items), rows.next)


async def send_test(
    session: AsyncSession, now: datetime, caller: Owner, webhook: WebhookRow, event_type: EventType
) -> Delivery:
    """Send an example of an event of this type now, out of order. Raises what `require_active` does.

    It takes no number, is in no public feed, and names no real responder.
    """
    require_active(webhook, caller)
    body = Event(
        id=uuid7(),
        type=event_type,
        timestamp=now,
        sequence=None,
        test=True,
        data=example_data(event_type, EXAMPLE_RESPONDER, now, 1),
    )
    event = EventRow(
        id=body.id,
        sequence=None,
        type=body.type,
        at=now,
        responder_id=None,
        body=encode(body).decode(),
        fanned_out_at=now,
    )
    session.add(event)
    await session.flush()
    row = DeliveryRow(
        webhook_id=webhook.id,
        event_id=event.id,
        status=DeliveryStatus.PENDING,
        attempts=0,
        next_attempt_at=now,
        created_at=now,
    )
    session.add(row)
    audit.add_entry(session, now, "webhook.test", webhook.id, type=event_type)
    return await _schedule_now(session, now, webhook, row)


async def resend(session: AsyncSession, now: datetime, caller: Owner, webhook: WebhookRow, event_id: UUID) -> Delivery:
    """Send one again, out of order, whatever its outcome. The `webhook-id` stays the same.

    Raises `NotFound` and what `require_active` does; and `Superseded` if the event no longer holds and the
    webhook does not want such events.
    """
    row = await session.get(DeliveryRow, (webhook.id, event_id), with_for_update=True)
    if row is None:
        raise NotFound("This webhook has no such delivery")
    require_active(webhook, caller)
    if webhook.stale == "drop":
        stored = (await session.execute(select(*event_record.COLUMNS).where(EventRow.id == event_id))).one()
        event = event_record.from_row(stored)
        if row.status == DeliveryStatus.SUPERSEDED or await find_superseded(session, [event]):
            raise Superseded
    if row.sequence is not None and row.sequence > webhook.cursor:
        # It is waiting in order, and holds up the events after it. Try it now instead of later.
        webhook.next_attempt_at = now
    else:
        row.status, row.attempts, row.failing_since = DeliveryStatus.PENDING, 0, None
        row.next_attempt_at, row.finished_at = now, None
    audit.add_entry(session, now, "webhook.resend", webhook.id, event_id=event_id)
    return await _schedule_now(session, now, webhook, row)


async def prune(session: AsyncSession, finished_before: datetime) -> int:
    """Delete a batch of the deliveries that finished before this time, with their attempts. Returns how many."""
    # Literal SQL, so that the partial index matches.
    is_finished = text("delivery.finished_at IS NOT NULL")
    old = (
        select(DeliveryRow.webhook_id, DeliveryRow.event_id)
        .where(is_finished, DeliveryRow.finished_at < finished_before)
        .order_by(DeliveryRow.finished_at)
        .limit(_PRUNE_BATCH)
        .with_for_update(skip_locked=True)
    )
    keys = [{"webhook": row.webhook_id, "event": row.event_id} for row in await session.execute(old)]
    if keys:
        # One by one: SQLite would read the whole table for a list of pairs.
        await (await session.connection()).execute(_DELETE, keys)
    return len(keys)


async def _schedule_now(session: AsyncSession, now: datetime, webhook: WebhookRow, row: DeliveryRow) -> Delivery:
    webhook.out_of_order_at = now
    await session.flush()
    wake_delivery(session)
    return (await _representations(session, webhook, [row]))[0]


async def _representations(session: AsyncSession, webhook: WebhookRow, rows: Sequence[DeliveryRow]) -> list[Delivery]:
    event_ids = [row.event_id for row in rows]
    events = await session.execute(select(EventRow.id, EventRow.type).where(EventRow.id.in_(event_ids)))
    types = {event.id: EventType(event.type) for event in events}
    attempts: dict[UUID, list[Attempt]] = {event_id: [] for event_id in event_ids}
    for each in await session.scalars(
        select(AttemptRow)
        .where(AttemptRow.webhook_id == webhook.id, AttemptRow.event_id.in_(event_ids))
        .order_by(AttemptRow.id)
    ):
        attempts[each.event_id].append(
            Attempt(
                at=each.at, status=each.status, duration_ms=each.duration_ms, reason=each.reason, answer=each.answer
            )
        )
    return [
        Delivery(
            id=row.event_id,
            event_id=row.event_id,
            type=types[row.event_id],
            sequence=row.sequence,
            status=DeliveryStatus(row.status),
            attempts=attempts[row.event_id],
            # A delivery in order waits for its webhook.
            next_attempt_at=row.next_attempt_at
            or (webhook.next_attempt_at if row.status == DeliveryStatus.PENDING else None),
            created_at=row.created_at,
            finished_at=row.finished_at,
        )
        for row in rows
    ]
