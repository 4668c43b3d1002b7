"""`capacity-api db`: the schema, and the counts."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click

from capacity_api.cli.setup import load_settings, open_database, prepare
from capacity_api.db import schema
from capacity_api.db.engine import Database
from capacity_api.operations import coverage, periods

T = TypeVar("T")


@click.group()
def db() -> None:
    """The database: its schema, and the counts that can be rebuilt."""


@db.command()
def upgrade() -> None:
    """Upgrade the schema to this version. An empty database gets the starting register."""
    count = asyncio.run(_on_database(prepare))
    listed = f"; {count} responders listed, unconfirmed" if count else ""
    click.echo(f"the schema is at {schema.needed_revision()}{listed}")


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


async def _on_database(work: Callable[[Database], Awaitable[T]]) -> T:
    """Do some work on the database of the settings."""
    async with open_database(load_settings()) as database:
        return await work(database)


async def _rebuild_coverage(database: Database) -> bool:
    """Returns whether the counts were wrong."""
    async with database.write() as session:
        return await coverage.rebuild(session)


async def _rebuild_statistics(database: Database) -> int:
    """Returns how many events it counted."""
    async with database.write() as session:
        await periods.reset(session)
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
