"""The outbox of mail: an operation writes its mail in the transaction that causes it, and the mailer sends it.

A mail without an invitation gets its link when the mailer first claims it, so its time counts from then.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from capacity_api.db.engine import CHANGED
from capacity_api.db.people_tables import MailRow, PersonRow
from capacity_api.domain.mail import MailKind, MailStatus
from capacity_api.domain.owner import ADMIN, Owner
from capacity_api.domain.people import Role
from capacity_api.operations import owners

# A statement takes so many values at most.
_BATCH = 1000


class NewMail(msgspec.Struct, frozen=True, kw_only=True):
    """One mail to one person; see `MailRow` for what it is about."""

    kind: MailKind
    person_id: UUID
    responder_id: UUID | None = None
    report_sequence: int | None = None
    subject_id: UUID | None = None


async def add_mail(
    session: AsyncSession,
    now: datetime,
    kind: MailKind,
    people: Sequence[UUID],
    *,
    responder_id: UUID | None = None,
    report_sequence: int | None = None,
    subject_id: UUID | None = None,
) -> None:
    """Add one mail to each of these people; see `MailRow` for what it is about."""
    mails = [
        NewMail(
            kind=kind,
            person_id=person_id,
            responder_id=responder_id,
            report_sequence=report_sequence,
            subject_id=subject_id,
        )
        for person_id in people
    ]
    await add_mails(session, now, mails)


async def add_mails(session: AsyncSession, now: datetime, mails: Sequence[NewMail]) -> None:
    """Add several mails at once, but none to somebody who is being removed."""
    staying = await _hold_people(session, [each.person_id for each in mails])
    rows = [
        {
            "id": uuid7(),
            "kind": each.kind,
            "person_id": each.person_id,
            "responder_id": each.responder_id,
            "report_sequence": each.report_sequence,
            "subject_id": each.subject_id,
            "status": MailStatus.WAITING,
            "next_attempt_at": now,
            "created_at": now,
        }
        for each in mails
        if each.person_id in staying
    ]
    if not rows:
        return
    await session.execute(insert(MailRow), rows)
    wake_mailer(session)


async def _hold_people(session: AsyncSession, person_ids: Sequence[UUID]) -> set[UUID]:
    """Those of these people who are not being removed. Until the end of the transaction they cannot be."""
    held: set[UUID] = set()
    for start in range(0, len(person_ids), _BATCH):
        query = select(PersonRow.id).where(PersonRow.id.in_(person_ids[start : start + _BATCH]))
        held.update(await session.scalars(query.with_for_update(read=True, key_share=True, skip_locked=True)))
    return held


def wake_mailer(session: AsyncSession) -> None:
    """Wake the mailer after the commit."""
    session.info.setdefault(CHANGED, 0)


async def people_of(session: AsyncSession, owner: Owner, role: Role | None = None) -> list[UUID]:
    """The ids of an owner's people, or of those who have the role."""
    rows = await session.execute(
        select(PersonRow.id, PersonRow.roles).where(owners.belongs_to(PersonRow, owner)).order_by(PersonRow.id)
    )
    return [row.id for row in rows if role is None or role in row.roles]


async def people_or_coordinators(session: AsyncSession, owner: Owner) -> list[UUID]:
    """The ids of an owner's people, or of the coordinators where the owner has none."""
    return await people_of(session, owner) or await people_of(session, ADMIN)
