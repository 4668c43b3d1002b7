"""What every command that touches the database starts with, and how results are printed."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api import config
from capacity_api.clock import utc_now
from capacity_api.config import Settings
from capacity_api.db import schema
from capacity_api.db.engine import Database
from capacity_api.domain.keys import Keys
from capacity_api.errors import ConfigurationError
from capacity_api.operations import responders
from capacity_api.operations.webhooks import secrets

T = TypeVar("T")
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")

# At debug these print what they are given: statements with their values, requests with their addresses.
_TOO_TALKATIVE = ("aiosqlite", "alembic", "asyncio", "httpx", "sqlalchemy", "uvicorn")


def load_settings() -> Settings:
    """The settings, and the log set up by them. They may lack the secret key, which not every command needs."""
    found = config.from_environment()
    set_up_log(found)
    return found


async def load_settings_with_keys() -> Settings:
    """The settings with their key; says so when it made one, which it does where nothing hangs on an earlier one."""
    found = load_settings()
    path = config.missing_key_file(found)
    if path is not None:
        await _refuse_without_its_key(found, path)
        if config.make_key(path):
            click.echo(f"made the secret key {path}; keep it beside the database and back it up", err=True)
    return config.with_keys(found)


async def _refuse_without_its_key(found: Settings, path: Path) -> None:
    if found.is_new:
        return
    async with open_database(found) as database:
        if await schema.read_revision(database) is None:
            return
        async with database.read() as session:
            if await secrets.is_keyed(session):
                raise ConfigurationError(
                    f"the key file {path} is missing, and what is stored needs it: put it back, or set "
                    "CAPACITY_SECRET_KEY; docs/settings.md says what to do when it is lost"
                )


def set_up_log(found: Settings) -> None:
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=found.log_level.upper())
    for name in _TOO_TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


async def prepare(database: Database) -> int:
    """Bring the schema up and load the register into an empty database; returns how many responders that listed."""
    await schema.upgrade(database)
    async with database.write() as session:
        return await responders.load_register(session, utc_now())


async def prepare_to_serve(database: Database) -> None:
    """An empty SQLite file is made ready; anything else must be at the right schema already."""
    if database.settings.is_sqlite and await schema.read_revision(database) is None:
        listed = await prepare(database)
        click.echo(f"made a new database with {listed} responders, each unconfirmed", err=True)
    await schema.check(database)


async def check_keys(database: Database) -> None:
    """Refuse secrets that cannot be unsealed, before each of their deliveries fails."""
    async with database.read() as session:
        await secrets.check(session, utc_now(), Keys(database.settings.secret_keys))


@asynccontextmanager
async def open_database(found: Settings) -> AsyncIterator[Database]:
    database = Database(found)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def open_session() -> AsyncIterator[tuple[AsyncSession, Keys]]:
    """One transaction on the configured database, which must be at the right schema."""
    found = await load_settings_with_keys()
    async with open_database(found) as database:
        await prepare_to_serve(database)
        async with database.write() as session:
            yield session, Keys(found.secret_keys)


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def uvloop_runner() -> asyncio.Runner:
    """A runner on uvloop where there is one."""
    try:
        import uvloop
    except ImportError:
        return asyncio.Runner()
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)


def print_json(value: Any) -> None:
    """Print a result as JSON."""
    click.echo(json.dumps(msgspec.to_builtins(value), indent=2, ensure_ascii=False))


def print_table(rows: list[tuple[str, ...]]) -> None:
    """Print rows in columns."""
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))] if rows else []
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
