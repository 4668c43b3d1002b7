"""What counts as a change that breaks a client, by changing the real OpenAPI document."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tools.contract import breaking_changes

OPENAPI = json.loads((Path(__file__).parents[1] / "openapi" / "openapi.json").read_bytes())
Document = dict[str, Any]
Change = Callable[[Document], object]


def schema(document: Document, name: str) -> Document:
    found: Document = document["components"]["schemas"][name]
    return found


def operation(document: Document, method: str, path: str) -> Document:
    found: Document = document["paths"][path][method]
    return found


def changed(change: Change) -> list[str]:
    document = copy.deepcopy(OPENAPI)
    change(document)
    return breaking_changes(OPENAPI, document)


BREAKING: dict[str, tuple[Change, str]] = {
    "a path goes": (lambda it: it["paths"].pop("/v1/coverage"), "GET /v1/coverage is gone"),
    "a method goes": (lambda it: it["paths"]["/v1/webhooks"].pop("post"), "POST /v1/webhooks is gone"),
    "a field of an answer goes": (
        lambda it: schema(it, "PublicIntake")["properties"].pop("since"),
        "GET /v1/directory 200/responders/*/intake/since is gone",
    ),
    "a field may be missing": (
        lambda it: schema(it, "PublicIntake")["required"].remove("since"),
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
        lambda it: schema(it, "IntakeReport")["properties"].pop("note"),
        "PUT /v1/responders/{slug}/intake/note is gone",
    ),
    "a field that was sent is required": (
        lambda it: schema(it, "IntakeReport")["required"].append("reason"),
        "PUT /v1/responders/{slug}/intake/reason is required",
    ),
    "less may be sent": (
        lambda it: schema(it, "Count")["properties"]["open_referrals"].update(maximum=10),
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
    "an event goes": (lambda it: it["webhooks"].pop("intake.paused"), "the event intake.paused is gone"),
    "a field of an event goes": (
        lambda it: schema(it, "IntakeData")["properties"].pop("previous_state"),
        "intake.paused/data/previous_state is gone",
    ),
}
HARMLESS: dict[str, Change] = {
    "nothing": lambda it: None,
    "words": lambda it: operation(it, "get", "/v1/directory").update(summary="Another"),
    "a new path": lambda it: it["paths"].update({"/v1/more": it["paths"]["/v1/coverage"]}),
    "a new field in an answer": lambda it: schema(it, "Directory")["properties"].update(more={"type": "string"}),
    "a new field that may be sent": lambda it: schema(it, "Count")["properties"].update(more={"type": "string"}),
    "a new parameter": lambda it: operation(it, "get", "/v1/coverage")["parameters"].append(
        {"in": "query", "name": "area", "schema": {"type": "string"}}
    ),
    "a new value": lambda it: schema(it, "State")["enum"].append("holiday"),
    "a new event": lambda it: it["webhooks"].update({"intake.more": it["webhooks"]["intake.paused"]}),
    "more may be sent": lambda it: schema(it, "Count")["properties"]["open_referrals"].update(maximum=10**9),
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
