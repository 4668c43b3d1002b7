"""`capacity-api mail`: what the service mails, and what became of it."""

import asyncio

import click

from capacity_api.cli.output import json_option, owner_name, print_json, print_table
from capacity_api.cli.setup import read_database
from capacity_api.domain.mail import MailKind, MailStatus
from capacity_api.operations.mail.listing import Mail
from capacity_api.operations.mail.listing import list_mail as list_some
from capacity_api.operations.paging import DEFAULT_LIMIT


@click.group()
def mail() -> None:
    """The mail that waits and what became of the rest, without any address."""


@mail.command("list")
@click.option("--status", type=click.Choice([each.value for each in MailStatus]), help="Only mail in this status.")
@click.option("--kind", type=click.Choice([each.value for each in MailKind]), help="Only mail of this kind.")
@click.option("--owner", metavar="WHO", help="Only to people of this owner: a slug, the id of an owner, or 'admin'.")
@click.option("--limit", default=DEFAULT_LIMIT, show_default=True, type=click.IntRange(1), help="At most so many.")
@json_option
def list_mail(status: str | None, kind: str | None, owner: str | None, limit: int, as_json: bool) -> None:
    """Print who was reminded, what waits and what was refused, newest first."""
    found = asyncio.run(
        read_database(
            lambda session: list_some(
                session,
                limit,
                None,
                status=MailStatus(status) if status else None,
                kind=MailKind(kind) if kind else None,
                owner_key=owner,
            )
        )
    )
    if as_json:
        print_json(found.items)
        return
    heads = ("written", "kind", "to", "about", "status", "attempts", "reason", "next attempt")
    print_table([heads, *(_row(each) for each in found.items)])
    if found.next is not None:
        click.echo(f"there are more than {limit}; --limit shows them", err=True)


def _row(mail: Mail) -> tuple[str, ...]:
    return (
        f"{mail.created_at:%Y-%m-%d %H:%M}",
        mail.kind,
        owner_name(mail.owner),
        mail.slug or "-",
        mail.status,
        str(mail.attempt_count),
        mail.reason or "-",
        f"{mail.next_attempt_at:%Y-%m-%d %H:%M}" if mail.next_attempt_at else "-",
    )
