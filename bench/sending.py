"""`python -m bench.sending`: the processor time of one webhook, compared with plain httpx.

Three ways to post the same signed bodies, each with the same concurrency: a plain loop over an httpx client, an httpx
client over our transport, and our sender, which calls the transport itself. The endpoint is another process, which
listens on many addresses of loopback.
"""

import asyncio
import contextlib
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import cast

import httpx

from capacity_api.cli.setup import uvloop_runner
from capacity_api.config import LOOPBACK
from capacity_api.delivery import sender
from capacity_api.delivery.egress import Guard
from capacity_api.delivery.pool import Pool, build_post
from capacity_api.domain import signing
from capacity_api.domain.egress import parse_target

SENDS = 2000
ROUNDS = 5
AT_ONCE = 64
ORIGINS = (1, 64, 500)
BODY = b'{"type":"intake.paused","data":"' + b"a" * 1500 + b'"}'
SECRET = signing.make_secret("v1", bytes(32))

Post = Callable[[str, dict[str, str]], Awaitable[None]]


class Endpoint(asyncio.Protocol):
    """Answers 204 to each request, with as little work as possible."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transport is not a subclass of asyncio's.
        self.transport = cast(asyncio.Transport, transport)
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while self.buffer.endswith(BODY[-2:]) and BODY in self.buffer:
            self.buffer = self.buffer.partition(BODY)[2]
            self.transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")


def host(origin: int) -> str:
    return f"127.0.{origin // 250}.{origin % 250 + 1}"


async def endpoint() -> None:
    loop = asyncio.get_running_loop()
    first = await loop.create_server(Endpoint, host(0), 0)
    port = first.sockets[0].getsockname()[1]
    others = await loop.create_server(Endpoint, [host(origin) for origin in range(1, max(ORIGINS))], port)
    print(port, flush=True)
    await asyncio.gather(first.serve_forever(), others.serve_forever())


@contextlib.asynccontextmanager
async def plain() -> AsyncIterator[Post]:
    async with httpx.AsyncClient(trust_env=False) as client:

        async def post(url: str, headers: dict[str, str]) -> None:
            response = await client.post(url, content=BODY, headers={"content-type": "application/json", **headers})
            assert response.status_code == 204

        yield post


@contextlib.asynccontextmanager
async def client() -> AsyncIterator[Post]:
    async with httpx.AsyncClient(transport=Pool(Guard((LOOPBACK,))), trust_env=False) as client:

        async def post(url: str, headers: dict[str, str]) -> None:
            request = build_post(parse_target(url), {"content-type": "application/json", **headers}, BODY)
            response = await client.send(request)
            assert response.status_code == 204

        yield post


@contextlib.asynccontextmanager
async def ours() -> AsyncIterator[Post]:
    pool = Pool(Guard((LOOPBACK,)))

    async def post(url: str, headers: dict[str, str]) -> None:
        outcome = await sender.post(pool, url, headers, BODY, datetime.now(UTC))
        assert outcome.status == 204, outcome

    yield post
    await pool.aclose()


async def microseconds(post: Post, port: int, origins: int) -> float:
    """The processor time of one send, in microseconds."""
    numbers = iter(range(SENDS))

    async def send() -> None:
        for number in numbers:
            origin = number % origins
            headers = signing.signature_headers([SECRET], f"id-{number}", int(time.time()), BODY)
            await post(f"http://{host(origin)}:{port}/hook", headers)

    began = time.process_time()
    await asyncio.gather(*(send() for _ in range(AT_ONCE)))
    return (time.process_time() - began) / SENDS * 1e6


async def main(port: int) -> None:
    print(f"{'addresses':>10}{'httpx µs':>10}{'client µs':>11}{'ratio':>8}{'ours µs':>10}{'ratio':>8}")
    for origins in ORIGINS:
        async with plain() as bare, client() as fronted, ours() as own:
            ways = (bare, fronted, own)
            for way in ways:
                await microseconds(way, port, origins)
            rounds = [[await microseconds(way, port, origins) for way in ways] for _ in range(ROUNDS)]
        bare_cost, client_cost, own_cost = (statistics.median(costs) for costs in zip(*rounds, strict=True))
        client_ratio = statistics.median(costs[0] / costs[1] for costs in rounds)
        own_ratio = statistics.median(costs[0] / costs[2] for costs in rounds)
        print(
            f"{origins:>10,}{bare_cost:>10.0f}{client_cost:>11.0f}{client_ratio:>8.2f}{own_cost:>10.0f}{own_ratio:>8.2f}"
        )


if __name__ == "__main__":
    with uvloop_runner() as runner:
        if sys.argv[1:] == ["endpoint"]:
            runner.run(endpoint())
        else:
            command = [sys.executable, "-m", "bench.sending", "endpoint"]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as peer:  # noqa: S603 - this very file
                assert peer.stdout is not None
                try:
                    runner.run(main(int(peer.stdout.readline())))
                finally:
                    peer.terminate()
