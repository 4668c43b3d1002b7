"""Webhooks as their owners manage them: add, list, change, remove, enable, replay.

`caller` is whose token it is. An administrator may list, disable, enable, replay and remove every webhook.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from capacity_api.db import sequence
from capacity_api.db.engine import wake_delivery
from capacity_api.db.tables import ResponderRow, WebhookRow
from capacity_api.domain import signing
from capacity_api.domain.areas import AREAS
from capacity_api.domain.codes import ALL, EVERYTHING, code_limits
from capacity_api.domain.egress import MAX_URL_LENGTH, Network, check_url, parse_target
from capacity_api.domain.endpoint_health import DisabledReason
from capacity_api.domain.events import EventType
from capacity_api.domain.keys import Keys
from capacity_api.domain.owner import ADMIN, Owner
from capacity_api.domain.responder import Slug
from capacity_api.domain.text import plain_text, text_limits
from capacity_api.errors import BeyondLatest, FieldError, Invalid, SecretLost, TooManyWebhooks
from capacity_api.operations import audit, notices, owners
from capacity_api.operations.events import count_after
from capacity_api.operations.paging import Page, page
from capacity_api.operations.webhooks import secrets
from capacity_api.operations.webhooks.delivery_rows import fail_pending, restart_pending, supersede_unwanted
from capacity_api.operations.webhooks.webhook import (
    Stale,
    Webhook,
    WebhookStatus,
    WebhookWithSecret,
    get_webhook_row,
    is_own,
    owned_by,
    owner_of,
    represent,
    represent_with_secret,
    require_active,
    require_own,
    require_permission,
    subscription_of,
    visible_to,
)

MAX_WEBHOOKS = 20
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


class WebhookRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
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


class MissedEvents(msgspec.Struct, frozen=True, kw_only=True):
    """How many public events come after number `after`, whether or not the filters want them."""

    after: int
    event_count: int


class EnabledWebhook(Webhook, frozen=True, kw_only=True):
    """The webhook, now active, and what it missed.

    `replayed` is true when the missed events are sent now, and false when they are not or it was
    active already.
    """

    missed: MissedEvents
    replayed: bool


async def add(
    session: AsyncSession,
    now: datetime,
    keys: Keys,
    owner: Owner,
    new: WebhookRequest,
    egress_allow: tuple[Network, ...],
) -> tuple[WebhookWithSecret, bool]:
    """Add a webhook for the events from now on; earlier ones can be replayed.

    If the owner has the same webhook already, returns that one as it stands, without its secret, and false. Raises
    `Invalid` with pointers, `TooManyWebhooks`, and `Conflict` if the owner is suspended.
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
    # The write lock, so that of two requests at once the second finds and counts the webhook of the first.
    row.cursor = (await sequence.lock(session)).n
    await owners.require_active(session, owner)
    same = await _find_same(session, owner, row)
    if same is not None:
        audit.add_entry(session, now, "webhook.add", same.id, is_logged=False)
        return represent_with_secret(same, owner, None), False
    if await _count(session, owner) >= MAX_WEBHOOKS:
        raise TooManyWebhooks
    session.add(row)
    # The database sets the columns that were left out.
    await session.flush()
    audit.add_entry(session, now, "webhook.add", row.id, owner=owner.key)
    return represent_with_secret(row, owner, secret), True


async def list_webhooks(
    session: AsyncSession,
    caller: Owner,
    limit: int,
    cursor: str | None,
    *,
    owner_key: str | None = None,
    status: WebhookStatus | None = None,
) -> Page[Webhook]:
    """The webhooks that the caller may see, newest first: of this owner alone, or in this status alone, if given."""
    query = visible_to(caller)
    if owner_key is not None:
        query = query.where(owners.is_of(WebhookRow, owner_key))
    if status is not None:
        query = query.where(WebhookRow.status == status)
    every_owner = await owners.by_id(session) if caller == ADMIN else {caller.id: caller}
    return await page(
        session,
        query,
        WebhookRow.id,
        lambda row: represent(Webhook, row, every_owner[row.responder_id or row.partner_id]),
        limit,
        cursor,
    )


async def get_webhook(session: AsyncSession, caller: Owner, webhook_id: UUID) -> Webhook:
    """Raises `NotFound`, also if it belongs to another owner and the caller is no administrator."""
    row = await get_webhook_row(session, caller, webhook_id)
    return represent(Webhook, row, await owner_of(session, row))


async def change(
    session: AsyncSession,
    now: datetime,
    keys: Keys,
    caller: Owner,
    webhook_id: UUID,
    patch: WebhookPatch,
    egress_allow: tuple[Network, ...],
) -> Webhook:
    """Change a webhook for everything that has not been sent yet.

    Raises `NotFound`, `Invalid`, `SecretLost` and `DisabledByAdministrator`; and `NotOwner` for an administrator who
    would change more than the status.
    """
    row = await get_webhook_row(session, caller, webhook_id, for_update=True)
    changed = [name for name in patch.__struct_fields__ if name != "status" and getattr(patch, name) is not UNSET]
    if changed:
        require_own(row, caller)
        await _change_fields(session, now, caller, row, patch, egress_allow)
    if changed or patch.status is UNSET:
        # The log has which fields, and not to what: an address may hold a secret.
        audit.add_entry(session, now, "webhook.change", row.id, is_logged=bool(changed), fields=changed)
    if patch.status is WebhookStatus.DISABLED:
        await _disable(session, now, caller, row)
    if patch.status is WebhookStatus.ACTIVE:
        await _activate(session, now, keys, caller, row)
    return represent(Webhook, row, await owner_of(session, row))


async def _change_fields(
    session: AsyncSession,
    now: datetime,
    owner: Owner,
    row: WebhookRow,
    patch: WebhookPatch,
    egress_allow: tuple[Network, ...],
) -> None:
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


async def remove(session: AsyncSession, now: datetime, caller: Owner, webhook_id: UUID) -> None:
    """Remove a webhook and its deliveries. What is being sent now may still arrive. Raises `NotFound`."""
    await session.delete(await get_webhook_row(session, caller, webhook_id, for_update=True))
    audit.add_entry(session, now, "webhook.remove", webhook_id)


async def enable(
    session: AsyncSession, now: datetime, keys: Keys, caller: Owner, webhook_id: UUID, *, replay: bool
) -> EnabledWebhook:
    """Make a webhook active again. With `replay` it is sent what it missed, without it only new events.

    An active webhook stays as it is. Raises `NotFound` and `DisabledByAdministrator`, and `SecretLost` if no key
    unseals a secret that signs.
    """
    row = await get_webhook_row(session, caller, webhook_id, for_update=True)
    latest, _ = await sequence.latest(session)
    was_disabled = row.status != WebhookStatus.ACTIVE
    missed = MissedEvents(after=row.cursor, event_count=await count_after(session, row.cursor) if was_disabled else 0)
    await _activate(session, now, keys, caller, row)
    if was_disabled and not replay:
        # A restore goes to every webhook, even one that wants nothing else of what it missed.
        restored = await sequence.latest_restore(session)
        row.cursor = latest if restored <= row.cursor else restored - 1
        await fail_pending(session, now, row)
    owner = await owner_of(session, row)
    return represent(EnabledWebhook, row, owner, missed=missed, replayed=replay and was_disabled)


async def replay(session: AsyncSession, now: datetime, caller: Owner, webhook_id: UUID, after: int) -> Webhook:
    """Move a webhook's cursor back to event number `after`: the events since are sent again, in order.

    Raises `NotFound`, `Invalid`, `BeyondLatest` and what `require_active` does.
    """
    if after < 0:
        raise Invalid.at("/after", "must be 0 or more")
    row = await get_webhook_row(session, caller, webhook_id, for_update=True)
    latest, _ = await sequence.latest(session)
    if after > latest:
        raise BeyondLatest(f"The newest event has the sequence number {latest}; {after} lies beyond it")
    require_active(row, caller)
    # Never forward: that would skip events that it has not received.
    row.cursor = min(row.cursor, after)
    audit.add_entry(session, now, "webhook.replay", row.id, after=after)
    await _reset(session, row)
    wake_delivery(session)
    return represent(Webhook, row, await owner_of(session, row))


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


async def _count(session: AsyncSession, owner: Owner) -> int:
    return await session.scalar(select(func.count()).select_from(owned_by(owner).subquery())) or 0


async def _disable(session: AsyncSession, now: datetime, caller: Owner, row: WebhookRow) -> None:
    """Send nothing more. What its owner disabled, an administrator may disable too; then the owner cannot enable it."""
    reason: DisabledReason = "owner" if is_own(row, caller) else "administrator"
    is_new = row.status == WebhookStatus.ACTIVE or (reason == "administrator" != row.disabled_reason)
    if is_new:
        row.status, row.disabled_reason, row.next_attempt_at = WebhookStatus.DISABLED, reason, None
        if reason != "owner":
            await notices.tell_disabled(session, now, row, reason)
    audit.add_entry(session, now, "webhook.disable", row.id, is_logged=is_new, reason=reason)


async def _activate(session: AsyncSession, now: datetime, keys: Keys, caller: Owner, row: WebhookRow) -> None:
    """Send to a disabled webhook again. An active one stays as it is.

    Raises `DisabledByAdministrator`, and `SecretLost` if no key unseals a secret that signs.
    """
    if row.status == WebhookStatus.ACTIVE:
        audit.add_entry(session, now, "webhook.enable", row.id, is_logged=False)
        return
    require_permission(row, caller)
    if not secrets.are_readable(row.secrets, now, keys):
        raise SecretLost
    row.status, row.disabled_reason = WebhookStatus.ACTIVE, None
    audit.add_entry(session, now, "webhook.enable", row.id)
    await _reset(session, row)
    wake_delivery(session)


async def _reset(session: AsyncSession, row: WebhookRow) -> None:
    """When the owner changed its URL, enabled it or replayed it: forget the endpoint's health, and end any claim.

    Results that come in later must not move the cursor.
    """
    row.failures, row.failed_attempts, row.failing_since, row.failing_told_at = 0, 0, None, None
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
