"""openapi/openapi.json: complete, true to the code, and every example in it valid."""

import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler

from capacity_api import errors
from capacity_api.api import openapi, problems
from capacity_api.api.routes import DEPENDENCIES, routes
from capacity_api.domain.events import PRIVATE, EventType
from capacity_api.errors import CapacityError
from capacity_api.publication.addresses import is_for_programs

DOCUMENT = openapi.build_document()
SCHEMAS = DOCUMENT["components"]["schemas"]
OPERATIONS = {
    (method, path): operation for path, item in DOCUMENT["paths"].items() for method, operation in item.items()
}


# What a page has before its path in a language other than English. The document has each page once.
TRANSLATED = "/{language}/"


def handlers() -> dict[tuple[str, str], HTTPRouteHandler]:
    """Every route of the application but for the pages in other languages, by method and path."""
    return {route: handler for route, handler in all_handlers().items() if not route[1].startswith(TRANSLATED)}


def all_handlers() -> dict[tuple[str, str], HTTPRouteHandler]:
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
    for method, path in set(all_handlers()) - set(handlers()):
        assert (method, "/" + path.removeprefix(TRANSLATED)) in OPERATIONS, path
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
        assert_valid({"state": "closed"}, {"$ref": "#/components/schemas/ReportRequest"})


@pytest.mark.parametrize("event_type", EventType)
def test_every_event_type_has_a_webhook_with_an_example_of_it(event_type: EventType) -> None:
    operation = DOCUMENT["webhooks"][event_type]["post"]
    assert operation["summary"]
    body = operation["requestBody"]["content"]["application/json"]
    assert body["example"]["type"] == event_type
    assert_valid(body["example"], body["schema"])
    is_public_intake = event_type.startswith("intake.") and event_type not in PRIVATE
    assert ("previous_state" in body["example"]["data"]) is is_public_intake


def test_every_success_that_has_a_body_has_an_example() -> None:
    for route, operation in OPERATIONS.items():
        for status, response in operation["responses"].items():
            for media in response.get("content", {}).values() if status.startswith("2") else ():
                assert "example" in media, route


def test_every_property_and_every_parameter_is_described() -> None:
    properties = {
        f"{name}.{field}": schema
        for name, each in SCHEMAS.items()
        for field, schema in each.get("properties", {}).items()
    }
    assert len(properties) > 400
    assert [name for name, schema in properties.items() if not schema["description"]] == []
    for route, operation in OPERATIONS.items():
        assert [each["name"] for each in operation.get("parameters", []) if not each["description"]] == [], route


def test_every_set_of_codes_is_described() -> None:
    codes = {name: each for name, each in SCHEMAS.items() if "enum" in each}
    assert len(codes) > 20
    assert [name for name, each in codes.items() if not each.get("description")] == []


def test_a_plural_is_a_list_and_a_number_of_things_is_named_so() -> None:
    """`counts` are names that say what is counted, and no list has: see docs/decisions.md."""
    counts = {"open_referrals", "listed_seconds", "counted_seconds", "nobody_open_seconds", "nobody_open_hours"}
    counts |= {
        "combinations",
        "duration_ms",
        "longest_pause_seconds",
        "age_seconds",
        "overlap_hours",
        "valid_for_hours",
        "total_items",
        "total_pages",
    }
    plurals: set[str] = set()
    for name, schema in SCHEMAS.items():
        for field, each in schema.get("properties", {}).items():
            kinds = {each.get("type")} if isinstance(each.get("type"), str) else set(each.get("type") or ())
            if kinds & {"integer", "number"} and field.endswith("s") and field != "status":
                plurals.add(field)
            assert not field.endswith("_count") or kinds == {"integer"}, (name, field)
            # What names a responder by its slug is called so.
            assert field != "responder" or "$ref" in each, (name, field)
    assert plurals <= counts, plurals - counts


def test_every_time_day_id_and_address_has_its_format() -> None:
    formats = {
        r"(.*_)?(?<!pause_)at|since|timestamp|confirm_by|effective_from|last_modified": "date-time",
        r".*_on|assured_date": "date",
        r"(.*_)?id": "uuid",
        r"uri|licence|license": "uri",
    }
    for name, schema in SCHEMAS.items():
        for field, each in schema.get("properties", {}).items():
            expected = next((shape for pattern, shape in formats.items() if re.fullmatch(pattern, field)), None)
            if expected is not None:
                assert each.get("format") == expected, (name, field)
            if field in {"url", "website"}:
                # What is written may be empty for null, so its pattern says what it may be.
                assert each.get("format") in {"uri", "iri"} or each["pattern"].endswith(("[^/?#@]", "$)")), (
                    name,
                    field,
                )
    for operation in OPERATIONS.values():
        for each in operation.get("parameters", []):
            if each["name"] in {"from", "to", "as_of"}:
                assert each["schema"]["format"] == "date-time"


def test_what_generators_trip_over_is_not_there() -> None:
    for each in all_in({"paths": DOCUMENT["paths"], "schemas": SCHEMAS}):
        if isinstance(each, dict) and ("type" in each or "$ref" in each):
            # A property with a default becomes required in TypeScript, and one beside a reference breaks Go.
            assert "default" not in each, each
    for name, schema in SCHEMAS.items():
        # Go has functions that begin with New, and a page had the name of its module.
        assert re.fullmatch(r"(?!New)[A-Z][A-Za-z]+", name), name
        # A class of the Python client generator cannot have a property with its own name.
        assert name.lower() not in schema.get("properties", {}), name
        for each in all_in(schema):
            if isinstance(each, dict) and "anyOf" in each:
                # Only a named schema or null: nothing that has to be told apart by its form.
                assert [set(choice) for choice in each["anyOf"]] == [{"$ref"}, {"type"}], (name, each)
                assert each["anyOf"][1] == {"type": "null"}, (name, each)
    for route, operation in OPERATIONS.items():
        for each in operation.get("parameters", []):
            kind = each["schema"].get("type")
            assert "$ref" in each["schema"] or kind in {"array", "boolean", "integer", "number", "string"}, (
                route,
                each,
            )
            assert (kind == "array") == (each.get("explode") is True and each.get("style") == "form"), (route, each)


def test_an_answer_has_all_that_is_required_and_a_request_only_what_must_be_said() -> None:
    assert set(SCHEMAS["Report"]["required"]) == set(SCHEMAS["Report"]["properties"])
    assert SCHEMAS["ReportRequest"]["required"] == ["state"]
    assert set(SCHEMAS["Limit"]["required"]) == set(SCHEMAS["LimitRequest"]["properties"])
    assert "required" not in SCHEMAS["LimitRequest"]
    assert "additionalProperties" not in SCHEMAS["Report"], "an answer may get more fields later"
    assert SCHEMAS["LimitRequest"]["additionalProperties"] is False


def structs_in(*parts: Any) -> set[str]:
    """The names of the schemas with properties that the parts use, directly or inside others."""
    found: set[str] = set()
    waiting = list(parts)
    while waiting:
        for each in all_in(waiting.pop()):
            name = each["$ref"].rpartition("/schemas/")[2] if isinstance(each, dict) and "$ref" in each else ""
            if name in SCHEMAS and name not in found:
                found.add(name)
                waiting.append(SCHEMAS[name])
    return {name for name in found if "properties" in SCHEMAS[name]}


def test_what_is_written_is_named_so_and_what_is_read_has_the_plain_name() -> None:
    written = structs_in(*(each.get("requestBody") for each in OPERATIONS.values()))
    answers = [each["responses"] for each in OPERATIONS.values()]
    read = structs_in(answers, DOCUMENT["components"]["responses"], DOCUMENT["webhooks"])
    endings = ("Request", "Patch", "Question")
    assert written | read == {name for name in SCHEMAS if "properties" in SCHEMAS[name]}
    assert {name for name in written if not name.endswith(endings)} == set()
    assert {name for name in read if name.endswith((*endings, "Report", "Details", "Answer"))} == {"Report"}
    assert len(written) > 25
    assert len(read) > 90


def test_a_patch_changes_what_its_answer_is_named_after() -> None:
    changed = {}
    for operation in OPERATIONS.values():
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
        if body.get("$ref", "").endswith("Patch"):
            answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
            changed[body["$ref"]] = answer["$ref"] + "Patch"
    assert len(changed) == 3
    assert all(patch == named for patch, named in changed.items())


def test_an_event_is_told_apart_by_its_type() -> None:
    event = SCHEMAS["Event"]
    mapping = event["discriminator"]["mapping"]
    assert event["discriminator"]["propertyName"] == "type"
    assert set(mapping) == {*EventType, "directory.restored", "event.redacted"}
    assert [each["$ref"] for each in event["oneOf"]] == list(mapping.values())
    union = Draft202012Validator({"$ref": "#/components/schemas/Event", "components": DOCUMENT["components"]})
    for event_type, reference in mapping.items():
        kind = SCHEMAS[reference.rpartition("/")[2]]
        assert kind["properties"]["type"]["enum"] == [event_type]
        example = DOCUMENT["webhooks"][event_type]["post"]["requestBody"]["content"]["application/json"]["example"]
        assert union.is_valid(example), event_type
        assert not union.is_valid({**example, "data": {}}), event_type


def test_there_are_no_webhooks_but_the_event_types() -> None:
    assert set(DOCUMENT["webhooks"]) == {*EventType, "directory.restored", "event.redacted"}


def test_an_operation_names_a_token_exactly_when_it_needs_one() -> None:
    for route, handler in handlers().items():
        security = OPERATIONS[route].get("security", [])
        if route == ("get", "/metrics"):
            # A token, or a network that the operator names.
            assert security == [{"token": []}, {}]
        else:
            assert security == ([{"token": []}] if "scopes" in handler.opt else []), route
            assert "security" in OPERATIONS[route], route
    assert DOCUMENT["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert "security" not in DOCUMENT


def test_a_body_is_required_exactly_when_the_handler_has_no_default_for_it() -> None:
    for route, handler in handlers().items():
        field = handler.parsed_data_field
        if field is not None:
            assert OPERATIONS[route]["requestBody"]["required"] is not field.has_default, route


def test_a_parameter_is_something_that_a_client_sends() -> None:
    names = {each["name"] for operation in OPERATIONS.values() for each in operation.get("parameters", [])}
    assert names.isdisjoint({"context", "identity", "metrics", "request", "data", "states", "start", "end"})
    assert {"state", "from", "to", "if-match"} <= names
    for (method, path), operation in OPERATIONS.items():
        in_path = {each["name"] for each in operation.get("parameters", []) if each["in"] == "path"}
        assert all("{" + name + "}" in path for name in in_path), (method, path)
        assert path.count("{") == len(in_path), (method, path)


def test_every_operation_is_named_and_described() -> None:
    webhooks = [item["post"] for item in DOCUMENT["webhooks"].values()]
    names = [operation["operationId"] for operation in [*OPERATIONS.values(), *webhooks]]
    assert len(set(names)) == len(names)
    assert {tag for each in webhooks for tag in each["tags"]} == {"webhook receivers"}
    assert all(each["security"] == [] for each in webhooks)
    tags = {tag["name"] for tag in DOCUMENT["tags"]}
    for route, operation in OPERATIONS.items():
        assert operation["summary"], route
        assert len(operation["tags"]) == 1, route
        assert set(operation["tags"]) <= tags - {"webhook receivers"}, route
        assert any(status.startswith("2") for status in operation["responses"]), route
        assert "default" in operation["responses"], route


def test_every_operation_lists_the_refusals_that_it_can_give() -> None:
    for (method, path), operation in OPERATIONS.items():
        responses = set(operation["responses"])
        assert {"422", "503"} <= responses, (method, path)
        assert ({"401", "403"} <= responses) == bool(operation.get("security")), (method, path)
        # Of the reads without a token, those that query the database: tests/api/test_bulkheads.py.
        assert operation["security"] == [] or "429" in responses, (method, path)
        assert ({"400", "413", "415"} <= responses) >= ("requestBody" in operation), (method, path)
        # A link is in the body, so that no log of addresses has it.
        names_one = "{" in path or path.startswith("/v1/links/")
        assert ("404" in responses) == names_one, (method, path)
        assert ("410" in responses) == (operation["operationId"] == "useLink"), (method, path)
        headers = {each["name"] for each in operation.get("parameters", []) if each["in"] == "header"}
        assert ("412" in responses) == ("if-match" in headers), (method, path)


def test_the_errors_of_pages_can_be_pages_and_no_others() -> None:
    for (method, path), operation in OPERATIONS.items():
        for status, response in operation["responses"].items():
            name = response.get("$ref", "").rpartition("/")[2]
            if name:
                content = set(DOCUMENT["components"]["responses"][name]["content"])
                page = set() if is_for_programs(path) else {"text/html"}
                assert content == {"application/problem+json", *page}, (method, path, status)


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
