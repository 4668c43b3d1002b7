"""Real endpoints on loopback: one that records and answers, one that hands each connection to a function."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_network
from itertools import pairwise
from typing import Any

import httpx
import uvicorn
from tests.prompt import PromptServer
from tests.serving import PATIENCE_SECONDS

from capacity_api.delivery.egress import Guard, Resolve
from capacity_api.delivery.pool import Pool, build_post
from capacity_api.domain.egress import Network, parse_target
from capacity_api.operations.webhooks.scan import MAX_IN_ORDER

LOOPBACK = (ip_network("127.0.0.0/8"),)
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Endpoint:
    """An endpoint: keeps what arrives, answers `status` and `headers`, and waits for `gate` before it does."""

    def __init__(self, status: int = 204, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.status = status
        self.headers = headers or {}
        self.body = body
        self.gate = asyncio.Event()
        self.gate.set()
        self.posts: list[tuple[dict[str, str], bytes]] = []
        self._arrived = asyncio.Condition()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                # Its sender died in the middle of it: nothing has arrived.
                return
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        async with self._arrived:
            self.posts.append(({name.decode(): value.decode() for name, value in scope["headers"]}, body))
            self._arrived.notify_all()
        await self.gate.wait()
        status = await self.take(body)
        headers = [(name.encode(), value.encode()) for name, value in self.headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})

    async def take(self, body: bytes) -> int:
        """What becomes of what has arrived; the status that its sender gets."""
        return self.status

    async def arrived(self, count: int, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until so many have arrived; fails after so many seconds."""
        async with asyncio.timeout(seconds), self._arrived:
            await self._arrived.wait_for(lambda: len(self.posts) >= count)


@asynccontextmanager
async def serving(application: Any) -> AsyncIterator[str]:
    """An ASGI application on a free port of loopback; gives its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(application, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
    server = PromptServer(config)
    # Not `serve`: that takes the process's signal handlers.
    task = asyncio.create_task(server._serve([listener]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.001)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/hook"
    finally:
        server.stop()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await task
        listener.close()


@asynccontextmanager
async def listening(handler: Handler, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server that hands each connection to `handler`; gives its port. Connections are cut when the block ends."""
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await handler(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            tasks.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        while tasks:
            await asyncio.wait(tasks)


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """Read one whole request: the head, and the body by its length."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.partition(b":")[2]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    return head + await reader.readexactly(length)


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection with RST, as a machine that was restarted does."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@asynccontextmanager
async def open_response(pool: Pool, url: str, body: bytes = b"{}") -> AsyncIterator[httpx.Response]:
    """The answer to a request that goes straight to the transport, with its body still to be read."""
    response = await pool.handle_async_request(build_post(parse_target(url), {}, body))
    try:
        yield response
    finally:
        await response.aclose()


def public_pool() -> Pool:
    """A pool for a worker, for which loopback is the public internet: it conceals nothing of what is there."""
    return Pool(Guard(LOOPBACK, public=LOOPBACK))


@asynccontextmanager
async def pooled(
    allow: tuple[Network, ...] = LOOPBACK,
    context: ssl.SSLContext | None = None,
    resolve: Resolve | None = None,
    public: tuple[Network, ...] = LOOPBACK,
    **bounds: Any,
) -> AsyncIterator[Pool]:
    """A pool for which loopback is the public internet, unless `public` says otherwise."""
    pool = Pool(Guard(allow, context, resolve, public), **bounds)
    try:
        yield pool
    finally:
        await pool.aclose()


def assert_in_order_but_for_claims_sent_again(numbers: Sequence[int]) -> None:
    """Where workers were killed, each event arrives after all older ones. Those of the last claim may come again."""
    first_arrivals = list(dict.fromkeys(numbers))
    assert first_arrivals == sorted(first_arrivals), "nothing older arrives for the first time after something newer"
    for place, (before, number) in enumerate(pairwise(numbers), 1):
        if number < before:
            last_claim = sorted({*numbers[:place]})[-MAX_IN_ORDER:]
            assert number in last_claim, "a kill brings the events of one claim again, and no more"
