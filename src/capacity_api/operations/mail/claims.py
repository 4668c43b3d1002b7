"""Claim mails that are due.

1. `find_due` reads, without locks, which mails are due.
2. `claim` locks those that are still free, makes their links, drops those that are no longer true, and takes a lease.
3. The mailer reads each again directly before it sends it (`content`), outside any transaction (`mail.worker`).
4. `record` stores its outcome directly after it was sent (`results`).

If a mailer dies, its lease ends and another one sends the same mails again, with the same `Message-ID`: of those
the dead one had claimed, one may come twice.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, case, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from capacity_api.db.people_tables import MailRow, PersonRow
from capacity_api.db.tables import PartnerRow
from capacity_api.domain.keys import Keys
from capacity_api.domain.links import LinkKind
from capacity_api.domain.mail import REMINDERS, MailClaim, MailKind
from capacity_api.operations import leases
from capacity_api.operations.links import add_link, may_be_confirmed
from capacity_api.operations.mail.results import drop
from capacity_api.operations.mail.truth import About, is_waiting_for_review, read_about, why_untrue

# A mailer that dies holds up so many, until its lease ends.
MAX_MAILS = 10
# Somebody waits for these at a screen.
_AWAITED = (MailKind.SIGN_IN, MailKind.INVITATION)
# As the partial index has it: a bound value would leave it unused.
_IS_UNFINISHED = text("mail.next_attempt_at IS NOT NULL")


async def find_due(session: AsyncSession, now: datetime, *, boot_time: float) -> list[UUID]:
    """The ids of the mails to claim next: first those that somebody waits for, then the oldest.

    `boot_time` is what the boot clock shows, in seconds. None while tokens wait for a review after a restore.
    """
    due = (
        select(MailRow.id)
        .where(_IS_UNFINISHED, *_is_due(session, now, boot_time))
        .order_by(case((MailRow.kind.in_(_AWAITED), 0), else_=1), MailRow.next_attempt_at, MailRow.id)
        .limit(MAX_MAILS)
    )
    found = list(await session.scalars(due))
    return [] if found and await is_waiting_for_review(session, now) else found


async def claim(
    session: AsyncSession, now: datetime, keys: Keys, due: Sequence[UUID], lease: timedelta, *, boot_time: float
) -> list[MailClaim]:
    """Claim those of the mails that are still due and true, and drop those that are not true any more.

    `boot_time` is what the boot clock showed before the transaction began, in seconds: the lease is counted from it.
    Record the outcome of each before the lease ends, or another mailer sends it again.
    """
    claim_id = uuid7()
    claims = []
    for mail in await _lock(session, now, boot_time, due):
        about = await read_about(session, mail)
        reason = why_untrue(mail, about, now)
        if reason is not None:
            drop(session, now, mail, reason)
            continue
        if mail.link_id is None:
            _add_link(session, now, keys, mail, about)
        claims.append(
            MailClaim(
                mail_id=mail.id,
                claim_id=claim_id,
                lease_ends_at=boot_time + lease.total_seconds(),
                kind=MailKind(mail.kind),
                attempts=mail.attempts,
                failing_since=mail.failing_since,
            )
        )
    if claims:
        await session.execute(
            update(MailRow)
            .where(MailRow.id.in_([each.mail_id for each in claims]))
            .values(**leases.lease_values(session, claim_id, now, boot_time, lease))
            .execution_options(synchronize_session=False)
        )
    return claims


async def release(session: AsyncSession, claims: Sequence[MailClaim]) -> None:
    """Give back mails that were not sent, so that nobody has to wait until the lease ends."""
    await session.execute(
        update(MailRow)
        .where(
            MailRow.id.in_([each.mail_id for each in claims]), MailRow.claim_id.in_({each.claim_id for each in claims})
        )
        .values(claim_id=None, claimed_until=None)
        .execution_options(synchronize_session=False)
    )


def _is_due(session: AsyncSession, now: datetime, boot_time: float) -> tuple[ColumnElement[bool], ...]:
    # The clock that dated a first attempt may have been ahead. It is always due at once.
    is_time = or_(MailRow.attempts == 0, MailRow.next_attempt_at <= now)
    return is_time, leases.is_free(session, MailRow, now, boot_time)


async def _lock(session: AsyncSession, now: datetime, boot_time: float, due: Sequence[UUID]) -> list[MailRow]:
    """Lock the mails that are still due. Skip those that another mailer has claimed since, or that are removed."""
    order = {mail_id: place for place, mail_id in enumerate(due)}
    # A link refers to its owner and its person. Partners, people, mail: as a removal locks them, to avoid a deadlock.
    recipients = select(MailRow.person_id).where(MailRow.id.in_(order))
    partners = select(PersonRow.partner_id).where(PersonRow.id.in_(recipients))
    for row_id, ids in ((PartnerRow.id, partners), (PersonRow.id, recipients)):
        await session.execute(
            select(row_id).where(row_id.in_(ids)).order_by(row_id).with_for_update(read=True, key_share=True)
        )
    rows = await session.scalars(
        select(MailRow)
        .where(MailRow.id.in_(order), *_is_due(session, now, boot_time))
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return sorted(rows, key=lambda row: order[row.id])


def _add_link(session: AsyncSession, now: datetime, keys: Keys, mail: MailRow, about: About) -> None:
    """Make the link of a mail that needs one. Its time counts from now."""
    if mail.kind == MailKind.SIGN_IN:
        link = add_link(session, now, keys, LinkKind.SIGN_IN, about.owner, person_id=mail.person_id)
    elif mail.kind in REMINDERS and may_be_confirmed(about.responder, now):
        link = add_link(
            session,
            now,
            keys,
            LinkKind.STILL_TRUE,
            about.owner,
            person_id=mail.person_id,
            report_sequence=mail.report_sequence,
        )
    else:
        return
    mail.link_id, mail.sealed_link = link.id, keys.seal(link.secret)
