"""A resource: one body, in each content coding that somebody asked for, with its strong validator and its headers."""

import asyncio
import gzip
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import brotli  # type: ignore[import-untyped]  # two functions over bytes, without types
import zstandard

from capacity_api import representations
from capacity_api.representations import TTL_SECONDS

JSON = "application/json"
_NOSNIFF = ("x-content-type-options", "nosniff")
_ANY_ORIGIN = ("access-control-allow-origin", "*")
PUBLIC_HEADERS = (_ANY_ORIGIN, ("access-control-expose-headers", "etag"), _NOSNIFF)

Headers = list[tuple[bytes, bytes]]
# The same bytes on every machine, for the same body: neither a time nor a file's name is in them. Higher levels take
# several times as long and make nothing here smaller worth the name.
_COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, quality=5),
    "zstd": lambda body: zstandard.ZstdCompressor(level=6).compress(body),
    "gzip": lambda body: gzip.compress(body, 6, mtime=0),
}
# In the order in which they are offered to a reader that takes any.
CODINGS = tuple(_COMPRESS)
# Compressing so much takes some milliseconds; more would hold up whoever else is being answered.
_AT_ONCE_BYTES = 512 * 1024
# One at a time, so that compressing never takes more than one processor from those who answer.
_beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="compress")


class Variant:
    """A resource in one content coding. `headers` are those of a 200, `unchanged` those of a 304 (RFC 9110 §15.4.5)."""

    __slots__ = ("body", "etag", "headers", "unchanged")

    def __init__(self, body: bytes, etag: str, headers: Headers, unchanged: Headers) -> None:
        self.body = body
        self.etag = etag.encode()
        self.headers = headers
        self.unchanged = unchanged


class Resource:
    """`cacheable` resources may be kept until the next lapse, others never. `tag` is the validator of the body, for
    whoever has one that costs less than reading it whole.
    """

    __slots__ = ("__weakref__", "_tag", "_variants", "body", "cacheable", "content_type", "headers", "most_seconds")

    def __init__(
        self,
        body: bytes,
        content_type: str = JSON,
        headers: tuple[tuple[str, str], ...] = PUBLIC_HEADERS,
        *,
        cacheable: bool = True,
        most_seconds: int = TTL_SECONDS,
        tag: str | None = None,
    ) -> None:
        self.body = body
        self.content_type = content_type
        self.headers = headers
        self.cacheable = cacheable
        self.most_seconds = most_seconds
        self._tag = tag or representations.entity_tag(body)
        self._variants: dict[str, Variant | None] = {"": self._variant(body, "")}

    @property
    def plain(self) -> Variant:
        plain = self._variants[""]
        assert plain is not None
        return plain

    def best(self, codings: tuple[str, ...]) -> Variant:
        """The resource in the first of `codings` in which it is smaller; "" is none.

        A large body is compressed beside the event loop, and until that is done it is answered in what there is: the
        newest state late is worse than many bytes.
        """
        for coding in codings:
            try:
                found = self._variants[coding]
            except KeyError:
                found = self._begin(coding)
            if found is not None:
                return found
        return self.plain

    def compressed(self, coding: str) -> Variant | None:
        """The resource in a content coding, now; `None` where that would not make it smaller."""
        body = _COMPRESS[coding](self.body)
        smaller = len(body) < len(self.body)
        self._variants[coding] = found = self._variant(body, coding) if smaller else None
        return found

    def cache_control(self, seconds: float) -> str:
        """For how long a copy may be kept when the next lapse is so many seconds away (RFC 9111 §5.2)."""
        if not self.cacheable:
            return "no-store"
        return f"public, max-age={max(0, min(self.most_seconds, int(seconds)))}, must-revalidate"

    def _begin(self, coding: str) -> Variant | None:
        if len(self.body) <= _AT_ONCE_BYTES:
            return self.compressed(coding)
        self._variants[coding] = None
        asyncio.get_running_loop().run_in_executor(_beside, _compress, weakref.ref(self), coding)
        return None

    def _variant(self, body: bytes, coding: str) -> Variant:
        etag = f'{self._tag[:-1]}-{coding}"' if coding else self._tag
        unchanged = [
            (b"etag", etag.encode()),
            (b"vary", b"accept-encoding"),
            *((name.encode(), value.encode()) for name, value in self.headers),
            # The last one, so that `serve` can put another in its place.
            (b"cache-control", self.cache_control(self.most_seconds).encode()),
        ]
        headers = [
            (b"content-type", self.content_type.encode()),
            (b"content-length", str(len(body)).encode()),
            *([(b"content-encoding", coding.encode())] if coding else []),
            *unchanged,
        ]
        return Variant(body, etag, headers, unchanged)


def _compress(held: "weakref.ref[Resource]", coding: str) -> None:
    resource = held()
    # Gone when a newer one has taken its place: then nobody waits for this.
    if resource is not None:
        resource.compressed(coding)
