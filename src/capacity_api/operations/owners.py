"""Owners: the responders and partners that tokens and webhooks belong to, and the administrators.

The tokens of a suspended owner do not hold, and its webhooks receive nothing. Code that adds a token or a webhook calls
`require_active` in the same transaction: it holds up a suspension or removal until then.
"""

import re
from contextlib import suppress
from datetime import datetime
from operator import itemgetter
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from capacity_api.db import sequence
from capacity_api.db.engine import wake_delivery
from capacity_api.db.people_tables import LinkRow, PersonRow
from capacity_api.db.tables import PartnerRow, ResponderRow, TokenRow, WebhookRow
from capacity_api.domain.owner import ADMIN, Owner
from capacity_api.domain.responder import SLUG_PATTERN
from capacity_api.domain.text import required_text
from capacity_api.errors import AlreadyExists, Conflict, Invalid, NotFound
from capacity_api.operations import audit, endings
from capacity_api.operations.near_names import no_partner, no_responder
from capacity_api.operations.paging import Page, encode_cursor, page

# The columns of an owner, for a query that joins it.
OF_RESPONDER = (ResponderRow.id, ResponderRow.slug, ResponderRow.name)
OF_PARTNER = (PartnerRow.id, PartnerRow.name)
# Whose a token or webhook is; null for the administrators.
_OF_TOKEN = func.coalesce(TokenRow.responder_id, TokenRow.partner_id)
_OF_WEBHOOK = func.coalesce(WebhookRow.responder_id, WebhookRow.partner_id)
_OF_PERSON = func.coalesce(PersonRow.responder_id, PersonRow.partner_id)


class OwnerDetails(msgspec.Struct, frozen=True, kw_only=True):
    """An owner, and how many tokens that have not ended, webhooks and people it has."""

    id: UUID | None
    type: Literal["responder", "partner", "admin"]
    name: str | None
    slug: str | None
    suspended: bool
    suspended_at: datetime | None
    token_count: int
    webhook_count: int
    people_count: int


class _Counts(msgspec.Struct, frozen=True):
    """By the id of the owner."""

    tokens: dict[UUID | None, int]
    webhooks: dict[UUID | None, int]
    people: dict[UUID | None, int]


class Partner(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    created_at: datetime


async def responder_owner(session: AsyncSession, slug: str) -> Owner:
    """The listed responder with this slug, as an owner. Raises `NotFound`."""
    row = await session.scalar(
        select(ResponderRow).where(ResponderRow.slug == slug, ResponderRow.delisted_at.is_(None))
    )
    if row is None:
        raise await no_responder(session, slug)
    return responder(row.id, row.slug, row.name)


async def partner_owner(session: AsyncSession, name: str) -> Owner:
    """The partner with this name, as an owner. Raises `NotFound`."""
    row = await session.scalar(select(PartnerRow).where(PartnerRow.name == name))
    if row is None:
        raise await no_partner(session, name)
    return partner(row.id, row.name)


async def by_key(session: AsyncSession, key: str) -> Owner:
    """The owner that is called so (`Owner.key`): a responder's slug, a partner's id, or `admin`. Raises `NotFound`."""
    if key == ADMIN.key:
        return ADMIN
    responder_row = await session.scalar(select(ResponderRow).where(ResponderRow.slug == key))
    if responder_row is not None:
        return _owner(responder_row)
    try:
        partner_row = await session.get(PartnerRow, UUID(key))
    except ValueError:
        partner_row = None
    if partner_row is None:
        raise NotFound("There is no such owner")
    return _owner(partner_row)


async def by_id(session: AsyncSession) -> dict[UUID | None, Owner]:
    """Every owner by its id; the administrators are under `None`."""
    owners: dict[UUID | None, Owner] = {None: ADMIN}
    for responder_id, slug, name in await session.execute(select(*OF_RESPONDER)):
        owners[responder_id] = responder(responder_id, slug, name)
    for partner_id, name in await session.execute(select(*OF_PARTNER)):
        owners[partner_id] = partner(partner_id, name)
    return owners


def responder(responder_id: UUID, slug: str, name: str) -> Owner:
    return Owner(type="responder", name=name, slug=slug, id=responder_id)


def partner(partner_id: UUID, name: str) -> Owner:
    return Owner(type="partner", name=name, id=partner_id)


def owner_columns(owner: Owner) -> dict[str, UUID | None]:
    """The columns that say whose a token, webhook, person or link is. Both are null for the administrators."""
    return {
        "responder_id": owner.id if owner.type == "responder" else None,
        "partner_id": owner.id if owner.type == "partner" else None,
    }


def belongs_to(
    table: type[TokenRow] | type[WebhookRow] | type[PersonRow] | type[LinkRow], owner: Owner
) -> ColumnElement[bool]:
    """Whether a row is this owner's."""
    columns = owner_columns(owner)
    return and_(
        table.responder_id.is_not_distinct_from(columns["responder_id"]),
        table.partner_id.is_not_distinct_from(columns["partner_id"]),
    )


async def lock_owner(session: AsyncSession, owner_id: UUID | None) -> None:
    """Hold up everybody else who locks the owner, or calls `require_active`, until the transaction ends.

    Lock it before its people, tokens, links and mail, to avoid a deadlock. Raises `NotFound` if it is gone.
    """
    if owner_id is None:
        # The administrators have no row. They change seldom enough to take the write lock.
        await sequence.lock(session)
    else:
        await _lock(session, owner_id)


def is_of(table: type[WebhookRow] | type[PersonRow] | type[LinkRow], owner_key: str) -> ColumnElement[bool]:
    """Whether a row belongs to the owner with this slug, or id, or to the administrators: `admin`. Raises `Invalid`."""
    if owner_key == ADMIN.key:
        return and_(table.responder_id.is_(None), table.partner_id.is_(None))
    with suppress(ValueError):
        owner_id = UUID(owner_key)
        return or_(table.responder_id == owner_id, table.partner_id == owner_id)
    if not re.fullmatch(SLUG_PATTERN, owner_key):
        raise Invalid.at("?owner", "must be the slug of a responder, the id of an owner, or admin")
    return table.responder_id.in_(select(ResponderRow.id).where(ResponderRow.slug == owner_key))


async def require_active(session: AsyncSession, owner: Owner) -> None:
    """Raise `Conflict` if the owner is suspended or gone. Until the end of the transaction it cannot become so."""
    if owner.id is None:
        return
    kind = ResponderRow if owner.type == "responder" else PartnerRow
    row = (
        await session.execute(select(kind.suspended_at).where(kind.id == owner.id).with_for_update(read=True))
    ).one_or_none()
    if row is None:
        raise Conflict("The owner was removed")
    if row.suspended_at is not None:
        raise Conflict(f"{owner.name} is suspended; resume it first")


async def list_owners(session: AsyncSession, now: datetime, limit: int, cursor: str | None) -> Page[OwnerDetails]:
    """Responders and partners, newest first, then the administrators. Delisted responders are among them."""
    counts = await _count(session, now)

    def represent(row: ResponderRow | PartnerRow) -> tuple[UUID, OwnerDetails]:
        return row.id, _represent(row, counts)

    responders = await page(session, select(ResponderRow), ResponderRow.id, represent, limit, cursor)
    partners = await page(session, select(PartnerRow), PartnerRow.id, represent, limit, cursor)
    newest_first = sorted([*responders.items, *partners.items], key=itemgetter(0), reverse=True)[:limit]
    found = [details for _, details in newest_first]
    if len(found) == limit:
        return Page(found, encode_cursor(newest_first[-1][0]))
    return Page([*found, _represent(None, counts)], None)


async def read_owner(session: AsyncSession, now: datetime, owner_id: UUID | None) -> OwnerDetails:
    """An owner; `None` is the administrators. Raises `NotFound`."""
    row: ResponderRow | PartnerRow | None = None
    if owner_id is not None:
        row = await session.get(ResponderRow, owner_id)
        if row is None:
            row = await session.get(PartnerRow, owner_id)
        if row is None:
            raise NotFound("There is no such owner")
    return _represent(row, await _count(session, now))


async def suspended_slugs(session: AsyncSession) -> set[str]:
    """The slugs of the suspended responders."""
    return set(await session.scalars(select(ResponderRow.slug).where(ResponderRow.suspended_at.is_not(None))))


async def suspend(session: AsyncSession, now: datetime, owner_id: UUID | None) -> None:
    """From now on no token of the owner holds, and nothing is sent to its webhooks, which keep their cursors.

    Its links and its people's sign-ins end, and the mail to them that waits is dropped. What it has published stays
    until it lapses. To suspend it again changes nothing. Raises `NotFound`, and `Conflict` for the administrators.
    """
    if owner_id is None:
        raise Conflict("The administrators cannot be suspended; revoke a token instead")
    row = await _lock(session, owner_id)
    is_new = row.suspended_at is None
    if is_new:
        row.suspended_at = now
        await _mark_webhooks(session, owner_id, suspended=True)
        await endings.end_access(session, now, owner_id)
    audit.add_entry(session, now, "owner.suspend", _owner(row).key, is_logged=is_new)


async def resume(session: AsyncSession, now: datetime, owner_id: UUID | None) -> None:
    """Its tokens hold again, and its webhooks go on from their cursors. If it is not suspended, nothing changes.

    Raises `NotFound`, and `Conflict` for a responder that is not listed.
    """
    if owner_id is None:
        audit.add_entry(session, now, "owner.resume", ADMIN.key, is_logged=False)
        return
    row = await _lock(session, owner_id)
    if isinstance(row, ResponderRow) and row.delisted_at is not None:
        raise Conflict(f"{row.name} is not listed; list it again first")
    was_suspended = row.suspended_at is not None
    audit.add_entry(session, now, "owner.resume", _owner(row).key, is_logged=was_suspended)
    if was_suspended:
        row.suspended_at = None
        await _mark_webhooks(session, owner_id, suspended=False)
        wake_delivery(session)


async def count_active_webhooks(session: AsyncSession, owner_id: UUID) -> int:
    """How many webhooks of an owner are sent events."""
    query = (
        select(func.count())
        .select_from(WebhookRow)
        .where(_has_webhook(owner_id), WebhookRow.status == "active", WebhookRow.suspended.is_(False))
    )
    return await session.scalar(query) or 0


async def add_partner(session: AsyncSession, now: datetime, name: str) -> Partner:
    """Add a partner. Raises `AlreadyExists` or `Invalid`."""
    name = required_text(name, "/name", 200)
    already_exists = AlreadyExists(f"There is already a partner {name!r}")
    if await session.scalar(select(PartnerRow.id).where(PartnerRow.name == name)):
        raise already_exists
    row = PartnerRow(id=uuid7(), name=name, created_at=now)
    session.add(row)
    audit.add_entry(session, now, "partner.add", row.id)
    try:
        await session.flush()
    except IntegrityError:
        # Another transaction added it since the query.
        raise already_exists from None
    return _represent_partner(row)


async def read_partner(session: AsyncSession, partner_id: UUID) -> Partner:
    """Raises `NotFound`."""
    row = await session.get(PartnerRow, partner_id)
    if row is None:
        raise NotFound("There is no such partner")
    return _represent_partner(row)


async def remove_partner(session: AsyncSession, now: datetime, partner_id: UUID) -> None:
    """Remove a partner with its tokens, its people, its disputes, its webhooks and their deliveries. The audit stays.

    Raises `NotFound`.
    """
    row = await session.scalar(select(PartnerRow).where(PartnerRow.id == partner_id).with_for_update())
    if row is None:
        raise NotFound("There is no such partner")
    await _lock_webhooks(session, partner_id)
    await session.execute(delete(WebhookRow).where(WebhookRow.partner_id == partner_id))
    await endings.remove_people(session, now, partner_id)
    await session.execute(delete(TokenRow).where(TokenRow.partner_id == partner_id))
    await session.delete(row)
    audit.add_entry(session, now, "partner.remove", partner_id)


async def list_partners(session: AsyncSession, limit: int, cursor: str | None) -> Page[Partner]:
    return await page(session, select(PartnerRow), PartnerRow.id, _represent_partner, limit, cursor)


def _represent_partner(row: PartnerRow) -> Partner:
    return Partner(id=row.id, name=row.name, created_at=row.created_at)


async def _lock(session: AsyncSession, owner_id: UUID) -> ResponderRow | PartnerRow:
    """The row of an owner, locked. Raises `NotFound`."""
    for kind in (ResponderRow, PartnerRow):
        row: ResponderRow | PartnerRow | None = await session.scalar(
            select(kind)
            .where(kind.id == owner_id)
            .with_for_update(of=kind, key_share=True)
            .execution_options(populate_existing=True)
        )
        if row is not None:
            return row
    raise NotFound("There is no such owner")


async def _lock_webhooks(session: AsyncSession, owner_id: UUID) -> None:
    # In the order in which results are recorded, to avoid a deadlock.
    await session.execute(select(WebhookRow.id).where(_has_webhook(owner_id)).order_by(WebhookRow.id).with_for_update())


def _has_webhook(owner_id: UUID) -> ColumnElement[bool]:
    return or_(WebhookRow.responder_id == owner_id, WebhookRow.partner_id == owner_id)


async def _mark_webhooks(session: AsyncSession, owner_id: UUID, *, suspended: bool) -> None:
    await _lock_webhooks(session, owner_id)
    await session.execute(
        update(WebhookRow)
        .where(_has_webhook(owner_id))
        .values(suspended=suspended)
        .execution_options(synchronize_session=False)
    )


async def _count(session: AsyncSession, now: datetime) -> _Counts:
    has_not_ended = (TokenRow.revoked_at.is_(None), or_(TokenRow.expires_at.is_(None), TokenRow.expires_at > now))
    tokens = await session.execute(select(_OF_TOKEN, func.count()).where(*has_not_ended).group_by(_OF_TOKEN))
    webhooks = await session.execute(select(_OF_WEBHOOK, func.count()).group_by(_OF_WEBHOOK))
    people = await session.execute(select(_OF_PERSON, func.count()).group_by(_OF_PERSON))
    return _Counts(tokens=dict(tokens.all()), webhooks=dict(webhooks.all()), people=dict(people.all()))


def _owner(row: ResponderRow | PartnerRow | None) -> Owner:
    if row is None:
        return ADMIN
    return responder(row.id, row.slug, row.name) if isinstance(row, ResponderRow) else partner(row.id, row.name)


def _represent(row: ResponderRow | PartnerRow | None, counts: _Counts) -> OwnerDetails:
    """The owner of a row; `None` is the administrators."""
    owner = _owner(row)
    suspended_at = row.suspended_at if row is not None else None
    return OwnerDetails(
        id=owner.id,
        type=owner.type,
        name=owner.name,
        slug=owner.slug,
        suspended=suspended_at is not None,
        suspended_at=suspended_at,
        token_count=counts.tokens.get(owner.id, 0),
        webhook_count=counts.webhooks.get(owner.id, 0),
        people_count=counts.people.get(owner.id, 0),
    )
