"""Back up a database that is in use: one consistent file, and a manifest beside it.

No service starts on a backup that was only copied to its place: it says that it has a mark, and none stands beside it
(`db.mark`). `capacity-api restore` brings it back into use, as a directory that confirms nothing.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import datetime
from pathlib import Path

import msgspec
from sqlalchemy import inspect, text

from capacity_api.db import postgresql_tools, schema
from capacity_api.db.engine import Database
from capacity_api.db.manifest import Manifest, checksum, manifest_path, program_version, replacing
from capacity_api.db.privileges import missing_for_backup
from capacity_api.db.tables import InstallationRow
from capacity_api.errors import ConfigurationError, DatabaseUnusable, OutageCause

# Where a restore keeps the tables that it replaced (`db.restore`).
KEPT_SCHEMA = "before_restore"
# So many pages are copied before the event loop and other programs have their turn: 4 MB.
_PAGES = 1024


async def back_up(database: Database, file: Path, now: datetime, *, replace: bool) -> Manifest:
    """Write a backup to `file` and its manifest beside it. Raises `ConfigurationError`; then neither is there.

    An existing file is only replaced if asked to. Others may go on writing meanwhile.
    """
    if not replace and any(path.exists() for path in (file, manifest_path(file))):
        raise ConfigurationError(f"{file} or its manifest exists already; --force replaces them")
    revision = await schema.read_revision(database)
    if revision is None or not await _has_installation(database):
        raise ConfigurationError("the database is empty or of an old version; run `capacity-api db upgrade` first")
    copy = _copy_sqlite if database.settings.is_sqlite else _dump_postgresql
    try:
        with replacing(file) as partial:
            sequence = await copy(database, partial)
            manifest = Manifest(
                database="sqlite" if database.settings.is_sqlite else "postgresql",
                sequence=sequence,
                revision=revision,
                sha256=await asyncio.to_thread(checksum, partial),
                made_at=now,
                program=program_version(),
            )
            with replacing(manifest_path(file)) as beside:
                beside.write_bytes(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
    except OSError as error:
        raise ConfigurationError(f"the backup {file} cannot be written: {error.strerror}") from None
    return manifest


async def _has_installation(database: Database) -> bool:
    async with database.read() as session:
        connection = await session.connection()
        return await connection.run_sync(lambda sync: inspect(sync).has_table(InstallationRow.__tablename__))


async def _copy_sqlite(database: Database, partial: Path) -> int:
    source = database.settings.url.database
    assert source is not None
    return await asyncio.to_thread(_copy_file, source, partial)


def _copy_file(source: str, partial: Path) -> int:
    """Copy the database page by page; returns the number of its newest event."""
    try:
        with closing(sqlite3.connect(source)) as original, closing(sqlite3.connect(partial)) as copy:
            # With its own read transaction the copy is of one moment, and never begins anew when others write.
            original.execute("BEGIN")
            original.execute("SELECT n FROM sequence").fetchone()
            original.backup(copy, pages=_PAGES, sleep=0)
            original.rollback()
            # One file, without a log beside it.
            copy.execute("PRAGMA journal_mode = DELETE")
            copy.execute("UPDATE installation SET marked = 1")
            copy.commit()
            (found,) = copy.execute("PRAGMA quick_check(1)").fetchone()
            if found != "ok":
                raise ConfigurationError(f"the backup is damaged, and so is the database: {found}")
            (sequence,) = copy.execute("SELECT n FROM sequence").fetchone()
    except sqlite3.Error as error:
        raise ConfigurationError(f"the database cannot be copied: {error}") from None
    return int(sequence)


async def _dump_postgresql(database: Database, partial: Path) -> int:
    async with database.read() as session:
        grant = await missing_for_backup(session)
    if grant is not None:
        raise DatabaseUnusable(
            f"the database's role lacks a permission for backups; as the owner of the tables, run: {grant}",
            OutageCause.PERMISSION_MISSING,
        )
    async with _exported(database) as (snapshot, sequence):
        await postgresql_tools.dump(database.settings, snapshot, partial, KEPT_SCHEMA)
    # It can be read to its end.
    await postgresql_tools.list_entries(database.settings, partial)
    return sequence


@asynccontextmanager
async def _exported(database: Database) -> AsyncIterator[tuple[str, int]]:
    """A snapshot that another connection can read until the block ends, and the number of its newest event."""
    async with database.read() as session:
        sequence = await session.scalar(text("SELECT n FROM sequence"))
        snapshot = await session.scalar(text("SELECT pg_export_snapshot()"))
        assert sequence is not None
        assert snapshot is not None
        yield snapshot, sequence
