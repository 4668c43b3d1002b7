"""Invitations: the person who gets the mail becomes one of the owner, by using the link in it."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from capacity_api.db.acts import actor_of
from capacity_api.db.people_tables import LinkRow, MailRow
from capacity_api.db.tables import AuditRow
from capacity_api.domain.keys import Keys
from capacity_api.domain.links import LinkKind
from capacity_api.domain.mail import MailKind, MailStatus
from capacity_api.domain.owner import Owner
from capacity_api.domain.people import Role, parse_email, parse_roles
from capacity_api.errors import Conflict
from capacity_api.operations import audit, links, owners, people
from capacity_api.operations.mail.outbox import wake_mailer
from capacity_api.operations.people import Person

# Of one owner, in a day: who has a leaked token must not mail strangers all day long.
MAX_INVITATIONS = 50
_DAY = timedelta(days=1)


async def add_invitation(
    session: AsyncSession, now: datetime, keys: Keys, owner: Owner, email: str, roles: tuple[Role, ...]
) -> datetime:
    """Invite an address, with the mail that says so. Returns until when it can be accepted.

    An address with an open invitation is mailed nothing more: these roles replace those of the invitation. Raises
    `Invalid`, and `Conflict` as `add_person` does and after too many invitations in a day.
    """
    email, names = parse_email(email), parse_roles(roles)
    await owners.lock_owner(session, owner.id)
    await links.hold_actor(session)
    is_invited = (
        owners.belongs_to(LinkRow, owner),
        LinkRow.kind == LinkKind.INVITATION,
        LinkRow.email_hash.in_(keys.email_hashes(email)),
        links.is_open(now),
    )
    row = await session.scalar(select(LinkRow).where(*is_invited).with_for_update())
    if row is not None:
        row.roles = names
        audit.add_entry(session, now, "person.invite", row.id, is_logged=False)
        return row.expires_at
    await people.lock_for_adding(session, now, owner)
    await _require_few(session, now, owner)
    link = links.add_link(session, now, keys, LinkKind.INVITATION, owner, email=email, roles=names)
    # The mail refers to it.
    await session.flush()
    session.add(
        MailRow(
            id=uuid7(),
            kind=MailKind.INVITATION,
            link_id=link.id,
            sealed_link=keys.seal(link.secret),
            status=MailStatus.WAITING,
            next_attempt_at=now,
            created_at=now,
        )
    )
    wake_mailer(session)
    audit.add_entry(session, now, "person.invite", link.id, owner=owner.key)
    return link.expires_at


async def _require_few(session: AsyncSession, now: datetime, owner: Owner) -> None:
    """Raise `Conflict` if the actor's side has sent too many invitations of this owner within a day.

    The audit counts them, because the withdrawal of an invitation and the removal of a person delete links.
    """
    actor = actor_of(session)
    if actor.owner is None:
        # The command line.
        return
    query = select(AuditRow.target).where(
        text("action = 'person.invite'"), AuditRow.owner_key == actor.owner.key, AuditRow.at > now - _DAY
    )
    sent = {UUID(target) for target in await session.scalars(query.distinct())}
    # Administrators invite for many owners. What is deleted counts for each of them.
    of_others = await session.scalar(
        select(func.count()).select_from(LinkRow).where(LinkRow.id.in_(sent), ~owners.belongs_to(LinkRow, owner))
    )
    if len(sent) - (of_others or 0) >= MAX_INVITATIONS:
        raise Conflict(f"{MAX_INVITATIONS} invitations were sent within a day, which is as many as may be")


async def accept_invitation(session: AsyncSession, now: datetime, keys: Keys, row: LinkRow, owner: Owner) -> Person:
    """Make the invited address a person of the owner, who must be locked. From then on only that person has it."""
    # Its hash was found, so there is the key that sealed its address, too.
    assert row.sealed_email is not None, "it has neither ended nor been used"
    person = await people.admit_person(session, now, keys, owner, keys.unseal(row.sealed_email), row.roles or [])
    row.person_id = person.id
    row.sealed_email = row.email_hash = None
    return person
