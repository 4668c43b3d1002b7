"""An endpoint that costs as little as can be: `python -m bench.receiver PORTS` listens on so many ports.

It answers 204 to every POST, but for `/hang` not at all, and to a GET the times of the posts since the last GET, in
seconds since 1970. It prints its ports.
"""

import asyncio
import json
import sys
import time
from typing import Any

arrived: list[float] = []


class Connection(asyncio.Protocol):
    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.held = b""

    def data_received(self, data: bytes) -> None:
        self.held += data
        while b"\r\n\r\n" in self.held:
            head, _, rest = self.held.partition(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            if len(rest) < int(length or 0):
                return
            self.held = rest[int(length or 0) :]
            if head.startswith(b"POST /hang"):
                return
            if head.startswith(b"POST"):
                arrived.append(time.time())
                self.transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            else:
                body = json.dumps(arrived).encode()
                arrived.clear()
                self.transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)


async def listen(ports: int) -> None:
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(Connection, "127.0.0.1", 0) for _ in range(ports)]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    import uvloop

    uvloop.run(listen(int(sys.argv[1])))
