"""Other versions of the program: each release, from the history of git, and one that is yet to come.

A version is a folder. A command of it runs with the installed packages of this one.
"""

import asyncio
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from tests import processes

from capacity_api.db import schema

ROOT = Path(__file__).parents[1]
# From 1.0 on, each runs on the schema of every later version that only adds to it.
RELEASES = {"1.0.0": "3a46287ccc2d16252c08032ae74eab3243a2ec5a"}
_MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"
branch_labels = None
depends_on = None
needs_stop = {needs_stop}


def upgrade() -> None:
    op.create_table(
        "later",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("responder_id", sa.Uuid(), sa.ForeignKey("responder.id"), nullable=False),
    )
    op.add_column("event", sa.Column("later", sa.Text(), nullable=True))
    op.add_column("responder", sa.Column("later", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_event_later", "event", ["type", "at"], if_not_exists=True)
"""
# The revision of a version that is yet to come.
LATER = "9001"


def release(name: str, folder: Path) -> Path:
    """A release, unpacked. Skips the test where the history of git is not at hand."""
    archive = folder / f"{name}.tar"
    command = ("git", "archive", f"--output={archive}", RELEASES[name], "src", "migrations", "openapi")
    try:
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        said = error.stderr.strip() if isinstance(error, subprocess.CalledProcessError) else str(error)
        pytest.skip(f"{name} was not tried, because the history of git lacks it here: {said}")
    version = folder / name
    shutil.unpack_archive(archive, version)
    return version


def later(folder: Path, *, needs_stop: bool) -> Path:
    """This version with one migration more, which only adds."""
    version = folder / "later"
    (version / "src").mkdir(parents=True)
    for name in ("src/capacity_api", "openapi"):
        (version / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "migrations", version / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    text = _MIGRATION.format(revision=LATER, before=schema.needed_revision(), needs_stop=needs_stop)
    (version / "migrations" / "versions" / "9001_later.py").write_text(text)
    return version


def environment(version: Path | None, env: dict[str, str]) -> dict[str, str]:
    """That of a command of this version; `None` is the one that is checked out."""
    others = {name: value for name, value in env.items() if name != "PYTHONPATH"}
    return others if version is None else {**others, "PYTHONPATH": str(version / "src")}


async def run(version: Path, *arguments: str, env: dict[str, str]) -> tuple[int, str, str]:
    """Run a command to its end: exit code, standard output, standard error."""
    process = await asyncio.create_subprocess_exec(
        str(processes.COMMAND),
        *arguments,
        env=environment(version, env),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, errors = await processes.finish(process)
    assert process.returncode is not None
    return process.returncode, said.decode(), errors.decode()


async def issue_token(version: Path, *owner: str, env: dict[str, str]) -> str:
    code, said, errors = await run(version, "token", "issue", *owner, "--json", env=env)
    assert code == 0, errors
    token: str = json.loads(said)["token"]
    return token
