"""A backup is copied online into the live database, under a service and a watcher of the static site that run on."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from tests import processes
from tests.processes import issue_token
from tests.restores import back_up, declare_restored
from tests.serving import OPEN, PATIENCE_SECONDS, PAUSED, client_of
from tests.sites import read, state, without_key

from capacity_api.config import Settings
from capacity_api.db.engine import Database


async def test_a_backup_that_is_copied_into_the_live_database_brings_no_open_back(
    listed: Database, settings: Settings, root: Path, tmp_path: Path
) -> None:
    env = processes.environment(settings.database_url, write_limit="0")
    token = {"authorization": f"Bearer {await issue_token(env, '--responder', 'tara')}"}
    async with processes.serving(env=env) as server, client_of(server.address) as client:
        watcher = await processes.start(
            "site", "build", str(root), "--watch", env=without_key(settings.database_url), announces="holds version "
        )
        try:
            assert (await _report(client, token, OPEN)).status_code == 200
            backup = await back_up(settings.url, tmp_path)
            answer = await _report(client, token, PAUSED)
            number = answer.json()["sequence"]
            # The watcher looks by itself on SQLite: it has to know of the number to miss it.
            await _until(client, root, "paused", number)
            await backup.restore()

            await _until(client, root, "unconfirmed", number)
            refused = await _report(client, token, PAUSED)
            assert (refused.status_code, refused.json()["code"]) == (503, "database_restored")

            restored = await declare_restored(listed, datetime.now(UTC))
            await _until(client, root, "unconfirmed", restored)
            async with asyncio.timeout(PATIENCE_SECONDS):
                # Once the watch has looked again.
                while (await _report(client, token, PAUSED)).status_code != 200:
                    pass
            await _until(client, root, "paused", restored)
        finally:
            await watcher.kill()


async def _report(client: httpx.AsyncClient, token: dict[str, str], report: dict[str, Any]) -> httpx.Response:
    return await client.put("/v1/responders/tara/intake", json=report, headers=token)


async def _shown(client: httpx.AsyncClient) -> Any:
    return (await client.get("/v1/responders/tara")).json()


async def _until(client: httpx.AsyncClient, root: Path, expected: str, number: int) -> None:
    """Wait until the service and the files show this state at this number or a later one."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            states = {(await _shown(client))["intake"]["state"], state(root, "tara")}
            numbers = [(await client.get("/v1/directory")).json()["sequence"], read(root, "site.json")["sequence"]]
            if states == {expected} and min(numbers) >= number:
                return
