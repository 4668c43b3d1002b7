"""The spans of time that `/evidence` has addresses for: a year, a month, or days from one to another. In UK time."""

import re
from datetime import UTC, date, datetime, timedelta

import msgspec

from capacity_api.domain.days import day_start
from capacity_api.domain.intake import LONDON_TIME
from capacity_api.domain.periods import month_starts
from capacity_api.errors import Invalid, NotFound

_YEAR = re.compile(r"\d{4}", re.ASCII)
_MONTH = re.compile(r"\d{4}-\d{2}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """[start, end), at `path` below `/evidence`: "" or "/2026", "/2026-10", "/2026-04-01/2026-09-30".

    The last day of an address belongs to it. A span that is not over ends with the hour that is over (`is_over`).
    """

    path: str
    start: datetime
    end: datetime
    is_over: bool

    @property
    def year(self) -> int | None:
        """The year that it is, or that its month is in."""
        return int(self.path[1:5]) if self.path and "/" not in self.path[1:] else None

    @property
    def is_year(self) -> bool:
        return _YEAR.fullmatch(self.path[1:]) is not None


def recent_span(now: datetime) -> Span:
    """The last twelve months, and this one until the start of the present hour."""
    local = _hour(now).astimezone(LONDON_TIME)
    return Span(path="", start=_month_start(local.year - 1, local.month), end=_hour(now), is_over=False)


def find_span(first: str, last: str | None, now: datetime) -> Span:
    """The span at an address. Raises `NotFound` if it is none, `Invalid` if there is no such time, or not yet."""
    try:
        path, start, end = _parse(first, last)
    except (ValueError, OverflowError):
        raise Invalid("There is no such date") from None
    hour = _hour(now)
    if end <= start:
        raise Invalid("The last day is before the first")
    if start >= hour:
        raise Invalid("This period has not begun, or began less than an hour ago")
    return Span(path=path, start=start, end=min(end, hour), is_over=end <= hour)


def years(begins: datetime, now: datetime) -> list[tuple[Span, list[Span]]]:
    """Each year with evidence and its months, newest first."""
    hour = _hour(now)
    if begins >= hour:
        return []
    found: dict[int, list[Span]] = {}
    for at in [begins, *month_starts(begins, hour)]:
        local = at.astimezone(LONDON_TIME)
        found.setdefault(local.year, []).append(find_span(f"{local.year:04}-{local.month:02}", None, now))
    return [(find_span(f"{year:04}", None, now), months) for year, months in reversed(found.items())]


def _parse(first: str, last: str | None) -> tuple[str, datetime, datetime]:
    if last is not None:
        if not _DAY.fullmatch(first) or not _DAY.fullmatch(last):
            raise NotFound
        after = date.fromisoformat(last) + timedelta(days=1)
        return f"/{first}/{last}", day_start(date.fromisoformat(first)), day_start(after)
    if _YEAR.fullmatch(first):
        year = int(first)
        return f"/{first}", _month_start(year, 1), _month_start(year + 1, 1)
    if _MONTH.fullmatch(first):
        year, month = int(first[:4]), int(first[5:])
        start = _month_start(year, month)
        return f"/{first}", start, _month_start(year + month // 12, month % 12 + 1)
    raise NotFound


def _hour(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _month_start(year: int, month: int) -> datetime:
    return day_start(date(year, month, 1))
