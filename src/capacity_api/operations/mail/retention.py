"""Mail and links are deleted: nobody needs them for longer than it takes to answer "was I reminded?"."""

from datetime import datetime

from sqlalchemy import delete, exists, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.people_tables import LinkRow, MailRow

_BATCH = 100
# As the partial indexes have it: a bound value would leave them unused.
_IS_FINISHED = text("mail.finished_at IS NOT NULL")
_HAS_ADDRESS = text("link.sealed_email IS NOT NULL")


async def forget_addresses(session: AsyncSession, now: datetime) -> int:
    """Forget a batch of the addresses of invitations that ended. Returns how many."""
    ended = (
        select(LinkRow.id)
        .where(_HAS_ADDRESS, LinkRow.expires_at <= now)
        .order_by(LinkRow.expires_at)
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    )
    link_ids = (await session.scalars(ended)).all()
    if link_ids:
        await session.execute(
            update(LinkRow)
            .where(LinkRow.id.in_(link_ids))
            .values(sealed_email=None, email_hash=None)
            .execution_options(synchronize_session=False)
        )
    return len(link_ids)


async def prune(session: AsyncSession, before: datetime) -> int:
    """Delete a batch of mail that was finished, and of links that ended, before this time. Returns how many."""
    mail = (
        select(MailRow.id)
        .where(_IS_FINISHED, MailRow.finished_at < before)
        .order_by(MailRow.finished_at)
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    )
    mail_ids = (await session.scalars(mail)).all()
    if mail_ids:
        await session.execute(
            delete(MailRow).where(MailRow.id.in_(mail_ids)).execution_options(synchronize_session=False)
        )
    links = (
        select(LinkRow.id)
        # Deleting a link deletes its mail, so it outlasts that.
        .where(LinkRow.expires_at < before, ~exists().where(MailRow.link_id == LinkRow.id))
        .order_by(LinkRow.expires_at)
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    )
    link_ids = (await session.scalars(links)).all()
    if link_ids:
        await session.execute(
            delete(LinkRow).where(LinkRow.id.in_(link_ids)).execution_options(synchronize_session=False)
        )
    return len(mail_ids) + len(link_ids)
