"""httpx's transport for webhooks: it keeps connections for the next request to the same origin.

httpx's own transport looks at every connection for each request. With a thousand origins, that is
most of the work. This one looks only at those of one origin. It has no queue: the worker limits how
many requests are sent at once.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import httpx

from capacity_api.delivery.connection import Connection, Origin, origin_of
from capacity_api.delivery.egress import Guard
from capacity_api.domain.egress import Target
from capacity_api.domain.lease import RequireLease

_MAX_IDLE = 256
_IDLE_SECONDS = 30.0
_TARGET = "egress_target"
_REQUIRE_LEASE = "require_lease"
# A key of `request.extensions` that the pool sets, for the reader of the answer or the failure.
IS_PRIVATE = "egress_is_private"


def build_post(
    target: Target,
    headers: Mapping[str, str],
    body: bytes,
    connect_seconds: float | None = None,
    require_lease: RequireLease | None = None,
) -> httpx.Request:
    """A request that `Pool` sends to `target`. `connect_seconds` limits how long connecting may take, name included.

    `require_lease` is called on each connection that the request is sent on, directly before its first byte.
    The URL is only there to be read by people. httpx escapes addresses in its own way, so the
    connection, the request line and `Host` come from the target, which the guard judges.
    """
    return httpx.Request(
        "POST",
        httpx.URL(
            scheme="https" if target.is_https else "http",
            host=target.host,
            port=target.port,
            raw_path=target.path.encode(),
        ),
        headers={"host": target.authority, "content-length": str(len(body)), **headers},
        # Unlike `content`, a stream makes httpx add no headers.
        stream=httpx.ByteStream(body),
        extensions={_TARGET: target, _REQUIRE_LEASE: require_lease, "timeout": {"connect": connect_seconds}},
    )


class Pool(httpx.AsyncBaseTransport):
    """Keeps `max_idle` idle connections for `idle_seconds` each, and closes the oldest first."""

    def __init__(self, guard: Guard, max_idle: int = _MAX_IDLE, idle_seconds: float = _IDLE_SECONDS) -> None:
        self._guard = guard
        self._max_idle = max_idle
        self._idle_seconds = idle_seconds
        # Both hold the same connections, the oldest first. The innermost are ordered sets.
        self._idle: dict[Connection, None] = {}
        self._idle_by_origin: dict[Origin, dict[Connection, None]] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request of `build_post`. The caller must close the response, which frees the connection.

        Raises `LeaseEnded`, `EgressRefused`, `httpx.ConnectTimeout`, `httpx.NetworkError` and `httpx.ProtocolError`.
        """
        target: Target = request.extensions[_TARGET]
        connection = self._take_idle(origin_of(target))
        if connection is not None:
            request.extensions[IS_PRIVATE] = connection.is_private
            try:
                return await self._send(connection, request, target)
            except httpx.TransportError:
                # The server closed it just as we used it again. Send again: endpoints ignore an
                # id that they have seen.
                if connection.has_answered:
                    raise
        return await self._send(await self._connect(request, target), request, target)

    async def aclose(self) -> None:
        """Close the idle connections. Those in use end with their tasks."""
        while self._idle:
            self._close_oldest()
        if self._timer is not None:
            self._timer.cancel()

    async def _connect(self, request: httpx.Request, target: Target) -> Connection:
        request.extensions[IS_PRIVATE] = self._guard.is_private(target)
        try:
            async with asyncio.timeout(request.extensions["timeout"]["connect"]):
                route = await self._guard.find_route(target)
                request.extensions[IS_PRIVATE] = route.is_private
                return Connection(origin_of(target), await self._guard.connect(route), is_private=route.is_private)
        except TimeoutError as error:
            raise httpx.ConnectTimeout("the connection took too long") from error
        except OSError as error:
            raise httpx.ConnectError("no connection could be made") from error

    async def _send(self, connection: Connection, request: httpx.Request, target: Target) -> httpx.Response:
        try:
            head = await connection.send(request, target.path, request.extensions[_REQUIRE_LEASE])
        except BaseException:
            connection.close()
            raise
        return httpx.Response(
            head.status_code, headers=head.headers.raw_items(), stream=_Body(connection, self._release), request=request
        )

    def _take_idle(self, origin: Origin) -> Connection | None:
        """The connection of this origin that was used last, if it still works."""
        while idle := self._idle_by_origin.get(origin):
            connection = next(reversed(idle))
            self._remove(connection)
            if connection.is_reusable:
                return connection
            connection.close()
        return None

    def _release(self, connection: Connection) -> None:
        """Keep a connection for the next request, or close it."""
        if not connection.is_reusable:
            connection.close()
            return
        loop = asyncio.get_running_loop()
        connection.idle_since = loop.time()
        self._idle[connection] = None
        self._idle_by_origin.setdefault(connection.origin, {})[connection] = None
        if len(self._idle) > self._max_idle:
            self._close_oldest()
        if self._timer is None:
            self._timer = loop.call_later(self._idle_seconds, self._close_expired)

    def _close_expired(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        while self._idle:
            expires_in = self._oldest().idle_since + self._idle_seconds - loop.time()
            if expires_in > 0:
                self._timer = loop.call_later(expires_in, self._close_expired)
                return
            self._close_oldest()

    def _close_oldest(self) -> None:
        connection = self._oldest()
        self._remove(connection)
        connection.close()

    def _oldest(self) -> Connection:
        return next(iter(self._idle))

    def _remove(self, connection: Connection) -> None:
        del self._idle[connection]
        same_origin = self._idle_by_origin[connection.origin]
        del same_origin[connection]
        if not same_origin:
            del self._idle_by_origin[connection.origin]


class _Body(httpx.AsyncByteStream):
    """The body of an answer. Closing it releases the connection."""

    def __init__(self, connection: Connection, release: Callable[[Connection], None]) -> None:
        self._connection = connection
        self._release = release

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._connection.read_body()

    async def aclose(self) -> None:
        self._release(self._connection)
