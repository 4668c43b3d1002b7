"""How promptly a responder confirms: its own business, told to its own tokens and to administrators alone."""

from datetime import datetime

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.tables import ReportRow
from capacity_api.operations import responders


class Promptness(msgspec.Struct, frozen=True, kw_only=True):
    """Of the time from `from` up to but not including `to`: how often it spoke, and how often a report lapsed first."""

    start: datetime = msgspec.field(name="from")
    end: datetime = msgspec.field(name="to")
    reported: int
    confirmed: int
    lapsed: int


async def over(session: AsyncSession, slug: str, start: datetime, end: datetime) -> Promptness:
    """What a responder said in [start, end), and what lapsed; raises `NotFound`."""
    row = await responders.by_slug(session, slug)
    rows = await session.execute(
        select(ReportRow.kind, func.count().label("number"))
        .where(ReportRow.responder_id == row.id, ReportRow.at >= start, ReportRow.at < end)
        .group_by(ReportRow.kind)
    )
    counts = {row.kind: row.number for row in rows}
    return Promptness(
        start=start,
        end=end,
        reported=counts.get("reported", 0),
        confirmed=counts.get("confirmed", 0),
        lapsed=counts.get("lapsed", 0),
    )
