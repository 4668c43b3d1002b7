"""The responders themselves: listing, changing what is said about them, delisting, and their past."""

import re
from datetime import datetime
from importlib import resources
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from capacity_api import representations
from capacity_api.db.tables import IntakeRow, ReportRow, ResponderRow
from capacity_api.domain import contact as contacts
from capacity_api.domain import remit as remits
from capacity_api.domain.contact import Contact, web_address
from capacity_api.domain.events import EventType
from capacity_api.domain.intake import DEFAULT_VALID_FOR, NEVER_REPORTED
from capacity_api.domain.remit import Remit
from capacity_api.domain.text import required_text
from capacity_api.errors import AlreadyExists, Invalid, NotFound
from capacity_api.operations import audit, changes
from capacity_api.operations.intake import require_match
from capacity_api.operations.paging import Page, page
from capacity_api.representations import HistoryEntry, Responder

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_DEFAULT_HOURS = int(DEFAULT_VALID_FOR.total_seconds() // 3600)
_MOST_HOURS = 2160


class NewResponder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    slug: str
    name: str
    remit: Remit
    website: str | None = None
    contact: Contact = Contact()
    valid_for_hours: int = _DEFAULT_HOURS


class ResponderPatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays as it is; `contact` and `remit` are replaced whole."""

    name: str | UnsetType = UNSET
    website: str | UnsetType | None = UNSET
    contact: Contact | UnsetType = UNSET
    remit: Remit | UnsetType = UNSET
    valid_for_hours: int | UnsetType = UNSET


def register() -> list[NewResponder]:
    """The starting register: Table 2 of the 2024 briefing, thirteen responders, nobody's state known."""
    text = resources.files("capacity_api").joinpath("register.json").read_bytes()
    return msgspec.json.decode(text, type=list[NewResponder])


async def load_register(session: AsyncSession, now: datetime) -> int:
    """List the starting register in a database that has never had a responder; returns how many were listed."""
    if await session.scalar(select(func.count()).select_from(ResponderRow)):
        return 0
    responders = register()
    for new in responders:
        await add(session, now, new)
    return len(responders)


async def add(session: AsyncSession, now: datetime, new: NewResponder, token_id: UUID | None = None) -> Responder:
    """List a responder, unconfirmed; a delisted one comes back under its id. Raises `Invalid`, `AlreadyExists`."""
    if not _SLUG.fullmatch(new.slug) or len(new.slug) > 80:
        raise Invalid.at("/slug", "must be lower-case letters, digits and single hyphens, at most 80 in all")
    change = await changes.begin(session, now)
    row = await session.scalar(select(ResponderRow).where(ResponderRow.slug == new.slug))
    if row is None:
        row = ResponderRow(id=uuid7(), slug=new.slug, created_at=change.now, sequence=0, updated_at=change.now)
        row.intake = IntakeRow(responder_id=row.id)
    elif row.delisted_at is None:
        raise AlreadyExists(f"A responder {new.slug!r} is listed already")
    row.name = required_text(new.name, "/name", 200)
    row.website = web_address(new.website, "/website")
    row.contact = contacts.checked(new.contact)
    row.remit = remits.checked(new.remit)
    row.valid_for_hours = _checked_hours(new.valid_for_hours)
    row.delisted_at = None
    row.intake.value = NEVER_REPORTED
    session.add(row)
    # Before its first event, which refers to it.
    await session.flush()
    change.tell(EventType.RESPONDER_LISTED, row, change.now)
    audit.note(session, change.now, token_id, "responder.list", new.slug)
    return representations.from_responder(row, change.now)


async def change_details(
    session: AsyncSession,
    now: datetime,
    slug: str,
    patch: ResponderPatch,
    *,
    if_match: str | None = None,
    token_id: UUID | None = None,
) -> Responder:
    """Change what is said about a responder; an event follows only when the public sees a difference."""
    change = await changes.begin(session, now)
    row = await change.responder(slug)
    require_match(row, change.now, if_match)
    public: dict[str, Any] = {}
    if patch.name is not UNSET:
        public["name"] = required_text(patch.name, "/name", 200)
    if patch.website is not UNSET:
        public["website"] = web_address(patch.website, "/website")
    if patch.contact is not UNSET:
        public["contact"] = contacts.checked(patch.contact)
    if patch.remit is not UNSET:
        public["remit"] = remits.checked(patch.remit)
    if patch.valid_for_hours is not UNSET:
        row.valid_for_hours = _checked_hours(patch.valid_for_hours)
    changed = {field: value for field, value in public.items() if getattr(row, field) != value}
    if changed:
        for field, value in changed.items():
            setattr(row, field, value)
        change.tell(EventType.RESPONDER_UPDATED, row, change.now)
    audit.note(session, change.now, token_id, "responder.change", slug)
    return representations.from_responder(row, change.now)


async def delist(session: AsyncSession, now: datetime, slug: str, token_id: UUID | None = None) -> None:
    """Take a responder out of the directory; its past stays. Raises `NotFound`."""
    change = await changes.begin(session, now)
    row = await change.responder(slug)
    row.delisted_at = change.now
    change.tell(EventType.RESPONDER_DELISTED, row, change.now)
    audit.note(session, change.now, token_id, "responder.delist", slug)


async def changed_since(session: AsyncSession, after: int) -> list[ResponderRow]:
    """The responders that changed after sequence number `after`, the delisted among them, by slug."""
    rows = await session.scalars(select(ResponderRow).where(ResponderRow.sequence > after).order_by(ResponderRow.slug))
    return list(rows)


async def changed_next(session: AsyncSession, after: int, until: int, limit: int) -> list[ResponderRow]:
    """The first `limit` responders by the number of their newest change, of those with one after `after` and not
    beyond `until`; the delisted among them.
    """
    between = ResponderRow.sequence > after, ResponderRow.sequence <= until
    query = select(ResponderRow).where(*between).order_by(ResponderRow.sequence).limit(limit)
    return list(await session.scalars(query))


async def by_slug(session: AsyncSession, slug: str) -> ResponderRow:
    """A listed responder; raises `NotFound`."""
    row = await session.scalar(
        select(ResponderRow).where(ResponderRow.slug == slug, ResponderRow.delisted_at.is_(None))
    )
    if row is None:
        raise NotFound(f"No responder {slug!r} is listed")
    return row


async def history(
    session: AsyncSession, slug: str, start: datetime, end: datetime, limit: int, cursor: str | None
) -> Page[HistoryEntry]:
    """Every report and lapse in [start, end), newest first."""
    row = await by_slug(session, slug)
    query = select(ReportRow).where(ReportRow.responder_id == row.id, ReportRow.at >= start, ReportRow.at < end)
    return await page(session, query, ReportRow.sequence, representations.from_report, limit, cursor)


def _checked_hours(hours: int) -> int:
    if not 1 <= hours <= _MOST_HOURS:
        raise Invalid.at("/valid_for_hours", f"must be from 1 to {_MOST_HOURS}")
    return hours
