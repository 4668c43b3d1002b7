"""How long somebody has to wait who did something too soon again."""

from datetime import datetime, timedelta


def seconds_left(last: datetime | None, now: datetime, every: timedelta) -> int:
    """How long to wait, in whole seconds, for what was done last at `last` and may be done once in `every`."""
    if last is None:
        return 0
    # A clock that was set back makes nobody wait for longer.
    left = min(last + every - now, every)
    return max(-(-left // timedelta(seconds=1)), 0)
