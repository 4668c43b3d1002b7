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
from tests.sites import report_open
from uuid_utils.compat import uuid7

from capacity_api.db.engine import Database
from capacity_api.db.sqlite_file import make_empty
from capacity_api.db.tables import PartnerRow, TokenRow

__all__ = ["sqlite_template"]


REMIT = {"areas": ["K02000001"], "exploitation_types": ["all"], "age_groups": ["adult"], "genders": ["all"]}


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
        "person",
        "handover",
        "mail",
        "dispute",
        "digest",
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
        (("db", "check"), {}, 40, "the database is empty"),
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
        if expected != 2:
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
        assert await run(*command, env=env) == (47, "", line)
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


async def _ok(*command: str, env: dict[str, str]) -> str:
    code, out, err = await run(*command, env=env)
    assert code == 0, err
    return out


async def test_what_is_added_and_what_is_listed_can_be_read_as_json(env: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "new.json"
    file.write_text(json.dumps({"slug": "new-one", "name": "New One", "remit": REMIT}))
    (added,) = json.loads(await _ok("responder", "add", str(file), "--json", env=env))
    listed = json.loads(await _ok("responder", "list", "--json", env=env))
    assert added in listed
    assert {each["intake"]["state"] for each in listed} == {"unconfirmed"}
    partner = json.loads(await _ok("partner", "add", "Case tool", "--json", env=env))
    assert json.loads(await _ok("partner", "list", "--json", env=env)) == [partner]
    manifest = json.loads(await _ok("backup", str(tmp_path / "backup.db"), "--json", env=env))
    assert manifest["sequence"] == added["sequence"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_was_redacted_can_be_read_as_json(env: dict[str, str], database: Database) -> None:
    await report_open(database, "tara", "Ask for Ann.")
    done = json.loads(await _ok("redact", "tara", "--field", "report.note", "--from", "1", "--json", env=env))
    assert done["event_count"] == 1
    (tara,) = [each for each in json.loads(await _ok("responder", "list", "--json", env=env)) if each["slug"] == "tara"]
    assert tara["intake"]["report"]["note"] is None


async def test_a_revoked_token_has_ended(env: dict[str, str]) -> None:
    issued = json.loads(await _ok("token", "issue", "--admin", "--json", env=env))
    _, _, err = await run("token", "revoke", issued["id"], env=env)
    assert [line for line in err.splitlines() if not line.startswith("{")] == [], "an administrator has no webhooks"
    (line,) = (await _ok("token", "list", env=env)).splitlines()[1:]
    assert line.split() == [issued["id"], "admin", "ended", "never"]


async def test_the_audit_says_that_there_is_more_than_it_prints(env: dict[str, str]) -> None:
    for name in ("One", "Two"):
        await _ok("partner", "add", name, env=env)
    code, out, err = await run("audit", "--action", "partner.add", "--limit", "1", env=env)
    assert (code, len(out.splitlines())) == (0, 2)
    assert err == "there are more than 1; --limit shows them\n"
    code, _, err = await run("audit", "--from", "2026-11-22", "--to", "2026-11-21", env=env)
    assert code == 2
    assert "--from must not be after --to" in err


async def test_what_is_no_command_is_said_to_be_none(env: dict[str, str]) -> None:
    code, _, err = await run("serv", env=env)
    assert code == 2
    assert "No such command 'serv'" in err


async def test_a_new_key_is_printed_and_works(env: dict[str, str]) -> None:
    first, second = [(await _ok("key", env=env)).strip() for _ in range(2)]
    assert first != second
    await _ok("token", "issue", "--admin", env={**env, "CAPACITY_SECRET_KEY": first})


@pytest.mark.parametrize("has_schema", [True, False])
async def test_a_command_that_needs_a_key_says_that_there_is_none(
    has_schema: bool, sqlite_url: str, tmp_path: Path
) -> None:
    make_empty(tmp_path / "empty.db")
    env = environment(sqlite_url if has_schema else f"sqlite:///{tmp_path}/empty.db")
    del env["CAPACITY_SECRET_KEY"]
    code, _, err = await run("token", "issue", "--admin", env=env)
    assert code == 47
    assert "there is no secret key: `capacity-api serve` makes the key file" in err


async def test_a_restore_says_that_the_key_is_not_there(env: dict[str, str], tmp_path: Path) -> None:
    await _ok("backup", str(tmp_path / "backup.db"), env=env)
    del env["CAPACITY_SECRET_KEY"]
    code, _, err = await run("restore", str(tmp_path / "backup.db"), env=env)
    assert code == 0
    assert "The secret key is not there: put the key file back, or set CAPACITY_SECRET_KEY." in err
