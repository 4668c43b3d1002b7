"""Through a real pgbouncer: in transaction mode where the URL says so, and never where it does not."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from tests import pgbouncer, processes
from tests.delivery import endpoints
from tests.delivery.endpoints import Endpoint
from tests.serving import OPEN, client_of, patience

from capacity_api.config import Settings
from capacity_api.db import copying, postgresql_tools
from capacity_api.db.engine import Database
from capacity_api.errors import ConfigurationError, DatabaseUnavailable, OutageCause
from capacity_api.operations import responders

pytestmark = pytest.mark.skipif(pgbouncer.PGBOUNCER is None, reason="pgbouncer is not installed")


@pytest.fixture
async def pooled_url(postgresql_url: str) -> AsyncIterator[str]:
    """In transaction mode. The URL does not say so."""
    async with pgbouncer.pooling(postgresql_url, "transaction") as url:
        yield url


def declared(url: str, mode: str = "transaction") -> str:
    return f"{url}&pooler={mode}"


async def test_a_pooler_that_the_url_does_not_name_is_refused(pooled_url: str) -> None:
    database = Database(Settings(database_url=pooled_url))
    try:
        with pytest.raises(DatabaseUnavailable) as refused:
            async with database.read() as session:
                await session.execute(text("SELECT 1"))
    finally:
        await database.close()
    assert refused.value.cause is OutageCause.POOLER
    code, out, _ = await processes.run("doctor", "--offline", "--json", env=processes.environment(pooled_url))
    assert code == 1
    assert "add pooler=transaction or pooler=session" in out


async def test_many_share_few_connections_and_each_gets_its_own_answers(pooled_url: str) -> None:
    """Each statement is prepared under no name: two that share a connection would find each other's."""
    settings = Settings(database_url=declared(pooled_url))
    databases = [Database(settings) for _ in range(3)]

    async def ask(database: Database, number: int) -> None:
        async with database.read() as session:
            # The shape differs, so that the answer to another's statement could not pass for this one's.
            columns = ", ".join(f"CAST(:number AS integer) + {each}" for each in range(number % 7 + 1))
            for _ in range(3):
                row = (await session.execute(text(f"SELECT {columns}"), {"number": number})).one()
                assert list(row) == [number + each for each in range(number % 7 + 1)]
                await asyncio.sleep(0)

    try:
        await asyncio.gather(*(ask(databases[number % 3], number) for number in range(60)))
        async with databases[0].read() as session:
            left = await session.scalar(text("SELECT count(*) FROM pg_prepared_statements WHERE name <> ''"))
    finally:
        for database in databases:
            await database.close()
    assert left == 0


async def test_in_session_mode_everything_works_as_without_one(postgresql_url: str) -> None:
    async with pgbouncer.pooling(postgresql_url, "session") as url:
        database = Database(Settings(database_url=declared(url, "session")))
        heard = asyncio.Event()
        listening = asyncio.create_task(database.listen(heard.set))
        try:
            async with patience(lambda: "listening begins"):
                await heard.wait()
            heard.clear()
            async with database.write() as session:
                await responders.load_register(session, datetime.now(UTC))
            async with patience(lambda: "a notification"):
                await heard.wait()
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            await database.close()


async def test_a_change_reaches_the_other_server_and_a_webhook(pooled_url: str) -> None:
    env = processes.environment(declared(pooled_url), write_limit="0", egress_allow="127.0.0.0/8")
    endpoint = Endpoint()
    code, _, err = await processes.run("db", "create", env=env)
    assert code == 0, err
    async with (
        endpoints.serving(endpoint) as url,
        processes.serving("--no-delivery", env=env) as first,
        processes.serving(env=env) as second,
        client_of(first.address) as one,
        client_of(second.address) as other,
    ):
        admin = {"authorization": f"Bearer {await processes.issue_token(env, '--admin')}"}
        await processes.run("partner", "add", "Case tool", env=env)
        partner = {"authorization": f"Bearer {await processes.issue_token(env, '--partner', 'Case tool')}"}
        subscription = {"url": url, "event_types": ["intake.opened"]}
        answer = await one.post("/v1/webhooks", json=subscription, headers=partner)
        assert answer.status_code == 201, answer.text
        answer = await one.put("/v1/responders/tara/intake", json=OPEN, headers=admin)
        assert answer.status_code == 200, answer.text
        sequence = answer.json()["sequence"]
        await endpoint.arrived(1)
        async with patience(lambda: f"change {sequence} on the other server"):
            while (await other.get("/v1/directory")).json()["sequence"] < sequence:  # noqa: ASYNC110 - of another process
                await asyncio.sleep(0.05)
        assert (await other.get("/v1/responders/tara")).json()["intake"]["state"] == "open"
    code, out, err = await processes.run("doctor", "--offline", env=env)
    assert "pooler" not in out + err


async def test_what_needs_a_session_of_its_own_is_refused_in_transaction_mode(pooled_url: str, tmp_path: Path) -> None:
    settings = Settings(database_url=declared(pooled_url))
    database = Database(settings)
    try:
        with pytest.raises(ConfigurationError, match="own address"):
            async with copying.hold(database):
                pass
    finally:
        await database.close()
    with pytest.raises(ConfigurationError, match="own address"):
        await postgresql_tools.dump(settings, "00000003-1", tmp_path / "never")
    with pytest.raises(ConfigurationError, match="own address"):
        await postgresql_tools.list_entries(settings, tmp_path / "never")
