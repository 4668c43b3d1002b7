"""`capacity-api key`: the secret keys, and the secrets that are sealed with them."""

import asyncio
from uuid import UUID

import click
import msgspec

from capacity_api import config
from capacity_api.cli.setup import command_line, load_settings_with_keys, open_database
from capacity_api.clock import utc_now
from capacity_api.db import schema
from capacity_api.db.engine import Database
from capacity_api.domain.keys import Keys
from capacity_api.errors import ConfigurationError
from capacity_api.operations import sealed
from capacity_api.operations.key_check import keep_newest, require_keys
from capacity_api.operations.webhooks import secrets
from capacity_api.operations.webhooks.secrets import UnreadableWebhook

_BATCH = 100
_RETRY_SECONDS = 0.2


class Resealed(msgspec.Struct, frozen=True, kw_only=True):
    """How many webhooks and addresses were resealed, and the webhooks and people of which no key opens something."""

    webhooks: int
    unreadable: list[UnreadableWebhook]
    addresses: int
    people: list[UUID]


@click.group(invoke_without_command=True)
@click.pass_context
def key(context: click.Context) -> None:
    """Print a new key for CAPACITY_SECRET_KEY, or reseal the stored secrets."""
    if context.invoked_subcommand is None:
        click.echo(config.new_key())


@key.command()
@click.option(
    "--disable-unreadable",
    is_flag=True,
    help="Disable the webhooks whose secret no key can unseal, until their owners rotate it and enable them.",
)
def reseal(disable_unreadable: bool) -> None:
    """Seal the webhooks' secrets and the people's addresses with the newest key, so that older keys can be retired.

    A service may run at the same time. If no key can unseal something, this names the webhook or the person and exits
    with 1.
    """

    async def work() -> Resealed:
        settings = await load_settings_with_keys()
        keys = Keys(settings.secret_keys)
        async with open_database(settings) as database:
            await schema.check(database)
            if not disable_unreadable:
                await _require_keys(database, keys)
            webhooks, unreadable = await _reseal(database, keys, disable_unreadable=disable_unreadable)
            addresses, people = await _reseal_addresses(database, keys)
            async with database.write(command_line()) as session:
                await keep_newest(session, keys)
        return Resealed(webhooks=webhooks, unreadable=unreadable, addresses=addresses, people=people)

    done = asyncio.run(work())
    click.echo(f"resealed the secrets of {done.webhooks} webhooks")
    if done.addresses:
        click.echo(f"resealed {done.addresses} addresses of people and links of waiting mail")
    names = ", ".join(f"{each.webhook_id} ({each.owner})" for each in done.unreadable)
    if names and disable_unreadable:
        click.echo(f"disabled, because no secret key opens their secrets: {names}")
        names = ""
    wrong = [f"no secret key opens the secrets of these webhooks: {names}"] if names else []
    if done.people:
        wrong.append(f"no secret key opens the addresses of these people: {', '.join(map(str, done.people))}")
    if wrong:
        raise ConfigurationError(f"{'; '.join(wrong)}; docs/settings.md says what to do")


async def _require_keys(database: Database, keys: Keys) -> None:
    """Raise `KeyOpensNothing` if the keys are not those of the database, before any is kept as its own."""
    async with database.write(command_line()) as session:
        await require_keys(session, utc_now(), keys)


async def _reseal(database: Database, keys: Keys, *, disable_unreadable: bool) -> tuple[int, list[UnreadableWebhook]]:
    """Reseal until nothing is left to reseal. Returns how many, and the webhooks that no key can unseal.

    One round may not be enough: a running service rotates secrets and locks rows at the same time.
    """
    resealed: set[UUID] = set()
    disabled: dict[UUID, UnreadableWebhook] = {}
    while True:
        async with database.read() as session:
            report = await secrets.examine(session, utc_now(), keys)
        lost = {each.webhook_id: each for each in report.unreadable} if disable_unreadable else {}
        to_do = sorted({*report.to_reseal, *lost})
        if not to_do:
            return len(resealed), [*disabled.values()] or report.unreadable
        for n in range(0, len(to_do), _BATCH):
            async with database.write(command_line()) as session:
                resealed |= await secrets.reseal(
                    session, utc_now(), keys, to_do[n : n + _BATCH], disable_unreadable=disable_unreadable
                )
        disabled |= lost
        # A running service needs a moment to release the rows that it has locked.
        await asyncio.sleep(_RETRY_SECONDS)


async def _reseal_addresses(database: Database, keys: Keys) -> tuple[int, list[UUID]]:
    """The same for what is sealed of people. Returns how many, and the people whose address no key can unseal."""
    resealed: set[UUID] = set()
    while True:
        async with database.read() as session:
            report = await sealed.examine(session, keys)
        if not report.to_reseal:
            return len(resealed), report.unreadable
        for n in range(0, len(report.to_reseal), _BATCH):
            async with database.write(command_line()) as session:
                resealed |= await sealed.reseal(session, utc_now(), keys, report.to_reseal[n : n + _BATCH])
        # A running service needs a moment to release the rows that it has locked.
        await asyncio.sleep(_RETRY_SECONDS)
