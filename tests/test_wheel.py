import os
import re
import stat
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path
from threading import Timer

import httpx
import pytest
from tests.serving import PATIENCE_SECONDS

from capacity_api.cli import manual
from capacity_api.db import schema

ROOT = Path(__file__).parents[1]


def run(*command: str | Path, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=5 * PATIENCE_SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder, cwd=ROOT)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment that has the wheel, and what it depends on from the environment of the tests."""
    folder = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    python = folder / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=folder)
    (packages,) = folder.glob("lib/python*/site-packages")
    # The .pth files of a folder that is named in one are not read, so the editable installation stays outside.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin"


def test_the_wheel_carries_everything_that_is_not_code(wheel: Path) -> None:
    names = {name.removeprefix("capacity_api/") for name in zipfile.ZipFile(wheel).namelist()}
    history = {f"migrations/versions/{path.name}" for path in (ROOT / "migrations" / "versions").glob("*.py")}
    beside_code = {
        path.relative_to(ROOT / "src" / "capacity_api").as_posix()
        for path in (ROOT / "src" / "capacity_api").rglob("*")
        # The service generates facts.js; the file is only for the tests of the scripts.
        if path.is_file() and path.suffix not in {".py", ".pyc"} and not path.name.endswith("facts.js")
    }

    assert {"migrations/env.py", "migrations/script.py.mako"} | history <= names
    assert {"register.json", "py.typed"} <= beside_code <= names
    assert any(re.fullmatch(r"pages/templates/.+\.html", name) for name in names)


def test_the_wheel_carries_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"capacity_api"}
    assert not [name for name in names if "__pycache__" in name or name.endswith((".pyc", ".db", ".key", "facts.js"))]


def test_the_wheel_shows_every_page_of_the_manual_and_every_section_that_a_page_leads_to(
    installed: Path, tmp_path: Path
) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}

    def shown(*arguments: str) -> str:
        done = subprocess.run(
            [installed / "capacity-api", "docs", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    names = {line.split()[0] for line in shown().splitlines()}
    assert names == manual.read_pages().keys()
    assert {path.stem for path in (ROOT / "docs" / "operate").glob("*.md")} <= names
    assert shown("docs/operate/backup.md") == (ROOT / "docs" / "operate" / "backup.md").read_text() + "\n"
    assert shown("backup#the-drill").startswith("## The drill\n")


def test_every_link_between_pages_of_the_manual_and_every_page_that_a_message_names_can_be_shown() -> None:
    pages = manual.read_pages()
    asked = set()
    for name in pages:
        place = Path("docs", name) if (ROOT / "docs" / f"{name}.md").exists() else Path("docs", "operate", name)
        for path, anchor in re.findall(r"\]\(([^)\s#:]*\.md)?(#[\w-]+)?\)", pages[name]):
            linked = os.path.normpath(place.parent / path) if path else f"{place}.md"
            if not path or place.is_relative_to("docs/operate"):
                asked.add(f"{linked}{anchor}")
    for file in (ROOT / "src" / "capacity_api").rglob("*.py"):
        asked.update(re.findall(r"docs/operate/[\w-]+\.md|docs/settings\.md", file.read_text()))
    asked.discard("CHANGELOG.md")
    assert len(asked) > 50
    for each in asked:
        assert manual.find(pages, each), each


def test_serve_works_from_the_wheel_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    _serve(installed, tmp_path)


@pytest.mark.soak
def test_the_wheel_installs_without_an_index_and_serves(wheel: Path, tmp_path: Path) -> None:
    """On a bare machine: from a folder with the wheel and what `requirements/runtime.txt` names, and nothing else."""
    wheels, folder, work = tmp_path / "wheels", tmp_path / "environment", tmp_path / "work"
    locked = ROOT / "requirements" / "runtime.txt"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    done = subprocess.run(
        [*pip, "download", "--only-binary", ":all:", "--require-hashes", "--dest", wheels, "--requirement", locked],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=5 * PATIENCE_SECONDS,
    )
    if done.returncode:
        # A file that is not the one of the lock is no reason to skip.
        assert "HASHES" not in done.stderr, done.stderr
        pytest.skip(f"nothing was installed, because no index could be asked: {done.stderr.strip().splitlines()[-1]}")
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=tmp_path)
    python = folder / "bin" / "python"
    run(*pip, "--python", python, "install", "--no-index", "--find-links", wheels, wheel, cwd=tmp_path)
    work.mkdir()
    _serve(folder / "bin", work)
    said = subprocess.run(
        [folder / "bin" / "capacity-api", "doctor", "--offline"],
        cwd=work,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert said.returncode == 0, said.stdout + said.stderr
    assert f"schema of the database  {schema.needed_revision()}" in said.stdout


def _serve(programs: Path, folder: Path) -> None:
    """Run `serve` in an empty folder, and look at what it answers and leaves there."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    process = subprocess.Popen(
        [programs / "capacity-api", "serve", "--port", "0"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    # Reading on would wait for ever if it said nothing.
    deadline = Timer(PATIENCE_SECONDS, process.kill)
    deadline.start()
    assert process.stdout is not None
    try:
        lines = []
        address = None
        while address is None and (line := process.stdout.readline()):
            lines.append(line)
            address = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert address is not None, "".join(lines)

        directory = (
            httpx.get(f"{address[0]}/v1/directory", trust_env=False, timeout=PATIENCE_SECONDS).raise_for_status().json()
        )
        page = httpx.get(f"{address[0]}/", trust_env=False, timeout=PATIENCE_SECONDS).raise_for_status()
    finally:
        process.terminate()
        # The deadline holds for its end too.
        rest, _ = process.communicate()
        deadline.cancel()

    assert directory["total"] == len(directory["responders"]) == 13
    assert {responder["intake"]["state"] for responder in directory["responders"]} == {"unconfirmed"}
    assert "The Salvation Army" in page.text
    assert "Traceback" not in rest
    assert process.returncode in {0, -15}
    for made in folder.iterdir():
        assert stat.S_IMODE(made.stat().st_mode) == 0o600, made
    assert {"capacity.db", "capacity.db.key", "capacity.db.mark", "capacity.db.lock"} <= {
        made.name for made in folder.iterdir()
    }
