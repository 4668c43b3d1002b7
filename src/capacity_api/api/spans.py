"""The query parameters `from` and `to` of every span of time."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from litestar.params import QueryParameter

from capacity_api.clock import parse_time
from capacity_api.errors import Invalid

DEFAULT_SPAN = timedelta(days=90)
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
From = Annotated[
    str | None,
    QueryParameter(
        name="from", description=f"From this time or day on. Default: {DEFAULT_SPAN.days} days before `to`."
    ),
]
To = Annotated[
    str | None, QueryParameter(name="to", description="Up to, but not including, this time or day. Default: now.")
]


def parse_start(text: str | None, end: datetime) -> datetime:
    """The start of a span that ends at `end`, from `from` or by default. Raises `Invalid` if it is after `end`."""
    start = parse_time(text, "?from") if text is not None else max(end, _EARLIEST) - DEFAULT_SPAN
    if start > end:
        raise Invalid.at("?to" if text is None else "?from", "`from` must not be after `to`")
    return start
