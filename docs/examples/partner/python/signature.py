"""Whether a webhook is genuine, by the rules of Standard Webhooks. It needs nothing but Python."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence

_TOLERANCE_SECONDS = 300
# At least 24 bytes, as the rules say.
_SECRET = re.compile("whsec_([A-Za-z0-9+/]{32,}={0,2})")


def secrets_of(text: str) -> list[str]:
    """The secrets in `text`, with white space between. Raises `ValueError` where there is none, or one is no secret."""
    secrets = text.split()
    if not secrets:
        raise ValueError("there is no secret")
    for secret in secrets:
        _key_of(secret)
    return secrets


def is_genuine(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now: float) -> bool:
    """Whether `body`, as it arrived, was signed with one of our secrets (`whsec_…`) at most five minutes ago.

    `headers` are in any case if the mapping allows for it, or else in lower case. `now` is in seconds.
    """
    timestamp = headers.get("webhook-timestamp", "")
    # An old one may have been recorded on its way. More than twelve digits are no time.
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12):
        return False
    if abs(now - int(timestamp)) > _TOLERANCE_SECONDS:
        return False
    content = f"{headers.get('webhook-id', '')}.{timestamp}.".encode() + body
    expected = [_sign(secret, content) for secret in secrets]
    # There are two signatures while the secret is being replaced.
    given = [each.encode() for each in headers.get("webhook-signature", "").split()]
    return any(hmac.compare_digest(ours, theirs) for ours in expected for theirs in given)


def _sign(secret: str, content: bytes) -> bytes:
    return b"v1," + base64.b64encode(hmac.digest(_key_of(secret), content, hashlib.sha256))


def _key_of(secret: str) -> bytes:
    found = _SECRET.fullmatch(secret)
    # With an empty key anybody could sign.
    if found is None:
        raise ValueError("a secret is whsec_ and at least 24 bytes in base64")
    return base64.b64decode(found[1])
