"""Private events go to the webhooks of one owner, out of order. They take no sequence number.

A reminder goes to those of its responder. What is about a webhook goes to the others of the same owner.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, and_, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from capacity_api.db.engine import wake_delivery
from capacity_api.db.tables import DeliveryRow, EventRow, WebhookRow
from capacity_api.domain.events import EventType, is_subscribed
from capacity_api.operations.webhooks.delivery_rows import DeliveryStatus
from capacity_api.operations.webhooks.webhook import WebhookStatus
from capacity_api.representations.encoding import encode
from capacity_api.representations.event import Event, EventData

# Literal SQL, so that the partial index matches.
_NEEDS_DELIVERIES = text("event.sequence IS NULL AND event.fanned_out_at IS NULL")
_MAX_FANNED_OUT = 1024
_ABOUT_A_WEBHOOK = frozenset({EventType.WEBHOOK_FAILING, EventType.WEBHOOK_DISABLED})


class _Audience(NamedTuple):
    """Whose webhooks receive an event, and which of them does not because the event is about it."""

    responder_id: UUID | None
    partner_id: UUID | None
    subject: UUID | None


class _Data(msgspec.Struct, frozen=True):
    webhook_id: UUID


class _AboutWebhook(msgspec.Struct, frozen=True):
    """The body of an event about a webhook, as far as it is read here."""

    data: _Data


def add_about_webhook(
    session: AsyncSession, now: datetime, event_type: EventType, webhook_id: UUID, since: datetime, reason: str
) -> None:
    """Add an event about a webhook, for the others of its owner."""
    data = EventData(webhook_id=webhook_id, since=since, reason=reason)
    event = Event(id=uuid7(), type=event_type, timestamp=now, sequence=None, data=data)
    session.add(EventRow(id=event.id, sequence=None, type=event_type, at=now, body=encode(event).decode()))
    wake_delivery(session)


async def exist(session: AsyncSession) -> bool:
    """Whether there are private events without deliveries."""
    return await session.scalar(select(EventRow.id).where(_NEEDS_DELIVERIES).limit(1)) is not None


async def fan_out(session: AsyncSession, now: datetime) -> None:
    """Fan out private events: add a delivery for each webhook that wants one. They are due now."""
    events = (
        await session.execute(
            select(EventRow.id, EventRow.type, EventRow.responder_id, EventRow.at, EventRow.body)
            .where(_NEEDS_DELIVERIES)
            .limit(_MAX_FANNED_OUT)
            .with_for_update(skip_locked=True, key_share=True)
        )
    ).all()
    if not events:
        return
    audiences = await _audiences(session, events)
    webhooks = (
        await session.execute(
            select(WebhookRow.id, WebhookRow.responder_id, WebhookRow.partner_id, WebhookRow.event_types).where(
                _belongs_to_any(audiences.values()),
                WebhookRow.status == WebhookStatus.ACTIVE,
                WebhookRow.suspended.is_(False),
            )
        )
    ).all()
    deliveries = [
        {
            "webhook_id": webhook.id,
            "event_id": event.id,
            "status": DeliveryStatus.PENDING,
            "attempts": 0,
            "next_attempt_at": now,
            "created_at": event.at,
        }
        for event in events
        for webhook in webhooks
        if _is_in(audiences.get(event.id), webhook) and is_subscribed(event.type, webhook.event_types)
    ]
    if deliveries:
        await session.execute(insert(DeliveryRow), deliveries)
        await session.execute(
            update(WebhookRow)
            .where(WebhookRow.id.in_({delivery["webhook_id"] for delivery in deliveries}))
            .values(out_of_order_at=now)
            .execution_options(synchronize_session=False)
        )
    await session.execute(
        update(EventRow)
        .where(EventRow.id.in_([event.id for event in events]))
        .values(fanned_out_at=now)
        .execution_options(synchronize_session=False)
    )


async def _audiences(session: AsyncSession, events: Sequence[Any]) -> Mapping[UUID, _Audience]:
    """The audience of each event, by its id. There is none for an event about a webhook that was removed since."""
    subjects = {
        event.id: msgspec.json.decode(event.body, type=_AboutWebhook).data.webhook_id
        for event in events
        if event.type in _ABOUT_A_WEBHOOK
    }
    audiences = {event.id: _Audience(event.responder_id, None, None) for event in events if event.id not in subjects}
    if subjects:
        rows = await session.execute(
            select(WebhookRow.id, WebhookRow.responder_id, WebhookRow.partner_id).where(
                WebhookRow.id.in_(subjects.values())
            )
        )
        of_webhook = {row.id: _Audience(row.responder_id, row.partner_id, row.id) for row in rows}
        audiences |= {event_id: of_webhook[subject] for event_id, subject in subjects.items() if subject in of_webhook}
    return audiences


def _belongs_to_any(audiences: Collection[_Audience]) -> ColumnElement[bool]:
    responders = {each.responder_id for each in audiences} - {None}
    partners = {each.partner_id for each in audiences} - {None}
    conditions: list[ColumnElement[bool]] = [WebhookRow.responder_id.in_(responders)]
    if partners:
        conditions.append(WebhookRow.partner_id.in_(partners))
    if any(each.responder_id is None and each.partner_id is None for each in audiences):
        conditions.append(and_(WebhookRow.responder_id.is_(None), WebhookRow.partner_id.is_(None)))
    return or_(*conditions)


def _is_in(audience: _Audience | None, webhook: Any) -> bool:
    if audience is None or webhook.id == audience.subject:
        return False
    return (webhook.responder_id, webhook.partner_id) == (audience.responder_id, audience.partner_id)
