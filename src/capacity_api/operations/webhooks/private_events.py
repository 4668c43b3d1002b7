"""Private events go to the webhooks of their own responder, out of order. They take no sequence number."""

from datetime import datetime

from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.tables import DeliveryRow, EventRow, WebhookRow
from capacity_api.domain.events import is_subscribed
from capacity_api.operations.webhooks.delivery_rows import DeliveryStatus
from capacity_api.operations.webhooks.webhook import WebhookStatus

# Literal SQL, so that the partial index matches.
_NEEDS_DELIVERIES = text("event.sequence IS NULL AND event.fanned_out_at IS NULL")
_MAX_FANNED_OUT = 1024


async def exist(session: AsyncSession) -> bool:
    """Whether there are private events without deliveries."""
    return await session.scalar(select(EventRow.id).where(_NEEDS_DELIVERIES).limit(1)) is not None


async def fan_out(session: AsyncSession, now: datetime) -> None:
    """Fan out private events: add a delivery for each webhook that wants one. They are due now."""
    events = (
        await session.execute(
            select(EventRow.id, EventRow.type, EventRow.responder_id, EventRow.at)
            .where(_NEEDS_DELIVERIES)
            .limit(_MAX_FANNED_OUT)
            .with_for_update(skip_locked=True, key_share=True)
        )
    ).all()
    if not events:
        return
    webhooks = (
        await session.execute(
            select(WebhookRow.id, WebhookRow.responder_id, WebhookRow.event_types).where(
                WebhookRow.responder_id.in_({event.responder_id for event in events}),
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
        if webhook.responder_id == event.responder_id and is_subscribed(event.type, webhook.event_types)
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
