"""Webhooks: who is told of what, where, and how it is signed."""

import secrets
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from capacity_api.config import Network
from capacity_api.db import sequence
from capacity_api.db.tables import DeliveryRow, ResponderRow, WebhookRow
from capacity_api.domain import signing
from capacity_api.domain.areas import AREAS
from capacity_api.domain.egress import check_url
from capacity_api.domain.events import EventType
from capacity_api.domain.keys import Keys
from capacity_api.errors import BeyondLatest, FieldError, Invalid, NotFound, SecretLost, WebhookDisabled
from capacity_api.operations import dispatch, sealing
from capacity_api.operations.changes import wake
from capacity_api.operations.deliveries import Status
from capacity_api.operations.paging import Page, page
from capacity_api.operations.tokens import Owner

All = Literal["all"]
ROTATION_OVERLAP = timedelta(hours=24)
# How many sign at once, however often it is rotated: each is a line in a header.
MOST_SECRETS = 5
_NEVER_COMES = {
    EventType.WEBHOOK_TEST: "is sent when you ask for it, whatever a webhook subscribes to; leave it out",
    EventType.INTAKE_CONFIRMATION_DUE: "is told to a responder's own webhooks alone; leave it out",
}


class NewWebhook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`event_types` "all" leaves out `intake.confirmed`, which has to be named."""

    url: str
    event_types: tuple[EventType, ...] | All = "all"
    responders: tuple[str, ...] | All = "all"
    areas: tuple[str, ...] | All = "all"
    signature: signing.Scheme = "v1"
    stale: Literal["drop", "send"] = "drop"


class WebhookPatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays as it is."""

    url: str | UnsetType = UNSET
    event_types: tuple[EventType, ...] | All | UnsetType = UNSET
    responders: tuple[str, ...] | All | UnsetType = UNSET
    areas: tuple[str, ...] | All | UnsetType = UNSET
    stale: Literal["drop", "send"] | UnsetType = UNSET


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """`public_key` is null for the signature `v1`; `secret` stands in the answers to creation and rotation alone.

    `sequence`: it is done with every public event until this number. `failing_since` is null after a success, and
    `next_attempt_at` while nothing holds it up, or it is disabled.
    """

    id: UUID
    url: str
    event_types: list[str] | All
    responders: list[str] | All
    areas: list[str] | All
    signature: str
    stale: str
    status: str
    disabled_reason: Literal["gone", "failing", "secret_lost"] | None
    created_at: datetime
    sequence: int
    failing_since: datetime | None
    next_attempt_at: datetime | None
    public_key: str | None
    secret: str | UnsetType = UNSET


class Missed(msgspec.Struct, frozen=True, kw_only=True):
    """What happened while a webhook was disabled: so many public events after `after`, its filters not counted."""

    after: int
    events: int


class WebhookEnabled(Webhook, frozen=True, kw_only=True):
    """The webhook, active, and what it had missed. `replayed`: all of that is looked through and sent now; false, too,
    where it was active already.
    """

    missed: Missed
    replayed: bool


async def add(
    session: AsyncSession, now: datetime, keys: Keys, owner: Owner, new: NewWebhook, egress_allow: tuple[Network, ...]
) -> Webhook:
    """Raises `Invalid` with pointers. What happens from now on is told; the past can be replayed."""
    secret = _new_secret(new.signature)
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
        status="active",
        created_at=now,
    )
    session.add(row)
    # `disabled_reason` was left to the database's default of null.
    await session.flush()
    return msgspec.structs.replace(_shown(row), secret=secret)


async def listed(session: AsyncSession, owner: Owner, limit: int, cursor: str | None) -> Page[Webhook]:
    return await page(session, _owned(owner), WebhookRow.id, _shown, limit, cursor)


async def one(session: AsyncSession, owner: Owner, webhook_id: UUID) -> Webhook:
    """Raises `NotFound`, also for somebody else's."""
    return _shown(await held(session, owner, webhook_id))


async def change(
    session: AsyncSession,
    now: datetime,
    owner: Owner,
    webhook_id: UUID,
    patch: WebhookPatch,
    egress_allow: tuple[Network, ...],
) -> Webhook:
    """Raises `NotFound`, `Invalid`. It holds for everything that has not been sent yet."""
    row = await held(session, owner, webhook_id, to_change=True)
    if patch.url is not UNSET:
        url = check_url(patch.url, egress_allow)
        if url != row.url:
            row.url = url
            _start_afresh(row)
            wake(session)
    if patch.event_types is not UNSET:
        row.event_types = _event_types(patch.event_types, owner)
    if patch.responders is not UNSET:
        row.responders = await _responders(session, patch.responders)
    if patch.areas is not UNSET:
        row.areas = _areas(patch.areas)
    if patch.stale is not UNSET:
        row.stale = patch.stale
    await dispatch.set_aside_unwanted(session, now, row)
    return _shown(row)


async def remove(session: AsyncSession, owner: Owner, webhook_id: UUID) -> None:
    """The webhook and its deliveries; what is being sent at this moment may still arrive. Raises `NotFound`."""
    await session.delete(await held(session, owner, webhook_id, to_change=True))


async def enable(
    session: AsyncSession, now: datetime, keys: Keys, owner: Owner, webhook_id: UUID, *, replay: bool
) -> WebhookEnabled:
    """Make a webhook active again. With `replay` it goes on where it stood, without it from now on.

    Raises `NotFound`, and `SecretLost` until one was rotated that nobody can unseal. One that is active stays as it is.
    """
    row = await held(session, owner, webhook_id, to_change=True)
    latest, _ = await sequence.latest(session)
    was_disabled = row.status != "active"
    missed = Missed(after=row.cursor, events=latest - row.cursor if was_disabled else 0)
    if was_disabled:
        if not sealing.is_readable(row.secrets, now, keys):
            raise SecretLost
        row.status, row.disabled_reason = "active", None
        _start_afresh(row)
        if not replay:
            row.cursor = latest
            await _give_up_waiting(session, now, row)
        wake(session)
    shown = _shown(row)
    fields = {name: getattr(shown, name) for name in Webhook.__struct_fields__}
    return WebhookEnabled(**fields, missed=missed, replayed=replay and was_disabled)


async def replay(session: AsyncSession, owner: Owner, webhook_id: UUID, after: int) -> Webhook:
    """Put a webhook back behind event number `after`: everything since is sent again, in order, unless it is past.

    Raises `NotFound`, `Invalid`, `BeyondLatest` and `WebhookDisabled`.
    """
    if after < 0:
        raise Invalid.at("/after", "must be 0 or more")
    row = await held(session, owner, webhook_id, to_change=True)
    latest, _ = await sequence.latest(session)
    if after > latest:
        raise BeyondLatest(f"The newest event has the sequence number {latest}; {after} lies beyond it")
    if row.status != "active":
        raise WebhookDisabled
    # Never forward: what it has not received yet is not skipped.
    row.cursor = min(row.cursor, after)
    _start_afresh(row)
    wake(session)
    return _shown(row)


async def rotate_secret(session: AsyncSession, now: datetime, keys: Keys, owner: Owner, webhook_id: UUID) -> Webhook:
    """Give a webhook a new secret; the old one signs beside it for 24 hours, unless it is lost. Raises `NotFound`."""
    row = await held(session, owner, webhook_id, to_change=True)
    secret = _new_secret(row.signature)
    until = (now + ROTATION_OVERLAP).isoformat()
    # An older one keeps the end that it has.
    ending = [each if each["until"] else {**each, "until": until} for each in row.secrets]
    valid = [each for each in ending if datetime.fromisoformat(each["until"]) > now and keys.opens(each["sealed"])]
    row.secrets = [{"sealed": keys.seal(secret), "until": None}, *valid[: MOST_SECRETS - 1]]
    row.public_key = signing.public_key(secret)
    return msgspec.structs.replace(_shown(row), secret=secret)


def _start_afresh(row: WebhookRow) -> None:
    """Nothing that its endpoint answered before counts, and what is on its way to it moves its place no more."""
    row.failures, row.failing_since, row.next_attempt_at, row.cooldown_ms = 0, None, None, 0
    row.claim_id = row.claimed_until = None


async def _give_up_waiting(session: AsyncSession, now: datetime, row: WebhookRow) -> None:
    """What was tried and waited in the order is not tried again."""
    await session.execute(
        update(DeliveryRow)
        .where(
            DeliveryRow.webhook_id == row.id,
            DeliveryRow.status == Status.PENDING,
            DeliveryRow.next_attempt_at.is_(None),
        )
        .values(status=Status.FAILED, finished_at=now)
        .execution_options(synchronize_session=False)
    )


def _new_secret(signature: str) -> str:
    return signing.make_secret("v1a" if signature == "v1a" else "v1", secrets.token_bytes(signing.SECRET_BYTES))


def _owned(owner: Owner) -> Select[WebhookRow]:
    return select(WebhookRow).where(
        WebhookRow.responder_id == (owner.id if owner.type == "responder" else None),
        WebhookRow.partner_id == (owner.id if owner.type == "partner" else None),
    )


async def held(session: AsyncSession, owner: Owner, webhook_id: UUID, *, to_change: bool = False) -> WebhookRow:
    """The owner's webhook, locked against workers `to_change` it; raises `NotFound`, also for somebody else's."""
    query = _owned(owner).where(WebhookRow.id == webhook_id)
    row = await session.scalar(query.with_for_update() if to_change else query)
    if row is None:
        raise NotFound("There is no such webhook")
    return row


def _event_types(event_types: tuple[EventType, ...] | All, owner: Owner) -> list[str] | None:
    if event_types == "all":
        return None
    if not event_types:
        raise Invalid.at("/event_types", 'must name at least one, or be "all"')
    for n, each in enumerate(event_types):
        if each in _NEVER_COMES and (each is EventType.WEBHOOK_TEST or owner.type != "responder"):
            raise Invalid.at(f"/event_types/{n}", _NEVER_COMES[each])
    return [str(each) for each in EventType if each in event_types]


async def _responders(session: AsyncSession, slugs: tuple[str, ...] | All) -> list[str] | None:
    if slugs == "all":
        return None
    if not slugs:
        raise Invalid.at("/responders", 'must name at least one, or be "all"')
    # All of them: what was sent may hold U+0000, which PostgreSQL takes nowhere, not even to compare.
    known = set(await session.scalars(select(ResponderRow.slug)))
    errors = tuple(
        FieldError(f"/responders/{n}", f"no responder {slug!r}") for n, slug in enumerate(slugs) if slug not in known
    )
    if errors:
        raise Invalid("The webhook is not valid", errors)
    return sorted(set(slugs))


def _areas(codes: tuple[str, ...] | All) -> list[str] | None:
    if codes == "all":
        return None
    if not codes:
        raise Invalid.at("/areas", 'must name at least one, or be "all"')
    errors = tuple(
        FieldError(f"/areas/{n}", f"unknown area code {code!r}; see /v1/vocabulary")
        for n, code in enumerate(codes)
        if code not in AREAS
    )
    if errors:
        raise Invalid("The webhook is not valid", errors)
    return [code for code in AREAS if code in codes]


def _shown(row: WebhookRow) -> Webhook:
    return Webhook(
        id=row.id,
        url=row.url,
        event_types=row.event_types or "all",
        responders=row.responders or "all",
        areas=row.areas or "all",
        signature=row.signature,
        stale=row.stale,
        status=row.status,
        disabled_reason=row.disabled_reason,  # type: ignore[arg-type]  # only `operations.attempts` and `sealing` write it
        created_at=row.created_at,
        sequence=row.cursor,
        failing_since=row.failing_since,
        next_attempt_at=row.next_attempt_at,
        public_key=row.public_key,
    )
