"""A clock that a test moves for several processes: it is ahead by the seconds that a file holds.

As a script it runs an example with that clock: `CLOCK=file python moved_clock.py integration.py`.
"""

import datetime
import os
import runpy
import sys
import time
from pathlib import Path

_time = time.time


class MovedClock:
    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(self.time(), datetime.UTC)

    def time(self) -> float:
        return _time() + float(self._path.read_text())

    def advance(self, by: datetime.timedelta) -> None:
        ahead = float(self._path.read_text()) if self._path.exists() else 0
        # Others read it meanwhile.
        new = self._path.with_suffix(".new")
        new.write_text(str(ahead + by.total_seconds()))
        new.replace(self._path)


def _run_with(clock: MovedClock, script: Path) -> None:
    class Moved(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> "Moved":
            return cls.fromtimestamp(clock.time(), tz)

    time.time = clock.time
    # The script imports it from here.
    datetime.datetime = Moved  # type: ignore[misc]
    sys.path[0] = str(script.parent)
    runpy.run_path(str(script), run_name="__main__")


if __name__ == "__main__":
    _run_with(MovedClock(Path(os.environ["CLOCK"])), Path(sys.argv[1]))
