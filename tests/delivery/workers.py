"""Workers in the test's own event loop: one that goes a step at a time, and one that runs."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.delivery import rows
from tests.delivery.endpoints import public_pool

from capacity_api.clock import Clock, utc_now
from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.delivery.pool import Pool
from capacity_api.delivery.worker import Worker


@asynccontextmanager
async def stepping(database: Database, settings: Settings, clock: Clock) -> AsyncIterator[Worker]:
    worker = Worker(database, rows.KEYS, settings, clock, asyncio.Event(), public_pool())
    try:
        yield worker
    finally:
        await worker.close()


@asynccontextmanager
async def running(
    database: Database, settings: Settings, wake: asyncio.Event, pool: Pool | None = None
) -> AsyncIterator[None]:
    task = asyncio.create_task(Worker(database, rows.KEYS, settings, utc_now, wake, pool or public_pool()).run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def sequence_of(body: bytes) -> int:
    number: int = json.loads(body)["sequence"]
    return number


async def deliver_all(worker: Worker) -> None:
    """Everything that is due now."""
    while True:
        more = await worker.deliver_some()
        if not await worker.wait_until_sent() and not more:
            return
