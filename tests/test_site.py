"""`capacity-api site`: the published paths as files."""

import asyncio
import json
from pathlib import Path

import pytest
from tests.processes import COMMAND, environment, finish, run
from tests.serving import PATIENCE_SECONDS
from tests.sites import UNPACK, files, read, report_open, without_key

from capacity_api.db.engine import Database
from capacity_api.db.sqlite_file import make_empty


# A build reads once, whichever database that is.
@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def env(database_url: str) -> dict[str, str]:
    return without_key(database_url)


async def test_a_build_says_what_it_did(listed: Database, env: dict[str, str], root: Path) -> None:
    code, out, err = await run("site", "build", str(root), env=env)
    assert (code, err) == (0, "")
    count = len([name for name in files(root) if not name.endswith((*UNPACK, ".capacity-site"))])
    assert out == f"{root} holds version 13 in {count} files: {count} written, 0 removed\n"
    assert read(root, "v1/directory")["sequence"] == 13
    # Some pages say "as of", to the second, and the state of the copy when that was. One second may hold both builds.
    before = files(root)
    code, out, _ = await run("site", "build", str(root), "--json", env=env)
    changed = {name for name, body in files(root).items() if body != before[name] and not name.endswith((*UNPACK,))}
    assert (code, json.loads(out)) == (0, {"written": len(changed), "removed": 0, "files": count, "failed": 0})
    assert {"site.json"} <= changed
    assert all(_states_time(name) for name in changed)


async def test_a_folder_that_cannot_be_used_is_refused_in_one_line(
    listed: Database, env: dict[str, str], root: Path, tmp_path: Path
) -> None:
    root.mkdir()
    (root / "thesis.txt").write_text("years of work")
    assert await run("site", "build", str(root), env=env) == (
        1,
        "",
        f"capacity-api: {root} holds something else; name a folder that is empty or does not exist\n",
    )
    assert files(root) == {"thesis.txt": b"years of work"}
    code, _, err = await run("site", "build", str(root / "thesis.txt"), env=env)
    assert (code, len(err.splitlines())) == (1, 1)
    whole = tmp_path / "whole"
    whole.mkdir()
    (whole / ".capacity-site").write_text('{"files":[],"latest":0}')
    (whole / "v1" / "directory" / "mine").mkdir(parents=True)
    code, _, err = await run("site", "build", str(whole), env=env)
    assert (code, err.count("\n")) == (1, 1)
    assert "v1/directory" in err


async def test_an_empty_database_is_refused(env: dict[str, str], tmp_path: Path, root: Path) -> None:
    make_empty(tmp_path / "empty.db")
    empty = {"CAPACITY_DATABASE_URL": f"sqlite:///{tmp_path / 'empty.db'}"}
    code, _, err = await run("site", "build", str(root), env=env | empty)
    assert (code, err) == (40, "capacity-api: the database is empty; run `capacity-api db create`\n")
    assert not root.exists()


async def test_the_headers_are_lines_for_nginx() -> None:
    code, out, _ = await run("site", "headers", env=environment("sqlite+aiosqlite:///unused.db"))
    assert code == 0
    assert all(line.startswith("add_header ") and line.endswith('" always;') for line in out.splitlines())
    # Of each page, where it has styles of its own.
    assert out.count("'sha256-") >= 4


async def test_a_build_that_is_killed_leaves_only_whole_files(
    listed: Database, env: dict[str, str], root: Path, tmp_path: Path
) -> None:
    versions = []
    for number, note in enumerate(("One.", "Two.", "Six.")):
        for slug in ("salvation-army", "tara", "unseen"):
            await report_open(listed, slug, note)
        whole = tmp_path / f"whole{number}"
        assert (await run("site", "build", str(whole), env=env))[0] == 0
        versions.append(files(whole))
        await _killed(root, env, after=(1, 30, 60)[number])
        found = files(root)
        assert found, "it was killed before it wrote anything"
        for name, body in found.items():
            if _states_time(name) or name.endswith(".new"):
                continue
            suffix = Path(name).suffix
            if suffix in UNPACK:
                assert UNPACK[suffix](body) == found[name.removesuffix(suffix)], "a neighbour is of the same version"
            elif name != ".capacity-site":
                assert body in [version[name] for version in versions], name
    assert (await run("site", "build", str(root), env=env))[0] == 0
    left, expected = files(root), versions[-1]
    assert left.keys() == expected.keys()
    different = [name for name in left if left[name] != expected[name] and name != ".capacity-site"]
    assert [name for name in different if not _states_time(name)] == []


def _states_time(name: str) -> bool:
    """Whether a file, or a compressed neighbour of one, says when it was made."""
    return name.startswith(("index.html", "coverage.html", "r/", "site.json"))


async def _killed(root: Path, env: dict[str, str], after: int) -> None:
    """`kill -9` once so many files were replaced."""
    inodes = {path: path.stat().st_ino for path in root.rglob("*") if path.is_file()}
    process = await asyncio.create_subprocess_exec(
        COMMAND, "site", "build", root, env=env, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while process.returncode is None:
                replaced = 0
                for path in list(root.rglob("*")):
                    try:
                        replaced += path.is_file() and inodes.get(path) != path.stat().st_ino
                    except FileNotFoundError:
                        continue
                if replaced >= after:
                    break
                # Looking takes as much time as building, which has to go on meanwhile.
                await asyncio.sleep(0.01)
        assert process.returncode is None, "it was done before it could be killed"
    finally:
        if process.returncode is None:
            process.kill()
        await finish(process)
