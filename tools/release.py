"""Build a release into `dist/`, or say what is not ready: `make release`.

Everything is read from the files, so that what is checked is what is built.
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
_FROZEN = ("sqlite.sql", "sqlite.json", "postgresql.sql", "postgresql.json")


def complaints(root: Path) -> list[str]:
    """What is not ready in the project at `root`, each with what to do."""
    version = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    heading = re.compile(rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d$", re.MULTILINE)
    found = []
    if not heading.search((root / "CHANGELOG.md").read_text()):
        found.append(f"CHANGELOG.md has no heading '## [{version}] - DATE': move what is under Unreleased below it")
    current = root / "openapi" / "openapi.json"
    if json.loads(current.read_bytes())["info"]["version"] != version:
        found.append(f"openapi/openapi.json is not of {version}: install anew (`touch pyproject.toml`), `make openapi`")
    released = root / "openapi" / "released.json"
    if not released.exists() or released.read_bytes() != current.read_bytes():
        found.append("openapi/released.json is not the contract of this release: `make freeze`")
    frozen = root / "tests" / "db" / "released"
    missing = [f"{version}.{ending}" for ending in _FROZEN if not (frozen / f"{version}.{ending}").exists()]
    if missing:
        found.append(
            f"tests/db/released lacks {', '.join(missing)}: `python tools/freeze_database.py {version} POSTGRESQL_URL`"
        )
    return found


def build(folder: Path, root: Path = ROOT) -> None:
    """Build the sdist and the wheel into a folder."""
    subprocess.run([sys.executable, "-m", "hatchling", "build", "--directory", folder], cwd=root, check=True)


def main(root: Path = ROOT) -> str | None:
    """What to complain about."""
    found = complaints(root)
    if found:
        return "\n".join(["this is not ready to be released:", *(f"  {line}" for line in found)])
    build(root / "dist", root)
    return None


if __name__ == "__main__":
    sys.exit(main())
