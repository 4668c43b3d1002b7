"""The help of every command: its purpose, the values that it allows, and an example that works."""

import asyncio
import json
import re
import shlex
import shutil
import signal
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from tests import in_process, processes
from tests.databases import copy_sqlite, sqlite_url_of
from tests.listed import sqlite_template
from tests.processes import COMMAND, environment, issue_token, run
from tests.serving import PATIENCE_SECONDS, client_of

from capacity_api.cli.help_examples import EXAMPLES
from capacity_api.cli.main import cli

__all__ = ["sqlite_template"]

# What goes on until it is ended, and what it says when it is ready. A free port stands in place of its own.
ENDLESS = {
    "demo": ("  page ", {"8080": "0", "end": "--listen-port 0"}),
    "serve": ("answers on ", {"8000": "0"}),
    "worker": ('"event":"process.start"', {}),
    "listen": ("listening on ", {"8001": "0"}),
}
RESPONDER = {
    "slug": "new-help",
    "name": "New Help",
    "remit": {"areas": ["W92000004"], "exploitation_types": ["all"], "age_groups": ["adult"]},
}


def commands() -> Iterator[tuple[str, click.Command]]:
    """Each command that does something, by the words that call it."""
    waiting: list[tuple[str, click.Command | None]] = [("", cli)]
    while waiting:
        path, command = waiting.pop()
        assert command is not None, path
        if not isinstance(command, click.Group):
            yield path, command
            continue
        if path and command.invoke_without_command:
            yield path, command
        context = click.Context(command)
        waiting += [
            (f"{path} {name}".strip(), command.get_command(context, name)) for name in command.list_commands(context)
        ]


ALL = dict(commands())


def test_every_command_has_one_example_and_no_example_is_of_another() -> None:
    assert EXAMPLES.keys() == ALL.keys()
    for path, example in EXAMPLES.items():
        assert example.split()[: 1 + len(path.split())] == ["capacity-api", *path.split()]


@pytest.mark.parametrize("path", sorted(ALL))
def test_help_says_the_purpose_in_one_line_the_values_and_an_example(path: str) -> None:
    command = ALL[path]
    text = command.get_help(click.Context(command, info_name=path, terminal_width=200))
    purpose = (command.help or "").partition("\n\n")[0]
    assert re.match(r"[A-Z].*\.$", purpose, re.DOTALL), purpose
    assert len(purpose.splitlines()) == 1, "the list of commands shows the first line alone"
    assert re.sub(r"\s+", " ", text).endswith(f"Example: {EXAMPLES[path]}")
    for each in command.params:
        if isinstance(each.type, click.Choice):
            assert all(value in text for value in each.type.choices), each.name


def test_every_example_works(sqlite_template: Path, tmp_path: Path) -> None:
    """In their order, on one database; what they name is given first."""
    (tmp_path / "responder.json").write_text(json.dumps(RESPONDER))
    (tmp_path / "secret.txt").write_text("whsec_" + "A" * 43 + "=")
    url = sqlite_url_of(tmp_path / "capacity.db").render_as_string()
    env = environment(
        url,
        egress_allow="127.0.0.0/8",
        smtp_url="smtp://127.0.0.1:1?starttls=no",
        mail_from="d@example.org",
        public_url="https://capacity.example.org",
        trusted_proxies="127.0.0.1/32",
    )
    words = {
        "sqlite:///capacity.db": copy_sqlite(sqlite_template, tmp_path / "from.db"),
        "postgresql://capacity@db/capacity": sqlite_url_of(tmp_path / "to.db").render_as_string(),
        **{name: str(tmp_path / name) for name in ("responder.json", "responders.csv", "secret.txt", "public-site")},
        "capacity.backup": str(tmp_path / "capacity.backup"),
    }
    made: dict[str, str] = {}
    failures: dict[str, str] = {}
    for path, example in EXAMPLES.items():
        if path == "responder import":
            (tmp_path / "responders.csv").write_text(in_process.call("responder", "import", "--template", env=env).out)
        group = path.split()[0]
        if "ID" in example.split() and group not in made:
            made[group] = asyncio.run(_make(group, env))
        arguments = [words.get(each, made[group] if each == "ID" else each) for each in shlex.split(example)[1:]]
        if path in ENDLESS:
            announces, other = ENDLESS[path]
            arguments = [other.get(each, each) for each in arguments] + other.get("end", "").split()
            asyncio.run(_start_and_end(arguments, env, announces))
        else:
            ended = in_process.call(*arguments, env=env)
            if ended.code != 0:
                failures[example] = "\n".join((ended.out, *ended.lines))
    assert failures == {}


async def _make(group: str, env: dict[str, str]) -> str:
    """The id of something that the group's commands can act on."""
    if group == "webhook":
        token = await issue_token(env, "--partner", "Case tool")
        async with processes.serving("--no-delivery", env=env) as server, client_of(server.address) as client:
            headers = {"authorization": f"Bearer {token}"}
            answer = await client.post("/v1/webhooks", json={"url": "http://127.0.0.1:9/"}, headers=headers)
        made: str = answer.raise_for_status().json()["id"]
        return made
    arguments = {
        "token": ("token", "issue", "--partner", "Other tool"),
        "person": ("person", "add", "other@charity.example", "--admin"),
    }[group]
    code, out, err = await run(*arguments, "--json", env=env)
    assert code == 0, err
    listed: str = json.loads(out)["id"]
    return listed


async def _start_and_end(arguments: list[str], env: dict[str, str], announces: str) -> None:
    process = await asyncio.create_subprocess_exec(COMMAND, *arguments, env=env, stdout=PIPE, stderr=STDOUT)
    assert process.stdout is not None
    said = b""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while announces.encode() not in said:
                line = await process.stdout.readline()
                said += line
                assert line, said
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await processes.finish(process)


async def test_an_error_names_the_values_that_are_allowed(sqlite_url: str) -> None:
    env = environment(sqlite_url)
    for arguments, expected in (
        (("person", "add", "a@b.example", "--admin", "--role", "boss"), "'editor', 'reminded'"),
        (("responder", "report", "tara", "--state", "shut"), "'open', 'waiting_list', 'paused'"),
        (("token", "issue", "--admin", "--days", "0"), "1<=x<=3650"),
        (("completion", "fish"), "'bash', 'zsh'"),
        (("docs", "bakup"), "did you mean backup?"),
        (("docs", "backup#restor"), "did you mean restore?"),
    ):
        code, _, err = await run(*arguments, env=env)
        assert code in {1, 2}
        assert expected in err


COMPLETED = [
    ("res", {"responder", "restore"}),
    ("responder re", {"report"}),
    ("responder report --state pau", {"paused"}),
    ("person add a@b.example --role ", {"editor", "reminded"}),
    ("responder edit tara --sour", {"--source-name", "--source-url", "--source-checked-on"}),
    ("completion ", {"bash", "zsh"}),
]


async def test_bash_completes_commands_options_and_values() -> None:
    """In a real bash, as it calls the function when somebody types Tab."""
    calls = "\n".join(
        f"COMP_WORDS=({_typed(line)}); COMP_CWORD=$((${{#COMP_WORDS[@]}}-1)); COMPREPLY=(); "
        f'_capacity_api_completion capacity-api; echo "${{COMPREPLY[*]}}"'
        for line, _ in COMPLETED
    )
    script = f"source <(capacity-api completion bash)\ncomplete -p capacity-api\n{calls}\n"
    env = environment("sqlite:///never-opened.db")
    env["PATH"] = f"{COMMAND.parent}:{env['PATH']}"
    process = await asyncio.create_subprocess_exec("bash", "--norc", "-c", script, env=env, stdout=PIPE, stderr=PIPE)
    out, err = await processes.finish(process)
    assert process.returncode == 0, err
    assert not err
    registered, *replies = out.decode().splitlines()
    assert registered.endswith("-F _capacity_api_completion capacity-api")
    assert [set(reply.split()) for reply in replies] == [expected for _, expected in COMPLETED]


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed (Debian: zsh)")
async def test_zsh_completes_the_same(tmp_path: Path) -> None:
    """In a real zsh without a configuration. It shows what it would have offered, and not in a menu."""
    calls = "\n".join(
        f"words=({_typed(line)}); CURRENT=$#words; offered=(); _capacity_api_completion; print -r -- $offered"
        for line, _ in COMPLETED
    )
    script = f"""
source <(capacity-api completion zsh)
print -r -- $_comps[capacity-api]
function _describe {{ offered+=(${{${{(P)3}}%%:*}}) }}
function compadd {{ offered+=(${{(P)@[-1]}}) }}
{calls}
"""
    env = environment("sqlite:///never-opened.db") | {"HOME": str(tmp_path), "ZDOTDIR": str(tmp_path)}
    env["PATH"] = f"{COMMAND.parent}:{env['PATH']}"
    process = await asyncio.create_subprocess_exec("zsh", "-f", "-c", script, env=env, stdout=PIPE, stderr=PIPE)
    out, err = await processes.finish(process)
    assert process.returncode == 0, err
    assert not err
    registered, *replies = out.decode().splitlines()
    assert registered == "_capacity_api_completion"
    assert [set(reply.split()) for reply in replies] == [expected for _, expected in COMPLETED]


def _typed(line: str) -> str:
    """The words that bash has when the cursor is at the end of the line. After a space, the last one is empty."""
    return " ".join(shlex.quote(word) for word in ["capacity-api", *line.split(" ")])
