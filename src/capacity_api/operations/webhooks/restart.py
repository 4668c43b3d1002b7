"""Begin delivery anew after a restore: what a backup says of deliveries and endpoints is out of date."""

from datetime import datetime

from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.tables import DeliveryRow, EventRow, WebhookRow
from capacity_api.operations.webhooks.delivery_rows import DeliveryStatus

# Literal SQL, so that the partial index matches.
_NEEDS_DELIVERIES = text("event.sequence IS NULL AND event.fanned_out_at IS NULL")


async def restart_all(session: AsyncSession, now: datetime, cursor: int) -> None:
    """Set the cursor of every webhook, also of a disabled one, and drop what was still to be sent.

    Claims end, so a result that comes in later moves no cursor. No endpoint is backing off.
    """
    await session.execute(
        update(WebhookRow)
        .values(
            cursor=cursor,
            claim_id=None,
            claimed_until=None,
            failures=0,
            failed_attempts=0,
            failing_since=None,
            failing_told_at=None,
            next_attempt_at=None,
            cooldown_ms=0,
            out_of_order_at=None,
        )
        .execution_options(synchronize_session=False)
    )
    await session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.status == DeliveryStatus.PENDING)
        .values(status=DeliveryStatus.SUPERSEDED, failing_since=None, next_attempt_at=None, finished_at=now)
        .execution_options(synchronize_session=False)
    )
    await session.execute(
        update(EventRow).where(_NEEDS_DELIVERIES).values(fanned_out_at=now).execution_options(synchronize_session=False)
    )
