"""`capacity-api site build --watch`: the files follow the database, and the clock without it."""

import asyncio
import re
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from tests import processes
from tests.conftest import Clock
from tests.databases import Server
from tests.outages import away
from tests.processes import run
from tests.serving import PATIENCE_SECONDS
from tests.sites import UNPACK, files, list_register, read, report_open, state, without_key

from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.formats.registry import FORMATS
from capacity_api.publication import documents
from capacity_api.publication.publisher import Publisher
from capacity_api.static_site.folder import open_folder
from capacity_api.static_site.site import StaticSite


@pytest.fixture
def env(database_url: str) -> dict[str, str]:
    return without_key(database_url)


async def until(fact: Callable[[], bool]) -> None:
    """Check again and again until it is so; no notification says that a file was replaced."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not fact():
            await asyncio.to_thread(fact)


@asynccontextmanager
async def watching(root: Path, env: dict[str, str]) -> AsyncIterator[processes.Process]:
    watcher = await processes.start("site", "build", str(root), "--watch", env=env, announces="holds version ")
    try:
        yield watcher
    finally:
        if watcher.returncode is None:
            await watcher.kill()


@pytest.mark.parametrize(
    ("database_url", "number"),
    [
        pytest.param("sqlite", signal.SIGINT, id="sqlite-SIGINT"),
        pytest.param("postgresql", signal.SIGTERM, id="postgresql-SIGTERM"),
        pytest.param("sqlite", signal.SIGTERM, id="sqlite-SIGTERM", marks=pytest.mark.soak),
        pytest.param("postgresql", signal.SIGINT, id="postgresql-SIGINT", marks=pytest.mark.soak),
    ],
    indirect=["database_url"],
)
async def test_a_watcher_follows_the_database_until_it_is_stopped(
    listed: Database, env: dict[str, str], root: Path, number: signal.Signals
) -> None:
    async with watching(root, env) as watcher:
        assert state(root, "tara") == "unconfirmed"
        await report_open(listed, "tara", "now")
        await until(lambda: state(root, "tara") == "open")
        await until(lambda: read(root, "site.json")["sequence"] > 13)
        code, _, err = await run("site", "build", str(root), env=env)
        assert (code, err) == (1, f"capacity-api: another process writes to {root}\n")
        watcher.send_signal(number)
        assert await watcher.wait() == 0
    assert not [name for name in files(root) if name.endswith(".new")]
    # The watcher has given up its lock on the folder, so the next command may write.
    assert (await run("site", "build", str(root), env=env))[0] == 0


@asynccontextmanager
async def following(settings: Settings, clock: Clock, root: Path) -> AsyncIterator[asyncio.Event]:
    """A watcher in the test's own event loop; yields the event that wakes it."""
    database = Database(settings)
    publication = Publisher(database, clock, documents.catalogue(settings))
    await publication.refresh()
    wake = asyncio.Event()
    with open_folder(root) as folder:
        copy = StaticSite(publication, FORMATS, folder, clock)
        await copy.write()
        task = asyncio.create_task(copy.follow(wake))
        try:
            yield wake
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await database.close()


def unpacked(root: Path) -> dict[str, bytes]:
    """The files by name, without their content codings."""
    return {
        name: next((unpack(body) for end, unpack in UNPACK.items() if name.endswith(end)), body)
        for name, body in files(root).items()
    }


def pages_with_a_state(root: Path) -> set[str]:
    """The pages of responders that say of somebody that they can take a person now, or until when a state holds."""
    words = re.compile(rb"Can help now|It holds until")
    return {name for name, body in unpacked(root).items() if name.startswith("r/") and words.search(body)}


async def test_a_report_that_lapses_while_the_database_is_away_is_unconfirmed_in_every_file(
    settings: Settings, database: Database, clock: Clock, root: Path
) -> None:
    await list_register(database, clock())
    for slug in ("salvation-army", "tara"):
        await report_open(database, slug, "now", clock())
    async with following(settings, clock, root):
        written_at = read(root, "site.json")["written_at"]
        async with away(settings.url):
            # A connection that is being ended may answer once more.
            clock.advance(timedelta(days=7, seconds=-1))
            # The page's minute is over, so the copy was looked through.
            await until(lambda: read(root, "site.json")["written_at"] > written_at)
            assert state(root, "tara") == "open"
            assert {"r/tara.html", "r/tara.html.gz", "r/kalayaan.html"} <= pages_with_a_state(root)
            written_at = read(root, "site.json")["written_at"]
            read_at = read(root, "site.json")["read_at"]
            clock.advance(timedelta(seconds=1))
            await until(lambda: read(root, "site.json")["written_at"] > written_at)
            for name, plain in unpacked(root).items():
                # The history names each report and its time.
                if name.startswith("v1/") and "/history" not in name:
                    # Its last report may be named, and no current one.
                    assert b'"state":"open","since"' not in plain, name
            assert pages_with_a_state(root) == set()
            assert b"0 open" in (root / "index.html").read_bytes()
            assert read(root, "site.json")["read_at"] == read_at, "the database was not read meanwhile"


async def test_who_stops_it_waits_until_the_files_are_whole(
    settings: Settings, database: Database, clock: Clock, root: Path
) -> None:
    await list_register(database, clock())
    publication = Publisher(database, clock, documents.catalogue(settings))
    await publication.refresh()
    with open_folder(root) as folder:
        task = asyncio.create_task(StaticSite(publication, FORMATS, folder, clock).follow(asyncio.Event()))
        await until((root / "v1").exists)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert read(root, "site.json")["sequence"] == 13
        assert not [name for name in files(root) if name.endswith(".new")]


async def test_what_names_the_time_is_written_each_minute_and_nothing_else(
    settings: Settings, database: Database, clock: Clock, root: Path
) -> None:
    await list_register(database, clock())
    async with following(settings, clock, root) as wake:
        before = {name: (root / name).stat().st_mtime for name in files(root)}
        written_at = read(root, "site.json")["written_at"]
        clock.advance(timedelta(minutes=1))
        wake.set()
        await until(lambda: read(root, "site.json")["written_at"] > written_at)
    changed = {name for name in before if (root / name).stat().st_mtime != before[name]}
    assert {name.partition(".")[0] for name in changed} == {"index", "coverage", "site"}


# SQLite has no account that may read and not write.
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_who_may_only_read_the_database_can_keep_the_files(
    listed: Database, env: dict[str, str], root: Path, postgresql_server: Server
) -> None:
    url = listed.settings.url
    connection = await asyncpg.connect(
        postgresql_server.url.set(drivername="postgresql", database=url.database).render_as_string(hide_password=False)
    )
    reader = f"reader_{uuid4().hex}"
    try:
        await connection.execute(f"CREATE ROLE {reader} LOGIN PASSWORD 'reads'; GRANT pg_read_all_data TO {reader}")
        limited = url.set(username=reader, password="reads").render_as_string(hide_password=False)
        async with watching(root, env | {"CAPACITY_DATABASE_URL": limited}):
            await report_open(listed, "tara", "now")
            await until(lambda: state(root, "tara") == "open")
    finally:
        await connection.execute(f"DROP ROLE IF EXISTS {reader}")
        await connection.close()
