"""Writes to the table of deliveries that several modules share.

An in-order delivery is tried again when the `next_attempt_at` of its webhook comes. An out-of-order
delivery has its own.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.tables import DeliveryRow, EventRow, WebhookRow
from capacity_api.domain.subscription import summarise
from capacity_api.operations.webhooks.webhook import subscription_of

# Literal SQL, so that the partial index matches.
IS_OUT_OF_ORDER = text("delivery.next_attempt_at IS NOT NULL")


class DeliveryStatus(StrEnum):
    """`pending` until it is done. `failed` was tried for days; `superseded` was no longer true, so it was not sent."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    SUPERSEDED = "superseded"


async def upsert(
    session: AsyncSession,
    rows: list[dict[str, Any]],
    changes: Mapping[str, Any],
    where: ColumnElement[bool] | None = None,
) -> None:
    """Add deliveries. To one that exists, make these changes instead, if it matches `where`."""
    connection = await session.connection()
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(DeliveryRow)
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["webhook_id", "event_id"], set_=changes, where=where), rows
    )


async def supersede_unwanted(session: AsyncSession, now: datetime, webhook: WebhookRow) -> None:
    """Mark as superseded the in-order deliveries that are pending and that the new filters do not want."""
    pending = await session.execute(
        select(EventRow.id, EventRow.body)
        .join(DeliveryRow, DeliveryRow.event_id == EventRow.id)
        .where(*_is_pending_in_order(webhook))
    )
    wants = subscription_of(webhook).wants
    unwanted = [event.id for event in pending if not wants(summarise(event.body))]
    if unwanted:
        await session.execute(
            update(DeliveryRow)
            .where(*_is_pending_in_order(webhook), DeliveryRow.event_id.in_(unwanted))
            .values(status=DeliveryStatus.SUPERSEDED, finished_at=now)
            .execution_options(synchronize_session=False)
        )


async def restart_pending(session: AsyncSession, webhook: WebhookRow) -> None:
    """Count the time of the pending deliveries in order anew, from their next failure."""
    await session.execute(
        update(DeliveryRow)
        .where(*_is_pending_in_order(webhook))
        .values(failing_since=None)
        .execution_options(synchronize_session=False)
    )


async def fail_pending(session: AsyncSession, now: datetime, webhook: WebhookRow) -> None:
    """Give up in-order deliveries that are pending."""
    await session.execute(
        update(DeliveryRow)
        .where(*_is_pending_in_order(webhook))
        .values(status=DeliveryStatus.FAILED, finished_at=now)
        .execution_options(synchronize_session=False)
    )


async def renew_out_of_order_at(session: AsyncSession, webhook_ids: Collection[UUID]) -> None:
    """Store with each webhook when its next out-of-order delivery is due."""
    first_due = (
        select(func.min(DeliveryRow.next_attempt_at))
        .where(DeliveryRow.webhook_id == WebhookRow.id, IS_OUT_OF_ORDER)
        .scalar_subquery()
    )
    await session.execute(
        update(WebhookRow)
        .where(WebhookRow.id.in_(webhook_ids))
        .values(out_of_order_at=first_due)
        .execution_options(synchronize_session=False)
    )


def _is_pending_in_order(webhook: WebhookRow) -> tuple[ColumnElement[bool], ...]:
    return (
        DeliveryRow.webhook_id == webhook.id,
        DeliveryRow.status == DeliveryStatus.PENDING,
        DeliveryRow.next_attempt_at.is_(None),
    )
