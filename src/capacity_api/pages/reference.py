"""The documentation at `/docs`: one page made from the OpenAPI document, with nothing from elsewhere and no script."""

from collections.abc import Iterator
from operator import itemgetter
from typing import Any

import msgspec

from capacity_api.pages.rendering import PLAIN_SETTINGS, PageSettings, page_resource, render_page
from capacity_api.snapshot.resource import Resource

_METHODS = ("get", "post", "put", "patch", "delete")
_PROBLEM = "application/problem+json"
_UNTAGGED = "Other"


class Part(msgspec.Struct, frozen=True):
    """A piece of what a value may be; `schema` names the object that it links to."""

    text: str
    schema: str | None = None


class Field(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    place: str | None
    kind: list[Part]
    required: bool
    description: str


class Body(msgspec.Struct, frozen=True, kw_only=True):
    media_type: str
    kind: list[Part]
    fields: list[Field]
    examples: list[tuple[str, str]]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """`codes` are those of the problem documents that come with this status."""

    status: str
    description: str
    codes: list[str]
    bodies: list[Body]


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """`path` is an event's type for a webhook; `security` is empty where no token is needed."""

    anchor: str
    method: str
    path: str
    summary: str
    description: str
    deprecated: bool
    security: list[str]
    parameters: list[Field]
    bodies: list[Body]
    answers: list[Answer]


class Section(msgspec.Struct, frozen=True, kw_only=True):
    anchor: str
    name: str
    description: str
    operations: list[Operation]


class Schema(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    kind: list[Part]
    description: str
    fields: list[Field]


def reference_page(openapi: dict[str, Any], settings: PageSettings) -> Resource:
    # It is in English alone.
    return page_resource(render_reference(openapi, msgspec.structs.replace(settings, languages=())))


def render_reference(openapi: dict[str, Any], settings: PageSettings = PLAIN_SETTINGS) -> bytes:
    """The page for an OpenAPI 3.1 document as UTF-8; what the document leaves out, the page leaves out."""
    components = openapi.get("components", {})
    return render_page(
        "reference.html",
        settings=settings,
        info=openapi.get("info", {}),
        sections=_sections(openapi),
        webhooks=[_operation(openapi, name, *each) for name, item in _webhooks(openapi) for each in _calls(item)],
        problems=_problems(openapi),
        schemas=[_schema(openapi, name, schema) for name, schema in components.get("schemas", {}).items()],
        schemes=[
            (name, _resolved(openapi, scheme).get("description", ""))
            for name, scheme in components.get("securitySchemes", {}).items()
        ],
    )


def _sections(openapi: dict[str, Any]) -> list[Section]:
    described = {tag["name"]: tag.get("description", "") for tag in openapi.get("tags", [])}
    by_tag: dict[str, list[Operation]] = {name: [] for name in described}
    for path, item in openapi.get("paths", {}).items():
        for method, operation in _calls(item):
            # Under the first of its tags alone: one operation has one place to link to.
            tag = (operation.get("tags") or [_UNTAGGED])[0]
            by_tag.setdefault(tag, []).append(_operation(openapi, path, method, operation, item))
    return [
        Section(anchor=_anchor("tag", tag), name=tag, description=described.get(tag, ""), operations=operations)
        for tag, operations in by_tag.items()
        if operations
    ]


def _webhooks(openapi: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(name, _resolved(openapi, item)) for name, item in openapi.get("webhooks", {}).items()]


def _calls(item: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((method, item[method]) for method in _METHODS if method in item)


def _operation(
    openapi: dict[str, Any],
    path: str,
    method: str,
    operation: dict[str, Any],
    item: dict[str, Any] | None = None,
) -> Operation:
    parameters = [*(item or {}).get("parameters", []), *operation.get("parameters", [])]
    body = _resolved(openapi, operation.get("requestBody", {}))
    needed = operation.get("security", openapi.get("security", []))
    return Operation(
        anchor=_anchor(method, path),
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        description=operation.get("description", ""),
        deprecated=operation.get("deprecated", False),
        security=[_requirement(each) for each in needed if each],
        parameters=[_parameter(openapi, _resolved(openapi, each)) for each in parameters],
        bodies=_bodies(openapi, body.get("content", {})),
        answers=[
            _answer(openapi, status, _resolved(openapi, answer))
            for status, answer in sorted(operation.get("responses", {}).items())
        ],
    )


def _requirement(requirement: dict[str, list[str]]) -> str:
    return " and ".join(f"{name} ({', '.join(scopes)})" if scopes else name for name, scopes in requirement.items())


def _parameter(openapi: dict[str, Any], parameter: dict[str, Any]) -> Field:
    schema = parameter.get("schema", {})
    return Field(
        name=parameter["name"],
        place=parameter.get("in"),
        kind=_kind(schema),
        required=parameter.get("required", False),
        description=parameter.get("description") or _resolved(openapi, schema).get("description", ""),
    )


def _answer(openapi: dict[str, Any], status: str, answer: dict[str, Any]) -> Answer:
    content = answer.get("content", {})
    return Answer(
        status=status,
        description=answer.get("description", ""),
        codes=_problem_codes(openapi, content.get(_PROBLEM, {})),
        bodies=_bodies(openapi, {media: each for media, each in content.items() if media != _PROBLEM}),
    )


def _problem_codes(openapi: dict[str, Any], media: dict[str, Any]) -> list[str]:
    """Those of the examples, in order, each once: the schema is the same for every problem."""
    values = [value for _, value in _examples(openapi, media)]
    return list(dict.fromkeys(str(value["code"]) for value in values if isinstance(value, dict) and "code" in value))


def _problems(openapi: dict[str, Any]) -> list[dict[str, Any]]:
    """Each problem that the components give an example of, once, by code: what a problem's `type` points at."""
    answers = openapi.get("components", {}).get("responses", {}).values()
    found = [value for each in answers for _, value in _examples(openapi, each.get("content", {}).get(_PROBLEM, {}))]
    return sorted({problem["code"]: problem for problem in found}.values(), key=itemgetter("status", "code"))


def _bodies(openapi: dict[str, Any], content: dict[str, Any]) -> list[Body]:
    return [
        Body(
            media_type=media_type,
            kind=_kind(media.get("schema", {})),
            # A named object stands in its own place on the page; here only what has no name is spelt out.
            fields=[] if "$ref" in media.get("schema", {}) else _fields(openapi, media.get("schema", {})),
            examples=[(summary, _shown(value)) for summary, value in _examples(openapi, media)],
        )
        for media_type, media in content.items()
    ]


def _examples(openapi: dict[str, Any], media: dict[str, Any]) -> list[tuple[str, Any]]:
    """What each is an example of, and the example."""
    values = [("", media["example"])] if "example" in media else []
    named = [_resolved(openapi, example) for example in media.get("examples", {}).values()]
    return values + [(example.get("summary", ""), example["value"]) for example in named if "value" in example]


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _schema(openapi: dict[str, Any], name: str, schema: dict[str, Any]) -> Schema:
    fields = _fields(openapi, schema)
    return Schema(
        name=name, kind=[] if fields else _kind(schema), description=schema.get("description", ""), fields=fields
    )


def _fields(openapi: dict[str, Any], schema: dict[str, Any]) -> list[Field]:
    required = schema.get("required", [])
    return [
        Field(
            name=name,
            place=None,
            kind=_kind(each),
            required=name in required,
            description=each.get("description") or _resolved(openapi, each).get("description", ""),
        )
        for name, each in schema.get("properties", {}).items()
    ]


def _kind(schema: dict[str, Any]) -> list[Part]:
    """What a value may be: "a string or null", "list of", the name of an object."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return [Part(name, name)]
    for choice in ("oneOf", "anyOf", "allOf"):
        if choice in schema:
            return _joined([_kind(each) for each in schema[choice]], " and " if choice == "allOf" else " or ")
    if "const" in schema:
        return [Part(_literal(schema["const"]))]
    if "enum" in schema:
        return [Part(" or ".join(_literal(value) for value in schema["enum"]))]
    types = schema.get("type", "any")
    if "array" in types and "items" in schema:
        null = [Part(" or null")] if "null" in types else []
        return [Part("list of "), *_kind(schema["items"]), *null]
    words = " or ".join([types] if isinstance(types, str) else types)
    return [Part(words + (f" ({schema['format']})" if "format" in schema else ""))]


def _joined(choices: list[list[Part]], by: str) -> list[Part]:
    parts: list[Part] = []
    for choice in choices:
        parts += [Part(by), *choice] if parts else choice
    return parts


def _literal(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _resolved(openapi: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
    """`item`, or what its `$ref` points at inside the document; a reference that leads nowhere is empty."""
    reference = item.get("$ref")
    if reference is None:
        return item
    found: Any = openapi
    for step in reference.removeprefix("#/").split("/"):
        found = found.get(step.replace("~1", "/").replace("~0", "~"), {})
    return found if isinstance(found, dict) else {}


def _anchor(*words: str) -> str:
    joined = "-".join(words).lower()
    return "".join(character if character.isalnum() else "-" for character in joined).strip("-")
