"""How a webhook's endpoint is doing, and when its webhook is disabled."""

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from capacity_api.domain.retry import (
    Delivered,
    GiveUp,
    Outcome,
    Retry,
    is_gone,
    next_attempt,
    next_attempt_of_ours,
)

DisabledReason = Literal["owner", "failing", "gone", "secret_lost", "administrator"]

# A webhook is disabled after this long without a success, and so many failed attempts in that time.
DISABLE_AFTER = timedelta(days=5)
_MIN_FAILED_ATTEMPTS = 10
# After a slower success, the next delivery takes a slow slot.
SLOW_MS = 1000
# A cooldown doubles with each overload, halves with each success, and ends below this.
_MIN_COOLDOWN = timedelta(seconds=1)
_MAX_COOLDOWN = timedelta(minutes=1)
_NO_COOLDOWN = timedelta()


class EndpointHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How an endpoint has answered lately.

    `failures` is how many attempts in a row have failed, not counting out-of-order ones: it decides how long
    to wait. `failed_attempts` counts those of any kind since a success, and `failing_since` is the
    time of the first of them. While `next_attempt_at` is set, the
    webhook is backing off: it is sent nothing in order before that.
    `cooldown` is the pause after each success while an endpoint recovers from an overload.
    """

    failures: int = 0
    failed_attempts: int = 0
    failing_since: datetime | None = None
    next_attempt_at: datetime | None = None
    cooldown: timedelta = _NO_COOLDOWN


def health_after(
    health: EndpointHealth,
    outcome: Outcome,
    at: datetime,
    jitter: float,
    *,
    event_failing_since: datetime,
    is_out_of_order: bool = False,
) -> EndpointHealth:
    """How the endpoint is doing after an attempt that ended at `at`.

    `event_failing_since` is the time of the first failure of the event that was sent. `jitter`: see `next_attempt`.
    """
    if isinstance(outcome, Delivered):
        return _after_success(health, outcome, at)
    if isinstance(outcome, Retry) and outcome.is_ours:
        # The endpoint was not asked. What is out of order waits by itself.
        waits_until = health.next_attempt_at if is_out_of_order else next_attempt_of_ours(at)
        return msgspec.structs.replace(health, next_attempt_at=waits_until)
    failures, failed_attempts = health.failures + 1, health.failed_attempts + 1
    failing_since = health.failing_since or at
    if is_out_of_order and _is_about_one_event(outcome):
        # An out-of-order delivery has a schedule of its own. It neither makes the events in order wait
        # nor ends their wait.
        return msgspec.structs.replace(health, failed_attempts=failed_attempts, failing_since=failing_since)
    if isinstance(outcome, GiveUp):
        # It is not tried again, so there is nothing to wait for.
        return EndpointHealth(
            failures=failures, failed_attempts=failed_attempts, failing_since=failing_since, cooldown=health.cooldown
        )
    return EndpointHealth(
        failures=failures,
        failed_attempts=failed_attempts,
        failing_since=failing_since,
        next_attempt_at=next_attempt(failures, at, jitter, outcome.retry_after, failing_since=event_failing_since),
        cooldown=_longer(health.cooldown) if outcome.is_overload else health.cooldown,
    )


def should_disable(health: EndpointHealth, outcome: Outcome, at: datetime) -> DisabledReason | None:
    """`gone` after a 410, `failing` after five days without a success and ten failed attempts, else None.

    `health` is the health after this outcome.
    """
    if is_gone(outcome):
        return "gone"
    if isinstance(outcome, Retry) and outcome.is_ours:
        return None
    if isinstance(outcome, GiveUp) and outcome.is_overdue:
        # It may be this event alone that the endpoint cannot take. The next one decides.
        return None
    if health.failing_since is None or health.failed_attempts < _MIN_FAILED_ATTEMPTS:
        return None
    return "failing" if at - health.failing_since >= DISABLE_AFTER else None


def _is_about_one_event(outcome: Retry | GiveUp) -> bool:
    """Whether a failure says nothing of the whole endpoint, as an overload or a refusal does."""
    return outcome.is_overdue if isinstance(outcome, GiveUp) else not outcome.is_overload


def _after_success(health: EndpointHealth, outcome: Delivered, at: datetime) -> EndpointHealth:
    cooldown = _shorter(health.cooldown)
    if cooldown or outcome.duration_ms > SLOW_MS:
        return EndpointHealth(next_attempt_at=at + cooldown, cooldown=cooldown)
    return EndpointHealth()


def _longer(cooldown: timedelta) -> timedelta:
    return min(max(cooldown, _MIN_COOLDOWN) * 2, _MAX_COOLDOWN)


def _shorter(cooldown: timedelta) -> timedelta:
    return cooldown / 2 if cooldown > _MIN_COOLDOWN else _NO_COOLDOWN
