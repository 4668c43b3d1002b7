"""Deliveries: what was sent to a webhook and what came of it; and what its owner may have sent beside the order."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, bindparam, delete, func, select, text, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from capacity_api import representations
from capacity_api.db.tables import AttemptRow, DeliveryRow, EventRow, WebhookRow
from capacity_api.domain.events import EventType
from capacity_api.errors import NotFound, Superseded, WebhookDisabled
from capacity_api.operations.changes import wake
from capacity_api.operations.paging import Page, page
from capacity_api.operations.superseded import COLUMNS, heard, superseded
from capacity_api.representations import Event, EventData

KEPT = timedelta(days=30)
_PRUNED_AT_ONCE = 500
_TEST = "This is a test of your webhook."
_webhook = cast("Any", WebhookRow.__table__)
_delivery = cast("Any", DeliveryRow.__table__)
# Finds out when the first of a webhook's deliveries that stand in no order is due. `key`: its id.
RENEW_EXTRA = (
    update(_webhook)
    .where(_webhook.c.id == bindparam("key"))
    .values(
        extra_at=select(func.min(_delivery.c.next_attempt_at))
        .where(_delivery.c.webhook_id == _webhook.c.id, text("delivery.next_attempt_at IS NOT NULL"))
        .scalar_subquery()
    )
)


class Status(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    SUPERSEDED = "superseded"


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """`status` is null when no answer came; `answer` is the beginning of its body. `reason` is null when it got through
    and otherwise a word such as `timeout` or `http_500`.
    """

    at: datetime
    status: int | None
    duration_ms: int
    reason: str | None
    answer: str | None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """`id`, which is also `event_id`, is the `webhook-id` of every attempt."""

    id: UUID
    event_id: UUID
    type: str
    sequence: int | None
    status: Status
    attempts: list[Attempt]
    next_attempt_at: datetime | None
    created_at: datetime
    finished_at: datetime | None


async def listed(session: AsyncSession, webhook: WebhookRow, limit: int, cursor: str | None) -> Page[Delivery]:
    """What was sent or passed over, newest event first, each with its attempts."""
    found = await page(
        session,
        select(DeliveryRow).where(DeliveryRow.webhook_id == webhook.id),
        DeliveryRow.event_id,
        lambda row: row,
        limit,
        cursor,
    )
    return Page(await _shown(session, webhook, list(found.items)), found.next)


async def test(session: AsyncSession, now: datetime, webhook: WebhookRow) -> Delivery:
    """Send a private `webhook.test`, which waits for nothing. Raises `WebhookDisabled`."""
    _require_active(webhook)
    event = EventRow(
        id=uuid7(),
        sequence=None,
        type=EventType.WEBHOOK_TEST,
        at=now,
        responder_id=None,
        body=representations.encode(
            Event(type=EventType.WEBHOOK_TEST, timestamp=now, sequence=None, data=EventData(message=_TEST))
        ).decode(),
        fanned_out_at=now,
    )
    session.add(event)
    await session.flush()
    row = DeliveryRow(
        webhook_id=webhook.id,
        event_id=event.id,
        status=Status.PENDING,
        attempts=0,
        next_attempt_at=now,
        created_at=now,
    )
    session.add(row)
    return await _queued(session, now, webhook, row)


async def resend(session: AsyncSession, now: datetime, webhook: WebhookRow, event_id: UUID) -> Delivery:
    """Send one again, whatever came of it, beside the order and under the same `webhook-id`.

    Raises `NotFound`, `WebhookDisabled`, and `Superseded` for what no longer holds unless the webhook takes that too.
    """
    row = await session.get(DeliveryRow, (webhook.id, event_id), with_for_update=True)
    if row is None:
        raise NotFound("This webhook has no such delivery")
    _require_active(webhook)
    if webhook.stale == "drop":
        event = heard((await session.execute(select(*COLUMNS).where(EventRow.id == event_id))).one())
        if row.status == Status.SUPERSEDED or await superseded(session, [event]):
            raise Superseded
    if row.sequence is not None and row.sequence > webhook.cursor:
        # It is the one that everything behind it waits for: now instead of later.
        webhook.next_attempt_at = now
    else:
        row.status, row.attempts, row.next_attempt_at, row.finished_at = Status.PENDING, 0, now, None
    return await _queued(session, now, webhook, row)


async def prune(session: AsyncSession, now: datetime) -> int:
    """Delete some of the deliveries that were finished 30 days ago, with their attempts; returns how many."""
    old = (
        select(DeliveryRow.webhook_id, DeliveryRow.event_id)
        .where(text("delivery.finished_at IS NOT NULL"), DeliveryRow.finished_at < now - KEPT)
        .order_by(DeliveryRow.finished_at)
        .limit(_PRUNED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    keys = [(row.webhook_id, row.event_id) for row in await session.execute(old)]
    if keys:
        await session.execute(
            delete(DeliveryRow)
            .where(tuple_(DeliveryRow.webhook_id, DeliveryRow.event_id).in_(keys))
            .execution_options(synchronize_session=False)
        )
    return len(keys)


async def upsert(
    session: AsyncSession,
    rows: list[dict[str, Any]],
    change: Mapping[str, Any],
    where: ColumnElement[bool] | None = None,
) -> None:
    """Add deliveries; those that are there are changed instead, where `where` holds. `change` by column."""
    connection = await session.connection()
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(DeliveryRow)
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["webhook_id", "event_id"], set_=change, where=where), rows
    )


def _require_active(webhook: WebhookRow) -> None:
    if webhook.status != "active":
        raise WebhookDisabled


async def _queued(session: AsyncSession, now: datetime, webhook: WebhookRow, row: DeliveryRow) -> Delivery:
    webhook.out_of_order_at = now
    await session.flush()
    wake(session)
    return (await _shown(session, webhook, [row]))[0]


async def _shown(session: AsyncSession, webhook: WebhookRow, rows: list[DeliveryRow]) -> list[Delivery]:
    ids = [row.event_id for row in rows]
    events = await session.execute(select(EventRow.id, EventRow.type).where(EventRow.id.in_(ids)))
    types: dict[UUID, str] = {event.id: event.type for event in events}
    attempts: dict[UUID, list[Attempt]] = {event_id: [] for event_id in ids}
    for each in await session.scalars(
        select(AttemptRow)
        .where(AttemptRow.webhook_id == webhook.id, AttemptRow.event_id.in_(ids))
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
            status=Status(row.status),
            attempts=attempts[row.event_id],
            # What stands in the order waits for its webhook.
            next_attempt_at=row.next_attempt_at or (webhook.next_attempt_at if row.status == Status.PENDING else None),
            created_at=row.created_at,
            finished_at=row.finished_at,
        )
        for row in rows
    ]
