"""The counts behind the coverage events: one row, moved by each change, and recounted on demand."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db import sequence
from capacity_api.db.tables import CoverageRow, IntakeRow, ResponderRow
from capacity_api.domain.coverage import (
    CellSet,
    Contribution,
    Counts,
    contribution_for,
    count_contributions,
    counts_to_json,
)
from capacity_api.domain.gaps import Helper
from capacity_api.domain.intake import Intake, Report, remit_now
from capacity_api.domain.remit import Remit

_AT_A_TIME = 200


def contribution_of(row: ResponderRow) -> Contribution | None:
    """What a responder adds to the counts as recorded; nothing once it is delisted."""
    if row.delisted_at is not None:
        return None
    intake = row.intake.value
    return contribution_for(remit_now(row.remit, intake), intake.state)


async def get_counts(session: AsyncSession) -> CoverageRow:
    """The row with the counts, filled in if it is empty. Take the write lock first."""
    row = await session.get_one(CoverageRow, 1)
    if row.counts is None:
        row.counts = counts_to_json(await recount(session))
    return row


async def rebuild(session: AsyncSession) -> bool:
    """Recount; returns whether the counts were wrong. No event follows: nobody's state has changed."""
    await sequence.lock(session)
    row = await session.get_one(CoverageRow, 1)
    counts = counts_to_json(await recount(session))
    were_wrong = row.counts is not None and row.counts != counts
    row.counts = counts
    return were_wrong


async def recount(session: AsyncSession) -> Counts:
    """The counts, from every responder as recorded."""
    rows = await session.execute(
        select(ResponderRow.remit, IntakeRow.report, IntakeRow.lapsed)
        .join(IntakeRow, IntakeRow.responder_id == ResponderRow.id)
        .where(ResponderRow.delisted_at.is_(None))
    )
    return count_contributions([_contribution(remit, report, lapsed) for remit, report, lapsed in rows])


async def read_helpers(session: AsyncSession, cell_set: CellSet) -> list[Helper]:
    """The responders that may help in any of these cells, as recorded."""
    # Some at a time: others go on in between.
    rows = await session.stream(
        select(ResponderRow.name, ResponderRow.slug, ResponderRow.remit, IntakeRow.report, IntakeRow.lapsed)
        .join(IntakeRow, IntakeRow.responder_id == ResponderRow.id)
        .where(ResponderRow.delisted_at.is_(None), IntakeRow.report.is_not(None), IntakeRow.lapsed.is_(False))
        .execution_options(yield_per=_AT_A_TIME)
    )
    helpers: list[Helper] = []
    async for name, slug, remit, report, lapsed in rows:
        may_help = _contribution(remit, report, lapsed).may_help
        if may_help & cell_set:
            helpers.append(Helper(name, slug, may_help))
    return helpers


def _contribution(remit: Remit, report: Report | None, lapsed: bool) -> Contribution:
    intake = Intake(report=report, lapsed=lapsed)
    return contribution_for(remit_now(remit, intake), intake.state)
