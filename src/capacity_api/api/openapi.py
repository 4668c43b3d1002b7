"""The OpenAPI 3.1 document: generated from the handlers, completed with what holds for all of them."""

import re
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import msgspec
from litestar import Litestar
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, Contact, License, SecurityScheme, Tag

from capacity_api.api import examples
from capacity_api.api.health import Readiness
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
from capacity_api.operations.webhooks.subscriptions import NewWebhook, WebhookEnabled, WebhookPatch
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
    "directory": "What anyone reads. No token, any origin, no cookie.",
    "formats": "The same for tools that speak a standard: Atom, RPDE, Open Referral UK.",
    "responders": "The responders themselves, and their past.",
    "matches": "Who can take somebody now, and who else. What is asked is kept nowhere.",
    "statistics": "The evidence: what was, for any period. Nobody is ranked.",
    "intake": "What a responder says of itself: open, on a waiting list or paused.",
    "webhooks": "Being told, signed, within a second.",
    "tokens": "Who may change what.",
    "operation": "For whoever runs the service.",
}
_PROBLEMS = {
    "400": "What was sent cannot be parsed",
    "401": "A token is needed, or this one does not hold",
    "403": "The token does not reach this far",
    "404": "Nothing here, or nothing of yours",
    "405": "This path does not take that method; `Allow` names those that it takes",
    "409": "It contradicts what is stored",
    "412": "It has changed since the version that If-Match names",
    "413": "The body is larger than 64 kB",
    "415": "The body must be application/json",
    "422": "It can be parsed and is wrong; `errors` says where",
    "429": "Too many writes with this token; Retry-After says how long to wait",
    "503": "The database cannot be reached; nothing was stored",
    "default": "Something went wrong here",
}
_PAGE_NAME = re.compile(rb"Page_[a-z_.]+\.([A-Za-z]+)_")
_READ_ONLY = frozenset({"get"})
# A question with a body: it changes nothing, so nothing can stand against it.
_ASKS = frozenset({"findMatches"})
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
    """The document as plain data, the same for every installation."""
    described = Litestar(
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
                "paused. Anyone can read it; partner tools are told of changes by signed webhook.\n\n"
                "A report holds until `confirm_by`; after that the state is `unconfirmed`, never open. Times are "
                "RFC 3339 in UTC. Errors are problem documents (RFC 9457). This is independent and not the government."
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
    found: dict[str, Any] = described.openapi_schema.to_schema()
    found["paths"] = {path: item for path, item in found["paths"].items() if not path.startswith("/schema")}
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    # msgspec's own schemas say what its decoder does: which fields are refused, what is left out, which type is meant.
    _, exact = msgspec.json.schema_components(_STRUCTS, ref_template="#/components/schemas/{name}")
    schemas.update(exact)
    schemas["EventPage"]["properties"]["events"]["items"] = {"$ref": "#/components/schemas/Event"}
    found["components"]["responses"] = {_problem_name(status): _problem_response(status) for status in _PROBLEMS}
    for path, item in found["paths"].items():
        for method, operation in item.items():
            _complete_operation(path, method, operation)
    found["webhooks"] = {event_type.value: _webhook_operation(event_type) for event_type in EventType}
    found["info"]["x-data-licence"] = LICENCE
    return found


def encode_document() -> bytes:
    """The document as it is committed and served: stable order, readable."""
    compact = msgspec.json.encode(build_document(), order="deterministic")
    # The framework names a page by the module that its items come from.
    return msgspec.json.format(_PAGE_NAME.sub(rb"\1Page", compact), indent=2) + b"\n"


def _complete_operation(path: str, method: str, operation: dict[str, Any]) -> None:
    statuses = ["400", "422", "503", "default"]
    if operation.get("security"):
        statuses += ["401", "403"] + ([] if method in _READ_ONLY else ["429"])
    if "{" in path:
        statuses.append("404")
    if "requestBody" in operation:
        statuses += ["413", "415"]
        example = examples.REQUESTS.get(operation["operationId"])
        if example is not None:
            operation["requestBody"]["content"]["application/json"]["examples"] = example
    if any(each["name"] == "if-match" for each in operation.get("parameters", ())):
        statuses.append("412")
    operation_id = operation["operationId"]
    if (method not in _READ_ONLY and operation_id not in _ASKS) or operation_id == "readEvents":
        statuses.append("409")
    responses = {status: held for status, held in operation["responses"].items() if status.startswith("2")}
    for held in responses.values():
        example = examples.ANSWERS.get(operation["operationId"])
        if example is not None and "application/json" in held.get("content", {}):
            held["content"]["application/json"]["example"] = example
    for status in sorted(set(statuses)):
        responses[status] = {"$ref": f"#/components/responses/{_problem_name(status)}"}
    operation["responses"] = responses


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
                {"name": "webhook-id", "description": "The same for every attempt: receive each once", **header},
                {"name": "webhook-timestamp", "description": "Of this attempt, in seconds since the epoch", **header},
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
