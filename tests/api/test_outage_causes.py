"""What a running service tells its operator, and what its callers, while its database cannot be used."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from structlog.testing import capture_logs
from tests.api.refusals import assert_refused
from tests.conftest import Clock, settings_of
from tests.databases import Server
from tests.serving import OPEN, PAUSED, Headers, Service, patience, serving

from capacity_api.config import Settings
from capacity_api.db.bulkheads import Bulkhead
from capacity_api.db.engine import Database
from capacity_api.db.privileges import needed_privileges
from capacity_api.errors import OutageCause

_REPORT = "/v1/responders/tara/intake"
_END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'"
_MOMENT = timedelta(seconds=1)


@pytest.fixture
def role(postgresql_server: Server) -> Iterator[str]:
    with postgresql_server.create_role("capacity_password", "LOGIN PASSWORD 'hunter2'") as role:
        yield role


@pytest.fixture
def owned_url(postgresql_server: Server, postgresql_url: str, role: str) -> Iterator[str]:
    """A database in which this role may do what it needs, and nothing else."""
    url = make_url(postgresql_url)
    with closing(Server(postgresql_server.url.set(database=url.database))) as owner:
        for table, privileges in needed_privileges(Settings()).items():
            owner.execute(f"GRANT {', '.join(privileges)} ON {table} TO {role}")
        yield url.set(username=role, password="hunter2").render_as_string(hide_password=False)
        owner.execute(f"DROP OWNED BY {role}")


async def assert_told(service: Service, token: Headers, condition: str, cause: OutageCause) -> None:
    """The operator reads the cause in `/readyz` and in the log, and a caller a 503 that does not say it."""
    causes: list[OutageCause] = []
    async with patience(lambda: f"{cause} among {causes}"):
        # On a busy machine a report may wait too long for its turn, which has another cause.
        while cause not in causes:
            with capture_logs() as lines:
                answer = await service.client.put(_REPORT, json=PAUSED, headers=token)
            causes += [line["cause"] for line in lines if line["event"] == "request.unavailable"]
    assert_refused(answer, 503, "database_unavailable")
    assert cause.value not in answer.text
    while True:
        said = await service.readiness(lambda codes: condition in codes)
        (found,) = [each for each in said["reasons"] if each["code"] == condition]
        if found["cause"] == cause:
            break
    assert "hunter2" not in str(said)
    assert "capacity_" not in str(said)


async def test_postgresql_that_lets_a_service_in_no_more(
    owned_url: str, role: str, postgresql_server: Server, clock: Clock
) -> None:
    database = make_url(owned_url).database
    alter, connect = f"ALTER ROLE {role}", f"CONNECT ON DATABASE {database}"
    faults = [
        (f"{alter} PASSWORD 'other'", f"{alter} PASSWORD 'hunter2'", OutageCause.WRONG_PASSWORD),
        (f"{alter} CONNECTION LIMIT 0", f"{alter} CONNECTION LIMIT -1", OutageCause.TOO_MANY_CONNECTIONS),
        (f"REVOKE {connect} FROM PUBLIC", f"GRANT {connect} TO PUBLIC", OutageCause.LOGIN_REFUSED),
        (
            f"{alter} SET default_transaction_read_only = on",
            f"{alter} RESET default_transaction_read_only",
            OutageCause.READ_ONLY,
        ),
    ]
    async with serving(settings_of(owned_url), clock) as service:
        token = await service.token(responder="tara")
        admin = Database(settings_of(postgresql_server.url.render_as_string(hide_password=False)))
        try:
            for breaks, mends, cause in faults:
                await _run(admin, breaks, _END.format(role=role))
                await assert_told(service, token, "database_unavailable", cause)
                await _run(admin, mends)
                while (await service.client.put(_REPORT, json=OPEN, headers=token)).status_code != 200:
                    pass
        finally:
            await admin.close()
        await service.readiness(lambda codes: not codes)


async def test_a_grant_that_is_taken_away(owned_url: str, role: str, postgresql_url: str, clock: Clock) -> None:
    owner = Database(settings_of(postgresql_url))
    async with serving(settings_of(owned_url), clock) as service:
        token = await service.token(responder="tara")
        await _run(owner, f"REVOKE INSERT ON report FROM {role}", f"REVOKE ALL ON webhook FROM {role}")
        await assert_told(service, token, "writes_failing", OutageCause.PERMISSION_MISSING)
        assert_refused(await service.client.get("/v1/webhooks", headers=token), 503, "database_unavailable")
        # Reads from memory go on.
        assert (await service.client.get("/v1/directory")).status_code == 200
        while not (warnings := await _warnings(service)).get("permission_missing"):
            pass
        assert "`capacity-api doctor`" in warnings["permission_missing"]
        await _run(owner, f"GRANT INSERT ON report TO {role}", f"GRANT SELECT ON webhook TO {role}")
        assert (await service.client.put(_REPORT, json=OPEN, headers=token)).status_code == 200
    await owner.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_full_disk_a_damaged_page_and_another_schema(
    database: Database, database_url: str, clock: Clock
) -> None:
    async with serving(settings_of(database_url), clock, database=database) as service:
        token = await service.token(responder="tara")
        async with database.write() as session:
            pages = await session.scalar(text("PRAGMA page_count"))
            await session.execute(text(f"PRAGMA max_page_count = {pages}"))
        while (await _report_something_long(service, token)) == 200:
            clock.advance(_MOMENT)
        await assert_told(service, token, "writes_failing", OutageCause.DISK_FULL)
        async with database.write(bulkhead=Bulkhead.PUBLICATION) as session:
            await session.execute(text("PRAGMA max_page_count = 1000000"))
        assert (await service.client.put(_REPORT, json=OPEN, headers=token)).status_code == 200
        with closing(sqlite3.connect(service.database.settings.url.database or "")) as other:
            other.execute("ALTER TABLE webhook RENAME TO webhooks")
        with capture_logs() as lines:
            assert_refused(await service.client.get("/v1/webhooks", headers=token), 503, "database_unavailable")
        assert "request.failed" in [line["event"] for line in lines]


async def _warnings(service: Service) -> dict[str, Any]:
    answer = await service.client.get("/readyz")
    return {each["code"]: each["detail"] for each in answer.json()["warnings"]}


async def _report_something_long(service: Service, token: Headers) -> int:
    report = {**PAUSED, "note": service.clock().isoformat() + "x" * 250}
    return (await service.client.put(_REPORT, json=report, headers=token)).status_code


async def _run(database: Database, *statements: str) -> None:
    # Outside a transaction that the service's own rules look at.
    for each in statements:
        # One after the other, or a connection that was ended comes back before the first is committed.
        async with database.engine.begin() as connection:
            await connection.execute(text(each))
