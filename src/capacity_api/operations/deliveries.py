"""Deliveries: an event becomes one row per webhook that wants it; a row is claimed, sent by others, and recorded.

What keeps the order: events are fanned out in the order of their numbers by one worker at a time, and of each webhook
only the oldest delivery that is not through yet can be claimed. Private events have no number and wait for nothing.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal, cast
from uuid import UUID

import msgspec
from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from uuid_utils.compat import uuid7

from capacity_api.db.tables import AttemptRow, DeliveryRow, EventRow, WebhookRow
from capacity_api.domain.areas import UNITED_KINGDOM, Cover, cover
from capacity_api.domain.events import EventType, is_subscribed
from capacity_api.domain.retry import Delivered, GiveUp, Outcome, next_attempt

# How many rows one transaction of a fan-out adds before the rest of its events wait for the next.
_MOST_ROWS = 10_000


class Status(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    SUPERSEDED = "superseded"


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """All that sending needs. `event_id` is the message's id, the same for every attempt; `secrets` are sealed."""

    delivery_id: UUID
    claim_id: UUID
    webhook_id: UUID
    event_id: UUID
    attempts: int
    url: str
    secrets: list[str]
    body: bytes


class _AreaRef(msgspec.Struct, frozen=True):
    code: str


class _Remit(msgspec.Struct, frozen=True):
    areas: list[_AreaRef]


class _Responder(msgspec.Struct, frozen=True):
    slug: str
    remit: _Remit


class _Cells(msgspec.Struct, frozen=True):
    areas: list[str] | Literal["all"]


class _Data(msgspec.Struct, frozen=True):
    responder: _Responder | None = None
    cells: list[_Cells] = []

    @property
    def areas(self) -> set[str]:
        """The places that the event is about."""
        if self.responder is not None:
            return {area.code for area in self.responder.remit.areas}
        return {code for each in self.cells for code in ((UNITED_KINGDOM,) if each.areas == "all" else each.areas)}


class _Body(msgspec.Struct):
    """What the filters look at, as the event tells it: the remit may have changed since."""

    data: _Data = _Data()


class _Wanted(msgspec.Struct, frozen=True):
    """What one active webhook wants; `None` for all."""

    webhook_id: UUID
    owner: UUID | None
    since: int
    event_types: frozenset[EventType] | None
    responders: frozenset[str] | None
    areas: frozenset[str] | None


async def fan_out(session: AsyncSession, now: datetime, limit: int = 100) -> int:
    """Make the deliveries of the oldest events that have none yet; returns how many events that were.

    On PostgreSQL a second worker waits here for the first and then goes on behind it. Skipping what is locked would
    give a webhook the later events first.
    """
    events = (
        await session.execute(
            select(EventRow.id, EventRow.sequence, EventRow.type, EventRow.responder_id, EventRow.body)
            .where(EventRow.fanned_out_at.is_(None))
            .order_by(EventRow.sequence, EventRow.id)
            .limit(limit)
            # Not for the key: a replay may add deliveries of these events meanwhile.
            .with_for_update(key_share=True)
        )
    ).all()
    if not events:
        return 0
    wanted = await _wanted(session)
    rows: list[dict[str, Any]] = []
    done: list[UUID] = []
    for event_id, sequence, event_type, responder_id, body in events:
        if len(rows) >= _MOST_ROWS:
            break
        data = msgspec.json.decode(body, type=_Body).data
        rows += (
            {
                "id": uuid7(),
                "webhook_id": webhook_id,
                "event_id": event_id,
                "sequence": sequence,
                "status": Status.PENDING,
                "attempts": 0,
                "next_attempt_at": now,
                "created_at": now,
            }
            for webhook_id in _matching(wanted, event_type, sequence, responder_id, data)
        )
        done.append(event_id)
    if rows:
        await _insert_new(session, rows)
    await session.execute(
        update(EventRow)
        .where(EventRow.id.in_(done))
        .values(fanned_out_at=now)
        .execution_options(synchronize_session=False)
    )
    return len(done)


async def claim(session: AsyncSession, now: datetime, lease: timedelta, limit: int) -> list[Claimed]:
    """Take up to `limit` deliveries that are due, for `lease`, at most one public one of each webhook.

    Whoever claims must have recorded before the lease runs out, or somebody else sends the same again.
    """
    older = aliased(DeliveryRow)
    waits = (
        select(older.id)
        .where(
            older.webhook_id == DeliveryRow.webhook_id,
            older.status == Status.PENDING,
            older.sequence < DeliveryRow.sequence,
        )
        .exists()
    )
    # A common table expression, so that PostgreSQL runs the locking query once and not once for each row.
    due = (
        select(DeliveryRow.id)
        .join(WebhookRow, WebhookRow.id == DeliveryRow.webhook_id)
        .where(
            DeliveryRow.status == Status.PENDING,
            DeliveryRow.next_attempt_at <= now,
            or_(DeliveryRow.claimed_until.is_(None), DeliveryRow.claimed_until <= now),
            WebhookRow.status == "active",
            ~waits,
        )
        .order_by(DeliveryRow.next_attempt_at)
        .limit(limit)
        .with_for_update(of=DeliveryRow, skip_locked=True)
        .cte("due")
    )
    claim_id = uuid7()
    ids = (
        await session.scalars(
            update(DeliveryRow)
            .where(DeliveryRow.id.in_(select(due.c.id)))
            .values(claim_id=claim_id, claimed_until=now + lease)
            .returning(DeliveryRow.id)
            .execution_options(synchronize_session=False)
        )
    ).all()
    if not ids:
        return []
    rows = await session.execute(
        select(
            DeliveryRow.id,
            DeliveryRow.webhook_id,
            DeliveryRow.event_id,
            DeliveryRow.attempts,
            WebhookRow.url,
            WebhookRow.secrets,
            EventRow.body,
        )
        .join(WebhookRow, WebhookRow.id == DeliveryRow.webhook_id)
        .join(EventRow, EventRow.id == DeliveryRow.event_id)
        .where(DeliveryRow.id.in_(ids))
        .order_by(DeliveryRow.next_attempt_at)
    )
    return [
        Claimed(
            delivery_id=row.id,
            claim_id=claim_id,
            webhook_id=row.webhook_id,
            event_id=row.event_id,
            attempts=row.attempts,
            url=row.url,
            secrets=valid_secrets(row.secrets, now),
            body=row.body.encode(),
        )
        for row in rows
    ]


async def record(session: AsyncSession, now: datetime, claimed: Claimed, outcome: Outcome, spread: float) -> None:
    """Write down how an attempt that ended at `now` went. `spread` in [0, 1) places the next one (`domain.retry`).

    When the claim was lost meanwhile, only the attempt is kept; when the webhook was deleted, nothing is.
    """
    # The webhook's row first: a deletion locks it before its deliveries, and two that meet crosswise would deadlock.
    listed = await session.scalar(
        select(DeliveryRow.id)
        .join(WebhookRow, WebhookRow.id == DeliveryRow.webhook_id)
        .where(DeliveryRow.id == claimed.delivery_id)
        .with_for_update(of=WebhookRow, read=True, key_share=True)
    )
    if listed is None:
        return
    held = await session.scalar(
        update(DeliveryRow)
        .where(DeliveryRow.id == claimed.delivery_id, DeliveryRow.claim_id == claimed.claim_id)
        .values(
            attempts=claimed.attempts + 1,
            claim_id=None,
            claimed_until=None,
            **_after(claimed.attempts + 1, now, outcome, spread),
        )
        .returning(DeliveryRow.id)
        .execution_options(synchronize_session=False)
    )
    await session.execute(
        insert(AttemptRow).values(
            id=uuid7(),
            delivery_id=claimed.delivery_id,
            at=now - timedelta(milliseconds=outcome.duration_ms),
            status=outcome.status,
            duration_ms=outcome.duration_ms,
            reason=outcome.reason,
            answer=outcome.answer,
        )
    )
    if held is not None and isinstance(outcome, GiveUp) and outcome.disable:
        await session.execute(
            update(WebhookRow)
            .where(WebhookRow.id == claimed.webhook_id, WebhookRow.status == "active")
            .values(status="disabled", disabled_reason="gone")
            .execution_options(synchronize_session=False)
        )


async def pending(session: AsyncSession) -> int:
    """How many deliveries are still to arrive."""
    query = select(func.count()).select_from(DeliveryRow).where(DeliveryRow.status == Status.PENDING)
    return (await session.execute(query)).scalar_one()


def valid_secrets(secrets: list[dict[str, Any]], now: datetime) -> list[str]:
    """The sealed secrets that sign at `now`, newest first: those without an end, and those whose `until` is to come."""
    return [each["sealed"] for each in secrets if each["until"] is None or datetime.fromisoformat(each["until"]) > now]


def _after(attempts: int, now: datetime, outcome: Outcome, spread: float) -> dict[str, Any]:
    if isinstance(outcome, Delivered):
        return {"status": Status.DELIVERED, "next_attempt_at": None, "finished_at": now}
    if isinstance(outcome, GiveUp):
        return {"status": Status.FAILED, "next_attempt_at": None, "finished_at": now}
    return {"next_attempt_at": next_attempt(attempts, now, spread, outcome.retry_after)}


async def _wanted(session: AsyncSession) -> list[_Wanted]:
    rows = await session.execute(
        select(
            WebhookRow.id,
            WebhookRow.responder_id,
            WebhookRow.since,
            WebhookRow.event_types,
            WebhookRow.responders,
            WebhookRow.areas,
        ).where(WebhookRow.status == "active")
    )
    return [
        _Wanted(
            webhook_id,
            owner,
            since,
            # A word that this version does not know matches nothing; it must not stop the others.
            None if event_types is None else cast(frozenset[EventType], frozenset(event_types)),
            None if responders is None else frozenset(responders),
            None if areas is None else frozenset(areas),
        )
        for webhook_id, owner, since, event_types, responders, areas in rows
    ]


def _matching(
    wanted: list[_Wanted],
    event_type: EventType,
    sequence: int | None,
    responder_id: UUID | None,
    data: _Data,
) -> list[UUID]:
    if sequence is None:
        return [
            each.webhook_id
            for each in wanted
            if responder_id is not None and each.owner == responder_id and is_subscribed(event_type, each.event_types)
        ]
    touched: dict[frozenset[str], bool] = {}

    def touches(areas: frozenset[str]) -> bool:
        if areas not in touched:
            touched[areas] = any(cover(data.areas, area) is not Cover.NONE for area in areas)
        return touched[areas]

    return [
        each.webhook_id
        for each in wanted
        if sequence > each.since
        and is_subscribed(event_type, each.event_types)
        and (each.responders is None or (data.responder is not None and data.responder.slug in each.responders))
        and (each.areas is None or touches(each.areas))
    ]


async def _insert_new(session: AsyncSession, rows: list[dict[str, Any]]) -> None:
    """Add deliveries, leaving out those that a replay has added already."""
    connection = await session.connection()
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    await connection.execute(
        dialect.insert(DeliveryRow).on_conflict_do_nothing(index_elements=["webhook_id", "event_id"]), rows
    )
