"""Answers on one connection: their order, clients that hang up, and a service that stops."""

import asyncio
import json
import logging
import signal
from contextlib import AsyncExitStack
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

import pytest
from tests.edge.raw import Wire, connect
from tests.processes import environment
from tests.processes import serving as serving_process
from tests.serving import PATIENCE_SECONDS, PAUSED, Service, bound

HOST = b"Host: capacity.example\r\n"
MATCHES = b"POST /v1/matches HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


def get(path: bytes, version: bytes = b"1.1", lines: bytes = b"") -> bytes:
    return b"GET " + path + b" HTTP/" + version + b"\r\n" + HOST + lines + b"\r\n"


async def test_requests_sent_at_once_are_answered_in_order(service: Service) -> None:
    requests = [
        (get(b"/v1/responders/tara"), b'"slug":"tara"'),
        (get(b"/healthz"), b'"status":"ok"'),
        (get(b"/v1/responders/unseen"), b'"slug":"unseen"'),
        (MATCHES, b'"outcome"'),
        (get(b"/v1/nothing"), b'"code":"not_found"'),
        (get(b"/v1/events?after=12"), b'"events"'),
        (MATCHES, b'"outcome"'),
        (get(b"/v1/vocabulary"), b"exploitation_types"),
    ]
    sent = b"".join(request for request, _ in requests) * 5
    for size in (len(sent), 7, 1000):
        async with connect(service) as wire:
            for start in range(0, len(sent), size):
                wire.writer.write(sent[start : start + size])
                await wire.writer.drain()
            for _ in range(5):
                for request, expected in requests:
                    assert expected in (await wire.answer()).body, request


async def test_the_same_request_again_is_answered_as_things_are_now(service: Service) -> None:
    async with connect(service) as wire:
        for note in ("First.", "Second.", "Third."):
            await service.report("tara", {**PAUSED, "note": note})
            for path in (b"/v1/responders/tara", b"/v1/responders/unseen"):
                for _ in range(2):
                    await wire.send(get(path))
                    assert (note.encode() in (await wire.answer()).body) == path.endswith(b"tara")
        await wire.send(get(b"/healthz"))
        assert (await wire.answer()).status == 200
        head = get(b"/v1/responders/tara").replace(b"GET", b"HEAD")
        for request, method in ((head, "HEAD"), (head, "HEAD"), (get(b"/v1/responders/tara"), "GET")):
            await wire.send(request)
            assert len((await wire.answer(method)).body) > 0 or method == "HEAD"


@pytest.mark.parametrize("path", [b"/v1/directory", b"/healthz"])
async def test_the_connection_ends_where_the_client_says_so(service: Service, path: bytes) -> None:
    for request in (
        get(path, lines=b"Connection: close\r\n"),
        get(path, lines=b"Connection: Keep-Alive, Close\r\n"),
        get(path, version=b"1.0"),
    ):
        async with connect(service) as wire:
            # What comes behind it is not answered.
            await wire.send(request + get(path))
            answer = await wire.answer()
            assert (answer.status, answer.headers["connection"]) == (200, "close")
            assert await wire.is_closed()


async def test_a_client_that_hangs_up_is_no_error(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    [(name, token)] = (await service.token(responder="tara")).items()
    started = [
        b"",
        b"GET / HTTP/1.1\r\n",
        b"POST /v1/matches HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
        b"POST /v1/matches HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n9\r\n{",
        b"PUT /v1/responders/tara/intake HTTP/1.1\r\n"
        + HOST
        + f"{name}: {token}\r\n".encode()
        + b"Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
        MATCHES,
        get(b"/v1/events?after=1"),
        get(b"/openapi.json") * 20,
    ]
    caplog.clear()
    with caplog.at_level(logging.INFO):
        for sent in started:
            for is_rude in (False, True):
                async with connect(service) as wire:
                    await wire.send(sent)
                    if is_rude:
                        wire.writer.transport.abort()
        # All of them are gone, and the service is as before.
        assert (await service.client.get("/healthz")).status_code == 200
        assert (await service.client.post("/v1/matches", json={})).status_code == 200
        await asyncio.sleep(0.2)
    assert not caplog.records, [record.msg for record in caplog.records]


async def half_open(stack: AsyncExitStack, address: str, count: int, *sent: bytes) -> list[Wire]:
    parts = urlsplit(address)
    wires = []
    for number in range(count):
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        stack.callback(writer.close)
        wires.append(Wire(reader, writer))
        await wires[-1].send(sent[number % len(sent)])
    return wires


async def test_sigterm_ends_in_time_whatever_is_half_open(sqlite_url: str, tmp_path: Path) -> None:
    path = tmp_path / "log"
    async with AsyncExitStack() as stack:
        env = environment(sqlite_url)
        process = await stack.enter_async_context(serving_process("--no-delivery", env=env, log=path))
        silent = await half_open(stack, process.address, 150, b"", b"GET", b"GET / HTTP/1.1\r\n" + HOST)
        idle = await half_open(stack, process.address, 50, get(b"/v1/vocabulary"))
        for wire in idle:
            assert (await wire.answer()).status == 200
        slow = await half_open(stack, process.address, 20, get(b"/openapi.json") * 40, MATCHES[:-1])
        before = monotonic()
        process.send_signal(signal.SIGTERM)
        for wire in (*silent, *idle):
            assert await wire.is_closed()
        assert monotonic() - before < bound(0.8)
        assert await process.wait() == 0
        # The grace is five seconds.
        assert monotonic() - before < bound(6.0)
        del slow
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines[-1]["event"] == "process.stop"
    assert not [line for line in lines if "exception" in line], lines


async def test_a_request_that_has_begun_is_answered_at_sigterm(sqlite_url: str, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        process = await stack.enter_async_context(serving_process("--no-delivery", env=environment(sqlite_url)))
        [wire] = await half_open(stack, process.address, 1, MATCHES[:-1])
        [quick] = await half_open(stack, process.address, 1, get(b"/healthz"))
        assert (await quick.answer()).status == 200
        process.send_signal(signal.SIGTERM)
        assert await quick.is_closed()
        await wire.send(MATCHES[-1:])
        answer = await wire.answer()
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert await wire.is_closed()
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await process.wait() == 0
