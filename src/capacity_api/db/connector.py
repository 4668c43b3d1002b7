"""Connections to PostgreSQL: to a server that answers and takes writes, and to none that has stopped doing so.

1. `connect` tries each host of the URL, beginning with the one that worked last.
2. Before the pool hands out a connection, `_ping` makes sure that it still answers.
3. After an error that says that the server is gone, shuts down or takes no writes, `_judge` empties the pool: its other
   connections lead to the same server.
4. `end_all` ends every connection at once when the server has stopped answering.
"""

import asyncio
import contextlib
import socket
from typing import Any
from weakref import WeakSet

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine import AdaptedConnection, ExceptionContext
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine

from capacity_api.errors import DatabaseUnavailable

# How long a server may take to answer a question that needs no work.
ANSWER_SECONDS = 2.0
# Prefixes of SQLSTATE: connection lost, read-only, shut down by an operator, crashed, not accepting connections.
_LOST = ("08", "25006", "57P01", "57P02", "57P03")
# What asyncpg raises; its errors have no common class.
FAILURES = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
# A server that vanishes without a word is noticed after about this long: the network's own limit is 15 minutes. Not
# every system has all of these.
_SILENCE = {"TCP_KEEPIDLE": 2, "TCP_KEEPINTVL": 1, "TCP_KEEPCNT": 2, "TCP_USER_TIMEOUT": 3000}


class Connector:
    """One for each pool."""

    def __init__(self) -> None:
        self._connections: WeakSet[Any] = WeakSet()
        self._last_host = 0
        # How often the server was lost. Who holds a connection for long compares it.
        self.losses = 0

    def attach(self, engine: AsyncEngine) -> None:
        """Watch over the connections of this engine's pool. Its `async_creator_fn` must be `connect`."""
        event.listen(engine.sync_engine, "checkout", _ping)
        event.listen(engine.sync_engine, "handle_error", self._judge)

    async def connect(self, *, timeout: float, host: Any = None, port: Any = None, **options: Any) -> Any:  # noqa: ASYNC109 - asyncpg has it too
        """A connection to the first host that will do. Raises `DatabaseUnavailable`.

        asyncpg would take the hosts in turn too, but within one timeout, which a host that drops packets uses up.
        """
        hosts = list(zip(host, port, strict=True)) if isinstance(host, list) else [(host, port)]
        if len(hosts) > 1:
            timeout /= 2
        failure: Exception | None = None
        for number in range(len(hosts)):
            index = (self._last_host + number) % len(hosts)
            host, port = hosts[index]
            try:
                connection = await asyncpg.connect(host=host, port=port, timeout=timeout, **options)
            except FAILURES as error:
                failure = error
                continue
            self._last_host = index
            _limit_silence(connection)
            self._connections.add(connection)
            return connection
        raise DatabaseUnavailable from failure

    def end_all(self) -> None:
        """Cut every connection at once. A query that waits for its answer gets an error."""
        self.losses += 1
        for connection in list(self._connections):
            connection.terminate()

    def _judge(self, context: ExceptionContext) -> None:
        error = context.original_exception
        if isinstance(error, asyncio.CancelledError) and context.connection is not None:
            # The pool would say goodbye, and wait for a server that may never answer.
            with contextlib.suppress(Exception):
                context.connection.connection.driver_connection.terminate()  # type: ignore[union-attr]  # asyncpg's
        elif isinstance(error, TimeoutError):
            # The statement may still be running, so a rollback would wait as long again.
            context.is_disconnect = True
            context.invalidate_pool_on_disconnect = False
        elif (getattr(error, "sqlstate", None) or "").startswith(_LOST):
            context.is_disconnect = True
            self.losses += 1


def _ping(connection: AdaptedConnection, _record: object, _proxy: object) -> None:
    try:
        connection.run_async(lambda driver: driver.execute("SELECT 1", timeout=ANSWER_SECONDS))
    except FAILURES as error:
        # The pool closes the connection, waiting for the server. So end it first.
        connection.driver_connection.terminate()
        raise InvalidatePoolError from error


def _limit_silence(connection: Any) -> None:
    found = connection._transport.get_extra_info("socket")
    if found is None or found.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _SILENCE.items():
        option = getattr(socket, name, None)
        if option is not None:
            found.setsockopt(socket.IPPROTO_TCP, option, value)
