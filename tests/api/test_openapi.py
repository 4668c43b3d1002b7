"""openapi/openapi.json: complete, true to the code, and every example in it valid."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from tests.formats.test_registry import PATHS

from capacity_api import errors
from capacity_api.api import openapi, problems
from capacity_api.api.routes import DEPENDENCIES, routes
from capacity_api.domain.events import PRIVATE, EventType
from capacity_api.errors import CapacityError

DOCUMENT = openapi.build_document()
OPERATIONS = {
    (method, path): operation for path, item in DOCUMENT["paths"].items() for method, operation in item.items()
}


def handlers() -> dict[tuple[str, str], HTTPRouteHandler]:
    """Every route of the application as the framework holds it, by method and path."""
    app = Litestar(routes(), dependencies=DEPENDENCIES, openapi_config=None)
    return {
        (method.lower(), route.path_format): handler
        for route in app.routes
        for handler in getattr(route, "route_handlers", [])
        for method in handler.http_methods
        if method != "OPTIONS"
    }


def all_in(value: Any) -> list[Any]:
    """The value and everything in it."""
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value, *(item for each in below for item in all_in(each))]


def assert_valid(example: Any, schema: dict[str, Any]) -> None:
    validator = Draft202012Validator(
        {**schema, "components": DOCUMENT["components"]}, format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    assert [error.message for error in validator.iter_errors(example)] == []


def test_the_committed_document_is_the_one_that_the_code_makes() -> None:
    committed = Path(__file__).parents[2] / "openapi" / "openapi.json"
    assert committed.read_bytes() == openapi.encode_document(), "run make openapi"


def test_every_route_is_in_the_document_and_nothing_else() -> None:
    assert set(OPERATIONS) == set(handlers())
    assert DOCUMENT["openapi"].startswith("3.1")


def test_every_reference_leads_somewhere_and_every_schema_is_valid() -> None:
    for each in all_in(DOCUMENT):
        if isinstance(each, dict) and isinstance(each.get("$ref"), str):
            target = DOCUMENT
            for part in each["$ref"].removeprefix("#/").split("/"):
                target = target[part]
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_example_is_valid() -> None:
    media_types = [each for each in all_in(DOCUMENT) if isinstance(each, dict) and "schema" in each]
    checked = 0
    for media_type in media_types:
        examples = [each["value"] for each in media_type.get("examples", {}).values()]
        examples += [media_type["example"]] if "example" in media_type else []
        for example in examples:
            assert_valid(example, media_type["schema"])
            checked += 1
    assert checked > 40


def test_an_example_that_is_wrong_would_be_noticed() -> None:
    with pytest.raises(AssertionError):
        assert_valid({"state": "closed"}, {"$ref": "#/components/schemas/IntakeReport"})


@pytest.mark.parametrize("event_type", EventType)
def test_every_event_type_has_a_webhook_with_an_example_of_it(event_type: EventType) -> None:
    operation = DOCUMENT["webhooks"][event_type]["post"]
    assert operation["summary"]
    body = operation["requestBody"]["content"]["application/json"]
    assert body["example"]["type"] == event_type
    assert_valid(body["example"], body["schema"])
    is_public_intake = event_type.startswith("intake.") and event_type not in PRIVATE
    assert ("previous_state" in body["example"]["data"]) is is_public_intake


def test_every_schema_is_the_one_of_msgspec() -> None:
    _, exact = msgspec.json.schema_components(openapi._STRUCTS)
    # The schema of a page is made by the framework.
    assert {
        name for name in DOCUMENT["components"]["schemas"] if not re.match(r"(OpenReferral)?Page_", name)
    } == exact.keys()


def test_every_json_of_an_output_format_has_an_example() -> None:
    roots = tuple(path.removesuffix("/services") for path in PATHS.values())
    without = {
        path
        for (method, path), operation in OPERATIONS.items()
        if path.startswith(roots)
        for content in [operation["responses"]["200"]["content"]]
        if "application/json" in content and "example" not in content["application/json"]
    }
    # There are none, so it is always 404.
    assert without == {"/open-referral-uk/service_at_locations/{location_id}"}


def test_there_are_no_webhooks_but_the_event_types() -> None:
    assert set(DOCUMENT["webhooks"]) == set(EventType)


def test_an_operation_names_a_token_exactly_when_it_needs_one() -> None:
    for route, handler in handlers().items():
        security = OPERATIONS[route].get("security", [])
        if route == ("get", "/metrics"):
            # A token, or a network that the operator names.
            assert security == [{"token": []}, {}]
        else:
            assert security == ([{"token": []}] if "scopes" in handler.opt else []), route
    assert DOCUMENT["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert "security" not in DOCUMENT


def test_a_parameter_is_something_that_a_client_sends() -> None:
    names = {each["name"] for operation in OPERATIONS.values() for each in operation.get("parameters", [])}
    assert names.isdisjoint({"context", "identity", "metrics", "request", "data", "states", "start", "end"})
    assert {"state", "from", "to", "if-match"} <= names
    for (method, path), operation in OPERATIONS.items():
        in_path = {each["name"] for each in operation.get("parameters", []) if each["in"] == "path"}
        assert all("{" + name + "}" in path for name in in_path), (method, path)
        assert path.count("{") == len(in_path), (method, path)


def test_every_operation_is_named_and_described() -> None:
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(names)) == len(names)
    tags = {tag["name"] for tag in DOCUMENT["tags"]}
    for route, operation in OPERATIONS.items():
        assert operation["summary"], route
        assert operation["tags"], route
        assert set(operation["tags"]) <= tags, route
        assert any(status.startswith("2") for status in operation["responses"]), route
        assert "default" in operation["responses"], route


def test_every_operation_lists_the_refusals_that_it_can_give() -> None:
    for (method, path), operation in OPERATIONS.items():
        responses = set(operation["responses"])
        assert {"422", "503"} <= responses, (method, path)
        assert ({"401", "403"} <= responses) == bool(operation.get("security")), (method, path)
        assert ("429" in responses) == (method != "get" and "security" in operation), (method, path)
        assert ({"400", "413", "415"} <= responses) >= ("requestBody" in operation), (method, path)
        assert ("404" in responses) == ("{" in path), (method, path)
        headers = {each["name"] for each in operation.get("parameters", []) if each["in"] == "header"}
        assert ("412" in responses) == ("if-match" in headers), (method, path)


def leaves(kind: type[CapacityError]) -> list[type[CapacityError]]:
    return [each for below in kind.__subclasses__() for each in [below, *leaves(below)]]


@pytest.mark.parametrize(
    "kind", [each for each in leaves(CapacityError) if "code" in vars(each) and each is not errors.ConfigurationError]
)
def test_every_problem_is_described_under_its_status(kind: type[CapacityError]) -> None:
    status = next(status for error_class, status in problems.STATUS.items() if issubclass(kind, error_class))
    described = DOCUMENT["components"]["responses"][f"Problem{status}"]["content"]["application/problem+json"]
    example = described["examples"][kind.code]["value"]
    assert (example["status"], example["code"], example["title"]) == (status, kind.code, kind.title)
