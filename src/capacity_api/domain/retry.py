"""How one attempt to deliver ended, and when to try again."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import msgspec

_RETRY_SCHEDULE = (
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
MAX_RETRY_AFTER = timedelta(hours=24)
# Answers that ask for time.
OVERLOAD = frozenset({429, 502, 503, 504})


class Delivered(msgspec.Struct, frozen=True, kw_only=True):
    """The endpoint accepted it. `answer` is the beginning of the response body."""

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

    @property
    def is_overload(self) -> bool:
        """Whether the whole endpoint has to be left alone for a while, not just this message."""
        return self.status in OVERLOAD


class GiveUp(msgspec.Struct, frozen=True, kw_only=True):
    """It will never work. `disable`: the endpoint wants nothing any more, until its owner enables the webhook."""

    reason: str
    duration_ms: int
    status: int | None = None
    answer: str | None = None
    disable: bool = False


Outcome = Delivered | Retry | GiveUp


def is_gone(outcome: Outcome) -> bool:
    """Whether the endpoint wants nothing any more (410)."""
    return isinstance(outcome, GiveUp) and outcome.disable


def next_attempt(attempts: int, now: datetime, jitter: float, retry_after: timedelta | None = None) -> datetime:
    """When to try again after `attempts` failures (at least 1).

    `jitter` in [0, 1) moves the time within ±20% of the schedule, so that endpoints that failed
    together are not all tried again together. A `Retry-After` only ever lengthens the wait, to a
    day at most.
    """
    delay = _RETRY_SCHEDULE[attempts - 1] if attempts <= len(_RETRY_SCHEDULE) else _THEN_EVERY
    delay *= 1 - _JITTER + 2 * _JITTER * jitter
    if retry_after is not None:
        delay = max(delay, min(retry_after, MAX_RETRY_AFTER))
    return now + delay


def retry_after(header: str | None, now: datetime) -> timedelta | None:
    """The wait that a `Retry-After` header asks for (RFC 9110 §10.2.3), a day at most.

    `None` if there is none, or if it is malformed.
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        # Ten digits are over three hundred years: there is no need to convert more.
        return min(timedelta(seconds=int(text[:10])), MAX_RETRY_AFTER)
    try:
        date = parsedate_to_datetime(text)
        # HTTP dates are in UTC; some parse without a zone.
        wait = (date if date.tzinfo is not None else date.replace(tzinfo=UTC)) - now
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(max(wait, timedelta()), MAX_RETRY_AFTER)
