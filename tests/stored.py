"""Whether a text stands anywhere in a database: in any column of any table, and in the files of SQLite."""

from pathlib import Path

from sqlalchemy import text

from capacity_api.db.engine import Database
from capacity_api.db.sqlite_file import companion, database_path
from capacity_api.db.tables import Table


async def places_in_tables(database: Database, word: str) -> set[str]:
    """The columns that hold the word, as `table.column`, read without the types of the program."""
    found = set()
    async with database.read() as session:
        for table in Table.metadata.sorted_tables:
            rows = await session.execute(text(f'SELECT * FROM "{table.name}"'))  # noqa: S608 - the names are ours
            for row in rows.mappings():
                found |= {f"{table.name}.{name}" for name, value in row.items() if word in str(value)}
    return found


def files_with(database: Database, word: str) -> list[str]:
    """The files of SQLite that hold the word, anywhere; none on PostgreSQL."""
    if not database.settings.is_sqlite:
        return []
    path = database_path(database.settings)
    everything = [path, *(companion(path, suffix) for suffix in ("-wal", "-shm", "-journal"))]
    return [each.name for each in everything if each.exists() and word.encode() in _read(each)]


def _read(path: Path) -> bytes:
    return path.read_bytes()
