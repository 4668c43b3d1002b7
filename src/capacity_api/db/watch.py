"""The watch: whether the database under a process is still the one it was, and whole; and the keeper of the mark."""

import asyncio
import contextlib
import time

import structlog
from sqlalchemy import update

from capacity_api import background
from capacity_api.conditions import ConditionCode, Conditions
from capacity_api.db.bulkheads import Bulkhead
from capacity_api.db.engine import Database
from capacity_api.db.mark import mark_path, write_mark
from capacity_api.db.position import Position
from capacity_api.db.sqlite_file import Stamp
from capacity_api.db.tables import InstallationRow
from capacity_api.db.verification import reconnect, verify
from capacity_api.errors import (
    CapacityError,
    DatabaseMoved,
    DatabaseRestored,
    DatabaseUnavailable,
    OutageCause,
    Unavailable,
)

log = structlog.get_logger()
_LOOK_EVERY_SECONDS = 0.5
_MARK_EVERY_SECONDS = 1.0
# To look through a large file takes long. This share of the time goes into it at most.
_VERIFYING_SHARE = 0.1

_REPLACED = "{what} while this process used it; put it back, or stop every process and run `capacity-api restore`"
_DAMAGED = "the database is damaged: {what}; stop every process and run `capacity-api restore` with a backup"
_RESTORED = "the database went back in time; run `capacity-api db restored` to use it as it is"
_MOVED = "everything in this database was moved to another one; use that one"
_UNWRITABLE = "the mark {path} cannot be written, so a database that goes back in time may go unnoticed: {why}"


class Watch:
    """Looks at the database every half second, sets conditions and closes it for writing. One for each process.

    `keeps_mark`: also write the mark, after commits. A process that only reads does not.
    """

    def __init__(self, database: Database, conditions: Conditions, *, keeps_mark: bool = True) -> None:
        self._database = database
        self._conditions = conditions
        self._mark = mark_path(database.settings) if keeps_mark and database.settings.is_sqlite else None
        self._marked: Position | None = None
        self._mark_due = 0.0
        self._wake = asyncio.Event()
        self._verification: asyncio.Task[None] | None = None
        self._verified: Stamp | None = None
        self._verification_due = 0.0
        self._log_size = 0

    def notify(self) -> None:
        """Write the mark soon, because something was committed."""
        if time.monotonic() >= self._mark_due:
            self._wake.set()

    async def run(self) -> None:
        """Look until cancelled. At the end it writes the mark, for what was committed in the last second."""
        try:
            await background.run("watch", self.look, self._wake, _LOOK_EVERY_SECONDS)
        finally:
            if self._verification is not None:
                self._verification.cancel()
                await asyncio.gather(self._verification, return_exceptions=True)
            if self._mark is not None:
                self._mark_due = 0.0
                await self.look()

    async def look(self) -> bool:
        """One round. It never finds more to do at once."""
        self._look_at_file()
        self._refuse_writes()
        with contextlib.suppress(DatabaseUnavailable):
            continuity = self._database.continuity
            async with self._database.read(Bulkhead.PUBLICATION) as session:
                await continuity.look(session)
            self._conditions.set(ConditionCode.RESTORED, _RESTORED if continuity.went_back else None)
            self._conditions.set(ConditionCode.MOVED, _MOVED if continuity.has_moved else None)
            self._refuse_writes()
            if not continuity.went_back and time.monotonic() >= self._mark_due:
                await self.write_mark()
        return False

    async def write_mark(self) -> None:
        """Write the mark if the database has come further, and note in the database that it has one."""
        continuity = self._database.continuity
        if self._mark is None or self._file_is_in_doubt or continuity.seen is None:
            return
        if continuity.seen != self._marked or not self._mark.exists():
            self._mark_due = time.monotonic() + _MARK_EVERY_SECONDS
            position = continuity.seen
            try:
                await asyncio.to_thread(write_mark, self._mark, position)
            except OSError as error:
                detail = _UNWRITABLE.format(path=self._mark, why=error.strerror)
                self._conditions.set(ConditionCode.MARK_UNWRITABLE, detail)
                return
            self._marked = position
            self._conditions.set(ConditionCode.MARK_UNWRITABLE, None)
        if not continuity.is_marked:
            # Only now: a database that had a mark once, and has none, is taken for a copy.
            with contextlib.suppress(Unavailable):
                async with self._database.write(bulkhead=Bulkhead.PUBLICATION) as session:
                    await session.execute(update(InstallationRow).values(marked=True))

    @property
    def _file_is_in_doubt(self) -> bool:
        return any(map(self._conditions.holds, (ConditionCode.DATABASE_REPLACED, ConditionCode.DATABASE_DAMAGED)))

    def _refuse_writes(self) -> None:
        refusal: CapacityError | None = None
        if self._conditions.holds(ConditionCode.DATABASE_DAMAGED):
            refusal = DatabaseUnavailable(cause=OutageCause.DAMAGED)
        elif self._file_is_in_doubt:
            refusal = DatabaseUnavailable(cause=OutageCause.FILE_REPLACED)
        elif self._conditions.holds(ConditionCode.RESTORED):
            refusal = DatabaseRestored()
        elif self._conditions.holds(ConditionCode.MOVED):
            refusal = DatabaseMoved()
        self._database.refuse_writes(refusal)

    def _look_at_file(self) -> None:
        file = self._database.file
        if file is None:
            return
        what = file.find_replacement()
        self._conditions.set(ConditionCode.DATABASE_REPLACED, None if what is None else _REPLACED.format(what=what))
        if what is not None or self._verification is not None:
            return
        with contextlib.suppress(DatabaseUnavailable):
            stamp, log_size = file.stamp(), file.log_size()
            if self._verified is None:
                # It was looked through at the start.
                self._verified = stamp
            # By itself, SQLite cuts off neither of them.
            has_shrunk = stamp.size < self._verified.size or log_size < self._log_size
            has_changed = stamp != self._verified or has_shrunk
            if has_shrunk or (has_changed and time.monotonic() >= self._verification_due):
                self._verification = asyncio.create_task(self._verify(stamp))
            self._log_size = log_size

    async def _verify(self, stamp: Stamp) -> None:
        """Look through the file, which somebody changed: a checkpoint, or a program that is not ours."""
        assert self._database.file is not None
        began = time.monotonic()
        try:
            found = await verify(self._database.file, self._database.continuity.seen, thorough=True)
            was_damaged = self._conditions.holds(ConditionCode.DATABASE_DAMAGED)
            if found.went_back or (was_damaged and found.damage is None):
                await reconnect(self._database)
        except DatabaseUnavailable:
            return
        except Exception:
            log.exception("task.failed", task="verification")
            return
        finally:
            ended = time.monotonic()
            self._verification_due = ended + (ended - began) * (1 / _VERIFYING_SHARE - 1)
            self._verification = None
        self._verified = stamp
        damage = None if found.damage is None else _DAMAGED.format(what=found.damage)
        self._conditions.set(ConditionCode.DATABASE_DAMAGED, damage)
        if found.went_back:
            self._conditions.set(ConditionCode.RESTORED, _RESTORED)
        self._refuse_writes()
