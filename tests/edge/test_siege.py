"""One laptop against the service: queries, half-sent heads and an endless head. Reports and readers get through."""

import asyncio
import json
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from tests import processes
from tests.delivery import endpoints
from tests.delivery.endpoints import Endpoint
from tests.edge.attackers import attacked
from tests.processes import Process
from tests.serving import OPEN, PATIENCE_SECONDS, PAUSED, bound, client_of

from capacity_api.db.engine import Database
from capacity_api.delivery.egress import default_context

# What is promised, for 99 of 100 pauses.
_WITHIN_SECONDS = bound(1.0)
_MAX_MEMORY_BYTES = 250 << 20
# Beside other tests the whole of it would be a siege of the machine.
_IS_ALONE = "PYTEST_XDIST_WORKER" not in os.environ
_SLUG = "salvation-army"


class Pause(NamedTuple):
    """The seconds until a report was acknowledged, shown to another reader, and delivered."""

    acknowledged: float
    shown: float
    delivered: float


@pytest.mark.parametrize(
    ("queries", "half_heads", "reports"),
    [
        pytest.param(40, 200, 10, id="small"),
        pytest.param(400, 5000 if _IS_ALONE else 1000, 200 if _IS_ALONE else 40, id="large", marks=pytest.mark.soak),
    ],
)
@pytest.mark.parametrize("database_url", [pytest.param("sqlite", marks=pytest.mark.soak), "postgresql"], indirect=True)
async def test_a_pause_gets_through_a_siege(
    listed: Database, database_url: str, queries: int, half_heads: int, reports: int
) -> None:
    await listed.close()
    env = processes.environment(database_url, write_limit="0", egress_allow="127.0.0.0/8")
    token = await processes.issue_token(env, "--responder", _SLUG)
    partner = await processes.issue_token(env, "--partner", "Case tool")
    endpoint = Endpoint()
    pauses: list[Pause] = []
    async with endpoints.serving(endpoint) as url, processes.serving(env=env) as server:
        async with _client(server) as client:
            answer = await client.post(
                "/v1/webhooks", json={"url": url, "responders": [_SLUG]}, headers={"authorization": f"Bearer {partner}"}
            )
            assert answer.status_code == 201
        async with attacked(server.address, queries=queries, half_heads=half_heads):
            for n in range(reports):
                report = (PAUSED if n % 2 else OPEN) | {"note": f"number {n}"}
                pauses.append(await _report(server, token, report, endpoint))
            memory = _memory(server)
    figures, is_in_time = [], True
    for name in Pause._fields:
        times = sorted(getattr(pause, name) for pause in pauses)
        slowest = times[int(len(times) * 0.99) - 1]
        figures.append(f"{name}: median {statistics.median(times):.3f} s, 99th of 100 {slowest:.3f} s")
        is_in_time &= slowest < _WITHIN_SECONDS
    figures.append(f"memory: {memory >> 20} MB")
    # Shown by `-s`.
    sys.stdout.write("\n".join(["", *figures, ""]))
    assert is_in_time, figures
    assert memory < _MAX_MEMORY_BYTES, figures


@pytest.mark.soak
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_with_few_descriptors_a_flood_keeps_nobody_out(listed: Database, tmp_path: Path) -> None:
    await listed.close()
    env = processes.environment(listed.settings.database_url, write_limit="0")
    token = await processes.issue_token(env, "--responder", _SLUG)
    async with _serving_with(256, env, tmp_path / "log") as address, attacked(address, half_heads=300):
        for number in range(20):
            async with client_of(address) as client:
                assert (await client.get("/v1/directory")).status_code == 200
                assert (await client.get("/readyz")).status_code == 200
                headers = {"authorization": f"Bearer {token}"}
                report = {**PAUSED, "note": f"number {number}"}
                answer = await client.put(f"/v1/responders/{_SLUG}/intake", json=report, headers=headers)
                assert answer.status_code == 200, answer.text
    events = [json.loads(line)["event"] for line in (tmp_path / "log").read_text().splitlines() if line[0] == "{"]
    assert events.count("edge.flood_began") >= 1
    assert "library.message" not in events


@asynccontextmanager
async def _serving_with(descriptors: int, env: dict[str, str], log: Path) -> AsyncIterator[str]:
    """`capacity-api serve` with so many descriptors; where it answers."""
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *("sh", "-c", f'ulimit -n {descriptors}; exec "$0" serve --port 0 --no-delivery'),
            str(processes.COMMAND),
            env=env,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
        )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            line = (await process.stdout.readline()).decode()
        yield line.split("answers on ")[1].strip()
    finally:
        process.terminate()
        await processes.finish(process)


async def _report(server: Process, token: str, report: dict[str, object], endpoint: Endpoint) -> Pause:
    count = len(endpoint.posts)
    async with _client(server) as client:
        began = time.monotonic()
        answer = await client.put(
            f"/v1/responders/{_SLUG}/intake", json=report, headers={"authorization": f"Bearer {token}"}
        )
        acknowledged = time.monotonic() - began
        assert answer.status_code == 200, answer.text
        assert (await client.get("/readyz")).status_code == 200
    # Another reader, from an address of its own, is never refused.
    async with _client(server, local_address="127.0.0.200") as reader:
        while True:
            shown = await reader.get(f"/v1/responders/{_SLUG}")
            assert shown.status_code == 200, shown.text
            if (shown.json()["intake"]["report"] or {}).get("note") == report["note"]:
                break
        is_shown = time.monotonic() - began
    await endpoint.arrived(count + 1, PATIENCE_SECONDS)
    return Pause(acknowledged, is_shown, time.monotonic() - began)


def _client(server: Process, local_address: str | None = None) -> httpx.AsyncClient:
    transport = httpx.AsyncHTTPTransport(verify=default_context(), local_address=local_address)
    return httpx.AsyncClient(base_url=server.address, transport=transport, timeout=PATIENCE_SECONDS)


def _memory(server: Process) -> int:
    """The resident memory of the process, in bytes (proc(5), statm)."""
    pages = int(Path(f"/proc/{server.pid}/statm").read_text().split()[1])
    return pages * 4096
