"""Whether an SQLite file is whole: read through a connection of its own, which has nothing in its cache."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator

import msgspec
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from capacity_api.db.engine import Database
from capacity_api.db.outages import cause_of
from capacity_api.db.position import Position, compare
from capacity_api.db.sqlite_file import DatabaseFile, url_of
from capacity_api.errors import DatabaseUnavailable, OutageCause

_DAMAGED = frozenset({OutageCause.DAMAGED, OutageCause.NOT_A_DATABASE, OutageCause.DISK_ERROR})
_HAS_INSTALLATION = text("SELECT count(*) FROM sqlite_master WHERE name = 'installation'")
# Public events have no gap since the last restore. An older file under a newer log has one.
_MISSING = text(
    "SELECT sequence.n - coalesce(installation.restored_sequence, 0) - (SELECT count(*) FROM event"
    " WHERE event.sequence > coalesce(installation.restored_sequence, 0)) FROM sequence, installation"
)


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """`damage` says what is wrong; null if nothing is. `cause` is then `NOT_A_DATABASE` or another."""

    damage: str | None = None
    cause: OutageCause = OutageCause.DAMAGED
    went_back: bool = False


async def verify(file: DatabaseFile, seen: Position | None, *, thorough: bool) -> Verification:
    """Look through the whole database, and compare it with an earlier position.

    `thorough` looks into each index too, and takes longer. Raises `DatabaseUnavailable` if that cannot be told now.
    """
    if file.stamp().size == 0:
        return Verification(damage="it has 0 bytes")
    try:
        async with _open_to_read(file) as session:
            found = await session.scalar(text(f"PRAGMA {'integrity_check' if thorough else 'quick_check'}(1)"))
            if found != "ok":
                return Verification(damage=" ".join(str(found).split()))
            if not await session.scalar(_HAS_INSTALLATION):
                return Verification()
            if await session.scalar(_MISSING):
                return Verification(damage="it mixes older and newer content")
            comparison = await compare(session, seen)
            return Verification(went_back=comparison.went_back)
    except DBAPIError as error:
        if not isinstance(error.orig, sqlite3.Error):
            raise
        cause = cause_of(error)
        if cause in _DAMAGED:
            return Verification(damage=str(error.orig), cause=cause)
        raise DatabaseUnavailable(cause=cause) from error


async def reconnect(database: Database) -> None:
    """Have every session read the file itself from now on, and not the pages that a connection kept.

    The last connection to be closed copies the log into the database's file. Nothing is copied here, because one that
    only reads stays open.
    """
    assert database.file is not None
    async with _open_to_read(database.file) as session:
        with contextlib.suppress(DBAPIError):
            # It counts as open when it has read something.
            await session.execute(_HAS_INSTALLATION)
        await database.close()


@contextlib.asynccontextmanager
async def _open_to_read(file: DatabaseFile) -> AsyncIterator[AsyncSession]:
    engine = create_async_engine(url_of(file.path, "ro"), poolclass=NullPool, hide_parameters=True)
    try:
        async with AsyncSession(engine) as session:
            yield session
    finally:
        await engine.dispose()
