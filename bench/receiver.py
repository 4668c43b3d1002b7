"""`python -m bench.receiver PORTS`: an endpoint on so many ports that does as little work as possible.

It prints its ports. It answers each POST with 204, except at `/hang`, where it never answers. It answers a GET with the
times of all POSTs since the last GET, in seconds since 1970.
"""

import asyncio
import json
import sys
import time
from typing import Any

arrivals: list[float] = []


class Connection(asyncio.Protocol):
    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, _, rest = self.buffer.partition(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            if len(rest) < int(length or 0):
                return
            self.buffer = rest[int(length or 0) :]
            if head.startswith(b"POST /hang"):
                return
            if head.startswith(b"POST"):
                arrivals.append(time.time())
                self.transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            else:
                body = json.dumps(arrivals).encode()
                arrivals.clear()
                self.transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)


async def listen(ports: int) -> None:
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(Connection, "127.0.0.1", 0) for _ in range(ports)]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    import uvloop

    uvloop.run(listen(int(sys.argv[1])))
