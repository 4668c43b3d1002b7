"""The OpenAPI 3.1 document: generated from the handlers, then completed with problems, examples and webhooks."""

import re
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import msgspec
from litestar import Litestar
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, Contact, License, SecurityScheme, Tag

from capacity_api.api import examples
from capacity_api.api.health import Health, Readiness
from capacity_api.api.intake import IntakeReport
from capacity_api.api.matches import MatchQuestion
from capacity_api.api.problems import example_problems
from capacity_api.api.requests import StrictBody
from capacity_api.api.routes import DEPENDENCIES, routes
from capacity_api.api.threshold import Count
from capacity_api.api.tokens import NewPartner, NewToken, Rotation
from capacity_api.api.webhooks import ReplaySince
from capacity_api.domain.events import EventType
from capacity_api.domain.threshold import Threshold
from capacity_api.formats.format import Format
from capacity_api.formats.open_referral.services import About, ListedService, Service
from capacity_api.formats.open_referral.taxonomies import Taxonomy
from capacity_api.formats.registry import FORMATS
from capacity_api.formats.rpde import ChangesPage
from capacity_api.operations.audit import AuditEntry
from capacity_api.operations.promptness import Promptness
from capacity_api.operations.responders import NewResponder, ResponderPatch
from capacity_api.operations.threshold import Caseload
from capacity_api.operations.tokens import Identity, Partner, TokenIssued, TokenShown
from capacity_api.operations.webhooks.deliveries import Delivery
from capacity_api.operations.webhooks.management import NewWebhook, WebhookEnabled, WebhookPatch
from capacity_api.operations.webhooks.webhook import Webhook
from capacity_api.representations.coverage import Coverage
from capacity_api.representations.directory import Directory
from capacity_api.representations.encoding import LICENCE
from capacity_api.representations.event import Event, EventPage
from capacity_api.representations.problem import PROBLEM_JSON, Problem
from capacity_api.representations.responder import HistoryEntry
from capacity_api.representations.statistics import Statistics
from capacity_api.representations.vocabulary import Vocabulary
from capacity_api.snapshot.matches import Matches

_TAGS = {
    "directory": "For everybody: no token, any origin, no cookie.",
    "formats": "The directory for tools that use a standard: Atom, RPDE, Open Referral UK.",
    "responders": "The responders and their history.",
    "matches": "Who can take a person now, and who else. Questions are not stored.",
    "statistics": "How long each responder was in each state, for any span of time. There is no ranking.",
    "intake": "What a responder says about its intake: open, on a waiting list or paused.",
    "webhooks": "Receive signed events within a second of the change.",
    "tokens": "Who may change what.",
    "operation": "For the operator of the service.",
}
_PROBLEMS = {
    "400": "The request cannot be parsed",
    "401": "A token is needed, or this token is not valid",
    "403": "The token lacks the required scope",
    "404": "There is nothing here, or it is not yours",
    "405": "This path does not have that method; `Allow` lists the methods that it has",
    "409": "The request contradicts what is stored",
    "412": "The responder has changed since the version that If-Match names",
    "413": "The body is larger than 64 kB",
    "415": "The body must be application/json",
    "422": "A value is wrong; `errors` says where",
    "429": "Too many writes with this token; Retry-After says how long to wait",
    "503": "The database cannot be reached; a change may not have been stored",
    "default": "Something went wrong here",
}
_PAGE_NAME = re.compile(rb"Page_[a-z_.]+\.([A-Za-z]+)_")
_READ_ONLY = frozenset({"get"})
# A POST that changes nothing, and so has no conflict.
_QUESTIONS = frozenset({"findMatches"})
_STRUCTS = (
    About,
    AuditEntry,
    Caseload,
    ChangesPage,
    Count,
    Coverage,
    Delivery,
    Directory,
    Event,
    EventPage,
    Health,
    HistoryEntry,
    Identity,
    IntakeReport,
    ListedService,
    MatchQuestion,
    Matches,
    NewPartner,
    NewResponder,
    NewToken,
    NewWebhook,
    Partner,
    Problem,
    Promptness,
    Readiness,
    ReplaySince,
    ResponderPatch,
    Rotation,
    Service,
    Statistics,
    Taxonomy,
    Threshold,
    TokenIssued,
    TokenShown,
    Vocabulary,
    Webhook,
    WebhookEnabled,
    WebhookPatch,
)


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
            tags=[Tag(name=name, description=text) for name, text in _TAGS.items()],
            use_handler_docstrings=True,
        ),
    )
    document: dict[str, Any] = app.openapi_schema.to_schema()
    document["paths"] = {path: item for path, item in document["paths"].items() if not path.startswith("/schema")}
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    # The framework's schemas are inexact about unknown fields, defaults and tagged types. msgspec's match its decoder.
    _, exact_schemas = msgspec.json.schema_components(_STRUCTS, ref_template="#/components/schemas/{name}")
    schemas.update(exact_schemas)
    schemas["EventPage"]["properties"]["events"]["items"] = {"$ref": "#/components/schemas/Event"}
    document["components"]["responses"] = {_problem_name(status): _problem_response(status) for status in _PROBLEMS}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            _complete_operation(path, method, operation)
    document["webhooks"] = {event_type.value: _webhook_operation(event_type) for event_type in EventType}
    document["info"]["x-data-licence"] = LICENCE
    return document


def encode_document() -> bytes:
    """The document as it is committed and served: indented, in a stable order."""
    compact = msgspec.json.encode(build_document(), order="deterministic")
    # The framework puts the module of a page's items into the name of its schema.
    return msgspec.json.format(_PAGE_NAME.sub(rb"\1Page", compact), indent=2) + b"\n"


def _complete_operation(path: str, method: str, operation: dict[str, Any]) -> None:
    """Add the examples of the request and the response, and the problems that can occur."""
    operation_id = operation["operationId"]
    if operation_id in examples.REQUESTS:
        operation["requestBody"]["content"]["application/json"]["examples"] = examples.REQUESTS[operation_id]
    responses = {status: item for status, item in operation["responses"].items() if status.startswith("2")}
    if operation_id in examples.RESPONSES:
        for response in responses.values():
            response["content"]["application/json"]["example"] = examples.RESPONSES[operation_id]
    for status in _problem_statuses(path, method, operation):
        responses[status] = {"$ref": f"#/components/responses/{_problem_name(status)}"}
    operation["responses"] = responses


def _problem_statuses(path: str, method: str, operation: dict[str, Any]) -> list[str]:
    """The statuses of the problems that an operation can give, with "default", in order."""
    statuses = ["400", "422", "503", "default"]
    is_write = method not in _READ_ONLY
    operation_id = operation["operationId"]
    if operation.get("security"):
        statuses += ["401", "403"]
        if is_write:
            statuses.append("429")
    if "{" in path:
        statuses.append("404")
    if "requestBody" in operation:
        statuses += ["413", "415"]
    if any(parameter["name"] == "if-match" for parameter in operation.get("parameters", ())):
        statuses.append("412")
    if (is_write and operation_id not in _QUESTIONS) or operation_id == "readEvents":
        statuses.append("409")
    return sorted(statuses)


def _problem_name(status: str) -> str:
    return "Problem" if status == "default" else f"Problem{status}"


def _problem_response(status: str) -> dict[str, Any]:
    return {
        "description": _PROBLEMS[status],
        "content": {
            PROBLEM_JSON: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {
                    problem.code: {"value": msgspec.to_builtins(problem)} for problem in example_problems(status)
                },
            }
        },
    }


def _webhook_operation(event_type: EventType) -> dict[str, Any]:
    header = {"in": "header", "required": True, "schema": {"type": "string"}}
    return {
        "post": {
            "operationId": "receive" + "".join(part.title() for part in event_type.replace("_", ".").split(".")),
            "summary": examples.EVENT_SUMMARIES[event_type],
            "tags": ["webhooks"],
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
                        "schema": {"$ref": "#/components/schemas/Event"},
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
