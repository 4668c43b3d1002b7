"""Standard Webhooks signatures (standardwebhooks.com, spec 1.0): HMAC-SHA256 as `v1`, Ed25519 as `v1a`.

A signature is over `id.timestamp.body`, with the exact bytes of the body. A `v1` secret is `whsec_` and 24 to 64 random
bytes in base64. A `v1a` secret is `whsk_` and the 32 bytes of a private key in base64; its public half is `whpk_…`.
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
    """A signing secret from `SECRET_BYTES` random bytes. Raises `ValueError` for any other number."""
    if len(random) != SECRET_BYTES:
        raise ValueError(f"a secret takes {SECRET_BYTES} random bytes")
    return ("whsec_" if scheme == "v1" else "whsk_") + base64.b64encode(random).decode()


def public_key(secret: str) -> str | None:
    """The `whpk_…` half of a `v1a` secret; `None` for `v1`, whose secret has no public half."""
    prefix, raw = _split(secret)
    if prefix == "whsec_":
        return None
    public = Ed25519PrivateKey.from_private_bytes(raw).public_key()
    return "whpk_" + base64.b64encode(public.public_bytes_raw()).decode()


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """One signature, for the `webhook-signature` header. `timestamp` is in whole seconds since 1970.

    Raises `ValueError` for a public key.
    """
    prefix, raw = _split(secret)
    content = _content(message_id, str(timestamp), body)
    if prefix == "whpk_":
        raise ValueError("a public key cannot sign")
    if prefix == "whsec_":
        return "v1," + base64.b64encode(hmac.digest(raw, content, "sha256")).decode()
    return "v1a," + base64.b64encode(Ed25519PrivateKey.from_private_bytes(raw).sign(content)).decode()


def signature_headers(secrets: Iterable[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of one attempt. While one secret replaces another, each of them signs."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(sign(secret, message_id, timestamp, body) for secret in secrets),
    }


def is_signed(key: str, message_id: str, timestamp: str, signatures: str, body: bytes, now: int) -> bool:
    """Whether any of `signatures` verifies with `key` (`whsec_…` or `whpk_…`), within five minutes of `now`.

    `signatures` is the value of the `webhook-signature` header: separated by spaces, in any scheme. `now` is in whole
    seconds since 1970. Raises `ValueError` for what is not a key.
    """
    if not _is_recent(timestamp, now):
        return False
    content = _content(message_id, timestamp, body)
    prefix, raw = _split(key)
    return any(_verifies(signature, prefix, raw, content) for signature in signatures.split())


def _is_recent(timestamp: str, now: int) -> bool:
    # Check the length before int(): it takes long for thousands of digits. Ten digits last until the year 2286.
    if len(timestamp) > 12 or not timestamp.isascii() or not timestamp.isdigit():
        return False
    return abs(now - int(timestamp)) <= TOLERANCE_SECONDS


def _verifies(signature: str, prefix: str, raw_key: bytes, content: bytes) -> bool:
    """Whether one signature, such as `v1,…`, is of the key's scheme and signs the content."""
    scheme, _, encoded = signature.partition(",")
    try:
        raw_signature = base64.b64decode(encoded, validate=True)
    except ValueError:
        return False
    if prefix == "whsec_" and scheme == "v1":
        return hmac.compare_digest(hmac.digest(raw_key, content, "sha256"), raw_signature)
    if prefix == "whpk_" and scheme == "v1a":
        try:
            Ed25519PublicKey.from_public_bytes(raw_key).verify(raw_signature, content)
        except InvalidSignature:
            return False
        return True
    return False


def validate_key(key: str) -> str:
    """The key, if signatures can be verified with it. Raises `ValueError` with a message for a person."""
    prefix, raw = _split(key)
    if prefix == "whsk_":
        raise ValueError("a key to verify with starts with whsec_ or whpk_; whsk_ is private")
    has_right_length = len(raw) == 32 if prefix == "whpk_" else 24 <= len(raw) <= 64
    if not has_right_length:
        raise ValueError("the key has the wrong length; was it cut off?")
    return key


def _content(message_id: str, timestamp: str, body: bytes) -> bytes:
    return f"{message_id}.{timestamp}.".encode() + body


def _split(key: str) -> tuple[str, bytes]:
    """The prefix of a key and its bytes. Raises `ValueError` for what is not a key of Standard Webhooks."""
    prefix, _, encoded = key.partition("_")
    if prefix not in {"whsec", "whsk", "whpk"}:
        raise ValueError("a key starts with whsec_, whsk_ or whpk_")
    try:
        return prefix + "_", base64.b64decode(encoded, validate=True)
    except ValueError:
        raise ValueError("a key is base64 after its prefix; was it cut off or mistyped?") from None
