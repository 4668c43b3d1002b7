"""Whether the secret keys are those of the database, and what of it none of them opens.

The database holds the fingerprint of the newest key that it is used with. Tokens and links are only hashes, and without
it a wrong key would not be noticed before each of them is refused.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.clock import Clock
from capacity_api.conditions import ConditionCode, Conditions
from capacity_api.db.bulkheads import Bulkhead
from capacity_api.db.engine import Database
from capacity_api.db.tables import InstallationRow
from capacity_api.domain.keys import Keys
from capacity_api.errors import KeyOpensNothing
from capacity_api.operations import sealed
from capacity_api.operations.webhooks import secrets

LOOK_AT_SECRETS_EVERY_SECONDS = 60.0
# To try the keys on everything takes a second for thousands of webhooks.
_TRY_ALL_EVERY = timedelta(hours=1)
OTHER_KEYS = (
    "the secret key is not the one that this database was used with, so no token, link or webhook of it would work"
)
_REMEDY = "put back the key that sealed them, or see docs/settings.md if it is lost"
# `/readyz` and the log name so many of each.
_MAX_NAMED = 20


class KeyFindings(msgspec.Struct, frozen=True, kw_only=True):
    """The webhooks and people of which no key opens something that is in use, by their ids.

    `are_others`: the keys are not those of the database, by its fingerprint or because they open nothing.
    """

    webhooks: list[UUID]
    people: list[UUID]
    are_others: bool

    def describe(self) -> str | None:
        """One sentence with the ids and the remedy; `None` if there is nothing to tell."""
        if self.are_others:
            return f"{OTHER_KEYS}; {_REMEDY}"
        parts = []
        if self.webhooks:
            parts.append(f"the secrets of these webhooks, so nothing is sent to them: {_names(self.webhooks)}")
        if self.people:
            parts.append(f"the addresses of these people, so nothing is mailed to them: {_names(self.people)}")
        if not parts:
            return None
        return f"no secret key opens {'; nor '.join(parts)}; {_REMEDY}"


async def examine_keys(session: AsyncSession, now: datetime, keys: Keys) -> KeyFindings:
    """Try the keys on everything that lasts."""
    stored = await read_fingerprint(session)
    of_webhooks, of_people = await secrets.examine(session, now, keys), await sealed.examine(session, keys)
    unreadable = [each.webhook_id for each in of_webhooks.unreadable]
    opens_some = of_webhooks.opened or len(of_people.unreadable) < of_people.people
    return KeyFindings(
        webhooks=unreadable,
        people=of_people.unreadable,
        are_others=stored not in keys.fingerprints()
        if stored is not None
        else not opens_some and bool(unreadable or of_people.unreadable),
    )


async def read_fingerprint(session: AsyncSession) -> str | None:
    """The fingerprint of the newest key that the database is used with; `None` until one is."""
    return await session.scalar(select(InstallationRow.key_fingerprint))


async def require_keys(session: AsyncSession, now: datetime, keys: Keys) -> None:
    """Raise `KeyOpensNothing` unless the keys are those of the database. The first ones become that, in a `write`."""
    stored = await read_fingerprint(session)
    if stored in keys.fingerprints():
        return
    if stored is not None or (await examine_keys(session, now, keys)).are_others:
        raise KeyOpensNothing(f"{OTHER_KEYS}; {_REMEDY}")
    await session.execute(
        update(InstallationRow)
        .where(InstallationRow.key_fingerprint.is_(None))
        .values(key_fingerprint=keys.fingerprints()[0])
    )


async def keep_newest(session: AsyncSession, keys: Keys) -> None:
    """From now on the newest of these keys is that of the database. The others need not stay."""
    await session.execute(update(InstallationRow).values(key_fingerprint=keys.fingerprints()[0]))


class KeyCheck:
    """Sets the condition `secrets_unreadable`. One for each process that delivers or serves."""

    def __init__(self, database: Database, keys: Keys, conditions: Conditions, clock: Clock) -> None:
        self._database = database
        self._keys = keys
        self._conditions = conditions
        self._clock = clock
        self._tried_at: datetime | None = None
        self._fingerprint: str | None = None

    async def look(self) -> bool:
        """One round. It tries the keys on everything each hour, and at once where there is reason to."""
        async with self._database.read(Bulkhead.PUBLICATION) as session:
            fingerprint, now = await read_fingerprint(session), self._clock()
            if fingerprint == self._fingerprint and self._is_fresh(now):
                return False
            found = await examine_keys(session, now, self._keys)
        self._tried_at, self._fingerprint = now, fingerprint
        self._conditions.set(ConditionCode.SECRETS_UNREADABLE, found.describe())
        return False

    def _is_fresh(self, now: datetime) -> bool:
        """Whether everything could be opened a short while ago."""
        is_unreadable = self._conditions.holds(ConditionCode.SECRETS_UNREADABLE)
        return self._tried_at is not None and not is_unreadable and abs(now - self._tried_at) < _TRY_ALL_EVERY


def _names(ids: Sequence[UUID]) -> str:
    named = ", ".join(str(each) for each in ids[:_MAX_NAMED])
    more = len(ids) - _MAX_NAMED
    return f"{named} and {more} more" if more > 0 else named
