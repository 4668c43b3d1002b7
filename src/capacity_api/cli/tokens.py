"""`capacity-api token` and `handover`: who may change what."""

import asyncio
import shlex
from datetime import datetime, timedelta
from uuid import UUID

import click
import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api import config
from capacity_api.cli.output import json_option, owner_name, print_json, print_table
from capacity_api.cli.owners import OwnerOptions, owner_options
from capacity_api.cli.setup import in_transaction, read_database
from capacity_api.clock import utc_now
from capacity_api.domain.keys import Keys
from capacity_api.domain.links import link_address
from capacity_api.domain.owner import ADMIN, Owner
from capacity_api.domain.tokens import Scope
from capacity_api.errors import NotFound
from capacity_api.operations import audit, owners, tokens
from capacity_api.operations.audit import AuditFilter
from capacity_api.operations.handovers import add_handover
from capacity_api.operations.links import NewLink
from capacity_api.operations.paging import all_pages
from capacity_api.operations.tokens import IssuedToken, Token

# The list says of a token that ends within this time how many days are left.
_SOON_DAYS = 30


_scopes_option = click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([each.value for each in Scope]),
    help="Only this scope; repeat it for several.",
)


@click.group()
def token() -> None:
    """Tokens: who may change what."""


@token.command("issue")
@click.option("--responder", metavar="SLUG", help="For a responder.")
@click.option("--partner", metavar="NAME", help="For a partner, which is added if there is none of that name.")
@click.option("--admin", is_flag=True, help="For an administrator.")
@_scopes_option
@click.option("--label", metavar="TEXT", help="What to call it, to tell it from the owner's others.")
@click.option("--days", type=click.IntRange(1, 3650), help="The days until it expires. Without it, it is a year.")
@click.option("--never-expires", is_flag=True, help="It never expires.")
@json_option
def issue_token(
    responder: str | None,
    partner: str | None,
    admin: bool,
    scopes: tuple[str, ...],
    label: str | None,
    days: int | None,
    never_expires: bool,
    as_json: bool,
) -> None:
    """Issue a token. It is printed only now."""
    if sum((responder is not None, partner is not None, admin)) != 1:
        raise click.UsageError("name one owner: --responder, --partner or --admin")
    if days is not None and never_expires:
        raise click.UsageError("give --days or --never-expires, not both")

    async def issue(session: AsyncSession, keys: Keys) -> IssuedToken:
        now = utc_now()
        return await tokens.issue_token(
            session,
            now,
            keys,
            await _get_owner(session, now, responder, partner),
            label=label,
            scopes=tuple(Scope(scope) for scope in scopes) or None,
            expires_at=_expiry(now, days, never_expires=never_expires),
        )

    _show_issued(asyncio.run(in_transaction(issue)), as_json)


def _expiry(now: datetime, days: int | None, *, never_expires: bool) -> datetime | UnsetType | None:
    if never_expires:
        return None
    return UNSET if days is None else now + timedelta(days=days)


async def _get_owner(session: AsyncSession, now: datetime, responder: str | None, partner: str | None) -> Owner:
    """The responder, the partner, which is added if there is none of that name, or else an administrator."""
    if responder is not None:
        return await owners.responder_owner(session, responder)
    if partner is None:
        return ADMIN
    try:
        return await owners.partner_owner(session, partner)
    except NotFound:
        await owners.add_partner(session, now, partner)
        return await owners.partner_owner(session, partner)


@token.command("list")
@json_option
def list_tokens(as_json: bool) -> None:
    """Print each token without its secret: its owner, until when it is valid, and when it was last used."""

    async def read_all(session: AsyncSession) -> list[Token]:
        return await all_pages(lambda limit, cursor: tokens.list_tokens(session, None, limit, cursor))

    _show_tokens(asyncio.run(read_database(read_all)), as_json)


def _show_tokens(every_token: list[Token], as_json: bool) -> None:
    if as_json:
        print_json(every_token)
        return
    rows: list[tuple[str, ...]] = [("id", "owner", "label", "valid", "last used")]
    for token in every_token:
        last_used = f"{token.last_used_at:%Y-%m-%d %H:%M}" if token.last_used_at else "never"
        rows.append((str(token.id), owner_name(token.owner), token.label or "", _validity(token, utc_now()), last_used))
    print_table(rows)


def _validity(token: Token, now: datetime) -> str:
    if token.revoked_at is not None or (token.expires_at is not None and token.expires_at <= now):
        return "ended"
    if not token.reviewed:
        return "not reviewed"
    if token.expires_at is None:
        return "yes"
    days = (token.expires_at - now).days
    remark = f" (in {days} days)" if days <= _SOON_DAYS else ""
    return f"until {token.expires_at:%Y-%m-%d}{remark}"


@token.command("rotate")
@click.argument("token_id", type=click.UUID)
@click.option("--overlap-hours", default=24, show_default=True, help="For how long the old token stays valid.")
@json_option
def rotate_token(token_id: UUID, overlap_hours: int, as_json: bool) -> None:
    """Replace a token. The new one is printed only now. The old one stays valid for a while."""
    issued = asyncio.run(
        in_transaction(
            lambda session, keys: tokens.rotate_token(session, utc_now(), keys, token_id, None, overlap_hours)
        )
    )
    _show_issued(issued, as_json)


@token.command("revoke")
@click.argument("token_id", type=click.UUID)
def revoke_token(token_id: UUID) -> None:
    """End a token at once, and the open links that it made.

    The people whom it added stay, and so do its owner's webhooks: `owner suspend` stops those.
    """

    async def revoke(session: AsyncSession, _: Keys) -> list[str | None]:
        await tokens.revoke_token(session, utc_now(), token_id)
        owner = (await tokens.read_token(session, token_id)).owner
        return [await _people_warning(session, token_id), await _webhook_warning(session, owner)]

    warnings = asyncio.run(in_transaction(revoke))
    click.echo(f"revoked {token_id}")
    for warning in warnings:
        if warning is not None:
            click.echo(warning, err=True)


async def _people_warning(session: AsyncSession, token_id: UUID) -> str | None:
    """What to say of a token that added or invited people: they outlive it."""
    added = await audit.list_entries(session, AuditFilter(actor=str(token_id), action="person"), 1, None)
    if not added.items:
        return None
    return (
        "It added, invited or removed people. They outlive it, so look at them: "
        f"`capacity-api audit --actor {token_id} --action person`"
    )


async def _webhook_warning(session: AsyncSession, owner: Owner) -> str | None:
    """What to say of an owner whose webhooks go on although none of its tokens holds."""
    if owner.id is None:
        return None
    details = await owners.read_owner(session, utc_now(), owner.id)
    active = await owners.count_active_webhooks(session, owner.id)
    if details.token_count or not active:
        return None
    named = f"--responder {owner.slug}" if owner.slug else f"--partner {shlex.quote(owner.name or '')}"
    return (
        f"{owner.name} has no token left, and its active webhooks still receive events: {active}. "
        f"`capacity-api owner suspend {named}` stops them"
    )


@token.command("review")
@click.option("--keep", "kept", multiple=True, type=click.UUID, metavar="ID", help="This token still holds.")
@click.option("--revoke", "revoked", multiple=True, type=click.UUID, metavar="ID", help="This token ends.")
@click.option("--keep-all", is_flag=True, help="Every token that is not reviewed still holds.")
@json_option
def review_tokens(kept: tuple[UUID, ...], revoked: tuple[UUID, ...], keep_all: bool, as_json: bool) -> None:
    """After a restore: say which tokens still hold, and print those that are not reviewed yet.

    A token may have been revoked after the backup was made, so none of them holds until you have said so.
    """

    async def review(session: AsyncSession, _: Keys) -> list[Token]:
        for token_id in revoked:
            await tokens.revoke_token(session, utc_now(), token_id)
        for token_id in kept:
            await tokens.keep_token(session, utc_now(), token_id)
        if keep_all:
            await tokens.keep_every_token(session, utc_now())
        return await tokens.list_unreviewed(session)

    unreviewed = asyncio.run(in_transaction(review))
    if unreviewed or as_json:
        _show_tokens(unreviewed, as_json)
    else:
        click.echo("every token is reviewed")


def _show_issued(issued: IssuedToken, as_json: bool) -> None:
    if as_json:
        print_json(msgspec.structs.asdict(issued) | {"owner": owner_name(issued.owner)})
        return
    click.echo(issued.token)
    click.echo(f"for {issued.owner.name or 'an administrator'}; it is not shown again", err=True)


@click.command()
@owner_options
@_scopes_option
@click.option("--label", metavar="TEXT", help="What to call the token, to tell it from the owner's others.")
@json_option
def handover(whose: OwnerOptions, scopes: tuple[str, ...], label: str | None, as_json: bool) -> None:
    """Print a link that brings a token to the first person who uses it, within 24 hours. It is printed only now.

    The token is made when the link is used, and ends a year later. Send the link where only its receiver reads.
    """
    whose.require_one()

    async def add(session: AsyncSession, keys: Keys) -> tuple[Owner, NewLink]:
        owner = await whose.find(session)
        wanted = tuple(Scope(scope) for scope in scopes) or None
        return owner, await add_handover(session, utc_now(), keys, owner, scopes=wanted, label=label)

    owner, link = asyncio.run(in_transaction(add))
    public_url = config.from_environment().public_url
    address = link_address(public_url or "", owner.type, link.secret)
    if as_json:
        print_json({"link": address, "expires_at": link.expires_at})
        return
    click.echo(address)
    click.echo(
        f"for {owner.name or 'an administrator'}; it works once, until {link.expires_at:%Y-%m-%d %H:%M} UTC, "
        "and is not shown again",
        err=True,
    )
    if public_url is None:
        click.echo("CAPACITY_PUBLIC_URL is not set: put the address of the directory in front", err=True)
