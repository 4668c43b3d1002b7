"""HTTP by the byte: what no client library would send, from any address of 127.0.0.0/8."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import msgspec
from tests.serving import PATIENCE_SECONDS, Service


class Answer(msgspec.Struct, frozen=True):
    status: int
    headers: dict[str, str]
    body: bytes

    def problem(self) -> dict[str, Any]:
        """The problem document, once it is sure that it is one, and whole."""
        assert self.headers["content-type"] == "application/problem+json", self
        problem: dict[str, Any] = json.loads(self.body)
        assert problem["status"] == self.status
        assert problem["request_id"] == self.headers["x-request-id"]
        assert problem["type"] == f"/docs#problem-{problem['code']}"
        return problem


class Wire:
    """One connection of a client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, *segments: bytes) -> None:
        """Send, and let the other side read each segment alone."""
        for number, segment in enumerate(segments):
            if number:
                await asyncio.sleep(0.02)
            self.writer.write(segment)
            await self.writer.drain()

    async def answer(self, method: str = "GET", seconds: float = PATIENCE_SECONDS) -> Answer:
        """The next answer."""
        async with asyncio.timeout(seconds):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
            headers: dict[str, str] = {}
            for line in lines:
                name, _, value = line.partition(": ")
                assert name.lower() not in headers, head
                headers[name.lower()] = value
            status = int(first.split()[1])
            assert first.startswith("HTTP/1.1 "), first
            if method == "HEAD" or status in {100, 204, 304}:
                return Answer(status, headers, b"")
            return Answer(status, headers, await self.reader.readexactly(int(headers["content-length"])))

    async def is_closed(self) -> bool:
        """Whether the other side closes, before it sends anything else."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            try:
                return await self.reader.read(1) == b""
            except ConnectionError:
                return True


@asynccontextmanager
async def connect(service: Service, source: str = "127.0.0.1") -> AsyncIterator[Wire]:
    parts = urlsplit(str(service.client.base_url))
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, local_addr=(source, 0))
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()
