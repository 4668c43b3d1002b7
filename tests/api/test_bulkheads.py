"""Who uses which connections of the database: nobody waits for those of another purpose."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.api.paths import NOBODYS, filled
from tests.api.refusals import assert_refused
from tests.api.test_budgets import QUERIES
from tests.api.test_openapi import OPERATIONS
from tests.conftest import Clock
from tests.serving import PATIENCE_SECONDS, PAUSED, Service, serving

from capacity_api.config import Settings
from capacity_api.db.bulkheads import CONNECTIONS, MAX_WAITING, Bulkhead
from capacity_api.db.engine import Database
from capacity_api.domain.tokens import make_token

# By their templates. `/readyz` says what the process itself could do, with its own connections.
PUBLIC = {
    path: filled(path)
    for (method, path), operation in OPERATIONS.items()
    if method == "get" and not operation["security"] and path != "/readyz"
}
# Of these the middleware answers some as well, when they have no query.
ASK_THE_DATABASE = {
    template for template, path in PUBLIC.items() if path in {each.partition("?")[0] for each in QUERIES}
}
UNKNOWN = {"authorization": f"Bearer {make_token(bytes(40))}"}


@pytest.fixture
async def own(settings: Settings) -> Database:
    """The database as the service itself has it open. The service closes it."""
    return Database(settings)


@pytest.fixture
async def service(settings: Settings, clock: Clock, own: Database) -> AsyncIterator[Service]:
    async with serving(settings, clock, database=own) as running:
        yield running


@asynccontextmanager
async def _held(database: Database, *bulkheads: Bulkhead) -> AsyncIterator[None]:
    """Inside the block, every connection of these bulkheads is in use."""
    async with AsyncExitStack() as stack:
        for bulkhead in bulkheads:
            for _ in range(CONNECTIONS[bulkhead]):
                session = await stack.enter_async_context(database.read(bulkhead))
                await session.execute(text("SELECT 1"))
        yield


async def test_no_public_read_uses_what_belongs_to_another_purpose(service: Service, own: Database) -> None:
    others = [each for each in Bulkhead if each not in {Bulkhead.ANONYMOUS, Bulkhead.PUBLICATION}]
    assert len(PUBLIC) > 15
    async with _held(own, *others):
        for path in (*PUBLIC.values(), *QUERIES):
            answer = await service.client.get(path)
            assert answer.status_code == (404 if NOBODYS in path else 200), path
        # It is a token that nobody knows, so its bulkhead is theirs.
        assert_refused(await service.client.get("/v1/webhooks", headers=UNKNOWN), 401, "token_unknown")


async def test_anonymous_queries_are_refused_at_once_when_all_wait_and_nothing_else_is(
    service: Service, own: Database
) -> None:
    tara = await service.token(responder="tara")
    assert (await service.client.get("/v1/webhooks", headers=tara)).status_code == 200
    async with _held(own, Bulkhead.ANONYMOUS):
        waiting = [asyncio.create_task(service.client.get(QUERIES[0])) for _ in range(MAX_WAITING)]
        async with asyncio.timeout(PATIENCE_SECONDS):
            while own.anonymous_queue.waiting < MAX_WAITING:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0)
        for path in QUERIES:
            refused = await service.client.get(path)
            assert_refused(refused, 503, "busy")
            assert refused.headers["retry-after"] == "2"
        assert_refused(await service.client.get("/v1/webhooks", headers=UNKNOWN), 503, "busy")
        for template, path in PUBLIC.items():
            status = (await service.client.get(path)).status_code
            assert status in {200, 404} or (status == 503 and template in ASK_THE_DATABASE), path
        paused = await service.client.put("/v1/responders/tara/intake", json=PAUSED, headers=tara)
        assert paused.status_code == 200
        assert (await service.responder("tara"))["intake"]["state"] == "paused"
        assert (await service.client.get("/v1/webhooks", headers=tara)).status_code == 200
    # Those that waited have their turn, or were told after two seconds.
    assert {answer.status_code for answer in await asyncio.gather(*waiting)} <= {200, 503}
    for path in QUERIES:
        assert (await service.client.get(path)).status_code == 200


def test_the_document_has_the_connections_of_each_bulkhead() -> None:
    document = (Path(__file__).parents[2] / "docs" / "operate" / "database.md").read_text()
    rows = {name: int(count) for name, count in re.findall(r"^\| (\w+) \| (\d+) \|", document, re.MULTILINE)}
    assert rows == CONNECTIONS
    assert f"at most **{sum(CONNECTIONS.values())} connections**" in document


async def test_the_queries_are_those_that_the_document_says_may_be_refused() -> None:
    declared = {
        path
        for (method, path), operation in OPERATIONS.items()
        if method == "get" and not operation["security"] and "429" in operation["responses"]
    }
    assert declared == ASK_THE_DATABASE
