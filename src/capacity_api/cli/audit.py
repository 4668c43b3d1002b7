"""`capacity-api audit`: who did what, and when."""

import asyncio
from datetime import datetime

import click

from capacity_api.cli.output import json_option, owner_name, print_json, print_table
from capacity_api.cli.setup import read_database
from capacity_api.clock import parse_time
from capacity_api.domain.actor import Actor
from capacity_api.operations.audit import AuditEntry, AuditFilter, list_entries
from capacity_api.operations.paging import DEFAULT_LIMIT


def _parse_time(_context: click.Context, parameter: click.Parameter, text: str | None) -> datetime | None:
    return None if text is None else parse_time(text, parameter.opts[0])


@click.command()
@click.option("--actor", metavar="WHO", help="A token's id or 'command line'; a slug, a partner's id or 'admin'.")
@click.option("--action", help="An action, such as intake.report, or all that begin with one word: intake.")
@click.option("--target", help="What was acted on: a slug, or the id of anything else.")
@click.option("--from", "since", metavar="TIME", callback=_parse_time, help="From this time or day on, in UTC.")
@click.option("--to", "until", metavar="TIME", callback=_parse_time, help="Up to, but not including, this time or day.")
@click.option("--limit", default=DEFAULT_LIMIT, show_default=True, type=click.IntRange(1), help="At most so many.")
@json_option
def audit(
    actor: str | None,
    action: str | None,
    target: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    as_json: bool,
) -> None:
    """Print who did what, and when, newest first."""
    if since is not None and until is not None and since > until:
        raise click.UsageError("--from must not be after --to")
    wanted = AuditFilter(actor=actor, action=action, target=target, since=since, until=until)
    found = asyncio.run(read_database(lambda session: list_entries(session, wanted, limit, None)))
    if as_json:
        print_json(found.items)
        return
    print_table([("at", "action", "target", "actor", "of"), *(_row(entry) for entry in found.items)])
    if found.next is not None:
        click.echo(f"there are more than {limit}; --limit shows them", err=True)


def _row(entry: AuditEntry) -> tuple[str, ...]:
    return f"{entry.at:%Y-%m-%dT%H:%M:%SZ}", entry.action, entry.target, entry.actor.key, _whose(entry.actor)


def _whose(actor: Actor) -> str:
    """Whose token it is, or who ran the command."""
    if actor.owner is not None:
        return owner_name(actor.owner)
    return actor.user or "-"
