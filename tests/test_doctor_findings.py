"""`capacity-api doctor` on installations that are broken in one way each: it names the fault and its remedy."""

import asyncio
import os
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, update
from sqlalchemy.engine import make_url
from tests import mail_server
from tests.databases import Server
from tests.delivery import rows
from tests.in_process import as_ordinary_user, call
from tests.processes import KEY
from tests.test_keys import NEW, NEW_BYTES, OTHER_KEYS_LINE, STRANGE, add_person, add_webhook, sealed, secret
from uuid_utils.compat import uuid7

from capacity_api.cli.checks import check_room
from capacity_api.cli.doctor import Diagnosis, diagnose
from capacity_api.cli.exit_codes import OF_CAUSE
from capacity_api.clock import utc_now
from capacity_api.db.engine import Database
from capacity_api.db.tables import AuditRow, EventRow, HeartbeatRow, WebhookRow
from capacity_api.domain.events import EventType
from capacity_api.errors import OutageCause
from capacity_api.operations.heartbeats import Task
from capacity_api.operations.webhooks.webhook import WebhookStatus


def settings(url: str, **others: str) -> dict[str, str]:
    named = {f"CAPACITY_{name.upper()}": value for name, value in others.items()}
    return {"CAPACITY_DATABASE_URL": url, "CAPACITY_SECRET_KEY": KEY, **named}


def assert_wrong(found: Diagnosis, *words: str) -> None:
    """One thing is wrong, said in one line that has these words."""
    (line,) = found.wrong
    assert "\n" not in line
    for each in words:
        assert each in line, line
    assert "hunter2" not in line


async def test_nothing_is_wrong_with_a_sound_installation(sqlite_url: str) -> None:
    found = await diagnose(settings(sqlite_url))
    assert found.wrong == []
    assert {"backup", "settings"} == {each.check for each in found.checks}
    assert {"capacity-api", "Python", "SQLite", "schema of the database"} <= found.versions.keys()


WRONG_SETTINGS = [
    ({"public_ulr": "x"}, ["CAPACITY_PUBLIC_ULR is not a setting", "did you mean CAPACITY_PUBLIC_URL?"]),
    ({"lease_seconds": "5"}, ["CAPACITY_LEASE_SECONDS must be from 20 to 3600 seconds"]),
    ({"secret_key": "hunter2"}, ["CAPACITY_SECRET_KEY must hold keys of 32 bytes"]),
    (
        {"database_url": "mysql://capacity:hunter2@db/capacity"},
        ["must start with sqlite:/// or postgresql://, such as"],
    ),
    ({"database_url_file": "/nowhere"}, ["CAPACITY_DATABASE_URL and CAPACITY_DATABASE_URL_FILE are both set"]),
    ({"trusted_proxies": "0.0.0.0/0"}, ["CAPACITY_TRUSTED_PROXIES", "anybody can pass as any address", "name your"]),
    ({"metrics_allow": "::/0"}, ["CAPACITY_METRICS_ALLOW", "everybody can read /metrics", "name your Prometheus"]),
    ({"egress_allow": "0.0.0.0/0"}, ["CAPACITY_EGRESS_ALLOW", "every private network", "name those"]),
    (
        {"public_url": "https://directory.example"},
        ["CAPACITY_TRUSTED_PROXIES names none", "all readers count as one address", "set it to"],
    ),
    ({"mail_from": "Capacity <a@example.org>"}, ["no mail is sent", "set CAPACITY_SMTP_URL too"]),
    ({"max_connections": "1000000"}, ["CAPACITY_MAX_CONNECTIONS is 1000000", "raise LimitNOFILE"]),
]


@pytest.mark.parametrize(("others", "words"), WRONG_SETTINGS, ids=lambda each: ",".join(each))
async def test_a_wrong_setting(others: dict[str, str], words: list[str], sqlite_url: str) -> None:
    assert_wrong(await diagnose(settings(sqlite_url, **others)), *words)


async def test_mail_that_cannot_go_out(sqlite_url: str) -> None:
    env = settings(sqlite_url, mail_from="a@example.org", public_url="http://directory.example")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nowhere = {"CAPACITY_SMTP_URL": f"smtp://user:hunter2@127.0.0.1:{free.getsockname()[1]}"}
        assert_wrong(await diagnose(env | nowhere), "the mail server cannot be used (unreachable)", "CAPACITY_SMTP_URL")
    async with mail_server.serving() as server:
        at = f"127.0.0.1:{server.server.port}"
        without_tls = await diagnose(env | {"CAPACITY_SMTP_URL": f"smtp://{at}"})
        assert_wrong(without_tls, "the mail server cannot be used (no_starttls)", "docs/operate/mail.md")
        assert (await diagnose(env | {"CAPACITY_SMTP_URL": f"smtp://{at}?starttls=no"})).wrong == []
        assert server.recipients == []


async def test_endpoints_that_cannot_be_reached(database: Database, database_url: str) -> None:
    env = settings(database_url, egress_allow="127.0.0.0/8")
    dead = await rows.add_webhook(database, utc_now(), "https://nowhere.invalid/", partner_id=None)
    found = await diagnose(env)
    egress = [each.detail for each in found.checks if each.check == "egress"]
    assert len(egress) == 1
    assert egress[0].startswith("no webhook's endpoint can be reached; the first cannot be reached: ")
    assert "look at the name service" in egress[0]
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        await rows.add_webhook(database, utc_now(), url, partner_id=None)
        found = await diagnose(env)
        (told,) = [each for each in found.checks if each.check == "egress"]
        assert (told.is_wrong, f"webhook {dead} cannot be reached" in told.detail) == (False, True)
        assert not [each for each in (await diagnose(env, offline=True)).checks if each.check == "egress"]


async def test_a_key_that_opens_nothing_or_a_part(database: Database, database_url: str) -> None:
    webhook, person = await add_webhook(database, sealed(secret(1))), await add_person(database, "a@example.org")
    for key in (NEW, STRANGE):
        found = await diagnose(settings(database_url, secret_key=key), offline=True)
        assert [each.detail for each in found.checks if each.check == "key"] == [OTHER_KEYS_LINE]
    await add_webhook(database, sealed(secret(2), NEW_BYTES))
    found = await diagnose(settings(database_url, secret_key=NEW), offline=True)
    (line,) = [each.detail for each in found.checks if each.check == "key"]
    assert f"no secret key opens the secrets of these webhooks, so nothing is sent to them: {webhook}; nor" in line
    assert f"{person}; put back the key that sealed them" in line
    if database.settings.is_sqlite:
        without = {"CAPACITY_DATABASE_URL": database_url}
        assert_wrong(await diagnose(without, offline=True), "the secret key is gone", "put the key file back")


async def test_a_backup_that_is_old(database: Database, database_url: str) -> None:
    entry = {"actor": {"type": "service"}, "actor_key": "service", "action": "database.backup", "target": "13"}
    for age, count in ((timedelta(days=9), 1), (timedelta(hours=1), 0)):
        async with database.write() as session:
            await session.execute(insert(AuditRow), [{"id": uuid7(), "at": utc_now() - age, **entry}])
        found = await diagnose(settings(database_url))
        lines = [each.detail for each in found.checks if each.check == "backup"]
        assert len(lines) == count
        assert all("run `capacity-api backup`, and see why cron does not" in each for each in lines)


async def test_events_and_mail_that_no_process_works_on(database: Database, database_url: str) -> None:
    async def workers() -> list[tuple[bool, str]]:
        found = await diagnose(settings(database_url), offline=True)
        return [(each.is_wrong, each.detail) for each in found.checks if each.check == "workers"]

    long_ago, lately = utc_now() - timedelta(minutes=6), utc_now()
    await rows.add_webhook(database, long_ago, "https://tool.example/", partner_id=None)
    assert await workers() == []
    await rows.add_reserved_event(database, lately, EventType.INTAKE_PAUSED)
    assert await workers() == [], "it may be on its way"
    async with database.write() as session:
        await session.execute(update(EventRow).values(at=long_ago))
    ((is_wrong, line),) = await workers()
    assert (is_wrong, "no process delivers webhooks" in line, "start or restart" in line) == (True, True, True)
    beat = {"task": Task.DELIVERY, "beat_at": lately}
    async with database.write() as session:
        await session.execute(insert(HeartbeatRow).values(id=uuid7(), **beat))
    assert await workers() == []
    async with database.write() as session:
        await session.execute(insert(HeartbeatRow).values(id=uuid7(), **beat | {"beat_at": long_ago}))
    ((is_wrong, line),) = await workers()
    assert (is_wrong, "1 of the processes that deliver webhooks fell silent" in line) == (False, True)
    async with database.write() as session:
        await session.execute(update(HeartbeatRow).values(task=Task.MAIL, beat_at=long_ago))
        await session.execute(update(WebhookRow).values(status=WebhookStatus.DISABLED))
    ((is_wrong, line),) = await workers()
    assert (is_wrong, f"no process sends mail, the last heartbeat was at {long_ago:%Y-%m-%dT%H:%M}" in line) == (
        True,
        True,
    )


def test_the_command_backup_leaves_its_trace(sqlite_url: str, tmp_path: Path) -> None:
    env = settings(sqlite_url)
    assert "never ran" in call("doctor", env=env).out
    assert call("backup", str(tmp_path / "backup"), env=env).code == 0
    ended = call("doctor", env=env)
    assert (ended.code, "never ran" in ended.out) == (0, False)


def _drop_index(path: Path) -> None:
    _run(path, "DROP INDEX ix_event_at_sequence")


def _run(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()


def _overwrite(path: Path) -> None:
    path.write_bytes(b"not a database\n" * 500)


def _lose_mark(path: Path) -> None:
    _run(path, "UPDATE installation SET marked = 1")


BROKEN_FILES: list[tuple[Callable[[Path], object], list[str]]] = [
    (Path.unlink, ["there is no database", "`capacity-api db create` makes one"]),
    (_overwrite, ["is not an SQLite database", "`capacity-api restore`"]),
    (lambda path: os.truncate(path, 0), ["is damaged: it has 0 bytes", "`capacity-api restore`"]),
    (lambda path: os.truncate(path, path.stat().st_size // 2), ["is damaged", "`capacity-api restore`"]),
    (lambda path: path.chmod(0o644), ["others can read or change", "`chmod 600"]),
    (lambda path: path.chmod(0o400), ["cannot be written by this user", "`chown`"]),
    (lambda path: path.chmod(0o000), ["cannot be read", "give the service's user the right"]),
    (_drop_index, ["the index ix_event_at_sequence of event is missing", "docs/settings.md"]),
    (lambda path: _run(path, "UPDATE schema_revision SET version_num = '0002'"), ["`capacity-api db upgrade`"]),
    (lambda path: _run(path, "UPDATE alembic_version SET version_num = '9999'"), ["install one that knows it"]),
    (_lose_mark, ["a copy without its mark", "`capacity-api restore`"]),
    (lambda path: _run(path, "UPDATE installation SET moved_at = '2026-01-01'"), ["moved to another", "use that one"]),
]


@pytest.mark.parametrize(("breaks", "words"), BROKEN_FILES, ids=[words[0] for _, words in BROKEN_FILES])
def test_a_file_that_is_broken(
    breaks: Callable[[Path], object], words: list[str], sqlite_url: str, tmp_path: Path
) -> None:
    breaks(tmp_path / "capacity.db")
    with as_ordinary_user():
        ended = call("doctor", env=settings(sqlite_url))
    found = [line for line in ended.out.splitlines() if line.startswith("WRONG: ")]
    assert (ended.code, ended.lines) == (1, [])
    assert any(all(word in line for word in words) for line in found), ended.out
    assert len(found) <= 2, "what follows from it is not told as well"


def test_a_disk_without_room_is_told(tmp_path: Path) -> None:
    assert list(check_room(tmp_path, 1)) == []
    (found,) = check_room(tmp_path, 1 << 60)
    assert (found.is_wrong, "MB are left on the disk of" in found.detail) == (True, True)
    assert "make room, or move the database" in found.detail


@pytest.fixture
def role(postgresql_server: Server) -> Iterator[str]:
    with postgresql_server.create_role("capacity_limited") as role:
        yield role


def test_grants_that_are_missing_are_ready_to_be_copied(
    role: str, postgresql_server: Server, postgresql_url: str
) -> None:
    url = make_url(postgresql_url)
    as_role = url.set(username=role).render_as_string()
    found = asyncio.run(diagnose(settings(as_role), offline=True))
    grants = [each.detail.partition(", run ")[2] for each in found.checks if each.check == "permissions"]
    assert f"GRANT SELECT, INSERT ON audit TO {role}" in grants
    with closing(Server(postgresql_server.url.set(database=url.database))) as owner:
        for grant in grants:
            owner.execute(grant)
        found = asyncio.run(diagnose(settings(as_role), offline=True))
        assert {each.check for each in found.checks if each.is_wrong} == {"database"}, "the tests' server has no fsync"
        assert found.versions["PostgreSQL"]
        # `backup` reads every sequence, also one of somebody else's table.
        owner.execute("CREATE SEQUENCE strange")
        grant = f"GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}"
        found = asyncio.run(diagnose(settings(as_role), offline=True))
        # docs/operate/install.md takes what is behind "run" to the end of the line.
        assert [each.detail.endswith(f" run {grant}") for each in found.checks if each.check == "backup"] == [True]
        refused = call("backup", "backup.dump", env=settings(as_role))
        assert (refused.code, grant in refused.lines[0]) == (OF_CAUSE[OutageCause.PERMISSION_MISSING], True)
        owner.execute(grant)
        found = asyncio.run(diagnose(settings(as_role), offline=True))
        assert [grant in each.detail for each in found.checks if each.check == "backup"] == [False]
        owner.execute(f"DROP OWNED BY {role}")
    nobody = asyncio.run(diagnose(settings(url.set(username="capacity_nobody").render_as_string())))
    assert_wrong(nobody, "does not let this role in", "pg_hba.conf")


def test_a_clock_of_the_disk_that_differs_is_told(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = time.time
    monkeypatch.setattr("capacity_api.cli.checks.time.time", lambda: real() - 3600)
    ended = call("doctor", env=settings(sqlite_url))
    assert "this machine differ by 3600 seconds: set both by NTP" in ended.out
