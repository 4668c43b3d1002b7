"""Webhooks: who is told of what, where, and how it is signed."""

import secrets
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from capacity_api.config import Network
from capacity_api.db import sequence
from capacity_api.db.tables import AttemptRow, DeliveryRow, EventRow, ResponderRow, WebhookRow
from capacity_api.domain import signing
from capacity_api.domain.areas import AREAS
from capacity_api.domain.egress import check_url
from capacity_api.domain.events import EventType
from capacity_api.domain.keys import Keys
from capacity_api.errors import FieldError, Invalid, NotFound
from capacity_api.operations.deliveries import Status
from capacity_api.operations.paging import Page, page
from capacity_api.operations.tokens import Owner

All = Literal["all"]


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
    """`public_key` is null for the signature `v1`; `secret` stands in the answer to creation alone."""

    id: UUID
    url: str
    event_types: list[str] | All
    responders: list[str] | All
    areas: list[str] | All
    signature: str
    stale: str
    status: str
    disabled_reason: str | None
    created_at: datetime
    public_key: str | None
    secret: str | UnsetType = UNSET


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """`status` is null when no answer came; `answer` is the beginning of its body."""

    at: datetime
    status: int | None
    duration_ms: int
    reason: str | None
    answer: str | None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """`event_id` is the `webhook-id` of every attempt."""

    id: UUID
    event_id: UUID
    type: str
    sequence: int | None
    status: Status
    attempts: list[Attempt]
    next_attempt_at: datetime | None
    created_at: datetime
    finished_at: datetime | None


async def add(
    session: AsyncSession, now: datetime, keys: Keys, owner: Owner, new: NewWebhook, egress_allow: tuple[Network, ...]
) -> Webhook:
    """Raises `Invalid` with pointers. What happens from now on is told; the past can be replayed."""
    secret = signing.make_secret(new.signature, secrets.token_bytes(signing.SECRET_BYTES))
    since, _ = await sequence.latest(session)
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
        since=since,
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
    return _shown(await _held(session, owner, webhook_id))


async def change(
    session: AsyncSession, owner: Owner, webhook_id: UUID, patch: WebhookPatch, egress_allow: tuple[Network, ...]
) -> Webhook:
    """Raises `NotFound`, `Invalid`. It holds for what happens from now on."""
    row = await _held(session, owner, webhook_id)
    if patch.url is not UNSET:
        row.url = check_url(patch.url, egress_allow)
    if patch.event_types is not UNSET:
        row.event_types = _event_types(patch.event_types, owner)
    if patch.responders is not UNSET:
        row.responders = await _responders(session, patch.responders)
    if patch.areas is not UNSET:
        row.areas = _areas(patch.areas)
    if patch.stale is not UNSET:
        row.stale = patch.stale
    return _shown(row)


async def remove(session: AsyncSession, owner: Owner, webhook_id: UUID) -> None:
    """The webhook and its deliveries; what is being sent at this moment may still arrive. Raises `NotFound`."""
    await session.delete(await _held(session, owner, webhook_id))


async def deliveries(
    session: AsyncSession, owner: Owner, webhook_id: UUID, limit: int, cursor: str | None
) -> Page[Delivery]:
    """What was and will be sent to a webhook, newest first, each with its attempts. Raises `NotFound`."""
    await _held(session, owner, webhook_id)
    found = await page(
        session,
        select(DeliveryRow).where(DeliveryRow.webhook_id == webhook_id),
        DeliveryRow.id,
        lambda row: row,
        limit,
        cursor,
    )
    events = {
        row.id: row
        for row in await session.scalars(
            select(EventRow).where(EventRow.id.in_([delivery.event_id for delivery in found.items]))
        )
    }
    attempts: dict[UUID, list[Attempt]] = {delivery.id: [] for delivery in found.items}
    for row in await session.scalars(
        select(AttemptRow).where(AttemptRow.delivery_id.in_(attempts)).order_by(AttemptRow.id)
    ):
        attempts[row.delivery_id].append(
            Attempt(at=row.at, status=row.status, duration_ms=row.duration_ms, reason=row.reason, answer=row.answer)
        )
    return Page(
        [
            Delivery(
                id=row.id,
                event_id=row.event_id,
                type=events[row.event_id].type,
                sequence=row.sequence,
                status=Status(row.status),
                attempts=attempts[row.id],
                next_attempt_at=row.next_attempt_at,
                created_at=row.created_at,
                finished_at=row.finished_at,
            )
            for row in found.items
        ],
        found.next,
    )


def _owned(owner: Owner) -> Select[WebhookRow]:
    return select(WebhookRow).where(
        WebhookRow.responder_id == (owner.id if owner.type == "responder" else None),
        WebhookRow.partner_id == (owner.id if owner.type == "partner" else None),
    )


async def _held(session: AsyncSession, owner: Owner, webhook_id: UUID) -> WebhookRow:
    row = await session.scalar(_owned(owner).where(WebhookRow.id == webhook_id))
    if row is None:
        raise NotFound("There is no such webhook")
    return row


def _event_types(event_types: tuple[EventType, ...] | All, owner: Owner) -> list[str] | None:
    if event_types == "all":
        return None
    if not event_types:
        raise Invalid.at("/event_types", 'must name at least one, or be "all"')
    for n, each in enumerate(event_types):
        if each is EventType.WEBHOOK_TEST or (each is EventType.INTAKE_CONFIRMATION_DUE and owner.type != "responder"):
            raise Invalid.at(
                f"/event_types/{n}", "would never come: it is told to nobody who subscribes to it like this"
            )
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
        disabled_reason=row.disabled_reason,
        created_at=row.created_at,
        public_key=row.public_key,
    )
