"""The clocks. Everything below the command line is handed a time or a `Clock`, so that tests can move it."""

import functools
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from capacity_api.errors import Invalid

Clock = Callable[[], datetime]
# Seconds since some moment, which nobody can set.
BootClock = Callable[[], float]

# Clocks of several machines differ a little. What is dated further ahead than this was dated by a wrong clock.
MAX_AHEAD = timedelta(minutes=5)
# On Linux.
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def utc_now() -> datetime:
    """The clock of a running service: the one on the wall, which somebody can set."""
    return datetime.now(UTC)


def read_boot_clock() -> float:
    """The seconds since the machine started; on Linux those count in which it slept."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


@functools.cache
def read_boot_id() -> str | None:
    """What names this start of the machine; `None` on a system that does not say. Its containers have the same."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return None


def parse_time(text: str, pointer: str) -> datetime:
    """A time in a query, in RFC 3339. Without an offset it is UTC; a day means its start. Raises `Invalid`."""
    try:
        # A plus sign in a query arrives as a space, unless the client wrote it as %2B.
        time = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid.at(pointer, "must be a time such as 2026-05-20T09:30:00Z, or a day") from None
