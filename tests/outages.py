"""Ways to make a database unavailable during a test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from sqlalchemy.engine import URL


@asynccontextmanager
async def away(url: URL) -> AsyncIterator[None]:
    """Inside the block, nothing can be read from the database or written to it."""
    if url.get_backend_name() == "sqlite":
        assert url.database is not None
        ruin(Path(url.database))
        yield
        return
    connection = await asyncpg.connect(
        url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    )
    try:
        await connection.execute(f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS false")
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", url.database
        )
        yield
        await connection.execute(f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS true")
    finally:
        await connection.close()


def ruin(path: Path) -> None:
    """Make the database file, its log and the log's index unreadable, as a failing disk would."""
    for file in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        with file.open("r+b") as opened:
            size = file.stat().st_size
            opened.write(b"\xff" * size)
