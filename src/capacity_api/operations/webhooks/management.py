"""Webhooks as their owners manage them: add, list, change, remove, enable, replay."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from capacity_api.db import sequence
from capacity_api.db.acts import note_act
from capacity_api.db.tables import ResponderRow, WebhookRow
from capacity_api.domain import signing
from capacity_api.domain.areas import AREAS
from capacity_api.domain.codes import ALL, EVERYTHING, code_limits
from capacity_api.domain.egress import MAX_URL_LENGTH, Network, check_url, parse_target
from capacity_api.domain.events import EventType
from capacity_api.domain.keys import Keys
from capacity_api.domain.responder import Slug
from capacity_api.domain.text import plain_text, text_limits
from capacity_api.errors import BeyondLatest, FieldError, Invalid, SecretLost, WebhookDisabled
from capacity_api.operations.changes import wake_delivery
from capacity_api.operations.events import count_after
from capacity_api.operations.paging import Page, page
from capacity_api.operations.tokens import Owner, name_owner
from capacity_api.operations.webhooks import secrets
from capacity_api.operations.webhooks.delivery_rows import fail_pending, restart_pending, supersede_unwanted
from capacity_api.operations.webhooks.webhook import (
    Stale,
    Webhook,
    WebhookStatus,
    WebhookWithSecret,
    get_webhook_row,
    owned_by,
    represent,
    represent_with_secret,
    subscription_of,
)

_MAX_DESCRIPTION = 200
# The limits that `_check_filter` and `plain_text` enforce, as the schema declares them.
_EventTypes = Annotated[tuple[str, ...], code_limits(each for each in EventType if each is not EventType.WEBHOOK_TEST)]
_AreaCodes = Annotated[tuple[str, ...], code_limits(AREAS)]
_Slugs = Annotated[tuple[Slug, ...], msgspec.Meta(extra_json_schema={"minItems": 1})]
_Description = Annotated[str, text_limits(_MAX_DESCRIPTION)]
_Url = Annotated[
    str, msgspec.Meta(extra_json_schema={"pattern": "^[Hh][Tt][Tt][Pp][Ss]?://[^/?#@]", "maxLength": MAX_URL_LENGTH})
]

_RESTRICTED = {
    EventType.WEBHOOK_TEST: "is sent when you ask for it, whatever a webhook subscribes to; leave it out",
    EventType.INTAKE_CONFIRMATION_DUE: "is sent only to a responder's own webhooks; leave it out",
}


class NewWebhook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sets of codes, `["all"]` for everything. For `event_types` that is all but `intake.confirmed`.

    `directory.restored` and `event.redacted` come whether or not they are named.
    """

    url: _Url
    description: _Description | None = None
    event_types: _EventTypes = EVERYTHING
    responders: _Slugs = EVERYTHING
    areas: _AreaCodes = EVERYTHING
    signature: signing.Scheme = "v1"
    stale: Stale = "drop"


class WebhookPatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A field that is left out stays as it is. `status` "active" is the same as `…/enable`."""

    url: _Url | UnsetType = UNSET
    description: _Description | UnsetType | None = UNSET
    status: WebhookStatus | UnsetType = UNSET
    event_types: _EventTypes | UnsetType = UNSET
    responders: _Slugs | UnsetType = UNSET
    areas: _AreaCodes | UnsetType = UNSET
    stale: Stale | UnsetType = UNSET


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
) -> tuple[WebhookWithSecret, bool]:
    """Add a webhook for the events from now on; earlier ones can be replayed. Raises `Invalid` with pointers.

    If the owner has the same webhook already, returns that one as it stands, without its secret, and false.
    """
    secret = secrets.new_secret(new.signature)
    row = WebhookRow(
        id=uuid7(),
        responder_id=owner.id if owner.type == "responder" else None,
        partner_id=owner.id if owner.type == "partner" else None,
        url=check_url(new.url, egress_allow),
        description=plain_text(new.description, "/description", _MAX_DESCRIPTION),
        event_types=_event_types(new.event_types, owner),
        responders=await _responders(session, new.responders),
        areas=_areas(new.areas),
        signature=new.signature,
        stale=new.stale,
        secrets=[{"sealed": keys.seal(secret), "until": None}],
        public_key=signing.public_key(secret),
        status=WebhookStatus.ACTIVE,
        created_at=now,
    )
    # The write lock, so that of two equal requests at once the second finds the webhook of the first.
    row.cursor = (await sequence.lock(session)).n
    same = await _find_same(session, owner, row)
    if same is not None:
        return represent_with_secret(same, owner, None), False
    session.add(row)
    # The database sets the columns that were left out.
    await session.flush()
    note_act(session, "webhook.add", webhook_id=row.id, owner=name_owner(owner))
    return represent_with_secret(row, owner, secret), True


async def list_webhooks(session: AsyncSession, owner: Owner, limit: int, cursor: str | None) -> Page[Webhook]:
    """The owner's webhooks, newest first."""
    return await page(
        session, owned_by(owner), WebhookRow.id, lambda row: represent(Webhook, row, owner), limit, cursor
    )


async def get_webhook(session: AsyncSession, owner: Owner, webhook_id: UUID) -> Webhook:
    """Raises `NotFound`, also if it belongs to another owner."""
    return represent(Webhook, await get_webhook_row(session, owner, webhook_id), owner)


async def change(
    session: AsyncSession,
    now: datetime,
    keys: Keys,
    owner: Owner,
    webhook_id: UUID,
    patch: WebhookPatch,
    egress_allow: tuple[Network, ...],
) -> Webhook:
    """Change a webhook for everything that has not been sent yet. Raises `NotFound`, `Invalid`, `SecretLost`."""
    row = await get_webhook_row(session, owner, webhook_id, for_update=True)
    if patch.url is not UNSET:
        url = check_url(patch.url, egress_allow)
        if url != row.url:
            row.url = url
            await _reset(session, row)
            wake_delivery(session)
    if patch.description is not UNSET:
        row.description = plain_text(patch.description, "/description", _MAX_DESCRIPTION)
    if patch.event_types is not UNSET:
        row.event_types = _event_types(patch.event_types, owner)
    if patch.responders is not UNSET:
        row.responders = await _responders(session, patch.responders)
    if patch.areas is not UNSET:
        row.areas = _areas(patch.areas)
    if patch.stale is not UNSET:
        row.stale = patch.stale
    await supersede_unwanted(session, now, row)
    if patch.status is WebhookStatus.DISABLED and row.status == WebhookStatus.ACTIVE:
        row.status, row.disabled_reason, row.next_attempt_at = WebhookStatus.DISABLED, "owner", None
        note_act(session, "webhook.disable", webhook_id=row.id, reason="owner")
    if patch.status is WebhookStatus.ACTIVE and row.status != WebhookStatus.ACTIVE:
        await _activate(session, now, keys, row)
    _note_change(session, row, patch)
    return represent(Webhook, row, owner)


async def remove(session: AsyncSession, owner: Owner, webhook_id: UUID) -> None:
    """Remove a webhook and its deliveries. What is being sent now may still arrive. Raises `NotFound`."""
    await session.delete(await get_webhook_row(session, owner, webhook_id, for_update=True))
    note_act(session, "webhook.remove", webhook_id=webhook_id)


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
    missed = Missed(after=row.cursor, events=await count_after(session, row.cursor) if was_disabled else 0)
    if was_disabled:
        await _activate(session, now, keys, row)
        if not replay:
            # A restore goes to every webhook, even one that wants nothing else of what it missed.
            restored = await sequence.latest_restore(session)
            row.cursor = latest if restored <= row.cursor else restored - 1
            await fail_pending(session, now, row)
    return represent(WebhookEnabled, row, owner, missed=missed, replayed=replay and was_disabled)


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
    note_act(session, "webhook.replay", webhook_id=row.id, after=after)
    await _reset(session, row)
    wake_delivery(session)
    return represent(Webhook, row, owner)


async def _find_same(session: AsyncSession, owner: Owner, new: WebhookRow) -> WebhookRow | None:
    """The owner's oldest webhook that sends the same events to the same address in the same way."""
    rows = await session.scalars(
        owned_by(owner)
        .where(WebhookRow.signature == new.signature, WebhookRow.stale == new.stale)
        .order_by(WebhookRow.id)
    )
    target, subscription = parse_target(new.url), subscription_of(new)
    for row in rows:
        if parse_target(row.url) == target and subscription_of(row) == subscription:
            return row
    return None


async def _activate(session: AsyncSession, now: datetime, keys: Keys, row: WebhookRow) -> None:
    """Send to a disabled webhook again. Raises `SecretLost` if no key unseals a secret that signs."""
    if not secrets.are_readable(row.secrets, now, keys):
        raise SecretLost
    row.status, row.disabled_reason = WebhookStatus.ACTIVE, None
    note_act(session, "webhook.enable", webhook_id=row.id)
    await _reset(session, row)
    wake_delivery(session)


def _note_change(session: AsyncSession, row: WebhookRow, patch: WebhookPatch) -> None:
    """Note for the log which fields were changed, and not to what: an address may hold a secret."""
    fields = [name for name in patch.__struct_fields__ if name != "status" and getattr(patch, name) is not UNSET]
    if fields:
        note_act(session, "webhook.change", webhook_id=row.id, fields=fields)


async def _reset(session: AsyncSession, row: WebhookRow) -> None:
    """When the owner changed its URL, enabled it or replayed it: forget the endpoint's health, and end any claim.

    Results that come in later must not move the cursor.
    """
    row.failures, row.failed_attempts, row.failing_since = 0, 0, None
    row.next_attempt_at, row.cooldown_ms = None, 0
    row.claim_id = row.claimed_until = None
    await restart_pending(session, row)


def _event_types(event_types: tuple[str, ...], owner: Owner) -> list[str]:
    known = [each for each in EventType if _may_come(each, owner)]
    refusals: dict[str, str] = {each: _RESTRICTED[each] for each in EventType if each not in known}
    return _check_filter(
        "event_types", event_types, known, lambda code: refusals.get(code, f"unknown event type {code!r}")
    )


def _may_come(event_type: EventType, owner: Owner) -> bool:
    if event_type not in _RESTRICTED:
        return True
    return owner.type == "responder" and event_type is not EventType.WEBHOOK_TEST


async def _responders(session: AsyncSession, slugs: tuple[str, ...]) -> list[str]:
    # Read all slugs: those in the request may contain U+0000, which PostgreSQL refuses even in a
    # comparison.
    known = sorted(await session.scalars(select(ResponderRow.slug)))
    return _check_filter("responders", slugs, known, lambda slug: f"no responder {slug!r}")


def _areas(codes: tuple[str, ...]) -> list[str]:
    return _check_filter("areas", codes, list(AREAS), lambda code: f"unknown area code {code!r}; see /v1/vocabulary")


def _check_filter(field: str, codes: Sequence[str], known: Sequence[str], refusal: Callable[[str], str]) -> list[str]:
    """The codes of one filter in the order of `known`. Raises `Invalid` for any other code but "all"."""
    allowed = {*known, ALL}
    chosen = set(codes)
    errors = [FieldError(f"/{field}/{n}", refusal(code)) for n, code in enumerate(codes) if code not in allowed]
    if not codes:
        errors.append(FieldError(f"/{field}", 'must name at least one, or be ["all"]'))
    if ALL in chosen and len(chosen) > 1:
        errors.append(FieldError(f"/{field}", f"{ALL!r} must stand alone"))
    if errors:
        raise Invalid("The webhook is not valid", tuple(errors))
    return [str(code) for code in (*known, ALL) if code in chosen]
