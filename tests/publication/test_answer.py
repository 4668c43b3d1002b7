"""The answers to published reads, which are the same at the socket and from the middleware in any other server."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.conftest import NOON, Clock, settings_of
from tests.databases import copy_sqlite
from tests.edge.raw import Answer, connect
from tests.serving import Service, serving

from capacity_api.config import Settings
from capacity_api.publication.answer import preferred_codings

HOST = b"Host: capacity.example\r\n"
GZIP = b"Accept-Encoding: gzip\r\n"
DIRECTORY = b"GET /v1/directory HTTP/1.1\r\n" + HOST
MANY_CODINGS = b"Accept-Encoding: gzip" + b", gzip" * 100 + b"\r\n"
FILTERED = b"GET /v1/directory?area=E12000007 HTTP/1.1\r\n" + HOST


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture(scope="module", params=[True, False], ids=["edge", "any server"])
async def service(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Service]:
    """Nothing changes here, so all ask the same two."""
    settings = settings_of(copy_sqlite(sqlite_template, tmp_path_factory.mktemp("shared") / "capacity.db"))
    async with serving(settings, Clock(NOON), has_edge=request.param) as running:
        # So that its answer is there for the next.
        await running.client.get("/v1/directory?area=E12000007")
        yield running


async def ask(service: Service, *lines: bytes) -> Answer:
    async with connect(service) as wire:
        await wire.send(b"".join((*lines, b"\r\n")))
        return await wire.answer("HEAD" if lines[0].startswith(b"HEAD") else "GET")


# The request, and the status, the coding and the start of the body of its answer.
CASES = {
    "plain": ((DIRECTORY,), 200, None, b'{"version"'),
    "compressed": ((DIRECTORY, GZIP), 200, "gzip", b"\x1f\x8b"),
    "several lines of codings": ((DIRECTORY, GZIP, b"Accept-Encoding: br\r\n"), 200, "br", b""),
    "more codings than anybody has": ((DIRECTORY, MANY_CODINGS), 200, None, b"{"),
    "of any version": ((DIRECTORY, b"If-None-Match: *\r\n"), 304, None, b""),
    "of another version": ((DIRECTORY, b'If-None-Match: "a"\r\n'), 200, None, b"{"),
    "several lines of versions": ((DIRECTORY, b'If-None-Match: "a"\r\n', b"If-None-Match: *\r\n"), 304, None, b""),
    "head": ((b"HEAD /v1/directory HTTP/1.1\r\n", HOST), 200, None, b""),
    "head, compressed": ((b"HEAD /v1/directory HTTP/1.1\r\n", HOST, GZIP), 200, "gzip", b""),
    "a page": ((b"GET / HTTP/1.1\r\n", HOST), 200, None, b"<!doctype html>"),
    "one responder": ((b"GET /v1/responders/tara HTTP/1.1\r\n", HOST), 200, None, b'{"id"'),
    "its history": ((b"GET /v1/responders/tara/history HTTP/1.1\r\n", HOST), 200, None, b'{"items"'),
    "an empty query": ((b"GET /v1/directory? HTTP/1.1\r\n", HOST), 200, None, b'{"version"'),
    "a query asked before": ((FILTERED,), 200, None, b'{"version"'),
    "the same, compressed": ((FILTERED, GZIP), 200, "gzip", b"\x1f\x8b"),
    "a query asked for the first time": ((b"GET /v1/directory?area=W92000004 HTTP/1.1\r\n", HOST), 200, None, b"{"),
}


@pytest.mark.parametrize(("lines", "status", "coding", "start"), CASES.values(), ids=CASES)
async def test_a_published_read_has_one_answer(
    service: Service, lines: tuple[bytes, ...], status: int, coding: str | None, start: bytes
) -> None:
    answer = await ask(service, *lines)
    assert (answer.status, answer.headers.get("content-encoding")) == (status, coding)
    assert answer.body.startswith(start)
    assert answer.headers["published-sequence"] == "13"
    assert answer.headers["etag"].startswith('"')
    assert answer.headers["vary"] == "accept-encoding"
    is_page = answer.headers.get("content-type", "").startswith("text/html")
    assert is_page or answer.headers["access-control-allow-origin"] == "*"
    assert {"date", "cache-control"} <= answer.headers.keys()
    assert {"connection", "transfer-encoding", "server"}.isdisjoint(answer.headers)
    assert ("content-length" in answer.headers) == (status == 200)
    known = answer.headers["etag"].encode()
    again = await ask(service, *lines, b"If-None-Match: " + known + b"\r\n")
    assert (again.status, again.body) == (304, b"")
    assert {name: again.headers[name] for name in ("etag", "vary", "cache-control", "published-sequence")} == {
        name: answer.headers[name] for name in ("etag", "vary", "cache-control", "published-sequence")
    }


async def test_both_give_the_same_headers(sqlite_template: Path, tmp_path: Path, clock: Clock) -> None:
    answers = []
    for has_edge in (True, False):
        settings = settings_of(copy_sqlite(sqlite_template, tmp_path / f"{has_edge}.db"))
        async with serving(settings, clock, has_edge=has_edge) as service:
            answers.append([await ask(service, *lines) for lines, *_ in CASES.values()])
    for mine, other in zip(*answers, strict=True):
        varying = {"date": "", "etag": "", "content-length": ""}
        assert mine.headers | varying == other.headers | varying
        assert mine.status == other.status


def test_nothing_is_kept_of_a_long_list_of_codings(settings: Settings) -> None:
    before = preferred_codings.cache_info()
    assert before.maxsize is not None
    assert before.maxsize * 200 < 1024 * 1024
