"""`capacity-api owner` and `partner`: whose tokens and webhooks hold."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar, cast
from uuid import UUID

import click
import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.cli.output import json_option, print_json, print_table
from capacity_api.cli.setup import in_transaction, read_database
from capacity_api.clock import utc_now
from capacity_api.domain.keys import Keys
from capacity_api.domain.owner import ADMIN, Owner
from capacity_api.operations import owners
from capacity_api.operations.owners import OwnerDetails
from capacity_api.operations.paging import all_pages

Command = TypeVar("Command", bound=Callable[..., Any])
_responder_option = click.option("--responder", metavar="SLUG", help="The responder with this slug.")
_partner_option = click.option("--partner", metavar="NAME", help="The partner with this name.")
_admin_option = click.option("--admin", is_flag=True, help="The coordinators.")


class OwnerOptions(msgspec.Struct, frozen=True):
    """The owner that --responder, --partner or --admin names."""

    responder: str | None
    partner: str | None
    admin: bool

    @property
    def count(self) -> int:
        return sum((self.responder is not None, self.partner is not None, self.admin))

    def require_one(self) -> None:
        """Raise `UsageError` unless exactly one owner is named."""
        if self.count != 1:
            raise click.UsageError("name one owner: --responder, --partner or --admin")

    async def find(self, session: AsyncSession) -> Owner:
        """Raises `UsageError` for several, and `NotFound`."""
        self.require_one()
        if self.responder is not None:
            return await owners.responder_owner(session, self.responder)
        return ADMIN if self.partner is None else await owners.partner_owner(session, self.partner)


def owner_options(command: Command) -> Command:
    """Give a command the options that name an owner; it takes them as `whose`."""

    @wraps(command)
    def with_owner(*, responder: str | None, partner: str | None, admin: bool, **others: Any) -> Any:
        return command(whose=OwnerOptions(responder, partner, admin), **others)

    return cast(Command, _responder_option(_partner_option(_admin_option(with_owner))))


@click.group()
def owner() -> None:
    """Owners of tokens and webhooks: responders, partners and the administrators."""


@owner.command("list")
@json_option
def list_owners(as_json: bool) -> None:
    """Print each owner with its numbers of tokens that have not ended, of webhooks and of people."""

    async def read_all(session: AsyncSession) -> list[OwnerDetails]:
        return await all_pages(lambda limit, cursor: owners.list_owners(session, utc_now(), limit, cursor))

    every_owner = asyncio.run(read_database(read_all))
    if as_json:
        print_json(every_owner)
        return
    rows: list[tuple[str, ...]] = [("owner", "type", "tokens", "webhooks", "people", "suspended")]
    for owner in every_owner:
        suspended = f"since {owner.suspended_at:%Y-%m-%d %H:%M}" if owner.suspended_at else "no"
        counts = (str(owner.token_count), str(owner.webhook_count), str(owner.people_count))
        rows.append((owner.slug or owner.name or "admin", owner.type, *counts, suspended))
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


@click.group()
def partner() -> None:
    """Partners: organisations whose tools receive webhooks."""


@partner.command("add")
@click.argument("name")
@json_option
def add_partner(name: str, as_json: bool) -> None:
    """Add a partner."""
    partner = asyncio.run(in_transaction(lambda session, _: owners.add_partner(session, utc_now(), name)))
    if as_json:
        print_json(partner)
    else:
        click.echo(f"added {partner.name} ({partner.id})")


@partner.command("list")
@json_option
def list_partners(as_json: bool) -> None:
    """Print each partner with its id."""

    async def read_all(session: AsyncSession) -> list[owners.Partner]:
        return await all_pages(lambda limit, cursor: owners.list_partners(session, limit, cursor))

    partners = asyncio.run(read_database(read_all))
    if as_json:
        print_json(partners)
    else:
        print_table([(str(partner.id), partner.name) for partner in partners])
