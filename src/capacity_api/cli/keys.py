"""`capacity-api key`: the secret keys, and the secrets that are sealed with them."""

import asyncio
from uuid import UUID

import click

from capacity_api import config
from capacity_api.cli.setup import command_line, load_settings_with_keys, open_database
from capacity_api.clock import utc_now
from capacity_api.db import schema
from capacity_api.db.engine import Database
from capacity_api.domain.keys import Keys
from capacity_api.errors import ConfigurationError
from capacity_api.operations.webhooks import secrets
from capacity_api.operations.webhooks.secrets import UnreadableWebhook

_BATCH = 100
_RETRY_SECONDS = 0.2


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
    """Seal the secrets of all webhooks with the newest key, so that older keys can be retired.

    A service may run at the same time. If no key can unseal a secret, this names the webhook and exits with 1.
    """

    async def work() -> tuple[int, list[UnreadableWebhook]]:
        settings = await load_settings_with_keys()
        async with open_database(settings) as database:
            await schema.check(database)
            return await _reseal(database, Keys(settings.secret_keys), disable_unreadable=disable_unreadable)

    resealed, unreadable = asyncio.run(work())
    click.echo(f"resealed the secrets of {resealed} webhooks")
    if not unreadable:
        return
    names = ", ".join(f"{each.webhook_id} ({each.owner})" for each in unreadable)
    if not disable_unreadable:
        raise ConfigurationError(
            f"no secret key opens the secrets of these webhooks: {names}; docs/settings.md says what to do"
        )
    click.echo(f"disabled, because no secret key opens their secrets: {names}")


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
        await asyncio.sleep(_RETRY_SECONDS)
