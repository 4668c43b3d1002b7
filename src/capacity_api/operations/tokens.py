"""Tokens: who may change what. A token is shown once; the database has only its keyed hash."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from capacity_api.db.tables import PartnerRow, ResponderRow, TokenRow
from capacity_api.domain.keys import Keys
from capacity_api.domain.text import required_text
from capacity_api.domain.tokens import (
    ADMIN_SCOPES,
    PARTNER_SCOPES,
    RANDOM_BYTES,
    RESPONDER_SCOPES,
    Scope,
    is_well_formed,
    make_token,
)
from capacity_api.errors import (
    AlreadyExists,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    TokenExpired,
    TokenMalformed,
    TokenRevoked,
    TokenUnknown,
    TokenUnreviewed,
)
from capacity_api.operations import audit
from capacity_api.operations.paging import Page, page

MAX_OVERLAP_HOURS = 168
# 100 years: so a successor, with the same lifetime, ends before the year 9999. For longer, null means "never".
_MAX_LIFETIME = timedelta(days=36525)
# `last_used_at` is for finding forgotten tokens, which is not worth a write for each call.
RECORD_USE_EVERY = timedelta(minutes=1)


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """A responder, with its slug, a partner, or `admin`, which has nothing else."""

    type: Literal["responder", "partner", "admin"]
    name: str | None = None
    slug: str | None = None
    id: UUID | None = None


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """The token that a call used: its owner, and what it may do."""

    token_id: UUID
    owner: Owner
    scopes: tuple[Scope, ...]
    expires_at: datetime | None
    last_used_at: datetime | None

    @property
    def is_admin(self) -> bool:
        return Scope.ADMIN in self.scopes


class Token(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    owner: Owner
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    reviewed: bool
    last_used_at: datetime | None


class IssuedToken(msgspec.Struct, frozen=True, kw_only=True):
    """The only response with the `token` itself."""

    id: UUID
    token: str
    owner: Owner
    scopes: list[str]
    expires_at: datetime | None


class Partner(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    created_at: datetime


_ADMIN = Owner(type="admin")
_RESPONDER = (ResponderRow.id, ResponderRow.slug, ResponderRow.name)
_PARTNER = (PartnerRow.id, PartnerRow.name)


async def responder_owner(session: AsyncSession, slug: str) -> Owner:
    """The listed responder with this slug, as an owner. Raises `NotFound`."""
    row = await session.scalar(
        select(ResponderRow).where(ResponderRow.slug == slug, ResponderRow.delisted_at.is_(None))
    )
    if row is None:
        raise NotFound(f"No responder {slug!r} is listed")
    return _responder(row.id, row.slug, row.name)


async def partner_owner(session: AsyncSession, name: str) -> Owner:
    """The partner with this name, as an owner. Raises `NotFound`."""
    row = await session.scalar(select(PartnerRow).where(PartnerRow.name == name))
    if row is None:
        raise NotFound(f"There is no partner {name!r}")
    return _partner(row.id, row.name)


async def add_partner(session: AsyncSession, now: datetime, name: str, actor_token_id: UUID | None = None) -> Partner:
    """Add a partner. Raises `AlreadyExists` or `Invalid`."""
    name = required_text(name, "/name", 200)
    already_exists = AlreadyExists(f"There is already a partner {name!r}")
    if await session.scalar(select(PartnerRow.id).where(PartnerRow.name == name)):
        raise already_exists
    row = PartnerRow(id=uuid7(), name=name, created_at=now)
    session.add(row)
    audit.add_entry(session, now, actor_token_id, "partner.add", row.id)
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


async def list_partners(session: AsyncSession, limit: int, cursor: str | None) -> Page[Partner]:
    return await page(session, select(PartnerRow), PartnerRow.id, _represent_partner, limit, cursor)


async def issue_token(
    session: AsyncSession,
    now: datetime,
    keys: Keys,
    owner: Owner,
    *,
    scopes: tuple[Scope, ...] | None = None,
    expires_at: datetime | None = None,
    actor_token_id: UUID | None = None,
) -> IssuedToken:
    """Issue a token of `owner`, with `scopes` or else every scope that such an owner may have. Raises `Invalid`."""
    allowed = {"responder": RESPONDER_SCOPES, "partner": PARTNER_SCOPES, "admin": ADMIN_SCOPES}[owner.type]
    for n, scope in enumerate(scopes or ()):
        if scope not in allowed:
            raise Invalid.at(f"/scopes/{n}", f"a token of a {owner.type} may have only {', '.join(allowed)}")
    if expires_at is not None and not now < expires_at <= now + _MAX_LIFETIME:
        raise Invalid.at("/expires_at", "must be in the future, at most 100 years ahead; null for never")
    expires_at = expires_at and expires_at.astimezone(UTC)
    token = make_token(secrets.token_bytes(RANDOM_BYTES))
    row = TokenRow(
        id=uuid7(),
        hash=keys.token_hashes(token)[0],
        responder_id=owner.id if owner.type == "responder" else None,
        partner_id=owner.id if owner.type == "partner" else None,
        scopes=[str(scope) for scope in scopes or allowed],
        created_at=now,
        expires_at=expires_at,
        lifetime_seconds=None if expires_at is None else int((expires_at - now).total_seconds()),
    )
    session.add(row)
    audit.add_entry(session, now, actor_token_id, "token.issue", row.id, owner=name_owner(owner))
    return IssuedToken(id=row.id, token=token, owner=owner, scopes=row.scopes, expires_at=expires_at)


async def identify(session: AsyncSession, now: datetime, keys: Keys, token: str) -> Identity:
    """The identity of a token. Raises the subclass of `Unauthenticated` that says why there is none."""
    if not is_well_formed(token):
        raise TokenMalformed
    match = (
        await session.execute(
            select(TokenRow, *_RESPONDER, *_PARTNER)
            .outerjoin(ResponderRow, TokenRow.responder_id == ResponderRow.id)
            .outerjoin(PartnerRow, TokenRow.partner_id == PartnerRow.id)
            .where(TokenRow.hash.in_(keys.token_hashes(token)))
        )
    ).one_or_none()
    if match is None:
        raise TokenUnknown
    row, responder_id, slug, responder_name, partner_id, partner_name = match
    if row.revoked_at is not None:
        raise TokenRevoked
    if row.expires_at is not None and row.expires_at <= now:
        raise TokenExpired
    if not row.reviewed:
        raise TokenUnreviewed
    owner = _ADMIN
    if row.responder_id is not None:
        owner = _responder(responder_id, slug, responder_name)
    elif row.partner_id is not None:
        owner = _partner(partner_id, partner_name)
    return Identity(
        token_id=row.id,
        owner=owner,
        scopes=tuple(Scope(scope) for scope in row.scopes),
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )


async def record_use(session: AsyncSession, now: datetime, identity: Identity, newest_hash: bytes) -> None:
    """Record that a token was used, and store its hash under the newest key so that older keys can be retired."""
    await session.execute(
        update(TokenRow).where(TokenRow.id == identity.token_id).values(last_used_at=now, hash=newest_hash)
    )


def name_owner(owner: Owner) -> str:
    """The owner in a line of the log: a responder's slug, a partner's id, or `admin`."""
    return owner.slug or (str(owner.id) if owner.id else owner.type)


async def list_tokens(session: AsyncSession, owner: Owner | None, limit: int, cursor: str | None) -> Page[Token]:
    """The tokens of `owner`, or all tokens if that is `None`."""
    query = select(TokenRow)
    if owner is not None:
        query = query.where(
            TokenRow.responder_id == _id(owner, "responder"), TokenRow.partner_id == _id(owner, "partner")
        )
    owners = await _owners(session)
    return await page(session, query, TokenRow.id, lambda row: _represent(row, owners), limit, cursor)


async def read_token(session: AsyncSession, token_id: UUID, owner: Owner | None) -> Token:
    """A token of `owner`, or any token if that is `None`. Raises `NotFound`."""
    return _represent(await _get_token(session, token_id, owner), await _owners(session))


async def rotate_token(
    session: AsyncSession,
    now: datetime,
    keys: Keys,
    token_id: UUID,
    owner: Owner | None,
    overlap_hours: int,
    actor_token_id: UUID | None = None,
    *,
    caller_scopes: tuple[Scope, ...] | None = None,
) -> IssuedToken:
    """Issue a successor with the same owner, scopes and lifetime. The old token ends after the overlap, or earlier.

    Raises `Forbidden` if the token has a scope that is not in `caller_scopes`: a token must not get itself more scopes.
    Raises `NotFound`, `Invalid` or, for a token that has ended, `Conflict`.
    """
    if not 0 <= overlap_hours <= MAX_OVERLAP_HOURS:
        raise Invalid.at("/overlap_hours", f"must be from 0 to {MAX_OVERLAP_HOURS}")
    row = await _get_token(session, token_id, owner, for_update=True)
    if caller_scopes is not None and not set(caller_scopes).issuperset(row.scopes):
        raise Forbidden("The token that you used has fewer scopes than the token to replace")
    if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
        raise Conflict("The token has ended; ask for a new one")
    expires_at = None if row.lifetime_seconds is None else now + timedelta(seconds=row.lifetime_seconds)
    successor = await issue_token(
        session,
        now,
        keys,
        (await _owners(session))[row.responder_id or row.partner_id],
        scopes=tuple(Scope(scope) for scope in row.scopes),
        expires_at=expires_at,
        actor_token_id=actor_token_id,
    )
    end = now + timedelta(hours=overlap_hours)
    row.expires_at = end if row.expires_at is None else min(row.expires_at, end)
    audit.add_entry(session, now, actor_token_id, "token.rotate", row.id, successor=successor.id)
    return successor


async def revoke_token(
    session: AsyncSession, now: datetime, token_id: UUID, owner: Owner | None, actor_token_id: UUID | None = None
) -> None:
    """End a token now. To revoke it again changes nothing. Raises `NotFound`."""
    row = await _get_token(session, token_id, owner, for_update=True)
    if row.revoked_at is None:
        row.revoked_at = now
        audit.add_entry(session, now, actor_token_id, "token.revoke", row.id)


async def list_unreviewed(session: AsyncSession) -> list[Token]:
    """The tokens that nobody has reviewed since a restore and that have not ended, oldest first."""
    owners = await _owners(session)
    rows = await session.scalars(
        select(TokenRow).where(TokenRow.reviewed.is_(False), TokenRow.revoked_at.is_(None)).order_by(TokenRow.id)
    )
    return [_represent(row, owners) for row in rows]


async def keep_token(session: AsyncSession, now: datetime, token_id: UUID, actor_token_id: UUID | None = None) -> None:
    """After a restore: the token still holds. Raises `NotFound`."""
    row = await _get_token(session, token_id, None, for_update=True)
    if not row.reviewed:
        row.reviewed = True
        audit.add_entry(session, now, actor_token_id, "token.keep", row.id)


async def keep_every_token(session: AsyncSession, now: datetime, actor_token_id: UUID | None = None) -> None:
    """After a restore: every token still holds."""
    await session.execute(update(TokenRow).where(TokenRow.reviewed.is_(False)).values(reviewed=True))
    audit.add_entry(session, now, actor_token_id, "token.keep", "all")


async def _get_token(
    session: AsyncSession, token_id: UUID, owner: Owner | None, *, for_update: bool = False
) -> TokenRow:
    row = await session.get(TokenRow, token_id, with_for_update=for_update)
    if row is None or (owner is not None and (row.responder_id or row.partner_id) != owner.id):
        raise NotFound("There is no such token")
    return row


async def _owners(session: AsyncSession) -> dict[UUID | None, Owner]:
    owners: dict[UUID | None, Owner] = {None: _ADMIN}
    for responder_id, slug, name in await session.execute(select(*_RESPONDER)):
        owners[responder_id] = _responder(responder_id, slug, name)
    for partner_id, name in await session.execute(select(*_PARTNER)):
        owners[partner_id] = _partner(partner_id, name)
    return owners


def _responder(responder_id: UUID, slug: str, name: str) -> Owner:
    return Owner(type="responder", name=name, slug=slug, id=responder_id)


def _partner(partner_id: UUID, name: str) -> Owner:
    return Owner(type="partner", name=name, id=partner_id)


def _id(owner: Owner, kind: str) -> UUID | None:
    return owner.id if owner.type == kind else None


def _represent_partner(row: PartnerRow) -> Partner:
    return Partner(id=row.id, name=row.name, created_at=row.created_at)


def _represent(row: TokenRow, owners: dict[UUID | None, Owner]) -> Token:
    return Token(
        id=row.id,
        owner=owners[row.responder_id or row.partner_id],
        scopes=row.scopes,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        reviewed=row.reviewed,
        last_used_at=row.last_used_at,
    )
