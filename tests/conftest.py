"""Real databases, of which each test gets a copy of its own, and a clock that only the test moves."""

import asyncio
import gc
import os
import random
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from uuid import uuid4

import hypothesis
import pytest
from coverage import Coverage
from hypothesis import HealthCheck
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.util import LRUCache
from tests.databases import Server, copy_sqlite, migrate, sqlite_url_of, start_server
from tests.scratch import TEMPORARY_ROOT, scratch_folder
from tests.sites import list_register

from capacity_api import log
from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.db.privileges import needed_privileges
from capacity_api.db.sqlite_file import make_empty
from capacity_api.static_site.folder import Folder, open_folder

SEED_OPTION = "--hypothesis-seed"
TEST_SERVER = "CAPACITY_TEST_POSTGRESQL"
# With any value, the service is a role on PostgreSQL that can do no more than `db/privileges.py` says.
LIMITS_ROLE = bool(os.environ.get("CAPACITY_TEST_ROLE"))
SECRET_KEY = bytes(range(32))
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
# The time of an example depends on how busy the machine is.
hypothesis.settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.settings.load_profile("unhurried")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Choose one seed for Hypothesis and for `chance`; the workers of the run get it as an option.

    The tests' files go into the folder of their databases, unless the environment or `--basetemp` names another.
    """
    if config.getoption(SEED_OPTION) is None:
        config.option.hypothesis_seed = str(secrets.randbelow(2**32))
    os.environ.setdefault(TEMPORARY_ROOT, str(scratch_folder()))


def pytest_report_header(config: pytest.Config) -> str:
    seed = config.getoption(SEED_OPTION)
    return f"random choices: to repeat them, add {SEED_OPTION}={seed}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    # With -q the head of the report is not there.
    if terminalreporter.stats.get("failed") or terminalreporter.stats.get("error"):
        terminalreporter.write_line(pytest_report_header(config))


def pytest_collection_finish() -> None:
    """Collect garbage less often, and not what stays for the whole run: it would take a fifth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Save what `make coverage` has measured: xdist kills a worker that has not ended ten seconds after its tests."""
    measured = Coverage.current()
    if measured is not None:
        measured.save()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """More workers than there are processors, because many tests wait: for processes, databases, clocks and leases."""
    return (os.cpu_count() or 1) + 4


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests that wait for a lease to end first, so that the run does not end with one worker waiting."""
    items.sort(key=lambda item: not item.path.name.startswith("test_kill"))


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def set(self, now: datetime) -> None:
        assert now.tzinfo is not None
        self.now = now.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        self.now += by


@pytest.fixture(scope="session", autouse=True)
def log_of_tests() -> None:
    """What the service logs within a test goes through the standard library, where a test can read it."""
    log.configure(Settings(), "tests")


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    """Compile each SQL statement once for each kind of database, and not again for each database of a test.

    The dialect is part of the key of what is compiled, so those of one kind have to be equal.
    """
    compiled: LRUCache[Any, Any] = LRUCache(10_000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Engine, "_compiled_cache", property(lambda _: compiled, lambda _, own: None), raising=False)
        for dialect in (SQLiteDialect_aiosqlite, PGDialect_asyncpg):
            patch.setattr(dialect, "__eq__", lambda self, other: type(self) is type(other))
            patch.setattr(dialect, "__hash__", lambda self: hash(type(self)))
        yield


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON)


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """Random numbers that depend on the seed of the run and on the test, and not on the order of the tests."""
    return random.Random(f"{request.config.getoption(SEED_OPTION)} {request.node.nodeid}")


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
    request: pytest.FixtureRequest, named_server: str | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A PostgreSQL server on which databases may be created; all workers of one run share it."""
    with ExitStack() as stack:
        if named_server is None:
            lock = tmp_path_factory.getbasetemp().parent / "postgresql.lock"
            # With `-p no:xdist` this process is the whole run.
            has_workers = request.config.pluginmanager.hasplugin("xdist")
            run = request.getfixturevalue("testrun_uid") if has_workers else uuid4().hex
            url = stack.enter_context(start_server(run, lock))
        else:
            url = make_url(named_server).set(drivername="postgresql+asyncpg")
        yield stack.enter_context(closing(Server(url)))


@pytest.fixture(scope="session")
def limited_role(postgresql_server: Server) -> Iterator[str | None]:
    """The role of the service; `None` if it connects as the owner of the tables."""
    if LIMITS_ROLE:
        with postgresql_server.create_role("capacity_service") as role:
            yield role
    else:
        yield None


@pytest.fixture
def service_role(limited_role: str | None) -> str | None:
    """The same, for one test. Those that change the schema ask for the owner in its place."""
    return limited_role


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: Server, limited_role: str | None) -> Iterator[URL]:
    with postgresql_server.create_database() as url:
        asyncio.run(migrate(url))
        if limited_role is not None:
            # Each copy has them too.
            with closing(Server(url)) as owner:
                for table, privileges in needed_privileges(Settings()).items():
                    owner.execute(f"GRANT {', '.join(privileges)} ON {table} TO {limited_role}")
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "capacity.db"
    asyncio.run(migrate(sqlite_url_of(path)))
    return path


@pytest.fixture
def postgresql_url(postgresql_server: Server, postgresql_template: URL, service_role: str | None) -> Iterator[str]:
    with postgresql_server.create_database(postgresql_template) as url:
        yield url.set(username=service_role or url.username).render_as_string(hide_password=False)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    return copy_sqlite(sqlite_template, tmp_path / "capacity.db")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a database with the schema and nothing in it but the sequence at 0."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without a schema."""
    if request.param == "sqlite":
        make_empty(tmp_path / "empty.db")
        yield sqlite_url_of(tmp_path / "empty.db").render_as_string()
    else:
        server: Server = request.getfixturevalue("postgresql_server")
        with server.create_database() as url:
            yield url.render_as_string(hide_password=False)


@pytest.fixture
def settings(database_url: str) -> Settings:
    return settings_of(database_url)


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    database = Database(settings)
    yield database
    await database.close()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Where a site is built; it does not exist yet."""
    return tmp_path / "site"


@pytest.fixture
def folder(root: Path) -> Iterator[Folder]:
    with open_folder(root) as opened:
        yield opened


@pytest.fixture
async def listed(database: Database) -> Database:
    """The database with the starting register."""
    await list_register(database)
    return database


@pytest.fixture
async def empty_database(empty_database_url: str) -> AsyncIterator[Database]:
    database = Database(Settings(database_url=empty_database_url))
    yield database
    await database.close()


def settings_of(database_url: str) -> Settings:
    return Settings(
        database_url=database_url,
        secret_keys=(SECRET_KEY,),
        egress_allow=(ip_network("127.0.0.0/8"),),
        write_limit=0,
    )
