"""`capacity-api mail list`, on both databases."""

import json

import pytest
from tests.mail import rows
from tests.processes import environment, run

from capacity_api.clock import utc_now
from capacity_api.db.engine import Database
from capacity_api.domain.mail import MailKind

EMAIL = "ada@example.org"


@pytest.fixture
def env(database_url: str) -> dict[str, str]:
    return environment(database_url)


async def test_mail_is_listed_without_addresses(listed: Database, env: dict[str, str]) -> None:
    now = utc_now()
    owner = await rows.report(listed, now)
    person = await rows.add_person(listed, now, EMAIL, owner)
    await rows.add_reminders(listed, now, owner, [person])
    await rows.add_mail(listed, now, MailKind.SIGN_IN, [await rows.add_person(listed, now, EMAIL)])
    code, out, err = await run("mail", "list", env=env)
    assert code == 0, err
    assert EMAIL not in out
    heads, sign_in, reminder = [line.split() for line in out.splitlines()]
    written = [f"{now:%Y-%m-%d}", f"{now:%H:%M}"]
    assert heads == ["written", "kind", "to", "about", "status", "attempts", "reason", "next", "attempt"]
    assert sign_in == [*written, "sign_in", "admin", "-", "waiting", "0", "-", *written]
    about = ["salvation-army", "salvation-army"]
    assert reminder == [*written, "confirmation_due", *about, "waiting", "0", "-", *written]
    for options, kinds in (
        (("--owner", "admin"), ["sign_in"]),
        (("--kind", "confirmation_due", "--status", "waiting"), ["confirmation_due"]),
        (("--status", "refused"), []),
        (("--limit", "1"), ["sign_in"]),
    ):
        code, out, err = await run("mail", "list", *options, "--json", env=env)
        assert [each["kind"] for each in json.loads(out)] == kinds, (options, err)
    _, _, err = await run("mail", "list", "--limit", "1", env=env)
    assert "there are more than 1" in err


async def test_an_owner_that_cannot_be_is_refused(listed: Database, env: dict[str, str]) -> None:
    code, _, err = await run("mail", "list", "--owner", "Not A Slug", env=env)
    assert code == 1
    assert "must be the slug of a responder" in err
