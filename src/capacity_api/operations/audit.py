"""The audit: who changed what, and when."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from capacity_api.db.tables import AuditRow
from capacity_api.operations.paging import Page, page


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """`token_id` is null for the command line."""

    id: UUID
    at: datetime
    token_id: UUID | None
    action: str
    target: str


def add_entry(session: AsyncSession, now: datetime, token_id: UUID | None, action: str, target: object) -> None:
    session.add(AuditRow(id=uuid7(), at=now, token_id=token_id, action=action, target=str(target)))


async def list_entries(session: AsyncSession, limit: int, cursor: str | None) -> Page[AuditEntry]:
    return await page(session, select(AuditRow), AuditRow.id, _represent, limit, cursor)


def _represent(row: AuditRow) -> AuditEntry:
    return AuditEntry(id=row.id, at=row.at, token_id=row.token_id, action=row.action, target=row.target)
