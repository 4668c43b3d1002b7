"""A responder's threshold and what it counts: private to it and to administrators."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.tables import ThresholdRow
from capacity_api.domain.threshold import MAX_REFERRALS, Threshold, apply_count, validate_threshold
from capacity_api.errors import Invalid, NotFound
from capacity_api.operations import audit, changes, reminders
from capacity_api.operations.responders import get_responder
from capacity_api.representations.responder import Responder


class Caseload(msgspec.Struct, frozen=True, kw_only=True):
    """The count, and the responder as the public sees it from now on."""

    open_referrals: int
    counted_at: datetime
    responder: Responder


async def record_caseload(session: AsyncSession, now: datetime, slug: str, open_referrals: int) -> Caseload:
    """Record how many referrals are open; the threshold may pause or restore intake. Raises `NotFound`, `Invalid`."""
    if not 0 <= open_referrals <= MAX_REFERRALS:
        raise Invalid.at("/open_referrals", f"must be from 0 to {MAX_REFERRALS}")
    change = await changes.begin(session, now)
    responder = await change.get_responder(slug)
    row = await _get_or_add(session, responder.id)
    row.open_referrals, row.counted_at = open_referrals, change.now
    if row.threshold is not None:
        valid_for = timedelta(hours=responder.valid_for_hours)
        step = apply_count(change.intake_of(responder), row.threshold, open_referrals, change.now, valid_for)
        # While the clock is in doubt a count may pause, but brings nobody back as open: a later count does.
        if step is not None and change.may_take(responder, step):
            await change.record(responder, step, step.after.report)
            await reminders.add_reminders(session, change.now, [(responder, step)])
    audit.add_entry(session, change.now, "caseload.count", slug, is_logged=False)
    return Caseload(
        open_referrals=open_referrals,
        counted_at=change.now,
        responder=change.represent(responder),
    )


async def set_threshold(session: AsyncSession, now: datetime, slug: str, threshold: Threshold) -> Threshold:
    """Set the threshold; it acts on the next count. Raises `NotFound`, `Invalid`."""
    change = await changes.begin(session, now)
    row = await _get_or_add(session, (await change.get_responder(slug)).id)
    row.threshold, row.set_at = validate_threshold(threshold), change.now
    audit.add_entry(session, change.now, "threshold.change", slug)
    return row.threshold


async def read_threshold(session: AsyncSession, slug: str) -> Threshold:
    """Raises `NotFound` when there is none."""
    responder = await get_responder(session, slug)
    row = await session.get(ThresholdRow, responder.id)
    if row is None or row.threshold is None:
        raise NotFound("No threshold is set")
    return row.threshold


async def remove_threshold(session: AsyncSession, now: datetime, slug: str) -> None:
    """From now on no count pauses intake; a pause stays. Without a threshold nothing happens."""
    change = await changes.begin(session, now)
    row = await _get_or_add(session, (await change.get_responder(slug)).id)
    row.threshold = None
    audit.add_entry(session, change.now, "threshold.remove", slug)


async def _get_or_add(session: AsyncSession, responder_id: UUID) -> ThresholdRow:
    """The row, added if there is none. The caller has the write lock, so nobody else adds it meanwhile."""
    row = await session.get(ThresholdRow, responder_id)
    if row is None:
        row = ThresholdRow(responder_id=responder_id)
        session.add(row)
    return row
