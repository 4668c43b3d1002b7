"""The list of mail for administrators: who was reminded and what was refused, without a single address."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.people_tables import LinkRow, MailRow, PersonRow
from capacity_api.db.tables import ResponderRow
from capacity_api.domain.mail import MailKind, MailStatus
from capacity_api.domain.owner import Owner
from capacity_api.operations import owners
from capacity_api.operations.paging import Page, page


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """One mail. `owner` is whose its receiver is, and `slug` that of the responder that it is about."""

    id: UUID
    kind: MailKind
    owner: Owner
    person_id: UUID | None
    slug: str | None
    status: MailStatus
    attempt_count: int
    reason: str | None
    created_at: datetime
    next_attempt_at: datetime | None
    finished_at: datetime | None


async def list_mail(
    session: AsyncSession,
    limit: int,
    cursor: str | None,
    *,
    status: MailStatus | None = None,
    kind: MailKind | None = None,
    owner_key: str | None = None,
) -> Page[Mail]:
    """The newest first: in this status, of this kind, or to people of this owner alone, if given. Raises `Invalid`."""
    query = select(MailRow)
    if status is not None:
        query = query.where(MailRow.status == status)
    if kind is not None:
        query = query.where(MailRow.kind == kind)
    if owner_key is not None:
        people = select(PersonRow.id).where(owners.is_of(PersonRow, owner_key))
        invitations = select(LinkRow.id).where(owners.is_of(LinkRow, owner_key))
        query = query.where(or_(MailRow.person_id.in_(people), MailRow.link_id.in_(invitations)))
    found = await page(session, query, MailRow.id, lambda row: row, limit, cursor)
    return Page(await _represent(session, found.items), found.next)


async def _represent(session: AsyncSession, rows: Sequence[MailRow]) -> list[Mail]:
    every_owner = await owners.by_id(session)
    owner_ids: dict[UUID | None, UUID | None] = {}
    for table, ids in ((PersonRow, {row.person_id for row in rows}), (LinkRow, {row.link_id for row in rows})):
        query = select(table.id, table.responder_id, table.partner_id).where(table.id.in_(ids - {None}))
        for row_id, responder_id, partner_id in await session.execute(query):
            owner_ids[row_id] = responder_id or partner_id
    about = select(ResponderRow.id, ResponderRow.slug).where(
        ResponderRow.id.in_({row.responder_id for row in rows} - {None})
    )
    slugs = {row.id: row.slug for row in await session.execute(about)}
    return [
        Mail(
            id=row.id,
            kind=MailKind(row.kind),
            owner=every_owner[owner_ids.get(row.person_id or row.link_id)],
            person_id=row.person_id,
            slug=None if row.responder_id is None else slugs.get(row.responder_id),
            status=MailStatus(row.status),
            attempt_count=row.attempts,
            reason=row.reason,
            created_at=row.created_at,
            next_attempt_at=row.next_attempt_at,
            finished_at=row.finished_at,
        )
        for row in rows
    ]
