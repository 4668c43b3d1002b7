import asyncio
import gc
import random
import socket
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from tests.nginx import free_port

from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.db.tables import IntakeRow, PartnerRow
from capacity_api.errors import DatabaseUnavailable

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


async def _add(database: Database, name: str, created_at: datetime = NOON) -> None:
    async with database.write() as session:
        session.add(PartnerRow(id=uuid4(), name=name, created_at=created_at))


async def _names(database: Database) -> list[str]:
    async with database.read() as session:
        return list(await session.scalars(select(PartnerRow.name).order_by(PartnerRow.name)))


async def test_a_time_comes_back_aware_and_in_utc(database: Database) -> None:
    await _add(database, "A", datetime(2026, 7, 1, 13, 0, 0, 123456, tzinfo=timezone(timedelta(hours=1))))

    async with database.read() as session:
        stored = await session.scalar(select(PartnerRow.created_at))

    assert stored is not None
    assert stored.isoformat() == "2026-07-01T12:00:00.123456+00:00"


async def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="no time zone"):
        await _add(database, "A", NOON.replace(tzinfo=None))
    assert await _names(database) == []


async def test_times_compare_in_sql_as_they_do_in_time(database: Database) -> None:
    await _add(database, "before", NOON - timedelta(microseconds=1))
    await _add(database, "at", NOON)
    await _add(database, "after", NOON + timedelta(microseconds=1))

    async with database.read() as session:
        due = await session.scalars(select(PartnerRow.name).where(PartnerRow.created_at <= NOON))

    assert set(due) == {"before", "at"}


async def test_a_row_that_refers_to_nothing_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.write() as session:
            session.add(IntakeRow(responder_id=uuid4(), lapsed=False))


async def test_an_error_undoes_the_whole_transaction(database: Database) -> None:
    with pytest.raises(RuntimeError, match="halfway"):
        async with database.write() as session:
            session.add(PartnerRow(id=uuid4(), name="A", created_at=NOON))
            await session.flush()
            raise RuntimeError("halfway")
    assert await _names(database) == []


async def test_a_read_stays_with_one_snapshot(database: Database) -> None:
    await _add(database, "A")
    async with database.read() as session:
        before = list(await session.scalars(select(PartnerRow.name)))
        await _add(database, "B")
        after = list(await session.scalars(select(PartnerRow.name)))

    assert before == after == ["A"]
    assert await _names(database) == ["A", "B"]


async def test_an_error_message_does_not_repeat_a_value(database: Database) -> None:
    await _add(database, "somebody's secret")
    with pytest.raises(IntegrityError) as refusal:
        await _add(database, "somebody's secret")
    assert "[SQL parameters hidden" in str(refusal.value)


@on_sqlite
async def test_an_sqlite_writer_begins_immediately(database: Database) -> None:
    other = sqlite3.connect(str(database.settings.url.database), timeout=0, isolation_level=None)
    async with database.write() as session:
        # Nothing was written yet, and still nobody else may begin to write.
        await session.execute(text("SELECT count(*) FROM partner"))
        with pytest.raises(sqlite3.OperationalError, match="database is locked"):
            other.execute("BEGIN IMMEDIATE")
    other.close()


@on_sqlite
async def test_sqlite_syncs_each_commit_to_the_disk(database: Database) -> None:
    async with database.write() as session:
        pragmas = [await session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous")]
    assert pragmas == ["wal", 2]


@on_sqlite
async def test_readers_go_on_while_somebody_writes(database: Database) -> None:
    async with database.write() as session:
        session.add(PartnerRow(id=uuid4(), name="A", created_at=NOON))
        await session.flush()
        assert await _names(database) == []


@on_postgresql
async def test_a_connection_that_the_server_ends_is_an_outage_and_then_is_replaced(database: Database) -> None:
    kill = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND datname = current_database()"
    )
    other = Database(database.settings)
    with pytest.raises(DatabaseUnavailable):
        async with database.write() as session:
            await session.execute(text("SELECT 1"))
            async with other.read() as ending:
                await ending.execute(kill)
            await session.execute(text("SELECT 1"))
    await other.close()

    assert await _names(database) == []


@on_postgresql
@pytest.mark.parametrize(
    "change",
    [{"database": "no_such_database"}, {"username": "nobody"}],
    ids=["no such database", "no such role"],
)
async def test_a_server_that_lets_nobody_in_is_an_outage(settings: Settings, change: dict[str, Any]) -> None:
    url = settings.url.set(**change).render_as_string(hide_password=False)
    await _refuses(url)


async def test_a_port_where_nobody_answers_is_an_outage() -> None:
    port = free_port()
    await _refuses(f"postgresql+asyncpg://capacity@127.0.0.1:{port}/capacity")


async def test_a_server_that_accepts_and_never_answers_is_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("capacity_api.db.engine._CONNECT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        await _refuses(f"postgresql+asyncpg://capacity@127.0.0.1:{silent.getsockname()[1]}/capacity")


async def test_garbage_instead_of_an_sqlite_file_is_an_outage(tmp_path: Path) -> None:
    (tmp_path / "capacity.db").write_bytes(b"garbage" * 1000)
    await _refuses(f"sqlite+aiosqlite:///{tmp_path}/capacity.db")


async def test_a_folder_that_does_not_exist_is_an_outage(tmp_path: Path) -> None:
    await _refuses(f"sqlite+aiosqlite:///{tmp_path}/missing/capacity.db")


@on_sqlite
async def test_a_damaged_sqlite_file_is_an_outage(database: Database) -> None:
    async with database.write() as session:
        session.add_all(PartnerRow(id=uuid4(), name=f"{n:0500}", created_at=NOON) for n in range(500))
    await database.close()
    path = Path(str(database.settings.url.database))
    path.write_bytes(path.read_bytes()[:8192] + b"\xff" * (path.stat().st_size - 8192))

    with pytest.raises(DatabaseUnavailable):
        await _names(database)


@on_sqlite
async def test_a_lock_that_another_program_keeps_is_an_outage(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("capacity_api.db.engine._BUSY_SECONDS", 0.1)
    holder, waiting = Database(settings), Database(settings)
    async with holder.write() as session:
        await session.execute(text("SELECT 1"))
        with pytest.raises(DatabaseUnavailable):
            await _add(waiting, "A")
    await holder.close()
    await waiting.close()


@on_sqlite
async def test_a_write_that_is_cancelled_lets_others_write(
    database: Database, settings: Settings, chance: random.Random
) -> None:
    """A statement that it leaves open would keep the write lock until Python collects garbage."""

    async def write() -> None:
        async with database.write() as session:
            for _ in range(5):
                session.add(PartnerRow(id=uuid4(), name=uuid4().hex, created_at=NOON))
                await session.flush()
                (await session.scalars(select(PartnerRow).limit(3))).all()
            await asyncio.Event().wait()

    await _add(database, "first")
    other = Database(settings)
    gc.disable()
    try:
        for number in range(60):
            writing = asyncio.create_task(write())
            await asyncio.wait({writing}, timeout=chance.uniform(0, 0.02))
            writing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await writing
            await _add(other, f"other {number}")
    finally:
        gc.enable()
    assert len(await _names(database)) == 61
    await other.close()


@on_sqlite
async def test_a_read_that_is_cancelled_gives_up_its_snapshot(
    database: Database, settings: Settings, chance: random.Random
) -> None:
    """One that it keeps until Python collects garbage would keep the log from being folded into the file."""

    async def read() -> None:
        async with database.read() as session:
            while True:
                (await session.scalars(select(PartnerRow).limit(3))).all()

    for number in range(5):
        await _add(database, f"first {number}")
    other = Database(settings)
    gc.disable()
    try:
        for number in range(60):
            reading = asyncio.create_task(read())
            await asyncio.wait({reading}, timeout=chance.uniform(0, 0.02))
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            await _add(other, f"other {number}")
            with closing(sqlite3.connect(str(settings.url.database))) as connection:
                (is_busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            assert not is_busy
    finally:
        gc.enable()
    await other.close()


async def test_a_mistake_in_a_statement_is_not_an_outage(database: Database) -> None:
    with pytest.raises(DBAPIError):
        async with database.read() as session:
            await session.execute(text("SELECT * FROM no_such_table"))


async def test_waiting_for_a_connection_too_long_is_an_outage(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("capacity_api.db.engine._BUSY_SECONDS", 0.1)
    database = Database(settings)
    release = asyncio.Event()

    async def hold() -> None:
        async with database.read() as session:
            await session.execute(text("SELECT 1"))
            await release.wait()

    holders = [asyncio.create_task(hold()) for _ in range(20)]
    await asyncio.wait(holders, return_when=asyncio.FIRST_EXCEPTION)
    release.set()
    outcomes = await asyncio.gather(*holders, return_exceptions=True)
    await database.close()

    assert {type(outcome) for outcome in outcomes if outcome is not None} == {DatabaseUnavailable}


async def _refuses(url: str) -> None:
    database = Database(Settings(database_url=make_url(url).render_as_string(hide_password=False)))
    with pytest.raises(DatabaseUnavailable):
        await _names(database)
    with pytest.raises(DatabaseUnavailable):
        await _add(database, "A")
    await database.close()
