"""What a transaction did, as lines of the log: an act is logged if it was committed, and only then.

An operation notes its acts with `note_act`, and `Database.write` logs them after the commit.
"""

import logging
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

log = structlog.get_logger()
_ACTS = "acts"
# The actor of what the clock or the worker does.
SERVICE = "service"
_COMMAND_LINE = "command line"


def note_act(session: AsyncSession, event: str, *, level: int = logging.INFO, **fields: Any) -> None:
    """Note one line. `actor`, if it is left out, is the token of the request, or else the command line.

    A field that is `None` is left out.
    """
    actor = structlog.contextvars.get_contextvars().get("actor", _COMMAND_LINE)
    told = {name: value for name, value in {"actor": actor, **fields}.items() if value is not None}
    session.info.setdefault(_ACTS, []).append((level, event, told))


def log_acts(session: AsyncSession) -> None:
    """Log what a transaction that is now committed did."""
    for level, event, fields in session.info.pop(_ACTS, ()):
        log.log(level, event, **fields)
