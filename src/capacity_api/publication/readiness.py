"""Readiness: whether this process can store a change and show it. It is known, not asked.

A background task proves it by a write of its own, where no real write has just done so. It commits, because a write
that is rolled back would succeed on a full disk. `/readyz` tells the last result and reads no database.
"""

import math
import time

from sqlalchemy import update

from capacity_api.clock import Clock
from capacity_api.conditions import ConditionCode, Conditions
from capacity_api.db import schema
from capacity_api.db.bulkheads import Bulkhead
from capacity_api.db.durability import durability_faults
from capacity_api.db.engine import Database
from capacity_api.db.outages import explain
from capacity_api.db.privileges import missing_grants
from capacity_api.db.tables import InstallationRow
from capacity_api.errors import ConfigurationError, DatabaseUnavailable, OutageCause, Unavailable
from capacity_api.publication.publisher import Publisher

_PROVE_EVERY_SECONDS = 5.0
# A real write that failed counts for so long, even if our own succeeds: it may need what ours does not.
_FAILURE_COUNTS_SECONDS = 30.0
# The last result is too old to be told: the database does not answer at all.
_TOO_OLD_SECONDS = 15.0
# A change is published within a second. So much later it is not on its way any more.
_PUBLISH_WITHIN_SECONDS = 5.0
_ASK_SETTINGS_EVERY_SECONDS = 60.0
_FAILING = "the database can be read, but nothing can be stored in it"
_DAMAGED = "a part of the database is damaged; restore a backup with `capacity-api restore`"
_SILENT = "the database does not answer"
_STALE = "what was stored cannot be shown; readers see older reports, which still lapse on time"


class Readiness:
    """One for each process that serves. `conditions` holds what else is wrong."""

    def __init__(self, database: Database, publisher: Publisher, conditions: Conditions, clock: Clock) -> None:
        self.conditions = conditions
        self._database = database
        self._publisher = publisher
        self._clock = clock
        # On the clock of `time.monotonic`.
        self._checked_at = time.monotonic()
        # A number that is not published yet, and since when: while much is written, there is always a newer one.
        self._awaited: int | None = None
        self._awaited_since = 0.0
        self._settings_asked_at = -math.inf

    @property
    def age_seconds(self) -> float:
        """How old the last result is."""
        return time.monotonic() - self._checked_at

    @property
    def published(self) -> int:
        return self._publisher.sequence

    @property
    def latest(self) -> int | None:
        """The newest number in the database, as this process last saw it."""
        seen = self._database.continuity.seen
        return None if seen is None else max(seen.sequence, self.published)

    def is_ready(self) -> bool:
        """Whether changes are stored and shown now."""
        silent = self.age_seconds > _TOO_OLD_SECONDS
        if silent:
            self.conditions.set(ConditionCode.DATABASE_UNAVAILABLE, _SILENT, OutageCause.NO_ANSWER)
        return not self.conditions.reasons

    async def check(self) -> bool:
        """One round: prove that a change can be stored, unless one just was."""
        self._compare_numbers()
        outcomes = self._database.outcomes
        try:
            if self._database.takes_writes and outcomes.seconds_since_success > _PROVE_EVERY_SECONDS:
                await self._prove()
            await self._ask_settings()
            self.conditions.set(ConditionCode.DATABASE_UNAVAILABLE, None)
            has_failed = outcomes.has_failed_within(_FAILURE_COUNTS_SECONDS)
            if outcomes.found_damage:
                self.conditions.set(ConditionCode.WRITES_FAILING, _DAMAGED, OutageCause.DAMAGED)
            else:
                self._set_writes_failing(outcomes.cause if has_failed else None)
        except DatabaseUnavailable as error:
            await self._find_out_why(error.cause)
        except Unavailable:
            # The watch says why.
            pass
        self._checked_at = time.monotonic()
        return False

    async def _prove(self) -> None:
        async with self._database.write(bulkhead=Bulkhead.PUBLICATION, is_probe=True) as session:
            await session.execute(update(InstallationRow).values(checked_at=self._clock()))

    async def _ask_settings(self) -> None:
        """Whether the database keeps what it acknowledges, has our schema, and lets its role do what it has to."""
        is_due = time.monotonic() - self._settings_asked_at >= _ASK_SETTINGS_EVERY_SECONDS
        if not is_due and not self._database.outcomes.lacked_permission:
            return
        self._database.outcomes.lacked_permission = False
        async with self._database.read(Bulkhead.PUBLICATION) as session:
            faults = await durability_faults(session)
            grants = await missing_grants(session, self._database.settings)
        self.conditions.set(ConditionCode.NOT_DURABLE, " ".join(faults) or None)
        self.conditions.set(ConditionCode.SCHEMA_DIFFERS, await self._schema_fault())
        # Not the grants themselves, which name the role: everybody can read this.
        detail = explain(OutageCause.PERMISSION_MISSING) if grants else None
        self.conditions.set(ConditionCode.PERMISSION_MISSING, detail, OutageCause.PERMISSION_MISSING)
        self._settings_asked_at = time.monotonic()

    async def _schema_fault(self) -> str | None:
        try:
            await schema.check_revision(self._database)
        except ConfigurationError as error:
            return error.detail
        return None

    async def _find_out_why(self, write_cause: OutageCause) -> None:
        try:
            async with self._database.read(Bulkhead.PUBLICATION) as session:
                await session.connection()
        except DatabaseUnavailable as error:
            self.conditions.set(ConditionCode.DATABASE_UNAVAILABLE, explain(error.cause), error.cause)
        else:
            self.conditions.set(ConditionCode.DATABASE_UNAVAILABLE, None)
            self._set_writes_failing(write_cause)

    def _set_writes_failing(self, cause: OutageCause | None) -> None:
        detail = None if cause is None else f"{_FAILING}: {explain(cause)}"
        self.conditions.set(ConditionCode.WRITES_FAILING, detail, cause)

    def _compare_numbers(self) -> None:
        now = time.monotonic()
        newer = self.latest if self.latest is not None and self.published < self.latest else None
        if newer is None or self._awaited is None or self.published >= self._awaited:
            self._awaited, self._awaited_since = newer, now
        is_late = self._awaited is not None and now - self._awaited_since > _PUBLISH_WITHIN_SECONDS
        is_stale = self._publisher.is_stale or is_late
        self.conditions.set(ConditionCode.PUBLICATION_STALE, _STALE if is_stale else None)
