"""What a request must be. Whatever is none is refused with a problem document, and its connection closes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.conftest import NOON, Clock, settings_of
from tests.databases import copy_sqlite
from tests.edge.raw import connect
from tests.serving import Service, serving

HOST = b"Host: capacity.example\r\n"
# The body of a request that must never be taken for a request.
SMUGGLED = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"


@pytest.fixture(scope="module", params=[True, False], ids=["edge", "any server"])
async def either(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Service]:
    """A service as it runs, and one in any other server, for requests that change nothing."""
    settings = settings_of(copy_sqlite(sqlite_template, tmp_path_factory.mktemp("either") / "capacity.db"))
    async with serving(settings, Clock(NOON), has_edge=request.param) as running:
        yield running


REFUSED = {
    "no host": b"GET /v1/directory HTTP/1.1\r\n\r\n",
    "no host, for the application": b"GET /healthz HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /v1/directory HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
    "two hosts in HTTP/1.0": b"GET /v1/directory HTTP/1.0\r\n" + HOST + HOST + b"\r\n",
    "an empty host": b"GET /v1/directory HTTP/1.1\r\nHost:\r\n\r\n",
    "a list of hosts": b"GET /v1/directory HTTP/1.1\r\nHost: a, b\r\n\r\n",
    "a host with a path": b"GET /v1/directory HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "a host with a user": b"GET /v1/directory HTTP/1.1\r\nHost: a@b\r\n\r\n",
    "a host with a space": b"GET /v1/directory HTTP/1.1\r\nHost: a b\r\n\r\n",
    "a host that is not ASCII": b"GET /v1/directory HTTP/1.1\r\nHost: caf\xe9\r\n\r\n",
    "a port that is none": b"GET /v1/directory HTTP/1.1\r\nHost: a:b\r\n\r\n",
    "a length and chunks": b"POST /v1/matches HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "chunks and a length": b"POST /v1/matches HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n"
    b"Content-Length: 5\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "two lengths": b"POST /v1/matches HTTP/1.1\r\n"
    + HOST
    + b"Content-Length: 0\r\nContent-Length: 5\r\n\r\n"
    + SMUGGLED,
    "a list of lengths": b"POST /v1/matches HTTP/1.1\r\n" + HOST + b"Content-Length: 0, 5\r\n\r\n" + SMUGGLED,
    "a length with a sign": b"POST /v1/matches HTTP/1.1\r\n" + HOST + b"Content-Length: +5\r\n\r\n" + SMUGGLED,
    "a length beyond all bounds": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: " + b"9" * 40 + b"\r\n\r\n",
    "another transfer coding": b"POST /v1/matches HTTP/1.1\r\n"
    + HOST
    + b"Transfer-Encoding: gzip, chunked\r\n\r\n"
    + b"0\r\n\r\n"
    + SMUGGLED,
    "chunked twice": b"POST /v1/matches HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "chunks in HTTP/1.0": b"POST /v1/matches HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a bad chunk": b"POST /v1/matches HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "chunks with bare line feeds": b"POST /v1/matches HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
    b"2\n{}0\n\n",
    "a folded header": b"GET /v1/directory HTTP/1.1\r\n" + HOST + b"X: a\r\n b\r\n\r\n",
    "a folded first header": b"GET /v1/directory HTTP/1.1\r\n Host: a\r\n\r\n",
    "a null character": b"GET /v1/directory HTTP/1.1\r\n" + HOST + b"X: a\x00b\r\n\r\n",
    "a bare carriage return": b"GET /v1/directory HTTP/1.1\r\n" + HOST + b"X: a\rb\r\n\r\n",
    "bare line feeds": b"GET /v1/directory HTTP/1.1\nHost: a\n\n",
    "a space before a colon": b"GET /v1/directory HTTP/1.1\r\nHost : a\r\n\r\n",
    "a header without a name": b"GET /v1/directory HTTP/1.1\r\n" + HOST + b": a\r\n\r\n",
    "a fragment": b"GET /v1/directory#a HTTP/1.1\r\n" + HOST + b"\r\n",
    "a path that is not ASCII": b"GET /caf\xe9 HTTP/1.1\r\n" + HOST + b"\r\n",
    "a path with a space": b"GET /v1/directory HTTP/1.1 HTTP/1.1\r\n" + HOST + b"\r\n",
    "another scheme": b"GET ftp://capacity.example/v1/directory HTTP/1.1\r\n" + HOST + b"\r\n",
    "an address without a host": b"GET http:///v1/directory HTTP/1.1\r\n" + HOST + b"\r\n",
    "a path without a slash": b"GET v1/directory HTTP/1.1\r\n" + HOST + b"\r\n",
    "a method that nobody knows": b"FETCH /v1/directory HTTP/1.1\r\n" + HOST + b"\r\n",
    "a method in lower case": b"get /v1/directory HTTP/1.1\r\n" + HOST + b"\r\n",
    "HTTP/0.9": b"GET /v1/directory\r\n\r\n",
    "HTTP/1.2": b"GET /v1/directory HTTP/1.2\r\n" + HOST + b"\r\n",
    "HTTP/2.0": b"GET /v1/directory HTTP/2.0\r\n" + HOST + b"\r\n",
    "HTTP/2 without asking": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "a tunnel": b"CONNECT example.org:443 HTTP/1.1\r\n" + HOST + b"\r\n",
}


@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED)
async def test_what_is_no_request_is_refused_and_its_connection_closes(shared_service: Service, raw: bytes) -> None:
    async with connect(shared_service) as wire:
        await wire.send(raw)
        refusal = await wire.answer()
        assert (refusal.status, refusal.problem()["code"]) == (400, "malformed")
        assert refusal.headers["connection"] == "close"
        assert "date" in refusal.headers
        assert await wire.is_closed()


ACCEPTED = {
    "a host with a port": b"GET /v1/directory HTTP/1.1\r\nHost: capacity.example:8000\r\n\r\n",
    "a host that is an address": b"GET /v1/directory HTTP/1.1\r\nHost: [::1]:8000\r\n\r\n",
    "no host in HTTP/1.0": b"GET /v1/directory HTTP/1.0\r\n\r\n",
    "a whole address": b"GET http://capacity.example/v1/directory HTTP/1.1\r\n" + HOST + b"\r\n",
    "empty lines before it": b"\r\n\r\nGET /v1/directory HTTP/1.1\r\n" + HOST + b"\r\n",
    "a body that nobody reads": b"GET /v1/directory HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\n\r\n{}",
    "trailers": b"GET /v1/directory HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
    b"2;a=b\r\n{}\r\n0\r\nHost: b\r\n\r\n",
    "an upgrade": b"GET /v1/directory HTTP/1.1\r\n" + HOST + b"Connection: upgrade\r\nUpgrade: h2c\r\n\r\n",
    "a WebSocket": b"GET /v1/directory HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
}


@pytest.mark.parametrize("raw", ACCEPTED.values(), ids=ACCEPTED)
async def test_what_is_unusual_is_answered_however_it_is_cut_up(shared_service: Service, raw: bytes) -> None:
    expected = (await shared_service.client.get("/v1/directory", headers={"accept-encoding": "identity"})).content
    cuts = [(raw,), *((raw[:at], raw[at:]) for at in range(len(raw) - 4, len(raw)))]
    for segments in cuts:
        async with connect(shared_service) as wire:
            await wire.send(*segments)
            answer = await wire.answer()
            assert (answer.status, answer.body) == (200, expected), segments


async def test_an_address_without_a_path_is_the_page(shared_service: Service) -> None:
    async with connect(shared_service) as wire:
        await wire.send(b"GET http://capacity.example HTTP/1.1\r\n" + HOST + b"\r\n")
        assert (await wire.answer()).body == (
            await shared_service.client.get("/", headers={"accept-encoding": ""})
        ).content


async def test_a_star_is_no_path(shared_service: Service) -> None:
    for method in (b"GET", b"OPTIONS", b"PUT"):
        async with connect(shared_service) as wire:
            await wire.send(method + b" * HTTP/1.1\r\n" + HOST + b"\r\n")
            assert (await wire.answer()).problem()["code"] == "not_found"


@pytest.mark.parametrize(
    "path",
    [
        "//v1/directory",
        "/v1//directory",
        "/v1%2Fdirectory",
        "/v1/%64irectory",
        "/v1/directory;a",
        "/v1/directory;a=b?area=E12000007",
        "/v1/directory/",
        "/v1/./directory",
        "//healthz",
        "/%68ealthz",
        "/v1/responders%2Ftara",
        "/v1//responders/tara/history",
        "/v1/responders/tara%00",
        "/v1/webhooks%2f",
    ],
)
async def test_a_resource_has_one_path(either: Service, path: str) -> None:
    async with connect(either) as wire:
        await wire.send(b"GET %b HTTP/1.1\r\n" % path.encode() + HOST + b"\r\n")
        refusal = await wire.answer()
        assert (refusal.status, refusal.problem()["code"]) == (404, "not_found")


PUT = b"PUT /v1/responders/tara/intake HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"


@pytest.mark.parametrize("upgrade", [b"h2c", b"websocket", b"something/2"])
@pytest.mark.parametrize("in_chunks", [False, True], ids=["length", "chunks"])
async def test_an_upgrade_is_ignored_and_its_body_kept(service: Service, upgrade: bytes, in_chunks: bool) -> None:
    [(name, token)] = (await service.token(responder="tara")).items()
    body = b'{"state": "waiting_list", "note": "GET / HTTP/1.1"}' + b"\r\n\r\n"
    framing, framed = b"Content-Length: %d\r\n" % len(body), body
    if in_chunks:
        framing, framed = b"Transfer-Encoding: chunked\r\n", b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    head = (
        PUT
        + f"{name}: {token}\r\n".encode()
        + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: "
        + upgrade
        + b"\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
        + framing
        + b"\r\n"
    )
    for segments in ((head + framed,), (head, framed), (head, framed[:20], framed[20:])):
        async with connect(service) as wire:
            await wire.send(*segments)
            assert (await wire.answer()).status == 200
            # Nothing of the body was taken for a request, and the next one is answered.
            await wire.send(b"GET /v1/responders/tara HTTP/1.1\r\n" + HOST + b"\r\n")
            assert b"GET / HTTP/1.1" in (await wire.answer()).body


async def test_the_body_of_an_upgrade_is_never_a_request(service: Service) -> None:
    head = PUT + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: %d\r\n\r\n" % len(SMUGGLED)
    async with connect(service) as wire:
        await wire.send(head, SMUGGLED)
        assert (await wire.answer()).problem()["code"] == "token_missing"
        await wire.send(b"GET /v1/vocabulary HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
        assert b"exploitation_types" in (await wire.answer()).body
        assert await wire.is_closed()
