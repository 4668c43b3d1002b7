"""`capacity-api person` and `handover`, on both databases."""

import asyncio
import json
from asyncio.subprocess import PIPE
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from tests.conftest import SECRET_KEY
from tests.listed import postgresql_template, sqlite_template
from tests.processes import COMMAND, environment, finish, run

from capacity_api.clock import utc_now
from capacity_api.db.engine import Database
from capacity_api.db.people_tables import LinkRow, MailRow
from capacity_api.domain.keys import Keys
from capacity_api.domain.links import parse_link
from capacity_api.operations.link_use import LinkToken, use_link

__all__ = ["postgresql_template", "sqlite_template"]

PUBLIC = "https://capacity.example.org"
MAIL = {"smtp_url": "smtp://127.0.0.1:1?starttls=no", "mail_from": "directory@example.org", "public_url": PUBLIC}
KEYS = Keys((SECRET_KEY,))
DESK = "desk@charity.example"


@pytest.fixture
def env(database_url: str) -> dict[str, str]:
    return environment(database_url, write_limit="0")


async def printed(env: dict[str, str], *arguments: str) -> Any:
    code, out, err = await run(*arguments, "--json", env=env)
    assert code == 0, err
    return json.loads(out)


async def test_people_are_added_listed_and_removed(env: dict[str, str]) -> None:
    await run("partner", "add", "Case tool", env=env)
    desk = await printed(env, "person", "add", " Desk@Charity.example ", "--responder", "tara")
    assert (desk["email"], desk["owner"]["slug"], desk["mail"]) == (DESK, "tara", "ok")
    assert desk["roles"] == ["editor", "reminded"]
    tool = await printed(env, "person", "add", DESK, "--partner", "Case tool", "--role", "editor")
    coordinator = await printed(env, "person", "add", DESK, "--admin", "--role", "reminded", "--role", "editor")
    assert (tool["roles"], coordinator["roles"]) == (["editor"], ["editor", "reminded"])
    everybody = await printed(env, "person", "list")
    assert [each["id"] for each in everybody] == [coordinator["id"], tool["id"], desk["id"]]
    assert await printed(env, "person", "list", "--responder", "tara") == [desk]
    assert await printed(env, "person", "list", "--admin") == [coordinator]
    _, out, _ = await run("person", "list", "--partner", "Case tool", env=env)
    heads, line = [[cell for cell in line.split("  ") if cell] for line in out.splitlines()]
    assert [cell.strip() for cell in heads] == ["id", "owner", "roles", "mail", "added", "address"]
    assert [cell.strip() for cell in line][:4] == [tool["id"], "Case tool", "editor", "ok"]
    assert line[-1] == DESK
    assert (await run("person", "remove", tool["id"], env=env))[:2] == (0, f"removed {tool['id']}\n")
    assert await printed(env, "person", "remove", desk["id"]) == {"id": desk["id"], "removed": True}
    assert await printed(env, "person", "list") == [coordinator]


async def test_no_address_is_in_the_log_of_a_command(env: dict[str, str]) -> None:
    env |= environment(env["CAPACITY_DATABASE_URL"], log_level="debug", **MAIL)
    for command in ("add", "invite"):
        code, out, err = await run("person", command, DESK, "--responder", "tara", env=env)
        assert code == 0
        assert f'"event":"person.{command}"' in err
        assert DESK not in out + err


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("typed", "code"), [(f" {DESK} \n", 0), (f"{DESK}\nmore\n", 0), ("", 1), ("desk\n", 1)])
async def test_an_address_can_come_from_standard_input(env: dict[str, str], typed: str, code: int) -> None:
    process = await asyncio.create_subprocess_exec(
        COMMAND, "person", "add", "-", "--responder", "tara", env=env, stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    assert process.stdin is not None
    process.stdin.write(typed.encode())
    process.stdin.close()
    _, err = await finish(process)
    assert process.returncode == code, err
    assert [person["email"] for person in await printed(env, "person", "list")] == [DESK] * (1 - code)
    assert code == 0 or b"/email is not an email address" in err


async def test_an_invitation_waits_in_the_outbox(env: dict[str, str], database: Database) -> None:
    invited = await printed(
        env | environment(env["CAPACITY_DATABASE_URL"], **MAIL), "person", "invite", DESK, "--admin"
    )
    until = datetime.fromisoformat(invited["expires_at"])
    assert timedelta(days=6, hours=23) < until - utc_now() <= timedelta(days=7)
    async with database.read() as session:
        (mail,) = await session.scalars(select(MailRow))
        link = await session.get_one(LinkRow, mail.link_id)
    assert (mail.status, link.sealed_email is not None and KEYS.unseal(link.sealed_email)) == ("waiting", DESK)
    _, out, _ = await run(
        "person", "invite", DESK, "--responder", "tara", env=env | environment(env["CAPACITY_DATABASE_URL"], **MAIL)
    )
    assert out.startswith("invited; the link in the mail works once, until ")


async def test_a_handover_is_a_link_to_a_token(env: dict[str, str], database: Database) -> None:
    options = ("--scope", "intake:write", "--label", "Referral desk")
    code, link, err = await run("handover", "--responder", "tara", *options, env=env | {"CAPACITY_PUBLIC_URL": PUBLIC})
    assert code == 0
    assert link.startswith(f"{PUBLIC}/update#link=")
    (said,) = [line for line in err.splitlines() if not line.startswith("{")]
    assert said.startswith("for TARA; it works once, until ")
    secret = parse_link(link.strip())
    assert secret is not None
    assert secret not in err
    async with database.write() as session:
        brought = await use_link(session, utc_now(), KEYS, secret)
    assert isinstance(brought, LinkToken)
    assert (brought.owner.slug, brought.scopes) == ("tara", ["intake:write"])
    (token,) = await printed(env, "token", "list")
    assert token["label"] == "Referral desk"


async def test_without_a_public_address_a_handover_is_the_path(env: dict[str, str]) -> None:
    code, link, err = await run("handover", "--admin", env=env)
    assert (code, link.startswith("/manage#link=")) == (0, True)
    assert "CAPACITY_PUBLIC_URL is not set: put the address of the directory in front\n" in err
    handed = await printed(env | {"CAPACITY_PUBLIC_URL": PUBLIC}, "handover", "--admin")
    assert handed["link"].startswith(f"{PUBLIC}/manage#link=")
    assert set(handed) == {"link", "expires_at"}


NOBODY = "019e4500-7c1a-7b3e-9d55-3f0a1c2b4d5e"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("add", DESK), 2, "name one owner: --responder, --partner or --admin"),
        (("add", DESK, "--admin", "--responder", "tara"), 2, "name one owner"),
        (("list", "--admin", "--responder", "tara"), 2, "name one owner"),
        (("add", DESK, "--responder", "nobody"), 1, "No responder 'nobody' is listed"),
        (("add", DESK, "--partner", "Nobody"), 1, "There is no partner 'Nobody'"),
        (("add", "desk", "--admin"), 1, "/email is not an email address"),
        (("add", DESK, "--admin", "--role", "admin"), 2, "'admin' is not one of"),
        (("invite", DESK, "--admin"), 1, "no mail is sent from here: set CAPACITY_SMTP_URL"),
        (("remove", NOBODY), 1, "There is no such person"),
        (("remove", "everybody"), 2, "is not a valid UUID"),
    ],
)
async def test_a_refusal_is_one_line(env: dict[str, str], arguments: tuple[str, ...], code: int, text: str) -> None:
    found, out, err = await run("person", *arguments, env=env)
    assert (found, out) == (code, "")
    assert text in err
    assert DESK not in err
    if code == 1:
        assert len([line for line in err.splitlines() if not line.startswith("{")]) == 1


async def test_the_same_address_is_added_to_an_owner_once(env: dict[str, str]) -> None:
    assert (await run("person", "add", DESK, "--responder", "tara", env=env))[0] == 0
    code, _, err = await run("person", "add", DESK.upper(), "--responder", "tara", env=env)
    assert (code, err) == (1, "capacity-api: This address is a person of the owner already\n")


async def test_a_handover_brings_no_more_than_its_owner_may(env: dict[str, str]) -> None:
    code, out, err = await run("handover", "--responder", "tara", "--scope", "admin", env=env)
    assert (code, out) == (1, "")
    assert "/scopes/0 a token of a responder may have only intake:write" in err
