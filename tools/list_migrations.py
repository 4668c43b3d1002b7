"""Add new migrations to the list of those that must never change. It leaves the lines that are there alone."""

import hashlib
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHIPPED = ROOT / "tests" / "db" / "shipped_migrations.txt"
VERSIONS = ROOT / "migrations" / "versions"


def read_list() -> dict[str, str]:
    """The hash of each file as it was when it was listed."""
    if not SHIPPED.exists():
        return {}
    lines = [line.split() for line in SHIPPED.read_text().splitlines()]
    return {name: digest for digest, name in lines}


def read_files() -> dict[str, str]:
    """The hash of each file as it is."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(VERSIONS.glob("*.py"))}


def main() -> None:
    listed = {**read_files(), **read_list()}
    SHIPPED.write_text("".join(f"{digest}  {name}\n" for name, digest in sorted(listed.items())))


if __name__ == "__main__":
    main()
