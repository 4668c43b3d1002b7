"""The parameters that every question about the past has: `from` and `to`."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from litestar.params import QueryParameter

from capacity_api.errors import Invalid

USUAL = timedelta(days=90)
From = Annotated[
    datetime | None,
    QueryParameter(name="from", description=f"From this time on; default {USUAL.days} days before `to`."),
]
To = Annotated[
    datetime | None, QueryParameter(name="to", description="Up to but not including this time; default now.")
]


def moment(time: datetime, pointer: str) -> datetime:
    """The time in UTC, which one without an offset is taken to be in; raises `Invalid`."""
    try:
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except OverflowError:
        raise Invalid.at(pointer, "lies outside the calendar") from None


def start_of(asked: datetime | None, end: datetime) -> datetime:
    """When a period that ends at `end` begins; raises `Invalid` for one that would begin after that."""
    try:
        start = moment(asked, "?from") if asked is not None else end - USUAL
    except OverflowError:
        raise Invalid.at("?to", "lies outside the calendar") from None
    if start > end:
        raise Invalid.at("?from", "must not lie after `to`")
    return start
