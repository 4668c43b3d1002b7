"""Helpers for the tests of the static site: they read its files and change the database that it is built from."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import brotli  # type: ignore[import-untyped]  # two functions over bytes, without types
import zstandard
from tests.processes import environment

from capacity_api.db.engine import Database
from capacity_api.domain.intake import Report, ReportedState
from capacity_api.operations import intake, responders

UNPACK: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.decompress,
    ".br": brotli.decompress,
    ".zst": zstandard.decompress,
}


def without_key(database_url: str) -> dict[str, str]:
    """The environment of a process that only reads, which has no use for a secret key."""
    found = environment(database_url)
    del found["CAPACITY_SECRET_KEY"]
    return found


async def list_register(database: Database, at: datetime | None = None) -> None:
    """The starting register, listed a month ago unless `at` is given."""
    async with database.write() as session:
        await responders.load_register(session, at or datetime.now(UTC) - timedelta(days=30))


async def report_open(database: Database, slug: str, note: str, at: datetime | None = None) -> None:
    async with database.write() as session:
        await intake.report_intake(session, at or datetime.now(UTC), slug, Report(state=ReportedState.OPEN, note=note))


def read(root: Path, name: str) -> Any:
    return json.loads((root / name).read_bytes())


def state(root: Path, slug: str) -> str:
    found: str = read(root, f"v1/responders/{slug}/index.json")["intake"]["state"]
    return found


def files(root: Path) -> dict[str, bytes]:
    """The files below `root` by path; one that is renamed or removed during the call may be missing."""
    found = {}
    for path in list(root.rglob("*")):
        try:
            if path.is_file():
                found[path.relative_to(root).as_posix()] = path.read_bytes()
        except FileNotFoundError:
            continue
    return found
