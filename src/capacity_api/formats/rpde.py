"""Realtime Paged Data Exchange 1.1 (OpenActive): each responder once, by its newest change, delisted ones included.

A reader walks the pages by `next` and, at the end, asks the empty last page again and again. The change number is the
responder's `sequence`, so a responder that changes moves to the end and is read once more.
"""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from capacity_api.formats.format import Format
from capacity_api.representations.encoding import LICENCE
from capacity_api.representations.responder import Responder

PATH = "/v1/changes"
# Its pages depend on the query and come from a controller alone.
FORMAT = Format(name="rpde")


class ChangedItem(msgspec.Struct, frozen=True, kw_only=True):
    """`modified` is the change number; `data` is left out of a responder that left the directory."""

    state: Literal["updated", "deleted"]
    kind: Literal["responder"] = "responder"
    id: str
    modified: int
    data: Responder | UnsetType = UNSET


class ChangesPage(msgspec.Struct, frozen=True, kw_only=True):
    """`next` is the address to ask next: on the last page, which has no items, its own."""

    next: str
    items: list[ChangedItem]
    license: str = LICENCE
    demonstration: bool | UnsetType = UNSET


def updated_item(responder: Responder) -> ChangedItem:
    return ChangedItem(state="updated", id=str(responder.id), modified=responder.sequence, data=responder)


def deleted_item(responder_id: UUID, number: int) -> ChangedItem:
    return ChangedItem(state="deleted", id=str(responder_id), modified=number)


def changes_page(
    items: Sequence[ChangedItem], after: int, address: str, limit: int | None = None, *, demonstration: bool = False
) -> ChangesPage:
    """The page at `address` (absolute, without a query) with the changes after number `after`."""
    number = items[-1].modified if items else after
    following = f"{address}?afterChangeNumber={number}" + ("" if limit is None else f"&limit={limit}")
    return ChangesPage(next=following, items=list(items), demonstration=True if demonstration else UNSET)
