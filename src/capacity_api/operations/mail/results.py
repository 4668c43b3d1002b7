"""Record what became of a mail, directly after it was sent and under its claim."""

import logging
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.acts import note_act
from capacity_api.db.people_tables import MailRow, PersonRow
from capacity_api.domain.mail import MailClaim, MailKind, MailStatus
from capacity_api.domain.owner import ADMIN
from capacity_api.domain.retry import Delivered, Outcome, Retry, give_up_if_overdue, is_gone, next_attempt
from capacity_api.operations.mail import outbox


class MailResult(msgspec.Struct, frozen=True):
    """How the attempt to send a claimed mail ended, and when. An outcome that is a word is why it was not sent."""

    claim: MailClaim
    outcome: Outcome | str
    at: datetime


async def record(session: AsyncSession, result: MailResult, random: Callable[[], float]) -> bool:
    """Record one result. False if the mail is not this claim's any more: another mailer has it, or it was removed.

    A GiveUp with `disable` says that the mail server of the receiver refused the address for good.
    """
    claim, at = result.claim, result.at
    # A person before the mail, as a removal locks them, to avoid a deadlock.
    recipient = select(MailRow.person_id).where(MailRow.id == claim.mail_id).scalar_subquery()
    person = await session.scalar(
        select(PersonRow).where(PersonRow.id == recipient).with_for_update(of=PersonRow, key_share=True)
    )
    mail = await session.scalar(
        select(MailRow).where(MailRow.id == claim.mail_id, MailRow.claim_id == claim.claim_id).with_for_update()
    )
    if mail is None:
        return False
    if isinstance(result.outcome, str):
        drop(session, at, mail, result.outcome)
        return True
    outcome = result.outcome
    failing_since = claim.failing_since or at
    if not isinstance(outcome, Delivered):
        outcome = give_up_if_overdue(outcome, failing_since, at)
    mail.attempts += 1
    if isinstance(outcome, Retry):
        mail.failing_since, mail.reason = failing_since, outcome.reason
        mail.next_attempt_at = next_attempt(mail.attempts, at, random(), failing_since=failing_since)
        mail.claim_id = mail.claimed_until = None
    elif isinstance(outcome, Delivered):
        _finish(mail, at, MailStatus.SENT)
        note_act(session, "mail.sent", mail=mail.id, kind=mail.kind, person=mail.person_id)
        if person is not None:
            person.refused_at = None
    elif is_gone(outcome):
        _finish(mail, at, MailStatus.REFUSED, outcome.reason)
        note_act(session, "mail.refused", level=logging.WARNING, mail=mail.id, kind=mail.kind, person=mail.person_id)
        await _tell_coordinators(session, at, mail, person)
    else:
        _finish(mail, at, MailStatus.FAILED, outcome.reason)
        note_act(session, "mail.failed", level=logging.WARNING, mail=mail.id, kind=mail.kind, reason=outcome.reason)
    return True


def drop(session: AsyncSession, now: datetime, mail: MailRow, reason: str) -> None:
    """The mail is not sent, because it is no longer true."""
    _finish(mail, now, MailStatus.DROPPED, reason)
    note_act(session, "mail.dropped", mail=mail.id, kind=mail.kind, reason=reason)


def _finish(mail: MailRow, at: datetime, status: MailStatus, reason: str | None = None) -> None:
    mail.status, mail.reason, mail.finished_at = status, reason, at
    # Nobody has to send it again, so nobody needs its link.
    mail.sealed_link = None
    mail.failing_since = mail.next_attempt_at = None
    mail.claim_id = mail.claimed_until = None


async def _tell_coordinators(session: AsyncSession, at: datetime, mail: MailRow, person: PersonRow | None) -> None:
    """Mark the person, and tell the coordinators once that the address does not work."""
    if person is not None and person.refused_at is not None:
        return
    subject: UUID | None = mail.link_id
    if person is not None:
        person.refused_at, subject = at, person.id
    others = [each for each in await outbox.people_of(session, ADMIN) if each != mail.person_id]
    await outbox.add_mail(session, at, MailKind.ADDRESS_REFUSED, others, subject_id=subject)
