"""What a worker leaves behind: if it was killed, the events of one claim may come again; if it was stopped, none."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

from sqlalchemy import select
from tests import processes
from tests.delivery import rows
from tests.delivery.endpoints import Endpoint, serving
from tests.delivery.workers import sequence_of
from tests.leases import pass_time

from capacity_api.clock import utc_now
from capacity_api.db.engine import Database
from capacity_api.db.tables import WebhookRow

_EVENTS = 12


@asynccontextmanager
async def _worker(env: dict[str, str]) -> AsyncIterator[None]:
    worker = await processes.start("worker", env=env, announces="delivers webhooks")
    try:
        yield
    finally:
        await worker.kill()


def _environment(database_url: str) -> dict[str, str]:
    return processes.environment(database_url, egress_allow="127.0.0.0/8")


class _Endpoint(Endpoint):
    """Answers no more from a certain arrival on, until it goes on."""

    def __init__(self, silent_from: int) -> None:
        super().__init__()
        self._silent_from = silent_from
        self.goes_on = asyncio.Event()

    async def take(self, body: bytes) -> int:
        if len(self.posts) >= self._silent_from:
            await self.goes_on.wait()
        return self.status


async def test_a_worker_that_is_told_to_stop_records_what_it_has_sent(database: Database, database_url: str) -> None:
    endpoint = Endpoint()
    endpoint.gate.clear()
    await rows.add_responder(database, utc_now())
    async with serving(endpoint) as url:
        await rows.add_webhook(database, utc_now(), url)
        sent = await rows.add_event(database, utc_now())
        worker = await processes.start("worker", env=_environment(database_url), announces="delivers webhooks")
        await endpoint.arrived(1)
        worker.send_signal(signal.SIGTERM)
        endpoint.gate.set()
        assert await worker.wait() == 0
    async with database.read() as session:
        assert await session.scalar(select(WebhookRow.cursor)) == sent


async def test_of_a_killed_worker_at_most_the_events_of_one_claim_are_sent_again(
    database: Database, database_url: str, chance: Random
) -> None:
    env = _environment(database_url)
    killed_at = chance.randrange(1, _EVENTS)
    endpoint = _Endpoint(killed_at)
    await rows.add_responder(database, utc_now())
    async with serving(endpoint) as url:
        await rows.add_webhook(database, utc_now(), url, stale="send")
        for _ in range(_EVENTS):
            await rows.add_event(database, utc_now())
        async with _worker(env):
            await endpoint.arrived(killed_at)
        first = [sequence_of(body) for _, body in endpoint.posts]
        await pass_time(database, rows.LEASE)
        (claim,) = await rows.claim_webhooks(database, utc_now())
        await pass_time(database, rows.LEASE)
        endpoint.goes_on.set()
        async with _worker(env):
            while set(range(1, _EVENTS + 1)) - {sequence_of(body) for _, body in endpoint.posts}:
                await endpoint.arrived(len(endpoint.posts) + 1)
    numbers = [sequence_of(body) for _, body in endpoint.posts]
    assert first == list(range(1, killed_at + 1))
    again = {number for number, count in Counter(numbers).items() if count > 1}
    assert again <= {each.sequence for each in claim.messages}, f"killed at {killed_at}: {numbers}"
    assert killed_at in again
