"""What one client may use of the service: bytes, time, connections and memory."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from ipaddress import ip_network
from typing import Any

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.conftest import Clock
from tests.edge.raw import Wire, connect
from tests.serving import PATIENCE_SECONDS, PAUSED, Service, serving

from capacity_api.config import LOOPBACK, Settings
from capacity_api.edge.addresses import group_of
from capacity_api.edge.connections import Limits
from capacity_api.edge.refusals import FLOOD_FROM, Refusals

HOST = b"Host: capacity.example\r\n"
GET = b"GET /v1/directory HTTP/1.1\r\n" + HOST + b"Accept-Encoding: identity\r\n\r\n"
POST = b"POST /v1/matches HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
# In the application, and quick.
HEALTH = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"
QUICK = Limits(
    silent_seconds=0.2,
    head_seconds=0.2,
    body_seconds=0.2,
    stalled_seconds=0.2,
    keep_alive_seconds=0.2,
    closing_seconds=0.2,
)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, metrics_allow=(LOOPBACK,))


@pytest.fixture
async def service(settings: Settings, clock: Clock) -> AsyncIterator[Service]:
    async with serving(settings, clock) as running:
        yield running


@asynccontextmanager
async def limited(settings: Settings, clock: Clock, **limits: Any) -> AsyncIterator[Service]:
    async with serving(settings, clock, limits=msgspec.structs.replace(Limits(), **limits)) as running:
        yield running


async def counted(service: Service, name: str, label: str) -> float:
    """A counter, as an operator reads it."""
    text = (await service.client.get("/metrics")).text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return sum(each.value for each in samples if each.name == name and label in each.labels.values())


async def refused(service: Service, reason: str) -> float:
    return await counted(service, "capacity_refused_total", reason)


async def until(service: Service, reason: str, count: int) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await refused(service, reason) < count:
            pass


# Bytes.


def head_of(size: int) -> bytes:
    start = b"GET /v1/directory HTTP/1.1\r\n" + HOST + b"X: "
    return start + b"a" * (size - len(start) - 4) + b"\r\n\r\n"


async def test_a_head_of_16_kb_is_answered_and_one_byte_more_is_refused(service: Service) -> None:
    for cut in (1, 5000, 16 * 1024 - 2):
        async with connect(service) as wire:
            head = head_of(16 * 1024)
            await wire.send(head[:cut], head[cut:])
            assert (await wire.answer()).status == 200
            # The next head has as much.
            await wire.send(head[:cut], head[cut:])
            assert (await wire.answer()).status == 200
            head = head_of(16 * 1024 + 1)
            await wire.send(head[:cut], head[cut:])
            refusal = await wire.answer()
            assert (refusal.status, refusal.problem()["code"]) == (431, "head_too_large")
            assert await wire.is_closed()
    assert await refused(service, "head_too_large") == 3


@pytest.mark.parametrize(
    "endless",
    [
        b"GET /v1/directory HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 65536,
        b"GET /v1/directory HTTP/1.1\r\n" + HOST + b"X: a\r\n" * 65536,
        b"GET /v1/directory HTTP/1.1\r\n" + HOST + b"X:" + b" " * 65536,
        b"GET /" + b"a" * 65536,
        b"\r\n" * 65536,
        b"PUT / HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\n\r\n{}GET / HTTP/1.1\r\nX: " + b"a" * 30_000,
    ],
    ids=["value", "lines", "spaces", "path", "nothing", "behind a body"],
)
async def test_an_endless_head_is_refused_before_it_is_kept(service: Service, endless: bytes) -> None:
    async with connect(service) as wire:
        await wire.send(endless)
        answer = await wire.answer()
        if answer.status != 431:
            answer = await wire.answer()
        assert (answer.status, answer.problem()["code"]) == (431, "head_too_large")
        # It goes on, and nobody listens.
        with pytest.raises(ConnectionError):
            while True:
                await wire.send(endless, endless)


async def test_endless_trailers_are_refused(service: Service) -> None:
    async with connect(service) as wire:
        await wire.send(
            b"POST /v1/matches HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: " + b"a" * (1024 * 1024)
        )
        refusal = await wire.answer()
        assert (refusal.status, refusal.problem()["code"]) == (413, "body_too_large")
        assert await wire.is_closed()


@pytest.mark.parametrize("framing", [b"Content-Length: 100000000\r\n", b"Transfer-Encoding: chunked\r\n"])
async def test_the_answer_to_a_body_that_is_too_large_can_be_read(service: Service, framing: bytes) -> None:
    async with connect(service) as wire:
        await wire.send(
            b"POST /v1/matches HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n" + framing + b"\r\n"
        )
        sending = asyncio.create_task(send_endlessly(wire, b"10000\r\n" + b" " * 65536 + b"\r\n"))
        refusal = await wire.answer()
        assert (refusal.status, refusal.problem()["code"]) == (413, "body_too_large")
        assert await wire.is_closed()
        await sending


async def send_endlessly(wire: Wire, data: bytes) -> None:
    try:
        while True:
            wire.writer.write(data)
            await wire.writer.drain()
    except ConnectionError:
        return


async def test_a_body_that_was_answered_before_it_came_leaves_the_connection_usable(service: Service) -> None:
    body = b"{}" + b" " * 60_000
    async with connect(service) as wire:
        for _ in range(3):
            await wire.send(
                b"PUT /v1/responders/tara/intake HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n" % len(body)
            )
            assert (await wire.answer()).problem()["code"] == "token_missing"
            await wire.send(body)
        await wire.send(GET)
        assert (await wire.answer()).status == 200


# Time.


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"", "silent"),
        (b"GET", "head_timeout"),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: a\r\n", "head_timeout"),
        (b"\r\n", "head_timeout"),
        (POST + b"Content-Length: 9\r\n\r\n", "body_timeout"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", "body_timeout"),
    ],
)
async def test_what_does_not_come_in_time_is_closed(settings: Settings, clock: Clock, sent: bytes, reason: str) -> None:
    quick = msgspec.structs.asdict(QUICK)
    async with limited(settings, clock, **quick) as service, connect(service) as wire:
        if sent:
            await wire.send(sent)
            refusal = await wire.answer()
            assert (refusal.status, refusal.problem()["code"]) == (408, "request_timeout")
        assert await wire.is_closed()
        assert await refused(service, reason) == 1


BROWSER = HOST + b"Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n"
FORM = b"POST / HTTP/1.1\r\n" + BROWSER + b"Content-Type: application/x-www-form-urlencoded\r\n"


@pytest.mark.parametrize(
    ("segments", "status", "is_page"),
    [
        # The whole head, or enough of it, says that a browser asks for a page.
        ([FORM + b"Content-Length: 9\r\n\r\narea="], 408, True),
        ([b"GET /about HTTP/1.1\r\n" + BROWSER + b"X: a\r\n"], 408, True),
        ([b"GET /about HTTP/1.1\r\n" + BROWSER + b"Cookie: " + b"a" * 65_536], 431, True),
        ([b"GET /about HTTP/1.1\r\n" + BROWSER, b"Cookie: " + b"a" * 20_000], 431, True),
        ([b"GET /about HTTP/1.1\r\n" + BROWSER + b"X: a\r\nX Y: a\r\n\r\n"], 400, True),
        ([b"GET /about HTTP/1.1\r\nAccept: text/html\r\n\r\n"], 400, True),
        # A program, or nobody knows who: the line is whole, and what the client accepts comes later.
        ([b"GET /v1/directory HTTP/1.1\r\n" + BROWSER + b"X: a\r\n"], 408, False),
        ([b"GET /about HTTP/1.1\r\n" + HOST + b"X: a\r\n"], 408, False),
        ([b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n" + BROWSER + b"\r\n"], 431, False),
        ([b"GET /about HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 20_000 + b"\r\n" + BROWSER], 431, False),
        # What the last request said says nothing of the next.
        ([b"GET /about HTTP/1.1\r\n" + BROWSER + b"\r\n", b"\r\n"], 408, False),
        ([b"GET /about HTTP/1.1\r\n" + BROWSER + b"\r\n", b"\x00"], 400, False),
    ],
)
async def test_a_browser_is_refused_with_a_page_as_far_as_its_head_was_read(
    settings: Settings, clock: Clock, segments: list[bytes], status: int, is_page: bool
) -> None:
    async with limited(settings, clock, head_seconds=0.2, body_seconds=0.2) as service, connect(service) as wire:
        await wire.send(*segments)
        answer = await wire.answer()
        if answer.status == 200:
            answer = await wire.answer()
        assert answer.status == status
        assert answer.headers["cache-control"] == "no-store"
        assert await wire.is_closed()
    if not is_page:
        answer.problem()
        return
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "access-control-allow-origin" not in answer.headers
    assert b"This did not work" in answer.body
    assert b"08000 121 700" in answer.body
    assert len(answer.body) < 16 * 1024


async def test_a_head_that_trickles_is_closed_all_the_same(settings: Settings, clock: Clock) -> None:
    async with limited(settings, clock, head_seconds=0.2) as service, connect(service) as wire:
        await wire.send(b"GET / HTTP/1.1\r\n" + HOST)
        with pytest.raises(ConnectionError):
            while True:
                await wire.send(b"X: a\r\n", b"X: a\r\n")
        assert await refused(service, "head_timeout") == 1


async def test_an_idle_connection_is_closed_after_the_keep_alive_and_is_no_refusal(
    settings: Settings, clock: Clock
) -> None:
    for request in (GET, HEALTH):
        async with limited(settings, clock, keep_alive_seconds=0.2) as service, connect(service) as wire:
            await wire.send(request)
            assert (await wire.answer()).status == 200
            assert await wire.is_closed()
            assert await counted(service, "capacity_refused_total", "") == 0


# Connections.


async def test_an_address_has_so_many_connections_and_others_notice_nothing(settings: Settings, clock: Clock) -> None:
    async with limited(settings, clock, connections_per_address=3) as service, AsyncExitStack() as stack:
        first, *others = [await stack.enter_async_context(connect(service, "127.0.0.2")) for _ in range(4)]
        # The one that was longest without a whole head gives way.
        assert await first.is_closed()
        for wire in others:
            await wire.send(GET)
            assert (await wire.answer()).status == 200
        # Then the one that was longest idle.
        newest = await stack.enter_async_context(connect(service, "127.0.0.2"))
        assert await others[0].is_closed()
        for wire in (*others[1:], newest, await stack.enter_async_context(connect(service, "127.0.0.3"))):
            await wire.send(GET)
            assert (await wire.answer()).status == 200
        assert await refused(service, "connections_of_address") == 2
        # This machine itself has no limit.
        for wire in [await stack.enter_async_context(connect(service)) for _ in range(10)]:
            await wire.send(GET)
            assert (await wire.answer()).status == 200


async def test_a_trusted_proxy_has_no_limit(settings: Settings, clock: Clock) -> None:
    trusting = msgspec.structs.replace(settings, trusted_proxies=(ip_network("127.0.0.2/32"),))
    async with limited(trusting, clock, connections_per_address=2) as service, AsyncExitStack() as stack:
        for wire in [await stack.enter_async_context(connect(service, "127.0.0.2")) for _ in range(5)]:
            await wire.send(GET)
            assert (await wire.answer()).status == 200


async def test_at_the_limit_of_all_a_half_sent_head_gives_way_to_a_reader(settings: Settings, clock: Clock) -> None:
    async with limited(settings, clock, connections=20) as service, AsyncExitStack() as stack:
        halves = [await stack.enter_async_context(connect(service)) for _ in range(40)]
        for wire in halves:
            with suppress(ConnectionError):
                await wire.send(b"GET / HTTP/1.1\r\n")
        report = await service.report("tara", PAUSED)
        assert report["intake"]["state"] == "paused"
        assert (await service.client.get("/readyz")).status_code == 200
        for _ in range(30):
            wire = await stack.enter_async_context(connect(service))
            await wire.send(GET)
            assert (await wire.answer()).status == 200
        assert await refused(service, "connections") >= 30


async def test_a_request_that_is_being_answered_never_gives_way(settings: Settings, clock: Clock) -> None:
    async with limited(settings, clock, connections_per_address=2) as service, AsyncExitStack() as stack:
        busy = [await stack.enter_async_context(connect(service, "127.0.0.2")) for _ in range(2)]
        for wire in busy:
            # A slow reader: its answers do not fit into what the network takes.
            await wire.send((b"GET /openapi.json HTTP/1.1\r\n" + HOST + b"\r\n") * 40)
        await until_stalled(service)
        refused_one = await stack.enter_async_context(connect(service, "127.0.0.2"))
        assert await refused_one.is_closed()
        for wire in busy:
            for _ in range(40):
                assert (await wire.answer()).status == 200


async def until_stalled(service: Service) -> None:
    """Wait until no more published reads are answered."""
    before = -1.0
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (now := await counted(service, "capacity_published_reads_total", "200")) != before:
            before = now
            await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    ("host", "group"),
    [
        ("127.0.0.1", None),
        ("127.0.0.2", "127.0.0.2"),
        ("::1", None),
        ("::ffff:127.0.0.1", None),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:0:1:2:3:4:5", "2001:db8:0:1::/64"),
        ("2001:db8:0:1:ffff::", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("10.0.0.9", None),
        ("10.0.1.9", "10.0.1.9"),
        (None, None),
    ],
)
def test_an_ipv6_address_counts_with_its_neighbours(host: str | None, group: str | None) -> None:
    assert group_of(host, (ip_network("10.0.0.0/24"),)) == group


# Memory.


async def test_a_slow_reader_is_sent_one_answer_after_the_other(service: Service) -> None:
    request = b"GET /openapi.json HTTP/1.1\r\n" + HOST + b"Accept-Encoding: identity\r\n\r\n"
    async with connect(service) as wire:
        await wire.send(request * 400)
        await until_stalled(service)
        assert await counted(service, "capacity_published_reads_total", "200") < 200
        bodies = {(await wire.answer()).body for _ in range(400)}
        assert len(bodies) == 1
        await wire.send(GET)
        assert (await wire.answer()).status == 200


async def test_a_reader_that_takes_nothing_is_closed(settings: Settings, clock: Clock) -> None:
    request = b"GET /openapi.json HTTP/1.1\r\n" + HOST + b"Accept-Encoding: identity\r\n\r\n"
    async with limited(settings, clock, stalled_seconds=0.5) as service, connect(service) as wire:
        await wire.send(request * 400)
        await until(service, "stalled", 1)


async def test_more_than_64_kb_ahead_of_the_answers_closes_the_connection(service: Service) -> None:
    async with connect(service) as wire:
        await send_endlessly(wire, (b"GET /openapi.json HTTP/1.1\r\n" + HOST + b"\r\n") * 2000)
    assert await refused(service, "sent_ahead") == 1


# Floods.


async def test_a_flood_is_two_lines_in_the_log_however_long_it_is(caplog: pytest.LogCaptureFixture) -> None:
    refusals = Refusals(window_seconds=0.2)
    with caplog.at_level(logging.INFO, "capacity_api.edge.refusals"):
        for _ in range(FLOOD_FROM - 1):
            refusals.note("malformed")
        assert not caplog.records
        for _ in range(1000):
            refusals.note("malformed")
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(caplog.records) < 2:  # noqa: ASYNC110 - the log wakes nobody
                await asyncio.sleep(0.01)
    lines: list[Any] = [record.msg for record in caplog.records]
    assert [(line["event"], line["reason"], line["count"]) for line in lines] == [
        ("edge.flood_began", "malformed", FLOOD_FROM),
        ("edge.flood_ended", "malformed", FLOOD_FROM - 1 + 1000),
    ]
    assert refusals.counts["malformed"] == FLOOD_FROM - 1 + 1000


async def test_a_few_refusals_now_and_then_are_no_flood(caplog: pytest.LogCaptureFixture) -> None:
    refusals = Refusals(window_seconds=0.01)
    with caplog.at_level(logging.INFO, "capacity_api.edge.refusals"):
        for _ in range(5):
            for _ in range(FLOOD_FROM - 1):
                refusals.note("malformed")
            # Longer than the window.
            await asyncio.sleep(0.05)
    assert not caplog.records
