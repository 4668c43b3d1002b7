"""How quickly what is published is answered, beside peers in the same run (`bench.peers` tells which).

The servers share one processor and the client has another; only one of them is asked at a time, in rounds that
alternate, so that what else the machine does meets all. What is told is the median of the rounds' ratios.
"""

import asyncio
import contextlib
import math
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

from bench.client import ask
from bench.peers import ABLE, CASES, PEERS
from tests.nginx import NGINX
from tests.nginx import serving as serve_files

ROUNDS = 9
SECONDS = 0.5
CONNECTIONS = 32
KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


class Peer(NamedTuple):
    """A server process, and the port that it answers at."""

    pid: int | None
    port: int


class Round(NamedTuple):
    """Answers per second of the clock, and per second of the server's own processor time; the slowest in a hundred."""

    rate: float
    by_processor: float
    slowest: float


@contextlib.asynccontextmanager
async def run_server(*command: str, env: dict[str, str], processor: int) -> AsyncIterator[Peer]:
    """A server that prints `http://host:port` when it answers, held to one processor."""
    process = await asyncio.create_subprocess_exec(*command, env=env, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        while line := (await process.stdout.readline()).decode():
            if "http://" in line:
                for thread in threads(process.pid):
                    os.sched_setaffinity(thread, {processor})
                yield Peer(process.pid, int(line.rsplit(":", 1)[1]))
                return
        raise SystemExit(f"{command[0]} did not start")
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


def environment(folder: str) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("CAPACITY_")},
        "CAPACITY_DATABASE_URL": f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}",
        "CAPACITY_SECRET_KEY": KEY,
    }


def threads(pid: int) -> list[int]:
    return [int(each.name) for each in Path(f"/proc/{pid}/task").iterdir()]


def processor_seconds(pid: int | None) -> float:
    """User and system time of a process with its threads (proc(5), fields 14 and 15); of several it is not known."""
    if pid is None:
        return math.nan
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(peer: Peer, case: str, requests: int) -> Round:
    path, headers = CASES[case]
    before, began = processor_seconds(peer.pid), time.perf_counter()
    times = await ask(peer.port, path, headers, requests, CONNECTIONS)
    took, used = time.perf_counter() - began, processor_seconds(peer.pid) - before
    return Round(requests / took, requests / max(used, 0.01), sorted(times)[int(len(times) * 0.99)])


async def main() -> None:
    processors = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {processors[-1]})
    command = shutil.which("capacity-api", path=str(Path(sys.executable).parent))
    assert command is not None
    async with contextlib.AsyncExitStack() as stack:
        env = environment(stack.enter_context(tempfile.TemporaryDirectory()))

        async def start(*arguments: str) -> Peer:
            return await stack.enter_async_context(run_server(*arguments, env=env, processor=processors[0]))

        ours = await start(command, "serve", "--port", "0", "--no-delivery")
        peers = {name: await start(sys.executable, "-m", "bench.peers", name, str(ours.port)) for name in PEERS}
        if NGINX is not None:
            os.sched_setaffinity(0, {processors[0]})
            peers["nginx"] = await serve_with_nginx(stack, command, env)
            os.sched_setaffinity(0, {processors[-1]})
        print(f"{'case':<20}{'peer':<10}{'ours/s':>9}{'peer/s':>9}{'ratio':>7}{'processor':>11}{'99 %':>7}")
        for case in CASES:
            for name, peer in peers.items():
                if case in ABLE[name]:
                    await compare(case, ours, name, peer)


async def serve_with_nginx(stack: contextlib.AsyncExitStack, command: str, env: dict[str, str]) -> Peer:
    """nginx with the files of `site build`, as docs/nginx.conf has it, on the processor that this process has now."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    for arguments in (("site", "build", str(folder / "site")), ("site", "headers")):
        process = await asyncio.create_subprocess_exec(command, *arguments, env=env, stdout=asyncio.subprocess.PIPE)
        said, _ = await process.communicate()
        assert process.returncode == 0
    address = await stack.enter_async_context(serve_files(folder / "site", said.decode(), folder))
    return Peer(None, int(address.rpartition(":")[2]))


async def compare(case: str, ours: Peer, name: str, peer: Peer) -> None:
    warm = {each: await measure(each, case, 200) for each in (ours, peer)}
    counts = {each: max(200, int(found.rate * SECONDS)) for each, found in warm.items()}
    rounds = [[await measure(each, case, counts[each]) for each in (ours, peer)] for _ in range(ROUNDS)]
    own, theirs = (statistics.median(each.rate for each in side) for side in zip(*rounds, strict=True))
    by_rate = statistics.median(mine.rate / other.rate for mine, other in rounds)
    by_processor = statistics.median(mine.by_processor / other.by_processor for mine, other in rounds)
    slowest = statistics.median(mine.slowest / other.slowest for mine, other in rounds)
    print(
        f"{case:<20}{name:<10}{own:>9.0f}{theirs:>9.0f}{by_rate:>7.2f}{by_processor:>11.2f}{slowest:>7.2f}", flush=True
    )
