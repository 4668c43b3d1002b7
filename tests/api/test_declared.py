"""What the OpenAPI document declares is what the service does: headers, 304 and limits, over HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.api.paths import filled
from tests.api.refusals import assert_refused
from tests.api.test_openapi import DOCUMENT, OPERATIONS, SCHEMAS
from tests.serving import Headers, Service

on_one_database = pytest.mark.parametrize("shared_url", ["sqlite"], indirect=True)
READS = [path for method, path in OPERATIONS if method == "get"]
# Bodies that are valid but for the one value that a test puts in.
BODIES: dict[str, dict[str, Any]] = {
    "addDispute": {"found": "paused"},
    "addHandover": {"owner": "tara"},
    "addPartner": {"name": "Case tool"},
    "addPerson": {"email": "duty@tara.example", "owner": "tara"},
    "addResponder": {
        "slug": "new-one",
        "name": "New One",
        "remit": {
            "areas": ["E12000007"],
            "exploitation_types": ["labour"],
            "age_groups": ["adult"],
            "as_published": {},
            "source": {"title": "Briefing", "published": "2024"},
        },
        "contact": {"source": {"name": "Its site", "url": "https://example.org/", "checked_on": "2026-05-20"}},
    },
    "addWebhook": {"url": "https://partner.example.org/capacity"},
    "changeOwner": {},
    "changeResponder": {},
    "changeThreshold": {"pause_at": 100},
    "changeWebhook": {},
    "countCaseload": {"open_referrals": 1},
    "findAlternatives": {},
    "findMatches": {},
    "addInvitation": {"email": "duty@tara.example", "owner": "tara"},
    "issueToken": {"owner": "admin"},
    "lookAtLink": {"link": "nobody"},
    "redactResponder": {"fields": ["report.note"], "from": 1},
    "replayWebhook": {"after": 0},
    "reportIntake": {
        "state": "open",
        "expected_response": {"min": 1, "max": 2, "unit": "days"},
        "limited_to": {"genders": ["woman"]},
    },
    "rotateToken": {},
    "signIn": {"email": "duty@tara.example"},
    "testWebhook": {},
    "useLink": {"link": "nobody"},
}
ANOTHER_OWNER = {("admin", "responder"), ("admin", "partner")}


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema itself: what a reference points at, or what may be null otherwise."""
    if "anyOf" in schema:
        schema = schema["anyOf"][0]
    return SCHEMAS[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def beyond(schema: dict[str, Any]) -> Iterator[Any]:
    """Values that a schema forbids, one for each of its limits."""
    schema = resolved(schema)
    if "enum" in schema:
        yield "no such code"
    if "minimum" in schema:
        yield schema["minimum"] - 1
    if "maximum" in schema:
        yield schema["maximum"] + 1
    if "minLength" in schema:
        yield ""
    if "maxLength" in schema:
        yield "a" * (schema["maxLength"] + 1)
    if "pattern" in schema:
        yield "\u0000"
    if schema.get("minItems"):
        yield []
    if "maxItems" in schema:
        yield ["en"] * (schema["maxItems"] + 1)
    if "items" in schema:
        yield from ([value] for value in beyond(schema["items"]))


def bodies_beyond(schema: dict[str, Any], body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The body with one value beyond its limit, and where that is."""
    for name, each in resolved(schema).get("properties", {}).items():
        words = ["yes"] if resolved(each).get("type") == "boolean" else []
        for value in (*beyond(each), *words):
            # A token has one owner.
            others = {key: other for key, other in body.items() if (key, name) not in ANOTHER_OWNER}
            yield f"/{name}", {**others, name: value}
        if "properties" in resolved(each) and name in body:
            for pointer, inner in bodies_beyond(each, body[name]):
                yield f"/{name}{pointer}", {**body, name: inner}


@pytest.fixture(scope="module")
async def admin(shared_service: Service) -> Headers:
    return await shared_service.token()


@pytest.fixture(scope="module")
async def webhook_id(shared_service: Service, admin: Headers) -> str:
    answer = await shared_service.client.post("/v1/webhooks", json=BODIES["addWebhook"], headers=admin)
    return str(answer.json()["id"])


@on_one_database
@pytest.mark.parametrize("path", READS)
async def test_an_etag_and_a_304_are_declared_exactly_where_they_are_given(
    shared_service: Service, admin: Headers, path: str
) -> None:
    operation = OPERATIONS["get", path]
    # Without a coding: a large document is compressed while the first reader gets it as it is.
    headers = {"accept-encoding": "identity"} | (admin if operation["security"] else {})
    answer = await shared_service.client.get(filled(path), headers=headers)
    assert str(answer.status_code) in operation["responses"]
    if answer.status_code == 404:
        return
    declared = operation["responses"][str(answer.status_code)]["headers"]
    assert "published-sequence" in answer.headers
    # A page of changes names the host of its request, unless the operator has set a public URL. Then it has an ETag.
    if path != "/v1/changes":
        assert ("etag" in answer.headers) == ("ETag" in declared), path
    has_condition = any(each["name"] == "if-none-match" for each in operation.get("parameters", []))
    assert has_condition == ("ETag" in declared) == ("304" in operation["responses"])
    if "etag" in answer.headers:
        condition = headers | {"if-none-match": answer.headers["etag"]}
        again = await shared_service.client.get(filled(path), headers=condition)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", answer.headers["etag"])


def test_what_is_made_has_a_location_and_who_has_to_wait_is_told_how_long() -> None:
    for route, operation in OPERATIONS.items():
        made = operation["responses"].get("201")
        # A link is nowhere to be read again.
        is_link = operation["operationId"] == "addHandover"
        assert made is None or ("Location" in made["headers"]) != is_link, route
    problems = DOCUMENT["components"]["responses"]
    assert all("X-Request-Id" in each["headers"] for each in problems.values())
    waits = {name for name, each in problems.items() if "Retry-After" in each["headers"]}
    assert waits == {f"{kind}{status}" for kind in ("Problem", "PageProblem") for status in ("429", "503")}


@on_one_database
@pytest.mark.parametrize(
    ("method", "path"),
    # The answers of a form are codes, and a page says what is wrong: tests/api/test_form.py.
    [
        route
        for route, operation in OPERATIONS.items()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    ],
)
async def test_every_limit_of_a_body_is_enforced(
    shared_service: Service, admin: Headers, webhook_id: str, method: str, path: str
) -> None:
    operation = OPERATIONS[method, path]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    cases = list(bodies_beyond(schema, BODIES[operation["operationId"]]))
    assert cases, "this body has no limit"
    for pointer, body in cases:
        answer = await shared_service.client.request(method, filled(path, webhook_id), json=body, headers=admin)
        assert_refused(answer, 422, "invalid", what=(pointer, body))
        # A `min` beyond its limit may be named as a `max` that is less.
        about = pointer.rpartition("/")[0] or pointer
        assert any(error["pointer"].startswith(about) for error in answer.json()["errors"]), (pointer, answer.text)


@on_one_database
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
async def test_every_limit_of_a_parameter_is_enforced(
    shared_service: Service, admin: Headers, method: str, path: str
) -> None:
    operation = OPERATIONS[method, path]
    headers = admin if operation["security"] else {}
    for parameter in operation.get("parameters", []):
        if parameter["in"] != "query":
            continue
        schema = resolved(parameter["schema"])
        values = list(beyond(schema["items"] if schema["type"] == "array" else schema))
        values += ["five"] if schema["type"] in {"integer", "number", "boolean"} else []
        values += ["soon"] if schema.get("format") in {"date-time", "uuid"} else []
        # Words and lists may have "null" in them, which is a word like any other.
        values += (
            ["null"] if schema["type"] in {"integer", "number", "boolean"} or schema.get("format") == "uuid" else []
        )
        for value in values:
            answer = await shared_service.client.request(
                method,
                filled(path),
                params={parameter["name"]: value},
                headers=headers,
                json=BODIES.get(operation["operationId"]),
            )
            assert_refused(answer, 422, "invalid", f"?{parameter['name']}", what=value)


@on_one_database
async def test_a_whole_number_may_be_written_as_json_schema_allows(shared_service: Service) -> None:
    for limit in ("92.0", "9.2e1"):
        answer = await shared_service.client.post(
            "/v1/matches", content=f'{{"limit": {limit}}}', headers={"content-type": "application/json"}
        )
        assert answer.status_code == 200, answer.text
    answer = await shared_service.client.post("/v1/matches", json={"limit": 9.2})
    assert_refused(answer, 422, "invalid", "/limit")
