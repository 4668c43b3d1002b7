"""When an event happened, where a wrong clock dated it and the directory was restored since.

Events never go back in time, but for `directory.restored`, which has the time of the wall's clock. What was dated after
the next `directory.restored` counts as of that moment.
"""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, case, literal, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.tables import IS_RESTORE, EventRow


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
