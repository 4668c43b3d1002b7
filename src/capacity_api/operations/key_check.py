"""Whether the secret keys open what is sealed in the database, and what none of them opens."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.clock import Clock
from capacity_api.conditions import ConditionCode, Conditions
from capacity_api.db.bulkheads import Bulkhead
from capacity_api.db.engine import Database
from capacity_api.domain.keys import Keys
from capacity_api.operations import sealed
from capacity_api.operations.webhooks import secrets

LOOK_AT_SECRETS_EVERY_SECONDS = 60.0
# `/readyz` and the log name so many of each.
_MAX_NAMED = 20


class KeyFindings(msgspec.Struct, frozen=True, kw_only=True):
    """The webhooks and people of which no key opens something that is in use, by their ids."""

    webhooks: list[UUID]
    people: list[UUID]
    opens_nothing: bool

    def describe(self) -> str | None:
        """One sentence with the ids and the remedy; `None` if there is nothing to tell."""
        parts = []
        if self.webhooks:
            parts.append(f"the secrets of these webhooks, so nothing is sent to them: {_names(self.webhooks)}")
        if self.people:
            parts.append(f"the addresses of these people, so nothing is mailed to them: {_names(self.people)}")
        if not parts:
            return None
        return (
            f"no secret key opens {'; nor '.join(parts)}; put back the key that sealed them, or see "
            "docs/settings.md if it is lost"
        )


async def examine_keys(session: AsyncSession, now: datetime, keys: Keys) -> KeyFindings:
    """Try the keys on everything that lasts."""
    of_webhooks, of_people = await secrets.examine(session, now, keys), await sealed.examine(session, keys)
    unreadable = [each.webhook_id for each in of_webhooks.unreadable]
    opens_some = of_webhooks.opened or len(of_people.unreadable) < of_people.people
    return KeyFindings(
        webhooks=unreadable,
        people=of_people.unreadable,
        opens_nothing=not opens_some and bool(unreadable or of_people.unreadable),
    )


class KeyCheck:
    """Sets the condition `secrets_unreadable`. One for each process that delivers or serves."""

    def __init__(self, database: Database, keys: Keys, conditions: Conditions, clock: Clock) -> None:
        self._database = database
        self._keys = keys
        self._conditions = conditions
        self._clock = clock
        self._has_looked = False

    async def look(self) -> bool:
        """One round. After the first it looks again only while something is unreadable: to look takes long."""
        if self._has_looked and not self._conditions.holds(ConditionCode.SECRETS_UNREADABLE):
            return False
        async with self._database.read(Bulkhead.PUBLICATION) as session:
            found = await examine_keys(session, self._clock(), self._keys)
        self._has_looked = True
        self._conditions.set(ConditionCode.SECRETS_UNREADABLE, found.describe())
        return False


def _names(ids: Sequence[UUID]) -> str:
    named = ", ".join(str(each) for each in ids[:_MAX_NAMED])
    more = len(ids) - _MAX_NAMED
    return f"{named} and {more} more" if more > 0 else named
