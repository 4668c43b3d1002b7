"""The commands: what they print, how they fail."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import insert
from tests import processes
from tests.listed import sqlite_template
from tests.processes import environment, run
from tests.serving import PATIENCE_SECONDS, client_of
from uuid_utils.compat import uuid7

from capacity_api.db.engine import Database
from capacity_api.db.sqlite_file import make_empty
from capacity_api.db.tables import PartnerRow, TokenRow

__all__ = ["sqlite_template"]


@pytest.fixture
def env(sqlite_url: str) -> dict[str, str]:
    return environment(sqlite_url, write_limit="0")


async def test_help_names_every_command() -> None:
    code, out, _ = await run("--help", env=environment("sqlite+aiosqlite:///unused.db"))
    assert code == 0
    for command in (
        "serve",
        "worker",
        "demo",
        "db",
        "key",
        "site",
        "responder",
        "token",
        "partner",
        "audit",
        "owner",
        "listen",
        "webhook",
        "openapi",
    ):
        assert f"\n  {command} " in out


async def test_a_token_is_issued_as_json_for_each_kind_of_owner(env: dict[str, str]) -> None:
    code, out, err = await run("token", "issue", "--responder", "salvation-army", "--json", env=env)
    assert code == 0, err
    issued = json.loads(out)
    assert set(issued) == {"id", "token", "label", "owner", "scopes", "expires_at"}
    assert (issued["owner"], issued["label"]) == ("salvation-army", None)
    assert issued["scopes"] == ["intake:write", "responder:write", "webhooks:manage"]
    _, out, _ = await run("token", "issue", "--partner", "Case tool", "--days", "30", "--json", env=env)
    assert json.loads(out)["scopes"] == ["webhooks:manage"]
    scope = ("--scope", "intake:write")
    _, out, _ = await run("token", "issue", "--responder", "salvation-army", *scope, "--json", env=env)
    assert json.loads(out)["scopes"] == ["intake:write"]
    _, out, _ = await run("token", "issue", "--admin", "--json", env=env)
    assert json.loads(out)["scopes"] == ["admin"]
    _, out, _ = await run("partner", "list", "--json", env=env)
    assert [each["name"] for each in json.loads(out)] == ["Case tool"]
    _, out, _ = await run("token", "list", "--json", env=env)
    assert "cap_" not in out
    assert len(json.loads(out)) == 4


async def test_lists_are_whole_however_long(env: dict[str, str], database: Database, database_url: str) -> None:
    now = datetime.now(UTC)
    partners = [{"id": uuid7(), "name": f"Partner {n}", "created_at": now} for n in range(1100)]
    issued = [
        {"id": uuid7(), "hash": bytes([n % 256, n // 256]), "partner_id": each["id"], "scopes": [], "created_at": now}
        for n, each in enumerate(partners)
    ]
    async with database.write() as session:
        await session.execute(insert(PartnerRow), partners)
        await session.execute(insert(TokenRow), issued)
    for command, expected in (("partner", partners), ("token", issued)):
        _, out, _ = await run(command, "list", "--json", env=env | {"CAPACITY_DATABASE_URL": database_url})
        assert {each["id"] for each in json.loads(out)} == {str(each["id"]) for each in expected}


async def test_errors_are_one_line_on_stderr(env: dict[str, str], tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text(
        '{"slug": "new", "name": "New", '
        '"remit": {"areas": ["E1"], "age_groups": [], "exploitation_types": ["unknown"]}}'
    )
    cases = [
        (("token", "issue", "--responder", "nobody"), {}, 1, "No responder 'nobody' is listed"),
        (("token", "issue"), {}, 2, "name one owner"),
        (("responder", "add", str(bad)), {}, 1, "/remit/areas/0"),
        (("db", "check"), {}, 1, "the database is empty"),
        (("serve", "--workers", "2"), {}, 1, "needs PostgreSQL"),
        (("serve",), {"CAPACITY_COLOUR": "red"}, 1, "CAPACITY_COLOUR is not a setting"),
        (("serve",), {"CAPACITY_DATABASE_URL": "mysql://x"}, 1, "CAPACITY_DATABASE_URL must start with"),
        (("listen",), {"CAPACITY_LISTEN_SECRET": "whsec_nonsense"}, 1, "the secret cannot be used"),
        (("listen", "--secret", "whsec_AAAA"), {}, 2, "No such option"),
        (("listen",), {}, 2, "set CAPACITY_LISTEN_SECRET, or give --secret-file"),
    ]
    for arguments, settings, expected, text in cases:
        if arguments == ("db", "check"):
            make_empty(tmp_path / "empty.db")
            settings = {"CAPACITY_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}"}
        code, _, err = await run(*arguments, env=env | settings)
        assert code == expected, (arguments, err)
        assert text in err
        if expected == 1:
            # The log is JSON here.
            assert len([line for line in err.splitlines() if not line.startswith("{")]) == 1, err


async def test_a_running_server_shows_a_change_of_the_command_line_within_a_second(
    env: dict[str, str], tmp_path: Path
) -> None:
    new = tmp_path / "new.json"
    remit = {"areas": ["S92000003"], "exploitation_types": ["all"], "age_groups": ["adult"]}
    new.write_text(json.dumps({"slug": "new-responder", "name": "New", "remit": remit}))
    async with processes.serving(env=env) as server, client_of(server.address) as client:
        before = (await client.get("/v1/directory")).json()["sequence"]
        assert (await run("responder", "add", str(new), env=env))[0] == 0
        # The server has usually noticed the change before the command ends; the read waits until it has.
        directory = await _version(client, before + 1)
        assert "new-responder" in [each["slug"] for each in directory["responders"]]
    again = await run("responder", "add", str(new), env=env)
    assert (again[0], again[2].strip()) == (1, "capacity-api: A responder 'new-responder' is listed already")


async def test_the_openapi_command_prints_the_document(env: dict[str, str]) -> None:
    _, out, _ = await run("openapi", env=env)
    assert json.loads(out)["openapi"].startswith("3.1")


async def test_only_serve_makes_a_key_file(env: dict[str, str], tmp_path: Path) -> None:
    del env["CAPACITY_SECRET_KEY"]
    key = tmp_path / "capacity.db.key"
    line = (
        f"capacity-api: there is no secret key: `capacity-api serve` makes the key file {key}, or set "
        "CAPACITY_SECRET_KEY\n"
    )
    for command in (("token", "issue", "--admin"), ("worker",), ("key", "reseal")):
        assert await run(*command, env=env) == (1, "", line)
        assert not key.exists()
    # Nothing that only reads needs one.
    assert (await run("token", "list", env=env))[0] == 0
    async with processes.serving(env=env):
        pass
    assert key.stat().st_mode & 0o777 == 0o600
    assert (await run("token", "issue", "--admin", env=env))[0] == 0


async def _version(client: httpx.AsyncClient, wanted: int) -> dict[str, list[dict[str, str]]]:
    """Wait until the directory has reached this version, and return it."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            directory = (await client.get("/v1/directory")).json()
            if directory["sequence"] >= wanted:
                return dict(directory)
            # A reader is not notified of a new version, so this asks again until an answer has it.
            await client.get("/readyz")
