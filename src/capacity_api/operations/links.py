"""Links that work once: making, listing and withdrawing them, and looking at one. `operations.link_use` uses one."""

from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from capacity_api.db.acts import actor_of
from capacity_api.db.people_tables import LinkRow, MailRow, PersonRow
from capacity_api.db.tables import PartnerRow, ResponderRow, TokenRow
from capacity_api.domain.actor import ActorType
from capacity_api.domain.intake import Report, SaidBy, apply_confirmation, intake_at
from capacity_api.domain.keys import Keys
from capacity_api.domain.links import LIFETIMES, LinkKind, LinkStatus, link_status, make_secret
from capacity_api.domain.owner import ADMIN, Owner
from capacity_api.domain.people import Role
from capacity_api.domain.tokens import Scope
from capacity_api.errors import (
    LinkExpired,
    LinkSuperseded,
    LinkUsed,
    NotFound,
    NothingToConfirm,
    ReportRestored,
    TokenUnknown,
)
from capacity_api.operations import audit, owners
from capacity_api.operations.paging import Page, page
from capacity_api.secrecy import repr_without

OwnerRow = TypeVar("OwnerRow", ResponderRow, PartnerRow)


class NewLink(msgspec.Struct, frozen=True, kw_only=True):
    """The only time that the `secret` is known; the database has its keyed hash."""

    __repr__ = repr_without("secret")

    id: UUID
    secret: str
    expires_at: datetime


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """What a link would do. To look at it changes nothing.

    `report` is the report that a usable link of the kind `still_true` confirms.
    """

    kind: LinkKind
    status: LinkStatus
    owner: Owner
    slug: str | None
    report: Report | None
    expires_at: datetime


class OpenLink(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation or handover that can still be used: who will come in by it."""

    __repr__ = repr_without("email")

    id: UUID
    kind: LinkKind
    owner: Owner
    email: str | None
    roles: list[Role] | None
    scopes: list[Scope] | None
    label: str | None
    created_at: datetime
    expires_at: datetime


class StoredLink:
    """A link with its owner, as they were read."""

    def __init__(self, row: LinkRow, responder: ResponderRow | None, partner: PartnerRow | None) -> None:
        self.row = row
        self.kind = LinkKind(row.kind)
        self.owner = ADMIN
        if responder is not None:
            self.owner = owners.responder(responder.id, responder.slug, responder.name)
        elif partner is not None:
            self.owner = owners.partner(partner.id, partner.name)
        owner_row = responder or partner
        self._is_suspended = owner_row is not None and owner_row.suspended_at is not None
        self._responder = responder
        self._intake = responder.intake if responder is not None and self.kind is LinkKind.STILL_TRUE else None

    def status(self, now: datetime) -> LinkStatus:
        status = link_status(
            self.row.used_at,
            # Of what stood before a restore, nothing can be confirmed.
            now if self._is_suspended or self._is_restored else self.row.expires_at,
            now,
            is_superseded=self._intake is not None and self._intake.report_sequence != self.row.report_sequence,
        )
        is_ended = self._intake is not None and not may_be_confirmed(self._responder, now)
        return LinkStatus.EXPIRED if status is LinkStatus.USABLE and is_ended else status

    def require_usable(self, now: datetime) -> None:
        """Raise `LinkUsed`, `ReportRestored`, `LinkExpired` or `LinkSuperseded` unless the link can be used."""
        status = self.status(now)
        if status is LinkStatus.USED:
            raise LinkUsed
        if self._is_restored:
            raise ReportRestored
        if status is LinkStatus.EXPIRED:
            raise LinkExpired
        if status is LinkStatus.SUPERSEDED:
            raise LinkSuperseded

    def represent(self, now: datetime) -> Link:
        status = self.status(now)
        return Link(
            kind=self.kind,
            status=status,
            owner=self.owner,
            slug=self.owner.slug,
            report=self._intake.report if self._intake is not None and status is LinkStatus.USABLE else None,
            expires_at=self.row.expires_at,
        )

    @property
    def _is_restored(self) -> bool:
        return self._intake is not None and self._intake.restored


def may_be_confirmed(responder: ResponderRow | None, now: datetime) -> bool:
    """Whether its own word could confirm the report that it last gave, so that a link to do so makes sense."""
    if responder is None:
        return False
    intake = intake_at(responder.intake.value, now)
    if intake.ahead or responder.intake.report_sequence is None:
        return False
    try:
        apply_confirmation(intake, SaidBy.RESPONDER, now, timedelta(hours=responder.valid_for_hours))
    except (NothingToConfirm, ReportRestored):
        return False
    return True


async def find_link(session: AsyncSession, keys: Keys, secret: str | None) -> StoredLink:
    """The link with this secret, as it is now. Raises `NotFound`."""
    if secret is not None:
        query = select(LinkRow).where(LinkRow.hash.in_(keys.link_hashes(secret)))
        row = await session.scalar(query.execution_options(populate_existing=True))
        if row is not None:
            responder = await _read_owner(session, ResponderRow, row.responder_id)
            return StoredLink(row, responder, await _read_owner(session, PartnerRow, row.partner_id))
    raise NotFound("There is no such link")


def add_link(
    session: AsyncSession,
    now: datetime,
    keys: Keys,
    kind: LinkKind,
    owner: Owner,
    *,
    person_id: UUID | None = None,
    email: str | None = None,
    roles: list[str] | None = None,
    scopes: tuple[Scope, ...] | None = None,
    label: str | None = None,
    report_sequence: int | None = None,
) -> NewLink:
    """Add a link of this kind, which ends after the time that it has. See `LinkRow` for what each kind needs.

    An invitation and a handover end with their actor, too: call `hold_actor` before.
    """
    secret = make_secret()
    row = LinkRow(
        id=uuid7(),
        hash=keys.link_hashes(secret)[0],
        kind=kind,
        person_id=person_id,
        sealed_email=None if email is None else keys.seal(email),
        email_hash=None if email is None else keys.email_hashes(email)[0],
        roles=roles,
        scopes=None if scopes is None else [str(scope) for scope in scopes],
        label=label,
        actor_id=actor_of(session).id,
        report_sequence=report_sequence,
        created_at=now,
        expires_at=now + LIFETIMES[kind],
        **owners.owner_columns(owner),
    )
    session.add(row)
    return NewLink(id=row.id, secret=secret, expires_at=row.expires_at)


async def hold_actor(session: AsyncSession) -> None:
    """Keep the actor from being removed or revoked until the transaction ends. Raises `TokenUnknown` if it was.

    Otherwise a removal at the same time would not see the new link, and leave it open.
    """
    actor = actor_of(session)
    query = None
    if actor.type is ActorType.PERSON:
        query = select(PersonRow.id).where(PersonRow.id == actor.id)
    elif actor.type is ActorType.TOKEN:
        query = select(TokenRow.id).where(TokenRow.id == actor.id, TokenRow.revoked_at.is_(None))
    if query is not None and await session.scalar(query.with_for_update(read=True, key_share=True)) is None:
        raise TokenUnknown


def is_open(now: datetime) -> ColumnElement[bool]:
    """Whether a link has neither been used nor ended."""
    return LinkRow.used_at.is_(None) & (LinkRow.expires_at > now)


async def list_links(
    session: AsyncSession, now: datetime, keys: Keys, only: Owner | None, limit: int, cursor: str | None
) -> Page[OpenLink]:
    """The open invitations and handovers of every owner, or the invitations of the owner `only`."""
    every_owner = await owners.by_id(session)

    def represent(row: LinkRow) -> OpenLink:
        email = row.sealed_email
        return OpenLink(
            id=row.id,
            kind=LinkKind(row.kind),
            owner=every_owner[row.responder_id or row.partner_id],
            # It may have been sealed with a key that is gone.
            email=keys.unseal(email) if email is not None and keys.can_unseal(email) else None,
            roles=None if row.roles is None else [Role(role) for role in row.roles],
            scopes=None if row.scopes is None else [Scope(scope) for scope in row.scopes],
            label=row.label,
            created_at=row.created_at,
            expires_at=row.expires_at,
        )

    query = select(LinkRow).where(*_can_be_withdrawn(now, only))
    return await page(session, query, LinkRow.id, represent, limit, cursor)


async def withdraw_link(session: AsyncSession, now: datetime, link_id: UUID, only: Owner | None) -> None:
    """Delete an open invitation or handover with its mail. Raises `NotFound`, also for one that `only` cannot list."""
    find = select(LinkRow).where(LinkRow.id == link_id, *_can_be_withdrawn(now, only))
    row = await session.scalar(find)
    if row is not None:
        await owners.lock_owner(session, row.responder_id or row.partner_id)
        row = await session.scalar(find.with_for_update().execution_options(populate_existing=True))
    if row is None:
        raise NotFound("There is no such open link")
    of_link = or_(MailRow.link_id == link_id, MailRow.subject_id == link_id)
    await session.execute(delete(MailRow).where(of_link).execution_options(synchronize_session=False))
    await session.delete(row)
    audit.add_entry(session, now, "link.withdraw", link_id)


def _can_be_withdrawn(now: datetime, only: Owner | None) -> list[ColumnElement[bool]]:
    if only is None:
        return [is_open(now), LinkRow.kind.in_([LinkKind.INVITATION, LinkKind.HANDOVER])]
    return [is_open(now), LinkRow.kind == LinkKind.INVITATION, owners.belongs_to(LinkRow, only)]


async def _read_owner(session: AsyncSession, kind: type[OwnerRow], owner_id: UUID | None) -> OwnerRow | None:
    return None if owner_id is None else await session.get(kind, owner_id, populate_existing=True)
