"""Plausible mistakes at the command line: each gets one line that names what is wrong and what to do instead."""

import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.in_process import as_ordinary_user, call
from tests.listed import sqlite_template
from tests.processes import KEY

from capacity_api.cli.main import _MODULES
from capacity_api.db.sqlite_file import hold_lock

__all__ = ["sqlite_template"]
_UNKNOWN = "019e4500-0000-7000-8000-000000000099"


@pytest.fixture(scope="module")
def folder(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a database, a backup of it, and files that are wrong. No mistake changes anything in it."""
    folder = tmp_path_factory.mktemp("mistakes")
    shutil.copy(sqlite_template, folder / "capacity.db")
    made = call("backup", str(folder / "backup"), env=settings(folder))
    assert made.code == 0
    (folder / "no-json").write_text("slug: tara")
    (folder / "area.json").write_text(json.dumps({"slug": "new", "name": "New", "remit": {**_REMIT, "areas": ["E1"]}}))
    (folder / "field.json").write_text(json.dumps({"slug": "new", "name": "New", "remit": _REMIT, "fone": "1"}))
    (folder / "key").write_text(KEY)
    (folder / "key").chmod(0o000)
    (folder / "full").mkdir()
    (folder / "full" / "thesis.txt").write_text("mine")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        (folder / "port").write_text(str(listening.getsockname()[1]))
        yield folder


_REMIT = {"areas": ["K02000001"], "exploitation_types": ["all"], "age_groups": ["adult"], "genders": ["all"]}


def settings(folder: Path, **others: str) -> dict[str, str]:
    named = {f"CAPACITY_{name.upper()}": value for name, value in others.items()}
    return {"CAPACITY_DATABASE_URL": f"sqlite:///{folder}/capacity.db", "CAPACITY_SECRET_KEY": KEY, **named}


# The command, with {} for the folder; the exit code; what the line says.
MISTAKES: list[tuple[str, int, tuple[str, ...]]] = [
    ("serv", 2, ("No such command 'serv'", "Did you mean 'serve'?")),
    ("frobnicate", 2, ("No such command 'frobnicate'", "see `capacity-api --help`")),
    ("token isue --admin", 2, ("No such command 'isue'", "'issue'", "`capacity-api token --help`")),
    ("token issue --responer tara", 2, ("No such option '--responer'", "--responder")),
    ("token issue", 2, ("name one owner", "`capacity-api token issue --help`")),
    ("token issue --admin --partner Case", 2, ("name one owner",)),
    ("token issue --admin --days soon", 2, ("'--days'", "'soon' is not a valid int")),
    ("token issue --admin --scope everything", 2, ("'everything' is not one of", "'intake:write'")),
    ("token issue --responder tarra", 1, ("No responder 'tarra' is listed", "did you mean 'tara'?")),
    ("token issue --responder nobody", 1, ("No responder 'nobody' is listed", "`capacity-api responder list`")),
    ("token revoke tara", 2, ("'tara' is not a valid UUID",)),
    (f"token revoke {_UNKNOWN}", 1, ("There is no such token", "`capacity-api token list`")),
    (f"webhook show {_UNKNOWN}", 1, ("There is no such webhook", "`capacity-api webhook list`")),
    ("webhook list --status sleeping", 2, ("'sleeping' is not one of 'active', 'disabled'",)),
    ("owner suspend --partner Nobody", 1, ("There is no partner 'Nobody'", "`capacity-api partner list`")),
    ("responder edit", 2, ("Missing argument 'SLUG'", "`capacity-api responder edit --help`")),
    ("responder report tara", 2, ("Missing option '--state'", "open", "waiting_list")),
    ("responder report tara --state opne", 2, ("'opne' is not one of 'open', 'waiting_list', 'paused'",)),
    ("responder report tara --state paused --reopens-on 31.12.2026", 2, ("'31.12.2026'", "'%Y-%m-%d'")),
    ("responder report tara --state paused --reopens-on 2026-02-30", 2, ("'2026-02-30'", "'%Y-%m-%d'")),
    ("responder report unsen --state open", 1, ("No responder 'unsen' is listed", "did you mean 'unseen'?")),
    ("responder delist tata", 1, ("No responder 'tata' is listed", "did you mean 'tara'?")),
    ("responder add {}/nothing.json", 2, ("nothing.json': No such file or directory",)),
    ("responder add {}/full", 2, ("full': Is a directory",)),
    ("responder add {}/no-json", 1, ("JSON is malformed",)),
    ("responder add {}/area.json", 1, ("/remit/areas/0", "E1")),
    ("responder add {}/field.json", 1, ("fone",)),
    ("responder chase tara", 1, ("no mail is sent from here", "set CAPACITY_SMTP_URL")),
    ("audit --from yesterday", 1, ("--from must be a time such as 2026-05-20T09:30:00Z",)),
    ("audit --from 2026-11-22 --to 2026-11-21", 2, ("--from must not be after --to",)),
    ("serve --port 99999", 2, ("99999 is not in the range 0<=x<=65535",)),
    ("serve --port {port}", 1, ("Address already in use", "choose another --port")),
    ("serve --port 80", 1, ("Permission denied", "choose a port above 1023")),
    ("serve --host 192.0.2.1 --port 0", 1, ("Cannot assign requested address", "one of its own")),
    ("serve --workers 2", 1, ("--workers above 1 needs PostgreSQL",)),
    ("backup {}/backup", 1, ("exists already", "--force replaces")),
    ("backup {}/missing/backup", 1, ("cannot be written: No such file or directory",)),
    ("restore {}/nothing", 2, ("nothing' does not exist",)),
    ("restore {}/no-json", 1, ("there is no manifest", "copy it beside")),
    ("restore {}/backup --keep-tokens --revoke-tokens", 2, ("exclude each other",)),
    ("db create", 1, ("is there already; nothing was changed",)),
    ("site build {}/full", 1, ("{}/full",)),
    ("doctor --accept", 2, ("--accept goes with --clock",)),
    ("listen", 2, ("set CAPACITY_LISTEN_SECRET, or give --secret-file",)),
    ("redact tara --field report.nota --from 1", 2, ("report.nota", "report.note")),
]
WRONG_SETTINGS: list[tuple[dict[str, str], int, tuple[str, ...]]] = [
    ({"databse_url": "x"}, 1, ("CAPACITY_DATABSE_URL is not a setting", "did you mean CAPACITY_DATABASE_URL?")),
    ({"database_url": ""}, 1, ("CAPACITY_DATABASE_URL is not a database URL", "such as sqlite:///capacity.db")),
    ({"database_url": "mysql://db/capacity"}, 1, ("must start with sqlite:/// or postgresql://, such as",)),
    ({"database_url": "sqlite:///{}/capacity.bd"}, 40, ("there is no database", "`capacity-api db create` makes one")),
    ({"secret_key": "hunter2"}, 1, ("CAPACITY_SECRET_KEY must hold keys of 32 bytes",)),
    ({"secret_key_file": "{}/key"}, 1, ("CAPACITY_SECRET_KEY and CAPACITY_SECRET_KEY_FILE are both set",)),
    ({"smtp_url": "mail.example.org"}, 1, ("CAPACITY_SMTP_URL must be a URL such as smtp://",)),
    ({"smtp_url": "smtp://mail.example.org"}, 1, ("CAPACITY_SMTP_URL needs CAPACITY_MAIL_FROM too",)),
    ({"log_level": "chatty"}, 1, ("CAPACITY_LOG_LEVEL must be one of debug, info, warning, error",)),
    ({"lease_seconds": "1m"}, 1, ("CAPACITY_LEASE_SECONDS must be a whole number",)),
]


def assert_one_line(folder: Path, command: str, env: dict[str, str], code: int, words: tuple[str, ...]) -> None:
    before = sorted(folder.iterdir())
    arguments = [part.format(folder, port=(folder / "port").read_text()) for part in command.split(" ")]
    with as_ordinary_user():
        ended = call(*arguments, env=env)
    assert (ended.code, ended.out, len(ended.lines)) == (code, "", 1), ended
    (line,) = ended.lines
    assert line.startswith("capacity-api: ")
    for each in words:
        assert each.format(folder) in line, line
    assert "hunter2" not in line
    assert [each for each in sorted(folder.iterdir()) if each.suffix != ".lock"] == [
        each for each in before if each.suffix != ".lock"
    ]


@pytest.mark.parametrize(("command", "code", "words"), MISTAKES, ids=[command for command, *_ in MISTAKES])
def test_a_mistake_gets_one_good_line(command: str, code: int, words: tuple[str, ...], folder: Path) -> None:
    assert_one_line(folder, command, settings(folder), code, words)


@pytest.mark.parametrize(("others", "code", "words"), WRONG_SETTINGS, ids=lambda each: ",".join(map(str, [each])))
def test_a_wrong_setting_gets_one_good_line(
    others: dict[str, str], code: int, words: tuple[str, ...], folder: Path
) -> None:
    named = {name: value.format(folder) for name, value in others.items()}
    assert_one_line(folder, "token list", settings(folder, **named), code, words)


def test_a_key_file_that_others_alone_may_read(folder: Path) -> None:
    env = settings(folder, secret_key_file=f"{folder}/key")
    del env["CAPACITY_SECRET_KEY"]
    assert_one_line(folder, "token list", env, 1, ("CAPACITY_SECRET_KEY_FILE names cannot be read: Permission denied",))


def test_nothing_is_restored_over_a_database_that_is_served(folder: Path) -> None:
    with hold_lock(folder / "capacity.db"):
        said = ("another process serves, makes or restores the database",)
        assert_one_line(folder, f"restore {folder}/backup", settings(folder), 27, said)


def test_each_command_has_help_and_the_first_names_the_exit_codes(folder: Path) -> None:
    whole = call("--help").out
    assert "docs/operate/errors.md" in whole
    for name in _MODULES:
        ended = call(name, "--help")
        assert (ended.code, ended.lines) == (0, []), name
        assert f"Usage: capacity-api {name}" in ended.out
