"""`capacity-api db`: the schema, and what is counted from the rest."""

import click

from capacity_api.cli import session
from capacity_api.db import schema
from capacity_api.operations import coverage, periods


@click.group()
def db() -> None:
    """The database: its schema, and what is counted from the rest."""


@db.command()
def upgrade() -> None:
    """Bring the schema up to this version; an empty database gets the starting register."""

    async def work() -> None:
        async with session.open_database(session.load_settings()) as database:
            listed = await session.prepare(database)
        click.echo(
            f"the schema is at {schema.needed_revision()}"
            + (f"; {listed} responders listed, unconfirmed" if listed else "")
        )

    session.run(work())


@db.command()
def current() -> None:
    """Print the revision that the database is at."""

    async def work() -> None:
        async with session.open_database(session.load_settings()) as database:
            click.echo(await schema.read_revision(database) or "empty")

    session.run(work())


@db.command()
def check() -> None:
    """Exit with 1 unless the schema is the one that this version needs."""

    async def work() -> None:
        async with session.open_database(session.load_settings()) as database:
            await schema.check(database)
        click.echo("the schema is up to date")

    session.run(work())


@db.command()
def rebuild() -> None:
    """Count anew what is counted: who covers what, and the statistics. A running service goes on meanwhile.

    Needed only after something else than this program changed the database, or an older version of it wrote there.
    """

    async def work() -> None:
        counted = 0
        async with session.open_database(session.load_settings()) as database:
            await schema.check(database)
            async with database.write() as change:
                were_wrong = await coverage.rebuild(change)
            async with database.write() as change:
                await periods.reset(change)
            batch = periods.BATCH
            while batch:
                async with database.write() as change:
                    batch = await periods.count_events(change)
                counted += batch
        click.echo(f"the counts of the coverage were {'wrong and are right now' if were_wrong else 'right'}")
        click.echo(f"counted {counted} events for the statistics")

    session.run(work())
