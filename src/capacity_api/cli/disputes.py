"""`capacity-api dispute`: which responders partners rang and were told otherwise than the directory said."""

import asyncio

import click

from capacity_api.cli.output import json_option, owner_name, print_json, print_table
from capacity_api.cli.setup import read_database
from capacity_api.operations.disputes import Dispute, list_disputes
from capacity_api.operations.paging import DEFAULT_LIMIT


@click.group()
def dispute() -> None:
    """What partners were told when they rang a responder."""


@dispute.command("list")
@click.option("--limit", default=DEFAULT_LIMIT, show_default=True, type=click.IntRange(1), help="At most so many.")
@json_option
def list_all_disputes(limit: int, as_json: bool) -> None:
    """Print each dispute, newest first: who rang whom, what it found, and what the directory said then."""
    found = asyncio.run(read_database(lambda session: list_disputes(session, limit, None)))
    if as_json:
        print_json(found.items)
        return
    print_table([("at", "responder", "partner", "found", "shown"), *(_row(each) for each in found.items)])
    if found.next is not None:
        click.echo(f"there are more than {limit}; --limit shows them", err=True)


def _row(dispute: Dispute) -> tuple[str, ...]:
    at = f"{dispute.at:%Y-%m-%d %H:%M}"
    return at, dispute.slug, owner_name(dispute.partner), dispute.found, dispute.shown
