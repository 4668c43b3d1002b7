"""Many connections that ask one thing after the other as fast as they are answered, from a process of their own."""

import asyncio
import multiprocessing
import signal
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from urllib.parse import urlsplit

_forks = multiprocessing.get_context("forkserver")


class Flood:
    """`answers`: how many there were of each status, and how many of these say when to try again, at the end."""

    def __init__(self) -> None:
        self.answers: Counter[str] = Counter()


@asynccontextmanager
async def flooding(
    address: str, requests: Sequence[bytes], *, connections: int = 400, sources: Sequence[str] = ("127.0.0.1",)
) -> AsyncIterator[Flood]:
    """Inside the block, every connection has been answered once and asks on. They come from `sources` in turn."""
    ours, of_child = _forks.Pipe()
    process = _forks.Process(target=_run, args=(of_child, address, list(requests), connections, list(sources)))
    await asyncio.to_thread(process.start)
    of_child.close()
    flood = Flood()
    try:
        assert await asyncio.to_thread(ours.recv) == "begun"
        yield flood
        ours.send("end")
        flood.answers.update(await asyncio.to_thread(ours.recv))
    finally:
        process.kill()
        await asyncio.to_thread(process.join)
        ours.close()


def _run(pipe: Connection, address: str, requests: list[bytes], connections: int, sources: list[str]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(_ask(pipe, address, requests, connections, sources))


async def _ask(pipe: Connection, address: str, requests: list[bytes], connections: int, sources: list[str]) -> None:
    url = urlsplit(address)
    answers: Counter[str] = Counter()
    waiting = set(range(connections))
    begun = asyncio.Event()

    async def ask(number: int) -> None:
        source = (sources[number % len(sources)], 0)
        reader, writer = await asyncio.open_connection(url.hostname, url.port, local_addr=source)
        asked = number
        while True:
            writer.write(requests[asked % len(requests)])
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
            answers[head[9:12].decode()] += 1
            answers[f"{head[9:12].decode()} retry-after"] += b"\r\nretry-after: " in head
            asked += 1
            waiting.discard(number)
            if not waiting:
                begun.set()

    asking = [asyncio.create_task(ask(number)) for number in range(connections)]
    beginning = asyncio.create_task(begun.wait())
    await asyncio.wait([beginning, *asking], return_when=asyncio.FIRST_COMPLETED)
    pipe.send("begun" if begun.is_set() else "failed")
    await asyncio.to_thread(pipe.recv)
    pipe.send(dict(answers))
