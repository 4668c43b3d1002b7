"""Headers of every response that a handler gives."""

from collections.abc import Iterable
from typing import Any, TypeVar, cast
from uuid import UUID

from litestar import Response
from litestar.datastructures import MutableScopeHeaders
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.types import Message, Scope
from uuid_utils.compat import uuid7

from capacity_api.domain.tokens import Scope as Scopes
from capacity_api.publication.addresses import is_for_programs, sent_path
from capacity_api.publication.middleware import OF_SNAPSHOT
from capacity_api.snapshot.resource import EXPOSED_HEADERS

T = TypeVar("T")
_REQUEST_ID = "capacity_api.request_id"
# What scripts of other origins may send.
_REQUEST_HEADERS = "authorization, content-type, if-match, if-none-match"


async def forbid_caching(message: Message, scope: Scope) -> None:
    """A `before_send` hook: no cache may keep the response of a handler.

    The exception is a route with `of_snapshot`: its response depends only on the snapshot, so the middleware gives it
    the headers of what is published.
    """
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders.from_message(message)
    if message["status"] == 200 and _is_of_snapshot(scope, headers):
        message[OF_SNAPSHOT] = True  # type: ignore[literal-required]  # a key of our own
        return
    headers.setdefault("cache-control", "no-store")
    headers.setdefault("x-content-type-options", "nosniff")


def created(representation: T, location: str) -> Response[T]:
    """The response to a `POST` that made something, which is at `location` (RFC 9110 §15.3.2)."""
    return Response(representation, status_code=201, headers={"location": location})


def request_id(scope: Scope) -> UUID:
    """The id of a request, made by us when somebody first asks for it."""
    keys = cast("dict[str, Any]", scope)
    if _REQUEST_ID not in keys:
        keys[_REQUEST_ID] = uuid7()
    found: UUID = keys[_REQUEST_ID]
    return found


async def identify(message: Message, scope: Scope) -> None:
    """A `before_send` hook: every response of a handler has the id of its request."""
    if message["type"] == "http.response.start":
        MutableScopeHeaders.from_message(message)["x-request-id"] = str(request_id(scope))


async def allow_other_origins(message: Message, scope: Scope) -> None:
    """A `before_send` hook: scripts of other origins may use every route but the pages and those for operators alone.

    No response allows credentials, so a browser sends no cookie, and a token only if the script has it.
    """
    path = sent_path(scope)  # type: ignore[arg-type]  # a plain ASGI scope
    if message["type"] != "http.response.start" or not is_for_programs(path):
        return
    handlers = _handlers_of(scope)
    public = [handler for handler in handlers if not is_for_operators(handler)]
    if handlers and not public:
        return
    headers = MutableScopeHeaders.from_message(message)
    headers["access-control-allow-origin"] = "*"
    headers["access-control-expose-headers"] = EXPOSED_HEADERS
    if scope.get("method") == "OPTIONS":
        methods = {method for handler in public for method in handler.http_methods}
        headers["access-control-allow-methods"] = format_allow(methods - {"OPTIONS"})
        headers["access-control-allow-headers"] = _REQUEST_HEADERS
        headers["access-control-max-age"] = "600"


def _handlers_of(scope: Scope) -> list[HTTPRouteHandler]:
    """The handler of a request; for `OPTIONS`, and for a method that it does not have, those of its whole path."""
    handler = scope.get("route_handler")
    if scope.get("method") != "OPTIONS" and isinstance(handler, HTTPRouteHandler):
        return [handler]
    # Without a handler there is no template.
    path = scope.get("path_template", scope["path"])
    return [
        handler
        for route in scope["litestar_app"].routes
        if route.path_format == path and isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if handler.http_methods != {"OPTIONS"}
    ]


def is_for_operators(handler: HTTPRouteHandler) -> bool:
    """Whether only administrators and monitoring may use the route."""
    return handler.opt.get("scopes") == {Scopes.ADMIN} or handler.opt.get("for_operators", False)


async def list_methods(message: Message, scope: Scope) -> None:
    """A `before_send` hook: `OPTIONS` lists every method of a path. The framework lists only those of one handler."""
    if message["type"] != "http.response.start" or scope.get("method") != "OPTIONS":
        return
    headers = MutableScopeHeaders.from_message(message)
    if "allow" in headers:
        routes = scope["litestar_app"].routes
        headers["allow"] = format_allow(
            method for route in routes if route.path_format == scope["path_template"] for method in route.methods
        )


def format_allow(methods: Iterable[str]) -> str:
    """The value of `Allow` (RFC 9110 §10.2.1). Every path with `GET` also has `HEAD`."""
    names = set(methods)
    if "GET" in names:
        names.add("HEAD")
    return ", ".join(sorted(names))


def _is_of_snapshot(scope: Scope, headers: MutableScopeHeaders) -> bool:
    handler = scope.get("route_handler")
    return (
        handler is not None
        and handler.opt.get("of_snapshot", False)
        and headers.get("cache-control") != "no-store"
        # A snapshot has no earlier times.
        and b"as_of=" not in scope["query_string"]
    )
