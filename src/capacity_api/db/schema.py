"""The version of the schema: one Alembic history for both databases, in the wheel and in a checkout."""

from collections.abc import Callable

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import Connection

from capacity_api.bundled_files import bundled_file
from capacity_api.db.engine import Database, translate_outage
from capacity_api.errors import ConfigurationError

_PATIENCE_MS = 60_000
# Any number will do that nobody else locks in this database: "capacity" in ASCII.
_ADVISORY_LOCK = int.from_bytes(b"capacity")


async def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the schema to `revision`, if it is not there yet; raises `ConfigurationError` for one that is newer."""
    _refuse_newer(await read_revision(database))
    await migrate(database, lambda connection: command.upgrade(_config(connection), revision))


async def downgrade(database: Database, revision: str = "base") -> None:
    """Take the schema back to `revision`, and with it what only the newer one can hold."""
    await migrate(database, lambda connection: command.downgrade(_config(connection), revision))


async def read_revision(database: Database) -> str | None:
    """The revision that the database is at; `None` for one without a schema."""
    async with database.read() as session:
        connection = await session.connection()
        return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())


def needed_revision() -> str:
    """The revision that this version of the code needs."""
    revision = _scripts().get_current_head()
    assert revision is not None
    return revision


async def check(database: Database) -> None:
    """Raises `ConfigurationError` unless the schema is the one that this version of the code needs."""
    found, needed = await read_revision(database), needed_revision()
    if found is None:
        raise ConfigurationError("the database is empty; run `capacity-api db upgrade`")
    _refuse_newer(found)
    if found != needed:
        raise ConfigurationError(
            f"the database's schema is outdated ({found}, needed is {needed}); run `capacity-api db upgrade`"
        )


async def migrate(database: Database, work: Callable[[Connection], None]) -> None:
    """Run `work` in one transaction, and in one process at a time: a second one waits and finds it done."""
    with translate_outage():
        async with database.engine.connect() as connection:
            await connection.run_sync(_migrate_sqlite if database.settings.is_sqlite else _migrate_postgresql, work)


def _refuse_newer(found: str | None) -> None:
    if found is not None and found not in {script.revision for script in _scripts().walk_revisions()}:
        raise ConfigurationError(
            f"the database's schema ({found}) is newer than this version of capacity-api; install one that knows it"
        )


def _migrate_postgresql(connection: Connection, work: Callable[[Connection], None]) -> None:
    with connection.begin():
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        work(connection)


def _migrate_sqlite(connection: Connection, work: Callable[[Connection], None]) -> None:
    # Altering copies a table and drops the old one, and with foreign keys on that deletes what refers to it. The
    # switch works outside a transaction only.
    cursor = connection.connection.cursor()
    cursor.execute("PRAGMA foreign_keys = OFF")
    # Another process may be at it, and a migration takes longer than a report.
    cursor.execute("PRAGMA busy_timeout")
    patience = cursor.fetchone()
    assert patience is not None
    cursor.execute(f"PRAGMA busy_timeout = {_PATIENCE_MS}")
    try:
        with connection.begin():
            work(connection)
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            if broken:
                raise RuntimeError(f"a migration left {len(broken)} rows that refer to nothing; nothing was changed")
    finally:
        cursor.execute(f"PRAGMA busy_timeout = {patience[0]}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(bundled_file("migrations/env.py").parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
