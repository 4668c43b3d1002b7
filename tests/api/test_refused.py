"""What was refused is in the log once an hour, and a flood of it takes no more memory than is stated."""

import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs
from tests.conftest import NOON

from capacity_api.api import refused
from capacity_api.api.refused import Refused

_REQUEST = UUID(int=0)


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    """The lines of the log, each a dictionary."""
    with capture_logs() as lines:
        yield lines


def _note(some: Refused, number: int, hours: float = 0) -> None:
    now = NOON + timedelta(hours=hours)
    some.note_token(now, "token_expired", UUID(int=number), "partner:tool", _REQUEST)


def test_the_same_again_is_logged_once_an_hour(logged: list[Any]) -> None:
    some = Refused()
    for hours in (0, 0.5, 0.99, 1):
        _note(some, 1, hours)
    assert [line["token_id"] for line in logged] == [UUID(int=1)] * 2


def test_a_flood_of_refused_tokens_takes_no_more_than_five_megabytes(logged: list[Any]) -> None:
    some = Refused()
    tracemalloc.start()
    try:
        for number in range(3 * refused.MOST):
            _note(some, number)
            logged.clear()
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(some) == refused.MOST
    assert used < 5_000_000
    # The newest are remembered, and the oldest forgotten.
    _note(some, 3 * refused.MOST - 1)
    assert logged == []
    _note(some, 0)
    assert [line["token_id"] for line in logged] == [UUID(int=0)]


def test_one_that_was_logged_again_is_not_among_the_oldest(logged: list[Any]) -> None:
    some = Refused()
    for number in range(refused.MOST):
        _note(some, number)
    _note(some, 0, hours=1)
    _note(some, refused.MOST, hours=1)
    logged.clear()
    _note(some, 0, hours=1.5)
    assert logged == []
