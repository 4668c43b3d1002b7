"""Signing in by mail: an editor who asks gets a link at the address.

The caller learns nothing of that: the answer goes out before this begins. Of an address that nobody has, nothing is
stored.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.people_tables import MailRow, PersonRow
from capacity_api.db.tables import PartnerRow, ResponderRow
from capacity_api.domain.keys import Keys
from capacity_api.domain.mail import MailKind
from capacity_api.domain.people import Role
from capacity_api.operations.mail.outbox import add_mail

# In an hour, by one address and by all people of one owner.
MAX_BY_ADDRESS = 5
MAX_BY_OWNER = 20
_WINDOW = timedelta(hours=1)


async def knows_any(session: AsyncSession, keys: Keys, emails: Collection[str]) -> bool:
    """Whether an editor has any of these addresses."""
    hashes = [each for email in emails for each in keys.email_hashes(email)]
    return bool(await _find_editors(session, hashes))


async def add_sign_in_mail(session: AsyncSession, now: datetime, keys: Keys, emails: Collection[str]) -> None:
    """Add a mail with a link to each editor with one of these addresses, within the limits."""
    for email in emails:
        editors = await _find_editors(session, keys.email_hashes(email))
        by_person = await _count(session, now, [row.id for row in editors])
        # One request makes a mail for each owner at which the address is.
        if max(by_person.values(), default=0) >= MAX_BY_ADDRESS:
            continue
        for row in editors:
            of_owner = await session.scalars(
                select(PersonRow.id).where(
                    PersonRow.responder_id.is_not_distinct_from(row.responder_id),
                    PersonRow.partner_id.is_not_distinct_from(row.partner_id),
                )
            )
            if sum((await _count(session, now, of_owner.all())).values()) < MAX_BY_OWNER:
                await add_mail(session, now, MailKind.SIGN_IN, [row.id])


async def _find_editors(session: AsyncSession, hashes: Sequence[bytes]) -> list[PersonRow]:
    """The editors with an address of one of these hashes, but for those of suspended owners."""
    rows = await session.scalars(
        select(PersonRow)
        .outerjoin(ResponderRow, PersonRow.responder_id == ResponderRow.id)
        .outerjoin(PartnerRow, PersonRow.partner_id == PartnerRow.id)
        .where(PersonRow.email_hash.in_(hashes), ResponderRow.suspended_at.is_(None), PartnerRow.suspended_at.is_(None))
        .order_by(PersonRow.id)
    )
    return [row for row in rows if Role.EDITOR in row.roles]


async def _count(session: AsyncSession, now: datetime, person_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many such mails each of these people got in the last hour."""
    rows = await session.execute(
        select(MailRow.person_id, func.count())
        .where(MailRow.kind == MailKind.SIGN_IN, MailRow.created_at > now - _WINDOW, MailRow.person_id.in_(person_ids))
        .group_by(MailRow.person_id)
    )
    return {person_id: count for person_id, count in rows if person_id is not None}
