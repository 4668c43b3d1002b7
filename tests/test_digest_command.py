"""`capacity-api digest`, on both databases. `tests/wording/test_digest.py` has its words."""

import json
from datetime import datetime, timedelta

import pytest
from tests.listed import postgresql_template, sqlite_template
from tests.processes import environment, run
from tests.sites import without_key

from capacity_api.clock import utc_now
from capacity_api.db.engine import Database
from capacity_api.operations.responders import delist_responder

__all__ = ["postgresql_template", "sqlite_template"]

PUBLIC = "https://capacity.example.org"
NO_ADDRESS = "CAPACITY_PUBLIC_URL is not set, so the text cannot say where the directory is\n"


@pytest.fixture
def env(database_url: str) -> dict[str, str]:
    # It only reads, so it needs no key.
    return without_key(database_url) | {"CAPACITY_PUBLIC_URL": PUBLIC, "CAPACITY_CONTACT": "network@example.org"}


async def test_it_prints_the_text_and_nothing_else(env: dict[str, str]) -> None:
    code, out, err = await run("digest", env=env)
    assert (code, err) == (0, "")
    assert out.startswith("Who takes new people\n====================\n")
    assert "Not confirmed: 13" in out
    assert out.count(f"\n{PUBLIC}/\n") == 2
    assert out.endswith("\nnetwork@example.org\n")


async def test_as_json_it_says_of_which_time_it_is(env: dict[str, str]) -> None:
    _, out, _ = await run("digest", "--days", "3", "--json", env=env)
    made = json.loads(out)
    assert set(made) == {"since", "at", "sequence", "text"}
    since, at = (datetime.fromisoformat(made[name]) for name in ("since", "at"))
    assert at - since == timedelta(days=3)
    assert timedelta(0) <= utc_now() - at < timedelta(minutes=5)
    assert made["sequence"] == 13
    assert made["text"].startswith("Who takes new people")


async def test_without_a_public_address_it_says_so(env: dict[str, str]) -> None:
    del env["CAPACITY_PUBLIC_URL"]
    code, out, err = await run("digest", env=env)
    assert (code, err) == (0, NO_ADDRESS)
    assert "Check today, in the directory that this text was made from." in out


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("days", ["0", "91", "week"])
async def test_other_spans_are_refused(env: dict[str, str], days: str) -> None:
    code, out, _ = await run("digest", "--days", days, env=env)
    assert (code, out) == (2, "")


async def test_while_the_clock_is_in_doubt_there_is_none(env: dict[str, str], database: Database) -> None:
    async with database.write() as session:
        await delist_responder(session, utc_now() + timedelta(hours=1), "tara")
    code, out, err = await run("digest", env=env)
    assert (code, out) == (1, "")
    (line,) = [line for line in err.splitlines() if not line.startswith("{")]
    assert line.startswith("capacity-api: the clock is in doubt, so nobody knows what has lapsed: the newest event is")


async def test_on_a_database_without_a_schema_it_is_one_line(empty_database_url: str) -> None:
    code, out, err = await run("digest", env=environment(empty_database_url, public_url=PUBLIC))
    assert (code, out) == (40, "")
    assert "the database is empty" in err
