"""The addresses of pages: what mail programs and social networks add to them, and what is there when no page is."""

import logging
import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from litestar.datastructures import Headers
from sqlalchemy import text
from tests.conftest import Clock
from tests.pages.parsed import Parsed
from tests.serving import OPEN, Service, serving
from tests.wording.languages import invent_language, invented, invented_language

from capacity_api.api.accept import prefers_html
from capacity_api.config import Settings
from capacity_api.publication import documents
from capacity_api.wording.language import ENGLISH, Language

__all__ = ["invented_language"]

PAGES = ("/", "/coverage", "/r/tara", "/about", "/wall-sheet", "/update", "/manage", "/docs")
EVIDENCE = ("/evidence", "/evidence/2026-10")
ADDED = "fbclid=IwAR0abc&utm_source=newsletter&state=open"
# What browsers send when somebody opens an address.
BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"}
IDENTITY = {"accept-encoding": "identity"}
PROBLEM = "application/problem+json"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture(params=[True, False], ids=["edge", "any server"])
async def service(request: pytest.FixtureRequest, settings: Settings, clock: Clock) -> AsyncIterator[Service]:
    async with serving(settings, clock, has_edge=request.param) as running:
        yield running


def assert_helps(answer: httpx.Response, status: int, home: str = "/") -> None:
    """A page with the helpline and a way back, and no other link of ours."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert answer.headers["cache-control"] == "no-store"
    UUID(answer.headers["x-request-id"])
    links = [link["href"] for link in Parsed(answer.content).links()]
    assert links == ["https://www.bbc.co.uk/weather", "tel:999", "tel:08000121700", home]
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_what_is_added_to_the_address_of_a_page_is_ignored_and_kept_nowhere(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for path in PAGES:
        plain = await service.client.get(path, headers=IDENTITY)
        for method in ("GET", "HEAD"):
            answer = await service.client.request(method, f"{path}?{ADDED}", headers=IDENTITY)
            assert (answer.status_code, answer.headers["etag"]) == (200, plain.headers["etag"]), path
            assert answer.headers["cache-control"] == "no-store"
        known = IDENTITY | {"if-none-match": plain.headers["etag"]}
        unchanged = await service.client.get(f"{path}?{ADDED}", headers=known)
        assert unchanged.status_code == 304
    for path in EVIDENCE:
        assert (await service.client.get(f"{path}?{ADDED}")).status_code == (await service.client.get(path)).status_code
    missing = await service.client.get(f"/nothing?{ADDED}", headers=BROWSER)
    assert_helps(missing, 404)
    # So does the form of the question.
    posted = await service.client.post(f"/?{ADDED}", data={"area": "E12000007"}, headers=BROWSER)
    assert posted.status_code == 200
    # The client logs what it asks for.
    logged = [record.getMessage() for record in caplog.records if not record.name.startswith("httpx")]
    assert logged
    assert "IwAR0abc" not in " ".join(logged)
    # It is the page of now, and not one that was kept with its query.
    await service.report("tara", OPEN)
    for path in ("/", "/r/tara"):
        assert (await service.client.get(f"{path}?{ADDED}")).content == (await service.client.get(path)).content
    assert "1 open" in (await service.client.get(f"/?{ADDED}")).text
    assert (await service.client.get(f"/v1/directory?{ADDED}")).json()["code"] == "unknown_parameter"


async def test_a_slash_too_many_leads_to_the_page(service: Service) -> None:
    for path in (*PAGES[1:], *EVIDENCE):
        for asked in (f"{path}/", f"{path}//", f"{path}/?{ADDED}"):
            for method in ("GET", "HEAD"):
                answer = await service.client.request(method, asked)
                assert (answer.status_code, answer.headers["location"]) == (308, path), asked
                assert (answer.headers["cache-control"], answer.content) == ("no-store", b"")
    for path in ("/evidence//x/", "/evidence/2026/%5Cevil/", "/evidence/a.example/"):
        assert (await service.client.get(path)).status_code == 404, path
    for path in ("/nothing/", "/r/nobody/", "/r/", "/%5Ccapacity.example/", "/%2e/", "/v1/directory/", "/healthz/"):
        answer = await service.client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM), path


async def test_a_browser_gets_a_page_where_there_is_none(service: Service) -> None:
    for path in ("/nothing", "/nothing/", "/r/nobody", "/v1nothing", "//v1/directory", "/updat%65", "/wp-login.php"):
        assert_helps(await service.client.get(path, headers=BROWSER), 404)
        head = await service.client.head(path, headers=BROWSER)
        assert (head.status_code, head.content, head.headers["content-type"]) == (404, b"", "text/html; charset=utf-8")
        answer = await service.client.get(path)
        assert (answer.headers["content-type"], answer.json()["code"]) == (PROBLEM, "not_found"), path
    for method in ("POST", "PUT", "DELETE"):
        answer = await service.client.request(method, f"/coverage?{ADDED}", headers=BROWSER)
        assert_helps(answer, 405)
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


async def test_a_fault_of_ours_is_a_page_with_the_id_that_is_in_the_log(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    async with service.database.write() as session:
        # No object, as only we can have stored it.
        await session.execute(text("UPDATE rollup SET open_in = '[]'"))
    answer = await service.client.get("/evidence", headers=BROWSER)
    assert_helps(answer, 500)
    assert answer.headers["x-request-id"] in caplog.text


async def test_what_is_for_programs_answers_browsers_with_problem_documents_too(service: Service) -> None:
    for path in ("/v1", "/v1/nothing", "/v1/directory?state=closed", "/v1/me", "/open-referral-uk/nothing", "/metrics"):
        answer = await service.client.get(path, headers=BROWSER)
        assert answer.headers["content-type"] == PROBLEM, path
    for path in ("/openapi.json/", "/healthz/x", "/readyz?a"):
        assert (await service.client.get(path, headers=BROWSER)).headers["content-type"] == PROBLEM, path


async def test_the_pages_of_a_language_have_addresses_of_their_own(
    settings: Settings, clock: Clock, invented_language: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "find_languages", lambda: (ENGLISH, invented_language))
    home = invented_language.home
    async with serving(settings, clock) as service:
        for path in (home, f"{home}coverage", f"{home}r/tara"):
            answer = await service.client.get(f"{path}?{ADDED}")
            assert answer.content == (await service.client.get(path)).content
        for asked, path in ((home.rstrip("/"), home), (f"{home}/", home), (f"{home}coverage/", f"{home}coverage")):
            answer = await service.client.get(f"{asked}?{ADDED}")
            assert (answer.status_code, answer.headers["location"]) == (308, path), asked
        missing = await service.client.get(f"{home}nothing", headers=BROWSER)
        assert_helps(missing, 404, home)
        assert invented("We cannot find this page") in missing.text


async def test_a_form_that_cannot_be_answered_gets_a_page_in_its_language(
    settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Only the answer to an empty form has this sentence.
    language = invent_language(tmp_path, {"Choose at least one answer.": "{broken}"})
    monkeypatch.setattr(documents, "find_languages", lambda: (ENGLISH, language))
    async with serving(settings, clock) as service:
        for path, status in (("/", 422), (language.home, 500)):
            answer = await service.client.post(path, data={"area": ""}, headers=BROWSER)
            assert answer.status_code == status
        assert_helps(answer, 500, language.home)
        assert invented("The directory cannot be shown now") in answer.text


async def test_the_title_of_each_page_is_its_own_and_says_nothing_of_what_it_is_about(service: Service) -> None:
    titles = []
    for path in (*PAGES, "/evidence", "/nothing"):
        found = re.search("<title>(.*?)</title>", (await service.client.get(path, headers=BROWSER)).text)
        assert found is not None
        titles.append(found[1])
    assert len(set(titles)) == len(titles), titles
    assert not re.search("slave|refer|traffick|exploit|victim|survivor|charit", " ".join(titles), re.IGNORECASE)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, False),
        ({"accept": "*/*"}, False),
        ({"accept": "text/html"}, True),
        ({"accept": "TEXT/HTML ; charset=utf-8"}, True),
        (BROWSER, True),
        ({"accept": "text/html, application/xhtml+xml, */*"}, True),
        ({"accept": "text/*"}, True),
        ({"accept": "application/json"}, False),
        ({"accept": "application/json, text/html"}, False),
        ({"accept": "application/json;q=0.8, text/html;q=0.9"}, True),
        ({"accept": "application/problem+json, text/html;q=0.9"}, False),
        ({"accept": "application/json, text/plain, */*"}, False),
        ({"accept": "text/html;q=0"}, False),
        ({"accept": "text/html;q=0, */*"}, False),
        ({"accept": "text/html;q=high"}, False),
        ({"accept": "text/html;q=nan"}, False),
        ({"accept": "application/json, text/html;q=7"}, False),
        ({"accept": "application/json;q=0.9, text/html;level=1;q=1"}, True),
        ({"accept": ",;q=,/"}, False),
        ({"accept": "*/*", "sec-fetch-dest": "document"}, True),
        ({"accept": "*/*", "sec-fetch-dest": "empty"}, False),
    ],
)
def test_a_client_that_prefers_html_says_so(headers: dict[str, str], expected: bool) -> None:
    assert prefers_html(Headers(headers)) is expected
