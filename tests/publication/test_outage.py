"""The database goes away; what was published stays, and stays true by the clock."""

import json
import sqlite3
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text
from tests.conftest import Clock
from tests.outages import away, ruin
from tests.serving import OPEN, PAUSED, Service, serving

from capacity_api.config import Settings
from capacity_api.formats.registry import FORMATS


async def test_a_report_that_lapses_while_the_database_is_away_is_unconfirmed_from_that_second_on(
    settings: Settings, clock: Clock
) -> None:
    async with serving(settings, clock) as service:
        await service.report("tara", OPEN)
        token = await service.token(responder="tara")
        async with away(settings.url):
            await service.readiness(lambda codes: bool(codes))
            clock.advance(timedelta(days=7, seconds=-1))
            assert (await service.responder("tara"))["intake"]["state"] == "open"
            assert await _open_somewhere(service)
            page = await service.client.get("/")
            assert "1 open" in page.text
            clock.advance(timedelta(seconds=1))
            for path in ("/v1/directory", "/v1/responders/tara", "/v1/directory?area=S92000003"):
                body = (await service.client.get(path)).json()
                states = {each["intake"]["state"] for each in body.get("responders", [body])}
                assert states == {"unconfirmed"}
            assert not await _open_somewhere(service)
            page = await service.client.get("/")
            assert page.status_code == 200
            assert "0 open" in page.text
            refused = await service.client.put("/v1/responders/tara/intake", json=PAUSED, headers=token)
            assert (refused.status_code, refused.json()["code"]) == (503, "database_unavailable")
            assert (await service.responder("tara"))["intake"]["last_report"]["state"] == "open"


async def test_what_cannot_be_published_leaves_what_was_and_lapses_go_on(settings: Settings, clock: Clock) -> None:
    async with serving(settings, clock) as service:
        await service.report("tara", OPEN)
        admin = await service.token()
        before = await service.read("/v1/directory")
        assert await _stale(service, admin) == "0.0"
        async with service.database.write() as session:
            # A row that nothing here could have written.
            remit = (await session.execute(text("SELECT remit FROM responder WHERE slug = 'unseen'"))).scalar_one()
            await session.execute(text("UPDATE responder SET remit = '[1]', sequence = 99 WHERE slug = 'unseen'"))
            await session.execute(text("UPDATE sequence SET n = 99"))
        await service.readiness(lambda codes: codes == ["publication_stale"])
        assert await _stale(service, admin) == "1.0"
        assert await service.read("/v1/directory") == before
        clock.advance(timedelta(days=7))
        assert (await service.responder("tara"))["intake"]["state"] == "unconfirmed"
        async with service.database.write() as session:
            await session.execute(
                text("UPDATE responder SET remit = :remit WHERE slug = 'unseen'"),
                {"remit": remit if isinstance(remit, str) else json.dumps(remit)},
            )
        await service.readiness(lambda codes: not codes)
        assert (await service.read("/v1/directory"))["sequence"] > before["sequence"]


async def _stale(service: Service, admin: dict[str, str]) -> str:
    metrics = (await service.client.get("/metrics", headers=admin)).text
    line = next(line for line in metrics.splitlines() if line.startswith("capacity_publication_stale "))
    return line.split()[1]


async def _open_somewhere(service: Service) -> bool:
    coverage = await service.read("/v1/coverage")
    somewhere = any(cell["open"] for cell in coverage["cells"])
    assert somewhere == (len(coverage["gaps"]) > 1), "one gap for everybody, or several around who is open"
    return somewhere


def test_the_ruin_is_real(tmp_path: Path) -> None:
    path = tmp_path / "ruined.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE held (n INTEGER)")
    connection.execute("INSERT INTO held VALUES (1)")
    ruin(path)
    try:
        connection.execute("SELECT n FROM held").fetchall()
    except sqlite3.DatabaseError:
        return
    finally:
        connection.close()
    raise AssertionError("the database still answers")


async def test_what_memory_holds_is_answered_in_every_format_while_the_database_is_away(
    settings: Settings, clock: Clock
) -> None:
    async with serving(settings, clock) as service:
        await service.report("tara", OPEN)
        latest = (await service.read("/v1/directory"))["sequence"]
        async with away(settings.url):
            for path in (
                *(path for output in FORMATS for path in output.documents),
                "/v1/directory.csv?accepting=true",
                f"/v1/changes?afterChangeNumber={latest}",
                "/open-referral-uk/services",
            ):
                answer = await service.client.get(path)
                assert answer.status_code == 200, path
