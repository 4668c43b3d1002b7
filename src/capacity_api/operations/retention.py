"""What is deleted once it has been kept for as long as the settings say. docs/operate/size.md has all of it.

Each transaction deletes a few hundred rows, found by an index, so that nobody waits long for it.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.config import Settings
from capacity_api.operations import audit
from capacity_api.operations.mail import retention as mail
from capacity_api.operations.webhooks import deliveries

# Deletes one batch in a transaction. Returns how many rows there were: 0 if nothing is left.
Prune = Callable[[AsyncSession, datetime], Awaitable[int]]


def prunes(settings: Settings) -> tuple[Prune, ...]:
    """What there is to delete, each for a transaction of its own."""
    kept = [_older(deliveries.prune, settings.keep_deliveries), _older(mail.prune, settings.keep_mail)]
    if settings.keep_audit is not None:
        kept.append(_older(audit.prune, settings.keep_audit))
    return (mail.forget_addresses, *kept)


def _older(prune: Prune, age: timedelta) -> Prune:
    return lambda session, now: prune(session, now - age)
