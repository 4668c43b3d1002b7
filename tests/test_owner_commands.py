"""`capacity-api owner` and what `token` and `responder` say of owners, on both databases."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from tests.api.people import add_person
from tests.conftest import SECRET_KEY, Clock
from tests.listed import postgresql_template, sqlite_template
from tests.processes import environment, run
from tests.serving import serving

from capacity_api.clock import utc_now
from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.domain.keys import Keys
from capacity_api.operations import owners
from capacity_api.operations.responders import delist_responder, read_register
from capacity_api.operations.webhooks import management
from capacity_api.operations.webhooks.management import WebhookRequest

__all__ = ["postgresql_template", "sqlite_template"]


@pytest.fixture
def env(database_url: str) -> dict[str, str]:
    return environment(database_url, write_limit="0")


async def test_a_token_ends_after_a_year_and_the_list_says_so_in_time(env: dict[str, str]) -> None:
    async def issue(*options: str) -> datetime | None:
        code, out, err = await run("token", "issue", "--responder", "tara", *options, "--json", env=env)
        assert code == 0, err
        expires_at = json.loads(out)["expires_at"]
        return None if expires_at is None else datetime.fromisoformat(expires_at)

    now = datetime.now(UTC)
    in_a_year = await issue("--label", "Office")
    assert in_a_year is not None
    assert timedelta(days=365) <= in_a_year - now < timedelta(days=366)
    assert await issue("--never-expires") is None
    soon = await issue("--days", "30", "--label", "Night desk")
    assert soon is not None
    _, out, _ = await run("token", "list", env=env)
    night_desk, never, office = [line.split("  ") for line in out.splitlines()[1:]]
    assert [part.strip() for part in night_desk if part][1:] == [
        "tara",
        "Night desk",
        f"until {soon:%Y-%m-%d} (in 29 days)",
        "never",
    ]
    assert [part.strip() for part in never if part][1:] == ["tara", "yes", "never"]
    assert [part.strip() for part in office if part][1:] == ["tara", "Office", f"until {in_a_year:%Y-%m-%d}", "never"]
    code, _, err = await run("token", "issue", "--admin", "--days", "3", "--never-expires", env=env)
    assert code == 2
    assert "not both" in err


async def test_an_owner_is_suspended_and_resumed(env: dict[str, str]) -> None:
    assert (await run("token", "issue", "--partner", "Case tool", env=env))[0] == 0
    for command, is_suspended in (("suspend", True), ("suspend", True), ("resume", False), ("resume", False)):
        for named in (("--partner", "Case tool"), ("--responder", "tara")):
            code, out, err = await run("owner", command, *named, "--json", env=env)
            assert code == 0, err
            assert json.loads(out)["suspended"] is is_suspended
        _, out, _ = await run("owner", "list", "--json", env=env)
        listed = {each["name"]: each for each in json.loads(out)}
        assert len(listed) == 15
        suspended = {name for name, each in listed.items() if each["suspended"]}
        assert suspended == ({"Case tool", "TARA"} if is_suspended else set())
        assert (listed["Case tool"]["token_count"], listed[None]["type"]) == (1, "admin")
    await run("owner", "suspend", "--partner", "Case tool", env=env)
    _, out, _ = await run("owner", "list", env=env)
    assert [line.split()[:6] for line in out.splitlines()[:2]] == [
        ["owner", "type", "tokens", "webhooks", "people", "suspended"],
        ["Case", "tool", "partner", "1", "0", "0"],
    ]
    for arguments, expected, text in (
        (("suspend",), 2, "name one owner"),
        (("resume", "--partner", "Case tool", "--responder", "tara"), 2, "name one owner"),
        (("suspend", "--responder", "nobody"), 1, "No responder 'nobody' is listed"),
        (("resume", "--partner", "Nobody"), 1, "There is no partner 'Nobody'"),
    ):
        code, _, err = await run("owner", *arguments, env=env)
        assert (code, text in err) == (expected, True), err
    code, _, err = await run("token", "issue", "--partner", "Case tool", env=env)
    assert (code, "Case tool is suspended" in err) == (1, True)


async def test_a_token_that_is_revoked_says_where_to_look_for_the_people_that_it_added(
    env: dict[str, str], settings: Settings
) -> None:
    issued = []
    for _ in range(2):
        _, out, _ = await run("token", "issue", "--responder", "tara", "--json", env=env)
        issued.append(json.loads(out))
    async with serving(settings, Clock(utc_now())) as service:
        await add_person(service, {"authorization": f"Bearer {issued[0]['token']}"})
    for each, is_named in zip(issued, (True, False), strict=True):
        _, _, err = await run("token", "revoke", each["id"], env=env)
        assert (f"capacity-api audit --actor {each['id']} --action person" in err) is is_named


async def test_the_last_token_that_is_revoked_names_the_webhooks_that_go_on(
    env: dict[str, str], database: Database
) -> None:
    issued = []
    for _ in range(2):
        _, out, _ = await run("token", "issue", "--partner", "Case tool", "--json", env=env)
        issued.append(json.loads(out)["id"])
    async with database.write() as session:
        partner = await owners.partner_owner(session, "Case tool")
        new = WebhookRequest(url="https://partner.example/")
        await management.add(session, utc_now(), Keys((SECRET_KEY,)), partner, new, ())
    code, out, err = await run("token", "revoke", issued[0], env=env)
    assert (code, out) == (0, f"revoked {issued[0]}\n")
    assert "no token left" not in err
    _, _, err = await run("token", "revoke", issued[1], env=env)
    assert "Case tool has no token left, and its active webhooks still receive events: 1" in err
    assert "owner suspend --partner 'Case tool'" in err
    await run("owner", "suspend", "--partner", "Case tool", env=env)
    _, _, err = await run("token", "revoke", issued[1], env=env)
    assert "no token left" not in err


async def test_a_responder_that_is_listed_again_is_still_suspended(
    env: dict[str, str], database: Database, tmp_path: Path
) -> None:
    tara = next(each for each in read_register() if each.slug == "tara")
    file = tmp_path / "tara.json"
    file.write_bytes(msgspec.json.encode(tara))
    async with database.write() as session:
        await delist_responder(session, utc_now(), "tara")
    code, out, err = await run("responder", "add", str(file), env=env)
    assert (code, out) == (0, "listed tara\n")
    assert "tara is still suspended" in err
    assert "owner resume --responder tara" in err
    assert (await run("owner", "resume", "--responder", "tara", env=env))[0] == 0
