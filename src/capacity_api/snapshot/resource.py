"""A resource: one body with its headers and its strong ETag, in each content coding that somebody asked for."""

import asyncio
import gzip
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

import brotli  # type: ignore[import-untyped]  # two functions over bytes, without types
import msgspec
import zstandard

from capacity_api.representations.encoding import etag_of

JSON = "application/json"
# What scripts of other origins may read.
EXPOSED_HEADERS = "ETag, Date, Age, Retry-After, Location, X-Request-Id, Published-Sequence"
PUBLIC_HEADERS = (
    ("access-control-allow-origin", "*"),
    ("access-control-expose-headers", EXPOSED_HEADERS),
    ("x-content-type-options", "nosniff"),
)

# The number of the newest event that the process shows. A write that is not shown yet has a higher one.
PUBLISHED_SEQUENCE = b"published-sequence"
Headers = Sequence[tuple[bytes, bytes]]
# A copy must be asked for again each time, which costs a 304. A lifetime would start anew at each hop (RFC 9111 §4.2.3
# needs an `Age`, which nginx does not send), and show a lapse or a pause late.
_ASK_AGAIN = b"public, no-cache"
# The same body gives the same bytes on every machine: no time and no file name is in them. Higher levels take several
# times as long and save next to nothing here.
_COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, quality=5),
    "zstd": lambda body: zstandard.ZstdCompressor(level=6).compress(body),
    "gzip": lambda body: gzip.compress(body, 6, mtime=0),
}
# In our order of preference.
CODINGS = tuple(_COMPRESS)
# Compressing this much takes some milliseconds; more would delay every other reader.
_MAX_COMPRESSED_INLINE_BYTES = 512 * 1024
# One thread, so that compression never takes more than one processor from the readers.
_compressor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="compress")


class Variant(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A resource in one content coding: `headers` for the whole, `headers_unchanged` for a 304 (RFC 9110 §15.4.5).

    `head` and `head_unchanged` are these with their status lines, as they go over the wire in HTTP/1.1.
    """

    body: bytes
    etag: bytes
    headers: Headers
    headers_unchanged: Headers
    head: bytes
    head_unchanged: bytes


class Resource:
    """A cache may keep a `cacheable` resource, and must ask again before each use. It may keep no other.

    `etag`: one that is known already, so that the body need not be hashed.
    """

    __slots__ = (
        "__weakref__",
        "_etag",
        "_variants",
        "body",
        "cacheable",
        "content_type",
        "headers",
        "status",
    )

    def __init__(
        self,
        body: bytes,
        content_type: str = JSON,
        headers: tuple[tuple[str, str], ...] = PUBLIC_HEADERS,
        *,
        status: int = 200,
        cacheable: bool = True,
        etag: str | None = None,
    ) -> None:
        self.body = body
        self.content_type = content_type
        self.headers = headers
        self.status = status
        self.cacheable = cacheable
        self._etag = etag or etag_of(body)
        self._variants: dict[str, Variant | None] = {"": self._variant(body, "")}

    @property
    def plain(self) -> Variant:
        """The resource without a content coding."""
        plain = self._variants[""]
        assert plain is not None
        return plain

    def best(self, codings: tuple[str, ...]) -> Variant:
        """The resource in the first of `codings` that makes the body smaller, or else without a coding.

        A large body is compressed in a thread. Until then readers get it uncompressed, rather than an older one
        compressed.
        """
        for coding in codings:
            if coding not in self._variants:
                self._start_compressing(coding)
            variant = self._variants[coding]
            if variant is not None:
                return variant
        return self.plain

    def compress(self, coding: str) -> Variant | None:
        """Compress the body now, and keep the variant. `None` where that would not make it smaller."""
        body = _COMPRESS[coding](self.body)
        variant = self._variant(body, coding) if len(body) < len(self.body) else None
        self._variants[coding] = variant
        return variant

    def _start_compressing(self, coding: str) -> None:
        if len(self.body) <= _MAX_COMPRESSED_INLINE_BYTES:
            self.compress(coding)
            return
        self._variants[coding] = None
        asyncio.get_running_loop().run_in_executor(_compressor, _compress, weakref.ref(self), coding)

    def _variant(self, body: bytes, coding: str) -> Variant:
        etag = f'{self._etag[:-1]}-{coding}"' if coding else self._etag
        unchanged = (
            (b"etag", etag.encode()),
            (b"vary", b"accept-encoding"),
            *((name.encode(), value.encode()) for name, value in self.headers),
            (b"cache-control", _ASK_AGAIN if self.cacheable else b"no-store"),
        )
        headers = (
            (b"content-type", self.content_type.encode()),
            (b"content-length", str(len(body)).encode()),
            *([(b"content-encoding", coding.encode())] if coding else []),
            *unchanged,
        )
        return Variant(
            body=body,
            etag=etag.encode(),
            headers=headers,
            headers_unchanged=unchanged,
            head=head_of(self.status, headers),
            head_unchanged=head_of(304, unchanged),
        )


def head_of(status: int, headers: Headers) -> bytes:
    """The status line and the headers as they go over the wire in HTTP/1.1, without the empty line at their end."""
    return b"HTTP/1.1 %d %b\r\n" % (status, HTTPStatus(status).phrase.encode()) + lines_of(headers)


def lines_of(headers: Headers) -> bytes:
    return b"".join(b"%b: %b\r\n" % header for header in headers)


def _compress(reference: "weakref.ref[Resource]", coding: str) -> None:
    # A resource that has been replaced is gone, and nobody waits for it.
    resource = reference()
    if resource is not None:
        resource.compress(coding)
