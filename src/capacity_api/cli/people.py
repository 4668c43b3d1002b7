"""`capacity-api person`: the work addresses that mail goes to, and who of them may sign in."""

import asyncio
import sys
from datetime import datetime
from uuid import UUID

import click
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api import config
from capacity_api.cli.output import json_option, owner_name, print_json, print_table
from capacity_api.cli.owners import OwnerOptions, owner_options
from capacity_api.cli.setup import in_transaction, read_with_keys
from capacity_api.clock import utc_now
from capacity_api.domain.keys import Keys
from capacity_api.domain.people import Role
from capacity_api.errors import MailOff
from capacity_api.operations import invitations, people
from capacity_api.operations.paging import all_pages
from capacity_api.operations.people import Person


def _read_address(context: click.Context, parameter: click.Parameter, address: str) -> str:
    """The address itself, or the first line of standard input for `-`: a shell keeps what it is given in a file."""
    if address != "-":
        return address
    if sys.stdin.isatty():
        click.echo("address: ", nl=False, err=True)
    return sys.stdin.readline().strip()


_address_argument = click.argument("email", metavar="EMAIL|-", callback=_read_address)
_roles_option = click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice([each.value for each in Role]),
    help="What it may do; repeat it for several. Without it: both.",
)


@click.group()
def person() -> None:
    """People: the work addresses of responders, partners and coordinators (--admin)."""


@person.command("add")
@_address_argument
@owner_options
@_roles_option
@json_option
def add_person(email: str, whose: OwnerOptions, roles: tuple[str, ...], as_json: bool) -> None:
    """Add a work address without asking the person who has it. Nothing is mailed. `person invite` asks first.

    With - in place of the address, it is read from standard input, and no shell remembers it.
    """
    whose.require_one()

    async def add(session: AsyncSession, keys: Keys) -> Person:
        owner = await whose.find(session)
        return await people.add_person(session, utc_now(), keys, owner, email, _parse_roles(roles))

    added = asyncio.run(in_transaction(add))
    if as_json:
        print_json(added)
    else:
        click.echo(f"added {added.id} to {owner_name(added.owner)}: {', '.join(added.roles)}")


@person.command("invite")
@_address_argument
@owner_options
@_roles_option
@json_option
def invite_person(email: str, whose: OwnerOptions, roles: tuple[str, ...], as_json: bool) -> None:
    """Mail a link with which the receiver becomes a person of the owner. A running service or worker sends it.

    With - in place of the address, it is read from standard input, and no shell remembers it.
    """
    whose.require_one()
    if not config.from_environment().sends_mail:
        raise MailOff("no mail is sent from here: set CAPACITY_SMTP_URL (docs/operate/mail.md), or use `handover`")

    async def invite(session: AsyncSession, keys: Keys) -> datetime:
        owner = await whose.find(session)
        return await invitations.add_invitation(session, utc_now(), keys, owner, email, _parse_roles(roles))

    expires_at = asyncio.run(in_transaction(invite))
    if as_json:
        print_json({"expires_at": expires_at})
    else:
        click.echo(f"invited; the link in the mail works once, until {expires_at:%Y-%m-%d %H:%M} UTC")


@person.command("list")
@owner_options
@json_option
def list_people(whose: OwnerOptions, as_json: bool) -> None:
    """Print each person with the address: of one owner, or of all."""

    async def read_all(session: AsyncSession, keys: Keys) -> list[Person]:
        only = await whose.find(session) if whose.count else None
        return await all_pages(lambda limit, cursor: people.list_people(session, keys, only, limit, cursor))

    found = asyncio.run(read_with_keys(read_all))
    if as_json:
        print_json(found)
    else:
        print_table([("id", "owner", "roles", "mail", "added", "address"), *(_row(each) for each in found)])


def _row(person: Person) -> tuple[str, ...]:
    return (
        str(person.id),
        owner_name(person.owner),
        " ".join(person.roles),
        person.mail,
        f"{person.created_at:%Y-%m-%d}",
        person.email or "(no secret key opens it)",
    )


@person.command("remove")
@click.argument("person_id", metavar="ID", type=click.UUID)
@json_option
def remove_person(person_id: UUID, as_json: bool) -> None:
    """Remove a person, with the links, sign-ins and mail of that person. Backups keep the address.

    A token that was issued, or taken by a handover, stays: `token revoke` ends it.
    """
    asyncio.run(in_transaction(lambda session, keys: people.remove_person(session, utc_now(), keys, person_id)))
    if as_json:
        print_json({"id": person_id, "removed": True})
    else:
        click.echo(f"removed {person_id}")


def _parse_roles(roles: tuple[str, ...]) -> tuple[Role, ...]:
    return tuple(map(Role, roles)) or tuple(Role)
