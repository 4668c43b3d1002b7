"""The version of the schema. Both databases have the same Alembic migrations."""

import sqlite3
from collections.abc import Callable

import structlog
from alembic import command
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPICursor

from capacity_api.db import live_upgrade, migrations
from capacity_api.db.differences import find_differences
from capacity_api.db.engine import Database
from capacity_api.db.outages import translate_outage
from capacity_api.errors import DatabaseUnusable, NoDatabase, OutageCause, SchemaDiffers, SchemaNewer, SchemaOutdated

log = structlog.get_logger()
# How long a migration on SQLite waits for another process.
_BUSY_TIMEOUT_MS = 60_000
_IN_USE = "the database is in use; stop every process that is connected to it and run the upgrade again"
# A role that may not see another's details still sees its process and user. The server's own processes have no user.
_OTHER_CONNECTIONS = text(
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND usesysid IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend' ORDER BY pid"
)


async def upgrade(database: Database, revision: str = "head") -> None:
    """Upgrade the schema to `revision`.

    Other programs may go on if every migration is additive: each then runs by itself. If it fails, those before it
    stay, and another try goes on from there.

    Otherwise all run in one transaction. It raises `ConfigurationError`, and changes nothing, if anybody else is
    connected: another process would go on writing in the old form; or if the tables are not those of this version
    after it.

    Raises `ConfigurationError` for a schema of a newer version that this one cannot use, and leaves one alone that it
    can.
    """
    found = await _read_revisions(database)
    if found is not None and is_newer(*found):
        return
    current = None if found is None else found[0]
    script = migrations.scripts().get_revision(revision)
    steps = [] if current is None else migrations.steps_between(current, script.revision)
    if steps and not any(map(migrations.needs_stop, steps)):
        await live_upgrade.run(database, steps)
        if script.revision == needed_revision():
            await check(database)
    else:
        await _upgrade_at_once(database, revision, alone=bool(steps))
    reached = await read_revision(database)
    if reached != current:
        log.info("schema.upgrade", before=current, after=reached)


async def _upgrade_at_once(database: Database, revision: str, *, alone: bool) -> None:
    def work(connection: Connection) -> None:
        command.upgrade(migrations.config_for(connection), revision)
        if revision == "head":
            _require_declared_tables(
                connection, "the upgrade did not lead to the tables of this version, so it was undone"
            )

    if not alone:
        await migrate(database, work)
        return
    # Our own idle connections must not count.
    await database.close()
    try:
        await migrate(database, work, alone=True)
    finally:
        # SQLite has made its log anew, and this connection is of the old one.
        await database.close()


async def downgrade(database: Database, revision: str = "base") -> None:
    """Downgrade the schema to `revision`. Data that only the newer schema can hold is lost."""
    await migrate(database, lambda connection: command.downgrade(migrations.config_for(connection), revision))


async def read_revision(database: Database) -> str | None:
    """The revision of the database, or `None` if it has no schema."""
    found = await _read_revisions(database)
    return None if found is None else found[0]


async def _read_revisions(database: Database) -> tuple[str, str] | None:
    async with database.read() as session:
        connection = await session.connection()
        return await connection.run_sync(migrations.read_revisions)


def needed_revision() -> str:
    """The revision that this version of the program needs."""
    revision = migrations.scripts().get_current_head()
    assert revision is not None
    return revision


async def check(database: Database) -> None:
    """Raise `ConfigurationError` unless this version of the program can use the schema.

    It compares the tables themselves: in 0.1 s, with one reading of the catalogue.
    """
    await check_revision(database)
    async with database.read() as session:
        connection = await session.connection()
        await connection.run_sync(_require_declared_tables, "the database's tables are not those of this version")


async def check_revision(database: Database) -> None:
    """Raise `ConfigurationError` unless the schema says that this version of the program can use it."""
    found, needed = await _read_revisions(database), needed_revision()
    if found is None:
        raise NoDatabase("the database is empty; run `capacity-api db create`")
    revision, oldest = found
    if not is_newer(revision, oldest) and revision != needed:
        raise SchemaOutdated(
            f"the database's schema is outdated ({revision}, needed is {needed}); run `capacity-api db upgrade`"
        )


def is_newer(revision: str, oldest: str) -> bool:
    """Whether a newer version of the program upgraded the database. Raises `ConfigurationError` if this one cannot use
    it then."""
    require_known(oldest)
    return revision not in migrations.known_revisions()


async def migrate(database: Database, work: Callable[[Connection], None], *, alone: bool = False) -> None:
    """Run `work` in one transaction, in one process at a time. A second process waits, and then finds it done.

    With `alone` it raises `ConfigurationError`, and changes nothing, if anybody else is connected before or during it.
    """
    with translate_outage():
        async with database.schema_engine.connect() as connection:
            run = _migrate_sqlite if database.settings.is_sqlite else _migrate_postgresql
            await connection.run_sync(run, work, alone)


def _require_declared_tables(connection: Connection, fault: str) -> None:
    differences = find_differences(connection)
    if differences:
        lines = "\n".join(f"  {line}" for line in differences)
        raise SchemaDiffers(f"{fault}; docs/settings.md says what to do:\n{lines}")


def require_known(revision: str | None) -> None:
    """Raise `ConfigurationError` for a revision of a newer version of the program."""
    if revision is not None and revision not in migrations.known_revisions():
        raise SchemaNewer(
            f"the database's schema ({revision}) is newer than this version of capacity-api; install one that knows it"
        )


def _migrate_postgresql(connection: Connection, work: Callable[[Connection], None], alone: bool) -> None:
    with live_upgrade.begin_turn(connection):
        if alone:
            # A process that starts now waits here for the revision. Its snapshot has the old one.
            connection.execute(text(f"LOCK TABLE {migrations.OLDEST_TABLE}"))
            refuse_others(connection)
        work(connection)
        if alone:
            refuse_others(connection)


def upgrade_alone(connection: Connection) -> None:
    """Upgrade the schema in the transaction of this connection. Nobody else may use the database meanwhile."""
    command.upgrade(migrations.config_for(connection), "head")


def refuse_others(connection: Connection, message: str = _IN_USE) -> None:
    """Raise `ConfigurationError` if anybody else is connected to this PostgreSQL database."""
    # A transaction keeps what it has read of the activity.
    connection.execute(text("SELECT pg_stat_clear_snapshot()"))
    pids = [str(pid) for pid in connection.scalars(_OTHER_CONNECTIONS)]
    if pids:
        raise DatabaseUnusable(f"{message} (PostgreSQL processes {', '.join(pids)})", OutageCause.LOCKED)


def _migrate_sqlite(connection: Connection, work: Callable[[Connection], None], alone: bool) -> None:
    cursor = connection.connection.cursor()
    if alone:
        _lock_out_others(cursor)
    # To alter a table, a migration copies it and drops the old one. With foreign keys on, that would delete the rows
    # that refer to it. They can be switched off only outside a transaction.
    cursor.execute("PRAGMA foreign_keys = OFF")
    # Another process may be migrating, which takes longer than a report.
    cursor.execute("PRAGMA busy_timeout")
    usual_timeout = cursor.fetchone()
    assert usual_timeout is not None
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
    try:
        with connection.begin():
            work(connection)
            orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            if orphans:
                raise RuntimeError(f"a migration left {len(orphans)} rows that refer to nothing; nothing was changed")
    finally:
        # A rollback has closed the first one.
        cursor = connection.connection.cursor()
        if alone:
            _let_in_others(cursor)
        cursor.execute(f"PRAGMA busy_timeout = {usual_timeout[0]}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()


def _lock_out_others(cursor: DBAPICursor) -> None:
    """Keep every other connection out. Raises `ConfigurationError` while there is one: nobody can then leave WAL."""
    cursor.execute("PRAGMA locking_mode = EXCLUSIVE")
    try:
        cursor.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        cursor.execute("PRAGMA locking_mode = NORMAL")
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            raise DatabaseUnusable(_IN_USE, OutageCause.LOCKED) from None
        raise


def _let_in_others(cursor: DBAPICursor) -> None:
    cursor.execute("PRAGMA locking_mode = NORMAL")
    # The lock ends with the next read.
    cursor.execute("SELECT count(*) FROM sqlite_master")
    cursor.execute("PRAGMA journal_mode = WAL")
