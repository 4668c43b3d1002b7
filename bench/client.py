"""A client that costs less than the servers that it measures. It records only how long each response took."""

import asyncio
import time
from typing import cast


class Client(asyncio.Protocol):
    """One connection that repeats a request after each response. `left` counts the requests of all connections."""

    def __init__(self, request: bytes, left: list[int], times: list[float]) -> None:
        self._request = request
        self._left = left
        self._times = times
        # The bytes of the body that are still to come; -1 while the head is read.
        self._missing = -1
        self._head = b""
        self._began = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transport is not a subclass of asyncio's.
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def _send(self) -> None:
        if self._left[0] <= 0:
            self._transport.close()
            return
        self._left[0] -= 1
        self._began = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if self._missing < 0:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            head, body = self._head[:end].lower(), len(self._head) - end - 4
            length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
            assert head[9:12] in {b"200", b"304"}, head
            self._missing = (int(length) if length and head[9:12] != b"304" else 0) - body
            self._head = b""
        else:
            self._missing -= len(data)
        if self._missing == 0:
            self._missing = -1
            self._times.append(time.perf_counter() - self._began)
            self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if error is not None:
            self.done.set_exception(error)
        elif not self.done.done():
            self.done.set_result(None)


async def measure_responses(
    port: int, path: str, headers: dict[str, str], requests: int, connections: int
) -> list[float]:
    """Send so many requests over so many connections. Returns the seconds that each response took."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    request = f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n{lines}\r\n".encode()
    left, times = [requests], list[float]()
    loop = asyncio.get_running_loop()
    clients = []
    for _ in range(connections):
        _, client = await loop.create_connection(lambda: Client(request, left, times), "127.0.0.1", port)
        clients.append(client)
    await asyncio.gather(*(client.done for client in clients))
    return times
