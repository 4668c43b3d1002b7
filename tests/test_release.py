"""`make release`: what must be there before one is built, and that the source can be built again."""

import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from tests.serving import PATIENCE_SECONDS
from tools import release

VERSION = "7.8.9"
FROZEN = [f"{VERSION}.{kind}.{ending}" for kind in ("sqlite", "postgresql") for ending in ("sql", "json")]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that is ready."""
    (tmp_path / "openapi").mkdir()
    frozen = tmp_path / "tests" / "db" / "released"
    frozen.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text(f'[project]\nname = "x"\nversion = "{VERSION}"\n')
    (tmp_path / "CHANGELOG.md").write_text(f"# Changelog\n\n## [Unreleased]\n\n## [{VERSION}] - 2026-12-01\n")
    for name in ("openapi.json", "released.json"):
        (tmp_path / "openapi" / name).write_text(json.dumps({"info": {"version": VERSION}}))
    for name in FROZEN:
        (frozen / name).touch()
    return tmp_path


def test_what_is_ready_has_no_complaint(project: Path) -> None:
    assert release.complaints(project) == []


@pytest.mark.parametrize(
    ("path", "content", "complaint"),
    [
        ("CHANGELOG.md", "## [Unreleased]\n", "CHANGELOG.md has no heading '## [7.8.9] - DATE'"),
        ("CHANGELOG.md", "## [7.8.90] - 2026-12-01\n", "CHANGELOG.md has no heading"),
        ("openapi/released.json", "{}", "openapi/released.json is not the contract"),
        ("openapi/released.json", None, "openapi/released.json is not the contract"),
        (f"tests/db/released/{FROZEN[2]}", None, f"tests/db/released lacks {FROZEN[2]}"),
    ],
)
def test_what_is_missing_is_named_and_nothing_is_built(
    project: Path, path: str, content: str | None, complaint: str
) -> None:
    if content is None:
        (project / path).unlink()
    else:
        (project / path).write_text(content)
    (found,) = release.complaints(project)
    assert found.startswith(complaint)
    assert complaint in (release.main(project) or "")
    assert not (project / "dist").exists()


def test_the_contract_is_of_the_version_that_is_built(project: Path) -> None:
    for name in ("openapi.json", "released.json"):
        (project / "openapi" / name).write_text(json.dumps({"info": {"version": "7.8.8"}}))
    (found,) = release.complaints(project)
    assert found.startswith("openapi/openapi.json is not of 7.8.9")


def test_the_wheel_of_the_source_is_the_wheel_of_the_repository(tmp_path: Path) -> None:
    """Without a repository, and without this project being installed: as a distribution builds it."""
    release.build(tmp_path / "dist")
    (source,) = (tmp_path / "dist").glob("*.tar.gz")
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with tarfile.open(source) as archive:
        archive.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.glob("capacity_api-*")
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "--target",
        "wheel",
        "--directory",
        tmp_path / "again",
    ]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=5 * PATIENCE_SECONDS
    )
    assert done.returncode == 0, done.stderr
    (again,) = (tmp_path / "again").glob("*.whl")
    assert names_in(again) == names_in(wheel)


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())
