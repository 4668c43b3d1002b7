"""Bulkheads: connections to the database by purpose, so that no purpose can use up those of another.

Whatever anonymous readers ask, a responder's report must be authenticated, stored, shown and delivered. So each purpose
has a pool of its own, and what nobody answers for waits in a short queue that can be full.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from enum import StrEnum

from capacity_api.errors import DatabaseUnavailable, OutageCause, TooBusy

# How long an anonymous query waits for its turn.
_WAIT_SECONDS = 2.0
# With two at once and a few milliseconds for each, a reader at the end of the queue waits for a blink.
MAX_WAITING = 16


class Bulkhead(StrEnum):
    """What a connection is for."""

    # Everything that a process does by itself to be true: the publication, lapses, statistics, readiness, the watch.
    PUBLICATION = "publication"
    # Changes by a token, or by a command.
    WRITES = "writes"
    # What a token reads, or a command.
    READS = "reads"
    # Of tokens that are known to hold. Nobody else can fill this one.
    AUTHENTICATION = "authentication"
    # Of callers without a token, or with one that this process does not know.
    ANONYMOUS = "anonymous"
    DELIVERY = "delivery"
    MAIL = "mail"


# How many connections each may have. `docs/operate/database.md` has the sum. On PostgreSQL one of those of the
# publication listens for notifications. On SQLite these are for reading, and one more is for every write.
CONNECTIONS: Mapping[Bulkhead, int] = {
    Bulkhead.PUBLICATION: 4,
    Bulkhead.WRITES: 3,
    Bulkhead.READS: 2,
    Bulkhead.AUTHENTICATION: 2,
    Bulkhead.ANONYMOUS: 2,
    Bulkhead.DELIVERY: 2,
    Bulkhead.MAIL: 1,
}


class Queue:
    """Lets `size` callers in at once, and the others wait in order. A pool's own queue is in no order.

    With `max_waiting` it can be full, and a caller is then refused at once.
    """

    def __init__(self, size: int, wait_seconds: float, max_waiting: int | None = None) -> None:
        self._free = asyncio.Semaphore(size)
        self._wait_seconds = wait_seconds
        self._max_waiting = max_waiting
        self.waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, which lasts as long as the block. Raises `DatabaseUnavailable` or `TooBusy`."""
        if self._max_waiting is not None and self.waiting >= self._max_waiting:
            raise TooBusy
        self.waiting += 1
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._free.acquire()
        except TimeoutError:
            if self._max_waiting is not None:
                raise TooBusy from None
            raise DatabaseUnavailable(cause=OutageCause.BUSY) from None
        finally:
            self.waiting -= 1
        try:
            yield
        finally:
            self._free.release()


def short_queue(size: int) -> Queue:
    """One for what nobody answers for."""
    return Queue(size, _WAIT_SECONDS, MAX_WAITING)
