"""`kill -9` of the workers at random instants, while responders go on reporting: everything arrives, and in order."""

import asyncio
import json
from contextlib import AsyncExitStack
from random import Random
from typing import Any

import httpx
import pytest
from tests import processes
from tests.delivery import endpoints
from tests.delivery.endpoints import Endpoint, assert_in_order_but_for_claims_sent_again
from tests.processes import Process
from tests.serving import PATIENCE_SECONDS, client_of

from capacity_api.db.engine import Database

_SLUGS = ("salvation-army", "migrant-help", "tara", "unseen")
_STATES = ("open", "paused", "waiting_list")
_REPORTS = 12
# So many webhooks that one that hears of everything, and so many that hear only of what holds: a claim that dies with
# its worker blocks its webhook, and there has to be something left for the next worker to die with.
_EACH = 10
# A claim that died with its worker is free again after the lease; the shortest that is allowed.
_LEASE_SECONDS = 20


@pytest.mark.parametrize(
    ("database_url", "rounds"),
    [
        pytest.param("postgresql", 2, id="postgresql-two"),
        pytest.param("postgresql", 100, id="postgresql-hundred", marks=pytest.mark.soak),
        pytest.param("sqlite", 100, id="sqlite-hundred", marks=pytest.mark.soak),
    ],
    indirect=["database_url"],
)
async def test_a_killed_worker_loses_nothing_and_brings_nothing_stale(
    listed: Database, database_url: str, chance: Random, rounds: int
) -> None:
    # Only the service may have it open: the first to open it after a kill reads the log again.
    await listed.close()
    env = processes.environment(
        database_url, write_limit="0", egress_allow="127.0.0.0/8", lease_seconds=str(_LEASE_SECONDS)
    )
    tokens = {slug: await processes.issue_token(env, "--responder", slug) for slug in _SLUGS}
    partner = {"authorization": f"Bearer {await processes.issue_token(env, '--partner', 'Case tool')}"}
    everything, current = [Endpoint() for _ in range(_EACH)], [Endpoint() for _ in range(_EACH)]
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(processes.serving("--no-delivery", env=env))
        client = await stack.enter_async_context(client_of(server.address))
        since = 0
        for stale, some in (("send", everything), ("drop", current)):
            for each in some:
                url = await stack.enter_async_context(endpoints.serving(each))
                answer = await client.post("/v1/webhooks", json={"url": url, "stale": stale}, headers=partner)
                assert answer.status_code == 201, answer.text
                since = answer.json()["last_sequence"]
        latest_by_slug: dict[str, int] = {}
        for _ in range(rounds):
            worker = await _worker(env)
            dies = asyncio.create_task(_kill(worker, chance.uniform(0, 1.5)))
            for _ in range(_REPORTS):
                slug = chance.choice(_SLUGS)
                answer = await client.put(
                    f"/v1/responders/{slug}/intake",
                    json={"state": chance.choice(_STATES), "note": str(chance.random())},
                    headers={"authorization": f"Bearer {tokens[slug]}"},
                )
                assert answer.status_code == 200, answer.text
                latest_by_slug[slug] = answer.json()["sequence"]
            await dies
        latest = (await client.get("/v1/events")).json()["latest"]
        last = await _worker(env)
        try:
            for each in everything:
                await _all_arrived(each, set(range(since + 1, latest + 1)))
            for each in current:
                await _all_arrived(each, set(latest_by_slug.values()))
            webhooks = await _settled(client, partner, latest)
        finally:
            await last.kill()
    assert [(each["status"], each["last_sequence"]) for each in webhooks] == [("active", latest)] * 2 * _EACH
    for endpoint in everything + current:
        ids: dict[str, set[bytes]] = {}
        for headers, body in endpoint.posts:
            ids.setdefault(headers["webhook-id"], set()).add(body)
        assert all(len(bodies) == 1 for bodies in ids.values()), "a duplicate carries the same id and the same bytes"
        numbers = [json.loads(body)["sequence"] for _, body in endpoint.posts]
        assert_in_order_but_for_claims_sent_again(numbers)
        assert len(set(numbers)) == len(ids), "one id for each event"


async def _worker(env: dict[str, str]) -> Process:
    return await processes.start("worker", env=env, announces="delivers webhooks")


async def _kill(worker: Process, seconds: float) -> None:
    await asyncio.sleep(seconds)  # at any place of its work
    await worker.kill()


async def _all_arrived(endpoint: Endpoint, expected: set[int]) -> None:
    """Wait until each event has arrived at least once; fails when nothing comes for longer than a lease."""
    while expected - {json.loads(body)["sequence"] for _, body in endpoint.posts}:
        await endpoint.arrived(len(endpoint.posts) + 1, seconds=_LEASE_SECONDS + PATIENCE_SECONDS)


async def _settled(client: httpx.AsyncClient, partner: dict[str, str], latest: int) -> list[dict[str, Any]]:
    """The webhooks once all are done with everything."""
    async with asyncio.timeout(_LEASE_SECONDS + PATIENCE_SECONDS):
        while True:
            webhooks: list[dict[str, Any]] = (await client.get("/v1/webhooks", headers=partner)).json()["items"]
            if all(each["last_sequence"] == latest for each in webhooks):
                return webhooks
            await asyncio.sleep(0.1)  # the workers are other processes
