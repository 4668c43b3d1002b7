"""The audit: who changed what, and when. Each entry is also a line of the log."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from capacity_api.db.acts import note_act
from capacity_api.db.tables import AuditRow
from capacity_api.operations.paging import Page, page

# What the log calls the target of an action, by the action's first word.
_TARGETS = {
    "directory": "what",
    "responder": "responder",
    "threshold": "responder",
    "token": "token_id",
    "partner": "partner_id",
    "clock": "clock",
}


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """`token_id` is null for the command line."""

    id: UUID
    at: datetime
    token_id: UUID | None
    action: str
    target: str


def add_entry(
    session: AsyncSession, now: datetime, token_id: UUID | None, action: str, target: object, **log_fields: Any
) -> None:
    """Add an entry. `log_fields` are only for the log."""
    session.add(AuditRow(id=uuid7(), at=now, token_id=token_id, action=action, target=str(target)))
    log_fields[_TARGETS[action.partition(".")[0]]] = target
    note_act(session, action, **log_fields)


async def list_entries(session: AsyncSession, limit: int, cursor: str | None) -> Page[AuditEntry]:
    return await page(session, select(AuditRow), AuditRow.id, _represent, limit, cursor)


def _represent(row: AuditRow) -> AuditEntry:
    return AuditEntry(id=row.id, at=row.at, token_id=row.token_id, action=row.action, target=row.target)
