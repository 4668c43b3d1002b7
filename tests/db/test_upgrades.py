"""An additive upgrade under programs that go on, and the way back."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import TextClause, text
from tests import versions
from tests.serving import PATIENCE_SECONDS

from capacity_api.db import live_upgrade, migrations, schema
from capacity_api.db.engine import Database
from capacity_api.errors import DatabaseUnusable, OutageCause, SchemaNewer

_ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
# As one that reads, and as one that adds a row, but without a snapshot: to build an index waits for the end of each.
_READS = text("LOCK TABLE event IN ACCESS SHARE MODE")
_WRITES = text("LOCK TABLE event IN ROW EXCLUSIVE MODE")
# Somebody waits for the whole table; and for those who have begun to write.
_MIGRATION_WAITS = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'")
_INDEX_WAITS = text("SELECT count(*) FROM pg_stat_progress_create_index WHERE phase LIKE 'waiting%'")
_INDEX = text("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_event_later'::regclass")


@pytest.fixture
def service_role() -> None:
    """The owner's: these tests change the schema."""


class Program:
    """Which migrations this process has: those of this version, or of one that is yet to come."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._patch = patch

    def becomes_later(self, *, needs_stop: bool = False) -> None:
        version = versions.later(self._folder, needs_stop=needs_stop)
        self._patch.setattr(migrations, "bundled_file", lambda name: version / name)
        migrations.scripts.cache_clear()

    def becomes_this(self) -> None:
        self._patch.undo()
        migrations.scripts.cache_clear()


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    with pytest.MonkeyPatch.context() as patch:
        yield Program(tmp_path, patch)
    migrations.scripts.cache_clear()


@pytest.fixture
async def other(database: Database) -> AsyncIterator[Database]:
    """Another program on the same database."""
    other = Database(database.settings)
    yield other
    await other.close()


async def _revisions(database: Database) -> tuple[str, str] | None:
    async with database.read() as session:
        return await (await session.connection()).run_sync(migrations.read_revisions)


async def _until(other: Database, waits: object) -> None:
    """Wait until the upgrade waits for somebody."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            async with other.read() as session:
                if await session.scalar(waits):  # type: ignore[call-overload]  # one of the texts above
                    return


async def test_others_read_and_write_before_and_after_it(database: Database, other: Database, program: Program) -> None:
    oldest = migrations.oldest_compatible(schema.needed_revision())
    async with other.read() as session:
        assert await session.scalar(text("SELECT n FROM sequence")) == 0
    program.becomes_later()
    await schema.upgrade(database)
    assert await _revisions(database) == (versions.LATER, oldest)
    async with other.write() as session:
        await session.execute(text("UPDATE sequence SET n = 1"))
    async with database.read() as session:
        assert await session.scalar(text("SELECT n FROM sequence")) == 1
        assert (await session.execute(text("SELECT later FROM event"))).all() == []


async def test_the_program_of_before_can_use_it_and_leaves_it_as_it_is(database: Database, program: Program) -> None:
    needed = schema.needed_revision()
    program.becomes_later()
    await schema.upgrade(database)
    program.becomes_this()
    await schema.check(database)
    await schema.upgrade(database)
    assert await _revisions(database) == (versions.LATER, migrations.oldest_compatible(needed))
    assert schema.needed_revision() == needed


async def test_one_that_needs_a_stop_keeps_out_the_program_of_before(
    database: Database, other: Database, program: Program
) -> None:
    program.becomes_later(needs_stop=True)
    # A read that has ended leaves an idle connection.
    assert await schema.read_revision(other) is not None
    with pytest.raises(DatabaseUnusable, match="the database is in use"):
        await schema.upgrade(database)
    await other.close()
    await schema.upgrade(database)
    assert await _revisions(database) == (versions.LATER, versions.LATER)
    program.becomes_this()
    for refused in (schema.check(database), schema.upgrade(database)):
        with pytest.raises(SchemaNewer):
            await refused


async def test_two_at_once_do_not_collide(database: Database, other: Database, program: Program) -> None:
    program.becomes_later()
    await asyncio.gather(schema.upgrade(database), schema.upgrade(other))
    await schema.check(other)


async def test_a_database_of_1_0_gets_the_table_of_what_ran(database: Database, program: Program) -> None:
    async with database.write() as session:
        await session.execute(text("DROP TABLE schema_revision"))
    # As a database of 1.0 that this version has not upgraded.
    await database.close()
    oldest = migrations.oldest_compatible(schema.needed_revision())
    assert await _revisions(database) == (oldest, oldest)
    if oldest == schema.needed_revision():
        program.becomes_later()
        await schema.upgrade(database)
        assert await _revisions(database) == (versions.LATER, oldest)


async def test_it_waits_for_one_that_does_not_end_and_says_so(
    database: Database, other: Database, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_upgrade, "_TRIES", 2)
    monkeypatch.setattr(live_upgrade, "_LET_OTHERS_THROUGH_SECONDS", 1.1)
    before = await _revisions(database)
    program.becomes_later()
    # A writer is enough to block it on SQLite, a reader of the table on PostgreSQL.
    async with other.write() as session:
        if not database.settings.is_sqlite:
            await session.execute(_READS)
        with pytest.raises(DatabaseUnusable, match=r"^a long transaction keeps the upgrade from going on") as refusal:
            await schema.upgrade(database)
    assert refusal.value.cause is OutageCause.LOCKED
    assert ("PostgreSQL processes" in str(refusal.value)) == (not database.settings.is_sqlite)
    assert await _revisions(database) == before
    await schema.upgrade(database)
    assert await schema.read_revision(database) == versions.LATER


@_ON_POSTGRESQL
@pytest.mark.parametrize(
    ("held", "waits"),
    [
        # Behind a lock that is waited for, others would wait for the long reader too.
        pytest.param(_READS, _MIGRATION_WAITS, id="a migration behind a long reader"),
        # Behind a plain CREATE INDEX they would wait for the writer before.
        pytest.param(_WRITES, _INDEX_WAITS, id="an index behind a writer"),
    ],
)
async def test_others_write_while_the_upgrade_waits(
    database: Database, other: Database, program: Program, held: TextClause, waits: TextClause
) -> None:
    program.becomes_later()
    async with other.write() as session:
        await session.execute(held)
        upgrade = asyncio.create_task(schema.upgrade(database))
        await _until(other, waits)
        async with asyncio.timeout(PATIENCE_SECONDS), other.write() as writer:
            await writer.execute(_WRITES)
        assert not upgrade.done()
    await upgrade


@_ON_POSTGRESQL
@pytest.mark.parametrize("is_valid", [False, True])
async def test_an_upgrade_that_was_interrupted_goes_on(database: Database, program: Program, is_valid: bool) -> None:
    """PostgreSQL leaves an index that nothing uses where building it was interrupted."""
    program.becomes_later()
    async with database.write() as session:
        await session.execute(text("CREATE INDEX ix_event_later ON event (type, at)"))
        await session.execute(
            text("UPDATE pg_index SET indisvalid = :is_valid WHERE indexrelid = 'ix_event_later'::regclass"),
            {"is_valid": is_valid},
        )
    await schema.upgrade(database)
    async with database.read() as session:
        assert await session.scalar(_INDEX) is True
