"""Hostile clients, in a process of their own: `python -m tests.edge.attackers PORT QUERIES HALF_HEADS`. See `attacked`.

`QUERIES` connections ask anonymous queries one after the other, `HALF_HEADS` connections have sent half of a head, and
one sends a head that never ends. Whoever is cut off comes back. It prints a line when all of them stand, and goes on
until its standard input ends, as it does when the test is killed.
"""

import asyncio
import os
import random
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests import processes
from tests.serving import PATIENCE_SECONDS

_ADDRESSES = [f"127.0.0.{n}" for n in range(2, 42)]
_NOW = datetime.now(UTC)


@asynccontextmanager
async def attacked(address: str, *, queries: int = 0, half_heads: int) -> AsyncIterator[None]:
    """Attack the service at `address` for as long as the block lasts."""
    port = address.rpartition(":")[2]
    command = (sys.executable, "-m", "tests.edge.attackers", port, str(queries), str(half_heads))
    attackers = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert attackers.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await attackers.stdout.readline() == b"all stand\n"
        yield
        assert attackers.returncode is None, "the attackers went away"
    finally:
        if attackers.returncode is None:
            attackers.kill()
        await processes.finish(attackers)


async def main(port: int, queries: int, half_heads: int) -> None:
    standing = 0
    wanted = queries + half_heads + 1
    all_stand = asyncio.Event()

    async def come_back(address: str, attack: Callable[..., Coroutine[None, None, None]]) -> None:
        nonlocal standing
        is_first = True
        while True:
            with suppress(OSError, asyncio.IncompleteReadError):
                reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
                if is_first:
                    is_first = False
                    standing += 1
                    if standing == wanted:
                        all_stand.set()
                try:
                    await attack(reader, writer)
                finally:
                    writer.transport.abort()

    attacks = [_ask] * queries + [_send_half_a_head] * half_heads + [_send_an_endless_head]
    async with asyncio.TaskGroup() as group:
        for n, attack in enumerate(attacks):
            group.create_task(come_back(_ADDRESSES[n % len(_ADDRESSES)], attack))
        await all_stand.wait()
        sys.stdout.write("all stand\n")
        sys.stdout.flush()
        await _end_of_input()
        os._exit(0)


async def _end_of_input() -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Ask for the directory at one earlier moment after another: no answer can be kept."""
    while True:
        moment = _NOW - timedelta(seconds=random.randrange(1, 3600), microseconds=random.randrange(1_000_000))
        path = f"/v1/directory?as_of={moment:%Y-%m-%dT%H:%M:%S.%fZ}"
        writer.write(f"GET {path} HTTP/1.1\r\nHost: capacity.example\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)


async def _send_half_a_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"GET /v1/directory HTTP/1.1\r\nHost: capacity.example\r\nAccept: ")
    await reader.read()


async def _send_an_endless_head(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"GET /v1/directory HTTP/1.1\r\nHost: capacity.example\r\n")
    while True:
        writer.write(b"X-Header: " + b"x" * 8192 + b"\r\n")
        await writer.drain()


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:])))
