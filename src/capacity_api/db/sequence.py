"""The gap-free, commit-ordered number of everything the public can see change."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.tables import SequenceRow


async def lock(session: AsyncSession) -> SequenceRow:
    """Take the one row, and with it the turn to change anything, until the transaction ends.

    Call it first: what was read before it may have changed meanwhile. On SQLite the transaction began immediately and
    holds the turn already. Waiting writers queue here, so the numbers come in the order of the commits, and a
    transaction that is rolled back gives its numbers back.
    """
    return (
        await session.execute(select(SequenceRow).with_for_update().execution_options(populate_existing=True))
    ).scalar_one()


def take(row: SequenceRow, now: datetime) -> int:
    """The next number, for an event at `now` or at the last event's time if that is later."""
    row.n += 1
    row.at = max(row.at, now)
    return row.n


async def latest(session: AsyncSession) -> tuple[int, datetime]:
    """The number and the time of the newest public event."""
    row = (await session.execute(select(SequenceRow.n, SequenceRow.at))).one()
    return row.n, row.at
