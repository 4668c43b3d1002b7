"""The bytes of one connection to an endpoint, and how many of them may be read."""

import asyncio
from typing import cast

import httpx

# The limit of one answer: head and body together, as they arrive.
MAX_ANSWER_BYTES = 16 * 1024


class AnswerTooLong(httpx.RemoteProtocolError):
    """The answer is longer than `MAX_ANSWER_BYTES`."""


class Wire(asyncio.Protocol):
    """Sends a request and receives its answer. Only one task uses it at a time.

    It has no time limits. The sender has one for the whole attempt.
    """

    def __init__(self) -> None:
        self._transport: asyncio.Transport
        self._received = bytearray()
        self._bytes_left = MAX_ANSWER_BYTES
        self._is_paused = False
        self._has_ended = False
        self._error: Exception | None = None
        self._wakeup: asyncio.Future[None] | None = None

    @property
    def is_reusable(self) -> bool:
        """Whether the peer keeps the connection open, has sent nothing that nobody has read, and took all that we sent.

        Otherwise the next request would wait behind the rest of the last.
        """
        return not self._received and not self._has_ended and not self._transport.get_write_buffer_size()

    @property
    def has_answered(self) -> bool:
        """Whether any byte of an answer to the last request was read."""
        return self._bytes_left < MAX_ANSWER_BYTES

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transport does not inherit from asyncio's.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if len(self._received) >= MAX_ANSWER_BYTES and not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()
        self._wake_reader()

    def eof_received(self) -> None:
        self._has_ended = True
        self._wake_reader()

    def connection_lost(self, error: Exception | None) -> None:
        self._has_ended = True
        self._error = error
        self._wake_reader()

    def send(self, request: bytes) -> None:
        """Send a whole request at once: one packet, or one TLS record, if it fits.

        It is in the hands of the system when this returns: asyncio and uvloop write at once unless something waits.
        """
        self._bytes_left = MAX_ANSWER_BYTES
        # `receive` reports a connection that has ended.
        if not self._transport.is_closing():
            self._transport.write(request)

    async def receive(self) -> bytes:
        """The next bytes, or none at the end; raises `AnswerTooLong` and `httpx.ReadError`."""
        while not self._received:
            if self._has_ended:
                if self._error is not None:
                    raise httpx.ReadError("the connection was lost") from self._error
                return b""
            self._wakeup = asyncio.get_running_loop().create_future()
            await self._wakeup
        if not self._bytes_left:
            raise AnswerTooLong(f"the answer is longer than {MAX_ANSWER_BYTES} bytes")
        data = bytes(self._received[: self._bytes_left])
        del self._received[: len(data)]
        self._bytes_left -= len(data)
        if self._is_paused and not self._received and not self._has_ended:
            self._is_paused = False
            self._transport.resume_reading()
        return data

    def close(self) -> None:
        """Close without waiting: a graceful close would wait for a peer that may never read."""
        self._transport.abort()

    def _wake_reader(self) -> None:
        if self._wakeup is not None and not self._wakeup.done():
            self._wakeup.set_result(None)
