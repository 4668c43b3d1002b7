"""Requests that are mutated by chance: none may break the service, hold a connection for ever, or be answered with 500.

The seed of the run is printed where it fails. `make soak` runs it for minutes; with `EDGE_FUZZ_MINUTES`, for as many.
"""

import asyncio
import logging
import os
import random
import re
from collections.abc import AsyncIterator
from time import monotonic

import msgspec
import pytest
from tests.conftest import Clock
from tests.edge.raw import Wire, connect
from tests.serving import PATIENCE_SECONDS, Service, serving

from capacity_api.config import Settings
from capacity_api.edge.connections import Limits

SHORT_SECONDS = 2.0
MINUTES = float(os.environ.get("EDGE_FUZZ_MINUTES", "3"))
AT_ONCE = 8
HOST = b"Host: capacity.example\r\n"
JSON = b"Content-Type: application/json\r\n"
SEEDS = [
    b"GET / HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /v1/directory HTTP/1.1\r\n" + HOST + b"Accept-Encoding: gzip, br;q=0.5\r\nIf-None-Match: *\r\n\r\n",
    b"GET /v1/directory?area=E12000007&gender=woman HTTP/1.1\r\n" + HOST + b"\r\n",
    b"HEAD /v1/responders/tara HTTP/1.0\r\n\r\n",
    b"OPTIONS /v1/matches HTTP/1.1\r\n" + HOST + b"Origin: https://tool.example\r\n\r\n",
    b"POST /v1/matches HTTP/1.1\r\n" + HOST + JSON + b'Content-Length: 21\r\n\r\n{"age_group":"adult"}',
    b"POST /v1/matches HTTP/1.1\r\n" + HOST + JSON + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
    b"PUT /v1/responders/tara/intake HTTP/1.1\r\n" + HOST + JSON + b"Authorization: Bearer cap_x\r\n"
    b'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nContent-Length: 18\r\n\r\n{"state":"paused"}',
    b"DELETE /v1/webhooks/1 HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
    b"GET http://capacity.example/healthz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n",
    b"GET http://capacity.example HTTP/1.1\r\n" + HOST + b"\r\n",
    b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /openapi.json HTTP/1.1\r\n" + HOST + b"\r\n",
]
# What parsers disagree about.
SPLICES = [
    *(b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\x00", b" ", b"\t", b":", b"%2F", b"%00", b"//", b";", b"?", b"#", b"\xff"),
    *(b"HTTP/1.1", b"HTTP/2.0", b"GET ", b"CONNECT ", b"0\r\n\r\n", b"ffffffffffffffff\r\n", b"-1", b"+1", b"," * 99),
    *(b"Host: a\r\n", b"Content-Length: 5\r\n", b"Content-Length: 99999999\r\n", b"Transfer-Encoding: chunked\r\n"),
    *(b"Upgrade: h2c\r\nConnection: Upgrade\r\n", b"Connection: close\r\n", b"Expect: 100-continue\r\n", b"a" * 20000),
]
LIMITS = Limits(
    silent_seconds=0.5,
    head_seconds=0.5,
    body_seconds=0.5,
    stalled_seconds=2,
    keep_alive_seconds=0.5,
    closing_seconds=0.5,
)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
async def service(settings: Settings, clock: Clock) -> AsyncIterator[Service]:
    async with serving(msgspec.structs.replace(settings, write_limit=0), clock, limits=LIMITS) as running:
        yield running


def mutate(chance: random.Random) -> bytes:
    """A few requests in a row, with a few changes."""
    data = b"".join(chance.choices(SEEDS, k=chance.randint(1, 3)))
    for _ in range(chance.choice((0, 1, 1, 2, 3, 8))):
        start = chance.randrange(len(data) + 1)
        end = min(len(data), start + chance.choice((0, 0, 1, 2, 10, 50)))
        kind = chance.randrange(4)
        if kind == 0:
            data = data[:start] + chance.choice(SPLICES) + data[end:]
        elif kind == 1:
            data = data[:start] + chance.randbytes(chance.randint(1, 4)) + data[end:]
        elif kind == 2:
            data = data[:start] + data[end:]
        else:
            data = data[:end] + data[start:]
    return data


async def send_mutated(wire: Wire, chance: random.Random) -> bytes:
    """Send it in pieces, and return all that is answered until the service closes."""
    data = mutate(chance)
    answered = b""
    try:
        while data:
            size = chance.choice((1, 5, 100, len(data), len(data), len(data)))
            wire.writer.write(data[:size])
            await wire.writer.drain()
            data = data[size:]
        if chance.random() < 0.1:
            return b""
        if chance.random() < 0.2:
            wire.writer.write_eof()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while received := await wire.reader.read(65536):
                answered += received
    except ConnectionError:
        pass
    return answered


async def fuzz(service: Service, chance: random.Random, seconds: float) -> int:
    """Returns how many connections were opened."""
    end = monotonic() + seconds
    count = 0

    async def go_on(own: random.Random) -> None:
        nonlocal count
        while monotonic() < end:
            count += 1
            state = own.getstate()
            async with connect(service) as wire:
                answered = await send_mutated(wire, own)
            statuses = re.findall(rb"HTTP/1\.1 (\d{3}) ", answered)
            if b"500" in statuses or (answered and not answered.startswith(b"HTTP/1.1 ")):
                own.setstate(state)
                raise AssertionError((mutate(own), answered[:1000]))

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(go_on(random.Random(chance.random())))
    return count


async def check(service: Service, chance: random.Random, caplog: pytest.LogCaptureFixture, seconds: float) -> None:
    with caplog.at_level(logging.WARNING):
        count = await fuzz(service, chance, seconds)
    assert count > AT_ONCE
    assert (await service.client.get("/v1/directory")).status_code == 200
    assert (await service.client.post("/v1/matches", json={})).status_code == 200
    assert (await service.client.get("/readyz")).status_code == 200
    unexpected = [record for record in caplog.records if "edge.flood_began" not in str(record.msg)]
    assert not unexpected, [(record.msg, record.exc_text, record.exc_info) for record in unexpected]


async def test_no_request_breaks_the_service(
    service: Service, chance: random.Random, caplog: pytest.LogCaptureFixture
) -> None:
    await check(service, chance, caplog, SHORT_SECONDS)


@pytest.mark.soak
async def test_no_request_breaks_the_service_for_minutes(
    service: Service, chance: random.Random, caplog: pytest.LogCaptureFixture
) -> None:
    await check(service, chance, caplog, MINUTES * 60)
