"""How much room a database takes."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_SQLITE = text("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
_POSTGRESQL = text("SELECT pg_database_size(current_database())")


async def read_size(session: AsyncSession) -> int:
    """In bytes: its tables and indexes, without the log of what is written (WAL).

    How much is left on the disk of PostgreSQL, no statement says.
    """
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    size: int = (await session.execute(_SQLITE if is_sqlite else _POSTGRESQL)).scalar_one()
    return size
