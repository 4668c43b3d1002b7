"""The OpenAPI 3.1 document: the paths come from the handlers, the schemas from the structs, the rest from here."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, get_args, get_origin

import msgspec
from litestar import Litestar, Response
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, Contact, License, SecurityScheme, Server, Tag
from litestar.routes import HTTPRoute

from capacity_api.api import answer_examples, examples
from capacity_api.api.deprecation import Deprecation
from capacity_api.api.descriptions import describe
from capacity_api.api.event_schemas import add_event_schemas, schema_name
from capacity_api.api.health import ReadinessReport
from capacity_api.api.problems import example_problems
from capacity_api.api.requests import StrictBody, parameters_of
from capacity_api.api.routes import DEPENDENCIES, routes
from capacity_api.api.schemas import REFERENCE, Schemas, bounded
from capacity_api.domain.events import EventType
from capacity_api.domain.responder import SLUG_SCHEMA
from capacity_api.formats.format import Format
from capacity_api.formats.registry import FORMATS
from capacity_api.pages.question import LABELS, SEVERAL
from capacity_api.pages.rendering import HTML
from capacity_api.publication.addresses import is_for_programs
from capacity_api.representations.encoding import LICENCE
from capacity_api.representations.event import Event
from capacity_api.representations.problem import PROBLEM_JSON, Problem

RECEIVERS = "webhook receivers"
_TAGS = {
    "directory": "For everybody: no token, any origin, no cookie.",
    "formats": "The directory for tools that use a standard: Atom, RPDE, Open Referral UK.",
    "responders": "The responders and their history.",
    "matches": "Who can take a person now, and who else. Questions are not stored.",
    "statistics": "How long each responder was in each state, for any span of time. There is no ranking.",
    "intake": "What a responder says about its intake: open, on a waiting list or paused.",
    "webhooks": "Receive signed events within a second of the change.",
    "tokens": "Who may change what.",
    "people": "The work addresses that mail goes to, and links that work once. Nothing of them is ever published.",
    "audit": "Who did what, and when.",
    "disputes": "A partner rang a responder and was told otherwise. Only coordinators and that partner see it.",
    "owners": "Whose the tokens and webhooks are: responders, partners and the administrators.",
    "mail": "What the service mails to people, and what became of it.",
    "operation": "For the operator of the service.",
    RECEIVERS: "What your server receives when it has a webhook. Each event type has its own body.",
}
_PROBLEMS = {
    "400": "The request cannot be parsed",
    "401": "A token is needed, or this token is not valid",
    "403": "The token lacks the required scope",
    "404": "There is nothing here, or it is not yours",
    "405": "This path does not have that method; `Allow` lists the methods that it has",
    "408": "The request was not whole in time",
    "409": "The request contradicts what is stored",
    "410": "The link was used, or it has expired",
    "412": "The responder has changed since the version that If-Match names",
    "413": "The body is larger than 64 kB",
    "415": "The body must be application/json",
    "422": "A value is wrong; `errors` says where",
    "429": "Too many writes of this owner, or requests from this address; Retry-After says how long to wait",
    "431": "The head of the request is larger than 16 kB",
    "503": "The database cannot be reached, and a change may not have been stored; or too many callers ask at once",
    "default": "Something went wrong here",
}
# Those that an operation of a page can have.
_PROBLEMS_OF_PAGES = ("400", "404", "413", "415", "422", "429", "503", "default")
_READ_ONLY = frozenset({"get"})
# A POST that changes nothing, and so has no conflict.
_QUESTIONS = frozenset({"askByForm", "findMatches", "findAlternatives", "lookAtLink"})
# Who guesses links, or asks for mail to many addresses, must wait.
_OF_LINKS = frozenset({"lookAtLink", "useLink"})
_WITHOUT_TOKEN = _OF_LINKS | {"signIn"}
# What anybody may ask the database, so many times a minute.
_QUERIES = frozenset(
    {
        "askByForm",
        "readChanges",
        "readDirectory",
        "readDirectoryTable",
        "readEvents",
        "readEvidencePage",
        "readEvidencePageOfDays",
        "readEvidencePageOfPeriod",
        "listHistory",
        "readStatistics",
        "readStatisticsTable",
    }
)
# Published reads whose path the middleware answers by itself. Those that a handler answers have `of_snapshot`.
_PUBLISHED = frozenset(
    {
        "readAboutPage",
        "readCoverage",
        "readCoveragePage",
        "readDirectory",
        "readFeed",
        "listHistory",
        "readOpenapi",
        "readPage",
        "readReference",
        "readResponder",
        "readResponderPage",
        "readUpdatePage",
        "readManagePage",
        "readVocabulary",
        "readWallSheet",
    }
)
# What answers with one responder, whose `ETag` can be sent back as `If-Match`.
_VERSIONED = frozenset({"reportIntake", "confirmIntake", "cancelPlannedIntake", "changeResponder"})
# Times in a query. A day is also taken, and means its start.
TIMES = frozenset({"as_of", "from", "to"})
_FORM_FAULTS = {
    "403": "Another site sent the form",
    "413": "The form is larger than 64 kB",
    "415": "The body is not a form",
    "422": "An answer is wrong; the page says which",
}
_HEADERS: dict[str, Any] = {
    "Deprecation": {
        "description": "Since when this is deprecated, as `@` and the seconds since 1970 (RFC 9745).",
        "schema": {"type": "string"},
    },
    "ETag": {"description": "The version of this answer, in this content coding.", "schema": {"type": "string"}},
    "Link": {"description": "The page that says what to use instead.", "schema": {"type": "string"}},
    "Location": {
        "description": "The path of what was made.",
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "Published-Sequence": {
        "description": "The number of the newest event that this process shows. If it is lower than the `sequence` of "
        "a responder, that change is not shown here yet.",
        "schema": {"type": "integer", "format": "int64", "minimum": 0},
    },
    "Retry-After": {
        "description": "Try again after this many seconds.",
        "schema": {"type": "integer", "format": "int64", "minimum": 1},
    },
    "Sunset": {"description": "From when this may be gone (RFC 8594).", "schema": {"type": "string"}},
    "WWW-Authenticate": {"description": "`Bearer`: how to send a token.", "schema": {"type": "string"}},
    "X-Request-Id": {
        "description": "The id of this request, which the log has too.",
        "schema": {"type": "string", "format": "uuid"},
    },
}
_PROBLEM_HEADERS = {"401": ("WWW-Authenticate",), "429": ("Retry-After",), "503": ("Retry-After",)}
_IF_NONE_MATCH = {
    "name": "if-none-match",
    "in": "header",
    "description": "An `ETag` that you have. The answer is 304, without a body, if it is still current.",
    "required": False,
    "schema": {"type": "string"},
    "example": '"3f2a1c"',
}


def build_document(formats: Sequence[Format] = FORMATS) -> dict[str, Any]:
    """The document as plain data. It is the same for every installation."""
    app = Litestar(
        routes(formats),
        dependencies=DEPENDENCIES,
        dto=StrictBody,
        return_dto=None,
        openapi_config=OpenAPIConfig(
            title="capacity_api",
            version=version("capacity-api"),
            summary="Which modern-slavery First Responders can take a referral now",
            description=(
                "Each First Responder says whom it takes on (its remit) and whether it is open, on a waiting list or "
                "paused. Anyone can read it. Partner tools receive changes as signed webhooks.\n\n"
                "A report holds until `confirm_by`. After that the state is `unconfirmed`, never open. Times are "
                "RFC 3339 in UTC. Errors are problem documents (RFC 9457). This service is independent of the "
                "government."
            ),
            license=License(name="MIT", identifier="MIT"),
            contact=Contact(name="capacity_api contributors"),
            components=Components(
                security_schemes={
                    "token": SecurityScheme(
                        type="http", scheme="bearer", description="A token of this service: `cap_…`"
                    )
                }
            ),
            servers=[Server(url="/", description="The service that you have this document from")],
            tags=[Tag(name=name, description=text) for name, text in _TAGS.items()],
            use_handler_docstrings=True,
        ),
    )
    document: dict[str, Any] = app.openapi_schema.to_schema()
    document["paths"] = {path: item for path, item in document["paths"].items() if not path.startswith("/schema")}
    handlers = _handlers(app)
    schemas = Schemas()
    schemas.of_answer(Problem)
    schemas.of_answer(Event)
    # Every answer before the first request: what is also read has another schema where it is written.
    answers = {name: schemas.of_answer(kind) for name, kind in _answer_types(handlers).items()}
    readiness = schemas.of_answer(ReadinessReport)
    for path, item in document["paths"].items():
        for method, operation in item.items():
            handler = handlers[operation["operationId"]]
            _complete_parameters(operation, handler, schemas)
            _complete_request(operation, handler, schemas)
            _complete_responses(path, method, operation, answers.get(operation["operationId"]))
            if operation["operationId"] in _PUBLISHED or handler.opt.get("of_snapshot"):
                _declare_etag(operation)
            if handler.opt.get("reads_form"):
                _declare_form(operation)
            operation.setdefault("security", [])
            _declare_deprecation(operation, handler.opt.get("deprecation"))
    document["paths"]["/readyz"]["get"]["responses"]["503"] = {
        "description": "It cannot take writes, or cannot publish them",
        "headers": _headers("Published-Sequence", "X-Request-Id"),
        "content": {"application/json": {"schema": readiness, "example": answer_examples.NOT_READY}},
    }
    add_event_schemas(schemas.named)
    document["components"] = {
        "schemas": dict(sorted(schemas.named.items())),
        "responses": {
            **{_problem_name(status): _problem_response(status) for status in _PROBLEMS},
            **{_problem_name(status, page=True): _page_problem_response(status) for status in _PROBLEMS_OF_PAGES},
        },
        "headers": _HEADERS,
        "securitySchemes": document["components"]["securitySchemes"],
    }
    document["webhooks"] = {event_type: _webhook_operation(event_type) for event_type in EventType}
    document["info"]["x-data-licence"] = LICENCE
    return document


def encode_document() -> bytes:
    """The document as it is committed and served: indented, in a stable order."""
    return msgspec.json.format(msgspec.json.encode(build_document(), order="deterministic"), indent=2) + b"\n"


def _handlers(app: Litestar) -> dict[str, HTTPRouteHandler]:
    """The handler of each operation."""
    return {
        str(handler.operation_id): handler
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if handler.operation_id is not None
    }


def _answer_types(handlers: Mapping[str, HTTPRouteHandler]) -> dict[str, Any]:
    """The struct that each operation answers with. Tables and pages have none."""
    found = {}
    for name, handler in handlers.items():
        kind = handler.parsed_fn_signature.return_type.annotation
        if get_origin(kind) is Response:
            (kind,) = get_args(kind)
        if kind not in {None, type(None), bytes}:
            found[name] = kind
    return found


def _complete_parameters(operation: dict[str, Any], handler: HTTPRouteHandler, schemas: Schemas) -> None:
    """Give each parameter its schema: plain lists, every limit, and neither null nor a default."""
    definitions = parameters_of(handler)
    for parameter in operation.pop("parameters", []):
        definition = definitions[parameter["name"]]
        words = definition.kwarg_definition
        schema = bounded(schemas.of_parameter(definition.annotation), words)
        text = getattr(words, "description", None) or describe(parameter["name"], ("Parameter",))
        if definition.has_default and definition.default is not None:
            text += f" Default: `{msgspec.json.encode(definition.default).decode()}`."
        if parameter["name"] in TIMES:
            schema["format"] = "date-time"
        elif parameter["name"] == "slug":
            schema |= SLUG_SCHEMA
        complete = {"name": parameter["name"], "in": parameter["in"], "required": parameter["required"]}
        complete |= {"description": text, "schema": schema}
        if schema.get("type") == "array":
            complete |= {"style": "form", "explode": True}
        operation.setdefault("parameters", []).append(complete)


def _complete_request(operation: dict[str, Any], handler: HTTPRouteHandler, schemas: Schemas) -> None:
    body = handler.parsed_data_field
    if body is None:
        return
    media: dict[str, Any] = {"schema": schemas.of_request(body.annotation)}
    found = examples.REQUESTS.get(operation["operationId"])
    if found is not None:
        media["examples"] = found
    operation["requestBody"] = {"required": not body.has_default, "content": {"application/json": media}}


def _complete_responses(path: str, method: str, operation: dict[str, Any], schema: dict[str, Any] | None) -> None:
    """Add the schema, the example and the headers of success, and the problems that can occur."""
    name = operation["operationId"]
    responses = {status: item for status, item in operation["responses"].items() if status.startswith("2")}
    for status, response in responses.items():
        response["headers"] = _headers("Published-Sequence", "X-Request-Id")
        if status == "201" and name != "addHandover":
            response["headers"] |= _headers("Location")
        if name in _VERSIONED:
            response["headers"] |= _headers("ETag")
        for media_type, media in response.get("content", {}).items():
            media["schema"] = schema or {"type": "object" if media_type == "application/json" else "string"}
            if name in answer_examples.ANSWERS:
                media["example"] = answer_examples.ANSWERS[name]
    for status in _problem_statuses(path, method, operation):
        problem = _problem_name(status, page=not is_for_programs(path))
        responses[status] = {"$ref": f"#/components/responses/{problem}"}
    operation["responses"] = responses


def _declare_deprecation(operation: dict[str, Any], deprecation: Deprecation | None) -> None:
    """What `announce_end` adds to the answers of a route that is going."""
    del operation["deprecated"]
    if deprecation is None:
        return
    operation["deprecated"] = True
    words = f"Deprecated since {deprecation.since}. It may be gone from {deprecation.sunset} on."
    operation["description"] = "\n\n".join(filter(None, [operation.get("description"), words]))
    for status, response in operation["responses"].items():
        if status.startswith(("2", "3")):
            response["headers"] |= _headers("Deprecation", "Link", "Sunset")


def _declare_etag(operation: dict[str, Any]) -> None:
    """What the middleware adds to a published read: `ETag`, and 304 for who has that version (RFC 9110 §13.1.2)."""
    responses = operation["responses"]
    responses["200"]["headers"] |= _headers("ETag")
    responses["304"] = {
        "description": "The version that If-None-Match names is still current",
        "headers": _headers("ETag", "Published-Sequence"),
    }
    operation["responses"] = dict(sorted(responses.items()))
    operation.setdefault("parameters", []).append(_IF_NONE_MATCH)


def _declare_form(operation: dict[str, Any]) -> None:
    """A form of a page, which every fault answers with a page too."""
    fields: dict[str, Any] = {name: {"type": "string", "description": text} for name, text in LABELS.items()}
    for name in SEVERAL:
        fields[name] = {"type": "array", "items": {"type": "string"}, "description": LABELS[name]}
    schema = {"type": "object", "properties": fields}
    operation["requestBody"] = {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": schema,
                "example": {"area": "E12000007", "age_group": "adult", "circumstances": ["homelessness"]},
            }
        },
    }
    page = operation["responses"]["200"]
    for status, text in _FORM_FAULTS.items():
        operation["responses"][status] = {**page, "description": text}
    operation["responses"] = dict(sorted(operation["responses"].items()))


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _problem_statuses(path: str, method: str, operation: dict[str, Any]) -> list[str]:
    """The statuses of the problems that an operation can give, with "default", in order."""
    statuses = ["400", "422", "503", "default"]
    is_write = method not in _READ_ONLY
    operation_id = operation["operationId"]
    if operation.get("security"):
        # A client that guesses tokens must wait.
        statuses += ["401", "403", "429"]
    if operation_id in _QUERIES | _WITHOUT_TOKEN:
        statuses.append("429")
    if "{" in path or operation_id in _OF_LINKS:
        statuses.append("404")
    if operation_id == "useLink":
        statuses.append("410")
    if "requestBody" in operation:
        statuses += ["413", "415"]
    if any(parameter["name"] == "if-match" for parameter in operation.get("parameters", ())):
        statuses.append("412")
    if (is_write and operation_id not in _QUESTIONS) or operation_id == "readEvents":
        statuses.append("409")
    return sorted(statuses)


def _problem_name(status: str, *, page: bool = False) -> str:
    return ("PageProblem" if page else "Problem") + ("" if status == "default" else status)


def _problem_response(status: str) -> dict[str, Any]:
    return {
        "description": _PROBLEMS[status],
        "headers": _headers("X-Request-Id", *_PROBLEM_HEADERS.get(status, ())),
        "content": {
            PROBLEM_JSON: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {problem.code: {"value": examples.plain(problem)} for problem in example_problems(status)},
            }
        },
    }


def _page_problem_response(status: str) -> dict[str, Any]:
    """A page has a page for each problem too, for readers who prefer `text/html` to what programs read."""
    problem = _problem_response(status)
    page = {"schema": {"type": "string"}, "example": answer_examples.PROBLEM_PAGE}
    return {**problem, "content": {HTML.partition(";")[0]: page, **problem["content"]}}


def _webhook_operation(event_type: EventType) -> dict[str, Any]:
    header = {"in": "header", "required": True, "schema": {"type": "string"}}
    return {
        "post": {
            "operationId": "receive" + schema_name(event_type).removesuffix("Event"),
            "summary": examples.EVENT_SUMMARIES[event_type],
            "description": "Your server receives this. Answer with 2xx within ten seconds; do the work afterwards.",
            "tags": [RECEIVERS],
            "security": [],
            # A client has nothing to call here, and what openapi-generator makes of it does not compile.
            "x-internal": True,
            "parameters": [
                {"name": "webhook-id", "description": "The same for every attempt: take each id once", **header},
                {
                    "name": "webhook-timestamp",
                    "description": "The time of this attempt, in seconds since 1970",
                    **header,
                },
                {"name": "webhook-signature", "description": "Standard Webhooks: `v1,…` or `v1a,…`", **header},
            ],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": {"$ref": REFERENCE + schema_name(event_type)},
                        "example": examples.example_event(event_type),
                    }
                },
            },
            "responses": {
                "2XX": {"description": "Received"},
                "410": {"description": "Gone: the webhook is disabled"},
            },
        }
    }
