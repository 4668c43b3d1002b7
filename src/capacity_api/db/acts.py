"""What a transaction did and who did it, as lines of the log: an act is logged if it was committed, and only then.

`Database.write` opens a session with its actor. An operation notes its acts with `note_act`, and `Database.write` logs
them after the commit.
"""

import logging
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.domain.actor import SERVICE, Actor

log = structlog.get_logger()
_ACTS = "acts"
_ACTOR = "actor"


def set_actor(session: AsyncSession, actor: Actor) -> None:
    session.info[_ACTOR] = actor


def actor_of(session: AsyncSession) -> Actor:
    """Who acts in this transaction."""
    actor: Actor = session.info.get(_ACTOR, SERVICE)
    return actor


def note_act(
    session: AsyncSession, event: str, *, level: int = logging.INFO, actor: Actor | None = None, **fields: Any
) -> None:
    """Note one line. `actor`, if it is left out, is that of the transaction. A field that is `None` is left out."""
    line = {"actor": (actor or actor_of(session)).key, **fields}
    present = {name: value for name, value in line.items() if value is not None}
    session.info.setdefault(_ACTS, []).append((level, event, present))


def log_acts(session: AsyncSession) -> list[str]:
    """Log what a transaction that is now committed did. Returns the name of each line."""
    acts = session.info.pop(_ACTS, ())
    for level, event, fields in acts:
        log.log(level, event, **fields)
    return [event for _, event, _ in acts]
