"""What counts as a change that breaks a client, by changing the real OpenAPI document."""

import copy
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tools.contract import breaking_changes, main

ROOT = Path(__file__).parents[1]
OPENAPI = json.loads((ROOT / "openapi" / "openapi.json").read_bytes())
Document = dict[str, Any]
Change = Callable[[Document], object]


def schema(document: Document, name: str) -> Document:
    found: Document = document["components"]["schemas"][name]
    return found


def operation(document: Document, method: str, path: str) -> Document:
    found: Document = document["paths"][path][method]
    return found


def response(document: Document, method: str, path: str, status: str) -> Document:
    """An answer, of its own where it was one of the shared ones."""
    responses = operation(document, method, path)["responses"]
    name = responses[status].get("$ref", "").rpartition("/")[2]
    if name:
        responses[status] = copy.deepcopy(document["components"]["responses"][name])
    found: Document = responses[status]
    return found


def with_header(document: Document, event: str, name: str, **more: Any) -> None:
    """Change a header of one webhook."""
    parameters = document["webhooks"][event]["post"]["parameters"]
    document["webhooks"][event]["post"]["parameters"] = [
        {**each, **more} if each["name"] == name else each for each in parameters
    ]


def without_header(document: Document, event: str, name: str) -> None:
    post = document["webhooks"][event]["post"]
    post["parameters"] = [each for each in post["parameters"] if each["name"] != name]


def changed(change: Change) -> list[str]:
    document = copy.deepcopy(OPENAPI)
    change(document)
    return breaking_changes(OPENAPI, document)


BREAKING: dict[str, tuple[Change, str]] = {
    "a path goes": (lambda it: it["paths"].pop("/v1/coverage"), "GET /v1/coverage is gone"),
    "a method goes": (lambda it: it["paths"]["/v1/webhooks"].pop("post"), "POST /v1/webhooks is gone"),
    "a field of an answer goes": (
        lambda it: schema(it, "Intake")["properties"].pop("since"),
        "GET /v1/directory 200/responders/*/intake/since is gone",
    ),
    "a field may be missing": (
        lambda it: schema(it, "Intake")["required"].remove("since"),
        "GET /v1/directory 200/responders/*/intake/since may be missing",
    ),
    "a field may be null": (
        lambda it: schema(it, "Directory")["properties"]["total"].update(type=["integer", "null"]),
        "GET /v1/directory 200/total: may be null",
    ),
    "a field has another type": (
        lambda it: schema(it, "Directory")["properties"]["total"].update(type="string"),
        "GET /v1/directory 200/total: integer became string",
    ),
    "a value goes": (
        lambda it: schema(it, "State")["enum"].remove("unconfirmed"),
        "GET /v1/directory 200/responders/*/intake/state: the value unconfirmed is gone",
    ),
    "a format goes": (
        lambda it: schema(it, "Directory")["properties"]["updated_at"].pop("format"),
        "GET /v1/directory 200/updated_at: format was date-time and is None",
    ),
    "a field that was sent goes": (
        lambda it: schema(it, "ReportRequest")["properties"].pop("note"),
        "PUT /v1/responders/{slug}/intake/note is gone",
    ),
    "a field that was sent is required": (
        lambda it: schema(it, "ReportRequest")["required"].append("reason"),
        "PUT /v1/responders/{slug}/intake/reason is required",
    ),
    "less may be sent": (
        lambda it: schema(it, "CaseloadRequest")["properties"]["open_referrals"].update(maximum=10),
        "PUT /v1/responders/{slug}/caseload/open_referrals: maximum fell to 10",
    ),
    "null may not be sent": (
        lambda it: schema(it, "MatchQuestion")["properties"]["area"].update(type="string"),
        "POST /v1/matches/area: null is gone",
    ),
    "a parameter goes": (
        lambda it: operation(it, "get", "/v1/directory")["parameters"].pop(0),
        "GET /v1/directory: the parameter state is gone",
    ),
    "a parameter is required": (
        lambda it: operation(it, "get", "/v1/events")["parameters"][0].update(required=True),
        "GET /v1/events: the parameter after is required",
    ),
    "a new parameter is required": (
        lambda it: operation(it, "get", "/v1/coverage")["parameters"].append(
            {"in": "query", "name": "area", "required": True, "schema": {"type": "string"}}
        ),
        "GET /v1/coverage: the parameter area is required",
    ),
    "a token is needed": (
        lambda it: operation(it, "get", "/v1/directory").update(security=[{"BearerToken": []}]),
        "GET /v1/directory needs a token",
    ),
    "another status": (
        lambda it: operation(it, "post", "/v1/partners")["responses"].update(
            {"200": operation(it, "post", "/v1/partners")["responses"].pop("201")}
        ),
        "POST /v1/partners is no longer answered with 201",
    ),
    "a refusal goes": (
        lambda it: operation(it, "put", "/v1/responders/{slug}/intake")["responses"].pop("409"),
        "PUT /v1/responders/{slug}/intake is no longer answered with 409",
    ),
    "a problem goes": (
        lambda it: it["components"]["responses"]["Problem410"]["content"]["application/problem+json"]["examples"].pop(
            "link_used"
        ),
        "POST /v1/links/use 410: the problem link_used is gone",
    ),
    "a new success": (
        lambda it: operation(it, "post", "/v1/partners")["responses"].update({"202": {"description": "Later"}}),
        "POST /v1/partners may be answered with 202",
    ),
    "another media type": (
        lambda it: response(it, "get", "/v1/feed.atom", "200").update(content={"text/xml": {}}),
        "GET /v1/feed.atom 200: application/atom+xml is gone",
    ),
    "another media type that may be sent": (
        lambda it: operation(it, "post", "/v1/matches")["requestBody"].update(content={"application/cbor": {}}),
        "POST /v1/matches: application/json is gone",
    ),
    "a header of an answer goes": (
        lambda it: response(it, "post", "/v1/partners", "201")["headers"].pop("Location"),
        "POST /v1/partners 201: the header Location is gone",
    ),
    "a header of a refusal goes": (
        lambda it: response(it, "get", "/v1/events", "429")["headers"].pop("Retry-After"),
        "GET /v1/events 429: the header Retry-After is gone",
    ),
    "a header has another type": (
        lambda it: it["components"]["headers"]["Retry-After"].update(schema={"type": "string"}),
        "GET /v1/events 429: the header Retry-After: integer became string",
    ),
    "another format": (
        lambda it: schema(it, "Intake")["properties"]["since"].update(format="date"),
        "GET /v1/directory 200/responders/*/intake/since: format was date-time and is date",
    ),
    "a format of what is sent": (
        lambda it: schema(it, "ReportRequest")["properties"]["effective_from"].update(format="date"),
        "PUT /v1/responders/{slug}/intake/effective_from: format was date-time and is date",
    ),
    "a narrower pattern": (
        lambda it: schema(it, "ResponderRequest")["properties"]["slug"].update(pattern="^[a-z]+$"),
        "POST /v1/responders/slug: pattern was ^[a-z0-9]+(-[a-z0-9]+)*$ and is ^[a-z]+$",
    ),
    "a shorter text": (
        lambda it: schema(it, "ReportRequest")["properties"]["note"].update(maxLength=100),
        "PUT /v1/responders/{slug}/intake/note: maxLength fell to 100",
    ),
    "a smaller page": (
        lambda it: operation(it, "get", "/v1/events")["parameters"][1]["schema"].update(maximum=100),
        "GET /v1/events ?limit: maximum fell to 100",
    ),
    "a higher least": (
        lambda it: schema(it, "ThresholdRequest")["properties"]["pause_at"].update(minimum=5),
        "PUT /v1/responders/{slug}/threshold/pause_at: minimum rose to 5",
    ),
    "a value of what may be sent goes": (
        lambda it: schema(it, "Circumstance")["enum"].remove("homelessness"),
        "PUT /v1/responders/{slug}/intake/exceptions/*: the value homelessness is gone",
    ),
    "a list is written otherwise": (
        lambda it: operation(it, "get", "/v1/directory")["parameters"][0].update(explode=False),
        "GET /v1/directory ?state: explode was True and is False",
    ),
    "a kind of answer goes": (
        lambda it: response(it, "post", "/v1/links/use", "200")["content"]["application/json"]["schema"]["anyOf"].pop(
            0
        ),
        "POST /v1/links/use 200: object LinkToken is gone",
    ),
    "a field of one of several answers goes": (
        lambda it: schema(it, "LinkToken")["properties"].pop("token"),
        "POST /v1/links/use 200/token is gone",
    ),
    "an answer may be anything": (
        lambda it: response(it, "get", "/v1/directory", "200")["content"]["application/json"].pop("schema"),
        "GET /v1/directory 200: may be anything",
    ),
    "a way to be let in goes": (
        lambda it: operation(it, "get", "/metrics").update(security=[{"token": []}]),
        "GET /metrics needs a token",
    ),
    "another token": (
        lambda it: operation(it, "get", "/v1/me").update(security=[{"cookie": []}]),
        "GET /v1/me can no longer be called with token",
    ),
    "a security scheme goes": (
        lambda it: it["components"]["securitySchemes"].pop("token"),
        "the security scheme token is gone",
    ),
    "another security scheme": (
        lambda it: it["components"]["securitySchemes"]["token"].update(scheme="basic"),
        "the security scheme token: scheme was bearer and is basic",
    ),
    "another name for a schema": (
        lambda it: it.update(json.loads(json.dumps(it).replace("AreaRef", "AreaName"))),
        "the schema AreaRef is gone",
    ),
    "another name for generated clients": (
        lambda it: operation(it, "get", "/v1/directory").update(operationId="getDirectory"),
        "GET /v1/directory is named getDirectory, no longer readDirectory",
    ),
    "an event goes": (lambda it: it["webhooks"].pop("intake.paused"), "the event intake.paused is gone"),
    "a field of an event goes": (
        lambda it: schema(it, "IntakeData")["properties"].pop("previous_state"),
        "intake.paused/data/previous_state is gone",
    ),
    "a field of an event may be missing": (
        lambda it: schema(it, "IntakeData")["required"].remove("previous_state"),
        "intake.opened/data/previous_state may be missing",
    ),
    "a field of an event has another type": (
        lambda it: schema(it, "DirectoryRestoredEvent")["properties"]["sequence"].update(type=["string", "null"]),
        "directory.restored/sequence: may be string",
    ),
    "an event of the list goes": (
        lambda it: schema(it, "Event")["oneOf"].pop(0),
        "GET /v1/events 200/events/*: object intake.opened is gone",
    ),
    "a header of an event goes": (
        lambda it: without_header(it, "intake.paused", "webhook-id"),
        "intake.paused: the header webhook-id is gone",
    ),
    "a header of an event may be missing": (
        lambda it: with_header(it, "intake.paused", "webhook-signature", required=False),
        "intake.paused: the header webhook-signature may be missing",
    ),
    "a header of an event has another type": (
        lambda it: with_header(it, "intake.paused", "webhook-timestamp", schema={"type": "integer"}),
        "intake.paused: the header webhook-timestamp: string became integer",
    ),
}
HARMLESS: dict[str, Change] = {
    "nothing": lambda it: None,
    "words": lambda it: operation(it, "get", "/v1/directory").update(summary="Another"),
    "a new path": lambda it: it["paths"].update({"/v1/more": it["paths"]["/v1/coverage"]}),
    "a new field in an answer": lambda it: schema(it, "Directory")["properties"].update(more={"type": "string"}),
    "a new field that may be sent": lambda it: schema(it, "CaseloadRequest")["properties"].update(
        more={"type": "string"}
    ),
    "a new parameter": lambda it: operation(it, "get", "/v1/coverage")["parameters"].append(
        {"in": "query", "name": "area", "schema": {"type": "string"}}
    ),
    "a new value": lambda it: schema(it, "State")["enum"].append("holiday"),
    "a new problem": lambda it: it["components"]["responses"]["Problem409"]["content"]["application/problem+json"][
        "examples"
    ].update(more={}),
    "a new refusal": lambda it: operation(it, "get", "/v1/coverage")["responses"].update({"451": {}}),
    "a new header": lambda it: response(it, "get", "/v1/coverage", "200")["headers"].update(More={}),
    "a new field in an event": lambda it: schema(it, "IntakeData")["properties"].update(more={"type": "string"}),
    "a new event in the list": lambda it: schema(it, "Event")["oneOf"].append(
        {"type": "object", "properties": {"type": {"enum": ["intake.more"]}}}
    ),
    "a longer text": lambda it: schema(it, "ReportRequest")["properties"]["note"].update(maxLength=5000),
    "what needed a token needs none": lambda it: operation(it, "get", "/v1/me").update(security=[]),
    "another way to be let in": lambda it: operation(it, "get", "/v1/me")["security"].append({"more": []}),
    "what is going is marked": lambda it: operation(it, "get", "/v1/coverage").update(deprecated=True),
    "a new event": lambda it: it["webhooks"].update({"intake.more": it["webhooks"]["intake.paused"]}),
    "more may be sent": lambda it: schema(it, "CaseloadRequest")["properties"]["open_referrals"].update(maximum=10**9),
    "a field of an answer is never null again": lambda it: schema(it, "Directory")["properties"]["valid_until"].update(
        type="string"
    ),
}


@pytest.mark.parametrize("name", BREAKING)
def test_a_change_that_breaks_a_client_is_named(name: str) -> None:
    change, line = BREAKING[name]
    assert line in changed(change)


@pytest.mark.parametrize("name", HARMLESS)
def test_a_change_that_only_adds_is_none(name: str) -> None:
    assert changed(HARMLESS[name]) == []


# For the step of `make check`: the change, and what it says. Nothing for what only adds.
STEP: dict[str, tuple[Change, str]] = {
    "a field goes": BREAKING["a field of an answer goes"],
    "a value goes": BREAKING["a value goes"],
    "a parameter is required": BREAKING["a parameter is required"],
    "a field comes": (HARMLESS["a new field in an answer"], ""),
    "a value comes": (HARMLESS["a new value"], ""),
    "a parameter comes": (HARMLESS["a new parameter"], ""),
}


def make(*words: str) -> subprocess.CompletedProcess[str]:
    """Run make, which takes what is installed as it is."""
    command = ["make", "--old-file=.venv/.runtime", "--old-file=.venv/.development", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def document_at(path: Path, change: Change = HARMLESS["nothing"]) -> Path:
    document = copy.deepcopy(OPENAPI)
    change(document)
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize("name", STEP)
def test_the_step_of_make_check_is_red_for_what_breaks_a_client_and_for_nothing_else(name: str, tmp_path: Path) -> None:
    change, line = STEP[name]
    released, current = document_at(tmp_path / "released.json"), document_at(tmp_path / "current.json", change)
    done = make("contract", f"RELEASED={released}", f"CURRENT={current}")
    assert (done.returncode != 0) == bool(line), done.stdout + done.stderr
    assert line in done.stderr


def test_make_check_compares_the_contract_with_the_released_one() -> None:
    done = make("--dry-run", "--old-file=node_modules/.installed", "check")
    assert done.returncode == 0, done.stderr
    assert "-m tools.contract openapi/released.json openapi/openapi.json" in done.stdout


def test_a_release_freezes_the_contract_unless_it_breaks_the_one_before(tmp_path: Path) -> None:
    released = tmp_path / "released.json"
    # Before version 1 there may be none that it has to agree with.
    current = document_at(tmp_path / "current.json", lambda it: it["info"].update(version="0.9.0"))
    names = (f"RELEASED={released}", f"CURRENT={current}")
    assert make("freeze", *names).returncode == 0
    assert released.read_bytes() == current.read_bytes()
    document_at(current, BREAKING["a path goes"][0])
    assert make("freeze", *names).returncode != 0
    assert released.read_bytes() != current.read_bytes()


@pytest.mark.parametrize(("version", "is_refused"), [("0.9.0", False), ("1.0.0", True), ("1.4.2", True)])
def test_from_version_1_on_the_released_contract_has_to_be_there(
    version: str, is_refused: bool, tmp_path: Path
) -> None:
    current = document_at(tmp_path / "current.json", lambda it: it["info"].update(version=version))
    complaint = main(tmp_path / "released.json", current)
    assert (complaint is not None) is is_refused
    assert complaint is None or "released.json is missing" in complaint
