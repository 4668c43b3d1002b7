"""What is answered to a read, decided from values alone: the resource and the headers of the request."""

from collections.abc import Iterable
from functools import lru_cache

import msgspec

from capacity_api.snapshot.resource import CODINGS, Headers, Resource


class Answer(msgspec.Struct, frozen=True):
    status: int
    headers: Headers
    body: bytes


def answer_with(resource: Resource, request_headers: Iterable[tuple[bytes, bytes]]) -> Answer:
    """The answer to a `GET`: content coding by `Accept-Encoding`, 304 by `If-None-Match`."""
    accept_encoding = if_none_match = b""
    for name, value in request_headers:
        # Several lines of one header are one list (RFC 9110 §5.3).
        if name == b"accept-encoding":
            accept_encoding = accept_encoding + b"," + value if accept_encoding else value
        elif name == b"if-none-match":
            if_none_match = if_none_match + b"," + value if if_none_match else value
    variant = resource.best(preferred_codings(accept_encoding) if accept_encoding else ())
    unchanged = resource.status == 200 and bool(if_none_match) and is_match(if_none_match, variant.etag)
    if unchanged:
        return Answer(304, variant.headers_unchanged, b"")
    return Answer(resource.status, variant.headers, variant.body)


@lru_cache(maxsize=1024)
def preferred_codings(accept_encoding: bytes) -> tuple[str, ...]:
    """The content codings that the reader likes at least as much as no compression, best first (RFC 9110 §12.5.3).

    Where the reader has no preference, our order decides.
    """
    weights: dict[str, float] = {}
    for item in accept_encoding.decode("latin-1").split(","):
        coding, _, parameters = item.strip().partition(";")
        weights[coding.strip().lower()] = _weight(parameters)
    any_other = weights.get("*", 0.0)
    # An uncompressed answer is acceptable unless the reader excludes it, but every acceptable coding goes first.
    identity = weights.get("identity", 0.001 if weights.get("*", 1) else 0.0)
    wanted = {coding: weights.get(coding, any_other) for coding in CODINGS}
    acceptable = [coding for coding in CODINGS if wanted[coding] > 0 and wanted[coding] >= identity]
    # The sort is stable.
    return tuple(sorted(acceptable, key=wanted.__getitem__, reverse=True))


def is_match(if_none_match: bytes, etag: bytes) -> bool:
    """Whether the reader has this version already. The comparison is weak (RFC 9110 §13.1.2)."""
    if if_none_match == etag:
        return True
    known = [each.strip().removeprefix(b"W/") for each in if_none_match.split(b",")]
    return b"*" in known or etag in known


def _weight(parameters: str) -> float:
    name, _, value = parameters.partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0
