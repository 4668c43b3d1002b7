"""What the commands do first: read the settings, set up the log, open the database and prepare it."""

import asyncio
import getpass
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TypeVar

import click
import msgspec
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api import config, log
from capacity_api.clock import utc_now
from capacity_api.conditions import Conditions
from capacity_api.config import Settings
from capacity_api.db import schema, sequence, sqlite_file
from capacity_api.db.engine import Database
from capacity_api.db.outages import explain_in_full
from capacity_api.db.privileges import missing_grants
from capacity_api.db.sqlite_file import DatabaseFile
from capacity_api.db.verification import verify
from capacity_api.db.watch import Watch
from capacity_api.domain.actor import Actor, ActorType
from capacity_api.domain.keys import Keys
from capacity_api.errors import (
    ConfigurationError,
    CopyUndeclared,
    DatabaseUnavailable,
    DatabaseUnusable,
    KeyMissing,
    KeyOpensNothing,
    OutageCause,
    Unavailable,
)
from capacity_api.operations import coverage, responders, sealed
from capacity_api.operations.key_check import OTHER_KEYS, examine_keys, keep_newest, read_fingerprint, require_keys
from capacity_api.operations.webhooks import secrets

T = TypeVar("T")


def load_settings() -> Settings:
    """The settings from the environment, which may lack a secret key. Sets up the log."""
    settings = config.from_environment()
    log.configure(settings, command_name())
    return settings


async def load_settings_with_keys() -> Settings:
    """The settings with a secret key. Raises `ConfigurationError` if there is none."""
    settings = load_settings()
    path = config.missing_key_file(settings)
    if path is not None:
        await _refuse_if_key_is_lost(settings, path)
        raise KeyMissing(
            f"there is no secret key: `capacity-api serve` makes the key file {path}, or set CAPACITY_SECRET_KEY"
        )
    return config.with_keys(settings)


async def make_missing_key(settings: Settings) -> Settings:
    """The settings with a secret key. Makes a key file if there is none and the database needs no earlier key."""
    path = config.missing_key_file(settings)
    if path is not None:
        await _refuse_if_key_is_lost(settings, path)
        if config.make_key(path):
            click.echo(f"made the secret key {path}; keep it beside the database and back it up", err=True)
    return config.with_keys(settings)


async def _refuse_if_key_is_lost(settings: Settings, path: Path) -> None:
    """Raise `ConfigurationError` if the database has tokens, secrets or addresses that need the missing key."""
    async with open_database(settings) as database:
        if await schema.read_revision(database) is None:
            return
        async with database.read() as session:
            if await secrets.are_stored(session) or await sealed.are_stored(session):
                raise KeyMissing(
                    f"the key file {path} is missing, and the tokens and secrets in the database need it: put it back, "
                    "or set CAPACITY_SECRET_KEY; docs/settings.md says what to do if it is lost"
                )


def command_line() -> Actor:
    """The user who runs this command, as an actor."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        # A container may run as a user without a name.
        user = str(os.getuid())
    return Actor(type=ActorType.COMMAND_LINE, user=user)


def command_name() -> str:
    """The command that runs, without its options: `serve`, `site build`."""
    context = click.get_current_context()
    return context.command_path.removeprefix(context.find_root().command_path).strip()


async def fill(database: Database) -> int:
    """Give an empty database its schema and the starting register. Returns how many responders it listed."""
    await schema.upgrade(database)
    async with database.write(command_line()) as session:
        count = await responders.load_register(session, utc_now())
        await coverage.rebuild(session)
    return count


async def create_database(settings: Settings) -> int:
    """Make the database, with schema and register, and its mark. Returns how many responders it listed.

    Raises `ConfigurationError` if there is one. On SQLite, hold the lock (`sqlite_file.hold_lock`).
    """
    if settings.is_sqlite:
        path = sqlite_file.database_path(settings)
        if not sqlite_file.is_absent(path, is_asked_for=True):
            raise ConfigurationError(f"the database {path} is there already; nothing was changed")
        with sqlite_file.building(path) as temporary:
            count = await _fill_file(msgspec.structs.replace(settings, database_url=url_of_new_file(temporary)))
        async with open_database(settings) as database:
            await keep_mark(database)
        return count
    async with open_database(settings) as database:
        if await schema.read_revision(database) is not None and not await _is_half_made(database):
            raise ConfigurationError("the database is there already; nothing was changed")
        return await fill(database)


async def _fill_file(settings: Settings) -> int:
    database = Database(settings)
    try:
        return await fill(database)
    finally:
        await database.close()


def url_of_new_file(path: Path) -> str:
    return URL.create("sqlite+aiosqlite", database=str(path)).render_as_string()


async def _is_half_made(database: Database) -> bool:
    """Whether a `db create` was interrupted between the schema and the register."""
    async with database.read() as session:
        number, _ = await sequence.latest(session)
        return number == 0


async def require_whole_file(settings: Settings) -> None:
    """Raise `ConfigurationError` if an SQLite database is damaged.

    Call it before the database is opened to write: that would carry a log which is not its own into it.
    """
    if not settings.is_sqlite:
        return
    file = DatabaseFile(sqlite_file.database_path(settings))
    sqlite_file.require_file(file.path)
    try:
        found = await verify(file, None, thorough=file.log_size() > 0)
    except DatabaseUnavailable as error:
        wrong = explain_in_full(error)
        raise DatabaseUnusable(f"the database {file.path} cannot be read: {wrong}", error.cause) from None
    if found.cause is OutageCause.NOT_A_DATABASE:
        raise sqlite_file.no_database(file.path)
    if found.damage is not None:
        raise sqlite_file.damaged(file.path, found.damage)


async def prepare_to_run(database: Database) -> None:
    """Raise `ConfigurationError` unless `serve` or `worker` can use this database."""
    await require_privileges(database)
    await schema.check(database)
    async with database.read() as session:
        await database.continuity.look(session)
    if database.continuity.lacks_mark:
        raise CopyUndeclared(
            f"{database.settings.url.database} is a copy of a database, such as a backup: it has no mark beside it; "
            "run `capacity-api restore`, or `capacity-api db restored` to use this very file"
        )
    await _check_keys(database)


async def require_privileges(database: Database) -> None:
    """Raise `DatabaseUnusable` with the GRANTs that the role of the service lacks."""
    async with database.read() as session:
        grants = await missing_grants(session, database.settings)
    if grants:
        raise DatabaseUnusable(
            f"the database's role lacks permissions; as the owner of the tables, run: {'; '.join(grants)}",
            OutageCause.PERMISSION_MISSING,
        )


async def _check_keys(database: Database) -> None:
    """Raise `KeyOpensNothing` if the database was used with other keys, and has something that needs them.

    If they open only a part of it, a running service tells that in the log and in `/readyz`.
    """
    keys = Keys(database.settings.secret_keys)
    async with database.read() as session:
        found = await examine_keys(session, utc_now(), keys)
        is_known = await read_fingerprint(session) is not None
        is_needed = await secrets.are_stored(session) or await sealed.are_stored(session)
    if found.are_others and is_needed:
        raise KeyOpensNothing(found.describe() or OTHER_KEYS)
    if found.are_others:
        async with database.write() as session:
            await keep_newest(session, keys)
    elif not is_known:
        # A database that takes no writes now is served all the same. The next start keeps the fingerprint.
        with suppress(Unavailable):
            async with database.write() as session:
                await require_keys(session, utc_now(), keys)


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """Raises `ConfigurationError` where there is no SQLite file. At the end it writes the mark."""
    if settings.is_sqlite:
        sqlite_file.require_file(sqlite_file.database_path(settings))
    database = Database(settings)
    try:
        yield database
    finally:
        try:
            if database.has_written and settings.is_sqlite:
                await keep_mark(database)
        finally:
            await database.close()


async def keep_mark(database: Database) -> None:
    """Write the mark of an SQLite database, as the watch of a longer process does. A failure is logged."""
    with suppress(Unavailable):
        await Watch(database, Conditions()).look()


async def read_database(work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """Read something from the database of the settings. This needs no secret key."""
    async with open_database(load_settings()) as database:
        await schema.check(database)
        async with database.read() as session:
            return await work(session)


async def read_with_keys(work: Callable[[AsyncSession, Keys], Awaitable[T]]) -> T:
    """Read something that is sealed from the database of the settings."""
    settings = await load_settings_with_keys()
    async with open_database(settings) as database:
        await schema.check(database)
        async with database.read() as session:
            return await work(session, Keys(settings.secret_keys))


async def in_transaction(work: Callable[[AsyncSession, Keys], Awaitable[T]]) -> T:
    """Do some work in one transaction on the database of the settings."""
    settings = await load_settings_with_keys()
    async with open_database(settings) as database:
        await schema.check(database)
        async with database.write(command_line()) as session:
            keys = Keys(settings.secret_keys)
            await require_keys(session, utc_now(), keys)
            return await work(session, keys)


def uvloop_runner() -> asyncio.Runner:
    """A runner on uvloop, or on asyncio where uvloop is not installed."""
    try:
        import uvloop
    except ImportError:
        return asyncio.Runner()
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)
