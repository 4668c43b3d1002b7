"""Webhooks as their owners manage them: add, list, change, remove, enable, replay."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from capacity_api.db import sequence
from capacity_api.db.tables import ResponderRow, WebhookRow
from capacity_api.domain import signing
from capacity_api.domain.areas import AREAS
from capacity_api.domain.egress import Network, check_url
from capacity_api.domain.events import EventType
from capacity_api.domain.keys import Keys
from capacity_api.errors import BeyondLatest, FieldError, Invalid, SecretLost, WebhookDisabled
from capacity_api.operations.changes import wake_delivery
from capacity_api.operations.paging import Page, page
from capacity_api.operations.tokens import Owner
from capacity_api.operations.webhooks import secrets
from capacity_api.operations.webhooks.delivery_rows import fail_pending, supersede_unwanted
from capacity_api.operations.webhooks.webhook import (
    All,
    Webhook,
    WebhookStatus,
    get_webhook_row,
    owned_by,
    representation,
)

_RESTRICTED = {
    EventType.WEBHOOK_TEST: "is sent when you ask for it, whatever a webhook subscribes to; leave it out",
    EventType.INTAKE_CONFIRMATION_DUE: "is sent only to a responder's own webhooks; leave it out",
}


class NewWebhook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`event_types` "all" means all but `intake.confirmed`, which must be named."""

    url: str
    event_types: tuple[EventType, ...] | All = "all"
    responders: tuple[str, ...] | All = "all"
    areas: tuple[str, ...] | All = "all"
    signature: signing.Scheme = "v1"
    stale: Literal["drop", "send"] = "drop"


class WebhookPatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A field that is left out stays as it is."""

    url: str | UnsetType = UNSET
    event_types: tuple[EventType, ...] | All | UnsetType = UNSET
    responders: tuple[str, ...] | All | UnsetType = UNSET
    areas: tuple[str, ...] | All | UnsetType = UNSET
    stale: Literal["drop", "send"] | UnsetType = UNSET


class Missed(msgspec.Struct, frozen=True, kw_only=True):
    """How many public events come after number `after`, whether or not the filters want them."""

    after: int
    events: int


class WebhookEnabled(Webhook, frozen=True, kw_only=True):
    """The webhook, now active, and what it missed.

    `replayed` is true when the missed events are sent now, and false when they are not or it was
    active already.
    """

    missed: Missed
    replayed: bool


async def add(
    session: AsyncSession, now: datetime, keys: Keys, owner: Owner, new: NewWebhook, egress_allow: tuple[Network, ...]
) -> Webhook:
    """Add a webhook for the events from now on; earlier ones can be replayed. Raises `Invalid` with pointers."""
    secret = secrets.new_secret(new.signature)
    latest, _ = await sequence.latest(session)
    row = WebhookRow(
        id=uuid7(),
        responder_id=owner.id if owner.type == "responder" else None,
        partner_id=owner.id if owner.type == "partner" else None,
        url=check_url(new.url, egress_allow),
        event_types=_event_types(new.event_types, owner),
        responders=await _responders(session, new.responders),
        areas=_areas(new.areas),
        signature=new.signature,
        stale=new.stale,
        cursor=latest,
        secrets=[{"sealed": keys.seal(secret), "until": None}],
        public_key=signing.public_key(secret),
        status=WebhookStatus.ACTIVE,
        created_at=now,
    )
    session.add(row)
    # The database sets the columns that were left out.
    await session.flush()
    return msgspec.structs.replace(representation(row), secret=secret)


async def list_webhooks(session: AsyncSession, owner: Owner, limit: int, cursor: str | None) -> Page[Webhook]:
    """The owner's webhooks, newest first."""
    return await page(session, owned_by(owner), WebhookRow.id, representation, limit, cursor)


async def get_webhook(session: AsyncSession, owner: Owner, webhook_id: UUID) -> Webhook:
    """Raises `NotFound`, also if it belongs to another owner."""
    return representation(await get_webhook_row(session, owner, webhook_id))


async def change(
    session: AsyncSession,
    now: datetime,
    owner: Owner,
    webhook_id: UUID,
    patch: WebhookPatch,
    egress_allow: tuple[Network, ...],
) -> Webhook:
    """Change a webhook for everything that has not been sent yet. Raises `NotFound`, `Invalid`."""
    row = await get_webhook_row(session, owner, webhook_id, for_update=True)
    if patch.url is not UNSET:
        url = check_url(patch.url, egress_allow)
        if url != row.url:
            row.url = url
            _reset(row)
            wake_delivery(session)
    if patch.event_types is not UNSET:
        row.event_types = _event_types(patch.event_types, owner)
    if patch.responders is not UNSET:
        row.responders = await _responders(session, patch.responders)
    if patch.areas is not UNSET:
        row.areas = _areas(patch.areas)
    if patch.stale is not UNSET:
        row.stale = patch.stale
    await supersede_unwanted(session, now, row)
    return representation(row)


async def remove(session: AsyncSession, owner: Owner, webhook_id: UUID) -> None:
    """Remove a webhook and its deliveries. What is being sent now may still arrive. Raises `NotFound`."""
    await session.delete(await get_webhook_row(session, owner, webhook_id, for_update=True))


async def enable(
    session: AsyncSession, now: datetime, keys: Keys, owner: Owner, webhook_id: UUID, *, replay: bool
) -> WebhookEnabled:
    """Make a webhook active again. With `replay` it is sent what it missed, without it only new events.

    An active webhook stays as it is. Raises `NotFound`, and `SecretLost` if no key unseals a secret
    that signs.
    """
    row = await get_webhook_row(session, owner, webhook_id, for_update=True)
    latest, _ = await sequence.latest(session)
    was_disabled = row.status != WebhookStatus.ACTIVE
    missed = Missed(after=row.cursor, events=latest - row.cursor if was_disabled else 0)
    if was_disabled:
        if not secrets.are_readable(row.secrets, now, keys):
            raise SecretLost
        row.status, row.disabled_reason = WebhookStatus.ACTIVE, None
        _reset(row)
        if not replay:
            row.cursor = latest
            await fail_pending(session, now, row)
        wake_delivery(session)
    webhook = representation(row)
    return WebhookEnabled(
        id=webhook.id,
        url=webhook.url,
        event_types=webhook.event_types,
        responders=webhook.responders,
        areas=webhook.areas,
        signature=webhook.signature,
        stale=webhook.stale,
        status=webhook.status,
        disabled_reason=webhook.disabled_reason,
        created_at=webhook.created_at,
        cursor=webhook.cursor,
        failing_since=webhook.failing_since,
        next_attempt_at=webhook.next_attempt_at,
        public_key=webhook.public_key,
        missed=missed,
        replayed=replay and was_disabled,
    )


async def replay(session: AsyncSession, owner: Owner, webhook_id: UUID, after: int) -> Webhook:
    """Move a webhook's cursor back to event number `after`: the events since are sent again, in order.

    Raises `NotFound`, `Invalid`, `BeyondLatest` and `WebhookDisabled`.
    """
    if after < 0:
        raise Invalid.at("/after", "must be 0 or more")
    row = await get_webhook_row(session, owner, webhook_id, for_update=True)
    latest, _ = await sequence.latest(session)
    if after > latest:
        raise BeyondLatest(f"The newest event has the sequence number {latest}; {after} lies beyond it")
    if row.status != WebhookStatus.ACTIVE:
        raise WebhookDisabled
    # Never forward: that would skip events that it has not received.
    row.cursor = min(row.cursor, after)
    _reset(row)
    wake_delivery(session)
    return representation(row)


def _reset(row: WebhookRow) -> None:
    """When the owner changed its URL, enabled it or replayed it: forget the endpoint's health, and end any claim.

    Results that come in later must not move the cursor.
    """
    row.failures, row.failing_since, row.next_attempt_at, row.cooldown_ms = 0, None, None, 0
    row.claim_id = row.claimed_until = None


def _event_types(event_types: tuple[EventType, ...] | All, owner: Owner) -> list[str] | None:
    known = [each for each in EventType if _may_come(each, owner)]
    return _check_filter("event_types", event_types, known, lambda code: _RESTRICTED[EventType(code)])


def _may_come(event_type: EventType, owner: Owner) -> bool:
    if event_type not in _RESTRICTED:
        return True
    return owner.type == "responder" and event_type is not EventType.WEBHOOK_TEST


async def _responders(session: AsyncSession, slugs: tuple[str, ...] | All) -> list[str] | None:
    # Read all slugs: those in the request may contain U+0000, which PostgreSQL refuses even in a
    # comparison.
    known = sorted(await session.scalars(select(ResponderRow.slug)))
    return _check_filter("responders", slugs, known, lambda slug: f"no responder {slug!r}")


def _areas(codes: tuple[str, ...] | All) -> list[str] | None:
    return _check_filter("areas", codes, list(AREAS), lambda code: f"unknown area code {code!r}; see /v1/vocabulary")


def _check_filter(
    field: str, codes: Sequence[str] | All, known: Sequence[str], refusal: Callable[[str], str]
) -> list[str] | None:
    """The codes of one filter in the order of `known`, or None for all. Raises `Invalid` for any other code."""
    if codes == "all":
        return None
    if not codes:
        raise Invalid.at(f"/{field}", 'must name at least one, or be "all"')
    allowed = set(known)
    errors = [FieldError(f"/{field}/{n}", refusal(code)) for n, code in enumerate(codes) if code not in allowed]
    if errors:
        raise Invalid("The webhook is not valid", tuple(errors))
    chosen = set(codes)
    return [str(code) for code in known if code in chosen]
