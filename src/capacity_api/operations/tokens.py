"""Tokens: who may change what. A token is shown once; the database has only its keyed hash."""

import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from capacity_api.db.tables import PartnerRow, ResponderRow, TokenRow
from capacity_api.domain.actor import Actor, ActorType
from capacity_api.domain.keys import Keys
from capacity_api.domain.owner import ADMIN, Owner
from capacity_api.domain.text import plain_text
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
    AlreadyRotated,
    Conflict,
    Invalid,
    NotFound,
    OwnerSuspended,
    TokenExpired,
    TokenMalformed,
    TokenRevoked,
    TokenUnknown,
    TokenUnreviewed,
)
from capacity_api.operations import audit, endings, owners
from capacity_api.operations.paging import Page, page
from capacity_api.secrecy import repr_without

MAX_OVERLAP_HOURS = 168
MAX_LABEL_LENGTH = 100
DEFAULT_LIFETIME = timedelta(days=365)
# 100 years: so a successor, with the same lifetime, ends before the year 9999. For longer, null means "never".
_MAX_LIFETIME = timedelta(days=36525)
# `last_used_at` is for finding forgotten tokens, which is not worth a write for each call.
RECORD_USE_EVERY = timedelta(minutes=1)


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """The token that a call used: its owner, and what it may do."""

    token_id: UUID
    label: str | None
    owner: Owner
    scopes: tuple[Scope, ...]
    expires_at: datetime | None
    last_used_at: datetime | None
    # Who signed in with it; null for a token that was issued.
    person_id: UUID | None = None

    @property
    def is_admin(self) -> bool:
        return Scope.ADMIN in self.scopes

    @property
    def actor(self) -> Actor:
        if self.person_id is not None:
            return Actor(type=ActorType.PERSON, id=self.person_id, owner=self.owner)
        return Actor(type=ActorType.TOKEN, id=self.token_id, label=self.label, owner=self.owner)


class Token(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    label: str | None
    owner: Owner
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    successor_id: UUID | None
    reviewed: bool
    last_used_at: datetime | None
    # Who signed in with it; null for a token that was issued.
    person_id: UUID | None


class IssuedToken(msgspec.Struct, frozen=True, kw_only=True):
    """The only response with the `token` itself."""

    __repr__ = repr_without("token")

    id: UUID
    token: str
    label: str | None
    owner: Owner
    scopes: list[Scope]
    expires_at: datetime | None


async def issue_token(
    session: AsyncSession,
    now: datetime,
    keys: Keys,
    owner: Owner,
    *,
    label: str | None = None,
    scopes: tuple[Scope, ...] | None = None,
    expires_at: datetime | UnsetType | None = UNSET,
    person_id: UUID | None = None,
) -> IssuedToken:
    """Issue a token of `owner`, with `scopes` or else every scope that such an owner may have.

    It ends at `expires_at`, after a year, or never if that is `None`; and with the person `person_id`. Raises
    `Invalid`, and `Conflict` if the owner is suspended.
    """
    allowed = require_scopes(owner, scopes)
    if expires_at is UNSET:
        expires_at = now + DEFAULT_LIFETIME
    if expires_at is not None and not now < expires_at <= now + _MAX_LIFETIME:
        raise Invalid.at("/expires_at", "must be in the future, at most 100 years ahead; null for never")
    expires_at = expires_at and expires_at.astimezone(UTC)
    token = make_token(secrets.token_bytes(RANDOM_BYTES))
    await owners.require_active(session, owner)
    row = TokenRow(
        id=uuid7(),
        label=plain_text(label, "/label", MAX_LABEL_LENGTH),
        hash=keys.token_hashes(token)[0],
        **owners.owner_columns(owner),
        scopes=[str(scope) for scope in scopes or allowed],
        created_at=now,
        expires_at=expires_at,
        lifetime_seconds=None if expires_at is None else int((expires_at - now).total_seconds()),
        person_id=person_id,
    )
    session.add(row)
    audit.add_entry(session, now, "token.issue", row.id, owner=owner.key)
    return IssuedToken(
        id=row.id,
        token=token,
        label=row.label,
        owner=owner,
        scopes=[Scope(scope) for scope in row.scopes],
        expires_at=expires_at,
    )


def require_scopes(owner: Owner, scopes: tuple[Scope, ...] | None) -> tuple[Scope, ...]:
    """Raise `Invalid` unless a token of `owner` may have these scopes. Returns those that it may have."""
    allowed = {"responder": RESPONDER_SCOPES, "partner": PARTNER_SCOPES, "admin": ADMIN_SCOPES}[owner.type]
    for n, scope in enumerate(scopes or ()):
        if scope not in allowed:
            raise Invalid.at(f"/scopes/{n}", f"a token of a {owner.type} may have only {', '.join(allowed)}")
    return allowed


async def identify(session: AsyncSession, now: datetime, keys: Keys, token: str) -> Identity:
    """The identity of a token. Raises the subclass of `Unauthenticated` that says why there is none."""
    if not is_well_formed(token):
        raise TokenMalformed
    return await _identify(session, now, TokenRow.hash.in_(keys.token_hashes(token)))


async def identify_again(session: AsyncSession, now: datetime, identity: Identity) -> None:
    """Raise a subclass of `Unauthenticated` if the token has ended since, or its owner was suspended."""
    await _identify(session, now, TokenRow.id == identity.token_id)


async def _identify(session: AsyncSession, now: datetime, condition: ColumnElement[bool]) -> Identity:
    match = (
        await session.execute(
            select(
                TokenRow,
                *owners.OF_RESPONDER,
                *owners.OF_PARTNER,
                func.coalesce(ResponderRow.suspended_at, PartnerRow.suspended_at).is_not(None),
            )
            .outerjoin(ResponderRow, TokenRow.responder_id == ResponderRow.id)
            .outerjoin(PartnerRow, TokenRow.partner_id == PartnerRow.id)
            .where(condition)
        )
    ).one_or_none()
    if match is None:
        raise TokenUnknown
    row, responder_id, slug, responder_name, partner_id, partner_name, is_suspended = match
    owner = ADMIN
    if row.responder_id is not None:
        owner = owners.responder(responder_id, slug, responder_name)
    elif row.partner_id is not None:
        owner = owners.partner(partner_id, partner_name)
    if row.revoked_at is not None:
        raise TokenRevoked(token_id=row.id, owner=owner.key)
    if row.expires_at is not None and row.expires_at <= now:
        raise TokenExpired(token_id=row.id, owner=owner.key)
    if not row.reviewed:
        raise TokenUnreviewed(token_id=row.id, owner=owner.key)
    if is_suspended:
        raise OwnerSuspended(token_id=row.id, owner=owner.key)
    return Identity(
        token_id=row.id,
        label=row.label,
        owner=owner,
        scopes=tuple(Scope(scope) for scope in row.scopes),
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        person_id=row.person_id,
    )


async def read_valid_hashes(session: AsyncSession, now: datetime) -> set[bytes]:
    """The hashes of the tokens that have not ended, under the key with which each was last used."""
    query = select(TokenRow.hash).where(
        TokenRow.revoked_at.is_(None), or_(TokenRow.expires_at.is_(None), TokenRow.expires_at > now)
    )
    return set(await session.scalars(query))


async def record_use(session: AsyncSession, now: datetime, identity: Identity, newest_hash: bytes) -> None:
    """Record that a token was used, and store its hash under the newest key so that older keys can be retired."""
    await session.execute(
        update(TokenRow).where(TokenRow.id == identity.token_id).values(last_used_at=now, hash=newest_hash)
    )


async def list_tokens(session: AsyncSession, only: UUID | None, limit: int, cursor: str | None) -> Page[Token]:
    """All tokens, or the one with the id `only`."""
    query = select(TokenRow)
    if only is not None:
        query = query.where(TokenRow.id == only)
    every_owner = await owners.by_id(session)
    return await page(session, query, TokenRow.id, lambda row: _represent(row, every_owner), limit, cursor)


async def read_token(session: AsyncSession, token_id: UUID, only: UUID | None = None) -> Token:
    """A token. Raises `NotFound`, also for any other than `only`."""
    return _represent(await _get_token(session, token_id, only), await owners.by_id(session))


async def rotate_token(
    session: AsyncSession, now: datetime, keys: Keys, token_id: UUID, only: UUID | None, overlap_hours: int
) -> IssuedToken:
    """Issue a successor with the same owner, label, scopes and lifetime; after signing in, with the same end.

    The old token ends after the overlap, or earlier. Raises `Invalid`, `AlreadyRotated`, `NotFound` also for any other
    than `only`, and `Conflict` for a token that has ended or whose owner is suspended.
    """
    if not 0 <= overlap_hours <= MAX_OVERLAP_HOURS:
        raise Invalid.at("/overlap_hours", f"must be from 0 to {MAX_OVERLAP_HOURS}")
    row = await _get_token(session, token_id, only)
    owner = (await owners.by_id(session))[row.responder_id or row.partner_id]
    # Lock the owner before its tokens, as the removal of a partner does, to avoid a deadlock.
    await owners.require_active(session, owner)
    row = await _get_token(session, token_id, only, for_update=True)
    if row.successor_id is not None:
        raise AlreadyRotated(f"The token was replaced before, by the token with the id {row.successor_id}")
    if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
        raise Conflict("The token has ended; ask for a new one")
    expires_at = None if row.lifetime_seconds is None else now + timedelta(seconds=row.lifetime_seconds)
    if row.person_id is not None:
        # Who signed in must sign in again in time: a stolen session cannot prolong itself.
        expires_at = row.expires_at
    successor = await issue_token(
        session,
        now,
        keys,
        owner,
        label=row.label,
        scopes=tuple(Scope(scope) for scope in row.scopes),
        expires_at=expires_at,
        # It ends with its person, as the first one does.
        person_id=row.person_id,
    )
    end = now + timedelta(hours=overlap_hours)
    row.expires_at = end if row.expires_at is None else min(row.expires_at, end)
    row.successor_id = successor.id
    audit.add_entry(session, now, "token.rotate", row.id, successor=successor.id)
    return successor


async def revoke_token(session: AsyncSession, now: datetime, token_id: UUID, only: UUID | None = None) -> None:
    """End a token now, and the open links that it made. To revoke it again changes nothing.

    Raises `NotFound`, also for any other than `only`.
    """
    row = await _get_token(session, token_id, only, for_update=True)
    holds = row.revoked_at is None
    if holds:
        row.revoked_at = now
        await endings.end_links_made_by(session, now, token_id)
    audit.add_entry(session, now, "token.revoke", row.id, is_logged=holds)


async def list_unreviewed(session: AsyncSession) -> list[Token]:
    """The tokens that nobody has reviewed since a restore and that have not ended, oldest first."""
    every_owner = await owners.by_id(session)
    rows = await session.scalars(
        select(TokenRow).where(TokenRow.reviewed.is_(False), TokenRow.revoked_at.is_(None)).order_by(TokenRow.id)
    )
    return [_represent(row, every_owner) for row in rows]


async def keep_token(session: AsyncSession, now: datetime, token_id: UUID) -> None:
    """After a restore: the token still holds. Raises `NotFound`."""
    row = await _get_token(session, token_id, for_update=True)
    is_new = not row.reviewed
    row.reviewed = True
    audit.add_entry(session, now, "token.keep", row.id, is_logged=is_new)


async def keep_every_token(session: AsyncSession, now: datetime) -> None:
    """After a restore: every token still holds."""
    await session.execute(update(TokenRow).where(TokenRow.reviewed.is_(False)).values(reviewed=True))
    audit.add_entry(session, now, "token.keep", "all")


async def _get_token(
    session: AsyncSession, token_id: UUID, only: UUID | None = None, *, for_update: bool = False
) -> TokenRow:
    row = None
    if only in (None, token_id):
        row = await session.get(TokenRow, token_id, with_for_update=for_update, populate_existing=for_update)
    if row is None:
        raise NotFound("There is no such token")
    return row


def _represent(row: TokenRow, owners: dict[UUID | None, Owner]) -> Token:
    return Token(
        id=row.id,
        label=row.label,
        owner=owners[row.responder_id or row.partner_id],
        scopes=[Scope(scope) for scope in row.scopes],
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        successor_id=row.successor_id,
        reviewed=row.reviewed,
        last_used_at=row.last_used_at,
        person_id=row.person_id,
    )
