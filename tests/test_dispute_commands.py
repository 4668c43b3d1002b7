"""`capacity-api responder chase` and `dispute list`, on both databases."""

import json
from datetime import timedelta
from typing import Any

import pytest
from tests.conftest import SECRET_KEY
from tests.listed import postgresql_template, sqlite_template
from tests.processes import environment, run
from tests.test_audit_commands import MAIL

from capacity_api.clock import utc_now
from capacity_api.db.engine import Database
from capacity_api.domain.disputes import DisputeFinding
from capacity_api.domain.keys import Keys
from capacity_api.domain.people import Role
from capacity_api.operations import owners, people
from capacity_api.operations.disputes import add_dispute

__all__ = ["postgresql_template", "sqlite_template"]

EMAIL = "desk@charity.example"


@pytest.fixture
def env(database_url: str) -> dict[str, str]:
    return environment(database_url, **MAIL)


async def printed(env: dict[str, str], *arguments: str) -> Any:
    code, out, err = await run(*arguments, "--json", env=env)
    assert code == 0, err
    return json.loads(out)


def table(out: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in out.splitlines()]


def said(err: str) -> list[str]:
    """What is said to people on standard error. The log is JSON here."""
    return [line for line in err.splitlines() if not line.startswith("{")]


async def add_person(database: Database, slug: str) -> str:
    """Add somebody who is reminded of this responder."""
    async with database.write() as session:
        owner = await owners.responder_owner(session, slug)
        person = await people.add_person(session, utc_now(), Keys((SECRET_KEY,)), owner, EMAIL, tuple(Role))
    return str(person.id)


async def test_a_responder_is_chased_at_most_once_an_hour(env: dict[str, str], database: Database) -> None:
    person = await add_person(database, "tara")
    code, out, err = await run("responder", "chase", "tara", env=env)
    assert (code, out, said(err)) == (0, "people of tara who are asked: 1\n", [])
    code, _, err = await run("responder", "chase", "tara", env=env)
    assert code == 1
    assert said(err) == [
        "capacity-api: This responder's people were asked within the last hour; wait before you ask again"
    ]
    (mail,) = await printed(env, "mail", "list")
    assert (mail["kind"], mail["person_id"], mail["slug"], mail["status"]) == ("chased", person, "tara", "waiting")


async def test_to_chase_a_responder_that_has_nobody_says_so(env: dict[str, str]) -> None:
    assert await printed(env, "responder", "chase", "kalayaan") == {"people_count": 0}
    _, _, err = await run("responder", "chase", "tara", env=env)
    assert said(err) == ["it has nobody who is reminded: ring it, and add people by `person invite`"]
    code, _, err = await run("responder", "chase", "nobody", env=env)
    line = "No responder 'nobody' is listed; `capacity-api responder list` shows those that there are"
    assert (code, said(err)) == (1, [f"capacity-api: {line}"])


async def test_without_a_mail_server_nobody_is_chased(database_url: str) -> None:
    code, out, err = await run("responder", "chase", "tara", env=environment(database_url))
    assert (code, out) == (1, "")
    assert "no mail is sent from here: set CAPACITY_SMTP_URL" in err


async def test_disputes_are_listed(env: dict[str, str], database: Database) -> None:
    now = utc_now()
    async with database.write() as session:
        await owners.add_partner(session, now, "Case tool")
        partner = await owners.partner_owner(session, "Case tool")
    for slug, found, at in (
        ("tara", DisputeFinding.PAUSED, now),
        ("kalayaan", DisputeFinding.NO_ANSWER, now + timedelta(seconds=1)),
    ):
        async with database.write() as session:
            await add_dispute(session, at, partner, slug, found)
    _, out, _ = await run("dispute", "list", env=env)
    heads, *rows = table(out)
    assert heads == ["at", "responder", "partner", "found", "shown"]
    assert [row[1:] for row in rows] == [
        ["kalayaan", "Case tool", "no_answer", "unconfirmed"],
        ["tara", "Case tool", "paused", "unconfirmed"],
    ]
    newest, _ = await printed(env, "dispute", "list")
    assert (newest["slug"], newest["partner"]["name"], newest["found"]) == ("kalayaan", "Case tool", "no_answer")
    code, out, err = await run("dispute", "list", "--limit", "1", env=env)
    assert (code, len(out.splitlines()), said(err)) == (0, 2, ["there are more than 1; --limit shows them"])
