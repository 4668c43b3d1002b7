from datetime import UTC, datetime, timedelta

import pytest

from capacity_api.domain.retry import (
    LONGEST_RETRY_AFTER,
    Delivered,
    GiveUp,
    Retry,
    Standing,
    next_attempt,
    retry_after,
)

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("attempts", "delay"),
    [
        (1, timedelta(seconds=5)),
        (2, timedelta(minutes=5)),
        (3, timedelta(minutes=30)),
        (4, timedelta(hours=2)),
        (5, timedelta(hours=5)),
        (6, timedelta(hours=10)),
        (7, timedelta(hours=14)),
        (8, timedelta(hours=20)),
        (9, timedelta(hours=24)),
        (1000, timedelta(hours=24)),
    ],
)
def test_the_schedule(attempts: int, delay: timedelta) -> None:
    assert next_attempt(attempts, NOON, 0.5) == NOON + delay
    assert next_attempt(attempts, NOON, 0.0) == NOON + delay * 0.8
    assert NOON + delay * 1.19 < next_attempt(attempts, NOON, 0.999) < NOON + delay * 1.2


@pytest.mark.parametrize(
    ("asked", "delay"),
    [
        (timedelta(), timedelta(seconds=5)),
        (timedelta(seconds=4), timedelta(seconds=5)),
        (timedelta(minutes=2), timedelta(minutes=2)),
        (timedelta(days=30), LONGEST_RETRY_AFTER),
    ],
)
def test_a_retry_after_only_lengthens_the_wait_and_to_a_day_at_most(asked: timedelta, delay: timedelta) -> None:
    assert next_attempt(1, NOON, 0.5, asked) == NOON + delay


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("120", timedelta(seconds=120)),
        (" 120 ", timedelta(seconds=120)),
        ("0", timedelta()),
        ("9" * 5000, LONGEST_RETRY_AFTER),
        ("Sat, 21 Nov 2026 12:02:00 GMT", timedelta(minutes=2)),
        ("Saturday, 21-Nov-26 12:02:00 GMT", timedelta(minutes=2)),
        ("Sat Nov 21 12:02:00 2026", timedelta(minutes=2)),
        ("Sat, 21 Nov 2026 12:02:00 -0000", timedelta(minutes=2)),
        ("Sat, 21 Nov 2026 11:00:00 GMT", timedelta()),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_RETRY_AFTER),
        (None, None),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("١٢", None),
        ("soon", None),
        ("Sat, 99 Nov 2026 12:02:00 GMT", None),
        ("Sat, 21 Nov 99999 12:02:00 GMT", None),
    ],
)
def test_a_retry_after_is_seconds_or_a_date(header: str | None, wait: timedelta | None) -> None:
    assert retry_after(header, NOON) == wait


def failed(status: int | None = 500) -> Retry:
    return Retry(reason="failed", status=status, duration_ms=5)


def test_each_failure_waits_longer_and_a_success_ends_it() -> None:
    standing = Standing()
    for delay in (timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30)):
        standing = standing.after(failed(), NOON, 0.5)
        assert standing.next_attempt_at == NOON + delay
    assert standing.failing_since == NOON
    assert standing.after(Delivered(status=200, duration_ms=5), NOON, 0.5) == Standing()


def test_what_is_final_holds_nothing_up_and_counts_as_a_failure() -> None:
    standing = Standing().after(GiveUp(reason="not_allowed", duration_ms=0), NOON, 0.5)
    assert (standing.failures, standing.failing_since, standing.next_attempt_at) == (1, NOON, None)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_an_endpoint_that_is_overloaded_is_sent_to_ever_more_slowly(status: int) -> None:
    standing = Standing()
    paces = []
    for _ in range(7):
        standing = standing.after(failed(status), NOON, 0.5)
        paces.append(standing.pace.total_seconds())
    assert paces == [2, 4, 8, 16, 32, 60, 60]
    recovered = []
    while standing.pace:
        standing = standing.after(Delivered(status=200, duration_ms=5), NOON, 0.5)
        recovered.append(standing.next_attempt_at)
    assert recovered[0] == NOON + timedelta(seconds=30)
    assert recovered[-1] is None


@pytest.mark.parametrize("status", [None, 404, 500, 501])
def test_any_other_failure_does_not_slow_down_what_comes_after_it(status: int | None) -> None:
    assert Standing().after(failed(status), NOON, 0.5).pace == timedelta()


@pytest.mark.parametrize(
    ("since", "given_up"),
    [
        (None, False),
        (NOON - timedelta(days=5) + timedelta(microseconds=1), False),
        (NOON - timedelta(days=5), True),
    ],
)
def test_five_days_without_a_success_are_enough(since: datetime | None, given_up: bool) -> None:
    assert Standing(failing_since=since).is_given_up(NOON) is given_up
