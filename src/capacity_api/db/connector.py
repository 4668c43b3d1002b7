"""Connections to PostgreSQL: to a server that answers and takes writes, and to none that has stopped doing so.

1. `connect` tries each host of the URL, beginning with the one that worked last. It looks the name up first.
2. It refuses a pooler that the URL does not name: with one in transaction mode, a process could run a statement that
   another one has prepared.
3. Before a pool hands out a connection, `_check` makes sure that it still answers.
4. After an error that says that the server is gone, shuts down or takes no writes, `_judge` counts a loss. Every
   connection from before a loss is thrown away, in every pool: it leads to the same server.
5. `end_all` ends every connection at once when the server has stopped answering.
"""

import asyncio
import contextlib
import socket
from typing import Any
from weakref import WeakKeyDictionary

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine import AdaptedConnection, ExceptionContext
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine

from capacity_api.db.outages import cause_of
from capacity_api.errors import DatabaseUnavailable, OutageCause
from capacity_api.resolver import Resolver

# How long a server may take to answer a question that needs no work.
ANSWER_SECONDS = 2.0
# A pooler gives its own number to the client, in place of the server's process.
_SERVER = "SELECT pg_backend_pid(), pg_is_in_recovery(), current_setting('default_transaction_read_only')::boolean"
# Prefixes of SQLSTATE: connection lost, read-only, shut down by an operator, crashed, not accepting connections.
_LOST = ("08", "25006", "57P01", "57P02", "57P03")
# What asyncpg raises; its errors have no common class.
FAILURES = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
# A server that vanishes without a word is noticed after about this long: the network's own limit is 15 minutes. Not
# every system has all of these.
_SILENCE = {"TCP_KEEPIDLE": 2, "TCP_KEEPINTVL": 1, "TCP_KEEPCNT": 2, "TCP_USER_TIMEOUT": 3000}


class Connector:
    """One for the pools of a database."""

    def __init__(self, pooler: str | None = None) -> None:
        """`pooler` as in `Settings`."""
        self._pooler = pooler
        # How often the server had been lost when each began to connect.
        self._connections: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
        self._last_host = 0
        self._resolve = Resolver()
        # How often the server was lost. Who holds a connection for long compares it.
        self.losses = 0

    def attach(self, engine: AsyncEngine) -> None:
        """Watch over the connections of this engine's pool. Its `async_creator_fn` must be `connect`."""
        event.listen(engine.sync_engine, "checkout", self._check)
        event.listen(engine.sync_engine, "handle_error", self._judge)

    async def connect(self, *, timeout: float, host: Any = None, port: Any = None, **options: Any) -> Any:  # noqa: ASYNC109 - asyncpg has it too
        """A connection to the first host that will do. Raises `DatabaseUnavailable`.

        asyncpg would take the hosts in turn too, but within one timeout, which a host that drops packets uses up.
        """
        hosts = list(zip(host, port, strict=True)) if isinstance(host, list) else [(host, port)]
        if len(hosts) > 1:
            timeout /= 2
        failure: Exception = OSError("the URL names no host")
        losses = self.losses
        for number in range(len(hosts)):
            index = (self._last_host + number) % len(hosts)
            host, port = hosts[index]
            try:
                async with asyncio.timeout(timeout):
                    await self._look_up(host)
                    connection = await self._connect(host=host, port=port, timeout=timeout, **options)
            except FAILURES as error:
                failure = error
                continue
            self._last_host = index
            _limit_silence(connection)
            self._connections[connection] = losses
            return connection
        cause = cause_of(failure)
        if cause is OutageCause.PERMISSION_MISSING:
            # That to CONNECT: no statement was sent yet.
            cause = OutageCause.LOGIN_REFUSED
        elif isinstance(failure, FileNotFoundError) and isinstance(host, str) and not host.startswith("/"):
            # There was no socket file to look for, so it is a certificate's.
            cause = OutageCause.TLS
        raise DatabaseUnavailable(cause=cause) from failure

    async def _connect(self, **options: Any) -> Any:
        is_shared = self._pooler == "transaction"
        # asyncpg would ask outside a transaction, and the pooler could give its question and the answer to two servers.
        attributes = options.pop("target_session_attrs") if is_shared else "any"
        connection = await asyncpg.connect(**options)
        try:
            async with connection.transaction():
                pid, is_standby, reads_only = await connection.fetchrow(_SERVER)
            if self._pooler is None and pid != connection.get_server_pid():
                raise DatabaseUnavailable(cause=OutageCause.POOLER)
            only_reads = is_standby or (reads_only and attributes != "primary")
            if attributes != "any" and only_reads == (attributes in {"read-write", "primary"}):
                raise asyncpg.TargetServerAttributeNotMatched(f"the server behind the pooler is not {attributes}")
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def _look_up(self, host: Any) -> None:
        """Raise `OSError` if the name of a host has no address.

        asyncpg looks it up again, in a thread that the end of the process waits for. So it may only do so where there
        is an answer: otherwise nothing could be stopped while a name server hangs.
        """
        if isinstance(host, str) and host and not host.startswith("/"):
            await self._resolve(host)

    def end_all(self) -> None:
        """Cut every connection at once. A query that waits for its answer gets an error."""
        self.losses += 1
        for connection in list(self._connections):
            connection.terminate()

    def _check(self, connection: AdaptedConnection, _record: object, _proxy: object) -> None:
        driver = connection.driver_connection
        if self._connections[driver] < self.losses:
            driver.terminate()
            raise InvalidatePoolError
        try:
            connection.run_async(lambda driver: driver.execute("SELECT 1", timeout=ANSWER_SECONDS))
        except FAILURES as error:
            # The pool closes the connection, waiting for the server. So end it first.
            driver.terminate()
            raise InvalidatePoolError from error

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
            # Several connections are lost together. One that was made after the first of them must not go as well.
            if self._losses_before(context) == self.losses:
                self.losses += 1

    def _losses_before(self, context: ExceptionContext) -> int:
        with contextlib.suppress(Exception):
            return self._connections[context.connection.connection.driver_connection]  # type: ignore[union-attr]  # may be None
        return self.losses


def _limit_silence(connection: Any) -> None:
    found = connection._transport.get_extra_info("socket")
    if found is None or found.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _SILENCE.items():
        option = getattr(socket, name, None)
        if option is not None:
            found.setsockopt(socket.IPPROTO_TCP, option, value)
