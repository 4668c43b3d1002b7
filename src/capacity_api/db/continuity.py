"""Whether the database is still the one that this process last saw, or went back in time."""

from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.config import Settings
from capacity_api.db.mark import mark_path, read_mark
from capacity_api.db.position import Position, compare, read_position
from capacity_api.errors import DatabaseMoved, DatabaseRestored


class Continuity:
    """What one process has seen of its database. On SQLite it begins with the mark."""

    def __init__(self, settings: Settings) -> None:
        self._mark = mark_path(settings) if settings.is_sqlite else None
        self._seen: Position | None = None
        # As of the last comparison. `lacks_mark`: the database had a mark once, and none stands beside it.
        self.is_marked = False
        self.lacks_mark = False
        self.went_back = False
        self.has_moved = False

    @property
    def seen(self) -> Position | None:
        """The newest position that the database is known to have held."""
        return self._seen

    async def look(self, session: AsyncSession) -> None:
        """Compare the database with what was seen, and remember its position if it holds that."""
        await self._compare(session)
        if self.went_back:
            return
        found = await read_position(session)
        # A look that began earlier may end later.
        if self._seen is None or found.sequence >= self._seen.sequence:
            self._seen = found

    async def require_same(self, session: AsyncSession) -> None:
        """Raise `DatabaseRestored` where what the database holds may be older than what was shown."""
        await self._compare(session)
        if self.went_back:
            raise DatabaseRestored

    async def require(self, session: AsyncSession) -> None:
        """Raise `DatabaseRestored` or `DatabaseMoved` where the database must not be written to."""
        await self.require_same(session)
        if self.has_moved:
            raise DatabaseMoved

    def require_number(self, newest: int) -> None:
        """Raise `DatabaseRestored` where the newest number, read under the write lock, is lower than one that was seen.

        Who waited for the lock compared before that, and somebody may have put an older database back meanwhile.
        """
        if self._seen is not None and newest < self._seen.sequence:
            self.went_back = True
            raise DatabaseRestored

    async def _compare(self, session: AsyncSession) -> None:
        if self._mark is not None and self._seen is None:
            self._seen = read_mark(self._mark)
        found = await compare(session, self._seen)
        if self._mark is not None and self._seen is None and found.marked:
            # Another process may have written the first mark just now.
            self._seen = read_mark(self._mark)
        self.is_marked = found.marked
        self.lacks_mark = self._mark is not None and self._seen is None and found.marked
        self.went_back = found.went_back or self.lacks_mark
        self.has_moved = found.has_moved
