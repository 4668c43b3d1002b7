"""How far a database has come, and whether it still holds what this process has seen in it."""

from uuid import UUID

import msgspec
from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.tables import AuditRow, EventRow, InstallationRow, SequenceRow


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """The newest public event, and the newest audit entry; null where there is none yet."""

    sequence: int
    event_id: UUID | None
    audit_id: UUID | None


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """A database beside an earlier position of it. `has_moved`: all of it was moved to another database."""

    went_back: bool
    has_moved: bool
    marked: bool


_NEWEST = select(
    SequenceRow.n,
    select(EventRow.id)
    .where(EventRow.sequence == SequenceRow.n)
    .correlate(SequenceRow)
    .scalar_subquery()
    .label("event"),
    select(AuditRow.id).order_by(AuditRow.id.desc()).limit(1).scalar_subquery().label("audit"),
)
_COMPARED = select(
    InstallationRow.marked,
    InstallationRow.restored_sequence,
    InstallationRow.moved_at,
    select(EventRow.id).where(EventRow.sequence == bindparam("sequence")).scalar_subquery().label("event"),
    select(AuditRow.id).where(AuditRow.id == bindparam("audit")).scalar_subquery().label("audit"),
)


async def read_position(session: AsyncSession) -> Position:
    row = (await session.execute(_NEWEST)).one()
    return Position(sequence=row.n, event_id=row.event, audit_id=row.audit)


async def compare(session: AsyncSession, seen: Position | None) -> Comparison:
    """Compare the database with an earlier position, by one query.

    It went back if it does not hold that event or that audit entry, unless a restore was declared since.
    """
    known = seen or Position(sequence=0, event_id=None, audit_id=None)
    row = (await session.execute(_COMPARED, {"sequence": known.sequence, "audit": known.audit_id})).one()
    is_same = (row.event, row.audit) == (known.event_id, known.audit_id)
    is_declared = row.restored_sequence is not None and row.restored_sequence > known.sequence
    return Comparison(went_back=not is_same and not is_declared, has_moved=row.moved_at is not None, marked=row.marked)
