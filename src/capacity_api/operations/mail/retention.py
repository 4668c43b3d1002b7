"""How long mail and links are kept: nobody needs them for longer than it takes to answer "was I reminded?"."""

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, exists, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.people_tables import LinkRow, MailRow

KEPT = timedelta(days=90)
_BATCH = 100
# As the partial index has it: a bound value would leave it unused.
_IS_FINISHED = text("mail.finished_at IS NOT NULL")


async def prune(session: AsyncSession, now: datetime) -> int:
    """Delete one batch of mail that was finished, and of links that ended, 90 days ago, and the addresses of those who
    accepted no invitation. How many there were.
    """
    before = now - KEPT
    forgotten = await session.execute(
        update(LinkRow)
        .where(LinkRow.expires_at <= now, LinkRow.sealed_email.is_not(None))
        .values(sealed_email=None, email_hash=None)
        .execution_options(synchronize_session=False)
    )
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
    return len(mail_ids) + len(link_ids) + cast(CursorResult[Any], forgotten).rowcount
