"""HTTP/1.1 over one connection to an endpoint. `Wire` has its bytes, this has its requests and answers."""

from collections.abc import AsyncIterator

import h11
import httpx

from capacity_api.delivery import answer_head
from capacity_api.delivery.wire import MAX_ANSWER_BYTES, Wire
from capacity_api.domain.egress import Target
from capacity_api.domain.lease import RequireLease

Origin = tuple[bool, str, int]


def origin_of(target: Target) -> Origin:
    """Requests to the same origin may share a connection."""
    return target.is_https, target.host, target.port


class Connection:
    """One request, its answer, then the next request. `origin`, `is_private` and `idle_since` are for the pool."""

    def __init__(self, origin: Origin, wire: Wire, *, is_private: bool) -> None:
        self.origin = origin
        self.is_private = is_private
        self.idle_since = 0.0
        self._wire = wire
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_ANSWER_BYTES)
        # Bytes of an answer of which h11 has not read the head.
        self._head = b""
        self._has_odd_head = False

    @property
    def is_reusable(self) -> bool:
        """Whether another request may be sent.

        Bytes after the end of an answer would pass for the answer to the next request, which may
        belong to another webhook at the same host. So might they if we read an odd head otherwise than
        the server meant it.
        """
        is_between_requests = self._http.our_state is h11.IDLE and self._http.their_state is h11.IDLE
        unread, _ = self._http.trailing_data
        return is_between_requests and not unread and not self._has_odd_head and self._wire.is_reusable

    @property
    def has_answered(self) -> bool:
        """Whether any byte of an answer to the last request was read."""
        return self._wire.has_answered

    async def send(self, request: httpx.Request, path: str, require_lease: RequireLease | None = None) -> h11.Response:
        """Send a request and read the head of its answer. Nothing is sent if `require_lease` raises `LeaseEnded`.

        Raises `httpx.NetworkError` and `httpx.ProtocolError`. If it raises anything, close the connection.
        """
        events = (
            h11.Request(method=request.method, target=path, headers=request.headers.raw),
            h11.Data(data=await request.aread()),
            h11.EndOfMessage(),
        )
        content = b"".join(self._http.send(event) or b"" for event in events)
        if require_lease is not None:
            # No await may stand between this and the write: the process can be stopped at each for as long as you like.
            require_lease()
        self._wire.send(content)
        while True:
            event = await self._next_event()
            if isinstance(event, h11.Response):
                return event

    async def read_body(self) -> AsyncIterator[bytes]:
        """The body of the answer, in pieces; raises as `send` does."""
        while isinstance(event := await self._next_event(), h11.Data):
            yield bytes(event.data)
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()

    def close(self) -> None:
        self._wire.close()

    async def _next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        try:
            while (event := self._http.next_event()) is h11.NEED_DATA:
                self._http.receive_data(await self._receive())
        except h11.RemoteProtocolError as error:
            raise httpx.RemoteProtocolError("the answer is not valid HTTP/1.1") from error
        return event

    async def _receive(self) -> bytes:
        """The next bytes for h11: a whole head, without the lines that it would refuse, or any part of a body."""
        if self._http.their_state is not h11.SEND_RESPONSE:
            following, self._head = self._head, b""
            return following or await self._wire.receive()
        while (end := answer_head.find_end(self._head)) is None:
            received = await self._wire.receive()
            if not received:
                # It ended early, and h11 says so.
                unfinished, self._head = self._head, b""
                return unfinished
            self._head += received
        head, self._head = self._head[:end], self._head[end:]
        clean = answer_head.drop_bad_lines(head)
        self._has_odd_head = self._has_odd_head or clean != head
        return clean
