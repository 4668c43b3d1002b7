"""The form of a token: `cap_`, 32 random characters in base 62 (190 bits), and a checksum of 6 characters.

The prefix lets secret scanners find a leaked token. The checksum tells a mistyped token from an unknown one without a
query. Only a keyed hash of a token is stored.
"""

import hmac
import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

PREFIX = "cap_"
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM_LENGTH = 32
_CHECKSUM_LENGTH = 6
RANDOM_BYTES = 40
# We tell an owner twice before a token ends, if the token lasts longer than 60 days.
WARN_BEFORE_END = (timedelta(days=30), timedelta(days=7))
WARNED_LIFETIME = timedelta(days=60)


class Scope(StrEnum):
    """What a token may do: report, change the responder, receive events, or everything."""

    INTAKE_WRITE = "intake:write"
    RESPONDER_WRITE = "responder:write"
    WEBHOOKS_MANAGE = "webhooks:manage"
    ADMIN = "admin"


RESPONDER_SCOPES = (Scope.INTAKE_WRITE, Scope.RESPONDER_WRITE, Scope.WEBHOOKS_MANAGE)
PARTNER_SCOPES = (Scope.WEBHOOKS_MANAGE,)
ADMIN_SCOPES = (Scope.ADMIN,)
# What an editor may do after signing in, by the type of the owner. A token that may do less cannot make an editor.
EDITOR_SCOPES: Mapping[str, tuple[Scope, ...]] = MappingProxyType(
    {
        "responder": (Scope.INTAKE_WRITE, Scope.RESPONDER_WRITE),
        "partner": PARTNER_SCOPES,
        "admin": ADMIN_SCOPES,
    }
)


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


def is_warning_due(now: datetime, expires_at: datetime, warned_at: datetime | None) -> bool:
    """Whether the owner of a token that ends at `expires_at`, last warned at `warned_at`, is to be warned now.

    Of several warnings that nobody was there to give, one is given.
    """
    times = [expires_at - before for before in WARN_BEFORE_END]
    due = [at for at in times if at <= now < expires_at]
    return bool(due) and (warned_at is None or warned_at < max(due))


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
