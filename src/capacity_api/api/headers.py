"""Headers of every response that a handler gives."""

import re
from collections.abc import Iterable

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

from capacity_api.publication.middleware import SNAPSHOT_MAX_AGE
from capacity_api.representations.encoding import TTL_SECONDS

_MAX_AGE = re.compile(r"max-age=(\d+)")


async def forbid_caching(message: Message, scope: Scope) -> None:
    """A `before_send` hook: no cache may keep the response of a handler.

    The exception is a route with `of_snapshot`: its response depends only on the snapshot, so the middleware gives it
    the headers of what is published.
    """
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders.from_message(message)
    if message["status"] == 200 and _is_of_snapshot(scope, headers):
        age = _MAX_AGE.search(headers.get("cache-control", ""))
        message[SNAPSHOT_MAX_AGE] = int(age[1]) if age else TTL_SECONDS  # type: ignore[literal-required]  # a key of our own
        return
    headers.setdefault("cache-control", "no-store")
    headers.setdefault("x-content-type-options", "nosniff")


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
