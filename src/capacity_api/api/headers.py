"""Headers that every answer of a handler has."""

import re
from collections.abc import Iterable

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

from capacity_api.publication.middleware import OF_SNAPSHOT
from capacity_api.representations.encoding import TTL_SECONDS

_MAX_AGE = re.compile(r"max-age=(\d+)")


async def forbid_caching(message: Message, scope: Scope) -> None:
    """A `before_send` hook: the answer of a handler is for this reader, now, and no cache keeps it.

    A route with `of_snapshot` is the exception: its answer depends on the snapshot alone, so the middleware publishes
    it.
    """
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders.from_message(message)
    if message["status"] == 200 and _is_of_snapshot(scope, headers):
        age = _MAX_AGE.search(headers.get("cache-control", ""))
        message[OF_SNAPSHOT] = int(age[1]) if age else TTL_SECONDS  # type: ignore[literal-required]  # a key of our own
        return
    headers.setdefault("cache-control", "no-store")
    headers.setdefault("x-content-type-options", "nosniff")


async def list_methods(message: Message, scope: Scope) -> None:
    """A `before_send` hook: `OPTIONS` lists every method of a path. The framework lists those of one handler."""
    if message["type"] != "http.response.start" or scope.get("method") != "OPTIONS":
        return
    headers = MutableScopeHeaders.from_message(message)
    if "allow" in headers:
        routes = scope["litestar_app"].routes
        headers["allow"] = format_allow(
            method for route in routes if route.path_format == scope["path_template"] for method in route.methods
        )


def format_allow(methods: Iterable[str]) -> str:
    """`Allow` (RFC 9110 §10.2.1), with the `HEAD` that goes with every `GET` here."""
    taken = set(methods)
    return ", ".join(sorted(taken | ({"HEAD"} if "GET" in taken else set())))


def _is_of_snapshot(scope: Scope, headers: MutableScopeHeaders) -> bool:
    handler = scope.get("route_handler")
    return (
        handler is not None
        and handler.opt.get("of_snapshot", False)
        and headers.get("cache-control") != "no-store"
        # The snapshot does not hold the past.
        and b"as_of=" not in scope["query_string"]
    )
