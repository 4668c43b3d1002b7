"""What the commands do first: read the settings, set up the log, open the database and prepare it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import click
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api import config
from capacity_api.clock import utc_now
from capacity_api.config import Settings
from capacity_api.db import schema
from capacity_api.db.engine import Database
from capacity_api.domain.keys import Keys
from capacity_api.errors import ConfigurationError
from capacity_api.operations import coverage, responders
from capacity_api.operations.webhooks import secrets

T = TypeVar("T")
# At debug level these log what people sent: values of statements, addresses of requests.
_TOO_TALKATIVE = ("aiosqlite", "alembic", "asyncio", "httpx", "sqlalchemy", "uvicorn")


def load_settings() -> Settings:
    """The settings from the environment, which may lack a secret key. Sets up the log."""
    settings = config.from_environment()
    set_up_log(settings)
    return settings


async def load_settings_with_keys() -> Settings:
    """The settings with a secret key. Makes a key file if there is none and the database needs no earlier key."""
    settings = load_settings()
    path = config.missing_key_file(settings)
    if path is not None:
        await _refuse_if_key_is_lost(settings, path)
        if config.make_key(path):
            click.echo(f"made the secret key {path}; keep it beside the database and back it up", err=True)
    return config.with_keys(settings)


async def _refuse_if_key_is_lost(settings: Settings, path: Path) -> None:
    """Raise `ConfigurationError` if the database has tokens or secrets that need the missing key."""
    if settings.is_new:
        return
    async with open_database(settings) as database:
        if await schema.read_revision(database) is None:
            return
        async with database.read() as session:
            if await secrets.are_stored(session):
                raise ConfigurationError(
                    f"the key file {path} is missing, and the tokens and secrets in the database need it: put it back, "
                    "or set CAPACITY_SECRET_KEY; docs/settings.md says what to do if it is lost"
                )


def set_up_log(settings: Settings) -> None:
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=settings.log_level.upper())
    for name in _TOO_TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


async def prepare(database: Database) -> int:
    """Upgrade the schema, and load the register into an empty database. Returns how many responders it listed.

    Counts the coverage if the upgrade deleted the counts: without them, outdated events about gaps would be sent.
    """
    await schema.upgrade(database)
    async with database.write() as session:
        count = await responders.load_register(session, utc_now())
        await coverage.rebuild(session)
    return count


async def prepare_to_serve(database: Database) -> None:
    """Prepare an empty SQLite database. Raises `ConfigurationError` for any other that is not at the right schema."""
    if database.settings.is_sqlite and await schema.read_revision(database) is None:
        count = await prepare(database)
        click.echo(f"made a new database with {count} responders, each unconfirmed", err=True)
    await schema.check(database)


async def check_keys(database: Database) -> None:
    """Raise `ConfigurationError` if no key can unseal a webhook's secret: each of its deliveries would fail."""
    async with database.read() as session:
        await secrets.check(session, utc_now(), Keys(database.settings.secret_keys))


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    database = Database(settings)
    try:
        yield database
    finally:
        await database.close()


async def in_transaction(work: Callable[[AsyncSession, Keys], Awaitable[T]]) -> T:
    """Do some work in one transaction on the database of the settings, prepared as for serving."""
    settings = await load_settings_with_keys()
    async with open_database(settings) as database:
        await prepare_to_serve(database)
        async with database.write() as session:
            return await work(session, Keys(settings.secret_keys))


def uvloop_runner() -> asyncio.Runner:
    """A runner on uvloop, or on asyncio where uvloop is not installed."""
    try:
        import uvloop
    except ImportError:
        return asyncio.Runner()
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)
