"""Secrets are in no `repr`, in no line of the log and among no arguments."""

import asyncio
import importlib
import os
import pkgutil
import re
from asyncio.subprocess import PIPE
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import structlog
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from tests import processes
from tests.conftest import Clock
from tests.delivery import rows

import capacity_api
from capacity_api import log
from capacity_api.cli.demo import Access
from capacity_api.clock import utc_now
from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.db.tables import WebhookRow
from capacity_api.domain import signing
from capacity_api.domain.keys import Keys
from capacity_api.operations import owners, tokens
from capacity_api.operations.webhooks import management, secrets
from capacity_api.operations.webhooks.management import WebhookRequest

SECRET_KEY = b"hush-hush".ljust(32, b".")
SECRET = signing.make_secret("v1", bytes(range(32, 64)))
# Fields that hold a secret, or may. A public key is none, and neither is whether there is one.
_SECRET_FIELD = re.compile(r"(^|_)(secrets?|keys?|token|tokens|password|database_url)$")
_HARMLESS = {
    "public_key",
    # Of a directory that was restored: what is to become of its tokens.
    "tokens",
}


def structs() -> Iterator[type[msgspec.Struct]]:
    """Every struct of the program."""
    for module in pkgutil.walk_packages(capacity_api.__path__, "capacity_api."):
        importlib.import_module(module.name)
    todo: list[type[msgspec.Struct]] = [msgspec.Struct]
    while todo:
        for each in todo.pop().__subclasses__():
            todo.append(each)
            if each.__module__.startswith("capacity_api."):
                yield each


def test_each_struct_that_may_hold_a_secret_leaves_it_out_of_its_repr() -> None:
    found = {
        f"{each.__name__}.{name}": each
        for each in structs()
        for name in each.__struct_fields__
        if _SECRET_FIELD.search(name) and name not in _HARMLESS
    }
    assert {"Settings.secret_keys", "Settings.database_url", "IssuedToken.token", "Claim.sealed_secrets"} <= set(found)
    assert [name for name, each in found.items() if each.__repr__ is msgspec.Struct.__repr__] == []


def test_each_struct_with_a_persons_address_or_a_link_leaves_it_out_of_its_repr() -> None:
    found = {
        f"{each.__name__}.{name}": each
        for each in structs()
        for name in each.__struct_fields__
        # The contact of a responder is public.
        if name in {"email", "link"} and not each.__module__.endswith((".contact", ".responder", ".services", ".csv"))
    }
    expected = {
        "Person.email",
        "PersonRequest.email",
        "InvitationRequest.email",
        "SignInRequest.email",
        "LinkRequest.link",
    }
    assert {*expected, "Handover.link", "MailContent.email", "MailContent.link"} <= set(found)
    assert [name for name, each in found.items() if each.__repr__ is msgspec.Struct.__repr__] == []


async def test_no_value_that_holds_a_secret_shows_it(database: Database, settings: Settings, clock: Clock) -> None:
    own = msgspec.structs.replace(
        settings, database_url="postgresql+asyncpg://u:hunter2@h/d", secret_keys=(SECRET_KEY,), listen_secret=SECRET
    )
    keys = Keys(own.secret_keys)
    await rows.add_responder(database, clock())
    async with database.write() as session:
        owner = await owners.responder_owner(session, "kalayaan")
        issued = await tokens.issue_token(session, clock(), keys, owner)
        identity = await tokens.identify(session, clock(), keys, issued.token)
        made, _ = await management.add(
            session, clock(), keys, owner, WebhookRequest(url="https://partner.example/hook?key=hunter2"), ()
        )
        rotated = await secrets.rotate(session, clock(), keys, owner, made.id)
        row = await session.get_one(WebhookRow, made.id)
        sealed = [each["sealed"] for each in row.secrets]
    await rows.add_event(database, clock())
    (claim,) = await rows.claim_webhooks(database, clock())
    assert isinstance(made.secret, str)
    assert isinstance(rotated.secret, str)
    hidden = ["hunter2", "hush-hush", SECRET, issued.token, made.secret, rotated.secret, *sealed]
    values: list[Any] = [own, own.url, keys, issued, identity, claim, row, Access(issued.token, issued.token), database]
    for value in [*values, msgspec.structs.replace(made, url="https://partner.example/")]:
        shown = f"{value!r} {value} {[value]}"
        assert [each for each in hidden if each in shown] == []
    # It shows the rest.
    assert "'kalayaan'" in repr(issued)


@pytest.mark.parametrize("log_format", ["json", "text"])
async def test_the_row_in_an_error_of_the_database_is_not_logged(
    database: Database, log_format: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log.configure(msgspec.structs.replace(database.settings, log_format=log_format), "serve")
    broken = {"event_types": ["all"], "responders": ["all"], "areas": ["all"], "signature": "v1", "stale": "drop"}
    webhook = await rows.add_webhook(database, utc_now(), "https://partner.example/", description="first")
    row = {**broken, "id": webhook, "url": "https://hush-hush/", "description": "hush\nhush-hush", "cursor": 0}
    try:
        async with database.write() as session:
            await session.execute(insert(WebhookRow), [{**row, "secrets": [], "status": None, "created_at": utc_now()}])
    except IntegrityError:
        structlog.get_logger().exception("task.failed")
    said = capsys.readouterr().err
    assert "IntegrityError" in said
    assert "hush" not in said


@pytest.mark.parametrize("source", ["CAPACITY_LISTEN_SECRET", "CAPACITY_LISTEN_SECRET_FILE", "file", "standard input"])
async def test_the_receiver_gets_its_secret_otherwise_than_by_an_argument(source: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    settings = {"CAPACITY_LISTEN_SECRET": SECRET, "CAPACITY_LISTEN_SECRET_FILE": str(file)}
    arguments = {"file": ("--secret-file", str(file)), "standard input": ("--secret-file", "-")}.get(source, ())
    env = {**os.environ, **({source: settings[source]} if source in settings else {})}
    process = await asyncio.create_subprocess_exec(
        processes.COMMAND, "listen", "--port", "0", *arguments, env=env, stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    assert process.stdin is not None
    assert process.stderr is not None
    try:
        process.stdin.write(f"{SECRET}\n".encode())
        process.stdin.close()
        async with asyncio.timeout(60):
            while b"listening on " not in (line := await process.stderr.readline()):
                assert line
        now = int(utc_now().timestamp())
        headers = signing.signature_headers([SECRET], "1", now, b"{}")
        async with httpx.AsyncClient() as client:
            answer = await client.post(line.split()[-1].decode(), content=b"{}", headers=headers)
        assert answer.status_code == 204
        shown = await asyncio.create_subprocess_exec("ps", "-o", "args=", "-p", str(process.pid), stdout=PIPE)
        seen, _ = await shown.communicate()
        assert b"listen" in seen
        assert SECRET.encode() not in seen
    finally:
        process.terminate()
        await process.communicate()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_doctor_names_the_files_that_others_can_read(settings: Settings) -> None:
    path = Path(settings.url.database or "")
    env = processes.environment(settings.database_url)
    before = await processes.run("doctor", env=env)
    path.chmod(0o644)
    after = await processes.run("doctor", env=env)
    path.chmod(0o600)
    assert (before[0], after[0]) == (0, 1)
    assert f"WRONG: others can read or change {path}: run `chmod 600 {path}`" in after[1]
