"""E1: whatever anonymous callers ask, a responder's pause is stored, shown and delivered."""

import asyncio
import time
from statistics import median
from typing import Any

import httpx
import pytest
from tests import processes
from tests.delivery import endpoints
from tests.delivery.endpoints import Endpoint
from tests.floods import flooding
from tests.serving import OPEN, PATIENCE_SECONDS, PAUSED, Headers, bound

from capacity_api.db.engine import Database
from capacity_api.domain.tokens import make_token

_PATHS = (
    "/v1/directory?as_of=2026-11-21T13:00:00Z",
    "/v1/statistics?by=month",
    "/v1/events?after=0",
    "/v1/responders/nspcc/history",
)
_ONE = ("127.0.0.1",)
_MANY = tuple(f"127.0.{third}.{fourth}" for third in range(1, 11) for fourth in range(1, 41))
_REPORTS = 5
# Before, pauses were refused with 503, or acknowledged and not shown.
_USUALLY_SECONDS = bound(0.4)
_ALWAYS_SECONDS = bound(1.0)


def _query(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode()


def _guess(number: int) -> bytes:
    token = make_token(number.to_bytes(40))
    return f"GET /v1/webhooks HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n".encode()


_FLOODS = {
    "one query": [_query(_PATHS[0])],
    "every query": [_query(path) for path in _PATHS],
    "invented tokens": [_guess(number) for number in range(1000)],
}


@pytest.mark.parametrize(
    ("requests", "sources"),
    [
        pytest.param(_FLOODS["one query"], _ONE, id="one query from one address", marks=pytest.mark.soak),
        pytest.param(_FLOODS["every query"], _MANY, id="every query from 400 addresses"),
        pytest.param(_FLOODS["every query"], _ONE, id="every query from one address", marks=pytest.mark.soak),
        pytest.param(_FLOODS["invented tokens"], _MANY, id="tokens from 400 addresses", marks=pytest.mark.soak),
        pytest.param(_FLOODS["invented tokens"], _ONE, id="tokens from one address", marks=pytest.mark.soak),
    ],
)
@pytest.mark.parametrize("database_url", [pytest.param("sqlite", marks=pytest.mark.soak), "postgresql"], indirect=True)
async def test_a_pause_is_stored_shown_and_delivered_during_a_flood(
    listed: Database, requests: list[bytes], sources: tuple[str, ...]
) -> None:
    """The bulkheads hold by themselves: no address has a budget here."""
    await listed.close()
    env = processes.environment(
        listed.settings.database_url, write_limit="0", query_limit="0", egress_allow="127.0.0.0/8"
    )
    tokens = [await processes.issue_token(env, *owner) for owner in (("--responder", "nspcc"), ("--partner", "Tool"))]
    nspcc, partner = ({"authorization": f"Bearer {token}"} for token in tokens)
    endpoint = Endpoint()
    async with (
        endpoints.serving(endpoint) as url,
        processes.serving(env=env) as server,
        httpx.AsyncClient(base_url=server.address, timeout=60) as client,
    ):
        made = await client.post("/v1/webhooks", json={"url": url}, headers=partner)
        assert made.status_code == 201, made.text
        async with flooding(server.address, requests, sources=sources) as flood:
            times = [await _report(client, nspcc, endpoint, each) for each in (OPEN, PAUSED) * _REPORTS]
            assert (await client.get("/readyz")).status_code == 200
            assert (await client.get("/v1/directory")).status_code == 200
    refused = flood.answers["503"]
    assert refused > 0
    assert flood.answers["503 retry-after"] == refused
    assert flood.answers.keys() <= {"200", "503", "401", "200 retry-after", "503 retry-after", "401 retry-after"}
    assert median(times) < _USUALLY_SECONDS
    assert max(times) < _ALWAYS_SECONDS


async def _report(client: httpx.AsyncClient, token: Headers, endpoint: Endpoint, report: dict[str, Any]) -> float:
    """Seconds until a report is stored, every reader sees it, and it is delivered."""
    delivered = len(endpoint.posts)
    began = time.monotonic()
    answer = await client.put("/v1/responders/nspcc/intake", json=report, headers=token)
    assert answer.status_code == 200, answer.text
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await client.get("/v1/responders/nspcc")).json()["intake"]["state"] != report["state"]:
            pass
    await endpoint.arrived(delivered + 1)
    return time.monotonic() - began
