"""`tests/vectors/webhooks.json`: what verifies and what does not, for whoever verifies webhooks in another language.

The snippets of `docs/webhooks.md` are taken out of it and run over the same file. After a change of the list:
`python -m tests.domain.test_webhook_vectors` writes it anew.
"""

import base64
import json
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, tzinfo
from pathlib import Path

import msgspec
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook as StandardWebhook
from svix import Webhook as SvixWebhook

from capacity_api.domain import signing

ROOT = Path(__file__).parents[2]
FILE = ROOT / "tests/vectors/webhooks.json"
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
    signature = signing.headers(secrets, ID, STAMP, sent.encode())["webhook-signature"]
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
        refused = {
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


def stored() -> list[Vector]:
    return msgspec.convert(msgspec.json.decode(FILE.read_bytes())["vectors"], list[Vector])


def snippet(section: str, language: str) -> str:
    """The first piece of code of a section of the document."""
    _, _, text = (ROOT / "docs/webhooks.md").read_text("utf-8").partition(f"\n## {section}\n")
    _, start, code = text.partition("\n## ")[0].partition(f"```{language}\n")
    assert start, f"docs/webhooks.md has no {language} under {section!r}"
    return code.partition("```")[0]


def expected() -> dict[str, bool]:
    return {each.name: each.verifies for each in stored()}


def test_the_file_holds_what_is_signed_today() -> None:
    assert FILE.read_bytes() == document(), "run: python -m tests.domain.test_webhook_vectors"
    assert len(expected()) == len(stored())


def test_ours_verifies_these_and_no_others() -> None:
    verified = {
        each.name: signing.is_signed(each.key, each.id, each.timestamp, each.signature, each.body.encode(), each.now)
        for each in stored()
    }
    assert verified == expected()


@pytest.mark.parametrize("library", [StandardWebhook, SvixWebhook])
def test_the_libraries_verify_these_and_no_others(
    library: type[StandardWebhook | SvixWebhook], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They know `v1` alone."""

    class Moved(datetime):
        at = 0

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Moved":
            return cls.fromtimestamp(cls.at, tz=tz or UTC)

    monkeypatch.setattr("standardwebhooks.webhooks.datetime", Moved)
    verified = {}
    for each in stored():
        if each.key.startswith("whsec_"):
            Moved.at = each.now
            headers = {
                "webhook-id": each.id,
                "webhook-timestamp": each.timestamp,
                "webhook-signature": each.signature,
            }
            try:
                library(each.key).verify(each.body.encode(), headers)
                verified[each.name] = True
            except Exception:  # noqa: BLE001 - what is malformed they meet with whatever comes
                verified[each.name] = False
    assert verified == {each.name: each.verifies for each in stored() if each.key.startswith("whsec_")}


def test_every_v1a_signature_is_ed25519_over_the_bytes_that_were_sent() -> None:
    """By the library for the curve, with nothing of ours between."""
    count = 0
    for each in stored():
        if each.verifies and each.key.startswith("whpk_"):
            key = Ed25519PublicKey.from_public_bytes(base64.b64decode(each.key.removeprefix("whpk_")))
            content = f"{each.id}.{each.timestamp}.{each.body}".encode()
            good = 0
            for signature in each.signature.split():
                try:
                    key.verify(base64.b64decode(signature.partition(",")[2]), content)
                    good += 1
                except InvalidSignature:
                    pass
            assert good == 1
            count += 1
    assert count == 4


def test_the_snippet_in_python_verifies_these_and_no_others(tmp_path: Path) -> None:
    script = tmp_path / "verify.py"
    script.write_text(snippet("Verify in Python", "python"), "utf-8")
    driver = """
import json, sys
from verify import verify
print(json.dumps({
    each["name"]: verify(each["key"], {"webhook-id": each["id"], "webhook-timestamp": each["timestamp"],
        "webhook-signature": each["signature"]}, each["body"].encode(), each["now"])
    for each in json.load(open(sys.argv[1], encoding="utf-8"))["vectors"]
}))
"""
    assert json.loads(_run([sys.executable, "-c", driver, str(FILE)], tmp_path)) == expected()


def test_the_snippet_for_node_verifies_these_and_no_others(tmp_path: Path) -> None:
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    (tmp_path / "verify.mjs").write_text(snippet("Verify in Node", "js"), "utf-8")
    (tmp_path / "driver.mjs").write_text(
        """
import { readFileSync } from 'node:fs';
import { verify } from './verify.mjs';
const { vectors } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
console.log(JSON.stringify(Object.fromEntries(vectors.map((each) => [each.name, verify(each.key, {
  'webhook-id': each.id, 'webhook-timestamp': each.timestamp, 'webhook-signature': each.signature,
}, Buffer.from(each.body), each.now)]))));
""",
        "utf-8",
    )
    assert json.loads(_run(["node", "driver.mjs", str(FILE)], tmp_path)) == expected()


def test_the_snippet_for_the_shell_verifies_these_and_no_others(tmp_path: Path) -> None:
    for tool in ("sh", "openssl"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    version = subprocess.run(["openssl", "version"], capture_output=True, text=True, check=True).stdout
    if not re.match(r"OpenSSL ([3-9]|\d\d)\.", version):
        pytest.skip(f"Ed25519 on the command line needs OpenSSL 3, and this is {version.strip()}")
    script = tmp_path / "verify.sh"
    script.write_text(snippet("Verify in the shell", "sh"), "utf-8")
    verified = {}
    for each in stored():
        run = subprocess.run(
            ["sh", str(script), each.key, each.id, each.timestamp, each.signature],
            input=each.body.encode(),
            capture_output=True,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "NOW": str(each.now)},
        )
        assert run.returncode in {0, 1}, (each.name, run.stderr)
        verified[each.name] = run.returncode == 0
    assert verified == expected()


def _run(command: list[str], folder: Path) -> str:
    run = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=60)
    assert run.returncode == 0, run.stderr
    return run.stdout


if __name__ == "__main__":
    FILE.write_bytes(document())
