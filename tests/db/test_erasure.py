"""What a redaction removed goes from the files of SQLite too: also what SQLite left in them long before."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from tests import processes
from tests.processes import environment
from tests.serving import PATIENCE_SECONDS
from tests.sites import report_open
from tests.stored import files_with, places_in_tables

from capacity_api.db.engine import Database
from capacity_api.db.erasure import Eraser
from capacity_api.db.sqlite_file import DatabaseFile, database_path
from capacity_api.db.tables import InstallationRow
from capacity_api.domain.redaction import RedactedField
from capacity_api.operations import redaction
from capacity_api.operations.redaction import RedactionRequest

NAME = "Xanthippe"
_ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def redact(database: Database) -> int:
    async with database.write() as session:
        new = RedactionRequest(fields=(RedactedField.REPORT_NOTE,), first=1)
        return (await redaction.redact(session, datetime.now(UTC), "tara", new)).sequence


async def remains(database: Database) -> int | None:
    async with database.read() as session:
        return await session.scalar(select(InstallationRow.remains_sequence))


def file_of(database: Database) -> DatabaseFile:
    assert database.file is not None
    return database.file


@contextlib.contextmanager
def reading(database: Database) -> Iterator[None]:
    """A program that reads one state of the database for long."""
    with contextlib.closing(sqlite3.connect(database_path(database.settings), isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM event").fetchone()
        yield
        connection.execute("ROLLBACK")


async def test_nothing_is_left_of_many_reports_on_either_database(listed: Database) -> None:
    for n in range(100):
        # Pages are split, and the copies that this leaves are not overwritten by `secure_delete`.
        await report_open(listed, "tara", f"{n}: ask for {NAME}. " * 15)
    await redact(listed)
    assert await Eraser(listed).erase()
    assert await remains(listed) is None
    assert await places_in_tables(listed, NAME) == set()
    assert files_with(listed, NAME) == []


@_ONLY_SQLITE
async def test_what_an_earlier_version_deleted_goes_as_well(listed: Database) -> None:
    path = database_path(listed.settings)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete = OFF")
        for n in range(20):
            connection.execute("INSERT INTO partner (id, name, created_at) VALUES (?, ?, ?)", (f"{n}", NAME * 9, "now"))
            connection.execute("DELETE FROM partner WHERE id = ?", (f"{n}",))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert files_with(listed, NAME) == [path.name]
    await redact(listed)
    assert await Eraser(listed).erase()
    assert files_with(listed, NAME) == []


@_ONLY_SQLITE
async def test_a_reader_holds_it_up_until_it_ends_and_the_database_is_written_anew_only_once(listed: Database) -> None:
    await report_open(listed, "tara", f"Ask for {NAME}.")
    eraser = Eraser(listed)
    with reading(listed):
        number = await redact(listed)
        assert not await eraser.erase()
        stamp, size = file_of(listed).stamp(), file_of(listed).log_size()
        assert not await eraser.erase()
        assert (file_of(listed).stamp(), file_of(listed).log_size()) == (stamp, size)
        assert await remains(listed) == number
    assert await eraser.erase()
    assert await remains(listed) is None
    assert files_with(listed, NAME) == []


@_ONLY_SQLITE
async def test_without_a_redaction_nothing_is_written(listed: Database) -> None:
    stamp, size = file_of(listed).stamp(), file_of(listed).log_size()
    assert await Eraser(listed).erase()
    assert (file_of(listed).stamp(), file_of(listed).log_size()) == (stamp, size)


@_ONLY_SQLITE
async def test_a_redaction_that_is_made_meanwhile_is_erased_too(listed: Database) -> None:
    await report_open(listed, "tara", f"Ask for {NAME}.")
    await redact(listed)
    await report_open(listed, "tara", f"{NAME} again.")
    eraser = Eraser(listed)
    async with listed.write() as session:
        new = RedactionRequest(fields=(RedactedField.REPORT_NOTE,), first=1)
        await redaction.redact(session, datetime.now(UTC), "tara", new)
        # It knows of the first, and waits for its turn to write.
        erasing = asyncio.create_task(eraser.erase())
        await asyncio.wait({erasing}, timeout=0.5)
        assert not erasing.done()
    await erasing
    assert await eraser.erase()
    assert await remains(listed) is None
    assert files_with(listed, NAME) == []


@_ONLY_SQLITE
async def test_a_service_erases_what_a_process_that_died_has_left(listed: Database, database_url: str) -> None:
    await report_open(listed, "tara", f"Ask for {NAME}.")
    await redact(listed)
    assert files_with(listed, NAME)
    await listed.close()
    async with processes.serving(env=environment(database_url)):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await remains(listed) is not None:
                pass
        assert files_with(listed, NAME) == []


@_ONLY_SQLITE
async def test_the_command_says_where_something_may_be_left(listed: Database, database_url: str) -> None:
    await report_open(listed, "tara", f"Ask for {NAME}.")
    env = environment(database_url)
    arguments = ("redact", "tara", "--field", "report.note", "--from", "1")
    with reading(listed):
        code, out, err = await processes.run(*arguments, env=env)
        assert (code, out.startswith("took report.note of tara out of the events 1 to ")) == (0, True), err
        assert "Something may be left" in err
    code, _, err = await processes.run(*arguments, env=env)
    assert (code, "Something may be left" in err) == (0, False)
    assert files_with(listed, NAME) == []


async def test_what_the_command_refuses(listed: Database, database_url: str) -> None:
    env = environment(database_url)

    async def refusal(*arguments: str) -> tuple[int, str]:
        code, out, err = await processes.run("redact", *arguments, env=env)
        assert out == ""
        return code, err.splitlines()[-1]

    code, line = await refusal("tara", "--field", "name", "--from", "1")
    assert (code, "'name' is not one of 'report.note'" in line) == (2, True)
    assert await refusal("nobody", "--field", "website", "--from", "1") == (
        1,
        "capacity-api: No responder 'nobody' has ever been listed; "
        "`capacity-api responder list` shows those that there are",
    )
    assert await refusal("tara", "--field", "website", "--from", "99") == (
        1,
        "capacity-api: The newest event has the sequence number 13",
    )
    assert await refusal("tara", "--field", "website", "--from", "2", "--to", "1") == (
        1,
        "capacity-api: The input is not valid: /to must not be below from",
    )
