"""What a webhook's owner learns of a network that only `CAPACITY_EGRESS_ALLOW` opens: whether a message was accepted.

Loopback is that network here.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from typing import NamedTuple

import pytest
from tests.delivery import rows
from tests.delivery.endpoints import LOOPBACK, Endpoint, listening, pooled, read_request, serving
from tests.delivery.workers import running
from tests.serving import PATIENCE_SECONDS

from capacity_api.clock import utc_now
from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.db.tables import AttemptRow
from capacity_api.delivery import sender
from capacity_api.delivery.egress import Guard
from capacity_api.delivery.pool import Pool
from capacity_api.domain.egress import Address
from capacity_api.domain.retry import Delivered, GiveUp, Outcome, Retry, conceal

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
_DEADLINE = 0.5


class Seen(NamedTuple):
    status: int | None
    reason: str | None
    answer: str | None
    duration_ms: int


FAILURE = Seen(None, "failed", None, 0)


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    async with pooled(public=()) as pool:
        yield pool


async def post(pool: Pool, url: str) -> Outcome:
    return await sender.post(pool, url, {}, b"{}", NOON, _DEADLINE)


def seen(outcome: Outcome) -> Seen:
    """What the owner may see of it."""
    shown = conceal(outcome)
    return Seen(shown.status, shown.reason, shown.answer, shown.duration_ms)


async def assert_failure(pool: Pool, url: str, reason: str) -> None:
    """The owner sees a failure like any other, which is tried again. The operator's log has the reason."""
    outcome = await post(pool, url)
    assert isinstance(outcome, Retry) or outcome.reason == "http_410"
    assert (seen(outcome), outcome.reason) == (FAILURE, reason)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


async def test_of_a_success_the_status_is_seen(pool: Pool) -> None:
    for status in (200, 201, 204):
        async with serving(Endpoint(status, {"x-secret": "1"}, b"" if status == 204 else b"secret")) as url:
            outcome = await post(pool, url)
        assert isinstance(outcome, Delivered)
        assert seen(outcome)[:3] == (status, None, None)


@pytest.mark.parametrize("status", [302, 401, 404, 410, 429, 500, 503])
async def test_whatever_a_server_answers_there_it_is_the_same_failure(pool: Pool, status: int) -> None:
    headers = {"location": "http://10.0.0.1/", "retry-after": "3600"}
    async with serving(Endpoint(status, headers, b"secret")) as url:
        outcome = await post(pool, url)
    assert (seen(outcome), outcome.reason) == (FAILURE, f"http_{status}")


async def test_whatever_is_there_it_is_the_same_failure(pool: Pool) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def banner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")
        await reader.read()

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)

    await assert_failure(pool, f"http://127.0.0.1:{closed_port()}/", "connection_failed")
    for handler, reason in ((silent, "timeout"), (banner, "bad_answer"), (hang_up, "bad_answer")):
        async with listening(handler) as port:
            await assert_failure(pool, f"http://127.0.0.1:{port}/", reason)
    async with listening(hang_up) as port:
        await assert_failure(pool, f"https://127.0.0.1:{port}/", "timeout")


@pytest.mark.parametrize("host", ["db.internal", "intranet", "partner.example:8080"])
async def test_that_a_name_is_unknown_there_is_the_same_failure(host: str) -> None:
    async def unknown(host: str) -> list[Address]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async def elsewhere(host: str) -> list[Address]:
        return [ip_address("10.0.0.1")]

    async with pooled(public=(), resolve=unknown) as pool:
        await assert_failure(pool, f"http://{host}/", "name_not_resolved")
    async with pooled(public=(), resolve=elsewhere) as pool:
        await assert_failure(pool, f"http://{host}/", "not_allowed")


async def test_a_public_name_that_leads_there_leads_to_the_same_failure() -> None:
    async def inside(host: str) -> list[Address]:
        return [ip_address("127.0.0.1")]

    async with pooled((ip_network("127.0.0.1/32"),), public=(), resolve=inside) as pool:
        await assert_failure(pool, "https://partner.example:8443/", "connection_failed")


async def test_on_the_public_internet_nothing_is_concealed() -> None:
    async def unknown(host: str) -> list[Address]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async with pooled(public=(), resolve=unknown) as pool:
        outcomes = [await post(pool, url) for url in ("https://partner.example/", "https://10.0.0.1/", "https:///")]
    assert [(type(each), each.reason) for each in outcomes] == [
        (Retry, "name_not_resolved"),
        (GiveUp, "not_allowed"),
        (GiveUp, "invalid_url"),
    ]
    endpoint = Endpoint(500, body=b"out of order")
    async with serving(endpoint) as url, pooled() as pool:
        outcomes = [await post(pool, url) for _ in range(2)]
    assert [(each.status, each.reason, each.answer) for each in outcomes] == [(500, "http_500", "out of order")] * 2


async def test_a_connection_that_is_used_again_conceals_as_much(pool: Pool) -> None:
    connections = 0

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        for status in (b"200 OK", b"404 Not Found"):
            await read_request(reader)
            writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 6\r\n\r\nsecret")
        await reader.read()

    async with listening(handler) as port:
        accepted = await post(pool, f"http://127.0.0.1:{port}/")
        refused = await post(pool, f"http://127.0.0.1:{port}/")
    assert (seen(accepted)[:3], seen(refused)) == ((200, None, None), FAILURE)
    assert connections == 1


async def read_attempts(database: Database, count: int) -> Sequence[AttemptRow]:
    """Wait until so many are stored."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(found := await rows.read_attempts(database)) < count:  # noqa: ASYNC110 - a row has no event for it
            await asyncio.sleep(0.02)
    return found


async def test_what_is_stored_of_failures_is_the_same_and_what_they_mean_is_not(
    database: Database, settings: Settings
) -> None:
    await rows.add_responder(database, utc_now())
    missing, gone, good = Endpoint(404, body=b"secret"), Endpoint(410, body=b"secret"), Endpoint(body=b"secret")
    async with serving(missing) as first, serving(gone) as second, serving(good) as third:
        webhooks = [
            await rows.add_webhook(database, utc_now(), url)
            for url in (first, second, f"http://127.0.0.1:{closed_port()}/", third)
        ]
        await rows.add_event(database, utc_now())
        async with running(database, settings, asyncio.Event(), Pool(Guard(LOOPBACK))):
            attempts = await read_attempts(database, 4)
    stored = {each.webhook_id: Seen(each.status, each.reason, each.answer, each.duration_ms) for each in attempts}
    assert [stored[each] for each in webhooks[:3]] == [FAILURE] * 3
    assert stored[webhooks[3]][:3] == (204, None, None)
    webhooks_after = [await rows.read_webhook(database, each) for each in webhooks]
    assert [each.disabled_reason for each in webhooks_after] == [None, "gone", None, None]
    # A time before the end of a failure would tell how long it took.
    began = {each.webhook_id: each.at for each in attempts}
    assert [began[each.id] for each in webhooks_after[:3]] == [each.failing_since for each in webhooks_after[:3]]
