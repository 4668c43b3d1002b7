"""Lists in pages: newest first, by an id or number that orders them, with an opaque cursor."""

import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from capacity_api.errors import Invalid

Item = TypeVar("Item")
Representation = TypeVar("Representation")
MAX_LIMIT = 500
DEFAULT_LIMIT = 50
# The largest number that a column can hold: the database would fail on a cursor beyond it.
_MAX_NUMBER = 2**63 - 1


class Page(msgspec.Struct, Generic[Item], frozen=True):
    """`next` is the `cursor` for the page after this one, null on the last."""

    items: list[Item]
    next: str | None


async def page(
    session: AsyncSession,
    query: Select[Item],
    by: InstrumentedAttribute[Any],
    represent: Callable[[Item], Representation],
    limit: int,
    cursor: str | None,
) -> Page[Representation]:
    """A page of `query`, by falling `by` (unique: an id or a number). Raises `Invalid` for a made-up cursor."""
    if cursor is not None:
        query = query.where(by < _decode_cursor(cursor, by.type.python_type))
    rows: Sequence[Item] = (await session.scalars(query.order_by(by.desc()).limit(limit + 1))).all()
    following = encode_cursor(getattr(rows[limit - 1], by.key)) if len(rows) > limit else None
    return Page([represent(row) for row in rows[:limit]], following)


async def all_pages(read: Callable[[int, str | None], Awaitable[Page[Item]]]) -> list[Item]:
    """Every item of a list. `read` takes a limit and a cursor and returns that page."""
    page = await read(MAX_LIMIT, None)
    items = page.items
    while page.next is not None:
        page = await read(MAX_LIMIT, page.next)
        items += page.items
    return items


def encode_cursor(last: UUID | int) -> str:
    """The cursor of the page after the one that ends with `last`."""
    return base64.urlsafe_b64encode(str(last).encode()).decode().rstrip("=")


def _decode_cursor(cursor: str, kind: type) -> Any:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        if kind is UUID:
            return UUID(text)
        number = int(text)
        if not 0 <= number <= _MAX_NUMBER:
            raise ValueError("out of range")
        return number
    except (binascii.Error, ValueError):
        raise Invalid.at("?cursor", "is not a cursor that this list gave out") from None
