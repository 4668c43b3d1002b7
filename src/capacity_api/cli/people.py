"""`capacity-api responder`, `token`, `partner`: who is listed, and who may change what."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import click
import msgspec

from capacity_api.cli.session import as_json, open_session, print_json, print_table, run
from capacity_api.clock import utc_now
from capacity_api.domain.tokens import Scope
from capacity_api.errors import NotFound
from capacity_api.json import decode
from capacity_api.operations import responders, tokens
from capacity_api.operations.paging import all_pages
from capacity_api.operations.responders import NewResponder
from capacity_api.operations.tokens import Owner, TokenIssued
from capacity_api.representations.responder import represent_responder

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def responder() -> None:
    """The responders in the directory."""


@responder.command("list")
@as_json
def list_responders(as_json: bool) -> None:
    """Each responder with its effective state."""

    async def work() -> None:
        async with open_session() as (session, _):
            now = utc_now()
            rows = await responders.changed_since(session, 0)
            shown = [represent_responder(row, now) for row in rows if row.delisted_at is None]
        if as_json:
            print_json(shown)
        else:
            print_table([(each.slug, each.intake.state, each.name) for each in shown])

    run(work())


@responder.command("add")
@click.argument("file", type=_FILE)
@as_json
def add_responder(file: Path, as_json: bool) -> None:
    """List one responder from a JSON FILE: {"slug", "name", "remit", "contact", ...}."""
    _list_all([decode(file.read_bytes(), NewResponder)], as_json)


@responder.command("import")
@click.argument("file", type=_FILE)
@as_json
def import_responders(file: Path, as_json: bool) -> None:
    """List all responders of a JSON FILE: a list of what `add` takes. All of them or, after an error, none."""
    _list_all(decode(file.read_bytes(), list[NewResponder]), as_json)


def _list_all(new: list[NewResponder], as_json: bool) -> None:
    async def work() -> None:
        async with open_session() as (session, _):
            listed = [await responders.list_responder(session, utc_now(), each) for each in new]
        if as_json:
            print_json(listed)
        else:
            click.echo(f"listed {', '.join(each.slug for each in listed) or 'nothing'}")

    run(work())


@click.group()
def token() -> None:
    """Tokens: who may change what."""


@token.command("issue")
@click.option("--responder", metavar="SLUG", help="For a responder.")
@click.option("--partner", metavar="NAME", help="For a partner; it is added when there is none of that name.")
@click.option("--admin", is_flag=True, help="For an administrator.")
@click.option("--scope", "scopes", multiple=True, type=click.Choice(list(Scope)), help="Fewer scopes than usual.")
@click.option("--days", type=click.IntRange(1, 3650), help="For how long it holds; without it, until it is revoked.")
@as_json
def issue_token(
    responder: str | None, partner: str | None, admin: bool, scopes: tuple[Scope, ...], days: int | None, as_json: bool
) -> None:
    """Issue a token. It is shown once, now."""
    if sum((responder is not None, partner is not None, admin)) != 1:
        raise click.UsageError("name one owner: --responder, --partner or --admin")

    async def work() -> TokenIssued:
        now = utc_now()
        async with open_session() as (session, keys):
            if responder is not None:
                owner = await tokens.responder_owner(session, responder)
            elif partner is not None:
                try:
                    owner = await tokens.partner_owner(session, partner)
                except NotFound:
                    await tokens.add_partner(session, now, partner)
                    owner = await tokens.partner_owner(session, partner)
            else:
                owner = Owner(type="admin")
            return await tokens.issue_token(
                session,
                now,
                keys,
                owner,
                scopes=tuple(Scope(scope) for scope in scopes) or None,
                expires_at=now + timedelta(days=days) if days else None,
            )

    _show_issued(run(work()), as_json)


@token.command("list")
@as_json
def list_tokens(as_json: bool) -> None:
    """Every token, without its secret: whose it is, until when it holds, when it was last used."""

    async def work() -> None:
        async with open_session() as (session, _):
            found = await all_pages(lambda limit, cursor: tokens.list_tokens(session, None, limit, cursor))
        if as_json:
            print_json(found)
            return
        now = datetime.now(UTC)
        rows: list[tuple[str, ...]] = [("id", "owner", "holds", "last used")]
        for each in found:
            ended = each.revoked_at is not None or (each.expires_at is not None and each.expires_at <= now)
            until = "ended" if ended else f"until {each.expires_at:%Y-%m-%d}" if each.expires_at else "yes"
            used = f"{each.last_used_at:%Y-%m-%d %H:%M}" if each.last_used_at else "never"
            rows.append((str(each.id), each.owner.slug or each.owner.name or "admin", until, used))
        print_table(rows)

    run(work())


@token.command("rotate")
@click.argument("token_id", type=click.UUID)
@click.option("--overlap-hours", default=24, show_default=True, help="For how long the old one goes on.")
@as_json
def rotate_token(token_id: UUID, overlap_hours: int, as_json: bool) -> None:
    """Replace a token: the new one is shown once, the old one goes on for a while."""

    async def work() -> TokenIssued:
        async with open_session() as (session, keys):
            return await tokens.rotate_token(session, utc_now(), keys, token_id, None, overlap_hours)

    _show_issued(run(work()), as_json)


@token.command("revoke")
@click.argument("token_id", type=click.UUID)
def revoke_token(token_id: UUID) -> None:
    """End a token at once."""

    async def work() -> None:
        async with open_session() as (session, _):
            await tokens.revoke_token(session, utc_now(), token_id, None)

    run(work())
    click.echo(f"revoked {token_id}")


def _show_issued(issued: TokenIssued, as_json: bool) -> None:
    if as_json:
        print_json(msgspec.structs.asdict(issued) | {"owner": issued.owner.slug or issued.owner.name or "admin"})
        return
    click.echo(issued.token)
    click.echo(f"for {issued.owner.name or 'an administrator'}; it is not shown again", err=True)


@click.group()
def partner() -> None:
    """Partner tools: who follows the directory."""


@partner.command("add")
@click.argument("name")
@as_json
def add_partner(name: str, as_json: bool) -> None:
    """Add a partner."""

    async def work() -> tokens.Partner:
        async with open_session() as (session, _):
            return await tokens.add_partner(session, utc_now(), name)

    added = run(work())
    if as_json:
        print_json(added)
    else:
        click.echo(f"added {added.name} ({added.id})")


@partner.command("list")
@as_json
def list_partners(as_json: bool) -> None:
    """Every partner."""

    async def work() -> list[tokens.Partner]:
        async with open_session() as (session, _):
            return await all_pages(lambda limit, cursor: tokens.list_partners(session, limit, cursor))

    found = run(work())
    if as_json:
        print_json(found)
    else:
        print_table([(str(each.id), each.name) for each in found])
