"""What is going says so in its headers, `Deprecation` (RFC 9745) and `Sunset` (RFC 8594), and in the document."""

from collections.abc import Iterator
from datetime import date

import httpx
import pytest
from litestar.handlers import HTTPRouteHandler
from tests.serving import Service

from capacity_api.api import application, openapi
from capacity_api.api.deprecation import Deprecation
from capacity_api.api.directory import DirectoryController
from capacity_api.api.responders import ResponderController
from capacity_api.api.statistics import StatisticsController
from capacity_api.api.tokens import TokenController
from capacity_api.pages.reference import render_reference

OLD = Deprecation(since=date(2027, 1, 1), sunset=date(2028, 1, 1), page="/docs#old")
DATES = {
    "deprecation": "@1798761600",
    "sunset": "Sat, 01 Jan 2028 00:00:00 GMT",
    "link": '</docs#old>; rel="deprecation"; type="text/html"',
}
# A route with a token, one that asks the database, one whose answer is kept with the snapshot, and two that are
# published: a document, and one of each responder.
GOING = {"readMe", "readStatistics", "readAlternatives", "readDirectory", "readResponder"}


@pytest.fixture
def going(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Five routes of the real service are going."""
    for controller in (DirectoryController, ResponderController, StatisticsController, TokenController):
        for handler in vars(controller).values():
            if isinstance(handler, HTTPRouteHandler) and handler.operation_id in GOING:
                monkeypatch.setitem(handler.opt, "deprecation", OLD)
    application._routes_of.cache_clear()
    yield
    application._routes_of.cache_clear()


def dates_in(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name in DATES}


async def test_a_route_that_is_going_says_since_when_until_when_and_what_to_use_instead(
    going: None, service: Service
) -> None:
    token = await service.token(responder="tara")
    answers = [
        await service.client.get("/v1/me", headers=token),
        await service.client.get("/v1/statistics"),
        await service.client.get("/v1/responders/tara/alternatives"),
        # This one is answered from what was kept of the one before.
        await service.client.get("/v1/responders/tara/alternatives"),
    ]
    refused = [await service.client.get("/v1/me"), await service.client.get("/v1/statistics", params={"from": "soon"})]
    assert [answer.status_code for answer in [*answers, *refused]] == [200, 200, 200, 200, 401, 422]
    assert [dates_in(answer) for answer in [*answers, *refused]] == [DATES] * 6
    for path in ("/v1/coverage", "/v1/vocabulary", "/v1/responders/tara/history"):
        assert dates_in(await service.client.get(path)) == {}


@pytest.mark.parametrize("path", ["/v1/directory", "/v1/directory?state=open", "/v1/responders/tara"])
async def test_what_is_published_and_is_going_says_so_too(going: None, service: Service, path: str) -> None:
    first = await service.client.get(path)
    again = await service.client.get(path)
    unchanged = await service.client.get(path, headers={"if-none-match": first.headers["etag"]})
    head = await service.client.head(path)
    assert [answer.status_code for answer in (first, again, unchanged, head)] == [200, 200, 304, 200]
    assert [dates_in(answer) for answer in (first, again, unchanged, head)] == [DATES] * 4


async def test_the_refusals_of_what_is_published_and_is_going_say_so_too(going: None, service: Service) -> None:
    answers = [
        await service.client.get("/v1/responders/nobody"),
        await service.client.get("/v1/directory?state=closed"),
        await service.client.get("/v1/directory?colour=red"),
    ]
    assert [answer.status_code for answer in answers] == [404, 422, 422]
    assert [dates_in(answer) for answer in answers] == [DATES] * 3


def test_the_document_marks_what_is_going_and_nothing_else(going: None) -> None:
    document = openapi.build_document()
    marked = [each for item in document["paths"].values() for each in item.values() if each.get("deprecated")]
    assert {operation["operationId"] for operation in marked} == GOING
    for operation in marked:
        assert "Deprecated since 2027-01-01. It may be gone from 2028-01-01 on." in operation["description"]
        for status in {"200", "304"} & operation["responses"].keys():
            assert {"Deprecation", "Sunset", "Link"} <= operation["responses"][status]["headers"].keys()
    assert render_reference(document).count(b"(deprecated)") == len(GOING)
