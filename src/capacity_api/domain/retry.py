"""How an attempt ended, and when a delivery that failed is tried again."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import msgspec

_DELAYS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
)
_THEN_EVERY = timedelta(hours=24)
_JITTER = 0.2
LONGEST_RETRY_AFTER = timedelta(hours=24)


class Delivered(msgspec.Struct, frozen=True, kw_only=True):
    """The endpoint took it. `answer` is the beginning of what it said."""

    status: int
    duration_ms: int
    answer: str | None = None
    reason: None = None


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """It may work later. `reason` is a short word for the log; `status` is null when no answer came."""

    reason: str
    duration_ms: int
    status: int | None = None
    answer: str | None = None
    retry_after: timedelta | None = None


class GiveUp(msgspec.Struct, frozen=True, kw_only=True):
    """It will never work. `disable`: the endpoint wants nothing any more."""

    reason: str
    duration_ms: int
    status: int | None = None
    answer: str | None = None
    disable: bool = False


Outcome = Delivered | Retry | GiveUp


def next_attempt(attempts: int, now: datetime, spread: float, retry_after: timedelta | None = None) -> datetime:
    """When to try again after `attempts` failures (at least 1).

    `spread` in [0, 1) places the time within ±20% of the schedule, so that subscribers who fail together do not come
    back together. A server's `Retry-After` only ever lengthens the wait, to a day at most.
    """
    delay = _DELAYS[attempts - 1] if attempts <= len(_DELAYS) else _THEN_EVERY
    delay *= 1 - _JITTER + 2 * _JITTER * spread
    if retry_after is not None:
        delay = max(delay, min(retry_after, LONGEST_RETRY_AFTER))
    return now + delay


def retry_after(header: str | None, now: datetime) -> timedelta | None:
    """What a `Retry-After` asks for (RFC 9110 §10.2.3), from nothing to a day; `None` when it cannot be read."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        # Longer numbers are not worth reading: ten digits are over three hundred years.
        return min(timedelta(seconds=int(text[:10])), LONGEST_RETRY_AFTER)
    try:
        date = parsedate_to_datetime(text)
        # Without a zone it is UTC: HTTP knows no other.
        wait = (date if date.tzinfo is not None else date.replace(tzinfo=UTC)) - now
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(max(wait, timedelta()), LONGEST_RETRY_AFTER)
