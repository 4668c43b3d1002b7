"""The people and mails that the tests of the mailer add, and how they read back what became of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from uuid_utils.compat import uuid7

from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.db.people_tables import LinkRow, MailRow, PersonRow
from capacity_api.db.tables import IntakeRow, TokenRow
from capacity_api.domain.intake import Report, ReportedState
from capacity_api.domain.keys import Keys
from capacity_api.domain.links import LinkKind
from capacity_api.domain.mail import MailKind, MailStatus
from capacity_api.domain.owner import ADMIN, Owner
from capacity_api.domain.people import Role
from capacity_api.operations import intake, owners, retention, tokens
from capacity_api.operations.links import add_link
from capacity_api.operations.mail import outbox

KEYS = Keys((bytes(range(32)),))
SLUG = "salvation-army"
VALID_FOR = timedelta(hours=168)


async def add_person(
    database: Database, now: datetime, email: str, owner: Owner = ADMIN, roles: Sequence[Role] = tuple(Role)
) -> UUID:
    row = PersonRow(
        id=uuid7(),
        **owners.owner_columns(owner),
        sealed_email=KEYS.seal(email),
        email_hash=KEYS.email_hashes(email)[0],
        roles=[str(role) for role in roles],
        created_at=now,
    )
    async with database.write() as session:
        session.add(row)
    return row.id


async def report(database: Database, now: datetime, slug: str = SLUG, note: str | None = None) -> Owner:
    """The responder reports that it is open. Returns it as an owner."""
    async with database.write() as session:
        await intake.report_intake(session, now, slug, Report(state=ReportedState.OPEN, note=note))
        return await owners.responder_owner(session, slug)


async def add_reminders(
    database: Database, now: datetime, owner: Owner, people: Sequence[UUID], kind: MailKind = MailKind.CONFIRMATION_DUE
) -> None:
    """A mail about the report of `owner` that stands, to each of these people."""
    async with database.write() as session:
        row = await session.get_one(IntakeRow, owner.id)
        await outbox.add_mail(session, now, kind, people, responder_id=owner.id, report_sequence=row.report_sequence)


async def add_mail(database: Database, now: datetime, kind: MailKind, people: Sequence[UUID], **about: Any) -> None:
    async with database.write() as session:
        await outbox.add_mail(session, now, kind, people, **about)


async def add_invitation(database: Database, now: datetime, email: str, owner: Owner) -> UUID:
    """As the call that invites somebody adds it. Returns the id of its link."""
    async with database.write() as session:
        link = add_link(session, now, KEYS, LinkKind.INVITATION, owner, email=email, roles=list(Role))
        await session.flush()
        session.add(
            MailRow(
                id=uuid7(),
                kind=MailKind.INVITATION,
                link_id=link.id,
                sealed_link=KEYS.seal(link.secret),
                status=MailStatus.WAITING,
                next_attempt_at=now,
                created_at=now,
            )
        )
        outbox.wake_mailer(session)
    return link.id


async def add_unreviewed_token(database: Database, now: datetime) -> UUID:
    async with database.write() as session:
        issued = await tokens.issue_token(session, now, KEYS, ADMIN)
        await session.flush()
        await session.execute(update(TokenRow).where(TokenRow.id == issued.id).values(reviewed=False))
    return issued.id


async def read_mail(database: Database) -> list[MailRow]:
    """Every mail, oldest first."""
    async with database.read() as session:
        return list(await session.scalars(select(MailRow).order_by(MailRow.id)))


async def read_links(database: Database) -> list[LinkRow]:
    async with database.read() as session:
        return list(await session.scalars(select(LinkRow).order_by(LinkRow.id)))


async def read_person(database: Database, person_id: UUID) -> PersonRow:
    async with database.read() as session:
        return await session.get_one(PersonRow, person_id)


async def prune(database: Database, now: datetime) -> int:
    """Delete one batch of old mail and links, as the worker does. How many there were."""
    async with database.write() as session:
        return sum([await prune(session, now) for prune in retention.prunes(Settings())])
