"""`tests/vectors/webhooks.json`: what verifies and what does not, for code in other languages.

The snippets of `docs/webhooks.md` are taken out of it and run over the same file.
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
from tests.serving import PATIENCE_SECONDS
from tools.webhook_vectors import FILE, Vector, document

from capacity_api.domain import signing

ROOT = Path(__file__).parents[2]


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
    assert FILE.read_bytes() == document(), "run make vectors"
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
            except Exception:  # noqa: BLE001 - they raise any exception for malformed input
                verified[each.name] = False
    assert verified == {each.name: each.verifies for each in stored() if each.key.startswith("whsec_")}


def test_every_v1a_signature_is_ed25519_over_the_bytes_that_were_sent() -> None:
    """Verified by the cryptography library itself, without any code of this project."""
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
    version = subprocess.run(
        ["openssl", "version"], capture_output=True, text=True, check=True, timeout=PATIENCE_SECONDS
    ).stdout
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
    run = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=PATIENCE_SECONDS)
    assert run.returncode == 0, run.stderr
    return run.stdout
