"""Leases in the database: how a claim is stored with its end, and which rows are free to be claimed.

No clock that somebody sets may free a lease or hold it. On PostgreSQL the server's clock takes and judges every lease.
On SQLite all processes are on one machine, and its boot clock does: a lease has the id of the boot that it was taken
in, and a lease of another boot is over.

Version 1.0 knows only `claimed_until`, by the wall's clock, and may run beside this one. So that is stored on SQLite
too. It judges the claims that 1.0 has taken, and all claims on a system that does not name its boots.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.clock import read_boot_id
from capacity_api.db.table import Claimed


def is_free(session: AsyncSession, row: type[Claimed], now: datetime, boot_time: float) -> ColumnElement[bool]:
    """Whether nobody has a claim on a row. `boot_time` is what the boot clock shows, in seconds."""
    if _has_clock(session):
        return or_(row.claimed_until.is_(None), row.claimed_until <= func.clock_timestamp())
    boot_id = read_boot_id()
    # 1.0 leaves the lease of an earlier claim as it is.
    knows_boot = row.lease_claim_id.is_not_distinct_from(row.claim_id)
    return or_(
        row.claimed_until.is_(None),
        and_(knows_boot, or_(row.lease_boot_id.is_distinct_from(boot_id), row.lease_boot_time <= boot_time)),
        and_(~knows_boot, row.claimed_until <= now),
    )


def lease_values(
    session: AsyncSession, claim_id: UUID, now: datetime, boot_time: float, lease: timedelta
) -> dict[str, Any]:
    """What to store in a row of `Claimed` so that this claim has it until the lease ends."""
    if _has_clock(session):
        return {"claim_id": claim_id, "claimed_until": func.clock_timestamp() + lease}
    values: dict[str, Any] = {"claim_id": claim_id, "claimed_until": now + lease}
    boot_id = read_boot_id()
    if boot_id is not None:
        values |= {
            "lease_claim_id": claim_id,
            "lease_boot_id": boot_id,
            "lease_boot_time": boot_time + lease.total_seconds(),
        }
    return values


def _has_clock(session: AsyncSession) -> bool:
    """Whether the database has a clock of its own."""
    return session.get_bind().dialect.name == "postgresql"
