"""What an attempt changes about an endpoint's health: the next attempt, the cooldown, whether it is disabled."""

from datetime import UTC, datetime, timedelta

import pytest

from capacity_api.domain.endpoint_health import DisabledReason, EndpointHealth, health_after, should_disable
from capacity_api.domain.retry import Delivered, GiveUp, Outcome, Retry

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
EARLIER = NOON - timedelta(hours=3)
FIVE_DAYS_AGO = NOON - timedelta(days=5)
SECOND = timedelta(seconds=1)
DONE = Delivered(status=200, duration_ms=5)
SLOW = Delivered(status=200, duration_ms=1001)
REFUSED = GiveUp(reason="not_allowed", duration_ms=0)
GONE = GiveUp(reason="http_410", status=410, duration_ms=5, disable=True)
OVERDUE = GiveUp(reason="http_500", status=500, duration_ms=5, is_overdue=True)
FAILING = EndpointHealth(failures=2, failed_attempts=2, failing_since=EARLIER, next_attempt_at=NOON)
OVERLOADED = EndpointHealth(
    failures=2, failed_attempts=2, failing_since=EARLIER, next_attempt_at=NOON, cooldown=8 * SECOND
)
HEALTHY = EndpointHealth()


def failed(status: int | None = 500, retry_after: timedelta | None = None) -> Retry:
    return Retry(reason="failed", status=status, duration_ms=5, retry_after=retry_after)


def health(failures: int, since: datetime, wait: timedelta | None, cooldown: timedelta = 0 * SECOND) -> EndpointHealth:
    """`wait`: the time from noon to the next attempt."""
    next_attempt_at = None if wait is None else NOON + wait
    return EndpointHealth(
        failures=failures,
        failed_attempts=failures,
        failing_since=since,
        next_attempt_at=next_attempt_at,
        cooldown=cooldown,
    )


def after(
    before: EndpointHealth,
    outcome: Outcome,
    *,
    event_failing_since: datetime = NOON,
    is_out_of_order: bool = False,
) -> EndpointHealth:
    """The health after an attempt that ended at noon."""
    return health_after(
        before, outcome, NOON, 0.5, event_failing_since=event_failing_since, is_out_of_order=is_out_of_order
    )


@pytest.mark.parametrize(
    ("before", "outcome", "expected"),
    [
        (HEALTHY, DONE, HEALTHY),
        (HEALTHY, SLOW, EndpointHealth(next_attempt_at=NOON)),
        (HEALTHY, failed(), health(1, NOON, 5 * SECOND)),
        (HEALTHY, failed(503), health(1, NOON, 5 * SECOND, cooldown=2 * SECOND)),
        (HEALTHY, failed(503, 60 * SECOND), health(1, NOON, 60 * SECOND, cooldown=2 * SECOND)),
        (HEALTHY, REFUSED, health(1, NOON, None)),
        (FAILING, DONE, HEALTHY),
        (FAILING, failed(), health(3, EARLIER, 30 * SECOND)),
        (FAILING, failed(429), health(3, EARLIER, 30 * SECOND, cooldown=2 * SECOND)),
        (FAILING, REFUSED, health(3, EARLIER, None)),
        (FAILING, GONE, health(3, EARLIER, None)),
        # The next event is tried at once.
        (FAILING, OVERDUE, health(3, EARLIER, None)),
        (OVERLOADED, DONE, EndpointHealth(next_attempt_at=NOON + 4 * SECOND, cooldown=4 * SECOND)),
        (OVERLOADED, failed(), health(3, EARLIER, 30 * SECOND, cooldown=8 * SECOND)),
        (OVERLOADED, failed(502), health(3, EARLIER, 30 * SECOND, cooldown=16 * SECOND)),
        (OVERLOADED, REFUSED, health(3, EARLIER, None, cooldown=8 * SECOND)),
    ],
)
def test_what_one_attempt_changes(before: EndpointHealth, outcome: Outcome, expected: EndpointHealth) -> None:
    assert after(before, outcome) == expected


@pytest.mark.parametrize(
    ("before", "outcome", "expected"),
    [
        # It is tried again on a schedule of its own.
        (HEALTHY, failed(), EndpointHealth(failed_attempts=1, failing_since=NOON)),
        (
            FAILING,
            failed(),
            EndpointHealth(failures=2, failed_attempts=3, failing_since=EARLIER, next_attempt_at=NOON),
        ),
        (
            FAILING,
            OVERDUE,
            EndpointHealth(failures=2, failed_attempts=3, failing_since=EARLIER, next_attempt_at=NOON),
        ),
        # An overload is about the whole endpoint, and so are a success and a refusal.
        (HEALTHY, failed(429), health(1, NOON, 5 * SECOND, cooldown=2 * SECOND)),
        (FAILING, DONE, HEALTHY),
        (FAILING, REFUSED, health(3, EARLIER, None)),
    ],
)
def test_what_fails_out_of_order_makes_no_event_in_order_wait(
    before: EndpointHealth, outcome: Outcome, expected: EndpointHealth
) -> None:
    assert after(before, outcome, is_out_of_order=True) == expected


def test_each_failure_waits_longer_and_a_success_ends_it() -> None:
    health = EndpointHealth()
    for delay in (5 * SECOND, 15 * SECOND, 30 * SECOND, 30 * SECOND, 60 * SECOND):
        health = after(health, failed())
        assert health.next_attempt_at == NOON + delay
    assert health.failing_since == NOON
    assert after(health, Delivered(status=200, duration_ms=5)) == EndpointHealth()


def test_a_refusal_makes_nothing_wait_and_counts_as_a_failure() -> None:
    health = after(EndpointHealth(), GiveUp(reason="not_allowed", duration_ms=0))
    assert (health.failures, health.failing_since, health.next_attempt_at) == (1, NOON, None)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_an_endpoint_that_is_overloaded_is_sent_to_ever_more_slowly(status: int) -> None:
    health = EndpointHealth()
    cooldowns = []
    for _ in range(7):
        health = after(health, failed(status))
        cooldowns.append(health.cooldown.total_seconds())
    assert cooldowns == [2, 4, 8, 16, 32, 60, 60]
    recovered = []
    while health.cooldown:
        health = after(health, Delivered(status=200, duration_ms=5))
        recovered.append(health.next_attempt_at)
    assert recovered[0] == NOON + timedelta(seconds=30)
    assert recovered[-1] is None


@pytest.mark.parametrize("status", [None, 404, 500, 501])
def test_any_other_failure_does_not_slow_down_what_comes_after_it(status: int | None) -> None:
    assert after(EndpointHealth(), failed(status)).cooldown == timedelta()


def test_the_last_attempt_of_an_event_is_120_hours_after_its_first_failure() -> None:
    health = after(FAILING, failed(), event_failing_since=NOON - timedelta(hours=120) + 7 * SECOND)
    assert health.next_attempt_at == NOON + 7 * SECOND


@pytest.mark.parametrize(
    ("failing_since", "failed_attempts", "outcome", "reason"),
    [
        (None, 0, DONE, None),
        (NOON, 10, failed(), None),
        (NOON, 10, REFUSED, None),
        (NOON, 1, GONE, "gone"),
        (FIVE_DAYS_AGO + timedelta(microseconds=1), 10, failed(), None),
        (FIVE_DAYS_AGO, 9, failed(), None),
        (FIVE_DAYS_AGO, 10, failed(), "failing"),
        (FIVE_DAYS_AGO, 9, REFUSED, None),
        (FIVE_DAYS_AGO, 10, REFUSED, "failing"),
        (FIVE_DAYS_AGO, 10, GONE, "gone"),
        # The next event may get through.
        (FIVE_DAYS_AGO, 17, OVERDUE, None),
    ],
)
def test_a_410_or_five_days_and_ten_attempts_without_a_success_disable(
    failing_since: datetime | None, failed_attempts: int, outcome: Outcome, reason: DisabledReason | None
) -> None:
    health = EndpointHealth(failing_since=failing_since, failed_attempts=failed_attempts)
    assert should_disable(health, outcome, NOON) == reason
