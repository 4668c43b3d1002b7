"""The ASGI application together with what the protocol in front of it needs."""

import asyncio
from collections import Counter
from collections.abc import Callable
from time import perf_counter
from uuid import UUID

from uuid_utils.compat import uuid7

from capacity_api.asgi import Application, Receive, Scope, Send
from capacity_api.edge.connections import Connections
from capacity_api.edge.durations import BEGAN, Durations
from capacity_api.edge.refusals import Refusals
from capacity_api.errors import CapacityError
from capacity_api.publication.publisher import Publisher
from capacity_api.snapshot.resource import Headers, head_of, lines_of
from capacity_api.snapshot.snapshot import Snapshot

# The status, headers and body for an error in the request with this id. The path and the headers that were sent come
# last, as far as they were read: a browser is answered with a page.
RepresentRefusal = Callable[[CapacityError, UUID, str, Headers], tuple[int, dict[str, str], bytes]]


class Edge:
    """What the connections of one process share. `reads` counts the published reads answered, by status."""

    def __init__(
        self,
        publisher: Publisher,
        connections: Connections,
        refusals: Refusals,
        reads: Counter[int],
        durations: Durations,
        represent_refusal: RepresentRefusal,
    ) -> None:
        self.connections = connections
        self.refusals = refusals
        self.reads = reads
        self.durations = durations
        self._publisher = publisher
        self._represent_refusal = represent_refusal
        self._read_at = 0.0
        self._snapshot: Snapshot | None = None
        self._server_headers: Headers = []
        self._server_lines = b""

    def snapshot(self, loop: asyncio.AbstractEventLoop) -> Snapshot:
        """The snapshot as it must be read now. To read the clocks costs as much as the rest of an answer.

        So it is done once in each millisecond of uvloop's time, and again where the snapshot was replaced.
        """
        now = loop.time()
        if now != self._read_at or self._snapshot is not self._publisher.snapshot:
            self._snapshot = self._publisher.current()
            self._read_at = now
        return self._snapshot

    def lines_of(self, server_headers: Headers) -> bytes:
        """What the server adds to each answer, as it goes over the wire. It replaces the list once a second."""
        if server_headers is not self._server_headers:
            self._server_headers = server_headers
            self._server_lines = lines_of(server_headers)
        return self._server_lines

    def refusal_of(self, error: CapacityError, server_headers: Headers, path: str, sent: Headers) -> bytes:
        """The whole answer to a request that never reaches the application."""
        number = uuid7()
        status, headers, body = self._represent_refusal(error, number, path, sent)
        headers |= {
            "content-length": str(len(body)),
            "cache-control": "no-store",
            "x-request-id": str(number),
            "connection": "close",
        }
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        return head_of(status, [*server_headers, *encoded]) + b"\r\n" + body


class EdgeApplication:
    """Any ASGI server can run it. Behind `EdgeProtocol`, most published reads never reach `app`."""

    def __init__(self, app: Application, edge: Edge) -> None:
        self._app = app
        self.edge = edge

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[BEGAN] = perf_counter()
        await self._app(scope, receive, send)
