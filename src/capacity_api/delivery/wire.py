"""A connection to a subscriber: what is written goes out in one piece, and so much is read of an answer and no more."""

import asyncio
import ssl
from typing import cast

import httpcore

# Of each answer, head and body, as it comes over the wire.
MOST_READ = 16 * 1024


class AnswerCut(Exception):
    """`MOST_READ` of the answer have been read, and it goes on."""


class Wire(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """A stream for httpcore over asyncio's own transports. Only one task uses it at a time.

    It has no time limits of its own: whoever sends has one for everything.
    """

    def __init__(self) -> None:
        self._transport: asyncio.Transport
        self._unsent: list[bytes] = []
        self._received = bytearray()
        self._left = MOST_READ
        self._is_paused = False
        self._is_ended = False
        self._error: Exception | None = None
        self._news: asyncio.Future[None] | None = None

    @property
    def is_quiet(self) -> bool:
        """Whether the other side has said nothing that was not asked for, and has not hung up."""
        return not self._received and not self._is_ended

    @property
    def is_untouched(self) -> bool:
        """Whether nothing of an answer to what was sent last has been read."""
        return self._left == MOST_READ

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's is none by its class.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if len(self._received) >= MOST_READ and not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()
        self._tell()

    def eof_received(self) -> None:
        self._is_ended = True
        self._tell()

    def connection_lost(self, error: Exception | None) -> None:
        self._is_ended = True
        self._error = error
        self._tell()

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's signature
        """Keep it until the answer is waited for: head and body are one packet, or one record of TLS."""
        self._unsent.append(buffer)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's signature
        """What there is, at least one byte, or none at the end; raises `AnswerCut`, `httpcore.ReadError`."""
        if self._unsent:
            self._left = MOST_READ
            if not self._transport.is_closing():
                self._transport.write(b"".join(self._unsent))
            self._unsent.clear()
        while not self._received:
            if self._is_ended:
                if self._error is not None:
                    raise httpcore.ReadError from self._error
                return b""
            self._news = asyncio.get_running_loop().create_future()
            await self._news
        if not self._left:
            raise AnswerCut
        data = bytes(self._received[: min(max_bytes, self._left)])
        del self._received[: len(data)]
        self._left -= len(data)
        if self._is_paused and not self._received and not self._is_ended:
            self._is_paused = False
            self._transport.resume_reading()
        return data

    async def aclose(self) -> None:
        self.close()

    def close(self) -> None:
        """At once: a polite end would wait for somebody who may never read."""
        self._transport.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
    ) -> httpcore.AsyncNetworkStream:
        raise NotImplementedError("the guard dials with TLS")

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)
