"""How Alembic runs the history: over the connection that `db.schema` hands in, or from the command line."""

import asyncio
from logging.config import fileConfig
from typing import Any, Literal

from alembic import context
from sqlalchemy.engine import Connection

from capacity_api.config import from_environment
from capacity_api.db import migrations, schema
from capacity_api.db.column_types import JsonStruct, UtcTime
from capacity_api.db.engine import Database
from capacity_api.db.tables import Table


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """A migration stands for what the tables were then, so it must not import types that change with the code."""
    if kind == "type" and isinstance(item, UtcTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, JsonStruct):
        return "sa.JSON()"
    return False


def is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    """Leaves out the table that programs up to 1.0 read."""
    return (kind, name) != ("table", migrations.OLDEST_TABLE)


def run(connection: Connection) -> None:
    migrations.adopt_revision(connection)
    context.configure(
        connection=connection,
        target_metadata=Table.metadata,
        version_table=migrations.REVISION_TABLE,
        include_name=is_ours,
        render_item=render_item,
        # SQLite alters a table by copying it, and one history serves both databases.
        render_as_batch=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    migrations.note_oldest(connection)


async def from_command_line() -> None:
    if context.config.config_file_name is not None:
        fileConfig(context.config.config_file_name, disable_existing_loggers=False)
    database = Database(from_environment())
    try:
        await schema.migrate(database, run)
    finally:
        await database.close()


given = context.config.attributes.get("connection")
if context.is_offline_mode():
    context.configure(dialect_name=from_environment().url.get_backend_name(), literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
elif given is not None:
    run(given)
else:
    asyncio.run(from_command_line())
