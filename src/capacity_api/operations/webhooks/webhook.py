"""A webhook as its owner and the administrators see it, and its row in the database."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, TypeVar, cast
from uuid import UUID

import msgspec
from sqlalchemy import Select, select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.tables import PartnerRow, ResponderRow, WebhookRow
from capacity_api.domain import signing
from capacity_api.domain.endpoint_health import DisabledReason
from capacity_api.domain.owner import ADMIN, Owner
from capacity_api.domain.subscription import Subscription
from capacity_api.errors import DisabledByAdministrator, NotFound, NotOwner, WebhookDisabled, WebhookSuspended
from capacity_api.operations import owners
from capacity_api.secrecy import repr_without

Stale = Literal["drop", "send"]


class WebhookStatus(StrEnum):
    """`disabled`: nothing is sent."""

    ACTIVE = "active"
    DISABLED = "disabled"


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """Which events are sent where, and how that is going.

    `public_key` is null for the signature `v1`. `last_sequence` is the webhook's cursor: it is done with every
    public event up to this number. `failing_since` is null after a success. `next_attempt_at` is null
    unless the webhook backs off.
    """

    id: UUID
    owner: Owner
    url: str
    description: str | None
    event_types: list[str]
    responders: list[str]
    areas: list[str]
    signature: signing.Scheme
    stale: Stale
    status: WebhookStatus
    disabled_reason: DisabledReason | None
    created_at: datetime
    cursor: int = msgspec.field(name="last_sequence")
    failing_since: datetime | None
    next_attempt_at: datetime | None
    public_key: str | None


class WebhookWithSecret(Webhook, frozen=True, kw_only=True):
    """The response to creation and rotation alone. `secret` is null if there is no new one.

    `v1a` never has one: the private key stays here, and `public_key` verifies.
    """

    __repr__ = repr_without("secret")

    secret: str | None


Representation = TypeVar("Representation", bound=Webhook)


def represent(kind: type[Representation], row: WebhookRow, owner: Owner, **more: Any) -> Representation:
    """The webhook without its secret. `more` are the fields that this kind of representation adds."""
    return kind(
        id=row.id,
        owner=owner,
        url=row.url,
        description=row.description,
        event_types=row.event_types,
        responders=row.responders,
        areas=row.areas,
        signature=cast("signing.Scheme", row.signature),
        stale=cast("Stale", row.stale),
        status=WebhookStatus(row.status),
        disabled_reason=cast("DisabledReason | None", row.disabled_reason),
        created_at=row.created_at,
        cursor=row.cursor,
        failing_since=row.failing_since,
        next_attempt_at=row.next_attempt_at,
        public_key=row.public_key,
        **more,
    )


def represent_with_secret(row: WebhookRow, owner: Owner, secret: str | None) -> WebhookWithSecret:
    """The webhook with a secret that its owner has not seen. A private key is never shown."""
    is_shown = secret is not None and row.signature == "v1"
    return represent(WebhookWithSecret, row, owner, secret=secret if is_shown else None)


def owned_by(owner: Owner) -> Select[WebhookRow]:
    """A query for the webhooks of one owner."""
    return select(WebhookRow).where(
        WebhookRow.responder_id == (owner.id if owner.type == "responder" else None),
        WebhookRow.partner_id == (owner.id if owner.type == "partner" else None),
    )


def visible_to(caller: Owner) -> Select[WebhookRow]:
    """A query for the webhooks that the caller may see: its own, or every one for an administrator."""
    return select(WebhookRow) if caller == ADMIN else owned_by(caller)


async def get_webhook_row(
    session: AsyncSession, caller: Owner, webhook_id: UUID, *, for_update: bool = False
) -> WebhookRow:
    """The row of a webhook that the caller may see. Raises `NotFound`, also if it belongs to another owner.

    With `for_update` it is locked: recording waits for it; claiming skips it.
    """
    query = visible_to(caller).where(WebhookRow.id == webhook_id)
    row = await session.scalar(query.with_for_update() if for_update else query)
    if row is None:
        raise NotFound("There is no such webhook")
    return row


def is_own(row: WebhookRow, caller: Owner) -> bool:
    """Whether the webhook belongs to the caller. An administrator reaches the others too."""
    return (row.responder_id or row.partner_id) == caller.id


def require_own(row: WebhookRow, caller: Owner) -> None:
    """Raise `NotOwner` for what an administrator may not do to the webhook of another owner."""
    if not is_own(row, caller):
        raise NotOwner("An administrator may only disable, enable, test, resend, replay and remove another's webhook")


async def owner_of(session: AsyncSession, row: WebhookRow) -> Owner:
    """The owner of a webhook."""
    if row.responder_id is not None:
        responder = select(*owners.OF_RESPONDER).where(ResponderRow.id == row.responder_id)
        return owners.responder(*(await session.execute(responder)).one())
    if row.partner_id is not None:
        partner = select(*owners.OF_PARTNER).where(PartnerRow.id == row.partner_id)
        return owners.partner(*(await session.execute(partner)).one())
    return ADMIN


def require_permission(row: WebhookRow, caller: Owner) -> None:
    """Raise `DisabledByAdministrator` if only an administrator may let the webhook be used again."""
    if row.disabled_reason == "administrator" and caller != ADMIN:
        raise DisabledByAdministrator


def require_active(row: WebhookRow, caller: Owner) -> None:
    """Raise `DisabledByAdministrator`, `WebhookDisabled` or `WebhookSuspended` if nothing is sent to the webhook."""
    require_permission(row, caller)
    if row.status != WebhookStatus.ACTIVE:
        raise WebhookDisabled
    if row.suspended:
        raise WebhookSuspended


def subscription_of(row: WebhookRow | Row[Any]) -> Subscription:
    """The filters of a webhook."""
    return Subscription(frozenset(row.event_types), frozenset(row.responders), frozenset(row.areas))
