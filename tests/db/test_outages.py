"""Each cause for which a database cannot be used, brought about for real: what a command says of it."""

import asyncio
import re
import resource
import socket
import sqlite3
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import Table, delete, insert, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import InternalError
from tests import certificates
from tests.conftest import Clock
from tests.databases import Server
from tests.in_process import Ended, as_ordinary_user, call
from tests.nginx import free_port
from tests.processes import KEY
from tests.serving import OPEN, PATIENCE_SECONDS, PAUSED, serving

from capacity_api.cli.exit_codes import OF_CAUSE, OF_ERROR, REFUSED
from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.db.outages import _EXPLANATIONS, cause_of, explain, translate_outage
from capacity_api.db.tables import CoverageRow, SequenceRow
from capacity_api.errors import DatabaseUnavailable, OutageCause

_DOCUMENT = Path(__file__).parents[2] / "docs" / "operate" / "errors.md"


def on(url: URL | str, *command: str) -> Ended:
    text = url if isinstance(url, str) else url.render_as_string(hide_password=False)
    return call(*(command or ("db", "check")), env={"CAPACITY_DATABASE_URL": text, "CAPACITY_SECRET_KEY": KEY})


def assert_said(ended: Ended, cause: OutageCause, *words: str) -> None:
    """One line with what is wrong and what to do, the exit code, and nothing else."""
    assert (ended.code, ended.out, len(ended.lines)) == (OF_CAUSE[cause], "", 1), ended
    for each in (*words, _EXPLANATIONS[cause][1]):
        assert each in ended.lines[0], ended
    assert "hunter2" not in ended.lines[0]


def named(role: str, url: URL | str, password: str | None = None) -> URL:
    return make_url(url).set(username=role, password=password)


def run_sql(server: Server, database: URL | str, *statements: str) -> None:
    with closing(Server(server.url.set(database=make_url(database).database))) as connection:
        for each in statements:
            connection.execute(each)


def test_a_server_that_refuses_says_why(postgresql_server: Server, postgresql_url: str) -> None:
    database = make_url(postgresql_url).database
    with postgresql_server.create_role("capacity_password", "LOGIN PASSWORD 'hunter2'") as role:
        wrong = on(named(role, postgresql_url, "hunter2x"))
        assert_said(wrong, OutageCause.WRONG_PASSWORD, "password authentication failed")
        assert_said(
            on(named(role, postgresql_url).set(password="hunter2", database="capacity_none")),
            OutageCause.NO_DATABASE,
            'database "capacity_none" does not exist',
        )
    with postgresql_server.create_role("capacity_refused") as role:
        assert_said(on(named(role, postgresql_url)), OutageCause.LOGIN_REFUSED, "pg_hba.conf")
    with postgresql_server.create_role("capacity_limited", "LOGIN CONNECTION LIMIT 0") as role:
        assert_said(on(named(role, postgresql_url)), OutageCause.TOO_MANY_CONNECTIONS, "too many connections")
    with postgresql_server.create_role("capacity_reader", "LOGIN") as role:
        postgresql_server.execute(f"ALTER ROLE {role} SET default_transaction_read_only = on")
        assert_said(on(named(role, postgresql_url)), OutageCause.READ_ONLY)
    with postgresql_server.create_role("capacity_outsider") as role:
        postgresql_server.execute(f"REVOKE CONNECT ON DATABASE {database} FROM PUBLIC")
        assert_said(on(named(role, postgresql_url)), OutageCause.LOGIN_REFUSED, "permission denied for database")
        postgresql_server.execute(f"GRANT CONNECT ON DATABASE {database} TO PUBLIC")
    nobody = on(named("capacity_nobody", postgresql_url))
    assert_said(nobody, OutageCause.LOGIN_REFUSED, 'role "capacity_nobody" does not exist')
    postgresql_server.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")
    assert_said(on(postgresql_url), OutageCause.NOT_ACCEPTING, "not currently accepting connections")


def test_a_missing_grant_is_named(postgresql_server: Server, postgresql_url: str) -> None:
    with postgresql_server.create_role("capacity_role") as role:
        url = named(role, postgresql_url)
        assert_said(on(url), OutageCause.PERMISSION_MISSING, "permission denied for table")
        run_sql(
            postgresql_server,
            postgresql_url,
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
            f"REVOKE UPDATE, DELETE ON webhook FROM {role}",
            f"REVOKE INSERT ON audit FROM {role}",
        )
        for command in (("serve", "--port", "0"), ("worker",)):
            ended = on(url, *command)
            assert (ended.code, len(ended.lines)) == (OF_CAUSE[OutageCause.PERMISSION_MISSING], 1), ended
            assert f"GRANT INSERT ON audit TO {role}; GRANT UPDATE, DELETE ON webhook TO {role}" in ended.lines[0]
        written = on(url, "partner", "add", "Case tool")
        assert_said(written, OutageCause.PERMISSION_MISSING, "permission denied for table audit")
        run_sql(postgresql_server, postgresql_url, f"DROP OWNED BY {role}", "REVOKE USAGE ON SCHEMA public FROM PUBLIC")
        ended = on(url, "worker")
        assert (ended.code, len(ended.lines)) == (OF_CAUSE[OutageCause.PERMISSION_MISSING], 1), ended
        assert f"GRANT USAGE ON SCHEMA public TO {role}" in ended.lines[0]


def test_a_server_that_cannot_be_reached_says_why(postgresql_url: str, tmp_path: Path) -> None:
    port = free_port()
    refused = OutageCause.CONNECTION_REFUSED
    assert_said(on(f"postgresql://capacity:hunter2@127.0.0.1:{port}/capacity"), refused)
    assert_said(on(f"postgresql://capacity:hunter2@localhost:{port}/capacity"), refused)
    assert_said(on(f"postgresql://capacity:hunter2@/capacity?host={tmp_path}"), refused)
    # RFC 6761: this name never has an address.
    assert_said(on("postgresql://capacity:hunter2@nowhere.invalid/capacity"), OutageCause.HOST_UNKNOWN)


def test_a_server_that_hangs_or_speaks_no_tls_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("capacity_api.db.engine._CONNECT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://capacity:hunter2@127.0.0.1:{silent.getsockname()[1]}/capacity"
        assert_said(on(url), OutageCause.NO_ANSWER)
    monkeypatch.undo()
    with answering_to_tls(None) as port:
        url = f"postgresql://capacity:hunter2@127.0.0.1:{port}/capacity?sslmode=require"
        assert_said(on(url), OutageCause.TLS, "rejected SSL upgrade")
    context, _ = certificates.certified(tmp_path, "localhost")
    monkeypatch.setenv("PGSSLROOTCERT", str(tmp_path / "none.pem"))
    with answering_to_tls(context) as port:
        url = f"postgresql://capacity:hunter2@localhost:{port}/capacity?sslmode=verify-full"
        assert_said(on(url), OutageCause.TLS)


@contextmanager
def answering_to_tls(context: ssl.SSLContext | None) -> Iterator[int]:
    """A server that takes or refuses the request for TLS, and hangs up. Its port."""

    def answer() -> None:
        try:
            while True:
                connection, _ = listening.accept()
                with connection:
                    connection.recv(8)
                    connection.sendall(b"N" if context is None else b"S")
        except OSError:
            return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.fixture
def path(sqlite_url: str, tmp_path: Path) -> Path:
    return tmp_path / "capacity.db"


ADD = ("partner", "add", "Case tool")


def test_a_file_that_is_none_of_ours_says_so(tmp_path: Path) -> None:
    text, folder = tmp_path / "notes.txt", tmp_path / "folder"
    text.write_bytes(b"not a database\n" * 500)
    folder.mkdir()
    assert_said(on(f"sqlite:///{text}"), OutageCause.NOT_A_DATABASE)
    for command in (("serve",), ("worker",)):
        ended = on(f"sqlite:///{text}", *command)
        assert ended.code == OF_CAUSE[OutageCause.NOT_A_DATABASE]
        assert ended.lines[0].startswith(f"capacity-api: {text} is not an SQLite database")
    ended = on(f"sqlite:///{folder}")
    assert (ended.code, len(ended.lines)) == (OF_CAUSE[OutageCause.NOT_A_DATABASE], 1)
    assert "is not a file; correct CAPACITY_DATABASE_URL" in ended.lines[0]


def test_a_file_of_another_program_is_an_empty_database_or_another_schema(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE recipe (name TEXT)")
        connection.commit()
    ended = on(f"sqlite:///{other}")
    assert (ended.code, ended.lines) == (40, ["capacity-api: the database is empty; run `capacity-api db create`"])


def test_rights_that_are_missing_are_told(path: Path) -> None:
    url = f"sqlite:///{path}"
    with as_ordinary_user():
        path.chmod(0o400)
        assert_said(on(url, *ADD), OutageCause.READ_ONLY)
        assert on(url).code == 0
        path.chmod(0o000)
        assert_said(on(url), OutageCause.FILE_UNREADABLE)
        path.chmod(0o600)
        path.parent.chmod(0o500)
        assert_said(on(url, *ADD), OutageCause.READ_ONLY)
        path.parent.chmod(0o000)
        ended = on(url)
        path.parent.chmod(0o500)
        served = on(url, "serve", "--port", "0")
        path.parent.chmod(0o700)
    assert (ended.code, "cannot be read: Permission denied; give" in ended.lines[0]) == (
        OF_CAUSE[OutageCause.FILE_UNREADABLE],
        True,
    )
    assert (served.code, "write in this folder" in served.lines[0]) == (OF_CAUSE[OutageCause.READ_ONLY], True)


def test_a_full_disk_a_lock_and_damage_are_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{path}"
    monkeypatch.setattr("capacity_api.db.engine._BUSY_SECONDS", 0.1)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert_said(on(url, *ADD), OutageCause.LOCKED, "database is locked")
        other.execute("ROLLBACK")
        with file_limit(1000):
            assert_said(on(url, *ADD), OutageCause.DISK_FULL)
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = other.execute("PRAGMA page_size").fetchone()[0]
        (root,) = other.execute("SELECT rootpage FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)
    assert_said(on(url), OutageCause.DAMAGED, "malformed")


# Nothing at all can be written, then a part of the schema.
@pytest.mark.parametrize("size", [1000, 100_000])
def test_a_disk_that_is_full_when_the_database_is_made(tmp_path: Path, size: int) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    with file_limit(size):
        assert_said(on(url, "db", "create"), OutageCause.DISK_FULL)
    assert [each.name for each in tmp_path.iterdir()] == ["new.db.lock"]


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("SQLITE_IOERR_SHMOPEN", OutageCause.FILE_UNREADABLE),
        ("SQLITE_IOERR_SHMMAP", OutageCause.FILE_UNREADABLE),
        ("SQLITE_IOERR_SHMLOCK", OutageCause.FILE_UNREADABLE),
        ("SQLITE_IOERR_LOCK", OutageCause.FILE_UNREADABLE),
        ("SQLITE_IOERR_ACCESS", OutageCause.FILE_UNREADABLE),
        ("SQLITE_IOERR_NOMEM", OutageCause.NOT_ACCEPTING),
        ("SQLITE_IOERR_READ", OutageCause.DISK_ERROR),
    ],
)
def test_a_file_that_cannot_be_opened_or_locked_is_not_damaged(name: str, cause: OutageCause) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = getattr(sqlite3, name)
    assert cause_of(error) is cause


async def test_a_statement_that_postgresql_ends_is_told_as_that(postgresql_url: str) -> None:
    database = Database(Settings(database_url=postgresql_url))
    with pytest.raises(DatabaseUnavailable) as refused:
        async with database.read() as session:
            await session.execute(text("SET LOCAL statement_timeout = 50"))
            await session.execute(text("SELECT pg_sleep(600)"))
    assert refused.value.cause is OutageCause.STATEMENT_ENDED
    await database.close()


async def test_who_loses_a_deadlock_is_told_to_try_again(postgresql_url: str) -> None:
    database = Database(Settings(database_url=postgresql_url))
    both_hold_one = asyncio.Barrier(2)

    async def lock(first: int, second: int) -> None:
        async with database.read() as session:
            await session.execute(text(f"SELECT pg_advisory_xact_lock({first})"))
            await both_hold_one.wait()
            await session.execute(text(f"SELECT pg_advisory_xact_lock({second})"))

    async with asyncio.timeout(PATIENCE_SECONDS):
        ended = await asyncio.gather(lock(1, 2), lock(2, 1), return_exceptions=True)
    (refused,) = (each for each in ended if each is not None)
    assert isinstance(refused, DatabaseUnavailable)
    assert refused.cause is OutageCause.STATEMENT_ENDED
    await database.close()


@pytest.mark.parametrize("table", [SequenceRow.__table__, CoverageRow.__table__], ids=str)
async def test_while_a_backup_is_put_back_a_change_is_to_be_tried_again(
    settings: Settings, clock: Clock, table: Table
) -> None:
    # `pg_restore --clean` fills one table after the other.
    async with serving(settings, clock) as service:
        await service.report("tara", OPEN)
        token = await service.token(responder="tara")
        async with service.database.write() as session:
            kept = [dict(row) for row in (await session.execute(select(table))).mappings()]
            await session.execute(delete(table))
        refused = await service.client.put("/v1/responders/tara/intake", json=PAUSED, headers=token)
        assert (refused.status_code, refused.json()["code"]) == (503, "database_unavailable")
        assert (await service.responder("tara"))["intake"]["state"] == "open"
        async with service.database.write() as session:
            await session.execute(insert(table), kept)
        taken = await service.client.put("/v1/responders/tara/intake", json=PAUSED, headers=token)
        assert taken.status_code == 200


@contextmanager
def file_limit(size: int) -> Iterator[None]:
    """No file grows beyond this: what a process meets that used up its quota. Python ignores the signal of it."""
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, unlimited[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)


def test_an_older_a_newer_and_another_schema_are_told(database_url: str, postgresql_server: Server) -> None:
    def change(*statements: str) -> None:
        if database_url.startswith("sqlite"):
            with closing(sqlite3.connect(make_url(database_url).database or "")) as connection:
                for each in statements:
                    connection.execute(each)
                connection.commit()
        else:
            run_sql(postgresql_server, database_url, *statements)

    change("ALTER TABLE person RENAME COLUMN roles TO duties")
    ended = on(database_url)
    assert (ended.code, ended.lines[1:]) == (
        43,
        ["  the column person.roles is missing", "  the column person.duties is unknown and has to have a value"],
    )
    change("UPDATE alembic_version SET version_num = '9999'")
    ended = on(database_url)
    assert (ended.code, len(ended.lines), "install one that knows it" in ended.lines[0]) == (42, 1, True)
    change(*(f"UPDATE {table} SET version_num = '0002'" for table in ("alembic_version", "schema_revision")))  # noqa: S608 - constants
    ended = on(database_url)
    assert (ended.code, len(ended.lines), "run `capacity-api db upgrade`" in ended.lines[0]) == (41, 1, True)


def test_a_connection_that_was_ended_amid_a_statement_is_an_outage() -> None:
    # As SQLAlchemy's pool raises it, whose error holds its adapter's and that the driver's.
    adapted = Exception("cannot switch to state 15; another operation (2) is in progress")
    adapted.__cause__ = asyncpg.InternalClientError(str(adapted))
    with pytest.raises(DatabaseUnavailable) as refused, translate_outage():
        raise InternalError(None, None, adapted)
    assert refused.value.cause is OutageCause.NO_ANSWER


def test_each_cause_and_each_exit_code_is_documented_once() -> None:
    rows = re.findall(r"^\| (\d+) \| `?([\w ,]+)`? \| (.*) \| (.*) \|$", _DOCUMENT.read_text(), re.MULTILINE)
    by_code = {int(code): (name, wrong, remedy) for code, name, wrong, remedy in rows}
    assert len(by_code) == len(rows)
    causes = {OF_CAUSE[cause]: (str(cause), *explain(cause).split("; ", 1)) for cause in OutageCause}
    for code, documented in causes.items():
        assert tuple(each.lower() for each in by_code[code]) == tuple(each.lower() for each in documented)
    assert set(by_code) == {0, REFUSED, 2, 130} | set(causes) | set(OF_ERROR.values())
    assert len({*OF_CAUSE.values(), *OF_ERROR.values()}) == len(OF_CAUSE) + len(OF_ERROR)
