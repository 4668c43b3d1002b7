"""The audit: who did what, and when. docs/operate/audit.md lists the actions."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from capacity_api.db.acts import actor_of, note_act
from capacity_api.db.tables import AuditRow
from capacity_api.domain.actor import Actor
from capacity_api.operations.paging import Page, page

_PRUNE_BATCH = 500

# What the log calls the target of an action, by the action or its first word.
_TARGETS = {
    "caseload": "responder",
    "clock": "clock",
    "database": "what",
    "database.backup": "sequence",
    "directory": "what",
    "dispute": "responder",
    "handover": "link_id",
    "intake": "responder",
    "link": "link_id",
    "owner": "owner",
    "partner": "partner_id",
    "person": "person_id",
    # Nobody is a person of the owner before the invitation is accepted.
    "person.invite": "link_id",
    "responder": "responder",
    "threshold": "responder",
    "token": "token_id",
    "webhook": "webhook_id",
}


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    at: datetime
    actor: Actor
    action: str
    target: str


class AuditFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries to list; `None` keeps all.

    `actor` is the key of an actor or of its owner (`Actor.key`, `Owner.key`). An `action` without a dot is the first
    word of several. `since` is inclusive, `until` is not.
    """

    actor: str | None = None
    action: str | None = None
    target: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def last_backup(session: AsyncSession) -> datetime | None:
    """When `capacity-api backup` last wrote one."""
    return await session.scalar(select(func.max(AuditRow.at)).where(AuditRow.action == "database.backup"))


def add_entry(
    session: AsyncSession, now: datetime, action: str, target: object, *, is_logged: bool = True, **log_fields: Any
) -> None:
    """Add an entry for the actor of the transaction: the id or slug that it acted on, and nothing of the content.

    It is also a line of the log, with `log_fields`. `is_logged=False` where the log has the act under the name of its
    event.
    """
    actor = actor_of(session)
    session.add(
        AuditRow(
            id=uuid7(),
            at=now,
            actor=actor,
            actor_key=actor.key,
            owner_key=actor.owner.key if actor.owner else None,
            action=action,
            target=str(target),
        )
    )
    if is_logged:
        log_fields[_TARGETS.get(action) or _TARGETS[action.partition(".")[0]]] = target
        note_act(session, action, **log_fields)


async def prune(session: AsyncSession, before: datetime) -> int:
    """Delete a batch of the entries that are older than this time, oldest first. Returns how many.

    The newest of them stays until another one is as old: a process that last looked when it was the newest of all would
    take the database for one that went back in time (`db.continuity`).
    """
    old = (
        select(AuditRow.id)
        # An id begins with its time (UUIDv7), so the primary key finds them. `at` is what counts.
        .where(AuditRow.id < UUID(int=int(before.timestamp() * 1000) << 80), AuditRow.at < before)
        .order_by(AuditRow.id)
        .limit(_PRUNE_BATCH + 1)
    )
    # Not locked: the service's role may not change an entry. Two that delete the same ones do no harm.
    ids = (await session.scalars(old)).all()[:-1]
    if ids:
        await session.execute(delete(AuditRow).where(AuditRow.id.in_(ids)).execution_options(synchronize_session=False))
    return len(ids)


async def list_entries(session: AsyncSession, wanted: AuditFilter, limit: int, cursor: str | None) -> Page[AuditEntry]:
    """The newest first."""
    query = select(AuditRow)
    if wanted.actor is not None:
        query = query.where(or_(AuditRow.actor_key == wanted.actor, AuditRow.owner_key == wanted.actor))
    if wanted.action is not None and "." in wanted.action:
        query = query.where(AuditRow.action == wanted.action)
    elif wanted.action is not None:
        query = query.where(AuditRow.action.startswith(f"{wanted.action}.", autoescape=True))
    if wanted.target is not None:
        query = query.where(AuditRow.target == wanted.target)
    if wanted.since is not None:
        query = query.where(AuditRow.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(AuditRow.at < wanted.until)
    return await page(session, query, AuditRow.id, _represent, limit, cursor)


def _represent(row: AuditRow) -> AuditEntry:
    return AuditEntry(id=row.id, at=row.at, actor=row.actor, action=row.action, target=row.target)
