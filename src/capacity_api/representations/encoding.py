"""The bytes of a representation, their ETags, and what holds for all of them."""

import hashlib
from typing import Any

import msgspec

LICENCE = "https://creativecommons.org/licenses/by/4.0/"
# How long a reader may keep the directory, in seconds, unless a `confirm_by` in it comes first.
TTL_SECONDS = 30

_encoder = msgspec.json.Encoder()


def encode(value: Any) -> bytes:
    """The bytes of a representation: what is sent, signed and hashed."""
    return _encoder.encode(value)


def etag_of(body: bytes) -> str:
    """A strong ETag (RFC 9110 §8.8.3): it changes with any byte. A content coding adds its name."""
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def matches_etag(if_match: str, body: bytes) -> bool:
    """Whether an `If-Match` header names the representation `body`, in any content coding (RFC 9110 §13.1.1).

    A proxy that compresses makes an ETag weak. It still names the version, so we take it.
    """
    if if_match.strip() == "*":
        return True
    plain = etag_of(body)[:-1]
    etags = [etag.strip().removeprefix("W/") for etag in if_match.split(",")]
    return any(etag == plain + '"' or etag.startswith(plain + "-") for etag in etags)
