"""Connections that are kept for the next request to the same origin.

httpcore's own pool looks at every connection for each request, which with a thousand origins is most of the work. This
one looks at those of one origin. It has no queue: whoever sends says how much is sent at once.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager

import httpcore

from capacity_api.delivery.egress import Guard
from capacity_api.delivery.wire import MOST_READ, Wire
from capacity_api.domain.egress import Target

_MOST_IDLE = 256
_IDLE_SECONDS = 30.0

Origin = tuple[bool, str, int]


class Connection(httpcore.AsyncHTTP11Connection):
    """httpcore's, over a wire of ours, with one bound for the head of an answer and its body."""

    READ_NUM_BYTES = MOST_READ
    MAX_INCOMPLETE_EVENT_SIZE = MOST_READ

    def __init__(self, target: Target, wire: Wire) -> None:
        super().__init__(_origin(target), wire)
        self.key: Origin = (target.is_https, target.host, target.port)
        self.wire = wire
        self.idle_since = 0.0


class Pool:
    """`most_idle` connections are kept, for `idle_seconds` each; the oldest goes first."""

    def __init__(self, guard: Guard, most_idle: int = _MOST_IDLE, idle_seconds: float = _IDLE_SECONDS) -> None:
        self._guard = guard
        self._most_idle = most_idle
        self._idle_seconds = idle_seconds
        # The same connections twice: by origin, and by age.
        self._idle: dict[Origin, deque[Connection]] = {}
        self._by_age: dict[Connection, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def post(
        self, target: Target, headers: Sequence[tuple[bytes, bytes]], body: bytes
    ) -> AsyncIterator[httpcore.Response]:
        """The answer, with its body still to be read; after the block the connection serves the next request, or ends.

        Raises what `Guard.dial` does, `AnswerCut` and httpcore's `NetworkError` and `ProtocolError`.
        """
        request = httpcore.Request(
            "POST",
            httpcore.URL(scheme=_origin(target).scheme, host=target.host, port=target.port, target=target.path),
            headers=[(b"host", target.authority.encode()), (b"content-length", b"%d" % len(body)), *headers],
            content=body,
        )
        connection = self._take(target)
        response: httpcore.Response | None = None
        if connection is not None:
            try:
                response = await connection.handle_async_request(request)
            except (httpcore.NetworkError, httpcore.ProtocolError):
                # It was hung up on at the moment in which it was used again. Subscribers take each id once.
                if not connection.wire.is_untouched:
                    raise
        if response is None or connection is None:
            connection = Connection(target, await self._guard.dial(target))
            response = await connection.handle_async_request(request)
        try:
            async with aclosing(response):
                yield response
        finally:
            if connection.is_idle() and connection.wire.is_quiet:
                self._keep(connection)
            else:
                connection.wire.close()

    async def aclose(self) -> None:
        """Close what is idle; what is in use ends with its task."""
        self._close_while(lambda _: True)
        if self._timer is not None:
            self._timer.cancel()

    def _take(self, target: Target) -> Connection | None:
        """The one of this origin that was used last, if it is still good."""
        key: Origin = (target.is_https, target.host, target.port)
        kept = self._idle.get(key)
        while kept:
            connection = kept.pop()
            del self._by_age[connection]
            if not kept:
                del self._idle[key]
            if connection.wire.is_quiet:
                return connection
            connection.wire.close()
        return None

    def _keep(self, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        connection.idle_since = loop.time()
        self._idle.setdefault(connection.key, deque()).append(connection)
        self._by_age[connection] = None
        self._close_while(lambda _: len(self._by_age) > self._most_idle)
        if self._timer is None:
            self._timer = loop.call_later(self._idle_seconds, self._expire)

    def _expire(self) -> None:
        loop = asyncio.get_running_loop()
        oldest = loop.time() - self._idle_seconds
        self._close_while(lambda connection: connection.idle_since <= oldest)
        self._timer = None
        if self._by_age:
            self._timer = loop.call_later(next(iter(self._by_age)).idle_since - oldest, self._expire)

    def _close_while(self, unwanted: Callable[[Connection], bool]) -> None:
        """Close idle connections, the oldest first, as long as they are unwanted."""
        while self._by_age and unwanted(connection := next(iter(self._by_age))):
            del self._by_age[connection]
            # The oldest of all is the oldest of its origin.
            kept = self._idle[connection.key]
            kept.popleft()
            if not kept:
                del self._idle[connection.key]
            connection.wire.close()


def _origin(target: Target) -> httpcore.Origin:
    return httpcore.Origin(b"https" if target.is_https else b"http", target.host.encode(), target.port)
