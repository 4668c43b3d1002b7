"""`capacity-api owner`: whose tokens and webhooks hold."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

import click
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.cli.output import json_option, print_json, print_table
from capacity_api.cli.setup import in_transaction, read_database
from capacity_api.clock import utc_now
from capacity_api.domain.keys import Keys
from capacity_api.operations import owners
from capacity_api.operations.owners import OwnerDetails
from capacity_api.operations.paging import all_pages

_responder_option = click.option("--responder", metavar="SLUG", help="The responder with this slug.")
_partner_option = click.option("--partner", metavar="NAME", help="The partner with this name.")


@click.group()
def owner() -> None:
    """Owners of tokens and webhooks: responders, partners and the administrators."""


@owner.command("list")
@json_option
def list_owners(as_json: bool) -> None:
    """Print each owner with its numbers of tokens that have not ended and of webhooks."""

    async def read_all(session: AsyncSession) -> list[OwnerDetails]:
        return await all_pages(lambda limit, cursor: owners.list_owners(session, utc_now(), limit, cursor))

    every_owner = asyncio.run(read_database(read_all))
    if as_json:
        print_json(every_owner)
        return
    rows: list[tuple[str, ...]] = [("owner", "type", "tokens", "webhooks", "suspended")]
    for owner in every_owner:
        suspended = f"since {owner.suspended_at:%Y-%m-%d %H:%M}" if owner.suspended_at else "no"
        rows.append(
            (owner.slug or owner.name or "admin", owner.type, str(owner.tokens), str(owner.webhooks), suspended)
        )
    print_table(rows)


@owner.command("suspend")
@_responder_option
@_partner_option
@json_option
def suspend_owner(responder: str | None, partner: str | None, as_json: bool) -> None:
    """Let none of an owner's tokens hold, and send nothing to its webhooks, until `owner resume`.

    What a responder has published stays until it lapses, and an administrator may report for it.
    """
    changed = _change(owners.suspend, responder, partner)
    if as_json:
        print_json(changed)
    else:
        click.echo(f"suspended {changed.name}: no token of it holds, and its webhooks receive nothing")


@owner.command("resume")
@_responder_option
@_partner_option
@json_option
def resume_owner(responder: str | None, partner: str | None, as_json: bool) -> None:
    """Let an owner's tokens hold again. Its webhooks go on from where they stood."""
    changed = _change(owners.resume, responder, partner)
    if as_json:
        print_json(changed)
    else:
        click.echo(f"resumed {changed.name}")


def _change(
    change: Callable[[AsyncSession, datetime, UUID | None], Awaitable[None]], responder: str | None, partner: str | None
) -> OwnerDetails:
    """Change the owner that the options name."""
    if (responder is None) == (partner is None):
        raise click.UsageError("name one owner: --responder or --partner")

    async def work(session: AsyncSession, _: Keys) -> OwnerDetails:
        now = utc_now()
        if responder is not None:
            named = await owners.responder_owner(session, responder)
        else:
            named = await owners.partner_owner(session, partner or "")
        await change(session, now, named.id)
        return await owners.read_owner(session, now, named.id)

    return asyncio.run(in_transaction(work))
