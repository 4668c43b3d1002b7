"""`capacity-api coverage`: the counts behind the coverage events."""

import click

from capacity_api.cli import session
from capacity_api.operations import coverage as coverages


@click.group()
def coverage() -> None:
    """The counts behind the coverage events."""


@coverage.command()
def rebuild() -> None:
    """Count anew who covers what. Needed only where something else than this program changed the database."""

    async def work() -> bool:
        async with session.change() as (changing, _):
            return await coverages.rebuild(changing)

    click.echo("the counts were wrong and are right now" if session.run(work()) else "the counts were right")
