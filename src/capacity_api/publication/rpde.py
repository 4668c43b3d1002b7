"""Realtime Paged Data Exchange 1.1 (OpenActive): each responder once, in the order of the changes, gone ones too.

A reader walks the pages by `next` and, at the end, asks the empty last page again and again. The change number is the
responder's `sequence`, so a responder that changes moves to the end and is read once more.
"""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from capacity_api.representations import LICENCE, TTL_SECONDS, Responder

# A page with items is no more than the directory is; the empty one at the end is where a pause shows first.
PAGE_LASTS_SECONDS = TTL_SECONDS
LAST_PAGE_LASTS_SECONDS = 5


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """`modified` is the change number; `data` is left out of a responder that left the directory."""

    state: Literal["updated", "deleted"]
    kind: Literal["responder"] = "responder"
    id: str
    modified: int
    data: Responder | UnsetType = UNSET


class ChangesPage(msgspec.Struct, frozen=True, kw_only=True):
    """`next` is the address to ask next: on the last page, which has no items, its own."""

    next: str
    items: list[Item]
    license: str = LICENCE
    demonstration: bool | UnsetType = UNSET


def updated(responder: Responder) -> Item:
    return Item(state="updated", id=str(responder.id), modified=responder.sequence, data=responder)


def deleted(responder_id: UUID, number: int) -> Item:
    return Item(state="deleted", id=str(responder_id), modified=number)


def page(
    items: Sequence[Item], after: int, address: str, limit: int | None = None, *, demonstration: bool = False
) -> ChangesPage:
    """The page at `address` (absolute, without a query) with the changes after number `after`."""
    number = items[-1].modified if items else after
    following = f"{address}?afterChangeNumber={number}" + ("" if limit is None else f"&limit={limit}")
    return ChangesPage(next=following, items=list(items), demonstration=True if demonstration else UNSET)


def most_seconds(items: Sequence[Item]) -> int:
    """For how long a page may be kept at most; the next lapse may end it sooner."""
    return PAGE_LASTS_SECONDS if items else LAST_PAGE_LASTS_SECONDS
