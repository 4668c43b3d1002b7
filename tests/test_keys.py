"""The secret keys of an installation: rotated while it runs, lost, mixed up. Through the real commands."""

import asyncio
import base64
import json
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import inspect, select, update
from tests import processes
from tests.delivery import endpoints, rows
from tests.delivery.endpoints import Endpoint
from tests.processes import KEY, environment, run
from tests.serving import PATIENCE_SECONDS, client_of
from uuid_utils.compat import uuid7

from capacity_api.config import Settings
from capacity_api.db.bulkheads import Bulkhead
from capacity_api.db.engine import Database
from capacity_api.db.people_tables import LinkRow, MailRow, PersonRow
from capacity_api.db.tables import TokenRow, WebhookRow
from capacity_api.domain import signing
from capacity_api.domain.keys import Keys
from capacity_api.domain.links import LinkKind
from capacity_api.domain.mail import MailKind, MailStatus
from capacity_api.domain.owner import ADMIN
from capacity_api.domain.people import Role
from capacity_api.operations import owners
from capacity_api.operations import sealed as sealed_rows
from capacity_api.operations.links import add_link
from capacity_api.operations.mail import outbox
from capacity_api.operations.webhooks import secrets

OLD_BYTES, NEW_BYTES, STRANGE_BYTES = bytes(range(32)), b"\x07" * 32, b"\x09" * 32
OLD, NEW, STRANGE = KEY, *(base64.urlsafe_b64encode(key).decode() for key in (NEW_BYTES, STRANGE_BYTES))
ROTATING = f"{NEW},{OLD}"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
OTHER_KEYS_LINE = (
    "the secret key is not the one that this database was used with, so no token, link or webhook of it would work; "
    "put back the key that sealed them, or see docs/settings.md if it is lost"
)


def keyed(database_url: str, keys: str, **settings: str) -> dict[str, str]:
    return environment(database_url, secret_key=keys, write_limit="0", egress_allow="127.0.0.0/8", **settings)


def sealed(secret: str, *keys: bytes, until: datetime | None = None) -> dict[str, Any]:
    return {"sealed": Keys(keys or (OLD_BYTES,)).seal(secret), "until": until and until.isoformat()}


async def add_webhook(database: Database, *secrets: dict[str, Any], **fields: Any) -> UUID:
    """Add a webhook with these secrets. Without a `partner_id` it belongs to the administrators."""
    whose = {"partner_id": None, **fields}
    return await rows.add_webhook(database, NOW, "https://partner.example.org/", secrets=list(secrets), **whose)


async def secrets_of(database: Database, webhook: UUID, *keys: bytes) -> list[str]:
    """The webhooks' secrets, unsealed with these keys."""
    stored = await rows.read_webhook(database, webhook)
    return [Keys(keys).unseal(each["sealed"]) for each in stored.secrets]


async def add_person(database: Database, email: str, key: bytes = OLD_BYTES) -> UUID:
    """Add a coordinator with this address, sealed and hashed with this key."""
    keys = Keys((key,))
    row = PersonRow(
        id=uuid7(),
        sealed_email=keys.seal(email),
        email_hash=keys.email_hashes(email)[0],
        roles=[str(role) for role in Role],
        created_at=NOW,
    )
    async with database.write() as session:
        session.add(row)
    return row.id


def secret(n: int) -> str:
    return signing.make_secret("v1", bytes([n]) * 32)


async def columns(database: Database, webhook: UUID) -> dict[str, Any]:
    stored = await rows.read_webhook(database, webhook)
    return {each.key: getattr(stored, each.key) for each in inspect(WebhookRow).column_attrs if each.key != "secrets"}


async def test_every_secret_is_resealed_once_and_unseals_to_the_same(database: Database, database_url: str) -> None:
    ended, ending = NOW - timedelta(days=1), datetime.now(UTC) + timedelta(hours=1)
    rotated = await add_webhook(
        database, sealed(secret(1)), sealed(secret(2), until=ending), sealed(secret(3), until=ended), cursor=5
    )
    disabled = await add_webhook(database, sealed(secret(4)), status="disabled", disabled_reason="gone")
    current = await add_webhook(database, sealed(secret(5), NEW_BYTES))
    more = [await add_webhook(database, sealed(secret(6))) for _ in range(230)]
    before = [await columns(database, each) for each in (rotated, disabled)]
    untouched = (await rows.read_webhook(database, current)).secrets

    env = keyed(database_url, ROTATING)
    assert await run("key", "reseal", env=env) == (0, "resealed the secrets of 232 webhooks\n", "")
    assert await run("key", "reseal", env=env) == (0, "resealed the secrets of 0 webhooks\n", "")

    assert await secrets_of(database, rotated, NEW_BYTES) == [secret(1), secret(2), secret(3)]
    assert [each["until"] for each in (await rows.read_webhook(database, rotated)).secrets] == [
        None,
        ending.isoformat(),
        ended.isoformat(),
    ]
    assert await secrets_of(database, disabled, NEW_BYTES) == [secret(4)]
    assert [await columns(database, each) for each in (rotated, disabled)] == before
    assert (await rows.read_webhook(database, current)).secrets == untouched
    for each in more:
        assert await secrets_of(database, each, NEW_BYTES) == [secret(6)]


async def test_secrets_that_no_key_opens_are_named_and_the_others_are_resealed(
    database: Database, database_url: str
) -> None:
    async with database.write() as session:
        partner = await owners.add_partner(session, NOW, "Case tool")
    async with database.write() as session:
        partner_id = (await owners.partner_owner(session, "Case tool")).id
    lost = await add_webhook(database, sealed(secret(1), STRANGE_BYTES), partner_id=partner_id)
    # The newest secret can be unsealed, and the second one, which also signs, cannot.
    half = await add_webhook(
        database, sealed(secret(2)), sealed(secret(3), STRANGE_BYTES, until=datetime.now(UTC) + timedelta(hours=1))
    )
    damaged = await add_webhook(database, {"sealed": "damaged", "until": None})
    # Nothing is signed with it any more.
    ended = await add_webhook(database, sealed(secret(4)), sealed(secret(5), STRANGE_BYTES, until=NOW))
    whole = await add_webhook(database, sealed(secret(6)))
    env = keyed(database_url, ROTATING)
    named = f"{lost} ({partner.name}), {half} (admin), {damaged} (admin)"
    line = (
        f"capacity-api: no secret key opens the secrets of these webhooks: {named}; docs/settings.md says what to do\n"
    )
    assert await run("key", "reseal", env=env) == (1, "resealed the secrets of 3 webhooks\n", line)
    assert await run("key", "reseal", env=env) == (1, "resealed the secrets of 0 webhooks\n", line)
    assert await secrets_of(database, whole, NEW_BYTES) == [secret(6)]
    assert await secrets_of(database, half, NEW_BYTES, STRANGE_BYTES) == [secret(2), secret(3)]
    assert await secrets_of(database, ended, NEW_BYTES, STRANGE_BYTES) == [secret(4), secret(5)]

    disabling = ("key", "reseal", "--disable-unreadable")
    done = f"disabled, because no secret key opens their secrets: {named}\n"
    code, out, err = await run(*disabling, env=env)
    assert (code, out) == (0, f"resealed the secrets of 0 webhooks\n{done}")
    logged = [json.loads(text) for text in err.splitlines()]
    assert {(each["event"], each["webhook_id"], each["reason"]) for each in logged} == {
        ("webhook.disable", str(each), "secret_lost") for each in (lost, half, damaged)
    }
    assert await run("key", "reseal", env=env) == (0, "resealed the secrets of 0 webhooks\n", "")
    for each, status in ((lost, "disabled"), (half, "disabled"), (damaged, "disabled"), (whole, "active")):
        assert (await rows.read_webhook(database, each)).status == status
    # Nothing was thrown away: a key that is found again opens it.
    found = await run("key", "reseal", env=keyed(database_url, f"{ROTATING},{STRANGE}"))
    assert found == (0, "resealed the secrets of 3 webhooks\n", "")
    assert await secrets_of(database, lost, NEW_BYTES) == [secret(1)]


async def test_a_secret_that_is_rotated_at_the_same_time_is_not_lost(database: Database, database_url: str) -> None:
    webhooks = [await add_webhook(database, sealed(secret(1))) for _ in range(3)]
    env = keyed(database_url, ROTATING)
    _, issued, _ = await run("token", "issue", "--admin", env=env)
    latest: dict[UUID, str] = {}

    async def rotate(client: httpx.AsyncClient, webhook: UUID) -> None:
        answer = await client.post(f"/v1/webhooks/{webhook}/rotate-secret")
        assert answer.status_code == 200, answer.text
        latest[webhook] = answer.json()["secret"]

    # The service still seals with the old key first, so that there is always something to do.
    async with (
        processes.serving(env=keyed(database_url, f"{OLD},{NEW}")) as server,
        client_of(server.address, headers={"authorization": f"Bearer {issued.strip()}"}) as client,
    ):
        resealing = asyncio.create_task(run("key", "reseal", env=env))
        rounds = 0
        while not resealing.done() and rounds < 60:
            await asyncio.gather(*(rotate(client, each) for each in webhooks))
            rounds += 1
        code, _, err = await resealing
    assert (code, err) == (0, "")
    for each in webhooks:
        assert (await secrets_of(database, each, NEW_BYTES, OLD_BYTES))[0] == latest[each]


async def test_a_webhook_that_somebody_has_locked_is_left_for_later(postgresql_url: str) -> None:
    database = Database(Settings(database_url=postgresql_url))
    keys = Keys((NEW_BYTES, OLD_BYTES))
    locked = await add_webhook(database, sealed(secret(1)))
    free = await add_webhook(database, sealed(secret(2)))
    async with database.write() as session, database.write() as beside:
        row = await session.get_one(WebhookRow, locked, with_for_update=True)
        row.secrets = [sealed(secret(3))]
        await session.flush()
        assert await secrets.reseal(beside, NOW, keys, [locked, free], disable_unreadable=False) == {free}
    resealed = await run("key", "reseal", env=keyed(postgresql_url, ROTATING))
    assert resealed == (0, "resealed the secrets of 1 webhooks\n", "")
    assert await secrets_of(database, locked, NEW_BYTES) == [secret(3)]
    await database.close()


# SQLite has one writer at a time: there the mail waits.
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_who_is_resealed_at_this_moment_is_mailed_all_the_same(database: Database) -> None:
    person = await add_person(database, "person@example.org")
    async with database.write() as resealing, database.write(bulkhead=Bulkhead.MAIL) as session:
        assert await sealed_rows.reseal(resealing, NOW, Keys((NEW_BYTES, OLD_BYTES)), [person]) == {person}
        await resealing.flush()
        await outbox.add_mail(session, NOW, MailKind.CHASED, [person])
    async with database.read() as session:
        assert await session.scalar(select(MailRow.person_id)) == person


async def test_every_address_is_resealed_and_found_again_under_the_newest_key(
    database: Database, database_url: str
) -> None:
    people = {await add_person(database, f"person{n}@example.org"): f"person{n}@example.org" for n in range(130)}
    current = await add_person(database, "new@example.org", NEW_BYTES)
    old = Keys((OLD_BYTES,))
    async with database.write() as session:
        untouched = (await session.get_one(PersonRow, current)).sealed_email
        invitation = add_link(
            session, NOW, old, LinkKind.INVITATION, ADMIN, email="guest@example.org", roles=["editor"]
        )
        sign_in = add_link(session, NOW, old, LinkKind.SIGN_IN, ADMIN, person_id=next(iter(people)))
        waiting, finished = (
            MailRow(
                id=uuid7(),
                kind=MailKind.SIGN_IN,
                person_id=next(iter(people)),
                link_id=sign_in.id,
                sealed_link=sealed_link,
                status=MailStatus.WAITING if sealed_link else MailStatus.SENT,
                created_at=NOW,
            )
            for sealed_link in (old.seal(sign_in.secret), None)
        )
        # A link has to be there before its mail.
        await session.flush()
        session.add_all([waiting, finished])

    env = keyed(database_url, ROTATING)
    said = "resealed the secrets of 0 webhooks\nresealed 132 addresses of people and links of waiting mail\n"
    assert await run("key", "reseal", env=env) == (0, said, "")
    assert await run("key", "reseal", env=env) == (0, "resealed the secrets of 0 webhooks\n", "")

    new = Keys((NEW_BYTES,))
    async with database.read() as session:
        for person in await session.scalars(select(PersonRow).where(PersonRow.id != current)):
            assert new.unseal(person.sealed_email) == people[person.id]
            assert person.email_hash == new.email_hashes(people[person.id])[0]
        assert (await session.get_one(PersonRow, current)).sealed_email == untouched
        link = await session.get_one(LinkRow, invitation.id)
        assert link.sealed_email is not None
        assert new.unseal(link.sealed_email) == "guest@example.org"
        assert link.email_hash == new.email_hashes("guest@example.org")[0]
        # Nobody has the secrets of links, so the old key has to stay until they have ended.
        assert link.hash == old.link_hashes(invitation.secret)[0]
        mail = await session.get_one(MailRow, waiting.id)
        assert mail.sealed_link is not None
        assert new.unseal(mail.sealed_link) == sign_in.secret
        assert (await session.get_one(MailRow, finished.id)).sealed_link is None


async def test_an_address_that_no_key_opens_is_named_by_its_person(database: Database, database_url: str) -> None:
    lost = await add_person(database, "lost@example.org", STRANGE_BYTES)
    await add_person(database, "known@example.org")
    env = keyed(database_url, ROTATING)
    line = f"no secret key opens the addresses of these people: {lost}; docs/settings.md says what to do"
    said = "resealed the secrets of 0 webhooks\n"
    assert await run("key", "reseal", env=env) == (
        1,
        f"{said}resealed 1 addresses of people and links of waiting mail\n",
        f"capacity-api: {line}\n",
    )
    assert await run("key", "reseal", env=env) == (1, said, f"capacity-api: {line}\n")
    async with processes.serving(env=env) as server, client_of(server.address) as client:
        assert str(lost) in await unreadable(client)
    # The key is found again.
    found = await run("key", "reseal", env=keyed(database_url, f"{ROTATING},{STRANGE}"))
    assert found == (0, f"{said}resealed 1 addresses of people and links of waiting mail\n", "")


async def test_people_are_lost_with_the_key_file(sqlite_url: str) -> None:
    database = Database(Settings(database_url=sqlite_url))
    await add_person(database, "a@example.org")
    path = f"{database.settings.url.database}.key"
    await database.close()
    line = (
        f"the key file {path} is missing, and the tokens and secrets in the database need it: put it back, or set "
        "CAPACITY_SECRET_KEY; docs/settings.md says what to do if it is lost"
    )
    await assert_refused(line, SERVE, WORKER, env=without_key(environment(sqlite_url)), code=47)


@pytest.mark.soak
async def test_a_key_is_retired_in_three_steps(database: Database, database_url: str) -> None:
    await rows.add_responder(database, NOW)
    old = keyed(database_url, OLD)
    kept, forgotten = [
        {"authorization": f"Bearer {(await run('token', 'issue', '--partner', name, env=old))[1].strip()}"}
        for name in ("Case tool", "Forgotten tool")
    ]
    endpoint = Endpoint()

    async def test_delivery(env: dict[str, str], arrived: int) -> None:
        async with processes.serving(env=env) as server, client_of(server.address) as client:
            for each in (await client.get("/v1/webhooks", headers=kept)).json()["items"]:
                assert (await client.post(f"/v1/webhooks/{each['id']}/test", headers=kept)).status_code == 202
            await endpoint.arrived(arrived, seconds=30)

    async with endpoints.serving(endpoint) as url:
        async with processes.serving(env=old) as server, client_of(server.address) as client:
            answer = await client.post("/v1/webhooks", json={"url": url}, headers=kept)
            made = answer.json()
            assert (await client.get("/v1/me", headers=forgotten)).status_code == 200
        # 1. Everybody knows the new key. 2. It comes first, and what is stored is sealed with it.
        await test_delivery(keyed(database_url, f"{OLD},{NEW}"), 1)
        async with database.write() as session:
            # A use is noted once a minute.
            await session.execute(update(TokenRow).values(last_used_at=NOW))
        await test_delivery(keyed(database_url, ROTATING), 2)
        assert (await run("key", "reseal", env=keyed(database_url, ROTATING)))[0] == 0
        # 3. The old key is gone, and with it only the token that was never used.
        await test_delivery(keyed(database_url, NEW), 3)
        async with (
            processes.serving(env=keyed(database_url, NEW)) as server,
            client_of(server.address) as client,
        ):
            answer = await client.get("/v1/me", headers=forgotten)
            assert (answer.status_code, answer.json()["code"]) == (401, "token_unknown")
    for headers, body in endpoint.posts:
        assert json.loads(body)["type"] == "webhook.test"
        stamp = headers["webhook-timestamp"]
        assert signing.is_signed(
            made["secret"], headers["webhook-id"], stamp, headers["webhook-signature"], body, int(stamp)
        )


SERVE, WORKER = ("serve", "--port", "0"), ("worker",)


async def assert_refused(line: str, *commands: tuple[str, ...], env: dict[str, str], code: int = 1) -> None:
    """Each of these commands ends with this code and prints nothing but this line."""
    for command in commands:
        assert await run(*command, env=env) == (code, "", f"capacity-api: {line}\n"), command


def without_key(env: dict[str, str], **instead: str) -> dict[str, str]:
    return {name: value for name, value in env.items() if name != "CAPACITY_SECRET_KEY"} | instead


async def test_on_postgresql_nothing_starts_without_a_key(postgresql_url: str) -> None:
    env = without_key(environment(postgresql_url))
    line = "CAPACITY_SECRET_KEY must be set with PostgreSQL; `capacity-api key` prints a new one"
    await assert_refused(line, (*SERVE, "--workers", "2"), WORKER, ("key", "reseal"), env=env, code=47)
    assert (await run("db", "check", env=env))[0] == 0


HOLD = "must hold keys of 32 bytes in urlsafe base64, comma-separated, newest first"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (None, "cannot be read: No such file or directory"),
        ("a folder", "cannot be read: Is a directory"),
        (b"\xff\xfe\x00", "cannot be read: it is not text"),
        (b"", HOLD),
        (b"hunter2, hunter3", HOLD),
        (base64.urlsafe_b64encode(b"hunter2" * 3), HOLD),
        (OLD.encode() + b"\n" + NEW.encode(), HOLD),
    ],
)
async def test_a_key_file_that_cannot_be_used_is_one_line(
    tmp_path: Path, content: bytes | str | None, what: str
) -> None:
    named, beside = tmp_path / "key", tmp_path / "capacity.db.key"
    for path in (named, beside):
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif content is not None:
            path.mkdir()
    env = without_key(environment(f"sqlite:///{tmp_path / 'capacity.db'}"))
    line = f"the file that CAPACITY_SECRET_KEY_FILE names {what}"
    await assert_refused(line, SERVE, env=env | {"CAPACITY_SECRET_KEY_FILE": str(named)})
    if content is not None:
        await assert_refused(f"the key file {beside} {what}", WORKER, env=env)
    assert not (tmp_path / "capacity.db").exists()


@pytest.mark.soak
async def test_for_a_database_that_lost_its_key_file_no_new_one_is_made(tmp_path: Path) -> None:
    database, key = tmp_path / "capacity.db", tmp_path / "capacity.db.key"
    env = without_key(environment(f"sqlite:///{database}"))
    # Nothing depends on a key yet, so a new one may be made.
    assert (await run("db", "create", env=env))[0] == 0
    assert not key.exists()
    for _ in range(2):
        async with processes.serving(env=env):
            assert key.exists()
        key.unlink()
    async with processes.serving(env=env):
        pass
    code, token, _ = await run("token", "issue", "--admin", env=env)
    assert (code, key.exists()) == (0, True)
    kept = key.read_bytes()
    key.unlink()
    line = (
        f"the key file {key} is missing, and the tokens and secrets in the database need it: put it back, or set "
        "CAPACITY_SECRET_KEY; docs/settings.md says what to do if it is lost"
    )
    await assert_refused(line, SERVE, WORKER, ("token", "issue", "--admin"), env=env, code=47)
    assert not key.exists()
    key.write_bytes(kept)
    async with processes.serving(env=env) as server, client_of(server.address) as client:
        answer = await client.get("/v1/me", headers={"authorization": f"Bearer {token.strip()}"})
        assert answer.status_code == 200


async def unreadable(client: httpx.AsyncClient) -> str:
    """What `/readyz` says of the secrets that no key opens, once the service has looked."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            ready = (await client.get("/readyz")).json()
            for each in ready["warnings"]:
                if each["code"] == "secrets_unreadable":
                    assert (ready["status"], ready["reasons"]) == ("ok", [])
                    return str(each["detail"])


async def test_with_a_key_that_opens_nothing_nothing_starts(database: Database, database_url: str) -> None:
    await add_webhook(database, sealed(secret(1)))
    await add_webhook(database, sealed(secret(2)), status="disabled", disabled_reason="gone")
    await add_person(database, "lost@example.org")
    line = OTHER_KEYS_LINE
    for command in (SERVE, WORKER, (*SERVE, "--no-delivery")):
        await assert_refused(line, command, env=keyed(database_url, STRANGE), code=48)


async def test_with_a_key_that_opens_a_part_the_rest_is_delivered(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    await rows.add_responder(database, NOW)
    endpoint = Endpoint()
    env = keyed(database_url, NEW)
    _, issued, _ = await run("token", "issue", "--admin", env=env)
    log = tmp_path / "log"
    async with endpoints.serving(endpoint) as url:
        lost = await add_webhook(database, sealed(secret(1)))
        opened = await rows.add_webhook(database, NOW, url, secrets=[sealed(secret(2), NEW_BYTES)], partner_id=None)
        async with (
            processes.serving(env=env, log=log) as server,
            client_of(server.address, headers={"authorization": f"Bearer {issued.strip()}"}) as client,
        ):
            assert (await client.post(f"/v1/webhooks/{opened}/test")).status_code == 202
            await endpoint.arrived(1)
            named = await unreadable(client)
        assert str(lost) in named
        assert str(opened) not in named
        began = [json.loads(line) for line in log.read_text().splitlines() if "secrets_unreadable" in line]
        assert [each["detail"] for each in began] == [named]
        code, out, _ = await run("doctor", "--offline", env=env)
        assert (code, f"WRONG: {named}" in out) == (1, True)
        # The worker starts as well, and says the same.
        worker = await processes.start("worker", env=env, announces="delivers webhooks", log=log)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while log.read_text().count("secrets_unreadable") < 2:  # noqa: ASYNC110 - nothing announces it
                await asyncio.sleep(0.05)
        worker.send_signal(signal.SIGTERM)
        await worker.wait()
    code, out, _ = await run("key", "reseal", "--disable-unreadable", env=env)
    assert (code, f"{lost} (admin)" in out) == (0, True)
