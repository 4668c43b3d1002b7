"""Background tasks: each does one round of work after the other until the service stops."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

from capacity_api.errors import DatabaseUnavailable, OutageCause, Unavailable

# One round of a task. True if it found work: there may be more.
Round = Callable[[], Awaitable[bool]]

log = structlog.get_logger()
_PAUSE_AFTER_ERROR_SECONDS = 1.0


async def run(name: str, do_round: Round, wake: asyncio.Event, idle_seconds: float) -> None:
    """Do rounds while they find work, then wait for `wake` or for `idle_seconds`; until cancelled.

    `wake` is only a hint: a lost one costs `idle_seconds`. A round that fails is logged and tried again.
    """
    database_is_away = False
    # Each is logged once in an outage: they can alternate.
    causes: set[OutageCause] = set()
    while True:
        wake.clear()
        pause = idle_seconds
        try:
            while await do_round():
                pass
            if database_is_away:
                log.info("database.back", task=name)
            database_is_away = False
            causes.clear()
        except Unavailable as error:
            why = {"cause": error.cause} if isinstance(error, DatabaseUnavailable) else {}
            if not database_is_away or (why and causes.isdisjoint(why.values())):
                log.warning("database.unavailable", task=name, code=error.code, **why)
            causes.update(why.values())
            database_is_away = True
            pause = max(idle_seconds, _PAUSE_AFTER_ERROR_SECONDS)
        except Exception:
            log.exception("task.failed", task=name)
            pause = max(idle_seconds, _PAUSE_AFTER_ERROR_SECONDS)
        with contextlib.suppress(TimeoutError):
            # Not wait_for: on Python 3.11 it can lose a cancellation that arrives together with the wake.
            async with asyncio.timeout(pause):
                await wake.wait()
