"""Put a backup in the place of the database, and declare the restore before anybody can use it.

On SQLite everything is prepared in a file beside the database, which then replaces it by one renaming: whatever
interrupts this, there is the old database or the whole new one.

On PostgreSQL the tables of before are moved into the schema `before_restore`, and the dump is loaded without the row
that says which version its schema has. That row is added in the transaction that declares the restore. Until then no
process starts on the database, and the restore can be run again.
"""

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import msgspec
from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.config import Settings
from capacity_api.db import postgresql_tools, schema
from capacity_api.db.acts import log_acts
from capacity_api.db.backup import KEPT_SCHEMA
from capacity_api.db.engine import Database
from capacity_api.db.manifest import Manifest, checksum, read_manifest, sync
from capacity_api.db.mark import mark_path, read_mark, write_mark
from capacity_api.db.migrations import OLDEST_TABLE, REVISION_TABLE
from capacity_api.db.outages import translate_outage
from capacity_api.db.position import read_position
from capacity_api.db.sqlite_file import companion, copy_owner, database_path, hold_lock
from capacity_api.db.tables import Table
from capacity_api.errors import ConfigurationError

T = TypeVar("T")
# Declares the restore, in this session, above this number: the highest that is known to have been given out.
Declare = Callable[[AsyncSession, int], Awaitable[T]]
_IN_USE = "the database is in use; stop every process that is connected to it and run the restore again"
_BESIDE = ("-wal", "-shm", "-journal")


async def restore(settings: Settings, file: Path, declare: Declare[T]) -> T:
    """Replace the database of the settings by the backup `file`. Raises `ConfigurationError`; then nothing has changed,
    or on PostgreSQL the database is known as not yet restored.

    A backup of an older schema is upgraded.
    """
    manifest = await asyncio.to_thread(read_manifest, file)
    kind = "sqlite" if settings.is_sqlite else "postgresql"
    if manifest.database != kind:
        raise ConfigurationError(f"{file} is a backup of {manifest.database}, and the database is {kind}")
    schema.require_known(manifest.revision)
    try:
        if settings.is_sqlite:
            path = database_path(settings)
            with hold_lock(path):
                return await _restore_sqlite(settings, path, file, manifest, declare)
        return await _restore_postgresql(settings, file, manifest, declare)
    except OSError as error:
        raise ConfigurationError(f"the restore failed: {error.strerror or error}") from None


async def remember_mark(database: Database) -> None:
    """Write the mark as the database now is, after a restore was declared. Does nothing on PostgreSQL."""
    if database.settings.is_sqlite:
        async with database.read() as session:
            position = await read_position(session)
        try:
            write_mark(mark_path(database.settings), position)
        except OSError as error:
            raise ConfigurationError(
                f"the mark {mark_path(database.settings)} cannot be written: {error.strerror}; correct that and run "
                "`capacity-api db restored`"
            ) from None


def kept_path(settings: Settings) -> Path:
    """Where the SQLite file that a restore replaced is kept."""
    return companion(database_path(settings), ".before-restore")


def marked_number(settings: Settings) -> int:
    """The number in the mark beside an SQLite database; 0 if there is none."""
    mark = read_mark(mark_path(settings)) if settings.is_sqlite else None
    return 0 if mark is None else mark.sequence


async def _restore_sqlite(settings: Settings, path: Path, file: Path, manifest: Manifest, declare: Declare[T]) -> T:
    prepared = companion(path, ".restoring")
    try:
        _remove(prepared)
        os.close(os.open(prepared, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        await _require_checksum(file, manifest, prepared)
        with contextlib.ExitStack() as stack:
            present = _lock_out_others(path)
            if present is not None:
                stack.enter_context(closing(present))
            number = max(marked_number(settings), _newest_number(present))
            result = await _prepare_sqlite(settings, prepared, number, declare)
            copy_owner(path, prepared)
            sync(prepared)
            _keep(path, kept_path(settings))
            prepared.replace(path)
            sync(path.parent)
    finally:
        _remove(prepared)
    database = Database(settings)
    try:
        await remember_mark(database)
    finally:
        await database.close()
    return result


async def _prepare_sqlite(settings: Settings, prepared: Path, number: int, declare: Declare[T]) -> T:
    url = settings.url.set(database=str(prepared)).render_as_string(hide_password=False)
    database = Database(msgspec.structs.replace(settings, database_url=url))
    try:
        await schema.upgrade(database)
        async with database.write(recovering=True) as session:
            result = await declare(session, number)
    finally:
        await database.close()
    # One file, without a log beside it.
    with closing(sqlite3.connect(prepared)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise ConfigurationError(f"the backup is damaged: {found}")
    return result


def _lock_out_others(path: Path) -> sqlite3.Connection | None:
    """A connection that keeps every other one out. Raises `ConfigurationError` while there is one.

    `None` if there is no database. A damaged one is not kept from anybody: nobody can work with it.
    """
    if not path.exists():
        return None
    connection = sqlite3.connect(path, timeout=0)
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        # Nobody can leave WAL while another has it open. This also copies the log into the file.
        connection.execute("PRAGMA journal_mode = DELETE")
        # Nothing more is written. In this locking mode the journal of that stays, and it holds nothing.
        connection.execute("PRAGMA journal_mode = OFF")
        companion(path, "-journal").unlink(missing_ok=True)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            connection.close()
            raise ConfigurationError(_IN_USE) from None
    except sqlite3.DatabaseError:
        pass
    return connection


def _newest_number(connection: sqlite3.Connection | None) -> int:
    """The number of the newest event of the database that is replaced. The mark may be a second behind it."""
    if connection is None:
        return 0
    try:
        (number,) = connection.execute("SELECT n FROM sequence").fetchone()
    except (sqlite3.Error, TypeError):
        return 0
    return int(number)


def _keep(path: Path, kept: Path) -> None:
    """Keep the database that is about to be replaced, which stays in its place until then."""
    if not path.exists():
        return
    _remove(kept)
    try:
        os.link(path, kept)
    except OSError:
        # The file system has no hard links. Killed here, there is no database, and a mark that says so.
        path.rename(kept)
    # A damaged database could not copy its log into the file. It must not stand beside the new one.
    for suffix in _BESIDE:
        with contextlib.suppress(FileNotFoundError):
            companion(path, suffix).rename(companion(kept, suffix))


def _remove(path: Path) -> None:
    for suffix in ("", *_BESIDE):
        companion(path, suffix).unlink(missing_ok=True)


async def _require_checksum(file: Path, manifest: Manifest, copy_to: Path | None = None) -> None:
    if await asyncio.to_thread(checksum, file, copy_to) != manifest.sha256:
        raise ConfigurationError(f"{file} is damaged, or its manifest belongs to another backup")


async def _restore_postgresql(settings: Settings, file: Path, manifest: Manifest, declare: Declare[T]) -> T:
    await _require_checksum(file, manifest)
    entries = await postgresql_tools.list_entries(settings, file)
    entries = [entry for entry in entries if not _is_version_row(entry)]
    database = Database(settings)
    try:
        with translate_outage():
            async with database.engine.begin() as connection:
                number = await connection.run_sync(_set_aside)
            # Our own idle connections must not count.
            await database.close()
            await postgresql_tools.load(settings, file, entries)
            async with database.engine.begin() as connection:
                await connection.execute(
                    text(f"INSERT INTO {OLDEST_TABLE} (version_num) VALUES (:revision)"),  # noqa: S608 - a constant
                    {"revision": manifest.revision},
                )
                await connection.run_sync(schema.upgrade_alone)
                async with AsyncSession(connection, expire_on_commit=False) as session:
                    result = await declare(session, number)
                    await session.flush()
            log_acts(session)
    finally:
        await database.close()
    return result


def _is_version_row(entry: str) -> bool:
    """Whether an entry of `pg_restore --list` is the content of Alembic's table: "3453; 0 16386 TABLE DATA …"."""
    return " TABLE DATA " in entry and f" {OLDEST_TABLE} " in entry


def _set_aside(connection: Connection) -> int:
    """Move the tables that are there into the schema `before_restore`; returns the highest number that they had.

    Raises `ConfigurationError` if anybody else is connected.
    """
    schema.refuse_others(connection, _IN_USE)
    found = inspect(connection)
    ours = [*(table.name for table in Table.metadata.sorted_tables), OLDEST_TABLE, REVISION_TABLE]
    present = [name for name in ours if found.has_table(name)]
    is_whole = OLDEST_TABLE in present and connection.scalar(text(f"SELECT count(*) FROM {OLDEST_TABLE}")) == 1  # noqa: S608 - a constant
    if is_whole:
        connection.execute(text(f"DROP SCHEMA IF EXISTS {KEPT_SCHEMA} CASCADE"))
        connection.execute(text(f"CREATE SCHEMA {KEPT_SCHEMA}"))
        for name in present:
            connection.execute(text(f"ALTER TABLE {name} SET SCHEMA {KEPT_SCHEMA}"))
    else:
        # An earlier restore was interrupted. What it replaced is kept already.
        for name in present:
            connection.execute(text(f"DROP TABLE {name} CASCADE"))
    if not inspect(connection).has_table("sequence", KEPT_SCHEMA):
        return 0
    return connection.scalar(text(f"SELECT n FROM {KEPT_SCHEMA}.sequence")) or 0  # noqa: S608 - a constant
