"""What is going: a route says so with `deprecation=Deprecation(…)`.

Its responses carry the dates, and the OpenAPI document marks it. docs/compatibility.md says how long it stays. What is
published at a path is answered without its handler: there, give `deprecation_headers` to the `Resource` as well.
"""

from datetime import UTC, date, datetime, time
from email.utils import format_datetime

import msgspec
from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope


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


async def announce_end(message: Message, scope: Scope) -> None:
    """A `before_send` hook: the response of a deprecated route says so."""
    handler = scope.get("route_handler")
    deprecation = None if handler is None else handler.opt.get("deprecation")
    if message["type"] == "http.response.start" and isinstance(deprecation, Deprecation):
        MutableScopeHeaders.from_message(message).update(dict(deprecation_headers(deprecation)))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
