"""What one client address may ask for in a minute, without a token or with one that does not hold."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from ipaddress import ip_network

import httpx
import msgspec
import pytest
from tests.api.refusals import assert_refused
from tests.conftest import Clock
from tests.serving import PATIENCE_SECONDS, PAUSED, Service, serving

from capacity_api.api.context import FAILURE_LIMIT
from capacity_api.config import Settings
from capacity_api.domain.tokens import make_token

QUERIES = (
    "/v1/directory?as_of=2026-11-21T11:00:00Z",
    "/v1/directory.csv?as_of=2026-11-21T11:00:00Z",
    "/v1/events?after=0&limit=3",
    "/v1/changes?afterChangeNumber=0&limit=3",
    "/v1/responders/tara/history?limit=3",
    "/v1/statistics?from=2026-11-20",
    "/v1/statistics.csv?from=2026-11-20",
    "/evidence",
    "/evidence/2026-11",
    "/evidence/2026-11-01/2026-11-30",
)
LIMIT = 3
TRUSTED = "127.0.7.0/24"
From = Callable[[str], httpx.AsyncClient]


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest) -> str:
    """One is enough: no budget asks the database."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
async def limited(settings: Settings, clock: Clock) -> AsyncIterator[Service]:
    limited = msgspec.structs.replace(settings, query_limit=LIMIT, trusted_proxies=(ip_network(TRUSTED),))
    async with serving(limited, clock) as service:
        yield service


@pytest.fixture
async def calls_from(limited: Service) -> AsyncIterator[From]:
    """A client at another address of this machine."""
    async with AsyncExitStack() as stack:
        clients: dict[str, httpx.AsyncClient] = {}

        def client(address: str) -> httpx.AsyncClient:
            if address not in clients:
                transport = httpx.AsyncHTTPTransport(local_address=address)
                clients[address] = httpx.AsyncClient(
                    base_url=limited.client.base_url, transport=transport, timeout=PATIENCE_SECONDS
                )
                stack.push_async_callback(clients[address].aclose)
            return clients[address]

        yield client


def _invented(number: int) -> dict[str, str]:
    """A well-formed token that nobody has issued."""
    return {"authorization": f"Bearer {make_token(number.to_bytes(40))}"}


async def test_an_address_has_so_many_queries_a_minute_whichever_they_are(calls_from: From) -> None:
    client = calls_from("127.0.0.2")
    for _ in range(LIMIT):
        assert (await client.get(QUERIES[0])).status_code == 200
    for path in QUERIES:
        refused = await client.get(path)
        assert_refused(refused, 429, "too_many_requests")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        # Other addresses are not affected, and this machine has no limit. Then the answer is in memory for everybody.
        assert (await calls_from(f"127.0.1.{QUERIES.index(path)}").get(path)).status_code == 200
        assert (await calls_from("127.0.0.1").get(path)).status_code == 200
    # So is an answer to a form: it costs as much.
    browser = {"accept": "text/html", "content-type": "application/x-www-form-urlencoded"}
    form = await client.post("/", content=b"age_group=child", headers=browser)
    assert (form.status_code, form.headers["content-type"]) == (429, "text/html; charset=utf-8")
    assert "08000 121 700" in form.text
    assert (await calls_from("127.0.0.1").post("/", content=b"age_group=child", headers=browser)).status_code == 200
    # What is published costs nothing.
    assert (await client.get("/v1/directory")).status_code == 200
    assert (await client.get("/v1/directory?state=open")).status_code == 200


async def test_a_token_that_holds_works_from_an_address_that_has_used_up_everything(
    limited: Service, calls_from: From
) -> None:
    client = calls_from("127.0.0.3")
    tara = await limited.token(responder="tara")
    # The process comes to know it: within ten seconds, or when it is used.
    assert (await limited.client.get("/v1/webhooks", headers=tara)).status_code == 200
    for number in range(LIMIT):
        assert (await client.get(QUERIES[number])).status_code == 200
    for number in range(FAILURE_LIMIT):
        assert_refused(await client.get("/v1/webhooks", headers=_invented(number)), 401, "token_unknown")
    refused = await client.get("/v1/webhooks", headers=_invented(99))
    assert_refused(refused, 429, "too_many_requests")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert_refused(await client.get("/metrics", headers=_invented(99)), 429, "too_many_requests")
    assert_refused(await client.get(QUERIES[0]), 429, "too_many_requests")
    assert (await client.put("/v1/responders/tara/intake", json=PAUSED, headers=tara)).status_code == 200
    # A token that nobody has to look for is no guess.
    assert_refused(await client.get("/v1/webhooks"), 401, "token_missing")
    assert_refused(await client.get("/v1/webhooks", headers={"authorization": "Bearer x"}), 401, "token_malformed")


async def test_a_token_that_was_revoked_counts_as_unknown_from_its_first_refusal(
    limited: Service, calls_from: From
) -> None:
    client = calls_from("127.0.0.4")
    admin = await limited.token()
    tara = await limited.token(responder="tara")
    own = (await limited.client.get("/v1/tokens", headers=tara)).json()["items"][0]["id"]
    assert (await limited.client.delete(f"/v1/tokens/{own}", headers=admin)).status_code == 204
    for _ in range(FAILURE_LIMIT):
        assert_refused(await client.get("/v1/webhooks", headers=tara), 401, "token_revoked")
    assert_refused(await client.get("/v1/webhooks", headers=tara), 429, "too_many_requests")


async def test_a_trusted_proxy_says_whose_budget_it_is_and_has_none_itself(calls_from: From) -> None:
    proxy = calls_from("127.0.7.1")
    for _ in range(LIMIT):
        assert (await proxy.get(QUERIES[0], headers={"x-forwarded-for": "192.0.2.1"})).status_code == 200
    # Whatever the client puts in front.
    for value in ("192.0.2.1", "127.0.0.1, 192.0.2.1", "192.0.2.99, 192.0.2.1, 127.0.7.2"):
        assert_refused(await proxy.get(QUERIES[0], headers={"x-forwarded-for": value}), 429, "too_many_requests")
    assert (await proxy.get(QUERIES[0], headers={"forwarded": "for=192.0.2.2"})).status_code == 200
    # Through a proxy, this machine's own address has a budget like any other.
    for _ in range(LIMIT):
        assert (await proxy.get(QUERIES[0], headers={"x-forwarded-for": "127.0.0.1"})).status_code == 200
    assert (await proxy.get(QUERIES[0], headers={"x-forwarded-for": "127.0.0.1"})).status_code == 429
    for _ in range(LIMIT + 1):
        assert (await proxy.get(QUERIES[0])).status_code == 200


async def test_nobody_else_gets_another_budget_by_a_header(calls_from: From) -> None:
    client = calls_from("127.0.0.5")
    for number in range(LIMIT):
        headers = {"x-forwarded-for": f"192.0.2.{number}", "forwarded": f"for=192.0.2.{number}"}
        assert (await client.get(QUERIES[0], headers=headers)).status_code == 200
    assert (await client.get(QUERIES[0], headers={"x-forwarded-for": "192.0.2.9"})).status_code == 429


async def test_an_ipv6_client_has_one_budget_for_its_network(calls_from: From) -> None:
    proxy = calls_from("127.0.7.1")
    for number in range(LIMIT):
        headers = {"x-forwarded-for": f"2001:db8:0:1:{number}::1"}
        assert (await proxy.get(QUERIES[0], headers=headers)).status_code == 200
    assert (await proxy.get(QUERIES[0], headers={"x-forwarded-for": "2001:db8:0:1:ffff::"})).status_code == 429
    assert (await proxy.get(QUERIES[0], headers={"x-forwarded-for": "2001:db8:0:2::1"})).status_code == 200


async def test_a_flood_is_two_lines_of_the_log_and_names_no_address(
    calls_from: From, limited: Service, caplog: pytest.LogCaptureFixture
) -> None:
    client = calls_from("127.0.0.6")
    for _ in range(LIMIT + 30):
        await client.get(QUERIES[0], headers={"x-forwarded-for": "192.0.2.77"})
    lines = [record.getMessage() for record in caplog.records]
    assert sum("edge.flood_began" in line for line in lines) == 1
    assert sum("proxy.untrusted" in line for line in lines) == 1
    assert not any(address in line for line in lines for address in ("127.0.0.6", "192.0.2.77"))
    metrics = (await limited.client.get("/metrics", headers=await limited.token())).text
    assert 'capacity_refused_total{reason="queries"} 30.0' in metrics
    assert "127.0.0.6" not in metrics
