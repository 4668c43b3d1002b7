"""What is going: a route says so with `deprecation=Deprecation(…)`.

Its responses carry the dates, and the OpenAPI document marks it. docs/compatibility.md says how long it stays. What is
published at its path is answered without its handler, and gets the same headers from `Catalogue.deprecated`.
"""

import re
from datetime import UTC, date, datetime, time
from email.utils import format_datetime

import msgspec
from litestar import Litestar
from litestar.datastructures import MutableScopeHeaders
from litestar.routes import HTTPRoute
from litestar.types import Message, Scope

from capacity_api.snapshot.resource import Headers

_PARAMETER = re.compile(r"\{\w+\}")


class Deprecation(msgspec.Struct, frozen=True, kw_only=True):
    """`since` is when it was deprecated, `sunset` the day from which it may be gone, `page` what to use instead."""

    since: date
    sunset: date
    page: str


def deprecation_headers(deprecation: Deprecation) -> tuple[tuple[str, str], ...]:
    """`Deprecation` (RFC 9745), `Sunset` (RFC 8594) and the links to what to do, for a response."""
    return (
        ("deprecation", f"@{_midnight(deprecation.since).timestamp():.0f}"),
        ("sunset", format_datetime(_midnight(deprecation.sunset), usegmt=True)),
        ("link", f'<{deprecation.page}>; rel="deprecation"; type="text/html"'),
    )


def deprecated_reads(app: Litestar) -> tuple[tuple[re.Pattern[str], Headers], ...]:
    """The paths of the reads that are going, each with the headers that say so."""
    return tuple(
        (
            re.compile("[^/]+".join(re.escape(part) for part in _PARAMETER.split(route.path_format))),
            [(name.encode(), value.encode()) for name, value in deprecation_headers(handler.opt["deprecation"])],
        )
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if "GET" in handler.http_methods and "deprecation" in handler.opt
    )


async def announce_end(message: Message, scope: Scope) -> None:
    """A `before_send` hook: the response of a deprecated route says so."""
    handler = scope.get("route_handler")
    deprecation = None if handler is None else handler.opt.get("deprecation")
    if message["type"] == "http.response.start" and isinstance(deprecation, Deprecation):
        MutableScopeHeaders.from_message(message).update(dict(deprecation_headers(deprecation)))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
