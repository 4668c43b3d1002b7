"""Three servers and two workers on one PostgreSQL: all answer the same, and none goes back to an older version."""

import asyncio
import time
from contextlib import AsyncExitStack
from random import Random
from typing import Any

import asyncpg
import httpx
import pytest
from sqlalchemy.engine import make_url
from tests import processes
from tests.delivery import endpoints
from tests.delivery.endpoints import Endpoint
from tests.history.readers import PATHS, see_answer
from tests.history.record import Record
from tests.serving import PATIENCE_SECONDS, client_of

from capacity_api.clock import utc_now
from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.domain.keys import Keys
from capacity_api.domain.owner import Owner
from capacity_api.operations import owners, responders, tokens
from capacity_api.publication.publisher import ACKNOWLEDGE_TIMEOUT_SECONDS

_SERVERS = 3
_WORKERS = 2
_SLUGS = ("salvation-army", "migrant-help", "tara", "unseen")
_PATHS = ("/v1/directory", "/v1/coverage", "/v1/responders/tara", "/v1/responders/unseen")


@pytest.fixture
def database_url(postgresql_url: str) -> str:
    """SQLite is served from one process."""
    return postgresql_url


async def prepared(settings: Settings) -> tuple[dict[str, str], dict[str, str]]:
    """The register, with an administrator's token and a partner's."""
    database = Database(settings)
    keys = Keys(settings.secret_keys)
    async with database.write() as session:
        await responders.load_register(session, utc_now())
        await owners.add_partner(session, utc_now(), "Case tool")
        partner = await owners.partner_owner(session, "Case tool")
        issued = [await tokens.issue_token(session, utc_now(), keys, owner) for owner in (Owner(type="admin"), partner)]
    await database.close()
    admin, of_partner = ({"authorization": f"Bearer {each.token}"} for each in issued)
    return admin, of_partner


@pytest.mark.parametrize(
    "changes", [pytest.param(8, id="eight"), pytest.param(500, id="five-hundred", marks=pytest.mark.soak)]
)
async def test_every_process_shows_the_same_and_never_goes_back(
    settings: Settings, chance: Random, changes: int
) -> None:
    admin, partner = await prepared(settings)
    env = processes.environment(settings.database_url, write_limit="0", egress_allow="127.0.0.0/8")
    endpoint = Endpoint()
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(endpoints.serving(endpoint))
        servers = [
            await stack.enter_async_context(processes.serving("--no-delivery", env=env)) for _ in range(_SERVERS)
        ]
        for _ in range(_WORKERS):
            worker = await processes.start("worker", env=env, announces="delivers webhooks")
            stack.push_async_callback(worker.kill)
        clients = [await stack.enter_async_context(client_of(server.address)) for server in servers]
        subscribed = await clients[0].post("/v1/webhooks", json={"url": url, "stale": "send"}, headers=partner)
        assert subscribed.status_code == 201, subscribed.text
        before = (await clients[0].get("/v1/events")).json()["latest"]

        readers = [asyncio.create_task(_never_back(client)) for client in clients]
        killer = asyncio.create_task(_kill_listeners(settings))
        newest = [await _change(chance.choice(clients), n, admin, chance) for n in range(changes)]
        assert newest == sorted(set(newest))
        latest = (await clients[0].get("/v1/events", params={"after": newest[-1]})).json()["latest"]
        for client in clients:
            await _reaches(client, latest)
        for task in (*readers, killer):
            task.cancel()
        ended = await asyncio.gather(*readers, killer, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ended), ended

        for path in _PATHS:
            bodies = {
                ((await client.get(path)).content, (await client.get(path)).headers["etag"]) for client in clients
            }
            assert len(bodies) == 1, path
        # Nothing was confirmed, so the subscriber received every event, superseded ones too.
        await endpoint.arrived(latest - before, seconds=60)


async def _change(client: httpx.AsyncClient, number: int, admin: dict[str, str], chance: Random) -> int:
    report: dict[str, Any] = {"state": chance.choice(("open", "paused", "waiting_list")), "note": f"Change {number}"}
    slug = chance.choice(_SLUGS)
    began = time.monotonic()
    answer = await client.put(f"/v1/responders/{slug}/intake", json=report, headers=admin)
    assert answer.status_code == 200, answer.text
    # A read after a write, from the same process, has the change, unless the write waited for that in vain.
    if time.monotonic() - began < ACKNOWLEDGE_TIMEOUT_SECONDS:
        shown = (await client.get(f"/v1/responders/{slug}")).json()
        assert shown["sequence"] >= answer.json()["sequence"]
    sequence: int = answer.json()["sequence"]
    return sequence


async def _never_back(client: httpx.AsyncClient) -> None:
    """Read all paths in turn: what one of them has shown is never missing on the next."""
    record = Record()
    while True:
        for path in PATHS:
            answer = await client.get(path)
            assert answer.status_code == 200, answer.text
            see_answer(record, "a reader", path, answer)


async def _kill_listeners(settings: Settings) -> None:
    url = make_url(settings.database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(url)
    try:
        while True:
            await connection.execute(
                "SELECT pg_sleep(0.5), pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND query LIKE 'LISTEN%'"
            )
            await connection.execute("SELECT pg_sleep(0.5)")
    finally:
        await connection.close()


async def _reaches(client: httpx.AsyncClient, latest: int) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await client.get("/v1/directory")).json()["sequence"] < latest:
            pass
