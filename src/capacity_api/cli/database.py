"""`capacity-api db`: the schema, and the counts."""

import asyncio

import click

from capacity_api.cli.setup import load_settings, open_database, prepare
from capacity_api.db import schema
from capacity_api.operations import coverage, periods


@click.group()
def db() -> None:
    """The database: its schema, and the counts that can be rebuilt."""


@db.command()
def upgrade() -> None:
    """Upgrade the schema to this version. An empty database gets the starting register."""

    async def work() -> None:
        async with open_database(load_settings()) as database:
            count = await prepare(database)
        listed = f"; {count} responders listed, unconfirmed" if count else ""
        click.echo(f"the schema is at {schema.needed_revision()}{listed}")

    asyncio.run(work())


@db.command()
def current() -> None:
    """Print the revision of the database's schema."""

    async def work() -> None:
        async with open_database(load_settings()) as database:
            click.echo(await schema.read_revision(database) or "empty")

    asyncio.run(work())


@db.command()
def check() -> None:
    """Exit with 1 unless the schema is the one that this version needs."""

    async def work() -> None:
        async with open_database(load_settings()) as database:
            await schema.check(database)
        click.echo("the schema is up to date")

    asyncio.run(work())


@db.command()
def rebuild() -> None:
    """Rebuild the coverage counts and the statistics. A service may run at the same time.

    You need this only after another program, or an older version of this one, changed the database.
    """

    async def work() -> None:
        count = 0
        async with open_database(load_settings()) as database:
            await schema.check(database)
            async with database.write() as session:
                were_wrong = await coverage.rebuild(session)
            async with database.write() as session:
                await periods.reset(session)
            batch = periods.BATCH
            while batch:
                async with database.write() as session:
                    batch = await periods.count_events(session)
                count += batch
        click.echo(
            "the coverage counts were wrong and are now right" if were_wrong else "the coverage counts were right"
        )
        click.echo(f"counted {count} events for the statistics")

    asyncio.run(work())
