"""The published tree: path → resource, each in every content coding, with its strong validator. Immutable."""

import gzip
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

import msgspec

from capacity_api import representations
from capacity_api.domain.match_index import MatchIndex
from capacity_api.representations import Coverage, Directory, Responder

JSON = "application/json"
_NOSNIFF = ("x-content-type-options", "nosniff")
_ANY_ORIGIN = ("access-control-allow-origin", "*")
PUBLIC_HEADERS = (_ANY_ORIGIN, ("access-control-expose-headers", "etag"), _NOSNIFF)


class Variant(msgspec.Struct, frozen=True):
    """A resource in one content coding."""

    body: bytes
    etag: str


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """`variants` by content coding, "" for identity. `cacheable` resources may be kept until the next lapse."""

    content_type: str
    variants: Mapping[str, Variant]
    headers: tuple[tuple[str, str], ...] = PUBLIC_HEADERS
    cacheable: bool = True


class Tree(msgspec.Struct, frozen=True, kw_only=True):
    """What an anonymous reader can fetch without a query, true until `valid_until`.

    `responders` are those of the directory by slug, and `match_index` holds the same at the same moment.
    """

    directory: Directory
    responders: Mapping[str, Responder]
    match_index: MatchIndex
    coverage: Coverage
    resources: Mapping[str, Resource]
    # When the clock changes an entry, and when the time that the page names is too long ago.
    next_lapse: datetime | None
    page_until: datetime

    @property
    def valid_until(self) -> datetime:
        return self.page_until if self.next_lapse is None else min(self.next_lapse, self.page_until)


def resource(
    body: bytes, content_type: str = JSON, headers: tuple[tuple[str, str], ...] = PUBLIC_HEADERS, cacheable: bool = True
) -> Resource:
    """The resource with `body`, compressed where that makes it smaller."""
    variants = {"": Variant(body, representations.entity_tag(body))}
    # Level 9 takes several times as long and makes nothing here smaller worth the name.
    compressed = gzip.compress(body, 6, mtime=0)
    if len(compressed) < len(body):
        variants["gzip"] = Variant(compressed, representations.entity_tag(body, "gzip"))
    return Resource(
        content_type=content_type, variants=MappingProxyType(variants), headers=headers, cacheable=cacheable
    )
