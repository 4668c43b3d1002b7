"""The wall's clock of one process, moved while the process runs."""

import math
import time
from bisect import bisect_right
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from functools import partial
from operator import itemgetter
from pathlib import Path
from types import SimpleNamespace

from capacity_api import clock
from capacity_api.clock_watch import MAX_DIFFERENCE


class MovedClock:
    """It notes by how much it differed from the right time, and since when."""

    def __init__(self, file: Path) -> None:
        self._file = file
        # By the clock of `time.monotonic`, the oldest first.
        self._steps = [(-math.inf, timedelta(0))]
        self._write(timedelta(0))

    @property
    def install(self) -> Callable[[], None]:
        """What gives this clock to the process that calls it."""
        return partial(_install, self._file)

    def set(self, step: timedelta) -> None:
        """Let it differ by so much from the right time."""
        # What it notes is never shorter than what was.
        if step:
            self._steps.append((time.monotonic(), step))
        self._write(step)
        if not step:
            self._steps.append((time.monotonic(), step))

    def lead_since(self, began: float) -> timedelta:
        """By how much it was ahead at most, since that time of `time.monotonic`."""
        return max([timedelta(0), *self._since(began)])

    def lag_since(self, began: float) -> timedelta:
        """By how much the service may have been behind because of it.

        A large step back is noticed, and readers are shown what holds by the right time.
        """
        return max([timedelta(0), *(-step for step in self._since(began) if step >= -MAX_DIFFERENCE)])

    def was_far_behind_since(self, began: float) -> bool:
        """Whether a step back was so large that the service noticed it."""
        return any(step < -MAX_DIFFERENCE for step in self._since(began))

    def _since(self, began: float) -> list[timedelta]:
        standing = bisect_right(self._steps, began, key=itemgetter(0)) - 1
        return [step for _, step in self._steps[standing:]]

    def _write(self, step: timedelta) -> None:
        written = self._file.with_suffix(".new")
        written.write_text(str(step.total_seconds()))
        written.replace(self._file)


def _install(file: Path) -> None:
    """The wall's clock is read in one place (`capacity_api/clock.py`), and nowhere else."""

    def now(zone: tzinfo) -> datetime:
        return datetime.now(zone) + timedelta(seconds=float(file.read_text()))

    moved = SimpleNamespace(now=now, fromisoformat=datetime.fromisoformat)
    clock.datetime = moved  # type: ignore[assignment,attr-defined]  # it stands for the class
