"""The counts behind the coverage events: one row, moved by each change and counted anew on demand."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db import sequence
from capacity_api.db.tables import CoverageRow, IntakeRow, ResponderRow
from capacity_api.domain.coverage import Contribution, Counts, cells, counted, dumped
from capacity_api.domain.intake import Intake


def contribution(row: ResponderRow) -> Contribution | None:
    """What a responder counts for as recorded; nothing once it is delisted."""
    return None if row.delisted_at is not None else Contribution(cells(row.remit), row.intake.value.state)


async def held(session: AsyncSession) -> CoverageRow:
    """The row with the counts, which are made where there are none yet. The turn must have been taken."""
    row = await session.get_one(CoverageRow, 1)
    if row.counts is None:
        row.counts = dumped(await recounted(session))
    return row


async def recounted(session: AsyncSession) -> Counts:
    """The counts, from every responder as recorded."""
    rows = await session.execute(
        select(ResponderRow.remit, IntakeRow.report, IntakeRow.lapsed)
        .join(IntakeRow, IntakeRow.responder_id == ResponderRow.id)
        .where(ResponderRow.delisted_at.is_(None))
    )
    return counted(
        Contribution(cells(remit), Intake(report=report, lapsed=lapsed).state) for remit, report, lapsed in rows
    )


async def rebuild(session: AsyncSession) -> bool:
    """Count anew; returns whether the counts were wrong. No event follows: nobody's state has changed."""
    await sequence.lock(session)
    row = await session.get_one(CoverageRow, 1)
    counts = dumped(await recounted(session))
    wrong = row.counts is not None and row.counts != counts
    row.counts = counts
    return wrong
