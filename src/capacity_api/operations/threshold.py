"""A responder's threshold and what it counts: private to it and to administrators."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api import representations
from capacity_api.db.tables import ThresholdRow
from capacity_api.domain import threshold as thresholds
from capacity_api.domain.threshold import MOST_REFERRALS, Threshold
from capacity_api.errors import Invalid, NotFound
from capacity_api.operations import audit, changes, responders
from capacity_api.representations import Responder


class Caseload(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted, and the responder as the public sees it from then on."""

    open_referrals: int
    counted_at: datetime
    responder: Responder


async def count(
    session: AsyncSession, now: datetime, slug: str, open_referrals: int, token_id: UUID | None = None
) -> Caseload:
    """Record how many referrals are open; the threshold pauses or restores with it. Raises `Invalid`."""
    if not 0 <= open_referrals <= MOST_REFERRALS:
        raise Invalid.at("/open_referrals", f"must be from 0 to {MOST_REFERRALS}")
    change = await changes.begin(session, now)
    row = await change.responder(slug)
    held = await _held(session, row.id)
    held.open_referrals, held.counted_at = open_referrals, change.now
    if held.threshold is not None:
        valid_for = timedelta(hours=row.valid_for_hours)
        step = thresholds.counted(row.intake.value, held.threshold, open_referrals, change.now, valid_for)
        if step is not None:
            change.record(row, step, step.after.report, token_id)
    return Caseload(
        open_referrals=open_referrals,
        counted_at=change.now,
        responder=representations.from_responder(row, change.now),
    )


async def prepare(
    session: AsyncSession, now: datetime, slug: str, threshold: Threshold, token_id: UUID | None = None
) -> Threshold:
    """Prepare what is said at the threshold; it acts when the next count comes. Raises `NotFound`, `Invalid`."""
    change = await changes.begin(session, now)
    held = await _held(session, (await change.responder(slug)).id)
    held.threshold = thresholds.checked(threshold)
    audit.note(session, change.now, token_id, "threshold.change", slug)
    return held.threshold


async def read(session: AsyncSession, slug: str) -> Threshold:
    """Raises `NotFound` when there is none."""
    row = await responders.by_slug(session, slug)
    held = await session.get(ThresholdRow, row.id)
    if held is None or held.threshold is None:
        raise NotFound("No threshold is set")
    return held.threshold


async def remove(session: AsyncSession, now: datetime, slug: str, token_id: UUID | None = None) -> None:
    """From now on no count pauses intake; what is paused stays so. Without a threshold nothing happens."""
    change = await changes.begin(session, now)
    held = await _held(session, (await change.responder(slug)).id)
    held.threshold = None
    audit.note(session, change.now, token_id, "threshold.remove", slug)


async def _held(session: AsyncSession, responder_id: UUID) -> ThresholdRow:
    """The row, made when there is none; whoever calls has the turn, so nobody else makes it meanwhile."""
    row = await session.get(ThresholdRow, responder_id)
    if row is None:
        row = ThresholdRow(responder_id=responder_id)
        session.add(row)
    return row
