"""The one loop that everything in the background runs in, and the clock."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from capacity_api.errors import DatabaseUnavailable

Clock = Callable[[], datetime]
Step = Callable[[], Awaitable[bool]]

_logger = logging.getLogger(__name__)
_AFTER_A_FAULT_SECONDS = 1.0


def now() -> datetime:
    """The clock of a running service; everything below is handed a time or a clock."""
    return datetime.now(UTC)


async def run(name: str, step: Step, wake: asyncio.Event, idle_seconds: float) -> None:
    """Call `step` for as long as it finds work, then wait to be woken or for `idle_seconds`; until cancelled.

    Being woken is a hint and looking is the truth: a lost wake costs `idle_seconds`. A fault in one step is logged and
    the loop goes on.
    """
    away = False
    while True:
        wake.clear()
        pause = idle_seconds
        try:
            while await step():
                pass
            if away:
                _logger.info("%s: the database is back", name)
            away = False
        except DatabaseUnavailable:
            if not away:
                _logger.warning("%s: the database cannot be reached; trying again", name)
            away = True
            pause = max(idle_seconds, _AFTER_A_FAULT_SECONDS)
        except Exception:
            _logger.exception("%s: a step failed; going on", name)
            pause = max(idle_seconds, _AFTER_A_FAULT_SECONDS)
        with contextlib.suppress(TimeoutError):
            # Not wait_for: on Python 3.11 it can lose a cancellation that meets the wake.
            async with asyncio.timeout(pause):
                await wake.wait()
