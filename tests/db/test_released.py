"""A database of each release becomes one of this version and serves.

`tools/freeze_database.py` wrote the dumps with the code of the time, and beside each what its clients knew. Commit
cda615b is 0.1.0, whose first migration got another column afterwards; `revision_0009` is one from before 1.0.
`before_0007` has a whole month in the old form, and what each fact of it becomes.
"""

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, inspect, select, text
from sqlalchemy.engine import Connection, make_url
from tests.conftest import SECRET_KEY, Clock, settings_of
from tests.databases import RELEASED, load_dump
from tests.processes import environment, run
from tests.serving import serving

from capacity_api.clock import utc_now
from capacity_api.db.engine import Database
from capacity_api.db.mark import mark_path
from capacity_api.db.migrations import OLDEST_TABLE, REVISION_TABLE
from capacity_api.db.tables import TokenRow, WebhookRow
from capacity_api.domain.keys import Keys
from capacity_api.operations.webhooks.secrets import valid_secrets

NAMES = sorted({path.name.removesuffix(".sqlite.sql") for path in RELEASED.glob("*.sqlite.sql")})
# In these a responder that was delisted kept its tokens.
BEFORE_SUSPENSION = ("cda615b", "revision_0009")
DAYS = 3650


@pytest.fixture(params=NAMES)
def frozen(request: pytest.FixtureRequest, empty_database_url: str) -> Path:
    """A dump, which the empty database now holds."""
    url = make_url(empty_database_url)
    dump = RELEASED / f"{request.param}.{url.get_backend_name()}.sql"
    asyncio.run(load_dump(url, dump))
    if mark := _facts(dump).get("mark"):
        mark_path(settings_of(empty_database_url)).write_text(mark)
    return dump


def _facts(frozen: Path) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(frozen.with_suffix(".json").read_text())
    return facts


async def _upgrade(url: str) -> None:
    for command, said in (("upgrade", "the schema is at "), ("check", "the schema is up to date")):
        code, out, err = await run("db", command, env=environment(url))
        assert code == 0, err
        assert out.startswith(said)


def _count_rows(connection: Connection) -> dict[str, int]:
    names = set(inspect(connection).get_table_names()) - {OLDEST_TABLE, REVISION_TABLE}
    return {name: connection.scalar(select(func.count()).select_from(text(name))) or 0 for name in names}


async def test_each_table_has_rows(frozen: Path, empty_database: Database) -> None:
    async with empty_database.read() as session:
        counts = await (await session.connection()).run_sync(_count_rows)
    assert counts
    # A process that ends as it should removes its heartbeat.
    assert {name for name, count in counts.items() if count == 0} <= {"heartbeat"}


async def test_it_becomes_a_database_of_this_version_and_serves(frozen: Path, empty_database_url: str) -> None:
    facts = _facts(frozen)
    slug, webhook = facts["slug"], facts["webhook"]
    await _upgrade(empty_database_url)

    async with serving(settings_of(empty_database_url), Clock(datetime.fromisoformat(facts["at"]))) as service:
        intake = (await service.responder(slug))["intake"]
        assert intake["state"] == facts["report"]["state"]
        assert {name: intake["report"][name] for name in facts["report"]} == facts["report"]
        assert intake["confirm_by"] == facts["confirm_by"]
        assert (await service.client.get("/readyz")).status_code == 200

        responder, partner = ({"authorization": f"Bearer {facts['tokens'][name]}"} for name in ("responder", "partner"))
        answer = await service.client.post(f"/v1/responders/{slug}/intake/confirmation", headers=responder)
        assert answer.status_code == 200, answer.text
        answer = await service.client.get(f"/v1/webhooks/{webhook['id']}", headers=partner)
        assert answer.status_code == 200, answer.text

        async with service.database.read() as session:
            stored = (await session.scalars(select(WebhookRow))).one()
        keys = Keys((SECRET_KEY,))
        assert [keys.unseal(secret) for secret in valid_secrets(stored.secrets, utc_now())] == [webhook["secret"]]


async def test_the_successor_of_a_token_lasts_as_long(frozen: Path, empty_database_url: str) -> None:
    facts = _facts(frozen)
    await _upgrade(empty_database_url)
    now = datetime.fromisoformat(facts["at"])
    async with serving(settings_of(empty_database_url), Clock(now)) as service:
        async with service.database.read() as session:
            ending = (await session.scalars(select(TokenRow).where(TokenRow.partner_id.is_not(None)))).one()
        assert ending.lifetime_seconds == DAYS * 86_400
        partner = {"authorization": f"Bearer {facts['tokens']['partner']}"}
        answer = await service.client.post(f"/v1/tokens/{ending.id}/rotate", json={}, headers=partner)
        assert answer.status_code == 201, answer.text
        assert (datetime.fromisoformat(answer.json()["expires_at"]) - now).days == DAYS


@pytest.mark.parametrize("frozen", BEFORE_SUSPENSION, indirect=True)
async def test_a_responder_that_was_delisted_is_suspended(frozen: Path, empty_database_url: str) -> None:
    facts = _facts(frozen)
    database = Database(settings_of(empty_database_url))
    async with database.write(recovering=True) as session:
        await session.execute(
            text("UPDATE responder SET delisted_at = updated_at WHERE slug = :slug"), {"slug": facts["slug"]}
        )
        await session.execute(
            text(
                "UPDATE webhook SET partner_id = NULL, "
                "responder_id = (SELECT id FROM responder WHERE delisted_at IS NOT NULL)"
            )
        )
    await database.close()
    await _upgrade(empty_database_url)
    async with serving(settings_of(empty_database_url), Clock(datetime.fromisoformat(facts["at"]))) as service:
        for name, code in (("responder", "owner_suspended"), ("partner", None)):
            token = {"authorization": f"Bearer {facts['tokens'][name]}"}
            answer = await service.client.get("/v1/me", headers=token)
            assert answer.json().get("code") == code, answer.text
        async with service.database.read() as session:
            assert (await session.scalars(select(WebhookRow.suspended))).all() == [True]
