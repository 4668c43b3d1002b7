"""What ends with an owner, a person or a token, and after a restore: links, sign-ins and the mail that waits.

A suspension ends them for good. To resume the owner brings none of them back: its people sign in again.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.people_tables import DisputeRow, LinkRow, MailRow, PersonRow
from capacity_api.db.tables import TokenRow
from capacity_api.domain.mail import MailStatus


async def end_access(session: AsyncSession, now: datetime, owner_id: UUID) -> None:
    """End the links of a suspended owner, its people's sign-ins, and the mail to them or about it."""
    await _end_links(session, now, _belongs_to(LinkRow, owner_id))
    await session.execute(
        delete(TokenRow)
        .where(TokenRow.person_id.is_not(None), _belongs_to(TokenRow, owner_id))
        .execution_options(synchronize_session=False)
    )
    await _drop_mail(session, now, "suspended", _concerns(owner_id))


async def remove_people(session: AsyncSession, now: datetime, owner_id: UUID) -> None:
    """Remove everybody of an owner that is removed, with their links and mail. The caller removes its tokens.

    What waits to be sent about its disputes is dropped: they go with it.
    """
    # People before mail, as the mailer locks them, to avoid a deadlock.
    await session.execute(_people(owner_id).order_by(PersonRow.id).with_for_update())
    disputes = select(DisputeRow.id).where(DisputeRow.partner_id == owner_id)
    await _drop_mail(session, now, "removed", MailRow.subject_id.in_(disputes))
    await session.execute(
        delete(MailRow)
        .where(
            or_(
                _concerns(owner_id), MailRow.subject_id.in_(_people(owner_id)), MailRow.subject_id.in_(_links(owner_id))
            )
        )
        .execution_options(synchronize_session=False)
    )
    for table in (LinkRow, PersonRow):
        await session.execute(
            delete(table).where(_belongs_to(table, owner_id)).execution_options(synchronize_session=False)
        )


async def end_links_made_by(session: AsyncSession, now: datetime, actor_id: UUID) -> None:
    """End the open links that a person or token made, and their mail: they would be a way back in."""
    made = select(LinkRow.id).where(LinkRow.actor_id == actor_id)
    await _drop_mail(session, now, "removed", MailRow.link_id.in_(made))
    await _end_links(session, now, LinkRow.actor_id == actor_id)


async def end_everything(session: AsyncSession, now: datetime) -> None:
    """After a restore, end every link and drop all mail that waits: nobody knows what of it was still wanted."""
    await _end_links(session, now)
    await _drop_mail(session, now, "restored")


async def _end_links(session: AsyncSession, now: datetime, *where: ColumnElement[bool]) -> None:
    await session.execute(
        update(LinkRow)
        .where(LinkRow.used_at.is_(None), LinkRow.expires_at > now, *where)
        .values(expires_at=now)
        .execution_options(synchronize_session=False)
    )


async def _drop_mail(session: AsyncSession, now: datetime, reason: str, *where: ColumnElement[bool]) -> None:
    """Finish the mail that waits. A mailer that has one under way finds that its claim has ended."""
    await session.execute(
        update(MailRow)
        .where(MailRow.status == MailStatus.WAITING, *where)
        .values(
            status=MailStatus.DROPPED,
            reason=reason,
            sealed_link=None,
            failing_since=None,
            next_attempt_at=None,
            claim_id=None,
            claimed_until=None,
            finished_at=now,
        )
        .execution_options(synchronize_session=False)
    )


def _concerns(owner_id: UUID) -> ColumnElement[bool]:
    """Whether a mail goes to somebody of the owner, or is about it."""
    return or_(
        MailRow.person_id.in_(_people(owner_id)),
        MailRow.link_id.in_(_links(owner_id)),
        MailRow.responder_id == owner_id,
    )


def _people(owner_id: UUID) -> Select[UUID]:
    return select(PersonRow.id).where(_belongs_to(PersonRow, owner_id))


def _links(owner_id: UUID) -> Select[UUID]:
    return select(LinkRow.id).where(_belongs_to(LinkRow, owner_id))


def _belongs_to(table: type[PersonRow] | type[LinkRow] | type[TokenRow], owner_id: UUID) -> ColumnElement[bool]:
    return or_(table.responder_id == owner_id, table.partner_id == owner_id)
