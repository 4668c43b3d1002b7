"""The database, and the few ways in which SQLite and PostgreSQL differ."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from sqlalchemy import JSON, DateTime, Dialect, event, func, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.types import TypeDecorator

from capacity_api.config import Settings
from capacity_api.errors import DatabaseUnavailable

T = TypeVar("T")
# A key of `session.info`. An operation that changes something published or deliverable sets it, and publication and
# delivery are then woken after the commit.
CHANGED = "changed"
_CHANNEL = "capacity_changed"
_BUSY_SECONDS = 5
_CONNECT_SECONDS = 3
_SQLITE_UNAVAILABLE = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOTADB,
    }
)
# Prefixes of SQLSTATE (PostgreSQL, appendix A): connection lost, read-only standby, login refused, no such database,
# out of resources, not accepting connections, shut down by an operator, system error.
_POSTGRESQL_UNAVAILABLE = ("08", "25006", "28", "3D", "53", "55000", "57", "58")


class UtcTime(TypeDecorator[datetime]):
    """Times as aware UTC, on both engines. Raises `ValueError` for a naive time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("the time has no time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class JsonStruct(TypeDecorator[T]):
    """A msgspec struct, stored as JSON."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: T | None, dialect: Dialect) -> Any:
        return None if value is None else msgspec.to_builtins(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> T | None:
        return None if value is None else msgspec.convert(value, self.kind)


class Database:
    """Sessions on one database. `read()` sees one state of it; `write()` commits if its block ends without an error.

    On SQLite there is one connection for writing, which begins with BEGIN IMMEDIATE: writers queue for it in order,
    and none has to upgrade a read transaction, which can fail. Readers never wait for it (WAL). On PostgreSQL reads and
    writes share one pool, and one of its connections listens for notifications.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        if settings.is_sqlite:
            self._reader = _sqlite(settings, "BEGIN", pool_size=4)
            self._writer = _sqlite(settings, "BEGIN IMMEDIATE", pool_size=1)
            reader = self._reader
        else:
            self._reader = self._writer = _engine(
                settings, pool_size=9, connect_args={"timeout": _CONNECT_SECONDS, "command_timeout": 30}
            )
            reader = self._reader.execution_options(isolation_level="REPEATABLE READ")
        self._read = async_sessionmaker(reader, expire_on_commit=False)
        self._write = async_sessionmaker(self._writer, expire_on_commit=False)

    @property
    def engine(self) -> AsyncEngine:
        return self._writer

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session that sees one state of the database. Raises `DatabaseUnavailable` if it cannot be reached."""
        with translate_outage():
            async with self._read.begin() as session:
                yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A session in one transaction. Raises `DatabaseUnavailable`; then nobody may rely on the change."""
        with translate_outage():
            async with self._write.begin() as session:
                yield session
                if CHANGED in session.info and not self.settings.is_sqlite:
                    # PostgreSQL sends it with the commit, and only if the commit succeeds.
                    await session.execute(select(func.pg_notify(_CHANNEL, "")))

    async def listen(self, notify: Callable[[], None]) -> None:
        """Call `notify` when any process commits a change on this PostgreSQL, until the connection is lost.

        It also calls `notify` when it begins to listen, for changes that were committed before. This is only a hint: a
        connection can die unnoticed. Raises `DatabaseUnavailable`.
        """
        lost = asyncio.Event()
        with translate_outage():
            async with self._reader.connect() as connection:
                driver = (await connection.get_raw_connection()).driver_connection
                assert driver is not None
                driver.add_termination_listener(lambda *_: lost.set())
                try:
                    await driver.add_listener(_CHANNEL, lambda *_: notify())
                    notify()
                    await lost.wait()
                finally:
                    # Do not return it to the pool: it would still be listening.
                    await connection.invalidate()

    async def close(self) -> None:
        await self._reader.dispose()
        await self._writer.dispose()


class translate_outage:  # noqa: N801 - reads as a statement, like contextlib.suppress
    """Raise `DatabaseUnavailable` in place of what the drivers raise when the database cannot be reached."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None and is_outage(error):
            raise DatabaseUnavailable from error


def is_outage(error: BaseException) -> bool:
    """Whether the error means that the database cannot be used now, and not that it refused a statement."""
    # No route, refused, reset or timed out; or the pool had no free connection in time.
    if isinstance(error, OSError | PoolTimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        # The low byte is the primary code; the higher bytes are details. Errors of the driver itself have no code.
        code: int = getattr(error.orig, "sqlite_errorcode", 0)
        return code & 0xFF in _SQLITE_UNAVAILABLE
    sqlstate: str = getattr(error.orig, "sqlstate", None) or ""
    return error.connection_invalidated or sqlstate.startswith(_POSTGRESQL_UNAVAILABLE)


def _engine(settings: Settings, pool_size: int, connect_args: dict[str, Any]) -> AsyncEngine:
    return create_async_engine(
        settings.url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=_BUSY_SECONDS,
        pool_pre_ping=not settings.is_sqlite,
        # Error messages are logged, and must not hold what people sent.
        hide_parameters=True,
        json_serializer=lambda value: msgspec.json.encode(value).decode(),
        json_deserializer=msgspec.json.decode,
        connect_args=connect_args,
    )


def _sqlite(settings: Settings, begin: str, pool_size: int) -> AsyncEngine:
    engine = _engine(settings, pool_size, {"timeout": _BUSY_SECONDS, "isolation_level": None})

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Connection) -> None:
        # `isolation_level` None turns off the driver's own BEGIN, which comes late and is never IMMEDIATE.
        connection.exec_driver_sql(begin)

    return engine
