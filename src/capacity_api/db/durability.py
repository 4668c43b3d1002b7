"""Whether PostgreSQL may lose what it has acknowledged.

Only `fsync` belongs to the server alone. We could set `synchronous_commit` for our own connections, but an operator who
chose it should hear what it means, and not find that it is ignored. SQLite syncs each commit (`synchronous = FULL`).
"""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# As this session has them: a role or a database may differ from the server.
_SETTINGS = text(
    "SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'),"
    " current_setting('synchronous_standby_names')"
)


async def durability_faults(session: AsyncSession) -> list[str]:
    """A sentence for each setting with which an acknowledged report may be lost."""
    if session.get_bind().dialect.name == "sqlite":
        return []
    fsync, full_page_writes, synchronous_commit, standbys = (await session.execute(_SETTINGS)).one()
    faults = []
    if fsync == "off":
        faults.append(
            "fsync is off: when the machine fails, acknowledged reports may be lost and the database damaged."
        )
    if full_page_writes == "off":
        faults.append("full_page_writes is off: when the machine fails, the database may be damaged.")
    if synchronous_commit == "off":
        faults.append("synchronous_commit is off: when the server crashes, acknowledged reports may be lost.")
    if synchronous_commit == "local" and standbys:
        faults.append(
            "synchronous_commit is local: after a fail-over, acknowledged reports may be missing from the standby."
        )
    return faults
