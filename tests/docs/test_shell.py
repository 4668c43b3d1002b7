"""The shell's blocks of the documents, run in their order against one real service."""

import asyncio
import os
import re
import shlex
import shutil
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import groupby
from pathlib import Path

import msgspec
from tests import processes
from tests.databases import copy_sqlite
from tests.docs.blocks import ROOT, Block, blocks
from tests.processes import environment, issue_token, run

# By page and first words: what cannot be run here, and why. `test_blocks.py` checks its syntax all the same.
NOT_RUN = {
    ("README.md", "make demo"): "tests/test_demo.py runs it",
    ("README.md", "python3 -m venv"): "it installs from the network; tests/test_wheel.py installs the package",
    ("CONTRIBUTING.md", ".venv/bin/python -m pytest"): "tests that run tests; the files are looked for below",
    ("CONTRIBUTING.md", "PWDEBUG=1"): "it opens a window",
    ("CONTRIBUTING.md", ".venv/bin/st run"): "tests/test_schemathesis.py runs it",
    ("docs/examples/partner/README.md", "make demo"): "tests/test_demo.py runs it",
    ("docs/examples/partner/README.md", "python3 -m venv"): "tests/examples/test_partner.py runs the integration",
    ("docs/examples/partner/README.md", "WEBHOOK_SECRET="): "the same",
    ("docs/pages.md", ".venv/bin/python -m tools.write_facts"): "tests/pages/test_scripts.py runs them",
    ("docs/pages.md", "pybabel init"): "it would add a language to this folder",
    ("docs/webhooks.md", "set -uf"): "tests/domain/test_webhook_vectors.py runs it",
    (
        "docs/operate/install.md",
        "CAPACITY_DATABASE_URL_FILE",
    ): "tests/db/test_outages.py has a role without permissions",
    ("docs/operate/install.md", "capacity-admin doctor"): "tests/test_doctor_findings.py reads the GRANTs",
    (
        "docs/operate/systemd.md",
        "python3 -m venv build/wheel",
    ): "it fetches the builder; tests/test_wheel.py makes a wheel",
    ("docs/operate/systemd.md", "apt install"): "it changes the machine; tests/docs/test_install.py installs the files",
    ("docs/operate/systemd.md", "install -d"): "the same",
    (
        "docs/operate/systemd.md",
        "capacity-admin backup",
    ): "the same; tests/test_socket_activation.py does it to a service",
    ("docs/operate/container.md", "install -d"): "it needs Docker; tests/docs/test_container.py runs what it builds",
    ("docs/operate/container.md", "umask 077"): "the same",
    ("docs/operate/container.md", "docker "): "the same",
    ("docs/static-site.md", "capacity-api site build /srv/capacity --watch"): "tests/test_site_watch.py runs it",
}
# These have a test of their own, which does what the reader does between the blocks.
HAVE_TESTS = {"docs/guide/start.md", "docs/guide/copy.md"}
# A command of this program and nothing of the shell: it runs without a second to start in.
_OWN = re.compile(r"capacity-api [^|&;<>$`]*( > [\w./-]+)?")


class Directory(msgspec.Struct):
    """A service that answers, and what the documents leave to the reader."""

    env: dict[str, str]
    folder: Path
    # By page, and then of every page: the words that stand for something of the reader's own.
    words: dict[str, dict[str, str]]

    def code_of(self, block: Block) -> str:
        code = block.code
        for word, meaning in {**self.words.get(block.page, {}), **self.words[""]}.items():
            code = re.sub(rf"(?<![\w/]){re.escape(word)}(?!\w)", meaning, code)
        return code

    def env_of(self, page: str) -> dict[str, str]:
        own = {"TOKEN": self.env["RESPONDER"]} if page == "README.md" else {}
        return {**self.env, **own}

    async def run(self, block: Block) -> str | None:
        """Run a block. What it said, where it failed."""
        code, env = self.code_of(block).replace("\\\n", " "), self.env_of(block.page)
        for is_own, lines in groupby(code.splitlines(), lambda line: bool(_OWN.fullmatch(line))):
            for part in lines if is_own else ["\n".join(lines)]:
                said = await (_run_own(part, env) if is_own else self._run_in_shell(part, env))
                if said is not None:
                    return f"{part}: {said}"
        return None

    async def _run_in_shell(self, code: str, env: dict[str, str]) -> str | None:
        process = await asyncio.create_subprocess_exec(
            "bash", "-euo", "pipefail", "-c", code, cwd=self.folder, env=env, stdout=PIPE, stderr=STDOUT
        )
        said, _ = await processes.finish(process)
        return None if process.returncode == 0 else said.decode()


async def _run_own(line: str, env: dict[str, str]) -> str | None:
    command, _, file = line.partition(" > ")
    code, out, err = await run(*shlex.split(command)[1:], env=env)
    if code != 0:
        return out + err
    if file:
        Path(file).write_text(out)
    return None


@asynccontextmanager
async def directory(url: str, other_url: str, folder: Path) -> AsyncIterator[Directory]:
    for name in ("backups", "nginx/conf.d"):
        (folder / name).mkdir(parents=True)
    (folder / "docs").symlink_to(ROOT / "docs")
    # Without it curl takes a refusal for a success.
    (folder / ".curlrc").write_text("fail-with-body\nsilent\nshow-error\nnoproxy = *\n")
    env = environment(
        url, egress_allow="127.0.0.0/8", smtp_url="smtp://127.0.0.1:1?starttls=no", mail_from="d@example.org"
    ) | {"CAPACITY_PUBLIC_URL": "https://capacity.example.org", "CURL_HOME": str(folder)}
    code, out, err = await run("db", "create", env=env)
    assert code == 0, out + err
    async with processes.serving(env=env, log=folder / "capacity.log") as service:
        env["PATH"] = f"{processes.COMMAND.parent}:{os.environ['PATH']}"
        env["DIRECTORY"] = service.address
        env["RESPONDER"] = await issue_token(env, "--responder", "salvation-army")
        env["TOKEN"] = await issue_token(env, "--partner", "Case tool")
        env["ADMIN"] = await issue_token(env, "--admin")
        yield Directory(
            env=env,
            folder=folder,
            words={
                "": {
                    "http://127.0.0.1:8000": service.address,
                    "/backups": str(folder / "backups"),
                    "/srv/capacity": str(folder / "site"),
                    "/etc/nginx": str(folder / "nginx"),
                },
                "docs/operate/tokens.md": {"ID": await id_of(env, "token", "issue", "--partner", "Other tool")},
                "docs/operate/people.md": {"ID": await id_of(env, "person", "add", "a@charity.example", "--admin")},
                "docs/operate/copy.md": {"FROM_URL": other_url, "TO_URL": f"sqlite+aiosqlite:///{folder / 'to.db'}"},
            },
        )


async def id_of(env: dict[str, str], *arguments: str) -> str:
    code, out, err = await run(*arguments, "--json", env=env)
    assert code == 0, err
    made: str = msgspec.json.decode(out)["id"]
    return made


def is_example(block: Block) -> bool:
    """Whether it is a copy of a file that `tests/examples/test_guide.py` runs."""
    return any(path.read_text() == block.code for path in (ROOT / "docs" / "examples" / "guide").glob("*.sh"))


def is_not_run(block: Block) -> bool:
    if block.code.startswith("jq ") and shutil.which("jq") is None:
        return True
    return any(block.page == page and block.code.startswith(words) for page, words in NOT_RUN)


def test_what_is_not_run_is_there_and_names_files_that_there_are() -> None:
    for page, words in NOT_RUN:
        assert any(block.page == page and block.code.startswith(words) for block in blocks("sh")), (page, words)
    for block in filter(is_not_run, blocks("sh")):
        for name in re.findall(r"(?:tests|docs|tools)/[\w/.-]+\.\w+", block.code):
            assert (ROOT / name).exists(), f"{block.where}: {name}"


async def test_every_block_does_what_it_says(sqlite_template: Path, tmp_path: Path) -> None:
    other_url = copy_sqlite(sqlite_template, tmp_path / "from.db")
    url = f"sqlite+aiosqlite:///{tmp_path / 'capacity.db'}"
    async with directory(url, other_url, tmp_path / "reader") as reader:
        failures = {}
        for block in blocks("sh"):
            if block.page in HAVE_TESTS or is_example(block) or is_not_run(block):
                continue
            said = await reader.run(block)
            if said is not None:
                failures[block.where] = said
        assert failures == {}
