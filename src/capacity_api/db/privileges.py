"""What the role of the service must be allowed to do in PostgreSQL, table by table, and what it is not."""

from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.config import Settings
from capacity_api.db.migrations import OLDEST_TABLE, REVISION_TABLE
from capacity_api.db.table import Table
from capacity_api.db.tables import (
    AuditRow,
    CoverageRow,
    EventRow,
    InstallationRow,
    IntakeRow,
    ReportRow,
    ResponderRow,
    RollupRow,
    SequenceRow,
)

# To lock a row takes UPDATE.
_ALL = ("SELECT", "INSERT", "UPDATE", "DELETE")
_KEPT = ("SELECT", "INSERT", "UPDATE")
_ONE_ROW = ("SELECT", "UPDATE")
# Every other table needs `_ALL`. The migrations need more, and run as the owner of the tables.
_NARROWER: Mapping[str, tuple[str, ...]] = {
    OLDEST_TABLE: ("SELECT",),
    REVISION_TABLE: ("SELECT",),
    AuditRow.__tablename__: ("SELECT", "INSERT"),
    EventRow.__tablename__: _KEPT,
    IntakeRow.__tablename__: _KEPT,
    ReportRow.__tablename__: _KEPT,
    ResponderRow.__tablename__: _KEPT,
    CoverageRow.__tablename__: _ONE_ROW,
    InstallationRow.__tablename__: _ONE_ROW,
    RollupRow.__tablename__: _ONE_ROW,
    SequenceRow.__tablename__: _ONE_ROW,
}
# A schema without USAGE is not current. In PostgreSQL 15 and later, "public" gives USAGE to everybody.
_ROLE = text("SELECT quote_ident(current_user), current_schema() IS NOT NULL")
_PRIVILEGES = text(
    "SELECT c.relname, has_table_privilege(c.oid, 'SELECT'), has_table_privilege(c.oid, 'INSERT'),"
    " has_table_privilege(c.oid, 'UPDATE'), has_table_privilege(c.oid, 'DELETE') FROM pg_class c"
    " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p')"
    " ORDER BY c.relname"
)


_SEQUENCES = text(
    "SELECT quote_ident(current_user), count(*) FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = current_schema() AND NOT has_sequence_privilege(s.seqrelid, 'SELECT')"
)


async def missing_for_backup(session: AsyncSession) -> str | None:
    """The GRANT that `backup` lacks with this role; `None` if it lacks none. `pg_dump` reads sequences too."""
    if session.get_bind().dialect.name == "sqlite":
        return None
    role, unreadable = (await session.execute(_SEQUENCES)).one()
    return f"GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}" if unreadable else None


def needed_privileges(settings: Settings) -> dict[str, tuple[str, ...]]:
    """What the service needs on each table."""
    names = [*Table.metadata.tables, OLDEST_TABLE, REVISION_TABLE]
    needed = {name: _NARROWER.get(name, _ALL) for name in sorted(names)}
    if settings.keep_audit is not None:
        needed[AuditRow.__tablename__] += ("DELETE",)
    return needed


async def missing_grants(session: AsyncSession, settings: Settings) -> list[str]:
    """A GRANT for each table on which the role lacks something; none for a table that is not there, or on SQLite."""
    if session.get_bind().dialect.name == "sqlite":
        return []
    role, has_schema = (await session.execute(_ROLE)).one()
    if not has_schema:
        return [f"GRANT USAGE ON SCHEMA public TO {role}"]
    needed = needed_privileges(settings)
    grants = []
    for name, *are_held in await session.execute(_PRIVILEGES):
        held = {privilege for privilege, is_held in zip(_ALL, are_held, strict=True) if is_held}
        missing = [privilege for privilege in needed.get(name, ()) if privilege not in held]
        if missing:
            grants.append(f"GRANT {', '.join(missing)} ON {name} TO {role}")
    return grants
