"""A PostgreSQL that acknowledges before it stores is named."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from tests.conftest import Clock, settings_of
from tests.replication import replicating
from tests.serving import PATIENCE_SECONDS, serving

from capacity_api.db.durability import durability_faults
from capacity_api.db.engine import Database


async def test_sqlite_stores_before_it_acknowledges(sqlite_url: str) -> None:
    assert await _faults(sqlite_url) == []


async def test_a_server_that_keeps_reports_in_memory_is_named(postgresql_url: str) -> None:
    # As the tests' own server does.
    assert [fault.split()[0] for fault in await _faults(postgresql_url)] == ["fsync", "full_page_writes"]


async def test_a_commit_that_a_database_does_not_wait_for_is_named(postgresql_url: str) -> None:
    database = Database(settings_of(postgresql_url))
    async with database.write() as session:
        name = make_url(postgresql_url).database
        await session.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    await database.close()
    assert "synchronous_commit is off: when the server crashes, acknowledged reports may be lost." in await _faults(
        postgresql_url
    )


async def test_a_service_on_such_a_server_is_ready_and_warns(postgresql_url: str, clock: Clock) -> None:
    async with serving(settings_of(postgresql_url), clock) as service, asyncio.timeout(PATIENCE_SECONDS):
        while not (ready := await service.client.get("/readyz")).json()["warnings"]:
            pass
    assert ready.status_code == 200
    assert [warning["code"] for warning in ready.json()["warnings"]] == ["not_durable"]
    assert "fsync is off" in ready.json()["warnings"][0]["detail"]


@pytest.mark.soak
async def test_a_commit_that_does_not_wait_for_the_synchronous_standby_is_named() -> None:
    async with replicating(synchronous=True) as cluster:
        url = f"postgresql+asyncpg://postgres@127.0.0.1:{cluster.primary.port}/postgres"
        assert not any("synchronous_commit" in fault for fault in await _faults(url))
        await cluster.primary.execute("ALTER DATABASE postgres SET synchronous_commit = local")
        assert any("synchronous_commit is local" in fault for fault in await _faults(url))


async def _faults(url: str) -> list[str]:
    database = Database(settings_of(url))
    try:
        async with database.read() as session:
            return await durability_faults(session)
    finally:
        await database.close()
