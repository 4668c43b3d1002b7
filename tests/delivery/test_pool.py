"""Which connection a request takes, and when one ends. Each connection is a real one, and each wait is for an event."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest
from tests.delivery.endpoints import Handler, listening, open_response, pooled, read_request, reset
from tests.serving import PATIENCE_SECONDS

from capacity_api.delivery.pool import Pool

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
Step = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Host:
    """A server that counts and answers each request on each connection, or does its `steps` instead, one by one."""

    def __init__(self, *steps: Step) -> None:
        self.steps = list(steps)
        self.connections = 0
        self.requests: list[bytes] = []
        self.ended = asyncio.Semaphore(0)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while not reader.at_eof():
                self.requests.append(await read_request(reader))
                await (self.steps.pop(0) if self.steps else answer)(reader, writer)
        finally:
            self.ended.release()


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(OK)


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    reset(writer)


async def post(pool: Pool, port: int, body: bytes = b"{}", host: str = "127.0.0.1") -> bytes:
    async with asyncio.timeout(PATIENCE_SECONDS), open_response(pool, f"http://{host}:{port}/", body) as response:
        return await response.aread()


async def test_a_connection_serves_one_request_after_the_other() -> None:
    host = Host()
    async with listening(host) as port, pooled() as pool:
        assert [await post(pool, port) for _ in range(3)] == [b"ok"] * 3
    assert (host.connections, len(host.requests)) == (1, 3)


async def test_requests_at_once_take_a_connection_each_which_serve_the_next_ones() -> None:
    host, everybody = Host(), asyncio.Event()

    async def together(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if host.connections == 4:
            everybody.set()
        await everybody.wait()
        writer.write(OK)

    host.steps = [together] * 8
    async with listening(host) as port, pooled() as pool:
        for _ in range(2):
            assert await asyncio.gather(*(post(pool, port) for _ in range(4))) == [b"ok"] * 4
    assert host.connections == 4


async def test_origins_share_no_connection() -> None:
    first, second = Host(), Host()
    async with listening(first) as one, listening(second) as other, pooled() as pool:
        for _ in range(2):
            await post(pool, one)
            await post(pool, other)
            # The same address under another name is another origin, with connections of its own.
            await post(pool, other, host="localhost")
    assert (first.connections, second.connections) == (1, 2)


@pytest.mark.parametrize("end", [hang_up, cut])
async def test_a_connection_that_ends_as_it_is_used_again_costs_nothing(end: Handler) -> None:
    host = Host(answer, end)
    async with listening(host) as port, pooled() as pool:
        assert [await post(pool, port, body) for body in (b"1", b"2")] == [b"ok"] * 2
    assert host.connections == 2
    assert [each[-1:] for each in host.requests] == [b"1", b"2", b"2"]
    assert host.requests[1] == host.requests[2]


async def test_what_was_answered_in_part_is_not_sent_twice() -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200")
        writer.close()

    host = Host(answer, half)
    async with listening(host) as port, pooled() as pool:
        await post(pool, port)
        with pytest.raises(httpx.RemoteProtocolError):
            await post(pool, port)
    assert len(host.requests) == 2


async def test_a_new_connection_that_ends_is_not_tried_twice() -> None:
    host = Host(hang_up)
    async with listening(host) as port, pooled() as pool:
        with pytest.raises(httpx.RemoteProtocolError):
            await post(pool, port)
    assert (host.connections, len(host.requests)) == (1, 1)


async def test_a_second_answer_that_comes_later_is_not_that_of_the_next_request() -> None:
    released = asyncio.Event()

    async def twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        await released.wait()
        writer.write(b"HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n")

    host = Host(twice)
    async with listening(host) as port, pooled() as pool:
        await post(pool, port)
        (connection,) = pool._idle
        released.set()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while connection.is_reusable:  # noqa: ASYNC110 - a connection has no event for it
                await asyncio.sleep(0)
        assert await post(pool, port) == b"ok"
    assert host.connections == 2


async def test_a_second_answer_that_comes_at_once_is_not_that_of_the_next_request() -> None:
    async def twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK + b"HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n")

    host = Host(twice)
    async with listening(host) as port, pooled() as pool:
        assert [await post(pool, port) for _ in range(2)] == [b"ok"] * 2
    assert host.connections == 2


async def test_a_connection_whose_answer_had_a_bad_header_line_is_not_used_again() -> None:
    async def odd(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nX Powered By: PHP\r\ncontent-length: 2\r\n\r\nok")

    host = Host(odd)
    async with listening(host) as port, pooled() as pool:
        assert [await post(pool, port) for _ in range(3)] == [b"ok"] * 3
    assert host.connections == 2


async def test_a_body_that_is_not_read_to_its_end_ends_the_connection() -> None:
    host = Host()
    async with listening(host) as port, pooled() as pool:
        async with open_response(pool, f"http://127.0.0.1:{port}/") as response:
            assert response.status_code == 200
        async with asyncio.timeout(PATIENCE_SECONDS):
            await host.ended.acquire()
        await post(pool, port)
    assert host.connections == 2


async def test_the_oldest_idle_connection_goes_when_there_are_too_many() -> None:
    hosts = [Host() for _ in range(3)]
    async with (
        listening(hosts[0]) as a,
        listening(hosts[1]) as b,
        listening(hosts[2]) as c,
        pooled(max_idle=2) as pool,
    ):
        for port in (a, b, c):
            await post(pool, port)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await hosts[0].ended.acquire()
        for port in (b, c, a):
            await post(pool, port)
    assert [host.connections for host in hosts] == [2, 1, 1]


async def test_an_idle_connection_ends_by_itself() -> None:
    host = Host()
    async with listening(host) as port, pooled(idle_seconds=0.05) as pool:
        for _ in range(2):
            await asyncio.gather(post(pool, port), post(pool, port))
            async with asyncio.timeout(PATIENCE_SECONDS):
                await host.ended.acquire()
                await host.ended.acquire()
        assert (pool._idle, pool._idle_by_origin, pool._timer) == ({}, {}, None)
    assert host.connections == 4


async def test_a_request_goes_out_in_one_piece() -> None:
    pieces: list[bytes] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pieces.append(await reader.read(65536))
        writer.write(OK)
        await reader.read()

    async with listening(handler) as port, pooled() as pool:
        await post(pool, port, b"a" * 2000)
    assert pieces[0].startswith(b"POST / HTTP/1.1\r\n")
    assert pieces[0].endswith(b"\r\n\r\n" + b"a" * 2000)
