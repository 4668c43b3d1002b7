"""What a wrong clock wrote, and an operator's word that the clock is right."""

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.clock import MAX_AHEAD
from capacity_api.db import sequence
from capacity_api.db.clock import read_clock_facts
from capacity_api.db.tables import EventRow, InstallationRow, IntakeRow, ResponderRow
from capacity_api.domain.intake import MAX_VALID_FOR, State
from capacity_api.operations import audit

_MAX_EVENTS_SHOWN = 20


class FutureEvent(msgspec.Struct, frozen=True, kw_only=True):
    sequence: int
    type: str
    at: datetime


class MisdatedReport(msgspec.Struct, frozen=True, kw_only=True):
    """A report that was confirmed in the future, or that would hold for longer than any report may."""

    slug: str
    state: State
    confirmed_at: datetime | None
    confirm_by: datetime | None


class ClockFindings(msgspec.Struct, frozen=True, kw_only=True):
    """`future_event_count` is how many public events are dated in the future, and `future_events` the newest of them.

    `database_time` is null on SQLite.
    """

    wall: datetime
    database_time: datetime | None
    newest_sequence: int
    newest_event_at: datetime
    accepted_at: datetime | None
    future_event_count: int
    future_events: list[FutureEvent]
    misdated_reports: list[MisdatedReport]


async def examine_clock(session: AsyncSession, now: datetime) -> ClockFindings:
    """Compare `now`, by the wall's clock, with the database."""
    facts = await read_clock_facts(session)
    newest, newest_at = await sequence.latest(session)
    # A restore alone is dated before the event before it. What it has put behind it is dealt with.
    restored = await session.scalar(select(InstallationRow.restored_sequence)) or 0
    future = (EventRow.sequence > restored, EventRow.at > now + MAX_AHEAD)
    events = await session.execute(
        select(EventRow.sequence, EventRow.type, EventRow.at)
        .where(*future)
        .order_by(EventRow.sequence.desc())
        .limit(_MAX_EVENTS_SHOWN)
    )
    reports = await session.execute(
        select(ResponderRow.slug, IntakeRow.report, IntakeRow.confirmed_at, IntakeRow.confirm_by)
        .join(IntakeRow)
        .where(
            ResponderRow.delisted_at.is_(None),
            IntakeRow.lapsed.is_(False),
            or_(IntakeRow.confirmed_at > now + MAX_AHEAD, IntakeRow.confirm_by > now + MAX_VALID_FOR + MAX_AHEAD),
        )
        .order_by(ResponderRow.slug)
    )
    return ClockFindings(
        wall=now,
        database_time=facts.database_time,
        newest_sequence=newest,
        newest_event_at=newest_at,
        accepted_at=facts.accepted_at,
        future_event_count=await session.scalar(select(func.count()).select_from(EventRow).where(*future)) or 0,
        future_events=[FutureEvent(sequence=row.sequence, type=row.type, at=row.at) for row in events],
        misdated_reports=[
            MisdatedReport(
                slug=row.slug,
                state=State(row.report.state),
                confirmed_at=row.confirmed_at,
                confirm_by=row.confirm_by,
            )
            for row in reports
            if row.report is not None
        ],
    )


async def accept_clock(session: AsyncSession, now: datetime) -> None:
    """The operator says that the wall's clock is right: every process takes it as it is now."""
    last = await session.scalar(select(InstallationRow.clock_accepted_at))
    # A process notices a new time, also where the clock was set back meanwhile.
    accepted_at = now if last != now else now + timedelta(microseconds=1)
    await session.execute(update(InstallationRow).values(clock_accepted_at=accepted_at))
    audit.add_entry(session, now, "clock.accept", "wall")
