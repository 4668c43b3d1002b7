"""A partner with a webhook, for the tests of webhooks over HTTP: with the whole service and a real endpoint."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.conftest import Clock
from tests.delivery import endpoints
from tests.delivery.endpoints import Endpoint
from tests.delivery.workers import deliver_all, sequence_of
from tests.serving import OPEN, Headers, Service

from capacity_api.config import Settings
from capacity_api.delivery.worker import Worker

PATH = "/v1/webhooks"


class Subscriber:
    """A partner with one webhook at an endpoint of its own, and a worker that is stepped."""

    def __init__(self, service: Service, worker: Worker, token: Headers, endpoint: Endpoint, made: dict[str, Any]):
        self.service = service
        self.worker = worker
        self.token = token
        self.endpoint = endpoint
        self.made = made
        self.path = f"{PATH}/{made['id']}"

    async def deliver(self) -> list[int]:
        """Deliver what is due, and return the numbers of the events that arrived."""
        before = len(self.endpoint.posts)
        await deliver_all(self.worker)
        return [sequence_of(body) for _, body in self.endpoint.posts[before:]]

    async def read(self, path: str = "", **parameters: Any) -> Any:
        answer = await self.service.client.get(self.path + path, headers=self.token, params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, status: int, **options: Any) -> Any:
        answer = await self.service.client.post(self.path + path, headers=self.token, **options)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def log(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.read("/deliveries"))["items"]
        return found


@asynccontextmanager
async def subscribed(service: Service, settings: Settings, clock: Clock, **fields: Any) -> AsyncIterator[Subscriber]:

    token = await service.token(partner="Case tool")
    # NSPCC's exploitation types are unknown, so its reports change no coverage and add no coverage events.
    await service.report("nspcc", OPEN)
    endpoint = Endpoint(body=b"thanks")
    worker = Worker(service.database, service.keys, settings, clock, asyncio.Event(), endpoints.public_pool())
    async with endpoints.serving(endpoint) as url:
        answer = await service.client.post(PATH, json={"url": url, **fields}, headers=token)
        assert answer.status_code == 201, answer.text
        try:
            yield Subscriber(service, worker, token, endpoint, answer.json())
        finally:
            await worker.close()


async def report(subscriber: Subscriber, *reports: dict[str, Any]) -> list[int]:
    """Report these for NSPCC, one after the other, and return the numbers of their events."""
    return [(await subscriber.service.report("nspcc", each))["sequence"] for each in reports]
