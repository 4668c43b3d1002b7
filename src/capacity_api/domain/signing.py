"""Standard Webhooks signatures (standardwebhooks.com, spec 1.0): HMAC-SHA256 as `v1`, Ed25519 as `v1a`.

What is signed is `id.timestamp.body`: the bytes that are sent, no others. A secret is `whsec_` and 24 to 64 random
bytes in base64; for `v1a` it is `whsk_` and the 32 bytes of a private key, whose public half is `whpk_…`.
"""

import base64
import hmac
from collections.abc import Iterable
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

Scheme = Literal["v1", "v1a"]
SECRET_BYTES = 32
TOLERANCE_SECONDS = 300


def make_secret(scheme: Scheme, random: bytes) -> str:
    """A signing secret of `SECRET_BYTES` random bytes."""
    if len(random) != SECRET_BYTES:
        raise ValueError(f"a secret takes {SECRET_BYTES} random bytes")
    return ("whsec_" if scheme == "v1" else "whsk_") + base64.b64encode(random).decode()


def public_key(secret: str) -> str | None:
    """The `whpk_…` half of a `v1a` secret; `None` for `v1`, whose secret has no public half."""
    prefix, raw = _split(secret)
    if prefix == "whsec_":
        return None
    return (
        "whpk_" + base64.b64encode(Ed25519PrivateKey.from_private_bytes(raw).public_key().public_bytes_raw()).decode()
    )


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """One signature, for the `webhook-signature` header. `timestamp` in whole seconds since the epoch."""
    prefix, raw = _split(secret)
    content = _content(message_id, str(timestamp), body)
    if prefix == "whpk_":
        raise ValueError("a public key signs nothing")
    if prefix == "whsec_":
        return "v1," + base64.b64encode(hmac.digest(raw, content, "sha256")).decode()
    return "v1a," + base64.b64encode(Ed25519PrivateKey.from_private_bytes(raw).sign(content)).decode()


def headers(secrets: Iterable[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of one attempt; several secrets while one replaces another."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(sign(secret, message_id, timestamp, body) for secret in secrets),
    }


def is_signed(key: str, message_id: str, timestamp: str, signatures: str, body: bytes, now: int) -> bool:
    """Whether one of `signatures` is good for `key` (`whsec_…` or `whpk_…`) and no older than five minutes."""
    # Whole seconds have ten digits until the year 2286; a number of thousands of digits is not even converted.
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    content = _content(message_id, timestamp, body)
    prefix, raw = _split(key)
    for each in signatures.split():
        scheme, _, encoded = each.partition(",")
        try:
            signature = base64.b64decode(encoded, validate=True)
        except ValueError:
            continue
        if prefix == "whsec_" and scheme == "v1":
            if hmac.compare_digest(hmac.digest(raw, content, "sha256"), signature):
                return True
        elif prefix == "whpk_" and scheme == "v1a":
            try:
                Ed25519PublicKey.from_public_bytes(raw).verify(signature, content)
            except InvalidSignature:
                continue
            return True
    return False


def checked_key(key: str) -> str:
    """A key that signatures can be verified with, as it was given; raises `ValueError` in words for a person."""
    prefix, raw = _split(key)
    if prefix == "whsk_":
        raise ValueError("a key to verify with starts with whsec_ or whpk_; whsk_ is private")
    if len(raw) != 32 if prefix == "whpk_" else not 24 <= len(raw) <= 64:
        raise ValueError("the key has the wrong length; was it cut off?")
    return key


def _content(message_id: str, timestamp: str, body: bytes) -> bytes:
    return f"{message_id}.{timestamp}.".encode() + body


def _split(key: str) -> tuple[str, bytes]:
    """The prefix of a key and its bytes; `ValueError` when it is not a key of Standard Webhooks."""
    prefix, _, encoded = key.partition("_")
    if prefix not in {"whsec", "whsk", "whpk"}:
        raise ValueError("a key starts with whsec_, whsk_ or whpk_")
    try:
        return prefix + "_", base64.b64decode(encoded, validate=True)
    except ValueError:
        raise ValueError("a key is base64 after its prefix; was it cut off or mistyped?") from None
