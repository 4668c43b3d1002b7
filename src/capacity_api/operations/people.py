"""People: the work addresses of an owner, and what each may do.

An address is sealed, and found by its keyed hash under any of the keys. Code that adds or removes a person locks the
owner first, so that the same address at once makes one person.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from capacity_api.db import sequence
from capacity_api.db.people_tables import LinkRow, MailRow, PersonRow
from capacity_api.db.tables import TokenRow
from capacity_api.domain.keys import Keys
from capacity_api.domain.links import LinkKind
from capacity_api.domain.owner import Owner
from capacity_api.domain.people import MailHealth, Role, parse_email, parse_roles
from capacity_api.errors import AlreadyExists, Conflict, NotFound
from capacity_api.operations import audit, endings, owners
from capacity_api.operations.paging import Page, page
from capacity_api.secrecy import repr_without

# Of one owner, with those who are invited: a leaked token must not mail half a town.
MAX_PEOPLE = 50


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A work address at one owner."""

    __repr__ = repr_without("email")

    id: UUID
    email: str | None
    owner: Owner
    roles: list[Role]
    mail: MailHealth
    created_at: datetime


async def add_person(
    session: AsyncSession, now: datetime, keys: Keys, owner: Owner, email: str, roles: tuple[Role, ...]
) -> Person:
    """Add a person. Raises `Invalid`, `AlreadyExists`, and `Conflict` if the owner is suspended or has too many."""
    email, names = parse_email(email), parse_roles(roles)
    await lock_for_adding(session, now, owner)
    if await _find(session, keys, owner, email) is not None:
        raise AlreadyExists("This address is a person of the owner already")
    row = await _add(session, now, keys, owner, email, names)
    audit.add_entry(session, now, "person.add", row.id)
    return _represent(row, owner, keys)


async def admit_person(
    session: AsyncSession, now: datetime, keys: Keys, owner: Owner, email: str, roles: list[str]
) -> Person:
    """Add the address that accepted an invitation. A person who is there already keeps its roles too.

    The owner must be locked.
    """
    row = await _find(session, keys, owner, email)
    if row is None:
        row = await _add(session, now, keys, owner, email, roles)
    else:
        row.roles = [str(role) for role in Role if role in {*row.roles, *roles}]
        # The invitation has got there.
        row.refused_at = None
    audit.add_entry(session, now, "person.add", row.id)
    return _represent(row, owner, keys)


async def list_people(
    session: AsyncSession, keys: Keys, only: Owner | None, limit: int, cursor: str | None
) -> Page[Person]:
    """The people of every owner, or of the owner `only`."""
    query = select(PersonRow)
    if only is not None:
        query = query.where(owners.belongs_to(PersonRow, only))
    every_owner = await owners.by_id(session)
    return await page(
        session, query, PersonRow.id, lambda row: _represent(row, every_owner[_owner_id(row)], keys), limit, cursor
    )


async def read_person(session: AsyncSession, keys: Keys, person_id: UUID, only: Owner | None = None) -> Person:
    """A person. Raises `NotFound`, also for one of another owner than `only`."""
    row = await _get(session, person_id, only)
    return _represent(row, (await owners.by_id(session))[_owner_id(row)], keys)


async def remove_person(
    session: AsyncSession, now: datetime, keys: Keys, person_id: UUID, only: Owner | None = None
) -> None:
    """Remove a person with the tokens, links and mail of that person, and every invitation of the address there.

    The open invitations and handovers that the person made end, at any owner.
    Raises `NotFound`, also for one of another owner than `only`.
    """
    row = await _get(session, person_id, only)
    # A change may mail the person and then change the responder: take the write lock first, to avoid a deadlock.
    await sequence.lock(session)
    await owners.lock_owner(session, _owner_id(row))
    row = await _get(session, person_id, only, for_update=True)
    hashes = [row.email_hash]
    if keys.can_unseal(row.sealed_email):
        hashes += keys.email_hashes(keys.unseal(row.sealed_email))
    invitations = (
        LinkRow.responder_id.is_not_distinct_from(row.responder_id)
        & LinkRow.partner_id.is_not_distinct_from(row.partner_id)
        & LinkRow.email_hash.in_(hashes)
    )
    link_ids = select(LinkRow.id).where(or_(LinkRow.person_id == person_id, invitations))
    of_person = or_(
        MailRow.person_id == person_id,
        MailRow.link_id.in_(link_ids),
        # That the address was refused.
        MailRow.subject_id == person_id,
        MailRow.subject_id.in_(link_ids),
    )
    await session.execute(delete(MailRow).where(of_person).execution_options(synchronize_session=False))
    await session.execute(
        delete(LinkRow)
        .where(or_(LinkRow.person_id == person_id, invitations))
        .execution_options(synchronize_session=False)
    )
    await session.execute(
        delete(TokenRow).where(TokenRow.person_id == person_id).execution_options(synchronize_session=False)
    )
    await endings.end_links_made_by(session, now, person_id)
    # Only the audit keeps the id.
    await session.execute(
        update(LinkRow)
        .where(LinkRow.actor_id == person_id)
        .values(actor_id=None)
        .execution_options(synchronize_session=False)
    )
    await session.delete(row)
    audit.add_entry(session, now, "person.remove", person_id)


async def lock_for_adding(session: AsyncSession, now: datetime, owner: Owner) -> None:
    """Lock an owner to add a person or an invitation. Raises `Conflict` if it is suspended, or has as many as it may.

    The limit counts people and the invitations that can still be accepted.
    """
    await owners.lock_owner(session, owner.id)
    await owners.require_active(session, owner)
    people = select(func.count()).select_from(PersonRow).where(owners.belongs_to(PersonRow, owner))
    invitations = (
        select(func.count())
        .select_from(LinkRow)
        .where(
            owners.belongs_to(LinkRow, owner),
            LinkRow.kind == LinkKind.INVITATION,
            LinkRow.used_at.is_(None),
            LinkRow.expires_at > now,
        )
    )
    count = (await session.scalar(people) or 0) + (await session.scalar(invitations) or 0)
    if count >= MAX_PEOPLE:
        raise Conflict(f"The owner has {MAX_PEOPLE} people and open invitations, which is as many as it may have")


async def _add(
    session: AsyncSession, now: datetime, keys: Keys, owner: Owner, email: str, roles: Iterable[str]
) -> PersonRow:
    row = PersonRow(
        id=uuid7(),
        sealed_email=keys.seal(email),
        email_hash=keys.email_hashes(email)[0],
        roles=list(roles),
        created_at=now,
        **owners.owner_columns(owner),
    )
    session.add(row)
    # A link may refer to it.
    await session.flush()
    return row


async def _find(session: AsyncSession, keys: Keys, owner: Owner, email: str) -> PersonRow | None:
    query = select(PersonRow).where(
        owners.belongs_to(PersonRow, owner), PersonRow.email_hash.in_(keys.email_hashes(email))
    )
    found: PersonRow | None = await session.scalar(query)
    return found


async def _get(session: AsyncSession, person_id: UUID, only: Owner | None, *, for_update: bool = False) -> PersonRow:
    query = select(PersonRow).where(PersonRow.id == person_id)
    if for_update:
        query = query.with_for_update()
    if only is not None:
        query = query.where(owners.belongs_to(PersonRow, only))
    row = await session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise NotFound("There is no such person")
    return row


def _owner_id(row: PersonRow) -> UUID | None:
    return row.responder_id or row.partner_id


def _represent(row: PersonRow, owner: Owner, keys: Keys) -> Person:
    return Person(
        id=row.id,
        # It was sealed with a key that is gone.
        email=keys.unseal(row.sealed_email) if keys.can_unseal(row.sealed_email) else None,
        owner=owner,
        roles=[Role(role) for role in row.roles],
        mail="ok" if row.refused_at is None else "refused",
        created_at=row.created_at,
    )
