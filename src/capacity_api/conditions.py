"""What is wrong now with this process or its database, by code. `/readyz` shows it, and each change is logged once."""

from datetime import datetime
from enum import StrEnum

import msgspec
import structlog

from capacity_api.clock import Clock, utc_now
from capacity_api.errors import OutageCause

log = structlog.get_logger()


class ConditionCode(StrEnum):
    """Programs decide by these; `docs/operate/readiness.md` says what to do about each."""

    DATABASE_UNAVAILABLE = "database_unavailable"
    WRITES_FAILING = "writes_failing"
    DATABASE_REPLACED = "database_replaced"
    DATABASE_DAMAGED = "database_damaged"
    RESTORED = "restored"
    MOVED = "moved"
    SCHEMA_DIFFERS = "schema_differs"
    PUBLICATION_STALE = "publication_stale"
    CLOCK = "clock"
    MARK_UNWRITABLE = "mark_unwritable"
    NOT_DURABLE = "not_durable"
    PERMISSION_MISSING = "permission_missing"
    SECRETS_UNREADABLE = "secrets_unreadable"


# The service works with these, and is ready.
_WARNINGS = frozenset({ConditionCode.NOT_DURABLE, ConditionCode.PERMISSION_MISSING, ConditionCode.SECRETS_UNREADABLE})


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """`detail` is one sentence for the operator: what is wrong, and what to do. `cause` says why, for programs."""

    code: ConditionCode
    since: datetime
    detail: str
    cause: OutageCause | None


class Conditions:
    """One for each process."""

    def __init__(self, clock: Clock = utc_now) -> None:
        self._clock = clock
        self._current: dict[ConditionCode, Condition] = {}

    def set(self, code: ConditionCode, detail: str | None, cause: OutageCause | None = None) -> None:
        """The condition holds, for the reason in `detail`; with `None` it does not hold."""
        before = self._current.get(code)
        if detail is None:
            if before is not None:
                del self._current[code]
                log.info("condition.ended", code=code)
            return
        if before is None or before.cause != cause:
            write = log.warning if code in _WARNINGS else log.error
            write("condition.began", code=code, detail=detail, **({} if cause is None else {"cause": cause}))
        if before is None or before.detail != detail:
            since = self._clock() if before is None else before.since
            self._current[code] = Condition(code=code, since=since, detail=detail, cause=cause)

    def holds(self, code: ConditionCode) -> bool:
        return code in self._current

    @property
    def reasons(self) -> list[Condition]:
        """Why the service is not ready, oldest first; empty when it is."""
        return [condition for code, condition in self._current.items() if code not in _WARNINGS]

    @property
    def warnings(self) -> list[Condition]:
        return [condition for code, condition in self._current.items() if code in _WARNINGS]
