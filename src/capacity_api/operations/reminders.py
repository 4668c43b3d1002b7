"""Reminders: the mail that asks a responder's people whether its report is still true.

A lapse and each reminder write their mail in the transaction that records them, and so do a dispute and `responder
chase`. Nobody of a suspended responder gets any.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.people_tables import MailRow, PersonRow
from capacity_api.db.tables import ResponderRow
from capacity_api.domain.intake import Step
from capacity_api.domain.mail import MailKind
from capacity_api.domain.owner import ADMIN
from capacity_api.domain.people import Role
from capacity_api.domain.reminders import is_unanswered, reminder_after
from capacity_api.domain.waiting import seconds_left
from capacity_api.errors import Conflict, TooManyReminders
from capacity_api.operations import audit
from capacity_api.operations.mail.outbox import NewMail, add_mails, people_of
from capacity_api.operations.near_names import no_responder

# How often a coordinator may ask. A second press of a button must not mail everybody again.
CHASE_EVERY = timedelta(hours=1)


async def add_reminders(session: AsyncSession, now: datetime, last_steps: Sequence[tuple[ResponderRow, Step]]) -> None:
    """Add the mail that steps ask for, given the last step that was recorded of each responder.

    After its last reminder the coordinators hear that a responder answered none, even where it has nobody to remind.
    """
    due = [(row, step) for row, step in last_steps if row.suspended_at is None and reminder_after(step) is not None]
    if not due:
        return
    reminded = await _people_reminded(session, [row.id for row, _ in due])
    coordinators = await people_of(session, ADMIN) if any(is_unanswered(step) for _, step in due) else []
    mails: list[NewMail] = []
    for row, step in due:
        kind = reminder_after(step)
        assert kind is not None
        mails += _mails_about(row, kind, reminded.get(row.id, ()))
        if is_unanswered(step):
            mails += _mails_about(row, MailKind.UNANSWERED, coordinators)
    await add_mails(session, now, mails)


async def chase_responder(session: AsyncSession, now: datetime, slug: str) -> int:
    """A coordinator asks everybody reminded of a responder now; returns how many.

    Raises `NotFound`, `Conflict` if it is suspended, and `TooManyReminders` within an hour after people were asked.
    """
    # The row is locked, so that of two at once the second finds the mail of the first.
    row = await session.scalar(
        select(ResponderRow)
        .where(ResponderRow.slug == slug, ResponderRow.delisted_at.is_(None))
        .with_for_update(of=ResponderRow, key_share=True)
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise await no_responder(session, slug)
    if row.suspended_at is not None:
        raise Conflict(f"{row.name} is suspended; resume it first")
    last = await session.scalar(
        select(func.max(MailRow.created_at)).where(MailRow.responder_id == row.id, MailRow.kind == MailKind.CHASED)
    )
    if wait := seconds_left(last, now, CHASE_EVERY):
        raise TooManyReminders(retry_after=wait)
    audit.add_entry(session, now, "responder.chase", slug)
    return await remind_now(session, now, MailKind.CHASED, row)


async def remind_now(
    session: AsyncSession, now: datetime, kind: MailKind, row: ResponderRow, *, subject_id: UUID | None = None
) -> int:
    """Ask everybody `reminded` of a responder at once; returns how many. See `MailRow` for `subject_id`."""
    if row.suspended_at is not None:
        return 0
    people = (await _people_reminded(session, [row.id])).get(row.id, [])
    await add_mails(session, now, _mails_about(row, kind, people, subject_id))
    return len(people)


def _mails_about(
    row: ResponderRow, kind: MailKind, people: Sequence[UUID], subject_id: UUID | None = None
) -> list[NewMail]:
    return [
        NewMail(
            kind=kind,
            person_id=person_id,
            responder_id=row.id,
            report_sequence=row.intake.report_sequence,
            subject_id=subject_id,
        )
        for person_id in people
    ]


async def _people_reminded(session: AsyncSession, responder_ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """The ids of everybody `reminded`, by responder."""
    query = select(PersonRow.id, PersonRow.responder_id, PersonRow.roles).where(
        PersonRow.responder_id.in_(responder_ids)
    )
    people: dict[UUID, list[UUID]] = {}
    for person_id, responder_id, roles in await session.execute(query.order_by(PersonRow.id)):
        if responder_id is not None and Role.REMINDED in roles:
            people.setdefault(responder_id, []).append(person_id)
    return people
