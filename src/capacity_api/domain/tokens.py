"""The form of a token: `cap_`, 32 random characters in base 62 (190 bits), and a checksum of 6 characters.

The prefix lets secret scanners find a leaked token. The checksum tells a mistyped token from an unknown one without a
query. Only a keyed hash of a token is stored.
"""

import hmac
import zlib
from enum import StrEnum

PREFIX = "cap_"
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM_LENGTH = 32
_CHECKSUM_LENGTH = 6
RANDOM_BYTES = 40


class Scope(StrEnum):
    INTAKE_WRITE = "intake:write"
    RESPONDER_WRITE = "responder:write"
    WEBHOOKS_MANAGE = "webhooks:manage"
    ADMIN = "admin"


RESPONDER_SCOPES = (Scope.INTAKE_WRITE, Scope.RESPONDER_WRITE, Scope.WEBHOOKS_MANAGE)
PARTNER_SCOPES = (Scope.WEBHOOKS_MANAGE,)
ADMIN_SCOPES = (Scope.ADMIN,)


def make_token(random: bytes) -> str:
    """A token from `RANDOM_BYTES` random bytes. Raises `ValueError` for any other number."""
    if len(random) != RANDOM_BYTES:
        raise ValueError(f"a token takes {RANDOM_BYTES} random bytes")
    body = PREFIX + _base62(int.from_bytes(random), _RANDOM_LENGTH)
    return body + _checksum(body)


def is_well_formed(token: str) -> bool:
    body, checksum = token[:-_CHECKSUM_LENGTH], token[-_CHECKSUM_LENGTH:]
    return (
        token.isascii()
        and token.startswith(PREFIX)
        and body.removeprefix(PREFIX).isalnum()
        and len(body) == len(PREFIX) + _RANDOM_LENGTH
        and hmac.compare_digest(_checksum(body), checksum)
    )


def hash_token(key: bytes, token: str) -> bytes:
    """The hash to store instead of a token. Without the key it is useless to somebody who steals the database."""
    return hmac.digest(key, b"capacity-api/token/1\0" + token.encode(), "sha256")


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECKSUM_LENGTH)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
