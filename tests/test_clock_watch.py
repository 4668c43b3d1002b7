"""When the wall's clock is in doubt, decided from values alone."""

from datetime import datetime, timedelta

import pytest
from tests.conftest import NOON, Clock

from capacity_api.clock_watch import ClockWatch

LONG_AGO = NOON - timedelta(days=400)
HOUR = timedelta(hours=1)


class Clocks:
    """The wall's clock, the boot clock and that of a database, which go on together until somebody sets one."""

    def __init__(self) -> None:
        self.wall = Clock(NOON)
        self.boot = 1000.0
        self.database = NOON
        self.watch = ClockWatch(self.wall, lambda: self.boot)

    def pass_(self, time: timedelta) -> None:
        self.wall.advance(time)
        self.boot += time.total_seconds()
        self.database += time

    def note(
        self,
        *,
        newest_event_at: datetime = LONG_AGO,
        accepted_at: datetime | None = None,
        asks_database: bool = True,
        slow: timedelta = timedelta(0),
    ) -> None:
        asked_at = self.wall()
        database_time = self.database
        self.pass_(slow)
        self.watch.note(
            asked_at=asked_at,
            database_time=database_time if asks_database else None,
            newest_event_at=newest_event_at,
            accepted_at=accepted_at,
        )


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


def test_clocks_that_go_on_together_are_not_in_doubt(clocks: Clocks) -> None:
    clocks.note()
    clocks.pass_(timedelta(days=300))
    clocks.note()

    assert clocks.watch.read().doubt is None
    assert clocks.watch.latest() == clocks.wall()


def test_an_old_newest_event_says_nothing(clocks: Clocks) -> None:
    clocks.note(newest_event_at=LONG_AGO)

    assert clocks.watch.read().doubt is None


@pytest.mark.parametrize(
    ("seconds", "in_doubt"), [(60, False), (-60, False), (61, True), (-61, True), (400 * 86_400, True)]
)
def test_a_step_of_more_than_a_minute_is_a_doubt(clocks: Clocks, seconds: int, in_doubt: bool) -> None:
    clocks.note(asks_database=False)
    clocks.wall.advance(timedelta(seconds=seconds))

    assert clocks.watch.in_doubt is in_doubt


def test_sleep_is_no_step_because_the_boot_clock_counts_it(clocks: Clocks) -> None:
    clocks.pass_(timedelta(hours=12))

    assert clocks.watch.read().doubt is None


@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_the_later_clock_is_what_readers_are_shown(clocks: Clocks, step: timedelta) -> None:
    clocks.wall.advance(step)
    clocks.pass_(timedelta(minutes=3))

    reading = clocks.watch.read()
    assert reading.wall == NOON + step + timedelta(minutes=3)
    assert reading.latest == NOON + max(step, timedelta(0)) + timedelta(minutes=3)
    assert reading.doubt is not None
    assert "capacity-api doctor --clock" in reading.doubt


def test_it_ends_when_the_clocks_agree(clocks: Clocks) -> None:
    clocks.note()
    clocks.wall.advance(HOUR)
    assert clocks.watch.in_doubt

    clocks.wall.advance(-HOUR)
    assert clocks.watch.read().doubt is None


def test_it_ends_at_a_restart(clocks: Clocks) -> None:
    clocks.wall.advance(HOUR)
    assert clocks.watch.in_doubt

    clocks.watch = ClockWatch(clocks.wall, lambda: clocks.boot)
    assert clocks.watch.read().doubt is None


def test_it_ends_when_an_operator_accepts_the_clock_as_it_is(clocks: Clocks) -> None:
    clocks.note()
    clocks.wall.advance(-HOUR)
    clocks.note()
    assert clocks.watch.in_doubt

    clocks.note(accepted_at=clocks.wall())

    assert clocks.watch.read().doubt is None
    clocks.wall.advance(HOUR)
    assert clocks.watch.in_doubt, "the clock that was accepted is what it is compared with"


def test_what_was_accepted_before_the_start_accepts_nothing_now(clocks: Clocks) -> None:
    clocks.wall.advance(HOUR)
    clocks.note(accepted_at=LONG_AGO)

    assert clocks.watch.in_doubt


@pytest.mark.parametrize(("seconds", "in_doubt"), [(59, False), (-59, False), (62, True), (-62, True)])
def test_the_clock_of_the_database_must_agree(clocks: Clocks, seconds: int, in_doubt: bool) -> None:
    clocks.database += timedelta(seconds=seconds)
    clocks.note()

    assert clocks.watch.in_doubt is in_doubt
    assert clocks.watch.latest() == NOON + (timedelta(seconds=max(seconds, 0)) if in_doubt else timedelta(0))


def test_the_clock_of_the_database_is_followed_while_it_is_away(clocks: Clocks) -> None:
    clocks.database += HOUR
    clocks.note()
    clocks.pass_(timedelta(minutes=30))

    assert clocks.watch.latest() == NOON + HOUR + timedelta(minutes=30)


def test_a_slow_answer_of_the_database_is_no_difference(clocks: Clocks) -> None:
    clocks.note(slow=timedelta(minutes=2))

    assert clocks.watch.read().doubt is None


@pytest.mark.parametrize(("ahead", "in_doubt"), [(300, False), (301, True)])
def test_a_newest_event_more_than_five_minutes_ahead_is_a_doubt(clocks: Clocks, ahead: int, in_doubt: bool) -> None:
    clocks.note(newest_event_at=NOON + timedelta(seconds=ahead))

    assert clocks.watch.in_doubt is in_doubt


def test_an_event_in_the_future_is_waited_for_and_not_accepted(clocks: Clocks) -> None:
    clocks.note(newest_event_at=NOON + HOUR)
    clocks.note(newest_event_at=NOON + HOUR, accepted_at=NOON)
    assert clocks.watch.in_doubt

    clocks.pass_(timedelta(minutes=55))
    assert clocks.watch.read().doubt is None


@pytest.mark.parametrize("asks_database", [True, False])
@pytest.mark.parametrize("step", [2 * HOUR, -2 * HOUR])
def test_what_is_planned_by_the_steady_clock_comes_when_it_should(
    clocks: Clocks, step: timedelta, asks_database: bool
) -> None:
    clocks.note(asks_database=asks_database)
    clocks.wall.advance(step)
    assert clocks.watch.steady() == NOON
    clocks.pass_(timedelta(minutes=1))
    clocks.note(asks_database=asks_database)
    assert clocks.watch.steady() == NOON + timedelta(minutes=1)
    clocks.wall.advance(-step)
    assert clocks.watch.steady() == clocks.wall() == NOON + timedelta(minutes=1)


def test_the_steady_clock_is_the_walls_where_an_operator_accepts_that(clocks: Clocks) -> None:
    clocks.note()
    clocks.wall.advance(2 * HOUR)
    clocks.note(accepted_at=NOON)
    assert clocks.watch.steady() == clocks.wall()
