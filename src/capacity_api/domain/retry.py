"""How an attempt ended, what that says of the endpoint, and when it is tried again."""

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
# A webhook without any success for so long is disabled.
GIVEN_UP_AFTER = timedelta(days=5)
# An answer that takes longer than this is slow, and its endpoint no longer gets the places of the quick.
SLOW = timedelta(seconds=1)
_SLOW_DOWN = frozenset({429, 502, 503, 504})
_SHORTEST_PACE = timedelta(seconds=1)
_LONGEST_PACE = timedelta(minutes=1)
_NO_PACE = timedelta()


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

    @property
    def asks_for_time(self) -> bool:
        """Whether it is the endpoint as a whole that has to be left alone for a while."""
        return self.status in _SLOW_DOWN


class GiveUp(msgspec.Struct, frozen=True, kw_only=True):
    """It will never work. `disable`: the endpoint wants nothing any more, until somebody enables its webhook."""

    reason: str
    duration_ms: int
    status: int | None = None
    answer: str | None = None
    disable: bool = False


Outcome = Delivered | Retry | GiveUp


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What an endpoint's answers amount to.

    `failures` in a row since its last success, the first of them at `failing_since`. It gets nothing before
    `next_attempt_at`; null means that nothing holds it up. `pace` is the pause after each success.
    """

    failures: int = 0
    failing_since: datetime | None = None
    next_attempt_at: datetime | None = None
    pace: timedelta = _NO_PACE

    def after(self, outcome: Outcome, now: datetime, spread: float) -> "Standing":
        """The standing after an attempt that ended at `now`; `spread` as in `next_attempt`."""
        if isinstance(outcome, Delivered):
            pace = self.pace / 2 if self.pace > _SHORTEST_PACE else _NO_PACE
            slow = pace or outcome.duration_ms > SLOW / timedelta(milliseconds=1)
            return Standing(next_attempt_at=now + pace if slow else None, pace=pace)
        failing_since = self.failing_since or now
        if isinstance(outcome, GiveUp):
            # What will never work is not tried again, so it holds nothing up.
            return Standing(failures=self.failures + 1, failing_since=failing_since, pace=self.pace)
        pace = self.pace
        if outcome.asks_for_time:
            pace = min(max(pace * 2, _SHORTEST_PACE * 2), _LONGEST_PACE)
        failures = self.failures + 1
        return Standing(
            failures=failures,
            failing_since=failing_since,
            next_attempt_at=next_attempt(failures, now, spread, outcome.retry_after),
            pace=pace,
        )

    def is_given_up(self, now: datetime) -> bool:
        """Whether it has failed for so long, without a success between, that its webhook is disabled."""
        return self.failing_since is not None and now - self.failing_since >= GIVEN_UP_AFTER


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
