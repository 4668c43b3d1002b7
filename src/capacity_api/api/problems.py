"""Every error, on every route, as a problem document (RFC 9457), or as a page where a browser asked for one.

Only this module knows the status of an error.
"""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import msgspec
import structlog
from litestar import Request, Response
from litestar.datastructures import Headers
from litestar.exceptions import HTTPException, ValidationException
from msgspec import UNSET

from capacity_api import errors
from capacity_api.api.accept import prefers_html
from capacity_api.api.headers import format_allow, request_id
from capacity_api.db.outages import is_outage, is_schema_fault
from capacity_api.errors import CapacityError, FieldError
from capacity_api.publication.addresses import FORM_PATH, is_for_programs, sent_path
from capacity_api.publication.publisher import Publisher
from capacity_api.representations.problem import PROBLEM_JSON, Problem, internal_error, represent_problem
from capacity_api.snapshot.resource import EXPOSED_HEADERS, Resource
from capacity_api.snapshot.resource import Headers as RawHeaders

log = structlog.get_logger()
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
# The framework has no class for it.
_HUNG_UP = "client disconnected prematurely"
_EXAMPLE_ID = UUID("019e4500-0000-7000-8000-000000000099")
# Whose words depend on the request. The others say the same each time.
_EXAMPLES: dict[type[CapacityError], CapacityError] = {
    errors.UnknownParameter: errors.UnknownParameter.named(["stat"], ["area", "state"]),
    errors.UnknownField: errors.UnknownField("", (FieldError("/notes", "unknown"),)),
    errors.Invalid: errors.Invalid.at("/reopens_on", "is only for a pause or a waiting list"),
}

# The first class that an error is an instance of decides.
STATUS: dict[type[CapacityError], int] = {
    errors.Malformed: 400,
    errors.RequestTimeout: 408,
    errors.BodyTooLarge: 413,
    errors.HeadTooLarge: 431,
    errors.BadInput: 422,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Gone: 410,
    errors.PreconditionFailed: 412,
    errors.TooManyWrites: 429,
    errors.TooManyDisputes: 429,
    errors.TooManyReminders: 429,
    errors.TooManyRequests: 429,
    errors.Unavailable: 503,
}

_WITH_RETRY_AFTER = (
    errors.TooManyWrites,
    errors.TooManyDisputes,
    errors.TooManyReminders,
    errors.TooManyRequests,
    errors.Unavailable,
)

# What the framework refuses by itself, before it calls a handler.
_FRAMEWORK = {
    400: ("malformed", "The request cannot be parsed"),
    404: ("not_found", "There is nothing here"),
    405: ("method_not_allowed", "This path does not take that method"),
    413: (errors.BodyTooLarge.code, errors.BodyTooLarge.title),
    415: ("unsupported_media_type", "The body must be application/json"),
    422: ("invalid", "The input is not valid"),
}


def problem_from_error(error: CapacityError, number: UUID) -> tuple[Problem, dict[str, str]]:
    """The problem document of an error in the request with this id, and the headers of its response."""
    status = next(status for kind, status in STATUS.items() if isinstance(error, kind))
    headers = {}
    if isinstance(error, errors.Unauthenticated):
        headers["www-authenticate"] = 'Bearer realm="capacity_api"'
    if isinstance(error, _WITH_RETRY_AFTER):
        headers["retry-after"] = str(error.retry_after)
    faults = error.errors if isinstance(error, errors.BadInput) and error.errors else UNSET
    return represent_problem(number, status, error.code, error.title, error.detail, faults), headers


def handle(request: Request[Any, Any, Any], error: Exception) -> Response[Problem] | Response[bytes]:
    """The exception handler of the whole application."""
    number = request_id(request.scope)
    headers: dict[str, str] = {}
    if isinstance(error, HTTPException) and error.detail == _HUNG_UP:
        # Nobody reads this, and it is no error to log.
        problem, _ = problem_from_error(errors.Malformed("The client hung up"), number)
        return Response(problem, status_code=problem.status, media_type=PROBLEM_JSON)
    if isinstance(error, CapacityError) and isinstance(error, tuple(STATUS)):
        problem, headers = problem_from_error(error, number)
    elif isinstance(error, ValidationException) and any(each.get("key") == "data" for each in _extra(error)):
        problem, headers = problem_from_error(errors.Malformed("The body is empty"), number)
    elif isinstance(error, ValidationException):
        names = _parameter_names(request)
        faults = tuple(
            FieldError(f"?{names.get(each['key'], each['key'])}", each["message"])
            for each in _extra(error)
            if "key" in each
        )
        problem = represent_problem(number, 422, *_FRAMEWORK[422], "A parameter is not valid", faults)
    elif isinstance(error, HTTPException) and error.status_code < 500:
        code, title = _FRAMEWORK.get(error.status_code, ("refused", "The request was refused"))
        problem = represent_problem(number, error.status_code, code, title, title)
        if "allow" in (error.headers or {}):
            headers = {"allow": format_allow(each.strip() for each in (error.headers or {})["allow"].split(","))}
    elif is_outage(error) or is_schema_fault(error):
        if not is_outage(error):
            # Another version changed the tables under us, or the statement is a mistake of ours: the log has which.
            _log_fault(request, error, number)
        problem, headers = problem_from_error(errors.DatabaseUnavailable(), number)
    else:
        _log_fault(request, error, number)
        problem = internal_error(number)
    _log_refusal(request, problem, error)
    path = sent_path(request.scope)  # type: ignore[arg-type]  # a plain ASGI scope
    # The form of another language was passed on as that of "/".
    path = str(request.scope.get(FORM_PATH, path))
    page = _find_page(lambda: request.scope["state"]["context"].publisher, path, request.headers, problem.status)
    if page is not None:
        headers |= {**dict(page.headers), "content-type": page.content_type, "cache-control": "no-store"}
        return Response(page.body, status_code=problem.status, headers=headers)
    return Response(
        problem,
        status_code=problem.status,
        media_type=PROBLEM_JSON,
        headers={"cache-control": "no-store", **headers},
    )


def _log_fault(request: Request[Any, Any, Any], error: Exception, number: UUID) -> None:
    """Log the template of the path and nothing that was sent: no identifiers of people may get into a log."""
    log.error(
        "request.failed",
        method=request.method,
        route=_template(request),
        request_id=number,
        exc_info=_loggable(request, error),
    )


def represent_refusal(
    publisher: Publisher, error: CapacityError, number: UUID, path: str, sent: RawHeaders
) -> tuple[int, dict[str, str], bytes]:
    """The status, headers and body for a request that never reaches the application.

    `path` and the headers that were `sent` are those that were read before it was refused.
    """
    problem, headers = problem_from_error(error, number)
    page = _find_page(lambda: publisher, path, Headers(sent), problem.status)
    if page is not None:
        return problem.status, {**headers, **dict(page.headers), "content-type": page.content_type}, page.body
    headers |= {
        "content-type": PROBLEM_JSON,
        "x-content-type-options": "nosniff",
        "access-control-allow-origin": "*",
        "access-control-expose-headers": EXPOSED_HEADERS,
    }
    return problem.status, headers, msgspec.json.encode(problem)


def _find_page(publisher: Callable[[], Publisher], path: str, headers: Headers, status: int) -> Resource | None:
    """The page in place of a problem document, where a browser asked for one."""
    if is_for_programs(path) or not prefers_html(headers):
        return None
    return publisher().snapshot.catalogue.problem_page(path, status)


def _log_refusal(request: Request[Any, Any, Any], problem: Problem, error: Exception) -> None:
    """Log a refused write of a known token, and every 503 but those of a flood, which `Refusals` logs as one.

    A reader's mistakes are nobody's business.
    """
    fields = {
        "method": request.method,
        "route": _template(request),
        "code": problem.code,
        "request_id": problem.request_id,
    }
    if problem.code == errors.TooBusy.code:
        request.scope["state"]["context"].refusals.note("busy")
    elif problem.status == 503:
        if isinstance(error, errors.DatabaseUnavailable):
            fields["cause"] = error.cause
        log.warning("request.unavailable", **fields)
    elif problem.status < 500 and request.method in _WRITES and "auth" in request.scope:
        slug = request.path_params.get("slug")
        # Any other text may be anything that was sent.
        if slug in request.scope["state"]["context"].publisher.current().entries:
            fields["responder"] = slug
        log.info("write.refused", status=problem.status, **fields)


def example_problems(status: str) -> list[Problem]:
    """An example of each problem with this status. "default" is an error of this service."""
    if status == "default":
        return [internal_error(_EXAMPLE_ID)]
    number = int(status)
    problems: dict[str, Problem] = {}
    if number in _FRAMEWORK:
        code, title = _FRAMEWORK[number]
        problems[code] = represent_problem(_EXAMPLE_ID, number, code, title, title)
    for kind in _error_classes(CapacityError):
        problem, _ = problem_from_error(_EXAMPLES.get(kind) or kind(), _EXAMPLE_ID)
        if problem.status == number:
            problems[problem.code] = problem
    return list(problems.values())


def _error_classes(kind: type[CapacityError]) -> Iterator[type[CapacityError]]:
    """The errors that have a status and their own code, in the order of the tree."""
    for subclass in kind.__subclasses__():
        if issubclass(subclass, tuple(STATUS)) and "code" in vars(subclass):
            yield subclass
        yield from _error_classes(subclass)


def _extra(error: ValidationException) -> list[dict[str, Any]]:
    return error.extra if isinstance(error.extra, list) else []


def _parameter_names(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The names of the query parameters by the handler's arguments. The framework reports faults by argument."""
    handler: Any = request.route_handler
    model = handler.create_kwargs_model(path_parameters=request.scope["path_params"])
    return {each.field_name: each.field_alias for each in model.expected_query_params}


def _loggable(request: Request[Any, Any, Any], error: Exception) -> Exception:
    """The error as it may be logged. Of a route with `hides_error_message`, only its class and its traceback.

    The message of an exception often quotes a value, and so could hold a question about a person.
    """
    handler = request.scope.get("route_handler")
    if handler is None or not handler.opt.get("hides_error_message"):
        return error
    return RuntimeError(type(error).__name__).with_traceback(error.__traceback__)


def _template(request: Request[Any, Any, Any]) -> str:
    return str(request.scope.get("path_template") or "?")
