"""What every handler works with. Each transaction of the API begins and ends here."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.clock import Clock
from capacity_api.config import Settings
from capacity_api.db import sequence
from capacity_api.db.engine import CHANGED, SEEN, Database
from capacity_api.domain.keys import Keys
from capacity_api.publication.publisher import Publisher


class Context:
    """Handlers get it as `context`. There is one for each application."""

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

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A transaction that only reads. Raises `DatabaseRestored`: an old "open" or a revoked token would be back."""
        async with self.database.read() as session:
            await self.database.continuity.require_same(session)
            yield session

    @asynccontextmanager
    async def read_published(self) -> AsyncIterator[AsyncSession]:
        """The same. At the end of its block, this process has published all that it saw."""
        async with self.read() as session:
            newest, _ = await sequence.latest(session)
            yield session
        await self.publisher.wait_for(newest)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A transaction. At the end of its block it is committed, and this process has published it and all it saw.

        Publication and delivery are woken only after the commit: earlier they would find nothing. The wait for the
        publication has a limit (`acknowledge_timeout`).
        """
        async with self.database.write() as session:
            yield session
        if CHANGED in session.info:
            self._notify()
        await self.publisher.wait_for(max(session.info.get(CHANGED, 0), session.info.get(SEEN, 0)))
