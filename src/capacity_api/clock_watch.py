"""The clock watch: whether the clock on the wall can be trusted, from values alone.

The wall's clock is in doubt when it differs by more than a minute from what the machine's boot clock makes it, or from
the clock of a PostgreSQL database, and when the newest event lies more than five minutes in its future.
"""

from datetime import datetime, timedelta

import msgspec

from capacity_api.clock import MAX_AHEAD, BootClock, Clock, read_boot_clock, utc_now

MAX_DIFFERENCE = timedelta(seconds=60)
# A key of `session.info` in a write: the clock watch of the process, if it has one.
CLOCK_WATCH = "clock_watch"
_REMEDY = "run `capacity-api doctor --clock`, which says what to do"


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """The wall's clock, and the latest that it may be; `doubt` says in one sentence what is wrong, if anything is.

    `latest` is the wall's clock while there is no doubt. `ahead` is by how much the wall's clock differs from the clock
    that it differs from most; it is negative if the wall's is behind.
    """

    wall: datetime
    latest: datetime
    ahead: timedelta
    doubt: str | None


class _Baseline(msgspec.Struct, frozen=True):
    """What a clock showed when the boot clock showed `boot`."""

    time: datetime
    boot: float

    def expect(self, boot: float) -> datetime:
        """What it must show when the boot clock shows `boot`."""
        return self.time + timedelta(seconds=boot - self.boot)


class ClockWatch:
    """The clocks of one process. `note` tells it what the database says of the time.

    `asks_database`: whether a database that has a clock of its own must agree with `clock`. The clock that a test moves
    agrees with none.
    """

    def __init__(
        self, clock: Clock = utc_now, boot_clock: BootClock = read_boot_clock, *, asks_database: bool = True
    ) -> None:
        self._clock = clock
        self._boot_clock = boot_clock
        self.asks_database = asks_database
        self._baseline = _Baseline(clock(), boot_clock())
        self._database: _Baseline | None = None
        # By how much the database's clock may be ahead of the wall's, since an operator accepted that.
        self._accepted_lead = timedelta(0)
        # The clock that dated the newest event showed at least this when the event was first seen.
        self._newest_event: _Baseline | None = None
        self._accepted_at: datetime | None = None
        self._has_noted = False

    def note(
        self,
        *,
        asked_at: datetime,
        database_time: datetime | None,
        newest_event_at: datetime,
        accepted_at: datetime | None,
    ) -> None:
        """What the database said when it was asked at `asked_at` by the wall's clock.

        A new `accepted_at` means that an operator says that the wall's clock is right as it is now.
        """
        wall, boot = self._clock(), self._boot_clock()
        lead = timedelta(0)
        if database_time is not None:
            lead = _lead(database_time, asked_at, wall)
            self._database = _Baseline(wall + lead, boot)
        if self._newest_event is None or newest_event_at != self._newest_event.time:
            self._newest_event = _Baseline(newest_event_at, boot)
        if self._has_noted and accepted_at != self._accepted_at:
            self._baseline = _Baseline(wall, boot)
            self._accepted_lead = lead
        self._accepted_at = accepted_at
        self._has_noted = True

    def read(self) -> Reading:
        wall, boot = self._clock(), self._boot_clock()
        doubts: list[str] = []
        latest = wall
        expected = self._baseline.expect(boot)
        differences = [wall - expected]
        if abs(wall - expected) > MAX_DIFFERENCE:
            doubts.append(f"somebody set the clock {_ahead(wall - expected)}")
            latest = max(latest, expected)
        by_database = self._expect_from_database(boot)
        if by_database is not None:
            differences.append(wall - by_database)
            if abs(wall - by_database) > MAX_DIFFERENCE:
                doubts.append(f"the clock is {_ahead(wall - by_database)} of the database's")
                latest = max(latest, by_database)
        if self._newest_event is not None and self._newest_event.time - wall > MAX_AHEAD:
            differences.append(wall - self._newest_event.time)
            doubts.append(f"the newest event is dated {self._newest_event.time:%Y-%m-%dT%H:%M:%SZ}, in the future")
            latest = max(latest, self._newest_event.expect(boot))
        doubt = f"{', and '.join(doubts)}; {_REMEDY}" if doubts else None
        return Reading(wall=wall, latest=latest, ahead=max(differences, key=abs), doubt=doubt)

    def steady(self) -> datetime:
        """A time that goes on while somebody sets the wall's clock wrong, and then right again.

        It is the wall's clock, or where that differs too much, what it must show by the database's clock, or without
        one by the boot clock.
        """
        wall, boot = self._clock(), self._boot_clock()
        expected = self._expect_from_database(boot) or self._baseline.expect(boot)
        return expected if abs(wall - expected) > MAX_DIFFERENCE else wall

    @property
    def in_doubt(self) -> bool:
        return self.read().doubt is not None

    def wall(self) -> datetime:
        return self._clock()

    def latest(self) -> datetime:
        """What readers are shown is true at this time: while there is no doubt, that of the wall's clock."""
        return self.read().latest

    def _expect_from_database(self, boot: float) -> datetime | None:
        """What the wall's clock must show by the database's, if that has one."""
        return None if self._database is None else self._database.expect(boot) - self._accepted_lead


def steady_clock(watch: ClockWatch | None, clock: Clock) -> Clock:
    """What to plan by: nobody waits for hours because somebody set `clock` wrong for a moment."""
    return clock if watch is None else watch.steady


def _lead(time: datetime, after: datetime, before: datetime) -> timedelta:
    """By how much another clock is ahead at least, which showed `time` at some moment between the two."""
    if time > before:
        return time - before
    return min(time - after, timedelta(0))


def _ahead(difference: timedelta) -> str:
    seconds = round(difference.total_seconds())
    return f"{seconds} seconds ahead" if seconds > 0 else f"{-seconds} seconds behind"
