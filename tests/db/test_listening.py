"""Other processes are notified of a committed change at once (PostgreSQL), and of no other."""

import asyncio

import pytest
from sqlalchemy import text
from tests.conftest import Clock
from tests.serving import PATIENCE_SECONDS

from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.domain.intake import Report, ReportedState
from capacity_api.operations import intake, responders


@pytest.fixture
def database_url(postgresql_url: str) -> str:
    """PostgreSQL alone: SQLite has no notifications, so there each process asks the database itself."""
    return postgresql_url


class CallCounter:
    """Counts the calls, and lets a test wait for the next one."""

    def __init__(self) -> None:
        self.count = 0
        self._called = asyncio.Event()

    def __call__(self) -> None:
        self.count += 1
        self._called.set()

    async def wait_for_next(self) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self._called.wait()
        self._called.clear()


async def test_a_committed_change_calls_the_listener_and_a_failed_one_does_not(
    settings: Settings, clock: Clock
) -> None:
    database, other = Database(settings), Database(settings)
    calls = CallCounter()
    listening = asyncio.create_task(other.listen(calls))
    try:
        await calls.wait_for_next()
        async with database.write() as session:
            await responders.load_register(session, clock())
        await calls.wait_for_next()
        with pytest.raises(RuntimeError):
            async with database.write() as session:
                await intake.report_intake(session, clock(), "tara", Report(state=ReportedState.OPEN))
                raise RuntimeError
        async with database.write() as session:
            # A commit without a change notifies nobody.
            await session.execute(text("SELECT 1"))
        before = calls.count
        async with database.write() as session:
            await intake.report_intake(session, clock(), "tara", Report(state=ReportedState.OPEN))
        await calls.wait_for_next()
        assert calls.count == before + 1
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await database.close()
        await other.close()


async def test_listening_ends_when_its_connection_does(settings: Settings) -> None:
    database, other = Database(settings), Database(settings)
    calls = CallCounter()
    listening = asyncio.create_task(other.listen(calls))
    try:
        await calls.wait_for_next()
        async with database.read() as session:
            await session.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
                )
            )
        async with asyncio.timeout(PATIENCE_SECONDS):
            await listening
        # The next connection is called again.
        listening = asyncio.create_task(other.listen(calls))
        await calls.wait_for_next()
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await database.close()
        await other.close()
