"""`make bench`: how the published directory compares with the least that Python can do, in one run on this machine;
and the processor time that matching takes. `python -m bench deliveries` measures the webhooks.

Each peer is a server process of its own; rounds alternate between them, so that what else the machine does meets both.
What is told is the median of the ratios; `docs/performance.md` explains it.
"""

import asyncio
import contextlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

from bench import deliveries, matching
from bench.cases import CASES

ROUNDS = 7
REQUESTS = 1500
CONNECTIONS = 16
KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


@contextlib.asynccontextmanager
async def serving(*command: str, env: dict[str, str]) -> AsyncIterator[int]:
    """A server that prints `http://host:port` when it answers; gives the port."""
    process = await asyncio.create_subprocess_exec(*command, env=env, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        while line := (await process.stdout.readline()).decode():
            if "http://" in line:
                yield int(line.rsplit(":", 1)[1])
                return
        raise SystemExit(f"{command[0]} did not start")
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def rate(port: int, path: str, headers: dict[str, str]) -> float:
    """Requests per second over kept connections, each answer read to its end."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    request = f"GET {path} HTTP/1.1\r\nhost: bench\r\n{lines}\r\n".encode()
    left = REQUESTS

    async def ask() -> None:
        nonlocal left
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while left > 0:
            left -= 1
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            if length:
                await reader.readexactly(int(length))
        writer.close()
        await writer.wait_closed()

    start = time.perf_counter()
    await asyncio.gather(*(ask() for _ in range(CONNECTIONS)))
    return REQUESTS / (time.perf_counter() - start)


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CAPACITY_")},
            "CAPACITY_DATABASE_URL": f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}",
            "CAPACITY_SECRET_KEY": KEY,
        }
        ours = (str(Path(sys.executable).parent / "capacity-api"), "serve", "--port", "0", "--no-delivery")
        async with (
            serving(*ours, env=env) as port,
            serving(sys.executable, "-m", "bench.bare", str(port), env=env) as bare,
        ):
            print(f"{'case':<18}{'ours/s':>10}{'bare/s':>10}{'ratio':>8}")
            for case, (path, headers) in CASES.items():
                await rate(port, path, headers)
                await rate(bare, path, headers)
                pairs = [(await rate(port, path, headers), await rate(bare, path, headers)) for _ in range(ROUNDS)]
                ratio = statistics.median(own / peer for own, peer in pairs)
                own, peer = (statistics.median(side) for side in zip(*pairs, strict=True))
                print(f"{case:<18}{own:>10.0f}{peer:>10.0f}{ratio:>8.2f}")


def match() -> None:
    print(f"\n{'case':<18}{'responders':>12}{'median ms':>11}{'99 % ms':>9}")
    for size in matching.SIZES:
        median, slow = matching.processor_milliseconds(size)
        print(f"{f'match, {matching.SHOWN} shown':<18}{size:>12,}{median:>11.2f}{slow:>9.2f}")


if sys.argv[1:2] == ["deliveries"]:
    deliveries.run(*sys.argv[2:])
else:
    asyncio.run(main())
    match()
