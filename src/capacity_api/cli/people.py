"""`capacity-api responder`, `token` and `partner`: who is listed, and who may change what."""

import asyncio
import shlex
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import click
import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.cli.output import json_option, owner_name, print_json, print_table
from capacity_api.cli.setup import in_transaction, read_database
from capacity_api.clock import utc_now
from capacity_api.domain.keys import Keys
from capacity_api.domain.owner import ADMIN, Owner
from capacity_api.domain.tokens import Scope
from capacity_api.errors import NotFound
from capacity_api.json import decode
from capacity_api.operations import owners, responders, tokens
from capacity_api.operations.paging import all_pages
from capacity_api.operations.responders import NewResponder
from capacity_api.operations.tokens import IssuedToken, Token
from capacity_api.representations.responder import Responder, represent_responder

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
# The list says of a token that ends within this time how many days are left.
_SOON_DAYS = 30


@click.group()
def responder() -> None:
    """The responders in the directory."""


@responder.command("list")
@json_option
def list_responders(as_json: bool) -> None:
    """Print each responder with its effective state."""

    records = asyncio.run(read_database(lambda session: responders.changed_since(session, 0)))
    now = utc_now()
    listed = [represent_responder(record, now) for record in records if record.delisted_at is None]
    if as_json:
        print_json(listed)
    else:
        print_table([(responder.slug, responder.intake.state, responder.name) for responder in listed])


@responder.command("add")
@click.argument("file", type=_FILE)
@json_option
def add_responder(file: Path, as_json: bool) -> None:
    """List one responder from a JSON FILE: {"slug", "name", "remit", "contact", ...}."""
    _list_all([decode(file.read_bytes(), NewResponder)], as_json)


@responder.command("import")
@click.argument("file", type=_FILE)
@json_option
def import_responders(file: Path, as_json: bool) -> None:
    """List all responders in a JSON FILE, which is a list of what `add` takes. After an error it lists none."""
    _list_all(decode(file.read_bytes(), list[NewResponder]), as_json)


def _list_all(new: list[NewResponder], as_json: bool) -> None:
    async def list_new(session: AsyncSession, _: Keys) -> tuple[list[Responder], set[str]]:
        listed = [await responders.list_responder(session, utc_now(), responder) for responder in new]
        return listed, await owners.suspended_slugs(session)

    listed, suspended = asyncio.run(in_transaction(list_new))
    if as_json:
        print_json(listed)
    else:
        click.echo(f"listed {', '.join(responder.slug for responder in listed) or 'nothing'}")
    for responder in listed:
        if responder.slug in suspended:
            click.echo(
                f"{responder.slug} is still suspended, since it was delisted before: "
                f"`capacity-api owner resume --responder {responder.slug}` lets its tokens and webhooks go on",
                err=True,
            )


@click.group()
def token() -> None:
    """Tokens: who may change what."""


@token.command("issue")
@click.option("--responder", metavar="SLUG", help="For a responder.")
@click.option("--partner", metavar="NAME", help="For a partner, which is added if there is none of that name.")
@click.option("--admin", is_flag=True, help="For an administrator.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([each.value for each in Scope]),
    help="Only this scope; repeat it for several.",
)
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
    """End a token at once. That stops none of its owner's webhooks: `owner suspend` does."""

    async def revoke(session: AsyncSession, _: Keys) -> str | None:
        await tokens.revoke_token(session, utc_now(), token_id)
        owner = (await tokens.read_token(session, token_id)).owner
        return await _warning(session, owner)

    warning = asyncio.run(in_transaction(revoke))
    click.echo(f"revoked {token_id}")
    if warning is not None:
        click.echo(warning, err=True)


async def _warning(session: AsyncSession, owner: Owner) -> str | None:
    """What to say of an owner whose webhooks go on although none of its tokens holds."""
    if owner.id is None:
        return None
    details = await owners.read_owner(session, utc_now(), owner.id)
    active = await owners.count_active_webhooks(session, owner.id)
    if details.tokens or not active:
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
