"""`capacity-api db copy`: move everything from one database to another."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime

import click
import msgspec
import structlog
from sqlalchemy.exc import DBAPIError

from capacity_api.cli.output import json_option, print_json
from capacity_api.cli.setup import (
    command_line,
    keep_mark,
    load_settings,
    open_database,
    require_whole_file,
    url_of_new_file,
)
from capacity_api.clock import utc_now
from capacity_api.config import Settings
from capacity_api.database_url import parse_database_url
from capacity_api.db import copying, schema, sqlite_file
from capacity_api.db.copying import Closing
from capacity_api.db.engine import Database
from capacity_api.db.sequence import latest
from capacity_api.errors import CapacityError, ConfigurationError, DatabaseUnavailable
from capacity_api.operations import audit

log = structlog.get_logger()
_SAY_EVERY_SECONDS = 5.0
_REDRAW_EVERY_SECONDS = 0.1


class Move(msgspec.Struct, frozen=True):
    """What was moved: the rows of each table, and the number of the newest public event."""

    sequence: int
    rows: int
    tables: dict[str, int]
    # Since when the source takes no writes.
    moved_at: datetime


class _Progress:
    """Says on standard error how far the copy is: on one line at a terminal, elsewhere by a line now and then."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._every = _REDRAW_EVERY_SECONDS if self._is_terminal else _SAY_EVERY_SECONDS
        self._due = time.monotonic() + self._every
        self._width = 0

    def __call__(self, done: str, table: str, rows: int) -> None:
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + self._every
        line = f"{done} {rows} rows of {table}"
        if self._is_terminal:
            click.echo("\r" + line.ljust(self._width), nl=False, err=True)
            self._width = len(line)
        else:
            click.echo(line, err=True)

    def end(self) -> None:
        """Leave the line free for what is said next."""
        if self._width:
            click.echo("\r" + " " * self._width + "\r", nl=False, err=True)
            self._width = 0


def _parse_url(_context: click.Context, _parameter: click.Parameter, text: str) -> str:
    try:
        return parse_database_url(text.strip())
    except ValueError as error:
        # It does not hold the text, in which there may be a password.
        raise click.BadParameter(str(error)) from None


@click.command()
@click.argument("from_url", callback=_parse_url)
@click.argument("to_url", callback=_parse_url)
@json_option
def copy(from_url: str, to_url: str, as_json: bool) -> None:
    """Move everything from one database to another, which must be empty.

    The first takes no more changes from then on, whatever runs on it. If the copy fails it takes them again.
    docs/operate/copy.md has the steps.
    """
    settings = load_settings()
    source = msgspec.structs.replace(settings, database_url=from_url)
    target = msgspec.structs.replace(settings, database_url=to_url)
    try:
        move = asyncio.run(_move(source, target))
    except asyncio.CancelledError:
        raise click.Abort from None
    if as_json:
        print_json(move)
    else:
        click.echo(f"moved {move.rows} rows, up to event {move.sequence}, and compared every row")
        click.echo("the source takes no more changes: start the service on the target, with the same secret key")
    if target.is_sqlite:
        asyncio.run(_keep_mark(target))


async def _keep_mark(settings: Settings) -> None:
    async with open_database(settings) as database:
        await keep_mark(database)


async def _move(source_settings: Settings, target_settings: Settings) -> Move:
    if _are_same(source_settings, target_settings):
        raise ConfigurationError("the source and the target are the same database; nothing was copied")
    _cancel_on_sigterm()
    await require_whole_file(source_settings)
    source = Database(source_settings)
    try:
        return await _move_from(source, target_settings)
    finally:
        await source.close()


async def _move_from(source: Database, target_settings: Settings) -> Move:
    with _naming("source"):
        closed_at = await copying.check_source(source)
    if closed_at is not None:
        click.echo(f"the source was closed at {closed_at:%Y-%m-%d %H:%M:%S} UTC by an earlier copy", err=True)
    progress = _Progress()
    async with copying.hold(source):
        attempt = _Attempt(source, target_settings)
        try:
            async with _prepared_target(target_settings) as target:
                move = await attempt.run(target, progress)
        except BaseException as error:
            progress.end()
            await attempt.undo(error)
            raise
        progress.end()
    log.info("database.move", rows=move.rows, sequence=move.sequence)
    return move


def _are_same(source: Settings, target: Settings) -> bool:
    if source.is_sqlite and target.is_sqlite:
        return sqlite_file.database_path(source) == sqlite_file.database_path(target)
    return source.url == target.url


def _cancel_on_sigterm() -> None:
    """End as after Ctrl-C: the source takes writes again."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Say which of the two databases an error is about."""
    try:
        yield
    except DatabaseUnavailable as error:
        raise ConfigurationError(f"the {name} cannot be used: {_reason(error)}") from error
    except CapacityError as error:
        raise ConfigurationError(f"the {name}: {error.detail}") from error


@asynccontextmanager
async def _prepared_target(settings: Settings) -> AsyncIterator[Database]:
    """An empty database with the schema. An SQLite file is in its place only if the block ends without an error."""
    if not settings.is_sqlite:
        async with open_database(settings) as database:
            with _naming("target"):
                await copying.prepare_target(database)
            async with copying.hold(database):
                yield database
        return
    path = sqlite_file.database_path(settings)
    if not sqlite_file.is_absent(path, is_asked_for=True):
        raise ConfigurationError(f"the target {path} is there already; nothing was copied")
    with sqlite_file.hold_lock(path), sqlite_file.building(path) as temporary:
        database = Database(msgspec.structs.replace(settings, database_url=url_of_new_file(temporary)))
        try:
            await schema.upgrade(database)
            yield database
        finally:
            await database.close()


class _Attempt:
    """One attempt to move: it knows what to undo when it fails."""

    def __init__(self, source: Database, target: Settings) -> None:
        self._source = source
        self._target = target
        self._closing: Closing | None = None
        self._may_have_committed = False

    async def run(self, target: Database, progress: copying.Progress) -> Move:
        with _naming("source"):
            self._closing = closing = await _close(self._source)
        async with self._source.read() as read, target.write(recovering=True) as write:
            contents = await copying.copy_rows(read, write, target, progress)
            sequence, _ = await latest(write)
            await copying.require_closed(self._source, closing)
            self._may_have_committed = True
        tables = {name: each.rows for name, each in contents.items()}
        return Move(sequence=sequence, rows=sum(tables.values()), tables=tables, moved_at=closing.at)

    async def undo(self, error: BaseException) -> None:
        """Let the source take writes again, if nothing was moved. Raises `ConfigurationError` with what is so now."""
        if self._closing is None:
            return
        outcome = await self._settle()
        if isinstance(error, CapacityError | DBAPIError | OSError):
            raise ConfigurationError(f"{outcome}: {_reason(error)}") from error
        click.echo(f"capacity-api: {outcome}", err=True)

    async def _settle(self) -> str:
        """What is so after the failure, in words."""
        assert self._closing is not None
        if self._may_have_committed and not await self._target_is_empty():
            return (
                "it is not known whether the target holds everything, so the source takes no changes; "
                "docs/operate/copy.md says how to go on"
            )
        if self._closing.is_earlier:
            return "nothing was moved, and the source takes no changes, as before"
        try:
            await _reopen(self._source, self._closing)
        except CapacityError:
            return (
                "nothing was moved, and the source cannot be reached and takes no changes; "
                "run `db copy` again, or `db restored` on the source"
            )
        return "nothing was moved, and the source takes changes again"

    async def _target_is_empty(self) -> bool:
        """False where that is not certain."""
        if self._target.is_sqlite:
            return not _has_file(self._target)
        try:
            async with open_database(self._target) as target:
                return await copying.holds_nothing(target)
        except CapacityError:
            return False


async def _close(source: Database) -> Closing:
    async with source.write(command_line(), recovering=True) as session:
        closing = await copying.close_source(source, session, utc_now())
        if not closing.is_earlier:
            # The target gets this entry as well.
            audit.add_entry(session, closing.at, "database.close", "source")
    return closing


async def _reopen(source: Database, closing: Closing) -> None:
    async with source.write(command_line(), recovering=True) as session:
        await copying.reopen_source(session, closing)
        audit.add_entry(session, utc_now(), "database.reopen", "source")


def _has_file(settings: Settings) -> bool:
    return os.path.lexists(sqlite_file.database_path(settings))


def _reason(error: BaseException) -> str:
    """Why, in one line. It does not hold the content of a row."""
    if isinstance(error, DatabaseUnavailable) and error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, CapacityError):
        return error.detail
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig.__cause__ or error.orig
    # After the first line PostgreSQL tells the values.
    return (str(error).splitlines() or [type(error).__name__])[0]
