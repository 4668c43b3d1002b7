"""`serve --workers 2` is as good as one process: its log, its counts, its end, and the end of one of the two."""

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests import processes, units
from tests.edge.test_answers import half_open
from tests.processes import Process
from tests.serving import PATIENCE_SECONDS, client_of
from tests.sites import list_register

from capacity_api.config import Settings
from capacity_api.db.engine import Database

# Two processes that only wait: six of them start and die well within the minute, on a slow machine too.
_WAITING_PROCESSES = """
import os
import structlog
from capacity_api import log
from capacity_api.cli.processes import Processes
from capacity_api.cli.supervision import Supervisor
from capacity_api.config import Settings

log.configure(Settings(), "serve")

def wait(link):
    structlog.get_logger().info("started")
    link.supervisor.ready("waits")
    os.read(link.life, 1)

def announce():
    structlog.get_logger().info("announced")

Processes(2, wait, Supervisor(), announce, lambda: None, grace_seconds=5).run()
"""

# The first two serve. The next one hangs at its start, and those after it serve.
_ONE_HANGS_AT_ITS_START = """
import os
import sys
import structlog
from pathlib import Path
from capacity_api import log
from capacity_api.cli.processes import Processes
from capacity_api.cli.supervision import Supervisor
from capacity_api.config import Settings

log.configure(Settings(), "serve")
to_hang = Path(sys.argv[1])

def wait(link):
    structlog.get_logger().info("started")
    if to_hang.exists():
        to_hang.unlink()
        os.read(link.life, 1)
    link.supervisor.ready("waits")
    os.read(link.life, 1)

def announce():
    to_hang.touch()
    structlog.get_logger().info("announced")

# Those that serve are ready at once. The limit leaves them time on a machine that is busy.
Processes(
    2, wait, Supervisor(), announce, lambda: None,
    grace_seconds=5, hangs_after_seconds=600, starts_within_seconds=10,
).run()
"""

_GET = b"GET /v1/vocabulary HTTP/1.1\r\nhost: capacity.example.org\r\n\r\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
async def env(postgresql_url: str) -> dict[str, str]:
    database = Database(Settings(database_url=postgresql_url))
    await list_register(database)
    await database.close()
    return processes.environment(
        postgresql_url,
        metrics_allow="127.0.0.0/8",
        egress_allow="127.0.0.0/8",
        public_url="https://capacity.example.org",
    )


@pytest.fixture
async def service(env: dict[str, str], log: Path) -> AsyncIterator[Process]:
    async with processes.serving("--workers", "2", "--no-delivery", env=env, log=log) as process:
        yield process


def lines_of(log: Path, event: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == event]


async def logged(log: Path, event: str, count: int = 1) -> list[dict[str, Any]]:
    """The lines of an event once there are so many."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found = lines_of(log, event)
            if len(found) >= count:
                return found
            await asyncio.sleep(0.05)  # a file has no event for it


async def counted(client: httpx.AsyncClient, sample: str) -> float:
    answer = await client.get("/metrics")
    assert answer.status_code == 200, answer.text
    found = re.search(rf"^{re.escape(sample)} ([0-9.e+]+)$", answer.text, re.MULTILINE)
    return float(found[1]) if found else 0


async def comes_to_count(client: httpx.AsyncClient, sample: str, expected: float) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (count := await counted(client, sample)) != expected:
            assert count < expected, f"{sample} is {count}"


_READS = 'capacity_published_reads_total{status="200"}'


async def test_each_process_logs_and_answers_alike_and_one_that_dies_is_replaced(service: Process, log: Path) -> None:
    pids = {line["pid"] for line in await logged(log, "process.start", 2)}
    assert len(pids) == 2
    assert service.pid not in pids
    assert {line["process"] for line in lines_of(log, "process.start")} == {"serve"}
    # Only a process that delivers webhooks says that private networks may be reached.
    assert not lines_of(log, "egress.opened")
    async with client_of(service.address) as client, AsyncExitStack() as stack:
        answer = await client.get("/v1/directory")
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        for wire in await half_open(stack, service.address, 20, _GET):
            assert (await wire.answer()).status == 200
        await comes_to_count(client, _READS, 21)
        assert await counted(client, "capacity_processes") == 2
    os.kill(min(pids), signal.SIGKILL)
    [died] = await logged(log, "process.died")
    assert (died["child"], died["signal"], died["pid"]) == (min(pids), "SIGKILL", service.pid)
    assert len({line["pid"] for line in await logged(log, "process.start", 3)}) == 3
    async with client_of(service.address) as client, AsyncExitStack() as stack:
        # What the one that died has counted is not lost, and it is counted once.
        for wire in await half_open(stack, service.address, 20, _GET):
            assert (await wire.answer()).status == 200
        await comes_to_count(client, _READS, 41)
        assert await counted(client, "capacity_processes") == 2


async def test_what_has_connected_is_answered_at_sigterm_and_then_all_end(service: Process, log: Path) -> None:
    pids = [line["pid"] for line in await logged(log, "process.start", 2)]
    async with AsyncExitStack() as stack:
        # Nobody takes these from the queue before the signal is there.
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        wires = await half_open(stack, service.address, 50, _GET)
        for pid in (service.pid, *pids):
            os.kill(pid, signal.SIGTERM)
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
        for wire in wires:
            assert (await wire.answer()).status == 200
            assert await wire.is_closed()
        assert await service.wait() == 0
    assert sorted(line["pid"] for line in lines_of(log, "process.stop")) == sorted(pids)
    assert not lines_of(log, "process.died")


async def test_no_process_outlives_a_parent_that_was_killed(service: Process, log: Path) -> None:
    pids = sorted(line["pid"] for line in await logged(log, "process.start", 2))
    await service.kill()
    assert sorted(line["pid"] for line in await logged(log, "process.stop", 2)) == pids
    assert len(lines_of(log, "process.orphaned")) == 2
    async with asyncio.timeout(PATIENCE_SECONDS), client_of(service.address) as client:
        with pytest.raises(httpx.ConnectError):
            # The last of them closes the socket a moment after it has said that it stops.
            while True:
                await client.get("/healthz")


async def test_processes_that_die_again_and_again_wait_and_end_when_none_is_left(log: Path) -> None:
    with log.open("w") as output:
        parent = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _WAITING_PROCESSES, stdout=output, stderr=output, env=processes.environment("")
        )
    try:
        await logged(log, "announced")
        oldest = (await logged(log, "started", 2))[0]["pid"]
        for number in range(6):
            os.kill((await logged(log, "started", 2 + number))[-1]["pid"], signal.SIGKILL)
        # Five were replaced in this minute. The other one goes on.
        assert 0 < (await logged(log, "process.waits"))[0]["seconds"] <= 60
        os.kill(oldest, signal.SIGKILL)
    except BaseException:
        parent.kill()
        raise
    finally:
        await processes.finish(parent)
    assert parent.returncode == 1
    assert log.read_text().endswith("the processes die again and again, and none is left; the log says why\n")
    assert len(lines_of(log, "started")) == 7
    assert lines_of(log, "process.died")[-1]["child"] == oldest


async def test_a_process_that_hangs_at_its_start_is_replaced(log: Path, tmp_path: Path) -> None:
    with log.open("w") as output:
        parent = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _ONE_HANGS_AT_ITS_START, str(tmp_path / "to_hang")),
            stdout=output,
            stderr=output,
            env=processes.environment(""),
        )
    try:
        await logged(log, "announced")
        os.kill((await logged(log, "started", 2))[0]["pid"], signal.SIGKILL)
        hanging = (await logged(log, "started", 3))[-1]["pid"]
        [hangs] = await logged(log, "process.hangs")
        assert hangs["child"] == hanging
        await logged(log, "started", 4)
        parent.terminate()
    except BaseException:
        parent.kill()
        raise
    finally:
        await processes.finish(parent)
    assert parent.returncode == 0


@pytest.mark.soak
async def test_a_process_that_hangs_is_replaced(env: dict[str, str], log: Path) -> None:
    async with units.service("serve", "--workers", "2", env=env, log=log, watchdog_seconds=8) as unit:
        await unit.start()
        hanging = (await logged(log, "process.start", 2))[0]["pid"]
        os.kill(hanging, signal.SIGSTOP)
        [hangs] = await logged(log, "process.hangs")
        assert hangs["child"] == hanging
        await unit.hears("STATUS=2 of 2 processes answer")
        assert len(await logged(log, "process.start", 3)) == 3


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_several_processes_need_postgresql(database_url: str) -> None:
    code, _, err = await processes.run("serve", "--workers", "2", env=processes.environment(database_url))
    assert code == 1
    assert "--workers above 1 needs PostgreSQL" in err
