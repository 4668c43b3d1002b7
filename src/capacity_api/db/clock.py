"""What the database says of the time, and one round of the clock watch."""

import contextlib
from datetime import datetime

import msgspec
from sqlalchemy import func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.clock_watch import ClockWatch
from capacity_api.conditions import ConditionCode, Conditions
from capacity_api.db.bulkheads import Bulkhead
from capacity_api.db.engine import Database
from capacity_api.db.tables import InstallationRow, SequenceRow
from capacity_api.errors import DatabaseUnavailable

# So an operator who accepts the clock is heard within a second.
LOOK_AT_CLOCK_EVERY_SECONDS = 0.5


class ClockFacts(msgspec.Struct, frozen=True, kw_only=True):
    """`database_time` is null on SQLite, which has no clock of its own."""

    database_time: datetime | None
    newest_event_at: datetime
    accepted_at: datetime | None


async def read_clock_facts(session: AsyncSession) -> ClockFacts:
    has_clock = session.get_bind().dialect.name == "postgresql"
    # Not now(): that is when the transaction began.
    clock = func.clock_timestamp() if has_clock else literal(None)
    row = (
        await session.execute(
            select(clock.label("time"), SequenceRow.at, InstallationRow.clock_accepted_at)
            .select_from(SequenceRow)
            # Both tables have one row.
            .join(InstallationRow, InstallationRow.id == 1)
        )
    ).one()
    return ClockFacts(database_time=row.time, newest_event_at=row.at, accepted_at=row.clock_accepted_at)


async def look_at_clock(database: Database, watch: ClockWatch, conditions: Conditions) -> bool:
    """One round. The clocks of this machine are compared also while the database is away."""
    with contextlib.suppress(DatabaseUnavailable):
        async with database.read(Bulkhead.PUBLICATION) as session:
            # After the connection was opened, which can take long.
            asked_at = watch.wall()
            facts = await read_clock_facts(session)
        watch.note(
            asked_at=asked_at,
            database_time=facts.database_time if watch.asks_database else None,
            newest_event_at=facts.newest_event_at,
            accepted_at=facts.accepted_at,
        )
    conditions.set(ConditionCode.CLOCK, watch.read().doubt)
    return False
