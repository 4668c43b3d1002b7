"""`capacity-api worker`, `listen` and `webhook`: what delivers webhooks and mail, what receives and what stops them."""

import asyncio
import contextlib
import signal
import sys
from functools import partial
from typing import Any, TextIO
from uuid import UUID

import click
import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api import background, log
from capacity_api.cli.output import json_option, owner_name, print_json, print_table
from capacity_api.cli.serving import Server, bind
from capacity_api.cli.setup import (
    in_transaction,
    load_settings,
    load_settings_with_keys,
    open_database,
    prepare_to_run,
    read_database,
    require_whole_file,
    uvloop_runner,
)
from capacity_api.cli.supervision import supervisor_of
from capacity_api.clock import utc_now
from capacity_api.clock_watch import ClockWatch
from capacity_api.conditions import Conditions
from capacity_api.config import Settings
from capacity_api.db.clock import LOOK_AT_CLOCK_EVERY_SECONDS, look_at_clock
from capacity_api.db.listening import listen_for_changes
from capacity_api.db.watch import Watch
from capacity_api.delivery.receiver import Receiver
from capacity_api.delivery.worker import Worker
from capacity_api.domain.events import EventType
from capacity_api.domain.keys import Keys
from capacity_api.domain.owner import ADMIN
from capacity_api.errors import ConfigurationError
from capacity_api.mail.worker import Mailer, transport_of
from capacity_api.operations.key_check import LOOK_AT_SECRETS_EVERY_SECONDS, KeyCheck
from capacity_api.operations.paging import all_pages
from capacity_api.operations.webhooks import deliveries, management
from capacity_api.operations.webhooks.deliveries import Delivery
from capacity_api.operations.webhooks.management import EnabledWebhook, WebhookPatch
from capacity_api.operations.webhooks.webhook import Webhook, WebhookStatus, get_webhook_row


@click.command()
def worker() -> None:
    """Deliver webhooks and send mail. Run it with `serve --no-delivery`; you may run several workers."""

    async def work() -> None:
        supervisor = supervisor_of()
        settings = await load_settings_with_keys()
        await require_whole_file(settings)
        async with open_database(settings) as database:
            await prepare_to_run(database)
            wake, mail_wake = asyncio.Event(), asyncio.Event()
            conditions = Conditions()
            database.clock_watch = ClockWatch()
            look_at_clocks = partial(look_at_clock, database, database.clock_watch, conditions)
            await look_at_clocks()
            keys, transport = Keys(settings.secret_keys), transport_of(settings)
            working = [Worker(database, keys, settings, utc_now, wake).run()]
            if transport is not None:
                working.append(Mailer(database, keys, settings, utc_now, mail_wake, transport).run())

            def notify() -> None:
                wake.set()
                mail_wake.set()

            watching = Watch(database, conditions).run()
            look_at_secrets = KeyCheck(database, keys, conditions, utc_now).look
            secrets = background.run("secrets", look_at_secrets, asyncio.Event(), LOOK_AT_SECRETS_EVERY_SECONDS)
            clocks = background.run("clock", look_at_clocks, asyncio.Event(), LOOK_AT_CLOCK_EVERY_SECONDS)
            listening = listen_for_changes(database, notify)

            async def run_all() -> None:
                # Not `gather`, which ends with the first that is cancelled: what was sent is still to be recorded.
                async with asyncio.TaskGroup() as group:
                    for each in (*working, watching, clocks, secrets, listening):
                        group.create_task(each)

            running = asyncio.create_task(run_all())

            def stop() -> None:
                supervisor.stopping()
                running.cancel()

            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, stop)
            click.echo("capacity_api delivers webhooks")
            supervisor.ready("delivers webhooks" + (" and mail" if transport is not None else ""))
            async with supervisor.watched():
                with log.lifetime(), contextlib.suppress(asyncio.CancelledError):
                    await running

    with uvloop_runner() as runner:
        runner.run(work())


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8001, show_default=True, type=click.IntRange(0, 65535))
@click.option("--secret-file", type=click.File(), help="A file with the secret, instead; - is standard input.")
@json_option
def listen(host: str, port: int, secret_file: TextIO | None, as_json: bool) -> None:
    """Receive webhooks on this machine, verify each signature and print each event.

    CAPACITY_LISTEN_SECRET is the webhook's whsec_… secret, or its whpk_… public key. Without it, a terminal asks.
    """
    settings = load_settings()
    try:
        receiver = Receiver(utc_now, _read_secret(settings, secret_file), as_json)
    except ValueError as error:
        raise ConfigurationError(f"the secret cannot be used: {error}") from None
    server = Server(receiver, bind(host, port), lambda where: click.echo(f"listening on {where}", err=True))
    with log.lifetime():
        asyncio.run(server.serve_until_stopped())


def _read_secret(settings: Settings, file: TextIO | None) -> str:
    """The secret to verify with. Never an argument: other users of the machine can read those."""
    if file is not None:
        return file.read().strip()
    if settings.listen_secret is not None:
        return settings.listen_secret
    if not sys.stdin.isatty():
        raise click.UsageError("set CAPACITY_LISTEN_SECRET, or give --secret-file")
    secret: str = click.prompt("The webhook's secret", hide_input=True, err=True)
    return secret.strip()


_ID = click.argument("webhook_id", metavar="ID", type=click.UUID)


@click.group()
def webhook() -> None:
    """The webhooks of every owner, without their secrets."""


@webhook.command("list")
@click.option("--owner", metavar="WHO", help="Only of this owner: a slug, the id of an owner, or 'admin'.")
@click.option(
    "--status", type=click.Choice([each.value for each in WebhookStatus]), help="Only webhooks with this status."
)
@json_option
def list_webhooks(owner: str | None, status: str | None, as_json: bool) -> None:
    """Print each webhook: its owner, its status, since when it fails, and its address."""

    async def read_all(session: AsyncSession) -> list[Webhook]:
        return await all_pages(
            lambda limit, cursor: management.list_webhooks(
                session, ADMIN, limit, cursor, owner_key=owner, status=WebhookStatus(status) if status else None
            )
        )

    every_webhook = asyncio.run(read_database(read_all))
    if as_json:
        print_json(every_webhook)
    else:
        print_table([("id", "owner", "status", "failing since", "url"), *(_row(each) for each in every_webhook)])


def _row(webhook: Webhook) -> tuple[str, ...]:
    status = f"{webhook.status} ({webhook.disabled_reason})" if webhook.disabled_reason else str(webhook.status)
    failing_since = f"{webhook.failing_since:%Y-%m-%d %H:%M}" if webhook.failing_since else "-"
    return str(webhook.id), owner_name(webhook.owner), status, failing_since, webhook.url


@webhook.command("show")
@_ID
@json_option
def show_webhook(webhook_id: UUID, as_json: bool) -> None:
    """Print one webhook, with what it subscribes to and how far it has got."""
    _show(asyncio.run(read_database(lambda session: management.get_webhook(session, ADMIN, webhook_id))), as_json)


@webhook.command("disable")
@_ID
@json_option
def disable_webhook(webhook_id: UUID, as_json: bool) -> None:
    """Send nothing more to a webhook, until an administrator enables it. It keeps its cursor."""
    patch = WebhookPatch(status=WebhookStatus.DISABLED)
    _show(
        asyncio.run(
            in_transaction(
                lambda session, keys: management.change(session, utc_now(), keys, ADMIN, webhook_id, patch, ())
            )
        ),
        as_json,
    )


@webhook.command("enable")
@_ID
@click.option("--replay/--no-replay", default=True, show_default=True, help="Whether to send what it missed now.")
@json_option
def enable_webhook(webhook_id: UUID, replay: bool, as_json: bool) -> None:
    """Send to a disabled webhook again, no matter who disabled it."""

    async def enable(session: AsyncSession, keys: Keys) -> EnabledWebhook:
        return await management.enable(session, utc_now(), keys, ADMIN, webhook_id, replay=replay)

    _show(asyncio.run(in_transaction(enable)), as_json)


@webhook.command("test")
@_ID
@click.option(
    "--type",
    "event_type",
    type=click.Choice([each.value for each in EventType]),
    default=EventType.WEBHOOK_TEST.value,
    show_default=True,
    help="The type of event to send an example of.",
)
@json_option
def test_webhook(webhook_id: UUID, event_type: str, as_json: bool) -> None:
    """Send a webhook an example of an event. A running service or worker sends it."""

    async def send(session: AsyncSession, _: Keys) -> Delivery:
        row = await get_webhook_row(session, ADMIN, webhook_id, for_update=True)
        return await deliveries.send_test(session, utc_now(), ADMIN, row, EventType(event_type))

    delivery = asyncio.run(in_transaction(send))
    if as_json:
        print_json(delivery)
    else:
        click.echo(f"{delivery.type} will be sent, with the webhook-id {delivery.id}")


def _show(webhook: Webhook, as_json: bool) -> None:
    if as_json:
        print_json(webhook)
        return
    fields = msgspec.to_builtins(webhook)
    print_table(
        [(name, owner_name(webhook.owner) if name == "owner" else _text(value)) for name, value in fields.items()]
    )


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return " ".join(value)
    if isinstance(value, dict):
        return " ".join(f"{name}={each}" for name, each in value.items())
    return str(value)
