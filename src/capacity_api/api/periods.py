"""The parameters that every question about the past has: `from` and `to`."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from litestar.params import QueryParameter

from capacity_api.api.requests import parse_time
from capacity_api.errors import Invalid

USUAL = timedelta(days=90)
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
From = Annotated[
    str | None,
    QueryParameter(name="from", description=f"From this time or day on; default {USUAL.days} days before `to`."),
]
To = Annotated[
    str | None, QueryParameter(name="to", description="Up to but not including this time or day; default now.")
]


def parse_start(asked: str | None, end: datetime) -> datetime:
    """When a period that ends at `end` begins; raises `Invalid` for one that would begin after that."""
    start = parse_time(asked, "?from") if asked is not None else max(end, _EARLIEST) - USUAL
    if start > end:
        raise Invalid.at("?to" if asked is None else "?from", "`from` must not lie after `to`")
    return start
