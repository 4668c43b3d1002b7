"""How the writes of this process have gone lately."""

import math
import time


class Outcomes:
    """Times are on the clock of `time.monotonic`. A probe is a write that only proves that writing works."""

    def __init__(self) -> None:
        self._succeeded = self._really_succeeded = self._failed = -math.inf
        # A part of the database is damaged. What else is written may go well, so nothing ends this.
        self.found_damage = False

    def note_success(self, *, is_probe: bool) -> None:
        self._succeeded = time.monotonic()
        if not is_probe:
            self._really_succeeded = self._succeeded

    def note_failure(self, *, is_damage: bool, is_probe: bool) -> None:
        """A write could not be stored. What was refused for its content is no failure."""
        self.found_damage = self.found_damage or is_damage
        if not is_probe:
            self._failed = time.monotonic()
        self._succeeded = -math.inf

    @property
    def seconds_since_success(self) -> float:
        """Since the last success, a probe's too; infinite where a failure followed it."""
        return time.monotonic() - self._succeeded

    def has_failed_within(self, seconds: float) -> bool:
        """Whether a write that was no probe failed so lately, and none has succeeded since."""
        return self._failed > self._really_succeeded and time.monotonic() - self._failed < seconds
