"""How the tables of a database differ from those that the code declares.

The revision alone proves little: it says which migrations ran, and not what they were then or what was done since.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Dialect,
    ForeignKeyConstraint,
    Inspector,
    Table,
    TextClause,
    UniqueConstraint,
    inspect,
)
from sqlalchemy.engine import Connection

from capacity_api.db import tables

# PostgreSQL returns an expression in its own spelling: `(type = ANY (ARRAY['a'::text, 'b'::text]))`.
_CAST = re.compile(r"::(?:[a-z]\w*)(?: varying)?(?:\[\])?")
_IN = re.compile(r"(\w+) in \(([^()]*)\)")
_SPACE_OR_BRACKET = re.compile(r"[\s()\[\]]+")


def find_differences(connection: Connection) -> list[str]:
    """A line for each thing that is missing or different, and for each addition that could refuse our rows.

    Tables and schemas of others are not looked at, nor indexes, defaults and optional columns that somebody added.
    """
    declared = tables.Table.metadata.tables
    reflect = _Reflection(inspect(connection), list(declared))
    lines: list[str] = []
    for name, table in sorted(declared.items()):
        columns = reflect.columns.get(name)
        if not columns:
            lines.append(f"the table {name} is missing")
            continue
        lines += _compare_columns(table, columns, connection.dialect)
        lines += _compare_primary_key(table, reflect.primary_keys[name])
        lines += _compare_foreign_keys(table, reflect.foreign_keys[name])
        lines += _compare_unique(table, reflect.unique_constraints[name], reflect.indexes[name])
        lines += _compare_checks(table, reflect.checks[name])
        lines += _compare_indexes(table, reflect.indexes[name], connection.dialect)
    return lines


class _Reflection:
    """What the database says about some tables, each by the table's name. PostgreSQL takes one query for each."""

    def __init__(self, inspector: Inspector, names: list[str]) -> None:
        def read(method: Callable[..., Mapping[Any, Any]]) -> dict[str, Any]:
            return {table: found for (_, table), found in method(filter_names=names).items()}

        self.columns = read(inspector.get_multi_columns)
        self.primary_keys = read(inspector.get_multi_pk_constraint)
        self.foreign_keys = read(inspector.get_multi_foreign_keys)
        self.unique_constraints = read(inspector.get_multi_unique_constraints)
        self.checks = read(inspector.get_multi_check_constraints)
        self.indexes = read(inspector.get_multi_indexes)


def _compare_columns(table: Table, found: list[dict[str, Any]], dialect: Dialect) -> Iterator[str]:
    by_name = {each["name"]: each for each in found}
    for column in table.columns:
        name = f"{table.name}.{column.name}"
        stored = by_name.pop(column.name, None)
        if stored is None:
            yield f"the column {name} is missing"
            continue
        wanted, kind = column.type.compile(dialect), stored["type"].compile(dialect)
        if kind != wanted:
            yield f"the column {name} is {kind} and should be {wanted}"
        if stored["nullable"] and not column.nullable:
            yield f"the column {name} may be null and should not"
        if column.nullable and not stored["nullable"]:
            yield f"the column {name} may not be null and should"
        default = _default_of(column, dialect)
        if default is not None and default != _normalise(stored["default"]):
            yield f"the column {name} has the default {stored['default'] or 'null'} and should have {default}"
    for stored in by_name.values():
        if not stored["nullable"] and stored["default"] is None and "computed" not in stored:
            yield f"the column {table.name}.{stored['name']} is unknown and has to have a value"


def _default_of(column: Column[Any], dialect: Dialect) -> str | None:
    if column.server_default is None:
        return None
    expression: Any = column.server_default
    return _normalise(str(expression.arg.compile(dialect=dialect)))


def _compare_primary_key(table: Table, found: dict[str, Any]) -> Iterator[str]:
    wanted = [column.name for column in table.primary_key]
    if found["constrained_columns"] != wanted:
        stored = ", ".join(found["constrained_columns"]) or "nothing"
        yield f"the primary key of {table.name} is {stored} and should be {', '.join(wanted)}"


def _compare_foreign_keys(table: Table, found: list[dict[str, Any]]) -> Iterator[str]:
    wanted = {_declared_reference(each) for each in table.foreign_key_constraints}
    stored = {
        _reference(
            each["constrained_columns"],
            each["referred_table"],
            each["referred_columns"],
            each["options"].get("ondelete"),
        )
        for each in found
    }
    for reference in sorted(wanted - stored):
        yield f"the foreign key {table.name} {reference} is missing"
    for reference in sorted(stored - wanted):
        yield f"the foreign key {table.name} {reference} is unknown"


def _declared_reference(constraint: ForeignKeyConstraint) -> str:
    referred = [element.column.name for element in constraint.elements]
    return _reference(constraint.column_keys, constraint.referred_table.name, referred, constraint.ondelete)


def _reference(columns: Sequence[str], table: str, referred: Sequence[str], ondelete: str | None) -> str:
    end = f" on delete {ondelete.lower()}" if ondelete else ""
    return f"({', '.join(columns)}) to {table} ({', '.join(referred)}){end}"


def _compare_unique(table: Table, constraints: list[dict[str, Any]], indexes: list[dict[str, Any]]) -> Iterator[str]:
    """By their columns: a unique index does what a constraint does."""
    declared = [each for each in table.constraints if isinstance(each, UniqueConstraint)]
    wanted = {tuple(column.name for column in each.columns) for each in declared}
    stored = {tuple(each["column_names"]) for each in constraints}
    stored |= {tuple(each["column_names"]) for each in indexes if each["unique"] and _where(each) is None}
    # A part of a table can be unique too, and refuse our rows.
    partly = {tuple(each["column_names"]) for each in indexes if each["unique"] and _where(each) is not None}
    for columns in sorted(wanted - stored):
        yield f"{table.name} ({', '.join(columns)}) is not unique and should be"
    for columns in sorted((stored | partly) - wanted, key=str):
        yield f"{table.name} ({', '.join(map(str, columns))}) is unique and should not be"


def _compare_checks(table: Table, found: list[dict[str, Any]]) -> Iterator[str]:
    wanted = {
        str(each.name): _normalise(str(each.sqltext)) for each in table.constraints if isinstance(each, CheckConstraint)
    }
    stored = {str(each["name"]): _normalise(each["sqltext"]) for each in found}
    for name in sorted(wanted.keys() | stored.keys()):
        if name not in stored:
            yield f"the check {name} of {table.name} is missing"
        elif name not in wanted:
            yield f"the check {name} of {table.name} is unknown"
        elif stored[name] != wanted[name]:
            yield f"the check {name} of {table.name} differs"


def _compare_indexes(table: Table, found: list[dict[str, Any]], dialect: Dialect) -> Iterator[str]:
    by_name = {each["name"]: each for each in found}
    for index in sorted(table.indexes, key=lambda each: str(each.name)):
        stored = by_name.get(index.name)
        if stored is None:
            yield f"the index {index.name} of {table.name} is missing"
            continue
        columns = [column.name for column in index.columns]
        if stored["column_names"] != columns:
            yield f"the index {index.name} of {table.name} does not have the columns {', '.join(columns)}"
        where: TextClause | None = index.dialect_options[dialect.name]["where"]
        if _where(stored) != (None if where is None else _normalise(str(where))):
            yield f"the index {index.name} of {table.name} is for other rows than it should be"


def _where(index: dict[str, Any]) -> str | None:
    options = index.get("dialect_options", {})
    where = options.get("postgresql_where", options.get("sqlite_where"))
    return None if where is None else _normalise(str(where))


def _normalise(expression: str | None) -> str | None:
    """An expression without what PostgreSQL adds to it: casts, brackets, capitals, `= ANY (ARRAY[…])` for `IN`."""
    if expression is None:
        return None
    plain = _CAST.sub("", expression.lower())
    plain = _IN.sub(r"\1 = any (array[\2])", plain)
    return _SPACE_OR_BRACKET.sub(" ", plain).strip()
