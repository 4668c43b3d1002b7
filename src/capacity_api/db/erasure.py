"""Take what a redaction removed out of the files of an SQLite database.

SQLite leaves deleted text in free places of its pages, and earlier versions of pages in its log. `secure_delete`
overwrites deleted text, but not the copies that it made when a page was split. So:

1. `VACUUM` writes the database anew, from its rows.
2. A checkpoint takes the log into the database's file and empties it. A reader of an older state, such as Litestream,
   may hold it up: then it is tried again.

PostgreSQL keeps dead rows until its own VACUUM: docs/operate/redaction.md.
"""

import asyncio
import contextlib
import sqlite3
from pathlib import Path

import structlog
from sqlalchemy import select, update

from capacity_api.db.bulkheads import Bulkhead
from capacity_api.db.engine import Database
from capacity_api.db.sqlite_file import uri_of
from capacity_api.db.tables import InstallationRow

log = structlog.get_logger()
ERASE_EVERY_SECONDS = 1.0
# Every other writer may wait as long for its turn.
_BUSY_SECONDS = 5.0


class Eraser:
    """Erases the remains of redactions, by any process. One for each process that writes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # The number of the newest redaction for which this has written the database anew, and for which it has warned.
        self._rewritten = 0
        self._warned = 0

    async def erase_some(self) -> bool:
        """One round of a background task."""
        await self.erase()
        return False

    async def erase(self) -> bool:
        """Whether nothing of any redaction is left in the files, after one try to erase it."""
        file = self._database.file
        if file is None:
            return True
        async with self._database.read(Bulkhead.PUBLICATION) as session:
            number = await session.scalar(select(InstallationRow.remains_sequence))
        if number is None:
            return True
        failure = await asyncio.to_thread(_erase, file.path, is_to_rewrite=self._rewritten < number)
        if failure is None or failure == _HELD_UP:
            self._rewritten = number
        if failure is not None:
            if self._warned < number:
                log.warning("redaction.remains", sequence=number, reason=failure)
                self._warned = number
            return False
        async with self._database.write(bulkhead=Bulkhead.PUBLICATION) as session:
            # Not what another redaction has added meanwhile.
            await session.execute(
                update(InstallationRow)
                .where(InstallationRow.remains_sequence == number)
                .values(remains_sequence=None)
                .execution_options(synchronize_session=False)
            )
        log.info("redaction.erased", sequence=number)
        return True


_HELD_UP = "a reader holds the write-ahead log"


def _erase(path: Path, *, is_to_rewrite: bool) -> str | None:
    """Erase what was deleted. Returns why that failed."""
    try:
        with contextlib.closing(
            sqlite3.connect(uri_of(path, "rw"), uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
        ) as connection:
            if is_to_rewrite:
                connection.execute("VACUUM")
            # Wait for no reader: it would keep the writers waiting too.
            connection.execute("PRAGMA busy_timeout = 100")
            (is_busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError as error:
        return str(error)
    return _HELD_UP if is_busy else None
