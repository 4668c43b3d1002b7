"""`capacity-api db`: the schema, and the counts."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click
from sqlalchemy import inspect

from capacity_api.cli.backup import above_option, decide_tokens, print_restored, token_options
from capacity_api.cli.copying import copy
from capacity_api.cli.output import json_option
from capacity_api.cli.setup import command_line, create_database, load_settings, open_database
from capacity_api.clock import utc_now
from capacity_api.config import Settings
from capacity_api.db import schema
from capacity_api.db.engine import Database
from capacity_api.db.mark import mark_path
from capacity_api.db.restore import marked_number, remember_mark
from capacity_api.db.sqlite_file import database_path, hold_lock, is_absent
from capacity_api.db.tables import InstallationRow
from capacity_api.errors import DatabaseRestored, NoDatabase
from capacity_api.operations import audit, coverage, periods, restored
from capacity_api.operations.restored import RestoredDirectory

T = TypeVar("T")


@click.group()
def db() -> None:
    """The database: its schema, and the counts that can be rebuilt."""


db.add_command(copy)


@db.command()
def create() -> None:
    """Make the database: the schema, and the starting register. Refuses one that is there."""
    count = asyncio.run(_create(load_settings()))
    click.echo(f"the database is at {schema.needed_revision()}; {count} responders listed, unconfirmed")


async def _create(settings: Settings) -> int:
    path = database_path(settings)
    if not settings.is_sqlite or not is_absent(path, is_asked_for=True):
        # It says what is there.
        return await create_database(settings)
    with hold_lock(path):
        return await create_database(settings)


@db.command()
def upgrade() -> None:
    """Upgrade the schema to this version. Services may go on running, if every change only adds something.

    If one does more, this is refused while anybody else is connected. docs/operate/upgrade.md has the order.
    """
    reached = asyncio.run(_on_database(_upgrade))
    is_newer = reached != schema.needed_revision()
    click.echo(f"the schema is at {reached}" + (", of a newer version; this one can use it" if is_newer else ""))


async def _upgrade(database: Database) -> str:
    """Returns the revision that it reached.

    Counts the coverage if the upgrade deleted the counts: without them, outdated events about gaps would be sent."""
    revision = await schema.read_revision(database)
    if revision is None:
        raise NoDatabase("the database is empty; run `capacity-api db create`")
    await _require_newest(database)
    await schema.upgrade(database)
    reached = await schema.read_revision(database)
    assert reached is not None
    async with database.write(command_line()) as session:
        await coverage.rebuild(session)
        if reached != revision:
            audit.add_entry(session, utc_now(), "database.upgrade", reached, is_logged=False)
    return reached


async def _require_newest(database: Database) -> None:
    """Raise `DatabaseRestored` if the database went back in time."""
    async with database.read() as session:
        connection = await session.connection()
        if await connection.run_sync(lambda sync: inspect(sync).has_table(InstallationRow.__tablename__)):
            await database.continuity.require(session)
        elif database.file is not None and mark_path(database.settings).exists():
            # There was no mark before there was this table.
            raise DatabaseRestored


@db.command()
def current() -> None:
    """Print the revision of the database's schema."""
    click.echo(asyncio.run(_on_database(schema.read_revision)) or "empty")


@db.command()
def check() -> None:
    """Exit with 1 unless the schema is the one that this version needs."""
    asyncio.run(_on_database(schema.check))
    click.echo("the schema is up to date")


@db.command()
def rebuild() -> None:
    """Rebuild the coverage counts and the statistics. A service may run at the same time.

    You need this only after another program, or an older version of this one, changed the database.
    """
    asyncio.run(_on_database(schema.check))
    were_wrong = asyncio.run(_on_database(_rebuild_coverage))
    count = asyncio.run(_on_database(_rebuild_statistics))
    click.echo("the coverage counts were wrong and are now right" if were_wrong else "the coverage counts were right")
    click.echo(f"counted {count} events for the statistics")


@db.command("restored")
@token_options
@above_option
@json_option
def declare_restored(keep_tokens: bool, revoke_tokens: bool, above: int | None, as_json: bool) -> None:
    """Say that this database was restored by other means than `restore`. Services may run at the same time.

    From then on nothing in it is confirmed until each responder reports anew, and no token holds until you have said
    what becomes of it.
    """
    decision = decide_tokens(keep_tokens, revoke_tokens)

    async def declare(database: Database) -> RestoredDirectory:
        await schema.check(database)
        async with database.write(command_line(), recovering=True) as session:
            done = await restored.declare_restored(
                session, utc_now(), marked_number=marked_number(database.settings), above=above, tokens=decision
            )
        await remember_mark(database)
        return done

    print_restored(asyncio.run(_on_database(declare)), as_json)


async def _on_database(work: Callable[[Database], Awaitable[T]]) -> T:
    """Do some work on the database of the settings."""
    async with open_database(load_settings()) as database:
        return await work(database)


async def _rebuild_coverage(database: Database) -> bool:
    """Returns whether the counts were wrong."""
    async with database.write(command_line()) as session:
        audit.add_entry(session, utc_now(), "database.rebuild", "coverage")
        return await coverage.rebuild(session)


async def _rebuild_statistics(database: Database) -> int:
    """Returns how many events it counted."""
    async with database.write(command_line()) as session:
        await periods.reset(session)
        audit.add_entry(session, utc_now(), "database.rebuild", "statistics")
    return await count_all(database)


async def count_all(database: Database) -> int:
    """Count every event that is not counted yet for the statistics; returns how many there were."""
    count = 0
    while True:
        async with database.write() as session:
            batch = await periods.count_events(session)
        if not batch:
            return count
        count += batch
