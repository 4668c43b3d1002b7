"""Every way in which an endpoint can answer, or not."""

import asyncio
import gzip
import inspect
import os
import re
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from tests.certificates import certified
from tests.delivery.endpoints import LOOPBACK, Endpoint, listening, pooled, read_request, reset, serving

from capacity_api.delivery import sender, worker
from capacity_api.delivery.egress import Guard
from capacity_api.delivery.pool import Pool
from capacity_api.delivery.wire import Wire
from capacity_api.domain import retry
from capacity_api.domain.egress import Address, parse_target
from capacity_api.domain.retry import Delivered, GiveUp, Outcome, Retry

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
BODY = b'{"type":"intake.paused"}'
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """Both event loops: the service runs on uvloop where it is installed, and its transports differ from asyncio's."""
    return "asyncio", {"use_uvloop": request.param}


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    async with pooled() as pool:
        yield pool


async def post(pool: Pool, url: str, deadline: float = 5) -> Outcome:
    return await sender.post(pool, url, {"webhook-id": "1"}, BODY, NOON, deadline)


async def answer(pool: Pool, raw: bytes, deadline: float = 5) -> Outcome:
    """The outcome for an endpoint that sends exactly these bytes and closes the connection."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(raw)
        await writer.drain()
        writer.write_eof()
        await reader.read()

    async with listening(handler) as port:
        return await post(pool, f"http://127.0.0.1:{port}/", deadline)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_2xx_is_a_success(pool: Pool, status: int) -> None:
    async with serving(Endpoint(status)) as url:
        outcome = await post(pool, url)
    assert isinstance(outcome, Delivered)
    assert (outcome.status, outcome.reason) == (status, None)


@pytest.mark.parametrize("status", [300, 304, 400, 401, 403, 404, 405, 413, 418, 429, 500, 501, 502, 503, 504, 599])
async def test_every_other_answer_is_tried_again(pool: Pool, status: int) -> None:
    async with serving(Endpoint(status)) as url:
        outcome = await post(pool, url)
    assert isinstance(outcome, Retry)
    assert (outcome.status, outcome.reason, outcome.retry_after) == (status, f"http_{status}", None)


async def test_410_ends_it_and_disables(pool: Pool) -> None:
    async with serving(Endpoint(410, body=b"bye")) as url:
        outcome = await post(pool, url)
    assert isinstance(outcome, GiveUp)
    assert (outcome.status, outcome.reason, outcome.disable, outcome.answer) == (410, "http_410", True, "bye")


@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize("header", ["90", "Sat, 21 Nov 2026 12:01:30 GMT"])
async def test_a_retry_after_is_honoured_as_seconds_and_as_a_date(pool: Pool, status: int, header: str) -> None:
    async with serving(Endpoint(status, {"retry-after": header})) as url:
        outcome = await post(pool, url)
    assert isinstance(outcome, Retry)
    assert outcome.retry_after == timedelta(seconds=90)


@pytest.mark.parametrize("status", [301, 400, 500])
async def test_a_retry_after_beside_any_other_status_means_nothing(pool: Pool, status: int) -> None:
    async with serving(Endpoint(status, {"retry-after": "90"})) as url:
        outcome = await post(pool, url)
    assert isinstance(outcome, Retry)
    assert outcome.retry_after is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_fails_and_is_not_followed(pool: Pool, status: int) -> None:
    elsewhere = Endpoint()
    async with serving(elsewhere) as target, serving(Endpoint(status, {"location": target})) as url:
        outcome = await post(pool, url)
    assert isinstance(outcome, Retry)
    assert outcome.reason == f"http_{status}"
    assert elsewhere.posts == []


@pytest.mark.parametrize(
    "location",
    ["http://10.0.0.1/", "http://169.254.169.254/latest/", "http://[::1", "https://\x01", "http://10.0.0.1:99999999/"],
)
async def test_where_a_redirect_points_to_makes_no_difference(pool: Pool, location: str) -> None:
    outcome = await answer(pool, f"HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n".encode())
    assert isinstance(outcome, Retry)
    assert outcome.reason == "http_302"


async def test_it_says_who_it_is_and_sends_the_bytes_as_they_are(pool: Pool) -> None:
    endpoint = Endpoint()
    async with serving(endpoint) as url:
        await post(pool, url + "?key=a%20b")
    ((headers, body),) = endpoint.posts
    assert body == BODY
    assert headers["content-type"] == "application/json"
    assert headers["user-agent"].startswith("capacity-api/")
    assert headers["accept-encoding"] == "identity"
    assert headers["webhook-id"] == "1"
    assert headers["content-length"] == str(len(BODY))


async def test_a_cookie_is_not_kept(pool: Pool) -> None:
    endpoint = Endpoint(headers={"set-cookie": "a=b"})
    async with serving(endpoint) as url:
        await post(pool, url)
        await post(pool, url)
    assert all("cookie" not in headers for headers, _ in endpoint.posts)


async def test_the_first_two_kilobytes_of_the_answer_are_kept_as_text(pool: Pool) -> None:
    async with serving(Endpoint(500, body=b"a\0\xff" + b"b" * 5000)) as url:
        outcome = await post(pool, url)
    assert outcome.answer == "a\ufffd\ufffd" + "b" * 2045


@pytest.mark.parametrize(
    ("head", "part"),
    [
        (b"content-length: 1000000000000", b"a" * 65536),
        (b"connection: close", b"a" * 65536),
        (b"transfer-encoding: chunked", b"10000\r\n" + b"a" * 65536 + b"\r\n"),
        (b"transfer-encoding: chunked", b"1\r\na\r\n" * 10000),
    ],
)
async def test_no_more_than_sixteen_kilobytes_of_an_endless_answer_are_read(
    pool: Pool, head: bytes, part: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent, taken = 0, 0
    receive = Wire.receive

    async def counted(wire: Wire) -> bytes:
        nonlocal taken
        data = await receive(wire)
        taken += len(data)
        return data

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n")
        while True:
            writer.write(part)
            await writer.drain()
            sent += len(part)

    monkeypatch.setattr(Wire, "receive", counted)
    async with listening(handler) as port:
        outcome = await post(pool, f"http://127.0.0.1:{port}/")
    assert isinstance(outcome, Delivered)
    assert taken == 16 * 1024
    # The rest lies in the buffers of the two sockets.
    assert sent < 20_000_000


async def test_the_head_counts_among_the_sixteen_kilobytes(pool: Pool) -> None:
    def raw(length: int) -> bytes:
        start = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\nx: "
        return start + b"a" * (length - len(start) - 4) + b"\r\n\r\n" + b"b" * 100

    fits, cut, long = [await answer(pool, raw(length)) for length in (16384 - 100, 16384 - 1, 16384 + 1)]
    assert (type(fits), fits.answer) == (Delivered, "b" * 100)
    assert (type(cut), cut.answer) == (Delivered, "b")
    assert (type(long), long.reason) == (Retry, "bad_answer")


async def test_a_compressed_answer_is_never_unpacked(pool: Pool) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    async with serving(Endpoint(200, {"content-encoding": "gzip"}, bomb)) as url:
        outcome = await post(pool, url)
    assert isinstance(outcome, Delivered)
    assert outcome.answer is not None
    assert outcome.answer.encode()[:1] == bomb[:1]
    assert len(outcome.answer) <= 2048


@pytest.mark.parametrize("prelude", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nab"])
async def test_an_endpoint_that_stops_talking_runs_into_the_deadline(pool: Pool, prelude: bytes) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(prelude)
        await reader.read()

    async with listening(handler) as port:
        outcome = await post(pool, f"http://127.0.0.1:{port}/", deadline=0.2)
    assert isinstance(outcome, Retry)
    assert outcome.reason == "timeout"
    assert outcome.status == (200 if prelude.endswith(b"ab") else None)
    assert 150 <= outcome.duration_ms <= 10_000


@pytest.mark.parametrize(
    "prelude", [b"HTTP/1.1 200 OK\r\ncontent-length: 10000\r\n\r\n", b"HTTP/1.1 200 OK\r\nx-slow: "]
)
async def test_the_deadline_holds_against_one_byte_at_a_time(pool: Pool, prelude: bytes) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(prelude)
        while True:
            writer.write(b"a")
            await writer.drain()
            # Slowly, and far more often than the deadline.
            await asyncio.sleep(0.02)

    async with listening(handler) as port:
        outcome = await post(pool, f"http://127.0.0.1:{port}/", deadline=0.3)
    assert isinstance(outcome, Retry)
    assert outcome.reason == "timeout"
    assert outcome.duration_ms <= 10_000


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "bad_answer"),
        (b"SSH-2.0-OpenSSH_9.9\r\n", "bad_answer"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nab", "bad_answer"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: ten\r\n\r\n", "bad_answer"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", "bad_answer"),
        (b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n", "bad_answer"),
        (b"HTTP/1.1 200 OK\r\nx: " + b"a" * 300_000, "bad_answer"),
        (b"HTTP/1.1 200 OK\r\n" + b"x: a\r\n" * 50_000 + b"\r\n", "bad_answer"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 50_000 + OK, "bad_answer"),
    ],
)
async def test_an_answer_that_is_not_http_is_tried_again(pool: Pool, raw: bytes, reason: str) -> None:
    outcome = await answer(pool, raw)
    assert isinstance(outcome, Retry)
    assert outcome.reason == reason


BAD_LINES = (
    b"X Powered By: PHP/5.3",
    b"no colon",
    b": no name",
    b"x: a\0b",
    b"x: a\rb",
    b"caf\xc3\xa9: 1",
    b"\tfolded: before any header",
    b"X Powered By: PHP\r\n connection: upgrade",
)


@pytest.mark.parametrize("line", BAD_LINES)
async def test_a_bad_header_line_does_not_make_a_good_answer_a_bad_one(pool: Pool, line: bytes) -> None:
    outcome = await answer(pool, b"HTTP/1.1 200 OK\r\n" + line + b"\r\ncontent-length: 2\r\nx: y\r\n\r\nok")
    assert isinstance(outcome, Delivered)
    assert (outcome.status, outcome.answer) == (200, "ok")


@pytest.mark.parametrize("raw", [b"%b\n%b\n\nok", b"HTTP/1.1 100 Continue\r\n%b\r\n\r\n%b\r\n%b\r\n\r\nok"])
async def test_a_bad_header_line_is_passed_over_in_every_head(pool: Pool, raw: bytes) -> None:
    parts = [b"HTTP/1.1 200 OK\r\ncontent-length: 2", BAD_LINES[0]]
    outcome = await answer(pool, raw % tuple(parts if raw.count(b"%b") == 2 else [BAD_LINES[0], *parts]))
    assert isinstance(outcome, Delivered)
    assert (outcome.status, outcome.answer) == (200, "ok")


async def test_a_bad_header_line_is_passed_over_however_the_answer_is_cut(pool: Pool) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        for byte in b"HTTP/1.1 200 OK\r\nX Powered By: PHP\r\ncontent-length: 2\r\n\r\nok":
            writer.write(bytes([byte]))
            # Each is read alone.
            await asyncio.sleep(0)
        await reader.read()

    async with listening(handler) as port:
        outcome = await post(pool, f"http://127.0.0.1:{port}/")
    assert (type(outcome), outcome.answer) == (Delivered, "ok")


@pytest.mark.parametrize(
    "line",
    [
        b"Content-Length : 2",
        b"Transfer-Encoding : chunked",
        b"X Bad: 1\r\n Transfer-Encoding: chunked",
        b"x: a\rcontent-length: 2",
    ],
)
async def test_a_bad_header_line_about_the_length_of_the_answer_makes_it_a_bad_one(pool: Pool, line: bytes) -> None:
    outcome = await answer(pool, b"HTTP/1.1 200 OK\r\n" + line + b"\r\n\r\nok")
    assert isinstance(outcome, Retry)
    assert outcome.reason == "bad_answer"


@pytest.mark.parametrize(
    ("prelude", "status"),
    [(b"", None), (b"HTTP/1.1 200 OK\r\n", None), (b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nab", 200)],
)
async def test_a_connection_that_is_reset_is_tried_again(pool: Pool, prelude: bytes, status: int | None) -> None:
    read = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(prelude)
        if status:
            await read.wait()
        reset(writer)

    async with listening(handler) as port:
        asyncio.get_running_loop().call_later(0.05, read.set)
        outcome = await post(pool, f"http://127.0.0.1:{port}/")
    assert isinstance(outcome, Retry)
    assert (outcome.reason, outcome.status) == ("connection_lost", status)


async def test_nobody_listening_is_tried_again(pool: Pool) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise AssertionError

    async with listening(handler) as port:
        pass
    outcome = await post(pool, f"http://127.0.0.1:{port}/")
    assert isinstance(outcome, Retry)
    assert (outcome.reason, outcome.status) == ("connection_failed", None)


async def test_a_name_without_an_address_is_tried_again() -> None:
    async def unknown(host: str) -> list[Address]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async with pooled((), resolve=unknown) as pool:
        outcome = await post(pool, "https://partner.example/")
    assert isinstance(outcome, Retry)
    assert outcome.reason == "name_not_resolved"


@pytest.mark.parametrize("url", ["https://10.0.0.1/", "http://8.8.8.8/", "https://8.8.8.8:80/", "http://[::1]:80/"])
async def test_an_address_that_is_not_allowed_ends_it(pool: Pool, url: str) -> None:
    outcome = await post(pool, url)
    assert isinstance(outcome, GiveUp)
    assert (outcome.reason, outcome.disable, outcome.answer) == ("not_allowed", False, None)


@pytest.mark.parametrize("url", ["", "hook", "ftp://127.0.0.1/", "https://[::1", "https://1.2.3.256/", "https:///a"])
async def test_an_address_that_is_none_ends_it(pool: Pool, url: str) -> None:
    outcome = await post(pool, url)
    assert isinstance(outcome, GiveUp)
    assert outcome.reason == "invalid_url"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (httpx.ConnectTimeout, "timeout"),
        (httpx.ReadTimeout, "timeout"),
        (httpx.WriteTimeout, "timeout"),
        (httpx.PoolTimeout, "timeout"),
        (httpx.ConnectError, "connection_failed"),
        (httpx.ReadError, "connection_lost"),
        (httpx.WriteError, "connection_lost"),
        (httpx.CloseError, "connection_lost"),
        (httpx.RemoteProtocolError, "bad_answer"),
    ],
)
async def test_each_failure_of_a_transport_is_tried_again(error: type[httpx.TransportError], reason: str) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error("10.0.0.1")

    outcome = await sender.post(httpx.MockTransport(fail), "https://partner.example/", {}, BODY, NOON)
    assert isinstance(outcome, Retry)
    assert (outcome.reason, outcome.status, outcome.answer) == (reason, None, None)


async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(OK)
    await reader.read()


async def test_the_certificate_is_checked_against_the_name_of_the_webhook(tmp_path: Path) -> None:
    server, trusting = certified(tmp_path, "localhost")
    async with listening(take, server) as port:
        async with pooled(context=trusting) as pool:
            right = await post(pool, f"https://localhost:{port}/")
            wrong = await post(pool, f"https://127.0.0.1:{port}/")
        async with pooled(context=trusting) as pool:
            dotted = await post(pool, f"https://LOCALHOST.:{port}/")
        async with pooled() as pool:
            unknown = await post(pool, f"https://localhost:{port}/")
    assert isinstance(right, Delivered)
    assert isinstance(dotted, Delivered)
    assert isinstance(wrong, Retry)
    assert wrong.reason == "tls_failed"
    assert isinstance(unknown, Retry)
    assert unknown.reason == "tls_failed"


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_request_has_left_the_process_before_it_awaits_anything(scheme: str, tmp_path: Path) -> None:
    server, trusting = certified(tmp_path, "localhost")
    descriptors: asyncio.Queue[int] = asyncio.Queue()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        descriptors.put_nowait(os.dup(writer.get_extra_info("socket").fileno()))
        await reader.read()

    async with listening(accept, server if scheme == "https" else None) as port:
        guard = Guard(LOOPBACK, trusting)
        wire = await guard.connect(await guard.find_route(parse_target(f"{scheme}://localhost:{port}/")))
        with socket.socket(fileno=await descriptors.get()) as peer:
            peer.setblocking(False)
            with pytest.raises(BlockingIOError):
                peer.recv(1, socket.MSG_PEEK)
            wire.send(b"request")
            assert peer.recv(1, socket.MSG_PEEK)
        wire.close()


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_the_deadline_holds_while_a_connection_is_made(scheme: str) -> None:
    async def slow(host: str) -> list[Address]:
        await asyncio.Event().wait()
        return []

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        await asyncio.Event().wait()

    async with listening(silent) as port, pooled() as pool, pooled(resolve=slow) as waiting:
        outcomes = [
            await post(waiting, f"{scheme}://partner.example:{port}/", deadline=0.1),
            await post(pool, f"{scheme}://127.0.0.1:{port}/", deadline=0.1),
        ]
    assert [outcome.reason for outcome in outcomes] == ["timeout"] * 2


async def test_an_endpoint_that_speaks_no_tls_is_tried_again(pool: Pool) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()

    async with listening(handler) as port:
        outcome = await post(pool, f"https://127.0.0.1:{port}/")
    assert isinstance(outcome, Retry)
    assert outcome.reason == "tls_failed"


def test_every_reason_stands_in_the_documentation() -> None:
    sources = [inspect.getsource(module) for module in (sender, worker, retry)]
    reasons = {word for source in sources for word in re.findall(r'(?:reason=|return |else )"([a-z_]+)"', source)}
    assert {"timeout", "bad_answer", "not_allowed", "internal_error"} <= reasons
    _, _, section = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text().partition("\n### Reasons\n")
    documented = set(re.findall(r"`([a-z_0-9]+)`", section.partition("\n##")[0]))
    assert reasons == documented - {"reason", "http_", "http_500"}
