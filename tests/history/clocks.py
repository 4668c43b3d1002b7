"""The wall's clock of one process, moved while the process runs."""

from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from functools import partial
from pathlib import Path
from types import SimpleNamespace

from capacity_api import clock
from capacity_api.clock_watch import MAX_DIFFERENCE


class MovedClock:
    """`lag` is by how much the service may be behind because of it, `lead` by how much the clock is ahead."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.lag = self.lead = timedelta(0)
        self._write(timedelta(0))

    @property
    def install(self) -> Callable[[], None]:
        """What gives this clock to the process that calls it."""
        return partial(_install, self._file)

    def set(self, step: timedelta) -> None:
        """Let it differ by so much from the right time."""
        if step:
            # A larger step back is noticed, and readers are shown what holds by the right time.
            self.lag = max(timedelta(0), -step) if abs(step) <= MAX_DIFFERENCE else timedelta(0)
            self.lead = max(timedelta(0), step)
        self._write(step)
        if not step:
            self.lag = self.lead = timedelta(0)

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
