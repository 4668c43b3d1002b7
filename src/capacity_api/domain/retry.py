"""How one attempt to deliver ended, and when to try again."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import msgspec

_RETRY_SCHEDULE = (
    timedelta(seconds=5),
    timedelta(seconds=15),
    timedelta(seconds=30),
    timedelta(seconds=30),
    timedelta(minutes=1),
    timedelta(minutes=2),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=12),
)
_THEN_EVERY = timedelta(hours=24)
_JITTER = 0.2
# An event is tried for this long after its first failure.
RETRY_FOR = timedelta(hours=120)
MAX_RETRY_AFTER = timedelta(hours=24)
# How long a webhook waits for us, such as for the key of its secret.
_OUR_WAIT = timedelta(minutes=15)
# Answers that ask for time.
OVERLOAD = frozenset({429, 502, 503, 504})


class Delivered(msgspec.Struct, frozen=True, kw_only=True):
    """The endpoint accepted it. `answer` is the beginning of the response body."""

    status: int
    duration_ms: int
    answer: str | None = None
    reason: None = None
    is_private: bool = False


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """It may work later. `reason` is a short word for the log; `status` is null when no answer came.

    `is_ours`: nothing was sent, because of a fault of this service. It says nothing of the endpoint, and the event is
    never given up for it.
    """

    reason: str
    duration_ms: int
    status: int | None = None
    answer: str | None = None
    retry_after: timedelta | None = None
    is_private: bool = False
    is_ours: bool = False

    @property
    def is_overload(self) -> bool:
        """Whether the whole endpoint has to be left alone for a while, not just this message."""
        return self.status in OVERLOAD


class GiveUp(msgspec.Struct, frozen=True, kw_only=True):
    """It will not be tried again.

    `disable`: the endpoint wants nothing any more, until its owner enables the webhook.
    `is_overdue`: the event was tried for `RETRY_FOR`. The next one shows whether the endpoint works.
    """

    reason: str
    duration_ms: int
    status: int | None = None
    answer: str | None = None
    disable: bool = False
    is_overdue: bool = False
    is_private: bool = False


# `is_private`: it was sent into a private network, and its owner may see only what `conceal` leaves.
Outcome = Delivered | Retry | GiveUp


def conceal(outcome: Outcome) -> Outcome:
    """What the owner of a webhook may see of an attempt. A status, a body, a reason or a duration tells what is there.

    What the outcome means for the delivery stays the same.
    """
    if not outcome.is_private:
        return outcome
    if isinstance(outcome, Delivered):
        return msgspec.structs.replace(outcome, answer=None)
    return msgspec.structs.replace(outcome, status=None, answer=None, reason="failed", duration_ms=0)


def is_gone(outcome: Outcome) -> bool:
    """Whether the endpoint wants nothing any more (410)."""
    return isinstance(outcome, GiveUp) and outcome.disable


def give_up_if_overdue(outcome: Outcome, failing_since: datetime, at: datetime) -> Outcome:
    """The outcome of an attempt that ended at `at`, of an event whose first attempt failed at `failing_since`."""
    if not isinstance(outcome, Retry) or outcome.is_ours or at - failing_since < RETRY_FOR:
        return outcome
    return GiveUp(
        reason=outcome.reason,
        duration_ms=outcome.duration_ms,
        status=outcome.status,
        answer=outcome.answer,
        is_overdue=True,
        is_private=outcome.is_private,
    )


def next_attempt_of_ours(at: datetime) -> datetime:
    """When to try again what failed at `at` by a fault of ours."""
    return at + _OUR_WAIT


def next_attempt(
    attempts: int,
    now: datetime,
    jitter: float,
    retry_after: timedelta | None = None,
    *,
    failing_since: datetime,
) -> datetime:
    """When to try an event again after `attempts` failures (at least 1), the first of them at `failing_since`.

    `jitter` in [0, 1) moves the time within ±20% of the schedule, so that endpoints that failed
    together are not all tried again together. The last attempt is when the event has been tried for
    `RETRY_FOR`. A `Retry-After` only ever lengthens the wait, to a day at most.
    """
    delay = _RETRY_SCHEDULE[attempts - 1] if attempts <= len(_RETRY_SCHEDULE) else _THEN_EVERY
    delay *= 1 - _JITTER + 2 * _JITTER * jitter
    delay = min(delay, failing_since + RETRY_FOR - now)
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
