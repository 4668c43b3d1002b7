"""Real processes under a wrong clock: T4, one write of a clock that is 400 days ahead."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator

import httpx
import pytest
from tests import processes
from tests.serving import OPEN, PATIENCE_SECONDS, PAUSED, client_of

from capacity_api.db.engine import Database

_FAKETIME = shutil.which("faketime")
pytestmark = pytest.mark.skipif(_FAKETIME is None, reason="faketime is not installed")


@contextlib.asynccontextmanager
async def _serving_ahead(env: dict[str, str], offset: str) -> AsyncIterator[httpx.AsyncClient]:
    """The service as a process whose wall's clock is ahead by `offset`."""
    assert _FAKETIME is not None
    process = await asyncio.create_subprocess_exec(
        _FAKETIME,
        "-f",
        offset,
        sys.executable,
        "-c",
        "from capacity_api.cli.main import main; main()",
        "serve",
        "--port",
        "0",
        env={**env, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "PYTHONUNBUFFERED": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        # faketime passes no signal on.
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE_SECONDS):
            line = (await process.stdout.readline()).decode()
        async with client_of(line.split("answers on ")[1].strip()) as client:
            yield client
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        await processes.finish(process)


@pytest.mark.soak
# On PostgreSQL the database's clock shows at once that the wall's is wrong.
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_one_write_by_a_clock_far_ahead_extends_no_later_open(listed: Database, sqlite_url: str) -> None:
    await listed.close()
    env = processes.environment(sqlite_url)
    path = "/v1/responders/{}/intake"
    headers = {
        slug: {"authorization": f"Bearer {await processes.issue_token(env, '--responder', slug)}"}
        for slug in ("tara", "unseen")
    }
    async with _serving_ahead(env, "+300d") as client:
        assert (await client.put(path.format("tara"), json=OPEN, headers=headers["tara"])).status_code == 200
    code, out, _ = await processes.run("doctor", "--clock", "--json", env=env)
    found = json.loads(out)
    assert code == 1
    assert [each["slug"] for each in found["clock"]["misdated_reports"]] == ["tara"]
    assert any("capacity-api db restored" in each for each in found["wrong"])

    async with processes.serving(env=env) as server, client_of(server.address) as client:
        refused = await client.put(path.format("unseen"), json=OPEN, headers=headers["unseen"])
        assert (refused.status_code, refused.json()["code"]) == (503, "clock")
        assert (await client.put(path.format("unseen"), json=PAUSED, headers=headers["unseen"])).status_code == 200
        assert (await client.get("/readyz")).status_code == 503
        directory = (await client.get("/v1/directory")).json()
        assert all(each["intake"]["state"] != "open" for each in directory["responders"])
