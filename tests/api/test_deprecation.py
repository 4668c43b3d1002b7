"""What is going says so in its headers, `Deprecation` (RFC 9745) and `Sunset` (RFC 8594), and in the document."""

from collections.abc import Iterator
from datetime import date

import httpx
import pytest
from litestar.handlers import HTTPRouteHandler
from tests.serving import Service

from capacity_api.api import application, openapi
from capacity_api.api.deprecation import Deprecation
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
# A route with a token, one that asks the database, and one whose answer is kept with the snapshot.
GOING = {"readMe", "readStatistics", "readAlternatives"}


@pytest.fixture
def going(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Three routes of the real service are going."""
    for controller in (TokenController, ResponderController, StatisticsController):
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
    for path in ("/v1/directory", "/v1/vocabulary", "/v1/responders/tara"):
        assert dates_in(await service.client.get(path)) == {}


def test_the_document_marks_what_is_going_and_nothing_else(going: None) -> None:
    document = openapi.build_document()
    marked = [each for item in document["paths"].values() for each in item.values() if each.get("deprecated")]
    assert {operation["operationId"] for operation in marked} == GOING
    for operation in marked:
        assert "Deprecated since 2027-01-01. It may be gone from 2028-01-01 on." in operation["description"]
        assert {"Deprecation", "Sunset", "Link"} <= operation["responses"]["200"]["headers"].keys()
    assert render_reference(document).count(b"(deprecated)") == len(GOING)
