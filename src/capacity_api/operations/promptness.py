"""How promptly a responder confirms. Only its own tokens and administrators may read it."""

from datetime import datetime

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.tables import ReportRow
from capacity_api.operations.responders import get_responder
from capacity_api.operations.restores import read_restores


class Promptness(msgspec.Struct, frozen=True, kw_only=True):
    """How often the responder reported and confirmed in [`from`, `to`), and how often a report lapsed."""

    start: datetime = msgspec.field(name="from")
    end: datetime = msgspec.field(name="to")
    reported_count: int
    confirmed_count: int
    lapsed_count: int


async def read_promptness(session: AsyncSession, slug: str, start: datetime, end: datetime) -> Promptness:
    """The counts for [start, end). Raises `NotFound`."""
    responder = await get_responder(session, slug)
    restores = await read_restores(session)
    at = restores.column(ReportRow.sequence, ReportRow.at)
    rows = await session.execute(
        select(ReportRow.kind, func.count().label("number"))
        .where(ReportRow.responder_id == responder.id, at >= start, at < end)
        .group_by(ReportRow.kind)
    )
    counts = {row.kind: row.number for row in rows}
    return Promptness(
        start=start,
        end=end,
        reported_count=counts.get("reported", 0),
        confirmed_count=counts.get("confirmed", 0),
        lapsed_count=counts.get("lapsed", 0),
    )
