"""Move every row from one database to another, from SQLite to PostgreSQL or back.

1. `close_source` makes the source take no more writes, for good.
2. `copy_rows` streams each table into the empty target, reads all of it again and compares, in one transaction. Its
   commit is the move: before it the target is empty, after it the target is whole.
3. If it fails before that, `reopen_source` lets the source take writes again.

Killed between the two, the source still refuses: better nobody writes than somebody to the one that is no longer read.
"""

import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, delete, exists, func, insert, inspect, select, text, update
from sqlalchemy import Table as SchemaTable
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db import schema
from capacity_api.db.engine import Database
from capacity_api.db.outages import translate_outage
from capacity_api.db.sqlite_file import hold_copy_lock
from capacity_api.db.tables import CoverageRow, InstallationRow, RollupRow, SequenceRow, Table
from capacity_api.errors import ConfigurationError, DatabaseMoved

# Called with what is done ("copied", "compared"), the name of a table, and the number of its rows so far.
Progress = Callable[[str, str, int], None]
_BATCH = 1000
_DIGEST_BYTES = 16
# Referred-to tables come before those that refer to them.
TABLES: Sequence[SchemaTable] = Table.metadata.sorted_tables
# The migrations put one row into each of these.
_FILLED = [Table.metadata.tables[row.__tablename__] for row in (SequenceRow, InstallationRow, CoverageRow, RollupRow)]
_INSTALLATION = Table.metadata.tables[InstallationRow.__tablename__]
# Any number that no other program locks in this database: "cap copy" in ASCII.
_ADVISORY_LOCK = int.from_bytes(b"cap copy")
_NOT_EMPTY = "it is not empty; nothing was copied"


class Contents(msgspec.Struct, frozen=True):
    """What a table holds, whatever the order of its rows: how many, and the sum of their digests."""

    rows: int
    digest: int


class Closing(msgspec.Struct, frozen=True):
    """Since when the source takes no writes, and whether an earlier copy had closed it."""

    at: datetime
    is_earlier: bool


@asynccontextmanager
async def hold(database: Database) -> AsyncIterator[None]:
    """Be the only one to copy from or to a database. Raises `ConfigurationError` if somebody else does.

    So it is also refused where the source and the target are one PostgreSQL database by two URLs.
    """
    if database.file is not None:
        with hold_copy_lock(database.file.path):
            yield
        return
    if database.settings.pooler == "transaction":
        raise ConfigurationError(
            "a pooler in transaction mode would keep its lock: give the database's own address for this command"
        )
    with translate_outage():
        # Not a transaction: a server may end one that is idle.
        connection = await database.engine.connect()
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        is_held = await connection.scalar(select(func.pg_try_advisory_lock(_ADVISORY_LOCK)))
    try:
        if not is_held:
            raise ConfigurationError(
                "the source and the target are the same database, or another process copies one of them"
            )
        yield
    finally:
        # The lock ends with the connection. If that is lost, nothing is left to do.
        with suppress(Exception):
            await connection.invalidate()
            await connection.close()


async def check_source(source: Database) -> datetime | None:
    """When an earlier copy closed it. Raises `ConfigurationError` or `DatabaseRestored` if it cannot be moved."""
    await schema.check(source)
    async with source.read() as session:
        return await _read_closing(source, session)


async def prepare_target(target: Database) -> None:
    """Give an empty database the schema. Raises `ConfigurationError`, and changes nothing, if it is not empty."""
    if await schema.read_revision(target) is not None:
        await schema.check(target)
        async with target.read() as session:
            await require_empty(session)
        return
    async with target.read() as session:
        connection = await session.connection()
        present = await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))
    ours = sorted(present & {table.name for table in TABLES})
    if ours:
        raise ConfigurationError(f"it has no revision, and tables of the same names ({', '.join(ours)})")
    await schema.upgrade(target)


async def require_empty(session: AsyncSession) -> None:
    """Raise `ConfigurationError` if anything was ever stored in a database."""
    for table in TABLES:
        if table not in _FILLED and await session.scalar(select(exists().select_from(table))):
            raise ConfigurationError(_NOT_EMPTY)
    if await session.scalar(select(SequenceRow.n)):
        raise ConfigurationError(_NOT_EMPTY)


async def close_source(source: Database, session: AsyncSession, now: datetime) -> Closing:
    """Make a database refuse every write from the end of the transaction on. Writes that have begun end first."""
    # Each write reads this table as it begins, and holds a lock on it to its end.
    await _lock_installation(source, session)
    earlier = await _read_closing(source, session)
    if earlier is not None:
        return Closing(earlier, is_earlier=True)
    await session.execute(update(InstallationRow).values(moved_at=now))
    return Closing(now, is_earlier=False)


async def reopen_source(session: AsyncSession, closing: Closing) -> None:
    """Nothing was moved: the database takes writes again."""
    await session.execute(update(InstallationRow).where(InstallationRow.moved_at == closing.at).values(moved_at=None))


async def require_closed(source: Database, closing: Closing) -> None:
    """Raise `ConfigurationError` if somebody has taken the source back into use since."""
    async with source.read() as session:
        if await session.scalar(select(InstallationRow.moved_at)) != closing.at:
            raise ConfigurationError("somebody took the source back into use meanwhile")


async def copy_rows(
    read: AsyncSession, write: AsyncSession, target: Database, progress: Progress
) -> dict[str, Contents]:
    """Copy every row, and return what each table holds. Raises `ConfigurationError` if the two then differ."""
    await _lock_installation(target, write)
    await require_empty(write)
    for table in _FILLED:
        await write.execute(delete(table))
    copied = {table.name: await _copy_table(read, write, table, progress) for table in TABLES}
    for table in TABLES:
        if await _contents(write, table, progress) != copied[table.name]:
            raise ConfigurationError(f"the table {table.name} was not copied as it is")
    # The target has no mark yet. It has not been moved itself.
    await write.execute(update(InstallationRow).values(moved_at=None, marked=False))
    return copied


async def holds_nothing(target: Database) -> bool:
    """Whether nothing was moved to a PostgreSQL database, once a commit that may still be going on has ended."""
    async with target.read() as session:
        await _lock_installation(target, session)
        try:
            await require_empty(session)
        except ConfigurationError:
            return False
        return True


async def _read_closing(source: Database, session: AsyncSession) -> datetime | None:
    try:
        await source.continuity.require(session)
    except DatabaseMoved:
        return await session.scalar(select(InstallationRow.moved_at))
    return None


async def _lock_installation(database: Database, session: AsyncSession) -> None:
    """Wait until every other transaction that has used the database has ended. SQLite's write lock does the same."""
    if not database.settings.is_sqlite:
        await session.execute(text("LOCK TABLE installation IN ACCESS EXCLUSIVE MODE"))


async def _copy_table(read: AsyncSession, write: AsyncSession, table: SchemaTable, progress: Progress) -> Contents:
    rows = digest = 0
    async for batch in _batches(read, table):
        await write.execute(insert(table), [dict(row._mapping) for row in batch])
        rows += len(batch)
        digest = _add(digest, batch)
        progress("copied", table.name, rows)
    return Contents(rows, digest)


async def _contents(session: AsyncSession, table: SchemaTable, progress: Progress) -> Contents:
    rows = digest = 0
    async for batch in _batches(session, table):
        rows += len(batch)
        digest = _add(digest, batch)
        progress("compared", table.name, rows)
    return Contents(rows, digest)


async def _batches(session: AsyncSession, table: SchemaTable) -> AsyncIterator[Sequence[Row[Any]]]:
    """The rows of a table, without holding all of them in memory."""
    result = await session.stream(select(table).execution_options(yield_per=_BATCH))
    async for batch in result.partitions(_BATCH):
        yield batch


def _add(digest: int, rows: Sequence[Row[Any]]) -> int:
    """A sum does not depend on the order, which the two databases see differently."""
    for row in rows:
        encoded = msgspec.json.encode(tuple(row), order="deterministic")
        digest += int.from_bytes(hashlib.blake2b(encoded, digest_size=_DIGEST_BYTES).digest())
    return digest % (1 << (8 * _DIGEST_BYTES))
