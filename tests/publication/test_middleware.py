"""What is published, as it goes over the wire (RFC 9110, RFC 9111)."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from tests.conftest import Clock
from tests.serving import OPEN, PATIENCE_SECONDS, Service, serving

from capacity_api.config import Settings
from capacity_api.publication.answer import preferred_codings
from capacity_api.snapshot.resource import CODINGS, Resource
from capacity_api.snapshot.snapshot import _Answers

DIRECTORY = "/v1/directory"
JSON = [DIRECTORY, "/v1/responders/tara", "/v1/vocabulary", "/openapi.json"]
PAGES = ["/", "/coverage", "/update", "/manage", "/about", "/wall-sheet", "/docs"]


# No public read touches the database, so which it is makes no difference.
@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
async def service(settings: Settings, clock: Clock) -> AsyncIterator[Service]:
    async with serving(settings, clock) as running:
        yield running


async def get(service: Service, path: str = DIRECTORY, method: str = "GET", **headers: str | None) -> httpx.Response:
    """A call with exactly these headers; `accept_encoding=None` leaves out what the client adds by itself."""
    request = service.client.build_request(method, path)
    for name, value in headers.items():
        if value is None:
            del request.headers[name.replace("_", "-")]
        else:
            request.headers[name.replace("_", "-")] = value
    return await service.client.send(request)


async def get_packed(service: Service, path: str, coding: str) -> httpx.Response:
    """The resource in a content coding. A large one is compressed in a thread, so this may ask again."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            answer = await get(service, path, accept_encoding=coding)
            if answer.headers.get("content-encoding") == coding:
                return answer
            assert "content-encoding" not in answer.headers


async def test_each_content_coding_has_a_strong_tag_of_its_own(service: Service) -> None:
    for path in JSON + PAGES:
        plain = await get(service, path, accept_encoding="identity")
        assert "content-encoding" not in plain.headers
        etags = [plain.headers["etag"]]
        for coding in CODINGS:
            packed = await get_packed(service, path, coding)
            # The client unpacks it with libraries of its own.
            assert plain.content == packed.content
            assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) == len(plain.content)
            assert plain.headers["vary"] == packed.headers["vary"] == "accept-encoding"
            etags.append(packed.headers["etag"])
        assert len(set(etags)) == 1 + len(CODINGS)
        assert all(etag.startswith('"') and etag.endswith('"') for etag in etags)


async def test_a_tag_changes_with_each_change_and_not_without(service: Service) -> None:
    etags = [(await get(service)).headers["etag"] for _ in range(2)]
    other = (await get(service, "/v1/responders/unseen")).headers["etag"]
    assert len(set(etags)) == 1
    for note in ("one", "two"):
        await service.report("tara", {**OPEN, "note": note})
        etags.append((await get(service)).headers["etag"])
    assert len(set(etags)) == 3
    assert (await get(service, "/v1/responders/unseen")).headers["etag"] == other


async def test_what_the_reader_has_already_is_not_sent_again(service: Service) -> None:
    for path in JSON + PAGES:
        first = await get_packed(service, path, "gzip")
        etag = first.headers["etag"]
        for condition in (etag, f"W/{etag}", f'"other", {etag}', f'"other",W/{etag} , "more"', "*"):
            for method in ("GET", "HEAD"):
                answer = await get(service, path, method, accept_encoding="gzip", if_none_match=condition)
                assert (answer.status_code, answer.content) == (304, b""), condition
                kept = {"etag", "vary", "cache-control"}
                assert {name: answer.headers[name] for name in kept} == {name: first.headers[name] for name in kept}
                assert {"content-length", "content-type", "content-encoding"}.isdisjoint(answer.headers)


async def test_what_the_reader_has_in_another_form_or_version_is_sent(service: Service) -> None:
    plain = (await get(service, accept_encoding="identity")).headers["etag"]
    packed = (await get(service, accept_encoding="gzip")).headers["etag"]
    for condition in (plain, '"other"', "", packed.strip('"'), packed[:-2] + '"', f"{plain[:-1]}, {packed[1:]}"):
        answer = await get(service, accept_encoding="gzip", if_none_match=condition)
        assert answer.status_code == 200, condition
    await service.report("tara", OPEN)
    assert (await get(service, accept_encoding="gzip", if_none_match=packed)).status_code == 200


async def test_a_date_or_a_range_is_no_condition(service: Service) -> None:
    whole = await get(service)
    answer = await get(service, if_modified_since="Sat, 21 Nov 2099 12:00:00 GMT", range="bytes=0-9")
    assert (answer.status_code, answer.content) == (200, whole.content)


async def test_a_reader_that_names_no_coding_is_sent_none(service: Service) -> None:
    for accepted in (None, ""):
        answer = await get(service, accept_encoding=accepted)
        assert "content-encoding" not in answer.headers
        assert answer.headers["vary"] == "accept-encoding"


async def test_head_is_get_without_the_body(service: Service) -> None:
    for path in JSON + PAGES:
        await get_packed(service, path, "gzip")
        for coding in ("identity", "gzip"):
            whole = await get(service, path, accept_encoding=coding)
            head = await get(service, path, "HEAD", accept_encoding=coding)
            assert (head.status_code, head.content) == (200, b"")
            assert {**head.headers, "date": ""} == {**whole.headers, "date": ""}


async def test_no_copy_has_a_lifetime_near_a_lapse_or_far_from_one(service: Service, clock: Clock) -> None:
    async def cache_control() -> set[str]:
        return {(await get(service, path)).headers["cache-control"] for path in JSON}

    assert await cache_control() == {"public, no-cache"}
    await service.report("tara", OPEN)
    lapse = clock() + timedelta(days=7)
    for before in (timedelta(seconds=31), timedelta(seconds=1), timedelta(milliseconds=1)):
        clock.set(lapse - before)
        assert (await service.responder("tara"))["intake"]["state"] == "open"
        assert await cache_control() == {"public, no-cache"}
    etag = (await get(service)).headers["etag"]
    clock.set(lapse)
    assert (await service.responder("tara"))["intake"]["state"] == "unconfirmed"
    assert await cache_control() == {"public, no-cache"}
    assert (await get(service, if_none_match=etag)).status_code == 200


async def test_the_picture_of_the_last_days_grows_while_nothing_is_reported(service: Service, clock: Clock) -> None:
    await service.report("tara", OPEN)
    clock.advance(timedelta(days=2))
    assert "open 2 days" in (await get(service, "/")).text
    clock.advance(timedelta(days=3))
    assert "open 5 days" in (await get(service, "/")).text


async def test_a_page_is_never_kept(service: Service) -> None:
    for path in PAGES:
        assert (await get(service, path)).headers["cache-control"] == "no-store"


async def test_any_origin_may_read_and_nobody_is_followed(service: Service) -> None:
    await service.report("tara", OPEN)
    for path in [*JSON, *PAGES]:
        answer = await get(service, path, origin="https://tool.example", cookie="a=b")
        assert answer.status_code == 200
        assert {"set-cookie", "last-modified", "server", "access-control-allow-credentials"}.isdisjoint(answer.headers)
        assert answer.headers["x-content-type-options"] == "nosniff"
        # The same for everybody, so that a shared copy fits everybody.
        assert {**answer.headers, "date": ""} == {**(await get(service, path)).headers, "date": ""}
    for path in JSON:
        answer = await get(service, path)
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers.get_list("access-control-allow-origin") == ["*"]
        assert answer.headers["access-control-expose-headers"].split(", ") == [
            "ETag",
            "Date",
            "Age",
            "Retry-After",
            "Location",
            "X-Request-Id",
            "Published-Sequence",
        ]


async def test_a_page_may_do_nothing_but_be_read(service: Service) -> None:
    for path in PAGES:
        headers = (await get(service, path)).headers
        assert headers["content-type"] == "text/html; charset=utf-8"
        policy = dict(each.strip().partition(" ")[::2] for each in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["frame-ancestors"] == "'none'"
        # The question is asked by a form where there is no script.
        assert policy["form-action"] == ("'self'" if path == "/" else "'none'")
        assert policy.get("script-src", "'self'") == "'self'"
        assert policy.get("connect-src", "'self'") == "'self'"
        assert headers["referrer-policy"] == "no-referrer"


QUERIES = [
    f"{DIRECTORY}?state=unconfirmed&area=E12000007",
    f"{DIRECTORY}.csv?gender=woman",
    "/v1/responders/tara/alternatives",
    "/open-referral-uk/services?per_page=50",
    "/v1/events?after=13",
]


async def test_answers_to_queries_are_published_like_documents(service: Service) -> None:
    await service.report("tara", OPEN)
    for path in QUERIES:
        first = await get(service, path, accept_encoding="gzip")
        again = await get(service, path, accept_encoding="gzip")
        assert (first.content, {**first.headers, "date": ""}) == (again.content, {**again.headers, "date": ""})
        assert first.headers["cache-control"] == "public, no-cache"
        assert (await get(service, path, "HEAD", accept_encoding="gzip")).headers["etag"] == first.headers["etag"]
        etag = first.headers["etag"]
        assert (await get(service, path, accept_encoding="gzip", if_none_match=etag)).status_code == 304
    before = {path: (await get(service, path)).content for path in QUERIES}
    await service.report("unseen", {**OPEN, "note": "New."})
    for path in QUERIES:
        assert (await get(service, path)).content != before[path], path


async def test_earlier_directories_refusals_and_events_may_not_be_cached(service: Service) -> None:
    for path in (f"{DIRECTORY}?as_of=2026-11-21T12:00:00Z", f"{DIRECTORY}?area=X", "/v1/events?after=99"):
        for _ in range(2):
            answer = await get(service, path)
            assert answer.headers["cache-control"] == "no-store"
            assert "etag" not in answer.headers


async def test_what_is_kept_of_answers_is_bounded(service: Service) -> None:
    body = b"x" * (1024 * 1024)
    kept = _Answers()
    for number in range(40):
        kept.add(("/", b"%d" % number), Resource(body))
    assert list(kept) == [("/", b"%d" % number) for number in range(8, 40)]
    kept.add(("/", b"39"), Resource(body))
    assert len(kept) == 32
    for number in range(1000):
        kept.add(("/", b"small %d" % number), Resource(b"x"))
    assert len(kept) == 512


async def test_only_reads_without_a_query_are_answered_here(service: Service) -> None:
    empty = await get(service, DIRECTORY + "?")
    assert empty.headers["etag"] == (await get(service)).headers["etag"]
    assert (await service.client.post(DIRECTORY)).status_code == 405
    filtered = await get(service, DIRECTORY + "?accepting=false")
    assert filtered.json() == (await get(service)).json()


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("zstd", "zstd"),
        ("br, gzip, deflate", "br gzip"),
        ("gzip, deflate, br, zstd", "br zstd gzip"),
        ("gzip;q=0.001", "gzip"),
        ("gzip; q=1", "gzip"),
        ("gzip, br;q=0.5", "gzip br"),
        ("gzip;q=0.2, br;q=0.5, zstd;q=0.9", "zstd br gzip"),
        ("*", "br zstd gzip"),
        ("*, br;q=0", "zstd gzip"),
        ("identity;q=0", ""),
        ("identity;q=0, gzip", "gzip"),
        ("identity;q=0, *", "br zstd gzip"),
        ("identity;q=0.5, gzip;q=0.5", "gzip"),
        ("identity;q=0.6, gzip;q=0.5", ""),
        ("identity;q=0.6, gzip;q=0.5, br", "br"),
        ("gzip;q=0", ""),
        ("gzip;q=0.0, *", "br zstd"),
        ("*;q=0", ""),
        ("*;q=0, gzip", "gzip"),
        ("*;q=0, identity", ""),
        ("deflate, compress", ""),
        ("", ""),
        (" , ;", ""),
        ("gzip;q=", ""),
        ("gzip;q=nan", ""),
        ("gzip;q=high", ""),
        ("gzip;q=-1", ""),
        ("gzip;level=9", "gzip"),
    ],
)
def test_the_codings_are_those_that_are_accepted_the_best_first(accepted: str, expected: str) -> None:
    assert preferred_codings(accepted.encode()) == tuple(expected.split())


def test_what_would_not_become_smaller_is_answered_plain() -> None:
    small, long = Resource(b"a"), Resource(b"a" * 100)
    assert small.best(CODINGS) is small.plain
    assert long.best(("gzip",)) is not long.plain
    assert gzip.decompress(long.best(("gzip",)).body) == long.body


def test_the_same_body_has_the_same_bytes_and_tag_wherever_it_is_made() -> None:
    one, other = Resource(b"a" * 100), Resource(b"a" * 100)
    for coding in CODINGS:
        assert one.best((coding,)).etag == other.best((coding,)).etag
        assert one.best((coding,)).body == other.best((coding,)).body


async def test_a_large_body_is_answered_in_what_there_is_while_it_is_compressed() -> None:
    # So large that the thread cannot finish before the loop goes on.
    large = Resource(b"abcdefgh" * 2_000_000)
    assert large.best(("zstd",)) is large.plain
    async with asyncio.timeout(PATIENCE_SECONDS):
        while large.best(("zstd",)) is large.plain:
            await asyncio.to_thread(lambda: None)
    assert len(large.best(("zstd",)).body) < len(large.body) / 100
