"""`capacity-api demo`: a temporary service with data from the 2024 briefing, labelled as a demonstration."""

import asyncio
import secrets
import shutil
import socket
import tempfile
from pathlib import Path

import click
import msgspec

from capacity_api import log
from capacity_api.app import create_app
from capacity_api.cli.demo_mail import ShownMail
from capacity_api.cli.serving import Server, address_of, bind
from capacity_api.cli.setup import command_line, create_database, open_database, uvloop_runner
from capacity_api.clock import utc_now
from capacity_api.config import LOOPBACK, Settings
from capacity_api.db.engine import Database
from capacity_api.delivery.receiver import Receiver
from capacity_api.domain.intake import Circumstance, ExpectedTime, Report, ReportedState, Unit
from capacity_api.domain.keys import Keys
from capacity_api.domain.owner import ADMIN
from capacity_api.domain.people import Role
from capacity_api.domain.threshold import Threshold
from capacity_api.errors import ConfigurationError
from capacity_api.operations import intake, owners, people, threshold, tokens
from capacity_api.operations.webhooks import management
from capacity_api.operations.webhooks.management import WebhookRequest
from capacity_api.secrecy import repr_without

_HOST = "127.0.0.1"
_LABEL = "Demonstration, not real: "
_STATES = {
    "salvation-army": Report(
        state=ReportedState.OPEN,
        expected_response=ExpectedTime(min=5, max=10, unit=Unit.WORKING_DAYS),
        note=_LABEL + "close to the number of open referrals at which it paused in May 2024.",
    ),
    "migrant-help": Report(
        state=ReportedState.WAITING_LIST,
        note=_LABEL + "turns nobody away, and runs a waiting list.",
    ),
}
# As The Salvation Army did at 100 applications in May 2024 (briefing 2024, note 11).
_THRESHOLD = Threshold(
    pause_at=100,
    reopen_below=60,
    report=Report(
        state=ReportedState.PAUSED,
        exceptions=(
            Circumstance.SELF_REFERRAL,
            Circumstance.HOMELESSNESS,
            Circumstance.DETENTION,
            Circumstance.CRIMINAL_INVESTIGATION,
        ),
        note=_LABEL + "paused at its threshold, with capacity kept for urgent cases.",
    ),
)
_OPEN_REFERRALS = 97


# Nobody has these addresses: what is mailed to them is shown here.
_EDITOR, _COORDINATOR = "editor@example.org", "coordinator@example.org"


class Access(msgspec.Struct, frozen=True):
    """The tokens that the demonstration prints."""

    __repr__ = repr_without("responder", "partner")

    responder: str
    partner: str


@click.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="The port of the service.")
@click.option(
    "--listen-port", default=8001, show_default=True, type=click.IntRange(0, 65535), help="The port of the receiver."
)
def demo(port: int, listen_port: int) -> None:
    """Run the service with demonstration data, and a partner's webhook receiver.

    The data is deleted at the end. If a port is in use, this takes a free one.
    """
    folder = Path(tempfile.mkdtemp(prefix="capacity-api-demo-"))
    try:
        settings = Settings(
            database_url=f"sqlite+aiosqlite:///{folder / 'demo.db'}",
            secret_keys=(secrets.token_bytes(32),),
            egress_allow=(LOOPBACK,),
            demonstration=True,
            # What it prints is to be read. Its log would be thirty lines before the first.
            log_level="warning",
        )
        log.configure(settings, "demo")
        with uvloop_runner() as runner:
            service = _bind(port)
            own = msgspec.structs.replace(settings, public_url=address_of(service))
            runner.run(_demonstrate(own, service, _bind(listen_port)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _demonstrate(settings: Settings, service_socket: socket.socket, receiver_socket: socket.socket) -> None:
    mail = ShownMail()
    receiver = Receiver(utc_now, pages={"/mail": mail.page})
    receiver_server = Server(receiver, receiver_socket, lambda _: None)
    receiving = asyncio.create_task(receiver_server.serve_bound())
    receiver_url = address_of(receiver_socket)
    await create_database(settings)
    async with open_database(settings) as database:
        access = await _fill(database, receiver, receiver_url)

    def announce(where: str) -> None:
        click.echo(
            _INTRODUCTION.format(
                where=where, receiver=receiver_url, access=access, editor=_EDITOR, coordinator=_COORDINATOR
            )
        )

    try:
        await Server(create_app(settings, mail_transport=mail), service_socket, announce).serve_until_stopped()
    finally:
        receiver_server.should_exit = True
        await receiving


async def _fill(database: Database, receiver: Receiver, receiver_url: str) -> Access:
    """Add the documented states, a responder's and a partner's token, the partner's webhook, and two people."""
    keys = Keys(database.settings.secret_keys)
    async with database.write(command_line()) as session:
        for slug, report in _STATES.items():
            await intake.report_intake(session, utc_now(), slug, report)
        await threshold.set_threshold(session, utc_now(), "salvation-army", _THRESHOLD)
        await threshold.record_caseload(session, utc_now(), "salvation-army", _OPEN_REFERRALS)
    async with database.write(command_line()) as session:
        now = utc_now()
        responder = await owners.responder_owner(session, "salvation-army")
        await owners.add_partner(session, now, "Demonstration partner")
        partner = await owners.partner_owner(session, "Demonstration partner")
        responder_token = await tokens.issue_token(session, now, keys, responder)
        partner_token = await tokens.issue_token(session, now, keys, partner)
        webhook, _ = await management.add(
            session, now, keys, partner, WebhookRequest(url=f"{receiver_url}/"), database.settings.egress_allow
        )
        await people.add_person(session, now, keys, responder, _EDITOR, tuple(Role))
        await people.add_person(session, now, keys, ADMIN, _COORDINATOR, tuple(Role))
    assert isinstance(webhook.secret, str)
    receiver.key = webhook.secret
    return Access(responder=responder_token.token, partner=partner_token.token)


def _bind(port: int) -> socket.socket:
    try:
        return bind(_HOST, port)
    except ConfigurationError:
        return bind(_HOST, 0)


_INTRODUCTION = """
capacity_api with demonstration data: nobody reported it, and it is deleted at the end.

  page               {where}/
  a responder's page {where}/update
  coordinator's page {where}/manage
  coverage           {where}/coverage
  directory          {where}/v1/directory
  reference          {where}/docs
  responder's token  {access.responder}   (The Salvation Army)
  partner's token    {access.partner}
  mail               {receiver}/mail

Nothing is mailed: each mail is printed here and shown on that page. Sign in by mail as one of these two:

  at {where}/update   {editor}   (The Salvation Army)
  at {where}/manage   {coordinator}

For the guide (docs/guide/start.md), paste this line into another terminal first:

   export DIRECTORY={where} TOKEN={access.partner} RESPONDER={access.responder}

Or try three lines there:

1. The Salvation Army pauses, with exceptions:
   curl -X PUT {where}/v1/responders/salvation-army/intake -H 'Authorization: Bearer {access.responder}' \
-H 'Content-Type: application/json' -d '{{"state": "paused", "reason": "referral_threshold", \
"exceptions": ["self_referral", "homelessness", "detention", "criminal_investigation"]}}'

2. Anyone reads the directory:
   curl {where}/v1/directory

3. The partner's receiver got the event (it also prints it here):
   curl {receiver}/

Stop it with Ctrl-C.
"""
