"""What every handler works with, and the one place where a transaction of the API begins and ends."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.clock import Clock
from capacity_api.config import Settings
from capacity_api.db.engine import CHANGED, Database
from capacity_api.domain.keys import Keys
from capacity_api.publication.publisher import Publisher


class Context:
    """One for each application; handlers get it as `context`."""

    def __init__(
        self,
        *,
        settings: Settings,
        database: Database,
        keys: Keys,
        clock: Clock,
        publisher: Publisher,
        notify: Callable[[], None],
    ) -> None:
        self.settings = settings
        self.database = database
        self.keys = keys
        self.clock = clock
        self.publisher = publisher
        self._notify = notify

    def now(self) -> datetime:
        return self.clock()

    def read(self) -> AbstractAsyncContextManager[AsyncSession]:
        return self.database.read()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A transaction that is committed, and shown by this process, before the handler answers.

        Publication and delivery are woken after the commit: before it they would find nothing and go back to sleep.
        """
        async with self.database.write() as session:
            yield session
        if CHANGED in session.info:
            self._notify()
            await self.publisher.wait_for(session.info[CHANGED])
