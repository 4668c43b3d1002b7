"""The example integrations, run as a partner would run them, against the real service and a network that fails."""

import asyncio
import base64
import hmac
import json
import resource
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.conftest import settings_of
from tests.domain.test_webhook_vectors import stored
from tests.examples.partners import (
    COMMANDS,
    EXAMPLES,
    NEWCOMER,
    OLD_SECRET,
    Command,
    Integration,
    Partner,
    directory_of,
    example_module,
    integrated,
    moved_clock,
    signed,
)
from tests.nginx import free_port
from tests.node import node
from tests.restores import back_up, declare_restored
from tests.serving import OPEN, PATIENCE_SECONDS, PAUSED, Headers, Service, serving
from tools.webhook_vectors import FILE

from capacity_api.config import Settings

NOTED = {**OPEN, "note": "Ask for Xanthippe."}


@pytest.fixture(params=COMMANDS)
def command(request: pytest.FixtureRequest) -> Command:
    found: Command = COMMANDS[request.param]
    return found


@pytest.fixture
async def running(
    command: Command, sqlite_settings: Settings, tmp_path: Path
) -> AsyncIterator[tuple[Service, Partner]]:
    """A service, and an integration whose copy is up to date."""
    clock = moved_clock(tmp_path)
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(serving(sqlite_settings, clock, deliver=True))
        partner = await stack.enter_async_context(integrated(service, clock, command, tmp_path))
        await partner.agrees(service)
        yield service, partner


@pytest.fixture
def sqlite_settings(sqlite_url: str) -> Settings:
    return settings_of(sqlite_url)


async def redact(service: Service, admin: Headers, slug: str, first: int) -> int:
    body = {"fields": ["report.note"], "from": first, "to": None}
    answer = await service.client.post(f"/v1/responders/{slug}/redactions", json=body, headers=admin)
    assert answer.status_code == 200, answer.text
    number: int = answer.json()["sequence"]
    return number


async def test_an_integration_follows_and_trusts_nobody(running: tuple[Service, Partner]) -> None:
    service, partner = running
    integration, clock = partner.integration, partner.clock
    await service.report("tara", NOTED)
    await partner.agrees(service)
    # The webhook of a rotated secret, and one that is not ours, or is old.
    event = json.loads((await partner.bodies(1))[0])
    new = {**event, "sequence": 99_999, "type": "responder.delisted"}
    body = json.dumps(new).encode()
    headers, _ = signed(partner.secret, body, clock)
    others = signed("whsec_" + "B" * 43 + "=", body, clock)
    clock.advance(timedelta(seconds=-301))
    old = signed(partner.secret, body, clock)
    clock.advance(timedelta(seconds=301))
    for refused in (others, old, (headers, body + b" "), ({}, body), ({**headers, "webhook-timestamp": "now"}, body)):
        assert await integration.post(refused) == 401
    for path, header, status in (
        (b"/hook", b"content-length: 100000", b" 413 "),
        (b"/hook", b"transfer-encoding: chunked", b" 411 "),
        (b"/other", b"content-length: 1", b" 404 "),
    ):
        assert status in await _answer_to_head(integration, path, header)
    assert (await integration.client.get("/other")).status_code == 404
    assert await integration.responders() == await directory_of(service)
    # What a later release may send, and what changes nothing.
    for harmless in (
        {"type": "dispute.opened", "id": "1", "timestamp": event["timestamp"], "sequence": 99_999, "test": False},
        {**new, "test": True},
        {**new, "sequence": None},
    ):
        body = json.dumps({"data": {"unknown": [1]}, "a_new_field": 1, **harmless}).encode()
        assert await integration.post(signed(OLD_SECRET, body, clock)) == 204, "an old secret that is being replaced"
        assert await partner.deliver(body) == 204
    assert await integration.responders() == await directory_of(service)
    await integration.kill()
    await service.report("tara", PAUSED)
    await integration.start()
    await partner.agrees(service)
    assert partner.network.reads.count("/v1/directory") == 1, "the events are enough"


async def _answer_to_head(integration: Integration, path: bytes, header: bytes) -> bytes:
    """The first line of the answer to a request whose body is still to come."""
    reader, writer = await asyncio.open_connection("127.0.0.1", integration.client.base_url.port)
    writer.write(b"POST " + path + b" HTTP/1.1\r\nhost: partner\r\n" + header + b"\r\n\r\n")
    line = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return line


async def test_webhooks_may_come_late_twice_and_in_any_order(running: tuple[Service, Partner]) -> None:
    service, partner = running
    integration, admin = partner.integration, await service.token()
    partner.network.route = _swallow
    partner.network.is_list_away = True
    before = await directory_of(service)
    await service.report("tara", NOTED)
    await service.report("tara", PAUSED)
    first = (await service.report("bawso", NOTED))["sequence"]
    await service.report("bawso", {**PAUSED, "note": "Ask for Xanthippe."})
    await redact(service, admin, "bawso", first)
    assert (await service.client.post("/v1/responders", json=NEWCOMER, headers=admin)).status_code == 201
    assert (await service.client.delete("/v1/responders/newcomer", headers=admin)).status_code == 204
    after = await directory_of(service)
    sent: dict[tuple[str, str], bytes] = {}
    while ("responder.delisted", "newcomer") not in sent:
        for each in await partner.bodies(len(partner.network.webhooks) + 1):
            event = json.loads(each)
            slug = event["data"].get("slug") or event["data"].get("responder", {}).get("slug", "")
            sent[event["type"], slug] = each
    assert await integration.responders() == before

    opened, paused = sent["intake.opened", "tara"], sent["intake.paused", "tara"]
    for late in (paused, opened, paused):
        assert await partner.deliver(late) == 204
        assert (await integration.responders())["tara"] == after["tara"]
    for late in (sent["responder.delisted", "newcomer"], sent["responder.listed", "newcomer"]):
        assert await partner.deliver(late) == 204
        assert "newcomer" not in await integration.responders()
    # A redaction does not make the copy believe that it has what came before it.
    for late in (sent["event.redacted", "bawso"], sent["intake.paused", "bawso"], sent["event.redacted", "bawso"]):
        assert await partner.deliver(late) == 204
    shown = (await integration.responders())["bawso"]["intake"]
    assert (shown["state"], shown["report"]["note"]) == ("paused", None)
    await integration.kill()
    await integration.start()
    await integration.until(lambda shown: shown["responders"] is not None)
    assert await partner.deliver(sent["responder.listed", "newcomer"]) == 204
    assert "newcomer" not in await integration.responders(), "it remembers who left"

    partner.network.is_list_away = False
    await partner.agrees(service)
    for late in sent.values():
        assert await partner.deliver(late) == 204
        assert await integration.responders() == after
    assert "Xanthippe" not in integration.copy.read_text()
    assert partner.network.reads.count("/v1/directory") == 1


async def _swallow(_: Any) -> int:
    return 204


async def test_alone_it_shows_what_has_lapsed_as_unconfirmed_and_says_that_it_is_alone(
    running: tuple[Service, Partner],
) -> None:
    service, partner = running
    starts = (partner.clock() + timedelta(days=2)).isoformat()
    await service.report("unseen", OPEN)
    await service.report("unseen", {**PAUSED, "effective_from": starts})
    shown = await service.report("tara", OPEN)
    await partner.agrees(service)
    await partner.integration.until(lambda shown: shown["stale"] is False)
    partner.network.service, partner.network.route = None, _swallow
    for days, states in ((1, ["open", "open"]), (1, ["open", "unconfirmed"]), (5, ["unconfirmed", "unconfirmed"])):
        partner.clock.advance(timedelta(days=days))
        alone = await partner.integration.show()
        assert alone["stale"], "nobody was asked for days"
        found = [alone["responders"][slug]["intake"]["state"] for slug in ("tara", "unseen")]
        assert found == states
    lapsed = alone["responders"]["tara"]["intake"]
    assert (lapsed["capacity_status"], lapsed["report"]) == (None, None), "no other word says that it is open"
    assert lapsed["last_report"] == shown["intake"]["report"]
    await partner.integration.kill()
    await partner.integration.start()
    await partner.integration.until(lambda shown: shown["responders"] == alone["responders"])
    partner.network.service = str(service.client.base_url).rstrip("/")
    await partner.agrees(service)
    await partner.integration.until(lambda shown: shown["stale"] is False)


async def test_after_a_restore_nothing_stays_that_the_directory_does_not_know(
    running: tuple[Service, Partner], tmp_path: Path
) -> None:
    service, partner = running
    integration, admin = partner.integration, await service.token()
    await service.report("tara", OPEN)
    backup = await back_up(service.database.settings.url, tmp_path)
    answer = await service.client.post("/v1/responders", json=NEWCOMER, headers=admin)
    assert answer.status_code == 201, answer.text
    await partner.agrees(service)
    assert "newcomer" in await integration.responders()
    sent = await partner.bodies(2)
    partner.network.route = _swallow
    await backup.restore()
    await declare_restored(service.database, partner.clock())
    async with asyncio.timeout(PATIENCE_SECONDS):
        while "newcomer" in (after := await directory_of(service)):
            pass
    await partner.agrees(service)
    assert after["tara"]["intake"]["state"] == "unconfirmed"
    for late in sent:
        assert await partner.deliver(late) == 204
        assert await integration.responders() == after
    assert partner.network.reads.count("/v1/directory") == 2


async def test_a_copy_that_cannot_be_written_leaves_the_old_one(running: tuple[Service, Partner]) -> None:
    service, partner = running
    integration = partner.integration
    assert integration.process is not None
    partner.network.is_list_away = True
    partner.network.route = _swallow
    before = integration.copy.read_bytes()
    await service.report("tara", OPEN)
    body = (await partner.bodies(1))[0]
    # A full disk, or a machine that stops in the middle: half of the copy can be written.
    _, most = resource.prlimit(integration.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(integration.process.pid, resource.RLIMIT_FSIZE, (len(before) // 2, most))
    assert await _is_refused(partner, body)
    assert integration.copy.read_bytes() == before
    await integration.kill()
    # Nor when the disk takes the bytes, and cannot say that it has them: `fsync` fails there.
    for unfinished in (integration.copy.with_suffix(".new"), integration.copy.with_suffix(".json.new")):
        unfinished.unlink(missing_ok=True)
        unfinished.symlink_to("/dev/null")
    await integration.start()
    await integration.until(lambda shown: shown["responders"] is not None)
    assert await _is_refused(partner, body)
    assert integration.copy.read_bytes() == before
    await integration.kill()
    for unfinished in (integration.copy.with_suffix(".new"), integration.copy.with_suffix(".json.new")):
        unfinished.unlink()
    await integration.start()
    await integration.until(lambda shown: shown["responders"] is not None)
    assert await partner.deliver(body) == 204
    assert (await integration.responders()) == await directory_of(service)
    assert integration.copy.read_bytes() != before


async def _is_refused(partner: Partner, body: bytes) -> bool:
    """Whether the service would send it again."""
    try:
        return await partner.deliver(body) >= 500
    except httpx.TransportError:
        return True


async def test_it_waits_longer_when_it_is_asked_to(running: tuple[Service, Partner]) -> None:
    service, partner = running
    network = partner.network
    network.retry_after, network.is_list_away = "3", True
    reads = len(network.reads)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(network.reads) == reads:  # noqa: ASYNC110 - nothing announces it
            await asyncio.sleep(0.01)
        refused_at = time.monotonic()
        # A webhook does not cut it short.
        await service.report("tara", OPEN)
        await partner.agrees(service)
        while len(network.reads) == reads + 1:  # noqa: ASYNC110 - nothing announces it
            await asyncio.sleep(0.01)
    assert time.monotonic() - refused_at > 2.9


@pytest.mark.parametrize("secrets", ["", " ", "whsec_", "whsec_…", f"{OLD_SECRET} whsec_"])
def test_it_does_not_start_without_a_secret(command: Command, tmp_path: Path, secrets: str) -> None:
    moved_clock(tmp_path)
    done = subprocess.run(
        command,
        env=_environment(tmp_path, secrets),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("WEBHOOK_SECRET: ")
    assert done.stderr.count("\n") == 1


async def test_white_space_around_a_secret_is_no_secret(command: Command, tmp_path: Path) -> None:
    clock = moved_clock(tmp_path)
    # To HMAC, a key of nothing but zeros is the empty one.
    secret = "whsec_" + base64.b64encode(bytes(range(32))).decode()
    integration = Integration(command, _environment(tmp_path, f" {secret}\t\n {secret} "))
    await integration.start()
    try:
        await integration.until(lambda shown: shown["responders"] is not None)
        body = json.dumps({"type": "webhook.test", "sequence": None, "test": True, "data": {}}).encode()
        headers, _ = signed(secret, body, clock)
        content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        by_nobody = "v1," + base64.b64encode(hmac.digest(b"", content, "sha256")).decode()
        assert await integration.post(({**headers, "webhook-signature": by_nobody}, body)) == 401
        assert await integration.post((headers, body)) == 204
    finally:
        await integration.stop()


def _environment(folder: Path, secrets: str) -> dict[str, str]:
    """That of an integration whose directory does not answer."""
    return {
        "DIRECTORY": f"http://127.0.0.1:{free_port()}",
        "WEBHOOK_SECRET": secrets,
        "COPY": str(folder / "copy.json"),
        "PORT": str(free_port()),
        "CLOCK": str(folder / "clock"),
    }


def test_the_signatures_are_those_of_standard_webhooks() -> None:
    """Those with a public key are of a scheme that the examples leave out."""
    expected = {each.name: each.verifies and each.key.startswith("whsec_") for each in stored()}
    assert sum(expected.values()) > 3
    signature = example_module("signature")
    verified = {}
    for each in stored():
        headers = {
            "webhook-id": each.id,
            "webhook-timestamp": each.timestamp,
            "webhook-signature": each.signature,
        }
        keys = [OLD_SECRET, each.key] if each.key.startswith("whsec_") else []
        verified[each.name] = signature.is_genuine(keys, headers, each.body.encode(), each.now)
    assert verified == expected
    script = f"""
import {{ readFileSync }} from "node:fs";
import {{ isGenuine }} from "{EXAMPLES / "javascript" / "signature.js"}";
const {{ vectors }} = JSON.parse(readFileSync("{FILE}", "utf8"));
const verified = vectors.map(({{ name, key, id, timestamp, signature, body, now }}) => [name, isGenuine(
  key.startsWith("whsec_") ? ["{OLD_SECRET}", key] : [],
  {{ "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature }}, Buffer.from(body), now)]);
console.log(JSON.stringify(Object.fromEntries(verified)));
"""
    assert json.loads(node("--input-type=module", "-", stdin=script)) == expected
