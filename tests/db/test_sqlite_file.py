"""The files of an SQLite database: making one, refusing what is none, and its mark."""

import os
import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text
from tests.conftest import settings_of
from tests.in_process import as_ordinary_user
from tests.sites import list_register

from capacity_api.bundled_files import bundled_file
from capacity_api.db.bulkheads import Bulkhead
from capacity_api.db.engine import Database
from capacity_api.db.mark import mark_path, read_mark, write_mark
from capacity_api.db.position import read_position
from capacity_api.db.sqlite_file import building, companion, database_path, require_file
from capacity_api.db.verification import Verification, verify
from capacity_api.errors import ConfigurationError, DatabaseUnusable


def test_a_database_that_appeared_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "capacity.db"
    with pytest.raises(ConfigurationError, match="cannot be made: File exists"), building(path):
        path.write_text("somebody else's")
    assert path.read_text() == "somebody else's"
    assert list(tmp_path.iterdir()) == [path], "nothing is left of what was built"


def test_what_is_still_in_the_log_of_a_new_database_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "capacity.db"
    with ExitStack() as open_until_later, building(path) as temporary:
        still_open = open_until_later.enter_context(closing(sqlite3.connect(temporary)))
        still_open.execute("CREATE TABLE kept (n INTEGER)")
        assert companion(temporary, "-wal").stat().st_size > 0
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


async def test_a_closed_database_is_one_file(sqlite_url: str) -> None:
    path = database_path(settings_of(sqlite_url))
    for number in range(100):
        database = Database(settings_of(sqlite_url))
        for bulkhead in Bulkhead:
            async with database.read(bulkhead) as session:
                await session.execute(text("SELECT 1 FROM event"))
        async with database.write() as session:
            await session.execute(text("UPDATE sequence SET n = n"))
        await database.close()
        left = [each.name for each in path.parent.iterdir() if each.name.startswith(path.name) and each != path]
        assert left == [], f"after {number} times"


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=f"the database {tmp_path} is not a file"):
        require_file(tmp_path)


async def test_a_database_that_lacks_an_event_mixes_older_and_newer_content(sqlite_url: str) -> None:
    database = Database(settings_of(sqlite_url))
    await list_register(database)
    await database.close()
    assert database.file is not None
    assert await verify(database.file, None, thorough=True) == Verification()
    with closing(sqlite3.connect(database.file.path)) as connection:
        connection.execute("DELETE FROM event WHERE sequence = 2")
        connection.commit()
    assert await verify(database.file, None, thorough=False) == Verification(damage="it mixes older and newer content")


async def test_a_later_mark_is_not_replaced_by_an_earlier_one(sqlite_url: str) -> None:
    settings = settings_of(sqlite_url)
    database = Database(settings)
    async with database.read() as session:
        position = await read_position(session)
    await database.close()
    later = msgspec.structs.replace(position, sequence=position.sequence + 1)
    write_mark(mark_path(settings), later)
    write_mark(mark_path(settings), position)
    assert read_mark(mark_path(settings)) == later


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
async def test_a_mark_that_root_writes_belongs_to_the_owner_of_the_database(sqlite_url: str) -> None:
    settings = settings_of(sqlite_url)
    database = Database(settings)
    async with database.read() as session:
        position = await read_position(session)
    await database.close()
    mark = mark_path(settings)
    assert database.file is not None
    os.chown(database.file.path, 12345, 12346)
    write_mark(mark, position)
    first = mark.stat()
    write_mark(mark, msgspec.structs.replace(position, sequence=position.sequence + 1))
    second = mark.stat()
    assert {(found.st_uid, found.st_gid) for found in (first, second)} == {(12345, 12346)}


def test_a_mark_that_must_not_be_read_is_not_taken_for_none(sqlite_url: str) -> None:
    mark = mark_path(settings_of(sqlite_url))
    mark.write_bytes(b"{}")
    mark.chmod(0)
    with as_ordinary_user(), pytest.raises(DatabaseUnusable, match=r"\.mark cannot be read: Permission denied; give "):
        read_mark(mark)


def test_a_file_that_the_installation_lacks_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"migrations/absent\.py is missing from the installation"):
        bundled_file("migrations/absent.py")
