import asyncio
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import column, inspect, text, update
from sqlalchemy import table as table_named
from sqlalchemy.engine import Connection
from sqlalchemy.util import await_only
from tests.processes import environment, run
from tests.serving import PATIENCE_SECONDS

from capacity_api.db import schema, sequence
from capacity_api.db.engine import Database
from capacity_api.db.migrations import OLDEST_TABLE, REVISION_TABLE
from capacity_api.db.tables import Table
from capacity_api.errors import ConfigurationError, DatabaseUnavailable

ROOT = Path(__file__).parents[2]
_IN_USE = (
    "the database is in use; stop every process that is connected to it and run the upgrade again"
    r"( \(PostgreSQL processes \d+(, \d+)*\))?"
)


@pytest.fixture
def service_role() -> None:
    """The owner's: these tests change the schema."""


async def _tables(database: Database) -> set[str]:
    async with database.read() as session:
        return set(await (await session.connection()).run_sync(lambda sync: inspect(sync).get_table_names()))


async def _stamp(database: Database, revision: str) -> None:
    async with database.write(recovering=True) as session:
        for table in (OLDEST_TABLE, REVISION_TABLE):
            await session.execute(update(table_named(table, column("version_num"))).values(version_num=revision))


def _alembic(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "alembic", *arguments],
        cwd=ROOT,
        env={**os.environ, "CAPACITY_DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )


async def test_the_history_goes_up_and_down_and_up_again(empty_database: Database) -> None:
    everything = {*Table.metadata.tables, OLDEST_TABLE, REVISION_TABLE}

    await schema.upgrade(empty_database)
    assert await _tables(empty_database) == everything
    await schema.downgrade(empty_database)
    assert await _tables(empty_database) == {OLDEST_TABLE, REVISION_TABLE}
    assert await schema.read_revision(empty_database) is None
    await schema.upgrade(empty_database)

    assert await _tables(empty_database) == everything
    assert await schema.read_revision(empty_database) == schema.needed_revision()


async def test_the_history_and_the_tables_agree(database: Database) -> None:
    def is_declared(name: str | None, _kind: str, _parents: object) -> bool:
        return name != OLDEST_TABLE

    def differences(connection: Connection) -> list[object]:
        return list(
            compare_metadata(
                MigrationContext.configure(
                    connection, opts={"version_table": REVISION_TABLE, "include_name": is_declared}
                ),
                Table.metadata,
            )
        )

    async with database.read() as session:
        assert await (await session.connection()).run_sync(differences) == []


async def test_upgrading_a_second_time_changes_nothing(database: Database) -> None:
    async with database.write(recovering=True) as session:
        (await sequence.lock(session)).n = 7

    await schema.upgrade(database)

    async with database.read() as session:
        assert (await sequence.latest(session))[0] == 7


async def test_two_upgrades_at_once_do_not_collide(empty_database: Database) -> None:
    other = Database(empty_database.settings)
    await asyncio.gather(schema.upgrade(empty_database), schema.upgrade(other))
    await other.close()
    await schema.check(empty_database)


async def test_two_processes_that_upgrade_at_once_do_not_collide(empty_database_url: str) -> None:
    arguments, env = ("-c", str(ROOT / "alembic.ini"), "upgrade", "head"), environment(empty_database_url)
    results = await asyncio.gather(*(run(*arguments, env=env, program="alembic") for _ in range(3)))
    assert [code for code, _, _ in results] == [0, 0, 0], results


async def test_the_schema_of_this_version_passes(database: Database) -> None:
    await schema.check(database)


async def test_an_empty_database_is_one_clear_line(empty_database: Database) -> None:
    with pytest.raises(ConfigurationError, match=r"^the database is empty; run `capacity-api db create`$"):
        await schema.check(empty_database)


async def test_an_outdated_schema_is_one_clear_line(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    newest = schema.needed_revision()
    monkeypatch.setattr(schema, "needed_revision", lambda: "9999")
    with pytest.raises(ConfigurationError) as refusal:
        await schema.check(database)
    assert refusal.value.detail == (
        f"the database's schema is outdated ({newest}, needed is 9999); run `capacity-api db upgrade`"
    )


async def test_a_newer_schema_is_one_clear_line(database: Database) -> None:
    await _stamp(database, "9999")
    with pytest.raises(ConfigurationError, match=r"^the database's schema \(9999\) is newer than this version .*$"):
        await schema.check(database)


async def test_upgrading_a_newer_schema_is_refused_with_the_same_line(database: Database) -> None:
    await _stamp(database, "9999")
    with pytest.raises(ConfigurationError, match=r"^the database's schema \(9999\) is newer than this version .*$"):
        await schema.upgrade(database)
    assert await schema.read_revision(database) == "9999"


async def test_upgrading_while_somebody_else_is_connected_is_refused(empty_database: Database) -> None:
    await schema.upgrade(empty_database, "0006")
    other = Database(empty_database.settings)
    # A read that has ended leaves an idle connection.
    assert await schema.read_revision(other) == "0006"
    with pytest.raises(ConfigurationError, match=_IN_USE):
        await schema.upgrade(empty_database)
    assert await schema.read_revision(other) == "0006"
    await other.close()

    await schema.upgrade(empty_database)
    await schema.check(empty_database)


async def test_the_command_refuses_to_upgrade_under_another_process(
    empty_database: Database, empty_database_url: str
) -> None:
    await schema.upgrade(empty_database, "0006")
    code, out, err = await run("db", "upgrade", env=environment(empty_database_url))
    assert (code, out) == (27, "")
    assert re.fullmatch(f"capacity-api: {_IN_USE}\n", err), err
    await empty_database.close()
    code, _, err = await run("db", "upgrade", env=environment(empty_database_url))
    assert code == 0, err


async def test_a_database_that_is_up_to_date_may_be_in_use(database: Database) -> None:
    other = Database(database.settings)
    async with other.read() as session:
        assert await session.scalar(text("SELECT n FROM sequence")) == 0
        await schema.upgrade(database)
    await other.close()


async def test_a_process_that_starts_during_an_upgrade_reads_the_revision_that_holds_afterwards(
    empty_database: Database,
) -> None:
    await schema.upgrade(empty_database, "0006")
    await empty_database.close()
    other = Database(empty_database.settings)
    has_begun, may_end = threading.Event(), threading.Event()

    def work(connection: Connection) -> None:
        connection.execute(text("UPDATE schema_revision SET version_num = 'new'"))
        has_begun.set()
        await_only(asyncio.to_thread(may_end.wait, PATIENCE_SECONDS))

    upgrade = asyncio.create_task(schema.migrate(empty_database, work, alone=True))
    assert await asyncio.to_thread(has_begun.wait, PATIENCE_SECONDS)
    reading = asyncio.create_task(schema.read_revision(other))
    done, _ = await asyncio.wait([reading], timeout=0.5)
    assert not done
    may_end.set()
    _, found = await asyncio.gather(upgrade, reading, return_exceptions=True)
    assert found == await schema.read_revision(other)
    # On PostgreSQL it had read the old one already, so the upgrade was refused.
    assert found == ("new" if other.settings.is_sqlite else "0006")
    await other.close()


@pytest.mark.parametrize("empty_database_url", ["sqlite"], indirect=True)
async def test_upgrading_a_file_that_is_no_database_is_an_outage(empty_database: Database) -> None:
    Path(str(empty_database.settings.url.database)).write_bytes(b"garbage" * 1000)
    with pytest.raises(DatabaseUnavailable):
        await schema.upgrade(empty_database)


async def test_a_migration_that_fails_halfway_leaves_nothing(empty_database: Database) -> None:
    def half(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE half (id INTEGER)"))
        raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        await schema.migrate(empty_database, half)
    assert await _tables(empty_database) == set()


async def test_altering_a_table_keeps_the_rows_that_refer_to_it(empty_database: Database) -> None:
    def build(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE parent (id INTEGER PRIMARY KEY)"))
        connection.execute(text("CREATE TABLE child (id INTEGER PRIMARY KEY REFERENCES parent (id) ON DELETE CASCADE)"))
        connection.execute(text("INSERT INTO parent VALUES (1)"))
        connection.execute(text("INSERT INTO child VALUES (1)"))

    def alter(connection: Connection) -> None:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("parent", recreate="auto") as batch:
            batch.create_check_constraint("positive", "id > 0")

    await schema.migrate(empty_database, build)
    await schema.migrate(empty_database, alter)

    async with empty_database.write(recovering=True) as session:
        assert await session.scalar(text("SELECT count(*) FROM child")) == 1
        if empty_database.settings.is_sqlite:
            assert await session.scalar(text("PRAGMA foreign_keys")) == 1


def test_the_command_line_finds_everything_up_to_date(database_url: str) -> None:
    results = _alembic(database_url, "check")
    assert results.returncode == 0, results.stderr
    assert "No new upgrade operations detected" in results.stdout
