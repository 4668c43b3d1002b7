"""Every refusal on every route has the one shape, and changes nothing."""

import json
import re
from typing import Any

import msgspec
import pytest
from sqlalchemy import text
from tests.api.paths import NOBODYS, filled
from tests.api.refusals import assert_refused
from tests.conftest import Clock
from tests.serving import OPEN, PAUSED, Headers, Service, serving

from capacity_api.api import openapi
from capacity_api.config import Settings
from capacity_api.publication.addresses import is_for_programs
from capacity_api.snapshot.resource import EXPOSED_HEADERS

# What the database is makes no difference to these.
on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PATHS: dict[str, dict[str, Any]] = {filled(path): item for path, item in openapi.build_document()["paths"].items()}
ROUTES = [(method.upper(), path, operation) for path, item in PATHS.items() for method, operation in item.items()]
# Not those that can be reached in another way than by token.
PROTECTED = [(method, path) for method, path, operation in ROUTES if operation.get("security") == [{"token": []}]]
# Routes that no page of another origin needs.
FOR_OPERATORS = {
    ("GET", "/metrics"),
    ("GET", "/v1/audit"),
    ("GET", "/v1/mail"),
    ("GET", "/v1/owners"),
    ("GET", f"/v1/owners/{NOBODYS}"),
    ("PATCH", f"/v1/owners/{NOBODYS}"),
    ("GET", "/v1/disputes"),
    ("POST", "/v1/handovers"),
    ("GET", "/v1/partners"),
    ("POST", "/v1/partners"),
    ("GET", f"/v1/partners/{NOBODYS}"),
    ("DELETE", f"/v1/partners/{NOBODYS}"),
    ("POST", "/v1/responders"),
    ("DELETE", "/v1/responders/tara"),
    ("POST", "/v1/responders/tara/redactions"),
    ("POST", "/v1/responders/tara/reminders"),
    ("POST", "/v1/tokens"),
}
WITH_BODY = [
    (method, path)
    for method, path, operation in ROUTES
    if "application/json" in operation.get("requestBody", {}).get("content", {})
]
# An empty body of these says nothing.
MAY_BE_EMPTY = {
    (method, path) for method, path, operation in ROUTES if not operation.get("requestBody", {}).get("required", True)
}
JSON = {"content-type": "application/json"}


@on_one_database
async def test_a_method_that_a_path_does_not_take_is_refused_with_those_that_it_takes(service: Service) -> None:
    for path, item in PATHS.items():
        taken = {method.upper() for method in item}
        allowed = taken | {"OPTIONS"} | ({"HEAD"} if "GET" in taken else set())
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"} - taken:
            answer = await service.client.request(method, path)
            assert_refused(answer, 405, "method_not_allowed")
            assert set(answer.headers["allow"].split(", ")) == allowed
        answer = await service.client.options(path)
        assert (answer.status_code, answer.content) == (204, b"")
        assert set(answer.headers["allow"].split(", ")) == allowed, path
        if "GET" not in taken:
            answer = await service.client.head(path)
            assert (answer.status_code, answer.content) == (405, b"")


@on_one_database
async def test_a_path_that_is_not_there_is_not_found(service: Service) -> None:
    admin = await service.token()
    paths = ["/nothing", "/v1", "/v2/directory", "/v1/directory.xml", "/v1/tokens/x/y"]
    paths += ["/v1/responders/tara/nothing", "/v1/responders/tara/intake/x", "/static/../etc/passwd", "/%00", "/é"]
    for path in paths:
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            answer = await service.client.request(method, path, headers=admin)
            assert_refused(answer, 404, "not_found")
        head = await service.client.head(path)
        assert (head.status_code, head.content) == (404, b"")


@on_one_database
async def test_every_protected_route_asks_for_a_token_first(service: Service) -> None:
    assert len(PROTECTED) > 15
    for method, path in PROTECTED:
        assert_refused(await service.client.request(method, path), 401, "token_missing")
        # Before the body, the media type or the parameters are looked at.
        answer = await service.client.request(method, path + "?x=1", content=b"{", headers={"authorization": "x"})
        assert_refused(answer, 401, "token_malformed")
    for header in ("", "Bearer", "Basic dXNlcjpwYXNz", "Bearer cap_", "cap_x", "Bearer é" * 500):
        headers = {b"authorization": header.encode("latin-1")}
        answer = await service.client.get("/v1/me", headers=headers)
        assert_refused(answer, 401, "token_malformed", what=header)


@on_one_database
async def test_a_parameter_that_a_route_does_not_have_is_refused_on_every_route_for_programs(service: Service) -> None:
    admin = await service.token()
    before = await service.read("/v1/directory")
    for method, path, operation in ROUTES:
        if not is_for_programs(path):
            # Pages ignore what is added to their addresses.
            continue
        body: dict[str, Any] = {"json": {}} if "requestBody" in operation else {}
        answer = await service.client.request(method, path, params={"nonsense": "1"}, headers=admin, **body)
        assert_refused(answer, 422, "unknown_parameter", "?nonsense")
    assert await service.read("/v1/directory") == before


@on_one_database
async def test_a_bad_body_is_refused_on_every_route_that_reads_one(service: Service) -> None:
    admin = await service.token()
    before = await service.read("/v1/directory")
    assert len(WITH_BODY) > 6
    large = json.dumps({"note": "x" * 66_000}).encode()

    async def streamed() -> Any:
        for _ in range(70):
            yield b" " * 1024

    for method, path in WITH_BODY:
        cases: list[tuple[Any, dict[str, str], int, str, tuple[str, ...]]] = [
            (b"", JSON, 400, "malformed", ()),
            (b"{", JSON, 400, "malformed", ()),
            (b"\xff", JSON, 400, "malformed", ()),
            (b"NaN", JSON, 400, "malformed", ()),
            (b'{"nonsense": 1, "nonsense": 1}', JSON, 400, "malformed", ()),
            (b'{"nonsense": {"a": 1, "\\u0061": 2}}', JSON, 400, "malformed", ()),
            (b"null", JSON, 422, "invalid", ("",)),
            (b"[]", JSON, 422, "invalid", ("",)),
            (b'{"nonsense/~": 1}', JSON, 422, "unknown_field", ("/nonsense~1~0",)),
            (large, JSON, 413, "body_too_large", ()),
            (streamed(), JSON, 413, "body_too_large", ()),
            (b"{}", {}, 415, "unsupported_media_type", ()),
            (b"a=b", {"content-type": "application/x-www-form-urlencoded"}, 415, "unsupported_media_type", ()),
            (b"{}", {"content-type": "application/json; charset=utf-16"}, 415, "unsupported_media_type", ()),
        ]
        for content, headers, status, code, pointers in cases:
            if content == b"" and (method, path) in MAY_BE_EMPTY:
                continue
            answer = await service.client.request(method, path, content=content, headers={**admin, **headers})
            assert_refused(answer, status, code, *pointers, what=(method, path))
    assert await service.read("/v1/directory") == before


@on_one_database
async def test_an_operation_without_a_body_refuses_any_but_an_empty_one(service: Service) -> None:
    admin = await service.token()
    before = await service.read("/v1/directory")
    without = {(method, path) for method, path, each in ROUTES if method != "GET" and "requestBody" not in each}
    assert len(without) > 8
    for method, path in without:
        cases: list[tuple[bytes, int, str, tuple[str, ...]]] = [
            (b'{"replay": false}', 422, "unknown_field", ("/replay",)),
            (b"replay=false", 400, "malformed", ()),
            (b"[]", 422, "invalid", ("",)),
            (b" " * 66_000, 413, "body_too_large", ()),
        ]
        for content, status, code, pointers in cases:
            answer = await service.client.request(method, path, content=content, headers=admin)
            assert_refused(answer, status, code, *pointers, what=(method, path))
    assert await service.read("/v1/directory") == before
    for content in (b"", b"{}", b" \n"):
        answer = await service.client.request("DELETE", f"/v1/webhooks/{NOBODYS}", content=content, headers=admin)
        assert_refused(answer, 404, "not_found", what=content)


@on_one_database
async def test_errors_are_listed_with_their_fields(service: Service) -> None:
    partner = await service.token(partner="Case tool")
    for body, detail in (
        ({"url": "ftp://partner.example.org/"}, "url: must be an https address"),
        ({"url": "https://a.example/", "areas": []}, "The webhook is not valid"),
        ({"url": 7}, "url: Expected `str`, got `int`"),
        ([], "Expected `object`, got `array`"),
    ):
        answer = await service.client.post("/v1/webhooks", json=body, headers=partner)
        assert answer.json()["detail"] == detail
    answer = await service.client.get("/v1/webhooks?cursor=made-up", headers=partner)
    assert answer.json()["detail"] == "cursor: is not a cursor that this list gave out"


@on_one_database
async def test_head_is_get_without_the_body(service: Service) -> None:
    # A large body is compressed in a thread, and until then comes as it is.
    admin = {**await service.token(), "accept-encoding": "identity"}
    await service.client.get("/v1/me", headers=admin)
    for method, path, _ in ROUTES:
        if method != "GET":
            continue
        for query in ("", "?nonsense=1"):
            get = await service.client.get(path + query, headers=admin)
            head = await service.client.head(path + query, headers=admin)
            assert (head.status_code, head.content) == (get.status_code, b""), path
            # The clock of the server is not the test's, and the metrics count this very call.
            differs = {"date", "x-request-id"} | ({"content-length"} if path == "/metrics" else set())
            assert {name: value for name, value in head.headers.items() if name not in differs} == {
                name: value for name, value in get.headers.items() if name not in differs
            }, path


@on_one_database
async def test_any_origin_may_read_and_a_preflight_allows_it(service: Service) -> None:
    asking = {"origin": "https://tool.example", "access-control-request-method": "PUT"}
    asking["access-control-request-headers"] = "authorization, content-type, if-match"
    for path, item in PATHS.items():
        answer = await service.client.options(path, headers=asking)
        assert (answer.status_code, answer.content) == (204, b"")
        public = {method.upper() for method in item if (method.upper(), path) not in FOR_OPERATORS}
        if not public or not is_for_programs(path):
            assert not [name for name in answer.headers if name.startswith("access-control-")], path
            continue
        assert answer.headers["access-control-allow-origin"] == "*"
        allowed_methods = public | ({"HEAD"} if "GET" in public else set())
        assert set(answer.headers["access-control-allow-methods"].split(", ")) == allowed_methods, path
        allowed = {name.strip().lower() for name in answer.headers["access-control-allow-headers"].split(",")}
        # A star does not include `authorization` (Fetch standard, CORS-preflight fetch).
        assert {"authorization", "content-type", "if-match"} <= allowed
        assert "access-control-allow-credentials" not in answer.headers
    for path in ("/v1/directory", "/v1/directory?accepting=true", "/v1/events", "/v1/responders/tara/history"):
        answer = await service.client.get(path, headers={"origin": "https://tool.example"})
        assert answer.headers.get_list("access-control-allow-origin") == ["*"], path
        assert answer.headers["access-control-expose-headers"] == EXPOSED_HEADERS
        assert "set-cookie" not in answer.headers
    refused = await service.client.get("/v1/me", headers={"origin": "https://tool.example"})
    assert_refused(refused, 401, "token_missing")


@on_one_database
async def test_a_page_of_another_origin_cannot_read_what_is_for_operators(service: Service) -> None:
    admin = await service.token()
    for method, path in sorted(FOR_OPERATORS):
        answer = await service.client.request(method, path, headers={**admin, "origin": "https://tool.example"})
        assert not [name for name in answer.headers if name.startswith("access-control-")], (method, path)


@on_one_database
async def test_a_page_cannot_be_read_by_a_script_of_another_origin(service: Service) -> None:
    asked = {"origin": "https://tool.example", "accept": "text/html"}
    answers = [
        await service.client.get(path, headers=asked) for path in ("/", "/evidence", "/evidence/2099", "/r/tara", "/no")
    ]
    answers += [await service.client.post("/", data={"area": area}, headers=asked) for area in ("E12000007", "no")]
    assert [answer.status_code for answer in answers] == [200, 200, 422, 200, 404, 200, 422]
    for answer in answers:
        assert not [name for name in answer.headers if name.startswith("access-control-")], answer.url
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"


@on_one_database
async def test_a_refusal_and_the_log_name_the_request_by_the_same_id(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await service.client.get("/v1/nothing", headers={"x-request-id": "chosen-by-the-caller"})
    assert answer.json()["request_id"] == answer.headers["x-request-id"] != "chosen-by-the-caller"
    token = await service.token(responder="tara")
    await _break_changes(service, token)
    failed = await service.client.patch("/v1/responders/tara", json=_CHANGE, headers=token)
    assert failed.status_code == 500
    assert failed.json()["request_id"] != answer.json()["request_id"]
    assert failed.json()["request_id"] in caplog.text


async def test_writes_above_the_limit_are_refused_until_the_minute_ends(settings: Settings, clock: Clock) -> None:
    async with serving(msgspec.structs.replace(settings, write_limit=3), clock) as service:
        token, another = await service.token(responder="tara"), await service.token(responder="tara")
        admin, unseen = await service.token(), await service.token(responder="unseen")
        clock.set(clock.now.replace(second=18))
        # What is refused for another reason counts too, with whatever token of the owner.
        for own, body, status in ((token, OPEN, 200), (another, {}, 422), (token, OPEN, 200)):
            answer = await service.client.put("/v1/responders/tara/intake", json=body, headers=own)
            assert answer.status_code == status
        before = await service.read("/v1/directory")
        limited: list[tuple[str, str, dict[str, Any] | None]] = [
            ("PUT", "/v1/responders/tara/intake", OPEN),
            ("POST", "/v1/responders/tara/intake/confirmation", None),
            ("DELETE", "/v1/responders/tara/intake/planned", None),
            ("PUT", "/v1/responders/tara/caseload", {"open_referrals": 1}),
            ("PUT", "/v1/responders/tara/threshold", {"pause_at": 100}),
        ]
        for own in (token, another):
            for method, path, payload in limited:
                answer = await service.client.request(method, path, json=payload, headers=own)
                assert_refused(answer, 429, "too_many_writes")
                assert answer.headers["retry-after"] == "42"
        assert await service.read("/v1/directory") == before
        assert (await service.client.get("/v1/me", headers=token)).status_code == 200
        # Other owners have their own limit, and everything but the intake has another.
        for own, path in ((admin, "tara"), (unseen, "unseen")):
            answer = await service.client.put(f"/v1/responders/{path}/intake", json=OPEN, headers=own)
            assert answer.status_code == 200
        assert (await service.client.patch("/v1/responders/tara", json={}, headers=token)).status_code == 200
        clock.set(clock.now.replace(minute=1, second=0))
        answer = await service.client.put("/v1/responders/tara/intake", json=OPEN, headers=token)
        assert answer.status_code == 200


async def test_a_narrow_token_uses_up_no_pause_and_a_rotation_brings_no_more_writes(
    settings: Settings, clock: Clock
) -> None:
    async with serving(msgspec.structs.replace(settings, write_limit=4), clock) as service:
        admin = await service.token()
        order = {"owner": "tara", "scopes": ["webhooks:manage"]}
        leaked = (await service.client.post("/v1/tokens", json=order, headers=admin)).json()
        statuses = []
        for _ in range(3):
            token = {"authorization": f"Bearer {leaked['token']}"}
            # It lacks the scope, so it does not count.
            refused = await service.client.put("/v1/responders/tara/intake", json=PAUSED, headers=token)
            assert_refused(refused, 403, "insufficient_scope")
            answer = await service.client.post("/v1/webhooks", json={"url": "ftp://x.example/"}, headers=token)
            statuses.append(answer.status_code)
            answer = await service.client.post(f"/v1/tokens/{leaked['id']}/rotate", json={}, headers=token)
            statuses.append(answer.status_code)
            leaked = answer.json() if answer.status_code == 201 else leaked
        assert statuses == [422, 201, 422, 201, 429, 429]
        own = await service.token(responder="tara")
        answer = await service.client.put("/v1/responders/tara/intake", json=PAUSED, headers=own)
        assert answer.status_code == 200


_CHANGE = {"website": "https://particular.example/"}


async def _break_changes(service: Service, token: Headers) -> None:
    """From now on, our own rows contradict the database: to change a responder's details is a fault."""
    other = {"website": "https://other.example/"}
    assert (await service.client.patch("/v1/responders/tara", json=other, headers=token)).status_code == 200
    async with service.database.write() as session:
        await session.execute(text("CREATE UNIQUE INDEX once ON audit (action) WHERE action = 'responder.change'"))


async def test_a_fault_is_answered_without_details_and_changes_nothing(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    token = await service.token(responder="tara")
    await _break_changes(service, token)
    before = await service.read("/v1/directory")
    answer = await service.client.patch("/v1/responders/tara", json=_CHANGE, headers=token)
    assert_refused(answer, 500, "internal_error")
    assert not {"audit", "Error", "Traceback"} & set(re.findall(r"\w+", answer.text))
    assert await service.read("/v1/directory") == before
    logged: list[Any] = [record.msg for record in caplog.records if record.name == "capacity_api.api.problems"]
    assert [(line["event"], line["method"], line["route"], str(line["request_id"])) for line in logged] == [
        ("request.failed", "PATCH", "/v1/responders/{slug}", answer.json()["request_id"])
    ]
    assert "particular.example" not in caplog.text
    assert token["authorization"] not in caplog.text
