"""A database knows its secret key by a fingerprint, also where it holds only tokens."""

import hashlib
from datetime import timedelta

from sqlalchemy import delete
from tests import processes
from tests.processes import run
from tests.serving import client_of
from tests.test_keys import (
    NEW,
    NEW_BYTES,
    NOW,
    OLD,
    OLD_BYTES,
    OTHER_KEYS_LINE,
    ROTATING,
    SERVE,
    STRANGE_BYTES,
    WORKER,
    add_webhook,
    assert_refused,
    keyed,
    sealed,
    secret,
    unreadable,
)

from capacity_api.conditions import ConditionCode, Conditions
from capacity_api.db.engine import Database
from capacity_api.db.tables import WebhookRow
from capacity_api.domain.keys import Keys
from capacity_api.operations import key_check
from capacity_api.operations.key_check import KeyCheck


async def fingerprint_of(database: Database) -> str | None:
    async with database.read() as session:
        return await key_check.read_fingerprint(session)


async def test_a_database_that_holds_only_tokens_knows_its_key(database: Database, database_url: str) -> None:
    code, issued, _ = await run("token", "issue", "--admin", env=keyed(database_url, OLD))
    assert code == 0
    issue = ("token", "issue", "--admin")
    await assert_refused(
        OTHER_KEYS_LINE, SERVE, WORKER, issue, ("key", "reseal"), env=keyed(database_url, NEW), code=48
    )
    code, out, _ = await run("doctor", "--offline", env=keyed(database_url, NEW))
    assert (code, f"WRONG: {OTHER_KEYS_LINE}" in out) == (1, True)

    # Rotated: either key is enough until everything is resealed, and from then on the new one is needed.
    assert await fingerprint_of(database) == Keys((OLD_BYTES,)).fingerprints()[0]
    assert (await run("key", "reseal", env=keyed(database_url, ROTATING)))[0] == 0
    assert await fingerprint_of(database) == Keys((NEW_BYTES,)).fingerprints()[0]
    await assert_refused(OTHER_KEYS_LINE, SERVE, WORKER, env=keyed(database_url, OLD), code=48)
    async with (
        processes.serving(env=keyed(database_url, f"{OLD},{NEW}")) as server,
        client_of(server.address, headers={"authorization": f"Bearer {issued.strip()}"}) as client,
    ):
        assert (await client.get("/v1/me")).status_code == 200


async def test_a_lost_key_gives_way_to_a_new_one(database: Database, database_url: str) -> None:
    await run("token", "issue", "--admin", env=keyed(database_url, OLD))
    assert (await run("key", "reseal", "--disable-unreadable", env=keyed(database_url, NEW)))[0] == 0
    code, issued, _ = await run("token", "issue", "--admin", env=keyed(database_url, NEW))
    assert (code, bool(issued)) == (0, True)


async def test_serving_keeps_the_fingerprint_of_its_newest_key(database: Database, database_url: str) -> None:
    assert await fingerprint_of(database) is None
    async with processes.serving(env=keyed(database_url, ROTATING)):
        assert await fingerprint_of(database) == Keys((NEW_BYTES,)).fingerprints()[0]


async def test_a_running_service_looks_again(database: Database) -> None:
    """At once when the database has another key; each hour at what is sealed."""
    now = NOW
    conditions = Conditions(lambda: now)
    check = KeyCheck(database, Keys((OLD_BYTES,)), conditions, lambda: now)
    async with database.write() as session:
        await key_check.require_keys(session, now, Keys((OLD_BYTES,)))
    await check.look()
    assert not conditions.holds(ConditionCode.SECRETS_UNREADABLE)
    await add_webhook(database, sealed(secret(1), STRANGE_BYTES))
    now += timedelta(minutes=59)
    await check.look()
    assert not conditions.holds(ConditionCode.SECRETS_UNREADABLE)
    now += timedelta(minutes=2)
    await check.look()
    assert conditions.holds(ConditionCode.SECRETS_UNREADABLE)

    async with database.write() as session:
        await session.execute(delete(WebhookRow))
    await check.look()
    assert not conditions.holds(ConditionCode.SECRETS_UNREADABLE)
    async with database.write() as session:
        await key_check.keep_newest(session, Keys((NEW_BYTES,)))
    await check.look()
    assert conditions.holds(ConditionCode.SECRETS_UNREADABLE)


async def test_one_secret_that_no_key_opens_does_not_stop_the_key_of_the_database(
    database: Database, database_url: str
) -> None:
    await run("token", "issue", "--admin", env=keyed(database_url, OLD))
    lost = await add_webhook(database, {"sealed": "damaged", "until": None})
    async with processes.serving(env=keyed(database_url, OLD)) as server, client_of(server.address) as client:
        assert str(lost) in await unreadable(client)


def test_a_fingerprint_does_not_lead_to_the_key() -> None:
    """Nothing of the key, nor of a hash that is stored, is in it."""
    keys = Keys((OLD_BYTES, NEW_BYTES))
    first, second = keys.fingerprints()
    assert len({first, second}) == 2
    assert len(first) == 16
    others = [OLD_BYTES, hashlib.sha256(OLD_BYTES).digest(), *keys.link_hashes(""), *keys.email_hashes("")]
    assert all(first not in each.hex() for each in [*others, *keys.token_hashes("")])
