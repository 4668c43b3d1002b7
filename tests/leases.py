"""Time for leases: no test can move the clocks of the machine and of PostgreSQL, which judge them."""

from datetime import timedelta

from sqlalchemy import select

from capacity_api.clock import read_boot_clock
from capacity_api.db.engine import Database
from capacity_api.db.people_tables import MailRow
from capacity_api.db.tables import WebhookRow


async def pass_time(database: Database, by: timedelta) -> None:
    """Let so much time pass for every lease in the database."""
    async with database.write() as session:
        claimed: list[WebhookRow | MailRow] = [
            *await session.scalars(select(WebhookRow).where(WebhookRow.claimed_until.is_not(None))),
            *await session.scalars(select(MailRow).where(MailRow.claimed_until.is_not(None))),
        ]
        for row in claimed:
            assert row.claimed_until is not None
            row.claimed_until -= by
            if row.lease_boot_time is not None:
                row.lease_boot_time -= by.total_seconds()


class PassedTime:
    """The same for workers in the test's own process, which share `boot_clock`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._passed = timedelta()

    def boot_clock(self) -> float:
        return read_boot_clock() + self._passed.total_seconds()

    async def add(self, by: timedelta) -> None:
        self._passed += by
        await pass_time(self._database, by)
