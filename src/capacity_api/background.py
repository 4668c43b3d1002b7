"""Background tasks: each does one round of work after the other until the service stops."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from capacity_api.errors import DatabaseUnavailable

# One round of a task. True if it found work: there may be more.
Round = Callable[[], Awaitable[bool]]

_logger = logging.getLogger(__name__)
_PAUSE_AFTER_ERROR_SECONDS = 1.0


async def run(name: str, do_round: Round, wake: asyncio.Event, idle_seconds: float) -> None:
    """Do rounds while they find work, then wait for `wake` or for `idle_seconds`; until cancelled.

    `wake` is only a hint: a lost one costs `idle_seconds`. A round that fails is logged and tried again.
    """
    database_is_away = False
    while True:
        wake.clear()
        pause = idle_seconds
        try:
            while await do_round():
                pass
            if database_is_away:
                _logger.info("%s: the database is back", name)
            database_is_away = False
        except DatabaseUnavailable:
            if not database_is_away:
                _logger.warning("%s: the database cannot be reached; trying again", name)
            database_is_away = True
            pause = max(idle_seconds, _PAUSE_AFTER_ERROR_SECONDS)
        except Exception:
            _logger.exception("%s: a round failed; going on", name)
            pause = max(idle_seconds, _PAUSE_AFTER_ERROR_SECONDS)
        with contextlib.suppress(TimeoutError):
            # Not wait_for: on Python 3.11 it can lose a cancellation that arrives together with the wake.
            async with asyncio.timeout(pause):
                await wake.wait()
