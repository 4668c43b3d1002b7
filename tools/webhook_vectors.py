"""`tests/vectors/webhooks.json`, for code in other languages: what verifies and what does not.

`make vectors` writes it.
"""

import base64
import json
from pathlib import Path
from typing import Any

import msgspec

from capacity_api.domain import signing

FILE = Path(__file__).parents[1] / "tests" / "vectors" / "webhooks.json"
ABOUT = (
    "Each of `vectors`: a webhook as it arrives (`id`, `timestamp` and `signature` are the headers webhook-id, "
    "webhook-timestamp and webhook-signature; `body` is the body as text, in UTF-8), the `key` to verify it with, the "
    "second `now` at which it arrives, and whether it `verifies`. `secrets` are what it was signed with, in order. "
    "None of these keys was ever used."
)
STAMP = 1779269400
ID = "019e4500-7c1a-7b3e-9d55-3f0a1c2b4d5e"
BODY = '{"type":"intake.paused","timestamp":"2026-05-20T09:30:00Z","sequence":42,"data":{}}'
NOTE = '{"type":"intake.updated","data":{"note":"Größere Gruppen: ring first – 📞"}}'
SECRET, OTHER = (signing.make_secret("v1", bytes(range(n, n + 32))) for n in (0, 100))
SHORT, LONG = ("whsec_" + base64.b64encode(bytes(range(n))).decode() for n in (24, 64))
PRIVATE, OTHER_PRIVATE = (signing.make_secret("v1a", bytes(range(n, n + 32))) for n in (0, 100))
PUBLIC, OTHER_PUBLIC = (signing.public_key(each) or "" for each in (PRIVATE, OTHER_PRIVATE))


class Vector(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    verifies: bool
    key: str
    now: int
    id: str
    timestamp: str
    signature: str
    body: str
    secrets: list[str]


def _vector(
    name: str,
    verifies: bool,
    key: str = SECRET,
    secrets: tuple[str, ...] = (SECRET,),
    sent: str = BODY,
    late: int = 2,
    **arrives: str,
) -> Vector:
    """A webhook that was signed with `secrets`, of which something else `arrives` than what was sent."""
    signature = signing.signature_headers(secrets, ID, STAMP, sent.encode())["webhook-signature"]
    values = {"id": ID, "timestamp": str(STAMP), "signature": signature, "body": sent, **arrives}
    return Vector(name=name, verifies=verifies, key=key, now=STAMP + late, secrets=list(secrets), **values)


def vectors() -> list[Vector]:
    made = [
        _vector("v1", True),
        _vector("v1 with 24 bytes of secret", True, SHORT, (SHORT,)),
        _vector("v1 with 64 bytes of secret", True, LONG, (LONG,)),
        _vector("v1 with letters beyond ASCII", True, sent=NOTE),
        _vector("v1 while the secret is replaced, verified with the new one", True, SECRET, (SECRET, OTHER)),
        _vector("v1 while the secret is replaced, verified with the old one", True, OTHER, (SECRET, OTHER)),
        _vector("v1a", True, PUBLIC, (PRIVATE,)),
        _vector("v1a with letters beyond ASCII", True, PUBLIC, (PRIVATE,), NOTE),
        _vector("v1a while the key is replaced, verified with the old one", True, PUBLIC, (OTHER_PRIVATE, PRIVATE)),
        _vector("v1 and v1a, verified with the secret", True, SECRET, (PRIVATE, SECRET)),
        _vector("v1 and v1a, verified with the public key", True, PUBLIC, (SECRET, PRIVATE)),
        _vector("five minutes late", True, late=300),
        _vector("five minutes early", True, late=-300),
    ]
    for scheme, key, secret, others in (
        ("v1", SECRET, SECRET, (OTHER, OTHER)),
        ("v1a", PUBLIC, PRIVATE, (OTHER_PUBLIC, OTHER_PRIVATE)),
    ):
        good = signing.sign(secret, ID, STAMP, BODY.encode())
        encoded = good.partition(",")[2]
        refused: dict[str, dict[str, Any]] = {
            "another body": {"body": BODY.replace("42", "43")},
            "the body written anew": {"body": json.dumps(json.loads(BODY))},
            "a body that was cut off": {"body": BODY[:-1]},
            "no body": {"body": ""},
            "another id": {"id": ID[:-1] + "f"},
            "another timestamp": {"timestamp": str(STAMP + 1)},
            "a timestamp in milliseconds": {"timestamp": str(STAMP * 1000)},
            "a timestamp that is no number": {"timestamp": "2026-05-20T09:30:00Z"},
            "no timestamp": {"timestamp": ""},
            "a signature that was cut off": {"signature": good[:-4]},
            "a signature without its version": {"signature": encoded},
            "a version that nobody knows": {"signature": f"v2,{encoded}"},
            "the signature of the other version": {"signature": f"{'v1a' if scheme == 'v1' else 'v1'},{encoded}"},
            "a signature in hexadecimal": {"signature": f"{scheme},{base64.b64decode(encoded).hex()}"},
            "an empty signature": {"signature": f"{scheme},"},
            "no signature": {"signature": ""},
        }
        made += [_vector(f"{scheme}, {name}", False, key, (secret,), **arrives) for name, arrives in refused.items()]
        made += [
            _vector(f"{scheme}, another key", False, others[0], (secret,)),
            _vector(f"{scheme}, signed by somebody else", False, key, (others[1],)),
            _vector(f"{scheme}, more than five minutes late", False, key, (secret,), late=301),
            _vector(f"{scheme}, more than five minutes early", False, key, (secret,), late=-301),
        ]
    return made


def document() -> bytes:
    return msgspec.json.format(msgspec.json.encode({"about": ABOUT, "vectors": vectors()}), indent=1) + b"\n"


if __name__ == "__main__":
    FILE.write_bytes(document())
