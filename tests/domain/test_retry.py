from datetime import UTC, datetime, timedelta

import pytest

from capacity_api.domain.retry import (
    MAX_RETRY_AFTER,
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
        (timedelta(days=30), MAX_RETRY_AFTER),
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
