"""When an event happened, where a wrong clock dated it and the directory was restored since.

Events never go back in time, but for `directory.restored`, which has the time of the wall's clock. What was dated after
the next `directory.restored` counts as of that moment. So the times at which events happened rise with their numbers.
"""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, case, literal, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.tables import IS_RESTORE, EventRow

# The largest number that a column can hold.
_BEYOND = 2**63 - 1


class Restores(msgspec.Struct, frozen=True):
    """Each restore by the number of its event, oldest first, with the time that no event before it is later than."""

    limits: tuple[tuple[int, datetime], ...] = ()

    def time_of(self, sequence: int, at: datetime) -> datetime:
        """When an event with this number and date happened."""
        for number, limit in self.limits:
            if sequence < number:
                return min(at, limit)
        return at

    def column(self, sequence: Any, at: Any) -> ColumnElement[datetime]:
        """The same as SQL, of two columns."""
        if not self.limits:
            column: ColumnElement[datetime] = at
            return column
        times = [
            (sequence < number, case((at > limit, literal(limit, at.type)), else_=at)) for number, limit in self.limits
        ]
        return case(*times, else_=at)


NO_RESTORES = Restores()


async def read_restores(session: AsyncSession) -> Restores:
    # A test of a webhook may be of this type, and has no number.
    query = select(EventRow.sequence, EventRow.at).where(text(IS_RESTORE), EventRow.sequence.is_not(None))
    rows = (await session.execute(query.order_by(EventRow.sequence.desc()))).all()
    limits: list[tuple[int, datetime]] = []
    for row in rows:
        assert row.sequence is not None, "a restore that happened has a number"
        # A wrong clock may have dated a restore as well.
        limits.append((row.sequence, min(row.at, limits[-1][1]) if limits else row.at))
    return Restores(tuple(reversed(limits)))


async def first_number_since(session: AsyncSession, since: datetime, restores: Restores) -> int:
    """The number of the first event that happened at `since` or later; beyond every number if there is none.

    A report is never dated later than its event. So what was reported since then has this number or a higher one.
    """
    begins = 0
    for number, limit in restores.limits:
        if limit >= since:
            found = await _first_dated(session, since, begins, number)
            return number if found is None else found
        begins = number
    found = await _first_dated(session, since, begins, _BEYOND)
    return _BEYOND if found is None else found


async def _first_dated(session: AsyncSession, since: datetime, begins: int, ends: int) -> int | None:
    """Of the events with a number in [begins, ends), the first that is dated `since` or later."""
    query = select(EventRow.sequence).where(EventRow.at >= since, EventRow.sequence >= begins, EventRow.sequence < ends)
    number: int | None = await session.scalar(query.order_by(EventRow.at, EventRow.sequence).limit(1))
    return number
