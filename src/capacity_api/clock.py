"""The clocks. Everything below the command line is handed a time or a `Clock`, so that tests can move it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
# Seconds since some moment, which nobody can set.
BootClock = Callable[[], float]

# Clocks of several machines differ a little. What is dated further ahead than this was dated by a wrong clock.
MAX_AHEAD = timedelta(minutes=5)


def utc_now() -> datetime:
    """The clock of a running service: the one on the wall, which somebody can set."""
    return datetime.now(UTC)


def read_boot_clock() -> float:
    """The seconds since the machine started; on Linux those count in which it slept."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()
