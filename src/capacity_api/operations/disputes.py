"""Disputes: a partner says what it was told on the telephone. The responder's people are asked at once.

A dispute changes nothing that the public sees: whether it is right, only the responder knows. The coordinators see it.
"""

from datetime import datetime
from typing import cast
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from capacity_api.db.people_tables import DisputeRow
from capacity_api.domain.disputes import DISPUTE_EVERY, DisputeFinding
from capacity_api.domain.intake import State
from capacity_api.domain.mail import MailKind
from capacity_api.domain.owner import Owner
from capacity_api.domain.waiting import seconds_left
from capacity_api.errors import NotFound, TooManyDisputes
from capacity_api.operations import audit, changes, owners, reminders
from capacity_api.operations.paging import Page, page


class Dispute(msgspec.Struct, frozen=True, kw_only=True):
    """`shown` is the state that the directory showed when the partner disputed it."""

    id: UUID
    slug: str
    partner: Owner
    found: DisputeFinding
    shown: State
    at: datetime


async def add_dispute(
    session: AsyncSession, now: datetime, partner: Owner, slug: str, found: DisputeFinding
) -> Dispute:
    """Record a dispute and ask everybody reminded of the responder. Raises `NotFound` and `TooManyDisputes`."""
    assert partner.id is not None
    # The write lock, so that of two at once the second finds the first.
    change = await changes.begin(session, now)
    responder = await change.get_responder(slug)
    last = await session.scalar(
        select(func.max(DisputeRow.at)).where(
            DisputeRow.responder_id == responder.id, DisputeRow.partner_id == partner.id
        )
    )
    if wait := seconds_left(last, now, DISPUTE_EVERY):
        raise TooManyDisputes(retry_after=wait)
    await owners.require_active(session, partner)
    row = DisputeRow(
        id=uuid7(),
        responder_id=responder.id,
        partner_id=partner.id,
        found=found,
        shown=change.intake_of(responder).state,
        at=now,
    )
    session.add(row)
    await reminders.remind_now(session, now, MailKind.DISPUTED, responder, subject_id=row.id)
    audit.add_entry(session, now, "dispute.add", slug, found=found, shown=row.shown)
    return _represent(row, responder.slug, partner)


async def list_disputes(session: AsyncSession, limit: int, cursor: str | None) -> Page[Dispute]:
    """The newest first, also those of responders that were delisted since."""
    every_owner = await owners.by_id(session)

    def represent(row: DisputeRow) -> Dispute:
        return _represent(row, cast("str", every_owner[row.responder_id].slug), every_owner[row.partner_id])

    return await page(session, select(DisputeRow), DisputeRow.id, represent, limit, cursor)


async def read_dispute(session: AsyncSession, dispute_id: UUID, only: Owner | None = None) -> Dispute:
    """A dispute. Raises `NotFound`, also for one of another partner than `only`."""
    row = await session.get(DisputeRow, dispute_id)
    if row is None or (only is not None and row.partner_id != only.id):
        raise NotFound("There is no such dispute")
    every_owner = await owners.by_id(session)
    return _represent(row, cast("str", every_owner[row.responder_id].slug), every_owner[row.partner_id])


def _represent(row: DisputeRow, slug: str, partner: Owner) -> Dispute:
    return Dispute(
        id=row.id, slug=slug, partner=partner, found=DisputeFinding(row.found), shown=State(row.shown), at=row.at
    )
