"""What a controller has at hand, and the one place where a transaction of the API begins and ends."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.config import Settings
from capacity_api.db.engine import CHANGED, Database
from capacity_api.domain.keys import Keys
from capacity_api.loop import Clock
from capacity_api.publication.publication import Publication


class Context:
    """One per application; handed to every handler as `context`."""

    def __init__(
        self,
        *,
        settings: Settings,
        database: Database,
        keys: Keys,
        clock: Clock,
        publication: Publication,
        committed: Callable[[], None],
    ) -> None:
        self.settings = settings
        self.database = database
        self.keys = keys
        self.clock = clock
        self.publication = publication
        self._committed = committed

    def now(self) -> datetime:
        return self.clock()

    def read(self) -> AbstractAsyncContextManager[AsyncSession]:
        return self.database.read()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A transaction that is over, and can be read here, before the handler answers.

        Only after the commit is anybody woken: woken earlier they would look, find nothing and sleep again.
        """
        async with self.database.write() as session:
            yield session
        if CHANGED in session.info:
            self._committed()
            await self.publication.show(session.info[CHANGED])
