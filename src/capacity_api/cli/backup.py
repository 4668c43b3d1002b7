"""`capacity-api backup` and `restore`."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api import config
from capacity_api.cli.output import json_option, print_json
from capacity_api.cli.setup import command_line, load_settings, open_database
from capacity_api.clock import utc_now
from capacity_api.db.acts import set_actor
from capacity_api.db.backup import KEPT_SCHEMA, back_up
from capacity_api.db.engine import Database
from capacity_api.db.manifest import Manifest
from capacity_api.db.restore import kept_path
from capacity_api.db.restore import restore as restore_backup
from capacity_api.errors import CapacityError
from capacity_api.operations import audit, restored
from capacity_api.operations.restored import RestoredDirectory, TokenDecision

F = TypeVar("F", bound=Callable[..., object])
above_option = click.option(
    "--above",
    type=click.IntRange(0, 2**62),
    metavar="N",
    help="Where the clock is in doubt: a number that no reader has passed.",
)


def token_options(command: F) -> F:
    """The options that say what becomes of the tokens."""
    keep = click.option("--keep-tokens", is_flag=True, help="Every token still holds: none was revoked since.")
    revoke = click.option("--revoke-tokens", is_flag=True, help="Every token ends; issue new ones.")
    return keep(revoke(command))


def decide_tokens(keep_tokens: bool, revoke_tokens: bool) -> TokenDecision:
    if keep_tokens and revoke_tokens:
        raise click.UsageError("--keep-tokens and --revoke-tokens exclude each other")
    if keep_tokens:
        return TokenDecision.KEEP
    return TokenDecision.REVOKE if revoke_tokens else TokenDecision.REVIEW


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@json_option
def backup(file: Path, force: bool, as_json: bool) -> None:
    """Write a backup of the database to FILE, and a manifest to FILE.json. The service may run meanwhile.

    The secret key is not in it: keep a copy of the key elsewhere. PostgreSQL needs `pg_dump` on the PATH.
    """
    settings = load_settings()

    async def work() -> Manifest:
        async with open_database(settings) as database:
            manifest = await back_up(database, file, utc_now(), replace=force)
            await _note_backup(database, manifest)
            return manifest

    manifest = asyncio.run(work())
    if as_json:
        print_json(manifest)
    else:
        click.echo(f"{file} holds the directory up to number {manifest.sequence}")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@token_options
@above_option
@json_option
def restore(file: Path, keep_tokens: bool, revoke_tokens: bool, above: int | None, as_json: bool) -> None:
    """Put a backup in the place of the database. Stop every process that uses it first.

    From then on nothing in it is confirmed until each responder reports anew, and no token holds until you have said
    what becomes of it. PostgreSQL needs `pg_restore` on the PATH.
    """
    settings = load_settings()
    decision = decide_tokens(keep_tokens, revoke_tokens)

    async def declare(session: AsyncSession, number: int) -> RestoredDirectory:
        set_actor(session, command_line())
        return await restored.declare_restored(session, utc_now(), marked_number=number, above=above, tokens=decision)

    done = asyncio.run(restore_backup(settings, file, declare))
    print_restored(done, as_json)
    if not settings.is_sqlite:
        click.echo(f"The tables of before are in the schema {KEPT_SCHEMA}; drop it when you need it no more.", err=True)
        return
    kept = kept_path(settings)
    if kept.exists():
        click.echo(f"The database of before is {kept}; delete it when you need it no more.", err=True)
    if config.missing_key_file(settings) is not None:
        click.echo("The secret key is not there: put the key file back, or set CAPACITY_SECRET_KEY.", err=True)


async def _note_backup(database: Database, manifest: Manifest) -> None:
    """Add the backup to the audit, by which `doctor` knows how old the newest one is. A backup is whole without it."""
    try:
        async with database.write(command_line()) as session:
            audit.add_entry(session, manifest.made_at, "database.backup", manifest.sequence)
    except CapacityError as error:
        click.echo(f"The backup is whole, but could not be added to the audit: {error.detail}", err=True)


def print_restored(done: RestoredDirectory, as_json: bool) -> None:
    """Print what was declared, and what the operator has to do again."""
    if as_json:
        print_json(done)
    else:
        click.echo(
            f"restored as number {done.number}, after {done.last}: {done.responders} responders are unconfirmed until "
            f"they report anew; {done.dropped_plans} plans and {done.dropped_reports} reports that a threshold had put "
            "aside were dropped"
        )
    click.echo(
        "Do again what was done since the backup: redactions, removals of people, and suspensions of partners.",
        err=True,
    )
    if done.tokens is TokenDecision.REVIEW:
        click.echo("No token holds until you have reviewed it: capacity-api token review", err=True)
    elif done.tokens is TokenDecision.REVOKE:
        click.echo("Every token has ended: issue new ones with capacity-api token issue", err=True)
    else:
        click.echo("Every token holds, also one that was revoked since the backup.", err=True)
