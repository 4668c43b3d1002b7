"""A database that goes back in time under a running service, and what `db restored` then records."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import datetime
from pathlib import Path

import asyncpg
from sqlalchemy import select, update
from sqlalchemy.engine import URL
from tests.outages import end_connections
from tests.serving import PATIENCE_SECONDS
from uuid_utils.compat import uuid7

from capacity_api.db import sequence
from capacity_api.db.engine import CHANGED, Database
from capacity_api.db.tables import EventRow, InstallationRow, ResponderRow, Table
from capacity_api.domain.events import EventType
from capacity_api.domain.intake import Step, withdraw
from capacity_api.operations import changes
from capacity_api.representations.encoding import encode
from capacity_api.representations.event import Event, EventData

# Less than it takes PostgreSQL to find a deadlock, of which it may end either side.
_LOCK_MILLISECONDS = 300


class Backup:
    """The rows of a database at one moment, which replace those of the live one, in one transaction."""

    def __init__(self, url: URL, copy: Path) -> None:
        self._url = url
        # On PostgreSQL its stem is the name of a schema.
        self._copy = copy

    async def restore(self, url: URL | None = None) -> None:
        """Put it back: at `url` where a standby that had the copy too has taken the database's place."""
        url = url or self._url
        if url.get_backend_name() == "sqlite":
            # In a thread: it waits for a writer, which may be of this event loop.
            await asyncio.to_thread(_copy_sqlite, self._copy, Path(str(url.database)))
            return
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    await self._replace_rows(url)
                except (asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError):
                    # Others lock tables in an order of their own.
                    await end_connections(url)
                    continue
                return

    async def _replace_rows(self, url: URL) -> None:
        async with _connection(url) as connection, connection.transaction():
            # The rows come in any order.
            await connection.execute("SET LOCAL session_replication_role = replica")
            await connection.execute(f"SET LOCAL lock_timeout = {_LOCK_MILLISECONDS}")
            # As `pg_restore --clean` does: what another transaction adds now would stay among the old rows.
            for table in sorted(Table.metadata.tables, key=lambda table: table != InstallationRow.__tablename__):
                # A write looks at `installation` first: from then on none begins.
                await connection.execute(f'LOCK TABLE "{table}" IN ACCESS EXCLUSIVE MODE')
            for table in Table.metadata.tables:
                await connection.execute(f'DELETE FROM "{table}"')  # noqa: S608 - our own names
                await connection.execute(f'INSERT INTO "{table}" SELECT * FROM {self._copy.stem}."{table}"')  # noqa: S608


async def back_up(url: URL, folder: Path, name: str = "backup") -> Backup:
    copy = folder / f"{name}.db"
    if url.get_backend_name() == "sqlite":
        await asyncio.to_thread(_copy_sqlite, Path(str(url.database)), copy)
    else:
        # Of one moment, as `pg_dump` has it.
        async with _connection(url) as connection, connection.transaction(isolation="repeatable_read"):
            await connection.execute(f"CREATE SCHEMA {name}")
            for table in Table.metadata.tables:
                await connection.execute(f'CREATE TABLE {name}."{table}" AS TABLE "{table}"')
    return Backup(url, copy)


async def declare_restored(database: Database, now: datetime) -> int:
    """Record a restore as `db restored` does, and return the number of its `directory.restored`."""
    number = int(now.timestamp() * 1000)
    async with database.write(recovering=True) as session:
        row = await sequence.lock(session)
        data = EventData(last=row.n)
        event = Event(id=uuid7(), type=EventType.DIRECTORY_RESTORED, timestamp=now, sequence=number, data=data)
        row.n, row.at = number, now
        session.add(EventRow(id=event.id, sequence=number, type=event.type, at=now, body=encode(event).decode()))
        await session.execute(update(InstallationRow).values(restored_sequence=number))
        session.info[CHANGED] = number
        await session.flush()
        change = await changes.begin(session, now)
        slugs = await session.scalars(select(ResponderRow.slug).where(ResponderRow.delisted_at.is_(None)))
        for slug in slugs.all():
            responder = await change.get_responder(slug)
            before = responder.intake.value
            step = Step(before.state, withdraw(before, now), now, "lapsed", EventType.INTAKE_UNCONFIRMED)
            await change.record(responder, step, before.report)
    return number


def _copy_sqlite(source: Path, target: Path) -> None:
    """Copy online, page by page, as `sqlite3 … ".restore"` does."""
    with (
        closing(sqlite3.connect(source)) as found,
        closing(sqlite3.connect(target, timeout=PATIENCE_SECONDS)) as replaced,
    ):
        found.backup(replaced)


@asynccontextmanager
async def _connection(url: URL) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False))
    try:
        yield connection
    finally:
        await connection.close()
