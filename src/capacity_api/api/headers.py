"""What every answer of a handler says about itself."""

import re
from collections.abc import Iterable

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

from capacity_api.publication.serve import OF_TREE
from capacity_api.representations import TTL_SECONDS

_MAX_AGE = re.compile(r"max-age=(\d+)")


async def unkept(message: Message, scope: Scope) -> None:
    """A `before_send` hook: what a handler answers is for whoever asked, now; nobody on the way keeps it.

    Apart from a route with `of_tree`: what it answers depends on the published tree alone, and is published.
    """
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders.from_message(message)
    if message["status"] == 200 and _is_of_tree(scope, headers):
        age = _MAX_AGE.search(headers.get("cache-control", ""))
        message[OF_TREE] = int(age[1]) if age else TTL_SECONDS  # type: ignore[literal-required]  # a key of our own
        return
    headers.setdefault("cache-control", "no-store")
    headers.setdefault("x-content-type-options", "nosniff")


async def options(message: Message, scope: Scope) -> None:
    """A `before_send` hook: `OPTIONS` lists all that a path takes. By itself, the framework names the methods of one of
    its handlers there.
    """
    if message["type"] != "http.response.start" or scope.get("method") != "OPTIONS":
        return
    headers = MutableScopeHeaders.from_message(message)
    if "allow" in headers:
        routes = scope["litestar_app"].routes
        headers["allow"] = allow(
            method for route in routes if route.path_format == scope["path_template"] for method in route.methods
        )


def allow(methods: Iterable[str]) -> str:
    """`Allow` (RFC 9110 §10.2.1), with the `HEAD` that goes with every `GET` here."""
    taken = set(methods)
    return ", ".join(sorted(taken | ({"HEAD"} if "GET" in taken else set())))


def _is_of_tree(scope: Scope, headers: MutableScopeHeaders) -> bool:
    handler = scope.get("route_handler")
    return (
        handler is not None
        and handler.opt.get("of_tree", False)
        and headers.get("cache-control") != "no-store"
        # The past is not in the tree.
        and b"as_of=" not in scope["query_string"]
    )
