"""The sequence: the number of every public event, in the order of the commits, without gaps but for one at a restore.

So compare numbers, and never subtract them to count: there may be fewer events between two.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.tables import InstallationRow, SequenceRow


async def lock(session: AsyncSession) -> SequenceRow:
    """Take the write lock: the one row of `sequence`, until the transaction ends.

    Take it before you read anything that a change depends on. Writers queue here, so numbers come in the order of the
    commits, and a transaction that is rolled back returns its numbers. On SQLite the transaction has begun with
    `BEGIN IMMEDIATE` and has the lock already.
    """
    return (
        await session.execute(select(SequenceRow).with_for_update().execution_options(populate_existing=True))
    ).scalar_one()


def next_number(row: SequenceRow, at: datetime) -> int:
    """The next number, for an event at `at`, or at the time of the last event if that is later."""
    row.n += 1
    row.at = max(row.at, at)
    return row.n


def jump(row: SequenceRow, number: int, at: datetime) -> None:
    """The next number is `number`, and `at` the earliest time that it can have: the directory was restored."""
    row.n = number - 1
    row.at = at


async def latest(session: AsyncSession) -> tuple[int, datetime]:
    """The number and the time of the newest public event."""
    row = (await session.execute(select(SequenceRow.n, SequenceRow.at))).one()
    return row.n, row.at


async def latest_restore(session: AsyncSession) -> int:
    """The number of the newest `directory.restored`; 0 if there is none."""
    return await session.scalar(select(InstallationRow.restored_sequence)) or 0
