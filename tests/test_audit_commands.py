"""Every command that changes something leaves its entries in the audit, with its user as the actor; the others none."""

import getpass
import json
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import click
import pytest
from sqlalchemy import update
from sqlalchemy.engine import make_url
from tests import processes
from tests.api.test_declared import BODIES
from tests.conftest import settings_of
from tests.databases import sqlite_url_of
from tests.listed import postgresql_template, sqlite_template
from tests.processes import environment, run
from tests.test_backup import POSTGRESQL_PROGRAMS
from tests.test_keys import ROTATING, add_person, add_webhook, keyed, sealed, secret

from capacity_api.cli.main import cli
from capacity_api.db import schema
from capacity_api.db.engine import Database
from capacity_api.db.sqlite_file import make_empty
from capacity_api.db.tables import TokenRow
from capacity_api.operations.responders import read_register

__all__ = ["postgresql_template", "sqlite_template"]

# These change nothing that is stored, or act for nobody. `demo` has a database of its own.
CHANGE_NOTHING = frozenset(
    {
        "audit",
        "completion",
        "db check",
        "db current",
        "demo",
        "digest",
        "dispute list",
        "docs",
        "key",
        "listen",
        "mail list",
        "openapi",
        "owner list",
        "partner list",
        "person list",
        "responder list",
        "site build",
        "site headers",
        "token list",
        "webhook list",
        "webhook show",
        "worker",
    }
)
# A mail server that nothing connects to.
MAIL = {
    "smtp_url": "smtp://127.0.0.1:1?starttls=no",
    "mail_from": "directory@example.org",
    "public_url": "https://capacity.example.org",
}
REGISTER = ["responder.list"] * len(read_register())


def names_of(command: click.Command, name: str, context: click.Context) -> Iterator[str]:
    """Every command below this one that can be run, by its whole name."""
    if not isinstance(command, click.Group):
        yield name
        return
    if command.invoke_without_command:
        yield name
    for each in command.list_commands(context):
        found = command.get_command(context, each)
        assert found is not None
        yield from names_of(found, f"{name} {each}".strip(), context)


class Machine:
    """A database with the register, and the commands on it."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.env = environment(url)

    async def run(self, *arguments: str, env: dict[str, str] | None = None) -> str:
        code, out, err = await run(*arguments, env=env or self.env)
        assert code == 0, err
        return out

    async def token_id(self) -> str:
        return str(json.loads(await self.run("token", "issue", "--responder", "tara", "--json"))["id"])

    async def add_webhook(self) -> str:
        database = Database(settings_of(self.url))
        added = await add_webhook(database, sealed(secret(1)))
        await database.close()
        return str(added)

    def write(self, value: object) -> str:
        path = self.folder / "given.json"
        path.write_text(json.dumps(value))
        return str(path)


Act = Callable[[Machine], Awaitable[list[str]]]
ACTS: dict[str, Act] = {}


def act(name: str) -> Callable[[Act], Act]:
    """What runs this command on a machine, and returns the actions that it must leave, oldest first."""

    def add(work: Act) -> Act:
        ACTS[name] = work
        return work

    return add


@act("responder add")
async def _(machine: Machine) -> list[str]:
    await machine.run("responder", "add", machine.write(BODIES["addResponder"]))
    return ["responder.list"]


@act("responder import")
async def _(machine: Machine) -> list[str]:
    new = [{**BODIES["addResponder"], "slug": slug} for slug in ("one", "two")]
    await machine.run("responder", "import", machine.write(new))
    return ["responder.list"] * 2


@act("responder report")
async def _(machine: Machine) -> list[str]:
    await machine.run("responder", "report", "tara", "--state", "open")
    await machine.run("responder", "report", "tara", "--state", "open")
    return ["intake.report", "intake.report"]


@act("responder edit")
async def _(machine: Machine) -> list[str]:
    await machine.run("responder", "edit", "tara", "--phone", "0808 808 3733", "--no-source")
    await machine.run("responder", "edit", "tara")
    return ["responder.change", "responder.change"]


@act("responder chase")
async def _(machine: Machine) -> list[str]:
    await machine.run("responder", "chase", "tara", env=machine.env | environment(machine.url, **MAIL))
    return ["responder.chase"]


@act("responder delist")
async def _(machine: Machine) -> list[str]:
    await machine.run("responder", "delist", "tara")
    return ["responder.delist", "owner.suspend"]


@act("token issue")
async def _(machine: Machine) -> list[str]:
    await machine.run("token", "issue", "--partner", "Case tool", "--scope", "webhooks:manage")
    return ["partner.add", "token.issue"]


@act("token rotate")
async def _(machine: Machine) -> list[str]:
    await machine.run("token", "rotate", await machine.token_id())
    return ["token.issue", "token.issue", "token.rotate"]


@act("token revoke")
async def _(machine: Machine) -> list[str]:
    await machine.run("token", "revoke", await machine.token_id())
    return ["token.issue", "token.revoke"]


@act("token review")
async def _(machine: Machine) -> list[str]:
    kept, revoked = await machine.token_id(), await machine.token_id()
    database = Database(settings_of(machine.url))
    async with database.write() as session:
        await session.execute(update(TokenRow).values(reviewed=False))
    await database.close()
    await machine.run("token", "review", "--keep", kept, "--revoke", revoked)
    await machine.run("token", "review", "--keep-all")
    return ["token.issue", "token.issue", "token.revoke", "token.keep", "token.keep"]


@act("partner add")
async def _(machine: Machine) -> list[str]:
    await machine.run("partner", "add", "Case tool")
    return ["partner.add"]


@act("person add")
async def _(machine: Machine) -> list[str]:
    await machine.run("person", "add", "a@example.org", "--admin")
    return ["person.add"]


@act("person invite")
async def _(machine: Machine) -> list[str]:
    env = machine.env | environment(machine.url, **MAIL)
    await machine.run("person", "invite", "a@example.org", "--responder", "tara", env=env)
    return ["person.invite"]


@act("person remove")
async def _(machine: Machine) -> list[str]:
    added = json.loads(await machine.run("person", "add", "a@example.org", "--responder", "tara", "--json"))
    await machine.run("person", "remove", added["id"])
    return ["person.add", "person.remove"]


@act("handover")
async def _(machine: Machine) -> list[str]:
    await machine.run("handover", "--responder", "tara")
    return ["handover.add"]


@act("owner suspend")
async def _(machine: Machine) -> list[str]:
    await machine.run("owner", "suspend", "--responder", "tara")
    await machine.run("owner", "suspend", "--responder", "tara")
    return ["owner.suspend", "owner.suspend"]


@act("owner resume")
async def _(machine: Machine) -> list[str]:
    await machine.run("owner", "resume", "--responder", "tara")
    return ["owner.resume"]


@act("redact")
async def _(machine: Machine) -> list[str]:
    await machine.run("redact", "tara", "--field", "report.note", "--from", "1")
    return ["responder.redact"]


@act("db rebuild")
async def _(machine: Machine) -> list[str]:
    await machine.run("db", "rebuild")
    return ["database.rebuild", "database.rebuild"]


@act("db restored")
async def _(machine: Machine) -> list[str]:
    await machine.run("db", "restored", "--keep-tokens", "--above", "100")
    return ["directory.restore"]


@act("backup")
async def _(machine: Machine) -> list[str]:
    await machine.run("backup", str(machine.folder / "backup"))
    return ["database.backup"]


@act("restore")
async def _(machine: Machine) -> list[str]:
    await machine.run("partner", "add", "Before the backup")
    await machine.run("backup", str(machine.folder / "backup"))
    await machine.run("partner", "add", "After the backup")
    await machine.run("restore", str(machine.folder / "backup"), "--keep-tokens", "--above", "100")
    return ["partner.add", "directory.restore"]


@act("doctor")
async def _(machine: Machine) -> list[str]:
    keep_private(machine.url)
    await machine.run("doctor", "--clock", "--accept")
    return ["clock.accept"]


@act("key reseal")
async def _(machine: Machine) -> list[str]:
    await machine.add_webhook()
    database = Database(settings_of(machine.url))
    await add_person(database, "a@example.org")
    await database.close()
    await machine.run("key", "reseal", env=keyed(machine.url, ROTATING))
    return ["webhook.reseal", "person.reseal"]


@act("webhook disable")
async def _(machine: Machine) -> list[str]:
    await machine.run("webhook", "disable", await machine.add_webhook())
    return ["webhook.disable"]


@act("webhook enable")
async def _(machine: Machine) -> list[str]:
    await machine.run("webhook", "enable", await machine.add_webhook())
    return ["webhook.enable"]


@act("webhook test")
async def _(machine: Machine) -> list[str]:
    await machine.run("webhook", "test", await machine.add_webhook())
    return ["webhook.test"]


@act("db copy")
async def _(machine: Machine) -> list[str]:
    target = sqlite_url_of(machine.folder / "target.db").render_as_string()
    await machine.run("db", "copy", machine.url, target)
    copied = Machine(machine.folder, target)
    assert await entries(copied) == await entries(machine)
    return ["database.close"]


@act("db create")
async def _(machine: Machine) -> list[str]:
    use_another(machine)
    await machine.run("db", "create")
    return REGISTER


@act("serve")
async def _(machine: Machine) -> list[str]:
    use_another(machine)
    async with processes.serving("--create", env=machine.env):
        return REGISTER


@act("db upgrade")
async def _(machine: Machine) -> list[str]:
    use_another(machine)
    make_empty(machine.folder / "another.db")
    database = Database(settings_of(machine.url))
    await schema.upgrade(database, "0012")
    await database.close()
    await machine.run("db", "upgrade")
    return ["database.upgrade"]


def keep_private(url: str) -> None:
    """Let nobody else read the files: `doctor` would say so."""
    path = make_url(url).database
    assert path is not None
    Path(path).chmod(0o600)


def use_another(machine: Machine) -> None:
    """Go on with a database that is not there yet."""
    machine.url = sqlite_url_of(machine.folder / "another.db").render_as_string()
    machine.env = environment(machine.url)


async def entries(machine: Machine) -> list[tuple[str, str, str | None]]:
    """Who did what, oldest first."""
    found = json.loads(await machine.run("audit", "--limit", "100", "--json"))
    return [(each["action"], each["actor"]["type"], each["actor"]["user"]) for each in reversed(found)]


def test_every_command_is_known_to_change_something_or_nothing() -> None:
    commands = set(names_of(cli, "", click.Context(cli)))
    assert commands == {*ACTS, *CHANGE_NOTHING}
    assert set(ACTS).isdisjoint(CHANGE_NOTHING)


@pytest.mark.parametrize("name", ACTS)
async def test_a_command_leaves_its_entries_in_the_name_of_its_user(name: str, tmp_path: Path, sqlite_url: str) -> None:
    machine = Machine(tmp_path, sqlite_url)
    actions = await ACTS[name](machine)
    # The test lists the register as the service.
    by_commands = [each for each in await entries(machine) if each[1] != "service"]
    assert by_commands == [(action, "command_line", getpass.getuser()) for action in actions]


async def test_a_restore_on_postgresql_is_an_act_of_its_user_too(
    tmp_path: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(POSTGRESQL_PROGRAMS), prepend=os.pathsep)
    await test_a_command_leaves_its_entries_in_the_name_of_its_user("restore", tmp_path, postgresql_url)


async def test_a_command_that_only_reads_leaves_none(tmp_path: Path, sqlite_url: str) -> None:
    machine = Machine(tmp_path, sqlite_url)
    keep_private(sqlite_url)
    before = await entries(machine)
    for arguments in (
        ("audit",),
        ("db", "check"),
        ("db", "current"),
        ("digest",),
        ("dispute", "list"),
        ("mail", "list"),
        ("partner", "list"),
        ("person", "list"),
        ("responder", "list"),
        ("responder", "import", machine.write([BODIES["addResponder"]]), "--dry-run"),
        ("site", "build", str(tmp_path / "site")),
        ("token", "list"),
        ("token", "review"),
        ("doctor",),
    ):
        await machine.run(*arguments)
    assert await entries(machine) == before
