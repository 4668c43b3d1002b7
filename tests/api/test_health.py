"""/healthz, /readyz, /metrics: for the operator."""

import asyncio
import re
import sqlite3
from ipaddress import ip_network

import msgspec
import pytest
from tests.api.refusals import assert_refused
from tests.conftest import Clock
from tests.outages import away, proxying
from tests.serving import OPEN, PATIENCE_SECONDS, Service, codes_of, patience, serving

from capacity_api.config import Settings


async def test_a_running_service_is_healthy_and_ready(service: Service) -> None:
    assert await service.read("/healthz") == {"status": "ok"}
    await service.report("tara", OPEN)
    ready = await service.read("/readyz")
    assert ready.pop("age_seconds") < PATIENCE_SECONDS
    # The tests' own PostgreSQL does not wait for the disk.
    expected = [] if service.database.settings.is_sqlite else ["not_durable"]
    assert [warning["code"] for warning in ready.pop("warnings")] == expected
    # The register, the report, and the gap that it closed.
    assert ready == {"status": "ok", "reasons": [], "published": 15, "latest": 15}


async def test_readiness_is_told_while_the_database_is_away_and_asks_it_nothing(
    settings: Settings, clock: Clock
) -> None:
    async with serving(settings, clock) as service, away(settings.url):
        not_ready = await service.readiness(lambda codes: bool(codes))
        assert set(codes_of(not_ready)) <= {"database_unavailable", "writes_failing", "database_damaged"}
        assert (not_ready["status"], not_ready["published"]) == ("unavailable", 13)
        assert (await service.client.get("/healthz")).status_code == 200


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_lock_that_another_program_holds_is_named_and_ends_with_it(settings: Settings, clock: Clock) -> None:
    """T6: every write was refused, and readiness said ok."""
    async with serving(settings, clock) as service:
        token = await service.token(responder="tara")
        other = sqlite3.connect(
            str(settings.url.database), timeout=PATIENCE_SECONDS, isolation_level=None, check_same_thread=False
        )
        # In a thread: the service in this one may have to end a transaction first.
        await asyncio.to_thread(other.execute, "BEGIN EXCLUSIVE")
        refused = await service.client.put("/v1/responders/tara/intake", json=OPEN, headers=token)
        assert_refused(refused, 503, "database_unavailable")
        await service.readiness(lambda codes: "writes_failing" in codes)
        other.execute("ROLLBACK")
        other.close()
        assert (await service.client.put("/v1/responders/tara/intake", json=OPEN, headers=token)).status_code == 200
        await service.readiness(lambda codes: not codes)


async def test_the_metrics_are_an_administrators(service: Service) -> None:
    answer = await service.client.get("/metrics", headers=await service.token())
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    for headers, status, code in (
        ({}, 401, "token_missing"),
        ({"authorization": "Bearer x"}, 401, "token_malformed"),
        (await service.token(responder="tara"), 403, "insufficient_scope"),
        (await service.token(partner="Case tool"), 403, "insufficient_scope"),
    ):
        assert_refused(await service.client.get("/metrics", headers=headers), status, code)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("networks", "status"),
    [(["127.0.0.0/8"], 200), (["10.0.0.0/8", "127.0.0.1/32"], 200), (["10.0.0.0/8", "::1/128"], 401)],
)
async def test_the_metrics_are_open_to_the_networks_that_are_named(
    settings: Settings, clock: Clock, networks: list[str], status: int
) -> None:
    allowed = tuple(ip_network(network) for network in networks)
    async with serving(msgspec.structs.replace(settings, metrics_allow=allowed), clock) as service:
        assert (await service.client.get("/metrics")).status_code == status


_METRICS_ALLOW = (ip_network("127.0.0.0/8"), ip_network("192.0.2.0/24"))


def _forwarded_for(header: str, *addresses: str) -> dict[str, str]:
    return {header: ", ".join(f"for={each}" if header == "forwarded" else each for each in addresses)}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded"])
async def test_the_metrics_are_closed_to_everybody_behind_a_proxy_that_nobody_has_listed(
    settings: Settings, clock: Clock, header: str, caplog: pytest.LogCaptureFixture
) -> None:
    """E12: with loopback allowed, a proxy on this machine opened them to the world."""
    async with serving(msgspec.structs.replace(settings, metrics_allow=_METRICS_ALLOW), clock) as service:
        for address in ("198.51.100.1", "192.0.2.1", "127.0.0.1", "nonsense"):
            answer = await service.client.get("/metrics", headers=_forwarded_for(header, address))
            assert_refused(answer, 401, "token_missing")
        assert (await service.client.get("/metrics")).status_code == 200
    assert sum("proxy.untrusted" in record.getMessage() for record in caplog.records) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded"])
async def test_the_metrics_are_open_to_a_client_whose_address_a_trusted_proxy_says(
    settings: Settings, clock: Clock, header: str
) -> None:
    loopback = (ip_network("127.0.0.0/8"),)
    trusting = msgspec.structs.replace(settings, metrics_allow=_METRICS_ALLOW, trusted_proxies=loopback)
    async with serving(trusting, clock) as service:
        for addresses, status in (
            (("198.51.100.1",), 401),
            (("192.0.2.1",), 200),
            (("192.0.2.1", "198.51.100.1"), 401),
            (("127.0.0.1", "198.51.100.1"), 401),
            (("nonsense",), 401),
        ):
            answer = await service.client.get("/metrics", headers=_forwarded_for(header, *addresses))
            assert answer.status_code == status, addresses
        assert (await service.client.get("/metrics")).status_code == 200


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_no_script_of_another_page_can_read_the_metrics(settings: Settings, clock: Clock) -> None:
    """E12: whatever the answer, it has none of the headers that open it."""
    async with serving(msgspec.structs.replace(settings, metrics_allow=(ip_network("127.0.0.1"),)), clock) as service:
        responder, admin = await service.token(responder="tara"), await service.token()
        for method in ("GET", "HEAD", "OPTIONS", "POST", "DELETE"):
            for headers in ({}, responder, admin, {"authorization": "Bearer x"}, {"x-forwarded-for": "192.0.2.1"}):
                answer = await service.client.request(
                    method, "/metrics", headers={**headers, "origin": "https://elsewhere.example"}
                )
                opened = [name for name in answer.headers if name.startswith("access-control-")]
                assert not opened, (method, answer.status_code, opened)


async def test_the_metrics_count_and_name_nobody(service: Service) -> None:
    admin, tara = await service.token(), await service.token(responder="tara")
    await service.report("tara", OPEN)
    response = await service.client.post("/v1/webhooks", json={"url": "https://tool.example/x"}, headers=tara)
    await service.client.get(f"/v1/webhooks/{response.json()['id']}", headers=tara)
    await service.client.get("/v1/responders/tara/history", params={"limit": 3}, headers={"user-agent": "curious"})
    await service.client.get("/v1/directory", params={"area": "S92000003", "gender": "man"})
    await service.client.get("/nothing/tara")
    metrics = (await service.client.get("/metrics", headers=admin)).text
    values = dict(re.findall(r"^(capacity_\S+) (\S+)$", metrics, re.MULTILINE))
    assert values["capacity_sequence"] == "15.0"
    assert values['capacity_responders{state="open"}'] == "1.0"
    assert values['capacity_responders{state="unconfirmed"}'] == "12.0"
    assert values["capacity_deliveries_pending"] == "0.0"
    routes = set(re.findall(r'route="([^"]*)"', metrics))
    assert {"/v1/responders/{slug}/intake", "/v1/responders/{slug}/history", "/v1/directory"} <= routes
    for private in (
        "tara",
        "127.0.0.1",
        "tool.example",
        "cap_",
        "curious",
        "S92000003",
        response.json()["id"],
        "nothing",
    ):
        assert private not in metrics


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_the_metrics_are_told_while_the_database_hangs(settings: Settings, clock: Clock) -> None:
    async with proxying(settings.url) as proxy:
        through = msgspec.structs.replace(settings, database_url=proxy.url, metrics_allow=(ip_network("127.0.0.1"),))
        async with serving(through, clock) as service:
            before = (await service.client.get("/metrics")).text
            assert "capacity_database_up 1.0" in before
            assert "capacity_deliveries_pending 0.0" in before
            proxy.hang()
            try:
                while "capacity_database_up 1.0" in (during := (await service.client.get("/metrics")).text):
                    pass
            finally:
                proxy.resume()
            assert "capacity_database_up 0.0" in during
            assert "capacity_deliveries_pending" not in during
            assert 'capacity_responders{state="unconfirmed"} 13.0' in during
            async with patience(lambda: "the database again"):
                while "capacity_database_up 1.0" not in (await service.client.get("/metrics")).text:
                    pass
