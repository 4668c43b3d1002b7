"""How often an owner may write: counted for the owner, so that a new token brings no more writes."""

from collections.abc import Set
from datetime import datetime
from enum import Enum, auto
from uuid import UUID

from capacity_api.domain.owner import Owner
from capacity_api.domain.tokens import Scope
from capacity_api.errors import TooManyWrites


class WriteBudget(Enum):
    """Each has the whole limit. A leaked token that only manages webhooks must not use up a pause."""

    INTAKE = auto()
    OTHER = auto()


def budget_of(scopes: Set[Scope]) -> WriteBudget:
    """What a write counts for, by the scopes that its route needs."""
    return WriteBudget.INTAKE if Scope.INTAKE_WRITE in scopes else WriteBudget.OTHER


class WriteLimit:
    """At most `max_writes` writes for each owner, budget and minute in this process. 0 means no limit."""

    def __init__(self, max_writes: int) -> None:
        self._max_writes = max_writes
        self._minute = 0
        # By the id of the owner, which the administrators have not, and the budget.
        self._counts: dict[tuple[UUID | None, WriteBudget], int] = {}

    def count(self, owner: Owner, budget: WriteBudget, now: datetime) -> None:
        """Count one write. Raises `TooManyWrites` with the seconds until the next minute."""
        if not self._max_writes:
            return
        minute, second = divmod(int(now.timestamp()), 60)
        if minute != self._minute:
            self._minute, self._counts = minute, {}
        key = (owner.id, budget)
        self._counts[key] = self._counts.get(key, 0) + 1
        if self._counts[key] > self._max_writes:
            raise TooManyWrites(retry_after=60 - second)
