"""`pg_dump` and `pg_restore`, from the PATH. The password goes into their environment and never on a command line."""

import asyncio
import os
from pathlib import Path

from capacity_api.config import Settings
from capacity_api.errors import ConfigurationError

# What libpq's environment calls the parts of a URL.
_VARIABLES = {
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "passfile": "PGPASSFILE",
    "database": "PGDATABASE",
    "ssl": "PGSSLMODE",
}


async def dump(settings: Settings, snapshot: str, file: Path, *leave_out: str) -> None:
    """Dump the snapshot into a file in the custom format, without the schemas `leave_out`."""
    excluded = [f"--exclude-schema={name}" for name in leave_out]
    await _run(settings, "pg_dump", "--format=custom", f"--snapshot={snapshot}", *excluded, f"--file={file}")


async def list_entries(settings: Settings, file: Path) -> list[str]:
    """The entries of a dump, one a line, as `load` takes them."""
    listing = await _run(settings, "pg_restore", "--list", str(file))
    return [line for line in listing.splitlines() if line and not line.startswith(";")]


async def load(settings: Settings, file: Path, entries: list[str]) -> None:
    """Load these entries of a dump, all or none."""
    await _run(
        settings,
        "pg_restore",
        "--single-transaction",
        "--exit-on-error",
        "--no-owner",
        "--no-privileges",
        "--use-list=/dev/stdin",
        f"--dbname={settings.url.database}",
        str(file),
        given="\n".join(entries) + "\n",
    )


async def _run(settings: Settings, program: str, *arguments: str, given: str = "") -> str:
    """What the program prints. Raises `ConfigurationError` with its last line."""
    if settings.pooler == "transaction":
        # It would leave its settings, such as an empty search path, in connections that the service uses next.
        raise ConfigurationError(
            f"{program} cannot use a pooler in transaction mode: give CAPACITY_DATABASE_URL the database's own address "
            "for this command"
        )
    try:
        process = await asyncio.create_subprocess_exec(
            program,
            *arguments,
            env=_environment(settings),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except FileNotFoundError:
        raise ConfigurationError(
            f"{program} is not on the PATH; install the programs of PostgreSQL, of the server's version or a newer one"
        ) from None
    try:
        out, err = await process.communicate(given.encode())
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        lines = err.decode(errors="replace").strip().splitlines() or [f"it ended with {process.returncode}"]
        raise ConfigurationError(f"{program} failed: {lines[-1]}")
    return out.decode(errors="replace")


def _environment(settings: Settings) -> dict[str, str]:
    _, options = settings.url.get_dialect()().create_connect_args(settings.url)
    variables = {_VARIABLES[name]: str(value) for name, value in options.items() if name in _VARIABLES}
    for name in ("host", "port"):
        value = options.get(name)
        if value is not None:
            hosts = value if isinstance(value, list) else [value]
            variables[f"PG{name.upper()}"] = ",".join(str(each) for each in hosts)
    return {**os.environ, **variables, "PGTARGETSESSIONATTRS": "read-write"}
