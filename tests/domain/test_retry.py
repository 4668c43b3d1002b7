from datetime import UTC, datetime, timedelta

import pytest

from capacity_api.domain.retry import (
    MAX_RETRY_AFTER,
    Delivered,
    GiveUp,
    Outcome,
    Retry,
    give_up_if_overdue,
    next_attempt,
    retry_after,
)

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


FAILED = Retry(reason="http_500", status=500, duration_ms=5, answer="no")


@pytest.mark.parametrize(
    ("attempts", "delay"),
    [
        (1, timedelta(seconds=5)),
        (2, timedelta(seconds=15)),
        (3, timedelta(seconds=30)),
        (4, timedelta(seconds=30)),
        (5, timedelta(minutes=1)),
        (6, timedelta(minutes=2)),
        (7, timedelta(minutes=5)),
        (8, timedelta(minutes=15)),
        (9, timedelta(hours=1)),
        (10, timedelta(hours=3)),
        (11, timedelta(hours=6)),
        (12, timedelta(hours=12)),
        (13, timedelta(hours=24)),
        (1000, timedelta(hours=24)),
    ],
)
def test_the_schedule(attempts: int, delay: timedelta) -> None:
    assert next_attempt(attempts, NOON, 0.5, failing_since=NOON) == NOON + delay
    assert next_attempt(attempts, NOON, 0.0, failing_since=NOON) == NOON + delay * 0.8
    assert NOON + delay * 1.19 < next_attempt(attempts, NOON, 0.999, failing_since=NOON) < NOON + delay * 1.2


@pytest.mark.parametrize(
    ("asked", "delay"),
    [
        (timedelta(), timedelta(seconds=5)),
        (timedelta(seconds=4), timedelta(seconds=5)),
        (timedelta(minutes=2), timedelta(minutes=2)),
        (timedelta(days=30), MAX_RETRY_AFTER),
    ],
)
def test_a_retry_after_only_lengthens_the_wait_and_to_a_day_at_most(asked: timedelta, delay: timedelta) -> None:
    assert next_attempt(1, NOON, 0.5, asked, failing_since=NOON) == NOON + delay


@pytest.mark.parametrize(
    ("hours", "asked", "wait"),
    [
        (95, None, 24),
        (96, None, 24),
        (100, None, 20),
        (119.5, None, 0.5),
        # Never before the time that the endpoint asked for.
        (119.5, timedelta(hours=3), 3),
    ],
)
def test_the_last_attempt_is_120_hours_after_the_first_failure(
    hours: float, asked: timedelta | None, wait: float
) -> None:
    failing_since = NOON - timedelta(hours=hours)
    assert next_attempt(16, NOON, 0.5, asked, failing_since=failing_since) == NOON + timedelta(hours=wait)


@pytest.mark.parametrize(
    ("outcome", "since", "after"),
    [
        (FAILED, timedelta(), FAILED),
        (FAILED, timedelta(hours=120) - timedelta(microseconds=1), FAILED),
        (
            FAILED,
            timedelta(hours=120),
            GiveUp(reason="http_500", status=500, duration_ms=5, answer="no", is_overdue=True),
        ),
        (
            Retry(reason="timeout", duration_ms=15000),
            timedelta(days=9),
            GiveUp(reason="timeout", duration_ms=15000, is_overdue=True),
        ),
        (Delivered(status=204, duration_ms=5), timedelta(days=9), Delivered(status=204, duration_ms=5)),
        (GiveUp(reason="not_allowed", duration_ms=0), timedelta(days=9), GiveUp(reason="not_allowed", duration_ms=0)),
    ],
)
def test_an_event_is_given_up_120_hours_after_its_first_failure(
    outcome: Outcome, since: timedelta, after: Outcome
) -> None:
    assert give_up_if_overdue(outcome, NOON - since, NOON) == after


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("120", timedelta(seconds=120)),
        (" 120 ", timedelta(seconds=120)),
        ("0", timedelta()),
        ("9" * 5000, MAX_RETRY_AFTER),
        ("Sat, 21 Nov 2026 12:02:00 GMT", timedelta(minutes=2)),
        ("Saturday, 21-Nov-26 12:02:00 GMT", timedelta(minutes=2)),
        ("Sat Nov 21 12:02:00 2026", timedelta(minutes=2)),
        ("Sat, 21 Nov 2026 12:02:00 -0000", timedelta(minutes=2)),
        ("Sat, 21 Nov 2026 11:00:00 GMT", timedelta()),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MAX_RETRY_AFTER),
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
