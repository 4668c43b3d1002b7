"""The migrations: what each does, and which may run while programs of an earlier version use the database.

A migration is additive if it adds tables, columns that an earlier program need not know, or indexes, and nothing else.
One that does more says `needs_stop = True`. Up to 0017 all count as such: there was no such promise.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from io import StringIO
from typing import Any, NoReturn

from alembic import op
from alembic.config import Config
from alembic.operations import Operations, ops
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Column, DefaultClause, Index, Insert
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import False_, True_

from capacity_api.bundled_files import bundled_file

# The schema of 1.0. A database of an earlier version is upgraded while nobody else uses it.
FIRST_COMPATIBLE = "0017"
# Which migrations ran. Programs up to 1.0 know only `alembic_version`, which has the oldest revision whose program can
# use the database.
REVISION_TABLE = "schema_revision"
OLDEST_TABLE = "alembic_version"
_LITERAL = re.compile(r"'[^']*'|-?\d+(\.\d+)?|true|false", re.IGNORECASE)


def config_for(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(bundled_file("migrations/env.py").parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@cache
def scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(config_for())


def known_revisions() -> set[str]:
    return {script.revision for script in scripts().walk_revisions()}


def steps_between(current: str, revision: str) -> list[Script]:
    """The migrations that lead from one revision to a later one, in their order."""
    return list(reversed(list(scripts().iterate_revisions(revision, current))))


def needs_stop(script: Script) -> bool:
    """Whether no program of an earlier version may use the database while this runs, or afterwards."""
    return script.revision <= FIRST_COMPATIBLE or getattr(script.module, "needs_stop", False)


def oldest_compatible(revision: str) -> str:
    """The oldest revision whose program can use a database of `revision`."""
    script = scripts().get_revision(revision)
    while not needs_stop(script):
        assert isinstance(script.down_revision, str)
        script = scripts().get_revision(script.down_revision)
    return script.revision


def adopt_revision(connection: Connection) -> None:
    """Give a database of 1.0 or before the table of what ran."""
    before, newer = _read(connection, OLDEST_TABLE), _read(connection, REVISION_TABLE)
    if before is not None and newer is None:
        _context(connection, REVISION_TABLE).stamp(scripts(), before)


def note_oldest(connection: Connection) -> None:
    """Write down which programs can use the database, after migrations ran."""
    revision = _read(connection, REVISION_TABLE)
    oldest = "base" if revision is None else oldest_compatible(revision)
    _context(connection, OLDEST_TABLE).stamp(scripts(), oldest)


def read_revisions(connection: Connection) -> tuple[str, str] | None:
    """Which migrations ran, and the oldest revision whose program can use the database; `None` without a schema."""
    # In this order. An upgrade that runs alone locks the first table, and may create the second while we wait.
    oldest = _read(connection, OLDEST_TABLE)
    return None if oldest is None else (_read(connection, REVISION_TABLE) or oldest, oldest)


def _read(connection: Connection, table: str) -> str | None:
    return _context(connection, table).get_current_revision()


def _context(connection: Connection, table: str) -> MigrationContext:
    return MigrationContext.configure(connection, opts={"version_table": table})


def read_operations(script: Script) -> list[ops.MigrateOperation]:
    """What an additive migration would do, without a database."""
    module: Any = script.module
    recorder = _Recorder()
    try:
        module.op = recorder
        module.upgrade()
    finally:
        module.op = op
    return recorder.found


def indexes_on_old_tables(operations: Iterable[ops.MigrateOperation]) -> list[Index]:
    """The indexes that an additive migration adds to tables which were there before it."""
    operations = list(operations)
    new = _new_tables(operations)
    found = (each for each in operations if isinstance(each, ops.CreateIndexOp))
    return [each.to_index() for each in found if each.table_name not in new]


def reasons_to_stop(operations: Iterable[ops.MigrateOperation]) -> list[str]:
    """Why a migration is not additive; none if it is."""
    operations = list(operations)
    tables = _new_tables(operations)
    columns = {(each.table_name, each.column.name) for each in operations if isinstance(each, ops.AddColumnOp)}
    return [reason for each in operations for reason in _reasons(each, tables, columns)]


def _new_tables(operations: Iterable[ops.MigrateOperation]) -> set[str]:
    return {each.table_name for each in operations if isinstance(each, ops.CreateTableOp)}


def _reasons(operation: ops.MigrateOperation, tables: set[str], columns: set[tuple[str, str]]) -> Iterator[str]:
    if isinstance(operation, ops.CreateTableOp):
        return
    if isinstance(operation, ops.AddColumnOp):
        if operation.table_name not in tables:
            yield from _reasons_of_column(operation.table_name, operation.column)
    elif isinstance(operation, ops.CreateIndexOp):
        if operation.table_name not in tables:
            yield from _reasons_of_index(operation, columns)
    elif isinstance(operation, ops.BulkInsertOp):
        if operation.table.name not in tables:
            yield f"it adds rows to {operation.table.name}"
    elif isinstance(operation, ops.ExecuteSQLOp):
        if not _fills_new_table(operation, tables):
            yield f"it runs {operation.sqltext}"
    else:
        yield f"it has {type(operation).__name__}"


def _reasons_of_column(table: str, column: Column[Any]) -> Iterator[str]:
    name = f"{table}.{column.name}"
    if not column.nullable and column.server_default is None:
        yield f"an earlier program gives {name} no value"
    if column.server_default is not None and not _is_literal(column.server_default):
        yield f"the default of {name} is not a plain value, so every row is written anew"
    if column.unique or column.index or column.foreign_keys or column.constraints or column.primary_key:
        yield f"{name} has a constraint or an index, for which every row is read"


def _reasons_of_index(operation: ops.CreateIndexOp, columns: set[tuple[str, str]]) -> Iterator[str]:
    name, table = operation.index_name, operation.table_name
    if operation.unique:
        yield f"{name} is unique, and could refuse what an earlier program writes"
    if not operation.if_not_exists:
        yield f"{name} lacks if_not_exists=True: `db upgrade` builds it before, without stopping those who write"
    for column in operation.columns:
        if not isinstance(column, str) or (table, column) in columns:
            yield f"{name} is not of columns that were there before: give it a migration of its own"


def _is_literal(default: object) -> bool:
    found = default.arg if isinstance(default, DefaultClause) else None
    if isinstance(found, True_ | False_):
        return True
    return isinstance(found, str) or _LITERAL.fullmatch(str(found)) is not None


def _fills_new_table(operation: ops.ExecuteSQLOp, tables: set[str]) -> bool:
    statement = operation.sqltext
    return isinstance(statement, Insert) and statement.select is None and statement.table.name in tables


class _Recorder(Operations):
    """Takes down operations in place of running them. One that asks the database is not additive."""

    def __init__(self) -> None:
        options = {"as_sql": True, "output_buffer": StringIO()}
        super().__init__(MigrationContext.configure(dialect_name="postgresql", opts=options))
        self.found: list[ops.MigrateOperation] = []

    def invoke(self, operation: ops.MigrateOperation) -> Any:
        self.found.append(operation)
        if isinstance(operation, ops.CreateTableOp):
            return operation.to_table(self.migration_context)
        return None

    def batch_alter_table(self, *_arguments: Any, **_options: Any) -> NoReturn:
        raise NotImplementedError("an additive migration adds a column by op.add_column, without a batch")

    def get_bind(self) -> NoReturn:
        raise NotImplementedError("an additive migration asks the database nothing; this one needs needs_stop = True")
