"""A webhook as its owner sees it, and its row in the database."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, cast
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import Select, select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.tables import WebhookRow
from capacity_api.domain.endpoint_health import DisabledReason
from capacity_api.domain.subscription import Subscription
from capacity_api.errors import NotFound
from capacity_api.operations.tokens import Owner

All = Literal["all"]


class WebhookStatus(StrEnum):
    ACTIVE = "active"
    DISABLED = "disabled"


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """Which events are sent where, and how that is going.

    `public_key` is null for the signature `v1`. `secret` is only in the responses to creation and
    rotation. `sequence` is the webhook's cursor: it is done with every public event up to this number.
    `failing_since` is null after a success. `next_attempt_at` is null unless the webhook backs off.
    """

    id: UUID
    url: str
    event_types: list[str] | All
    responders: list[str] | All
    areas: list[str] | All
    signature: str
    stale: str
    status: WebhookStatus
    disabled_reason: DisabledReason | None
    created_at: datetime
    cursor: int = msgspec.field(name="sequence")
    failing_since: datetime | None
    next_attempt_at: datetime | None
    public_key: str | None
    secret: str | UnsetType = UNSET


def representation(row: WebhookRow) -> Webhook:
    """The webhook, without its secret."""
    return Webhook(
        id=row.id,
        url=row.url,
        event_types=row.event_types or "all",
        responders=row.responders or "all",
        areas=row.areas or "all",
        signature=row.signature,
        stale=row.stale,
        status=WebhookStatus(row.status),
        disabled_reason=cast("DisabledReason | None", row.disabled_reason),
        created_at=row.created_at,
        cursor=row.cursor,
        failing_since=row.failing_since,
        next_attempt_at=row.next_attempt_at,
        public_key=row.public_key,
    )


def owned_by(owner: Owner) -> Select[WebhookRow]:
    """A query for the webhooks of one owner."""
    return select(WebhookRow).where(
        WebhookRow.responder_id == (owner.id if owner.type == "responder" else None),
        WebhookRow.partner_id == (owner.id if owner.type == "partner" else None),
    )


async def get_webhook_row(
    session: AsyncSession, owner: Owner, webhook_id: UUID, *, for_update: bool = False
) -> WebhookRow:
    """The row of an owner's webhook. Raises `NotFound`, also if it belongs to another owner.

    With `for_update` it is locked: recording waits for it; claiming skips it.
    """
    query = owned_by(owner).where(WebhookRow.id == webhook_id)
    row = await session.scalar(query.with_for_update() if for_update else query)
    if row is None:
        raise NotFound("There is no such webhook")
    return row


def subscription_of(row: WebhookRow | Row[Any]) -> Subscription:
    """The filters of a webhook."""
    return Subscription(code_set(row.event_types), code_set(row.responders), code_set(row.areas))


def code_set(codes: list[str] | None) -> Any:
    """The codes of one filter as a set; `None` means all.

    A code that this version does not know matches nothing. It must not stop the other webhooks.
    """
    return None if codes is None else frozenset(codes)
