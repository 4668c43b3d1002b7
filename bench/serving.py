"""How quickly the service answers published reads, compared with the peers in `bench.peers`.

The servers share one processor, and the client has another. Rounds alternate between the servers, so that other load on
the machine affects all of them. The result is the median of the rounds' ratios.
"""

import asyncio
import contextlib
import math
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

from bench.client import measure_responses
from bench.peers import CASES, PEERS, SUPPORTED_CASES
from tests.nginx import NGINX, serving

ROUNDS = 9
SECONDS = 0.5
CONNECTIONS = 32
COMMAND = str(Path(sys.executable).parent / "capacity-api")
KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


class Peer(NamedTuple):
    """A server process, and the port that it answers at."""

    pid: int | None
    port: int


class Round(NamedTuple):
    """Responses per second, and per second of the server's processor time; and the seconds of the slowest 1 %."""

    rate: float
    by_processor: float
    slowest: float


@contextlib.asynccontextmanager
async def run_server(*command: str, env: dict[str, str], processor: int) -> AsyncIterator[Peer]:
    """Run a server that prints `http://host:port` when it is ready, on one processor only."""
    process = await asyncio.create_subprocess_exec(*command, env=env, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        while line := (await process.stdout.readline()).decode():
            if "http://" in line:
                for thread in thread_ids(process.pid):
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


def thread_ids(pid: int) -> list[int]:
    return [int(folder.name) for folder in Path(f"/proc/{pid}/task").iterdir()]


def processor_seconds(pid: int | None) -> float:
    """User and system time of a process with its threads (proc(5), fields 14 and 15). Unknown (NaN) without a pid."""
    if pid is None:
        return math.nan
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(peer: Peer, case: str, requests: int) -> Round:
    path, headers = CASES[case]
    before, began = processor_seconds(peer.pid), time.perf_counter()
    times = await measure_responses(peer.port, path, headers, requests, CONNECTIONS)
    elapsed, used = time.perf_counter() - began, processor_seconds(peer.pid) - before
    return Round(requests / elapsed, requests / max(used, 0.01), sorted(times)[int(len(times) * 0.99)])


HEADINGS = f"{'case':<20}{'peer':<10}{'ours/s':>9}{'peer/s':>9}{'ratio':>7}{'processor':>11}{'99 %':>7}"


async def main() -> None:
    processors = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {processors[-1]})
    async with contextlib.AsyncExitStack() as stack:
        env = environment(stack.enter_context(tempfile.TemporaryDirectory()))
        ours, peers = await start_all(stack, env, processors, tuple(PEERS))
        print(HEADINGS)
        for case in CASES:
            for name, peer in peers.items():
                if case in SUPPORTED_CASES[name]:
                    await compare(case, ours, name, peer)


async def start_all(
    stack: contextlib.AsyncExitStack,
    env: dict[str, str],
    processors: list[int],
    names: tuple[str, ...],
    *,
    create: bool = True,
) -> tuple[Peer, dict[str, Peer]]:
    """Start the service, these of its peers, and nginx where it is installed, on the first processor."""

    async def start(*arguments: str) -> Peer:
        return await stack.enter_async_context(run_server(*arguments, env=env, processor=processors[0]))

    ours = await start(COMMAND, "serve", *(("--create",) if create else ()), "--port", "0", "--no-delivery")
    peers = {name: await start(sys.executable, "-m", "bench.peers", name, str(ours.port)) for name in names}
    if NGINX is not None:
        os.sched_setaffinity(0, {processors[0]})
        peers["nginx"] = await serve_with_nginx(stack, env)
        os.sched_setaffinity(0, {processors[-1]})
    return ours, peers


async def serve_with_nginx(stack: contextlib.AsyncExitStack, env: dict[str, str]) -> Peer:
    """nginx with the files of `site build` and docs/nginx.conf, on the processor that this process has now."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    for arguments in (("site", "build", str(folder / "site")), ("site", "headers")):
        process = await asyncio.create_subprocess_exec(COMMAND, *arguments, env=env, stdout=asyncio.subprocess.PIPE)
        output, _ = await process.communicate()
        assert process.returncode == 0
    address = await stack.enter_async_context(serving(folder / "site", output.decode(), folder))
    return Peer(None, int(address.rpartition(":")[2]))


async def compare(case: str, ours: Peer, name: str, peer: Peer, least: int = 200) -> None:
    """`least`: how many requests a round has at least."""
    # The first round warms up, and tells how many requests fill the time of a round.
    our_count = max(least, int((await measure(ours, case, least)).rate * SECONDS))
    peer_count = max(least, int((await measure(peer, case, least)).rate * SECONDS))
    rounds = [(await measure(ours, case, our_count), await measure(peer, case, peer_count)) for _ in range(ROUNDS)]
    our_rate = statistics.median(mine.rate for mine, _ in rounds)
    peer_rate = statistics.median(other.rate for _, other in rounds)
    by_rate = statistics.median(mine.rate / other.rate for mine, other in rounds)
    by_processor = statistics.median(mine.by_processor / other.by_processor for mine, other in rounds)
    slowest = statistics.median(mine.slowest / other.slowest for mine, other in rounds)
    print(
        f"{case:<20}{name:<10}{our_rate:>9.0f}{peer_rate:>9.0f}{by_rate:>7.2f}{by_processor:>11.2f}{slowest:>7.2f}",
        flush=True,
    )
