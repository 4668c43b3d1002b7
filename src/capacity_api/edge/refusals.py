"""What is refused: counted by reason, and logged as one line when a flood begins and one when it ends.

No address is ever logged.
"""

import asyncio
from collections import Counter
from time import monotonic

import msgspec
import structlog

# So many refusals for one reason within a window are a flood. It ends when a window passes without any.
FLOOD_FROM = 20
WINDOW_SECONDS = 10.0
log = structlog.get_logger()


class _Window(msgspec.Struct):
    began: float
    newest: float
    count: int = 0


class Refusals:
    """The refusals of one process. `counts` never go down."""

    def __init__(self, window_seconds: float = WINDOW_SECONDS) -> None:
        self.counts: Counter[str] = Counter()
        self._window_seconds = window_seconds
        self._windows: dict[str, _Window] = {}

    def note(self, reason: str) -> None:
        """Count one refusal. `reason` is one of a few words of ours, never something that was sent."""
        self.counts[reason] += 1
        now = monotonic()
        window = self._windows.get(reason)
        if window is None or (window.count < FLOOD_FROM and now - window.began > self._window_seconds):
            window = self._windows[reason] = _Window(now, now)
        window.count += 1
        window.newest = now
        if window.count == FLOOD_FROM:
            log.warning("edge.flood_began", reason=reason, count=window.count)
            asyncio.get_running_loop().call_later(self._window_seconds, self._look, reason)

    def _look(self, reason: str) -> None:
        """Note the end of a flood, or look again when it may have ended."""
        window = self._windows[reason]
        quiet = monotonic() - window.newest
        if quiet < self._window_seconds:
            asyncio.get_running_loop().call_later(self._window_seconds - quiet, self._look, reason)
            return
        del self._windows[reason]
        log.info("edge.flood_ended", reason=reason, count=window.count)
