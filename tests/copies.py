"""`capacity-api db copy` on real databases: run it, stop it at a known point, and read every row of what it leaves."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import func, select
from sqlalchemy.engine import make_url
from tests import processes
from tests.conftest import settings_of
from tests.databases import RELEASED, Server, load_dump, sqlite_url_of
from tests.serving import PATIENCE_SECONDS
from uuid_utils.compat import uuid7

from capacity_api.clock import utc_now
from capacity_api.db.copying import TABLES
from capacity_api.db.engine import Database
from capacity_api.db.people_tables import DisputeRow, PersonRow
from capacity_api.db.tables import HeartbeatRow, PartnerRow, ResponderRow
from capacity_api.domain.keys import Keys
from capacity_api.domain.links import LinkKind
from capacity_api.domain.mail import MailKind
from capacity_api.domain.owner import ADMIN
from capacity_api.errors import DatabaseMoved
from capacity_api.operations.heartbeats import Task
from capacity_api.operations.links import add_link
from capacity_api.operations.mail.outbox import add_mail

# Answers that no snapshot holds.
ASKED = (
    "/v1/events?limit=5",
    "/v1/directory?state=paused",
    "/v1/directory?as_of=2026-11-01T00:00:00Z",
    "/v1/statistics?from=2026-11-01&to=2026-11-26",
    "/v1/statistics.csv?from=2026-11-01&to=2026-11-26&by=month",
    "/v1/responders/barnardos/alternatives",
)
# They differ from one answer to the next.
OF_THE_ANSWER = {"date", "x-request-id", "age"}


async def copy(source: str, target: str, *options: str) -> tuple[int, str, str]:
    """Exit code, standard output, and standard error without the lines of the log, and without those that say how far
    it is: there are none unless it takes five seconds, as on a busy machine.
    """
    code, out, err = await processes.run("db", "copy", *options, source, target, env=processes.environment(source))
    lines = err.splitlines(keepends=True)
    return code, out, "".join(line for line in lines if not line.startswith(("{", "copied ", "compared ")))


@asynccontextmanager
async def copying(source: str, target: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A copy that a test may end with a signal."""
    pipe = asyncio.subprocess.PIPE
    env = processes.environment(source)
    process = await asyncio.create_subprocess_exec(
        processes.COMMAND, "db", "copy", source, target, env=env, stdout=pipe, stderr=pipe
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await processes.finish(process)


@asynccontextmanager
async def connecting(url: str) -> AsyncIterator[Any]:
    """A connection to a PostgreSQL database by the driver itself."""
    dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        connection.terminate()


@asynccontextmanager
async def holding_up(url: str, table: str, mode: str = "ACCESS EXCLUSIVE") -> AsyncIterator[Any]:
    """Inside the block nobody else can use a table of a PostgreSQL database; with "SHARE", nobody can change it."""
    async with connecting(url) as connection, connection.transaction():
        await connection.execute(f"LOCK TABLE {table} IN {mode} MODE")
        yield connection


async def waits_for_lock(connection: Any) -> int:
    """Wait until another connection to the database waits for a lock; returns its process."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            await connection.execute("SELECT pg_stat_clear_snapshot()")
            pid: int | None = await connection.fetchval(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if pid is not None:
                return pid
            # Nothing announces it.
            await asyncio.sleep(0.02)


async def takes_writes(url: str) -> bool:
    database = Database(settings_of(url))
    try:
        async with database.write():
            return True
    except DatabaseMoved:
        return False
    finally:
        await database.close()


async def add_partner(url: str, name: str) -> None:
    code, _, err = await processes.run("partner", "add", name, env=processes.environment(url))
    assert code == 0, err


async def partners(url: str) -> set[str]:
    database = Database(settings_of(url))
    try:
        async with database.read() as session:
            return set(await session.scalars(select(PartnerRow.name)))
    finally:
        await database.close()


async def count_rows(url: str) -> dict[str, int]:
    database = Database(settings_of(url))
    try:
        async with database.read() as session:
            return {table.name: await session.scalar(select(func.count()).select_from(table)) or 0 for table in TABLES}
    finally:
        await database.close()


async def stored_rows(url: str) -> dict[str, list[str]]:
    """Each row of each table as the database itself stores it, in an order that does not depend on the database.

    Without `installation`, which says what became of this very database.
    """
    names = [table.name for table in TABLES if table.name != "installation"]
    if make_url(url).get_backend_name() == "sqlite":
        with closing(sqlite3.connect(make_url(url).database or "")) as connection:
            return {name: sorted(map(repr, connection.execute(f"SELECT * FROM {name}"))) for name in names}  # noqa: S608 - our own names
    async with connecting(url) as postgresql:
        found = {}
        for name in names:
            found[name] = sorted(row[0] for row in await postgresql.fetch(f"SELECT t::text FROM {name} t"))  # noqa: S608 - our own names
        return found


def without_closings(rows: dict[str, list[str]]) -> tuple[dict[str, list[str]], int]:
    """The rows without the entries of the audit that say who copied the database, and how many those are."""
    kept = [row for row in rows["audit"] if "database.close" not in row]
    return {**rows, "audit": kept}, len(rows["audit"]) - len(kept)


async def read_rows(url: str) -> dict[str, list[str]]:
    """Each row of each table as the program reads it, which is the same from both databases."""
    database = Database(settings_of(url))
    try:
        async with database.read() as session:
            return {
                table.name: sorted(repr(tuple(row)) for row in await session.execute(select(table)))
                for table in TABLES
                if table.name != "installation"
            }
    finally:
        await database.close()


RELEASE = "revision_0009"


@pytest.fixture
async def source_url(empty_database_url: str) -> str:
    """A database with rows in each table, upgraded from an earlier release."""
    url = make_url(empty_database_url)
    await load_dump(url, RELEASED / f"{RELEASE}.{url.get_backend_name()}.sql")
    code, _, err = await processes.run("db", "upgrade", env=processes.environment(empty_database_url))
    assert code == 0, err
    await _add_later_rows(empty_database_url)
    return empty_database_url


async def _add_later_rows(url: str) -> None:
    """A row in each table that the release did not have: those of people, and the heartbeat of a killed worker."""
    database = Database(settings_of(url))
    now = utc_now()
    keys = Keys(database.settings.secret_keys)
    async with database.write() as session:
        responder_id = (await session.scalars(select(ResponderRow.id).limit(1))).one()
        partner_id = (await session.scalars(select(PartnerRow.id).limit(1))).one()
        person = PersonRow(
            id=uuid7(),
            responder_id=responder_id,
            sealed_email=keys.seal("ann@example.org"),
            email_hash=keys.email_hashes("ann@example.org")[0],
            roles=["editor"],
            created_at=now,
        )
        session.add(person)
        await session.flush()
        session.add(HeartbeatRow(id=uuid7(), task=Task.DELIVERY, beat_at=now))
        add_link(session, now, keys, LinkKind.SIGN_IN, ADMIN, person_id=person.id)
        await add_mail(session, now, MailKind.LAPSED, [person.id], responder_id=responder_id, report_sequence=1)
        session.add(
            DisputeRow(
                id=uuid7(), responder_id=responder_id, partner_id=partner_id, found="paused", shown="open", at=now
            )
        )
    await database.close()


@pytest.fixture
def empty_postgresql(postgresql_server: Server) -> Iterator[str]:
    with postgresql_server.create_database() as url:
        yield url.render_as_string(hide_password=False)


@pytest.fixture
def absent_sqlite(tmp_path: Path) -> str:
    return sqlite_url_of(tmp_path / "target.db").render_as_string()


@pytest.fixture
def target_url(empty_database_url: str, empty_postgresql: str, absent_sqlite: str) -> str:
    """Nothing yet, of the other kind than the source."""
    is_sqlite = make_url(empty_database_url).get_backend_name() == "sqlite"
    return empty_postgresql if is_sqlite else absent_sqlite


@pytest.fixture
def back_url(empty_database_url: str, postgresql_server: Server, tmp_path: Path) -> Iterator[str]:
    """Nothing yet, of the same kind as the source."""
    if make_url(empty_database_url).get_backend_name() == "sqlite":
        yield sqlite_url_of(tmp_path / "back.db").render_as_string()
    else:
        with postgresql_server.create_database() as url:
            yield url.render_as_string(hide_password=False)
