"""`kill -9` in the middle of a stream of reports, again and again: nothing that was acknowledged is lost."""

import asyncio
import json
from random import Random
from typing import Any

import httpx
import pytest
from tests import processes
from tests.delivery import endpoints
from tests.delivery.endpoints import Endpoint, assert_in_order_but_for_claims_sent_again
from tests.serving import PATIENCE_SECONDS, client_of

from capacity_api.db.engine import Database

_AT_ONCE = 4
_SLUGS = ("salvation-army", "migrant-help", "tara", "unseen")
# A claim that died with its server is free again after the lease; the shortest that is allowed.
_LEASE_SECONDS = 20


@pytest.mark.parametrize(
    ("database_url", "rounds", "reports"),
    [
        pytest.param("sqlite", 2, 60, id="sqlite-two"),
        pytest.param("sqlite", 50, 200, id="sqlite-fifty", marks=pytest.mark.soak),
        pytest.param("postgresql", 50, 200, id="postgresql-fifty", marks=pytest.mark.soak),
    ],
    indirect=["database_url"],
)
async def test_no_acknowledged_report_is_lost_and_every_event_arrives(
    listed: Database, database_url: str, chance: Random, rounds: int, reports: int
) -> None:
    # Only the service may have it open: the first to open it after a kill reads the log again.
    await listed.close()
    env = processes.environment(
        database_url, write_limit="0", egress_allow="127.0.0.0/8", lease_seconds=str(_LEASE_SECONDS)
    )
    tokens = {slug: await processes.issue_token(env, "--responder", slug) for slug in _SLUGS}
    partner = await processes.issue_token(env, "--partner", "Case tool")
    endpoint = Endpoint()
    acknowledged: dict[int, str] = {}
    async with endpoints.serving(endpoint) as url:
        since = await _subscribe(env, partner, url)
        for number in range(rounds):
            last = chance.randrange(reports // 10, reports)
            await _round(env, tokens, number, reports, last, acknowledged)
        async with (
            processes.serving(env=env) as server,
            client_of(server.address) as client,
        ):
            events = await _read_events(client)
            await _all_arrived(endpoint, {event["sequence"] for event in events if event["sequence"] > since})
    assert len(acknowledged) > rounds
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    # The other events are coverage events. Each was stored with its report or not at all.
    notes = {
        event["sequence"]: (event["data"]["responder"]["intake"]["report"] or {}).get("note")
        for event in events
        if "responder" in event["data"]
    }
    assert {number: notes[number] for number in acknowledged} == acknowledged
    by_id: dict[str, set[bytes]] = {}
    for headers, body in endpoint.posts:
        by_id.setdefault(headers["webhook-id"], set()).add(body)
    assert all(len(bodies) == 1 for bodies in by_id.values()), "a duplicate carries the same id and the same bytes"
    arrived = [json.loads(body)["sequence"] for _, body in endpoint.posts]
    assert_in_order_but_for_claims_sent_again(arrived)


async def _round(
    env: dict[str, str], tokens: dict[str, str], number: int, reports: int, last: int, acknowledged: dict[int, str]
) -> None:
    """Send reports, kill the server after answer number `last`, and note what it had acknowledged."""
    async with processes.serving(env=env) as server:
        pending = [f"round {number}, report {n}" for n in range(reports)]
        answers = 0

        async def report(client: httpx.AsyncClient, slug: str) -> None:
            nonlocal answers
            while pending and answers < last:
                note = pending.pop()
                answer = await client.put(
                    f"/v1/responders/{slug}/intake",
                    json={"state": "open", "note": note},
                    headers={"authorization": f"Bearer {tokens[slug]}"},
                )
                assert answer.status_code == 200, answer.text
                acknowledged[answer.json()["sequence"]] = note
                answers += 1
                if answers == last:
                    await server.kill()

        async with client_of(server.address) as client:
            ended = await asyncio.gather(
                *(report(client, _SLUGS[n % len(_SLUGS)]) for n in range(_AT_ONCE)), return_exceptions=True
            )
        unexpected = [error for error in ended if error is not None and not isinstance(error, httpx.TransportError)]
        assert not unexpected, unexpected


async def _subscribe(env: dict[str, str], partner: str, url: str) -> int:
    """Add the webhook; returns the sequence number after which it receives every event."""
    async with (
        processes.serving("--no-delivery", env=env) as server,
        client_of(server.address) as client,
    ):
        answer = await client.post("/v1/webhooks", json={"url": url}, headers={"authorization": f"Bearer {partner}"})
        assert answer.status_code == 201, answer.text
        latest: int = (await client.get("/v1/events")).json()["latest"]
        return latest


async def _read_events(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    while True:
        page = (await client.get("/v1/events", params={"after": len(events), "limit": 1000})).json()
        events += page["events"]
        if page["sequence"] == page["latest"]:
            return events


async def _all_arrived(endpoint: Endpoint, expected: set[int]) -> None:
    """Wait until each event has arrived at least once; fails when nothing comes for longer than a lease."""
    missing, seen = set(expected), 0
    while True:
        for _, body in endpoint.posts[seen:]:
            missing.discard(json.loads(body)["sequence"])
        seen = len(endpoint.posts)
        if not missing:
            return
        await endpoint.arrived(seen + 1, seconds=_LEASE_SECONDS + PATIENCE_SECONDS)
