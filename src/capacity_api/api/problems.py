"""Every error, on every route, as problem+json (RFC 9457), and the only place where a class has a status."""

import logging
from collections.abc import Iterator
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from msgspec import UNSET

from capacity_api import errors
from capacity_api.api.headers import format_allow
from capacity_api.db.engine import is_outage
from capacity_api.errors import CapacityError, FieldError
from capacity_api.representations.problem import INTERNAL_ERROR, PROBLEM_JSON, Problem, represent_problem

_logger = logging.getLogger(__name__)

# The first class in the table that an error is an instance of decides.
STATUS: dict[type[CapacityError], int] = {
    errors.Malformed: 400,
    errors.BadInput: 422,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.PreconditionFailed: 412,
    errors.TooManyWrites: 429,
    errors.DatabaseUnavailable: 503,
}

# What the framework refuses by itself: before a handler is found or while a body is read.
_FRAMEWORK = {
    400: ("malformed", "The request cannot be parsed"),
    404: ("not_found", "There is nothing here"),
    405: ("method_not_allowed", "This path does not take that method"),
    413: ("body_too_large", "The body is larger than 64 kB"),
    415: ("unsupported_media_type", "The body must be application/json"),
    422: ("invalid", "The input is not valid"),
}


def problem_from_error(error: CapacityError) -> tuple[Problem, dict[str, str]]:
    """The problem and the headers that go with it."""
    status = next(status for kind, status in STATUS.items() if isinstance(error, kind))
    headers = {}
    if isinstance(error, errors.Unauthenticated):
        headers["www-authenticate"] = 'Bearer realm="capacity_api"'
    if isinstance(error, errors.TooManyWrites):
        headers["retry-after"] = str(error.retry_after)
    if isinstance(error, errors.DatabaseUnavailable):
        headers["retry-after"] = "5"
    faults = error.errors if isinstance(error, errors.BadInput) and error.errors else UNSET
    return represent_problem(status, error.code, error.title, error.detail, faults), headers


def handle(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """The exception handler of the whole application."""
    headers: dict[str, str] = {}
    if isinstance(error, CapacityError) and isinstance(error, tuple(STATUS)):
        problem, headers = problem_from_error(error)
    elif isinstance(error, ValidationException) and any(each.get("key") == "data" for each in _extra(error)):
        problem, headers = problem_from_error(errors.Malformed("The body is empty"))
    elif isinstance(error, ValidationException):
        names = _parameter_names(request)
        faults = tuple(
            FieldError(f"?{names.get(each['key'], each['key'])}", each["message"])
            for each in _extra(error)
            if "key" in each
        )
        problem = represent_problem(422, *_FRAMEWORK[422], "A parameter is not valid", faults)
    elif isinstance(error, HTTPException) and error.status_code < 500:
        code, title = _FRAMEWORK.get(error.status_code, ("refused", "The request was refused"))
        problem = represent_problem(error.status_code, code, title, title)
        if "allow" in (error.headers or {}):
            headers = {"allow": format_allow(each.strip() for each in (error.headers or {})["allow"].split(","))}
    elif is_outage(error):
        problem, headers = problem_from_error(errors.DatabaseUnavailable())
    else:
        # The path is a template, so that nobody's identifiers stand in a log; what was sent never does.
        _logger.error("%s %s failed", request.method, _template(request), exc_info=_loggable(request, error))
        problem = INTERNAL_ERROR
    return Response(
        problem,
        status_code=problem.status,
        media_type=PROBLEM_JSON,
        headers={"access-control-allow-origin": "*", "cache-control": "no-store", **headers},
    )


def example_problems(status: str) -> list[Problem]:
    """An example of each problem that goes with a status; "default" is a fault of this service."""
    if status == "default":
        return [INTERNAL_ERROR]
    number = int(status)
    found = [problem_from_error(kind())[0] for kind in _leaves(CapacityError)]
    framework = [represent_problem(number, *_FRAMEWORK[number], _FRAMEWORK[number][1])] if number in _FRAMEWORK else []
    return list({each.code: each for each in [*framework, *found] if each.status == number}.values())


def _leaves(kind: type[CapacityError]) -> Iterator[type[CapacityError]]:
    """The errors that have a status and a code of their own, in the order of the tree."""
    for below in kind.__subclasses__():
        if issubclass(below, tuple(STATUS)) and "code" in vars(below):
            yield below
        yield from _leaves(below)


def _extra(error: ValidationException) -> list[dict[str, Any]]:
    return error.extra if isinstance(error.extra, list) else []


def _parameter_names(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The query parameters as a client writes them, by the handler's arguments, whose names the framework reports."""
    handler: Any = request.route_handler
    model = handler.create_kwargs_model(path_parameters=request.scope["path_params"])
    return {each.field_name: each.field_alias for each in model.expected_query_params}


def _loggable(request: Request[Any, Any, Any], error: Exception) -> Exception:
    """What may be logged of a fault: for a route that is `private`, only its class and where it happened.

    The words of an exception often quote a value, and so could hold what somebody asked about a person.
    """
    handler = request.scope.get("route_handler")
    if handler is None or not handler.opt.get("private"):
        return error
    return RuntimeError(type(error).__name__).with_traceback(error.__traceback__)


def _template(request: Request[Any, Any, Any]) -> str:
    return str(request.scope.get("path_template") or "?")
