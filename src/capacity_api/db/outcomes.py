"""How the writes of this process have gone lately."""

import math
import time

from capacity_api.errors import OutageCause


class Outcomes:
    """Times are on the clock of `time.monotonic`. A probe is a write that only proves that writing works."""

    def __init__(self) -> None:
        self._succeeded = self._really_succeeded = self._failed = -math.inf
        # Why the last write that failed did so.
        self.cause: OutageCause | None = None
        # A part of the database is damaged. What else is written may go well, so nothing ends this.
        self.found_damage = False
        # Until the readiness has looked at the permissions.
        self.lacked_permission = False

    def note_success(self, *, is_probe: bool) -> None:
        self._succeeded = time.monotonic()
        if not is_probe:
            self._really_succeeded = self._succeeded

    def note_failure(self, cause: OutageCause, *, is_probe: bool) -> None:
        """A write could not be stored. What was refused for its content is no failure."""
        self.cause = cause
        self.note_cause(cause)
        if not is_probe:
            self._failed = time.monotonic()
        self._succeeded = -math.inf

    def note_cause(self, cause: OutageCause) -> None:
        """A read or a write failed for this cause."""
        self.found_damage = self.found_damage or cause in {OutageCause.DAMAGED, OutageCause.NOT_A_DATABASE}
        self.lacked_permission = self.lacked_permission or cause is OutageCause.PERMISSION_MISSING

    @property
    def seconds_since_success(self) -> float:
        """Since the last success, a probe's too; infinite where a failure followed it."""
        return time.monotonic() - self._succeeded

    def has_failed_within(self, seconds: float) -> bool:
        """Whether a write that was no probe failed so lately, and none has succeeded since."""
        return self._failed > self._really_succeeded and time.monotonic() - self._failed < seconds
