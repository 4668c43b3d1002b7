"""Additive migrations, while other programs read and write.

1. One process at a time has its turn.
2. `build` makes each index of a table that is there: on PostgreSQL without stopping those who write, on SQLite in a
   transaction of its own, for which they wait.
3. Each migration runs in one short transaction, which finds its indexes there. On PostgreSQL it waits only a moment for
   a lock, because others queue behind it: after that it lets them through, and tries again.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import structlog
from alembic import command
from alembic.script import Script
from sqlalchemy import Index, text
from sqlalchemy.engine import Connection, RootTransaction
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateIndex, DropIndex
from sqlalchemy.util import await_only

from capacity_api.db import migrations
from capacity_api.db.engine import Database
from capacity_api.db.outages import translate_outage
from capacity_api.errors import DatabaseUnusable, OutageCause

log = structlog.get_logger()
# Any number that no other program locks in this database: "capacity" in ASCII.
_ADVISORY_LOCK = int.from_bytes(b"capacity")
_TURN_SECONDS = 600.0
_ASK_AGAIN_SECONDS = 0.1
# How long a migration waits for a lock, and everybody behind it.
_LOCK_MS = 250
_LET_OTHERS_THROUGH_SECONDS = 1.0
_TRIES = 100
# SQLSTATE: the lock was not to be had in time, or was part of a deadlock.
_LOCK_STATES = ("55P03", "40P01")
_HOLDERS = text(
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND xact_start < clock_timestamp() - interval '1 second' ORDER BY xact_start"
)
# What is left of one that was interrupted, or failed.
_IS_INVALID = text(
    "SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid ="
    " c.relnamespace WHERE c.relname = :name AND n.nspname = current_schema() AND NOT i.indisvalid"
)


async def run(database: Database, steps: Sequence[Script]) -> None:
    """Run these additive migrations in their order. Raises `DatabaseUnusable` if a lock is not to be had."""
    with translate_outage():
        async with _turn(database):
            for step in steps:
                for index in migrations.indexes_on_old_tables(migrations.read_operations(step)):
                    await _build(database, index)
                await _apply(database, step)
                log.info("schema.migrate", revision=step.revision)


def begin_turn(connection: Connection) -> RootTransaction:
    """Begin a transaction in which no other process migrates this PostgreSQL, once none does. Raises
    `DatabaseUnusable`.

    Each try is a transaction of its own: an index that the other process builds waits for each that was open before.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + _TURN_SECONDS
    while loop.time() < until:
        transaction = connection.begin()
        if connection.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK}):
            return transaction
        transaction.rollback()
        await_only(asyncio.sleep(_ASK_AGAIN_SECONDS))  # nothing announces that the lock is free
    raise DatabaseUnusable("another process upgrades the schema; try again once it has ended", OutageCause.LOCKED)


@asynccontextmanager
async def _turn(database: Database) -> AsyncIterator[None]:
    """On SQLite, each transaction that writes is one."""
    if database.settings.is_sqlite:
        yield
        return
    async with database.schema_engine.connect() as connection:
        await connection.run_sync(begin_turn)
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        # The last statement keeps its snapshot until another takes its place, and an index waits for every snapshot.
        # Sent in one message, this one keeps none.
        await driver.execute("SELECT 1")
        # It ends with the connection's transaction.
        yield


async def _build(database: Database, index: Index) -> None:
    statement = CreateIndex(index, if_not_exists=True)
    if database.settings.is_sqlite:
        await _try(database, lambda connection: connection.execute(statement))
        return
    index.dialect_options["postgresql"]["concurrently"] = True
    async with database.schema_engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        if await connection.scalar(_IS_INVALID, {"name": index.name}):
            await connection.execute(DropIndex(index))
        # It waits for the transactions that are open, and nobody waits for it.
        await connection.execute(statement)


async def _apply(database: Database, step: Script) -> None:
    def work(connection: Connection) -> None:
        if not database.settings.is_sqlite:
            connection.execute(text(f"SET LOCAL lock_timeout = {_LOCK_MS}"))
        # Nothing is left to do where another process was quicker.
        command.upgrade(migrations.config_for(connection), step.revision)

    await _try(database, work)


async def _try(database: Database, work: Callable[[Connection], object]) -> None:
    """Run `work` in a transaction, again and again while others hold a lock that it needs."""
    for tries_left in reversed(range(_TRIES)):
        try:
            async with database.schema_engine.begin() as connection:
                await connection.run_sync(work)
        except DBAPIError as error:
            if not _is_locked(error):
                raise
            if not tries_left:
                raise DatabaseUnusable(await _describe_holders(database), OutageCause.LOCKED) from None
            await asyncio.sleep(_LET_OTHERS_THROUGH_SECONDS)  # they queue behind a lock that waits
        else:
            return


def _is_locked(error: DBAPIError) -> bool:
    if isinstance(error.orig, sqlite3.Error):
        return error.orig.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    return getattr(error.orig, "sqlstate", None) in _LOCK_STATES


async def _describe_holders(database: Database) -> str:
    said = "a long transaction keeps the upgrade from going on; end it and run the upgrade again"
    if database.settings.is_sqlite:
        return said
    async with database.read() as session:
        pids = [str(pid) for pid in await session.scalars(_HOLDERS)]
    return f"{said} (PostgreSQL processes {', '.join(pids)})" if pids else said
