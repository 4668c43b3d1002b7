"""What `pg_dump` and `pg_restore` are started with. Other users of the machine can read their arguments."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from capacity_api.config import Settings
from capacity_api.database_url import parse_database_url
from capacity_api.db import postgresql_tools

_URL = "postgresql://capacity:hunter2@db1,db2:5433/name?sslmode=require&passfile=/run/pgpass"
SETTINGS = Settings(database_url=parse_database_url(_URL))


async def dump(file: Path) -> None:
    await postgresql_tools.dump(SETTINGS, "0001", file, "kept")


async def list_entries(file: Path) -> None:
    await postgresql_tools.list_entries(SETTINGS, file)


async def load(file: Path) -> None:
    await postgresql_tools.load(SETTINGS, file, ["1; 2 3 TABLE"])


@pytest.mark.parametrize("start", [dump, list_entries, load])
async def test_the_password_is_in_the_environment_and_not_among_the_arguments(
    start: Callable[[Path], Awaitable[None]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for program in ("pg_dump", "pg_restore"):
        path = tmp_path / program
        path.write_text(f"""#!/bin/sh
cat > /dev/null
printf '%s\\n' "$@" > {tmp_path}/arguments
env > {tmp_path}/environment
""")
        path.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    await start(tmp_path / "file")
    assert "hunter2" not in (tmp_path / "arguments").read_text()
    environment = dict(line.split("=", 1) for line in (tmp_path / "environment").read_text().splitlines())
    assert (
        environment.items()
        >= {
            "PGUSER": "capacity",
            "PGPASSWORD": "hunter2",
            "PGPASSFILE": "/run/pgpass",
            "PGDATABASE": "name",
            "PGHOST": "db1,db2",
            "PGPORT": "5432,5433",
            "PGSSLMODE": "require",
            "PGTARGETSESSIONATTRS": "read-write",
        }.items()
    )
