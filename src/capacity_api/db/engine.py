"""The database, and the few ways in which SQLite and PostgreSQL differ."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any
from weakref import WeakSet

import msgspec
from sqlalchemy import event, func, select
from sqlalchemy.engine import URL, AdaptedConnection, Connection
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from capacity_api.clock_watch import CLOCK_WATCH, ClockWatch
from capacity_api.config import Settings
from capacity_api.db.acts import log_acts, set_actor
from capacity_api.db.bulkheads import CONNECTIONS, Bulkhead, Queue, short_queue
from capacity_api.db.connector import ANSWER_SECONDS, Connector
from capacity_api.db.continuity import Continuity
from capacity_api.db.outages import translate_outage
from capacity_api.db.outcomes import Outcomes
from capacity_api.db.sqlite_file import DatabaseFile, database_path, url_of
from capacity_api.domain.actor import SERVICE, Actor
from capacity_api.errors import CapacityError, DatabaseUnavailable

# A key of `session.info`. An operation that changes something published or deliverable sets it, and publication and
# delivery are then woken after the commit.
CHANGED = "changed"
# Another: the number of the newest event when the transaction took the write lock. Its answer may show that event.
SEEN = "seen"
# Another: what this process has seen of the database. It is compared again under the write lock.
CONTINUITY = "continuity"
_CHANNEL = "capacity_changed"
_BUSY_SECONDS = 5
_CONNECT_SECONDS = 3
_COMMAND_SECONDS = 30.0
_CLOSE_SECONDS = 1.0
# How often the connection that listens is asked whether it still answers.
_ASK_EVERY_SECONDS = 1.0


class Database:
    """Sessions on one database. `read()` sees one state of it; `write()` commits if its block ends without an error.

    Each bulkhead has a pool. On SQLite these are for reading, and there is one connection for writing, which begins
    with BEGIN IMMEDIATE: writers queue for it in order, and none has to upgrade a read transaction, which can fail.
    Readers never wait for it (WAL). On PostgreSQL the reads and writes of a bulkhead share its pool.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._connector = Connector(settings.pooler)
        self.file = DatabaseFile(database_path(settings)) if settings.is_sqlite else None
        # Whether anything was committed.
        self.has_written = False
        # An engine opens its first connection when it is first used.
        if self.file is not None:
            self._engines = {each: _sqlite(self.file, "BEGIN", CONNECTIONS[each]) for each in Bulkhead}
            self._writers = dict.fromkeys(Bulkhead, _sqlite(self.file, "BEGIN IMMEDIATE", pool_size=1))
            self.schema_engine = self.engine
            readers = self._engines
        else:
            self._engines = {each: _postgresql(settings, self._connector, CONNECTIONS[each]) for each in Bulkhead}
            self._writers = self._engines
            # One connection has its turn while another changes the schema, however long that takes.
            self.schema_engine = _postgresql(settings, self._connector, pool_size=2, command_timeout=None)
            options = {"isolation_level": "REPEATABLE READ"}
            readers = {each: engine.execution_options(**options) for each, engine in self._engines.items()}
        self.continuity = Continuity(settings)
        # Set in a process that goes on for long enough to notice a clock that somebody sets.
        self.clock_watch: ClockWatch | None = None
        self.outcomes = Outcomes()
        # How often this process committed each act, by its name in the log.
        self.acts = Counter[str]()
        # Why nothing may be stored, where the watch has found a reason.
        self._refusal: CapacityError | None = None
        self._read = {each: async_sessionmaker(reader, expire_on_commit=False) for each, reader in readers.items()}
        self._write = {
            each: async_sessionmaker(writer, expire_on_commit=False) for each, writer in self._writers.items()
        }
        self._read_queues = {each: Queue(CONNECTIONS[each], _BUSY_SECONDS) for each in Bulkhead}
        self.anonymous_queue = self._read_queues[Bulkhead.ANONYMOUS] = short_queue(CONNECTIONS[Bulkhead.ANONYMOUS])
        # On SQLite all write in one order, whatever for.
        self._write_queues = dict.fromkeys(Bulkhead, Queue(1, _BUSY_SECONDS)) if self.file else self._read_queues

    @property
    def engine(self) -> AsyncEngine:
        """The one that writes."""
        return self._writers[Bulkhead.WRITES]

    @asynccontextmanager
    async def read(self, bulkhead: Bulkhead = Bulkhead.READS) -> AsyncIterator[AsyncSession]:
        """A session that sees one state of the database. Raises `DatabaseUnavailable` if it cannot be reached.

        Anonymous ones are few: it raises `TooBusy` at once if as many as may wait do so already.
        """
        try:
            with translate_outage():
                async with self._read_queues[bulkhead].turn(), self._read[bulkhead].begin() as session:
                    yield session
        except DatabaseUnavailable as error:
            self.outcomes.note_cause(error.cause)
            raise

    @asynccontextmanager
    async def write(
        self,
        actor: Actor = SERVICE,
        *,
        bulkhead: Bulkhead = Bulkhead.WRITES,
        recovering: bool = False,
        is_probe: bool = False,
    ) -> AsyncIterator[AsyncSession]:
        """A session in one transaction of `actor`. Raises `Unavailable`; then nobody may rely on the change.

        `recovering` is for what brings a database that went back into use again, `is_probe` for a write that only
        proves that writing works.
        """
        if self._refusal is not None:
            # Each `raise` would make its traceback longer.
            raise self._refusal.with_traceback(None)
        try:
            with translate_outage():
                self._require_same_file()
                async with self._write_queues[bulkhead].turn(), self._write[bulkhead].begin() as session:
                    set_actor(session, actor)
                    if not recovering:
                        await self.continuity.require(session)
                        session.info[CONTINUITY] = self.continuity
                    if self.clock_watch is not None:
                        session.info[CLOCK_WATCH] = self.clock_watch
                    yield session
                    if CHANGED in session.info and not self.settings.is_sqlite:
                        # PostgreSQL sends it with the commit, and only if the commit succeeds.
                        await session.execute(select(func.pg_notify(_CHANNEL, "")))
                self.has_written = True
                # Otherwise it was committed to a file that nobody finds again.
                self._require_same_file()
        except DatabaseUnavailable as error:
            self.outcomes.note_failure(error.cause, is_probe=is_probe)
            raise
        self.acts.update(log_acts(session))
        self.outcomes.note_success(is_probe=is_probe)

    @property
    def takes_writes(self) -> bool:
        """False while every write is refused: nothing would be learnt from trying one."""
        return self._refusal is None and not self.continuity.went_back and not self.continuity.has_moved

    def refuse_writes(self, refusal: CapacityError | None) -> None:
        """From now on every `write` raises this; with `None`, none does."""
        self._refusal = refusal

    async def listen(self, notify: Callable[[], None]) -> None:
        """Call `notify` when any process commits a change on this PostgreSQL, until the connection is lost.

        It also calls `notify` when it begins to listen, for changes that were committed before. This is only a hint: it
        takes seconds to notice that a connection died. Raises `DatabaseUnavailable`.
        """
        ended = asyncio.Event()
        with translate_outage():
            turn = self._read_queues[Bulkhead.PUBLICATION].turn()
            async with turn, self._engines[Bulkhead.PUBLICATION].connect() as connection:
                driver = (await connection.get_raw_connection()).driver_connection
                assert driver is not None
                driver.add_termination_listener(lambda *_: ended.set())
                try:
                    await driver.add_listener(_CHANNEL, lambda *_: notify())
                    notify()
                    await self._wait_for_end(driver, ended)
                finally:
                    # Do not return it to the pool: it would still be listening.
                    driver.terminate()
                    await connection.invalidate()

    async def _wait_for_end(self, driver: Any, ended: asyncio.Event) -> None:
        """Return when the connection ends, or when the pool has found that the server is lost."""
        losses = self._connector.losses
        while not ended.is_set() and self._connector.losses == losses:
            with suppress(TimeoutError):
                async with asyncio.timeout(_ASK_EVERY_SECONDS):
                    await ended.wait()
                    return
            try:
                await driver.execute("SELECT 1", timeout=ANSWER_SECONDS)
            except TimeoutError:
                # The server hangs, or its host is gone. Nobody need wait longer for the other connections.
                self._connector.end_all()
                raise

    def _require_same_file(self) -> None:
        if self.file is not None:
            self.file.require_same()

    async def close(self) -> None:
        """Close every connection that is not in use, within a second or two, also if the server does not answer.

        The next session opens one.
        """
        engines = {*self._engines.values(), *self._writers.values(), self.schema_engine}
        if self.file is not None:
            # Of two connections that close at once, SQLite takes neither for the last, which folds the log.
            closing = [asyncio.create_task(_dispose_in_turn(engines))]
        else:
            closing = [asyncio.create_task(engine.dispose()) for engine in engines]
        _, unanswered = await asyncio.wait(closing, timeout=_CLOSE_SECONDS)
        if unanswered:
            # Cancelled, each would be an error in the log. Without their connections they end by themselves.
            self._connector.end_all()
        await asyncio.gather(*closing)


async def _dispose_in_turn(engines: Iterable[AsyncEngine]) -> None:
    for engine in engines:
        await engine.dispose()


def _engine(url: URL, pool_size: int, connect_args: dict[str, Any]) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=_BUSY_SECONDS,
        # Error messages are logged, and must not hold what people sent.
        hide_parameters=True,
        json_serializer=lambda value: msgspec.json.encode(value).decode(),
        json_deserializer=msgspec.json.decode,
        connect_args=connect_args,
    )


def _postgresql(
    settings: Settings, connector: Connector, pool_size: int, command_timeout: float | None = _COMMAND_SECONDS
) -> AsyncEngine:
    connect_args: dict[str, Any] = {
        "timeout": _CONNECT_SECONDS,
        "command_timeout": command_timeout,
        "async_creator_fn": connector.connect,
    }
    url = settings.url.difference_update_query(["pooler"])
    if "target_session_attrs" not in url.query:
        # Otherwise a server that only reads would be taken, and every write fail.
        connect_args["target_session_attrs"] = "read-write"
    if settings.pooler == "transaction":
        # A named statement would stay with a connection to the server that others use too. One without a name lasts
        # until the next, and every statement is within a transaction, which keeps its connection.
        url = url.difference_update_query(["prepared_statement_cache_size"])
        connect_args |= {
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": lambda: "",
        }
    engine = _engine(url, pool_size, connect_args)
    connector.attach(engine)
    return engine


class _Connection(sqlite3.Connection):
    """A rollback ends what its cursors still read: SQLite lets that go on, and keeps its snapshot for it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._cursors: WeakSet[sqlite3.Cursor] = WeakSet()

    def cursor(self, *args: Any, **kwargs: Any) -> Any:
        made = super().cursor(*args, **kwargs)
        self._cursors.add(made)
        return made

    def rollback(self) -> None:
        for each in list(self._cursors):
            each.close()
        super().rollback()


def _sqlite(file: DatabaseFile, begin: str, pool_size: int) -> AsyncEngine:
    engine = _engine(
        url_of(file.path, "rw"), pool_size, {"timeout": _BUSY_SECONDS, "isolation_level": None, "factory": _Connection}
    )

    @event.listens_for(engine.sync_engine, "do_connect")
    def before(*_: object) -> None:
        file.before_connecting()

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        # A note that was replaced or redacted must not stay in the file: `secure_delete` (`db.erasure`).
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        file.after_connecting()

    @event.listens_for(engine.sync_engine, "invalidate")
    def roll_back(connection: AdaptedConnection, _record: object, error: object) -> None:
        # A statement that was cancelled may still be open. Until Python has collected it, it keeps the connection from
        # closing: nobody else could write, or a reader would keep its snapshot. No second cancellation may keep this
        # from happening either.
        if isinstance(error, asyncio.CancelledError):
            with suppress(sqlite3.Error):
                connection.run_async(lambda driver: asyncio.shield(driver.rollback()))

    @event.listens_for(engine.sync_engine, "close")
    def closed(_connection: object, _record: object) -> None:
        file.after_closing()

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Connection) -> None:
        # `isolation_level` None turns off the driver's own BEGIN, which comes late and is never IMMEDIATE.
        connection.exec_driver_sql(begin)

    return engine


def wake_delivery(session: AsyncSession) -> None:
    """Wake delivery after the commit although the public sees no change."""
    session.info.setdefault(CHANGED, 0)
