"""The responders: listing them, changing their details, delisting them."""

import re
from datetime import datetime
from importlib import resources
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from capacity_api.db.tables import IntakeRow, ResponderRow
from capacity_api.domain.codes import ALL, UNKNOWN
from capacity_api.domain.contact import ContactRequest, WebAddress, validate_contact, validate_web_address
from capacity_api.domain.events import EventType
from capacity_api.domain.intake import DEFAULT_VALID_FOR, NEVER_REPORTED
from capacity_api.domain.remit import Remit, validate_remit
from capacity_api.domain.responder import MAX_SLUG_LENGTH, SLUG_PATTERN, ResponderRecord, Slug
from capacity_api.domain.text import required_text, text_limits
from capacity_api.errors import AlreadyExists, Invalid
from capacity_api.operations import audit, changes, owners
from capacity_api.operations.intake import VersionCheck, require_expected
from capacity_api.operations.near_names import no_responder
from capacity_api.representations.responder import Responder

# "all" and "unknown" are sets of slugs, tests of webhooks name a responder `example`, and `admin` is another owner.
_RESERVED_SLUGS = frozenset({ALL, UNKNOWN, "admin", "example"})
_DEFAULT_HOURS = int(DEFAULT_VALID_FOR.total_seconds() // 3600)
_MAX_VALID_FOR_HOURS = 2160
_AT_A_TIME = 50
Name = Annotated[str, text_limits(200, required=True)]
_Hours = Annotated[int, msgspec.Meta(extra_json_schema={"minimum": 1, "maximum": _MAX_VALID_FOR_HOURS})]


class ResponderRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    slug: Slug
    name: Name
    remit: Remit
    website: WebAddress | None = None
    contact: ContactRequest = ContactRequest()
    valid_for_hours: _Hours = _DEFAULT_HOURS


class ResponderPatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays as it is; `contact` and `remit` are replaced whole."""

    name: Name | UnsetType = UNSET
    website: WebAddress | UnsetType | None = UNSET
    contact: ContactRequest | UnsetType = UNSET
    remit: Remit | UnsetType = UNSET
    valid_for_hours: _Hours | UnsetType = UNSET


def read_register() -> list[ResponderRequest]:
    """The starting register: Table 2 of the 2024 briefing, thirteen responders, nobody's state known."""
    text = resources.files("capacity_api").joinpath("register.json").read_bytes()
    return msgspec.json.decode(text, type=list[ResponderRequest])


async def load_register(session: AsyncSession, now: datetime) -> int:
    """List the starting register in a database that has never had a responder; returns how many were listed."""
    if await session.scalar(select(func.count()).select_from(ResponderRow)):
        return 0
    responders = read_register()
    for new in responders:
        await list_responder(session, now, new)
    return len(responders)


async def list_responder(session: AsyncSession, now: datetime, new: ResponderRequest) -> Responder:
    """List a responder, unconfirmed; a delisted one returns under its id, still suspended.

    Raises `Invalid`, `AlreadyExists`.
    """
    if not re.fullmatch(SLUG_PATTERN, new.slug) or len(new.slug) > MAX_SLUG_LENGTH:
        raise Invalid.at(
            "/slug", f"must be lower-case letters, digits and single hyphens, at most {MAX_SLUG_LENGTH} in all"
        )
    if new.slug in _RESERVED_SLUGS:
        raise Invalid.at("/slug", "stands for something else here; choose another")
    change = await changes.begin(session, now)
    row = await session.scalar(select(ResponderRow).where(ResponderRow.slug == new.slug))
    if row is None:
        row = ResponderRow(id=uuid7(), slug=new.slug, created_at=change.now, sequence=0, updated_at=change.now)
        row.intake = IntakeRow(responder_id=row.id)
    elif row.delisted_at is None:
        raise AlreadyExists(f"A responder {new.slug!r} is listed already")
    row.name = required_text(new.name, "/name", 200)
    row.website = validate_web_address(new.website, "/website")
    row.contact = validate_contact(new.contact)
    row.remit = validate_remit(new.remit)
    row.valid_for_hours = _validate_hours(new.valid_for_hours)
    row.delisted_at = None
    row.intake.value = NEVER_REPORTED
    row.intake.report_sequence = None
    session.add(row)
    # Its first event refers to the row.
    await session.flush()
    number = await change.add_event(EventType.RESPONDER_LISTED, row, change.now)
    audit.add_entry(session, change.now, "responder.list", new.slug, sequence=number)
    return change.represent(row)


async def change_details(
    session: AsyncSession,
    now: datetime,
    slug: str,
    patch: ResponderPatch,
    *,
    is_expected: VersionCheck | None = None,
) -> Responder:
    """Change a responder's details. An event follows only where the public sees a difference."""
    change = await changes.begin(session, now)
    row = await change.get_responder(slug)
    require_expected(change, row, is_expected)
    before = row.record
    if patch.name is not UNSET:
        row.name = required_text(patch.name, "/name", 200)
    if patch.website is not UNSET:
        row.website = validate_web_address(patch.website, "/website")
    if patch.contact is not UNSET:
        row.contact = validate_contact(patch.contact)
    if patch.remit is not UNSET:
        row.remit = validate_remit(patch.remit)
    if patch.valid_for_hours is not UNSET:
        row.valid_for_hours = _validate_hours(patch.valid_for_hours)
    number = None
    if row.record != before:
        number = await change.add_event(EventType.RESPONDER_UPDATED, row, change.now, previous_areas=before.remit.areas)
    audit.add_entry(session, change.now, "responder.change", slug, sequence=number)
    return change.represent(row)


async def delist_responder(session: AsyncSession, now: datetime, slug: str) -> None:
    """Take a responder out of the directory, and suspend it; its history stays. Raises `NotFound`."""
    change = await changes.begin(session, now)
    row = await change.get_responder(slug)
    row.delisted_at = change.now
    number = await change.add_event(EventType.RESPONDER_DELISTED, row, change.now)
    audit.add_entry(session, change.now, "responder.delist", slug, sequence=number)
    await owners.suspend(session, change.now, row.id)


async def changed_since(session: AsyncSession, sequence: int) -> list[ResponderRecord]:
    """The responders that changed after a sequence number, delisted ones included, by slug."""
    query = select(ResponderRow).where(ResponderRow.sequence > sequence).order_by(ResponderRow.slug)
    # Some at a time: others go on in between, however many have changed.
    rows = await session.stream_scalars(query.execution_options(yield_per=_AT_A_TIME))
    return [row.record async for row in rows]


async def changed_between(session: AsyncSession, after: int, until: int, limit: int) -> list[ResponderRecord]:
    """Up to `limit` responders whose newest change lies in (after, until], oldest first, delisted ones included."""
    query = (
        select(ResponderRow)
        .where(ResponderRow.sequence > after, ResponderRow.sequence <= until)
        .order_by(ResponderRow.sequence)
        .limit(limit)
    )
    return [row.record for row in await session.scalars(query)]


async def get_responder(session: AsyncSession, slug: str) -> ResponderRow:
    """A listed responder; raises `NotFound`."""
    row = await session.scalar(
        select(ResponderRow).where(ResponderRow.slug == slug, ResponderRow.delisted_at.is_(None))
    )
    if row is None:
        raise await no_responder(session, slug)
    return row


def _validate_hours(hours: int) -> int:
    if not 1 <= hours <= _MAX_VALID_FOR_HOURS:
        raise Invalid.at("/valid_for_hours", f"must be from 1 to {_MAX_VALID_FOR_HOURS}")
    return hours
