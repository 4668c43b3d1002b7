"""A mailer in the test's own event loop, which goes a step at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from tests.mail import rows
from tests.mail_server import MailServer

from capacity_api.clock import BootClock, Clock, read_boot_clock
from capacity_api.config import Settings, SmtpServer
from capacity_api.db.engine import Database
from capacity_api.mail.smtp import SmtpTransport
from capacity_api.mail.transport import Transport
from capacity_api.mail.worker import Mailer

SENDER = "Capacity <capacity@directory.example>"
PUBLIC_URL = "https://directory.example"


def mail_settings(settings: Settings, server: SmtpServer) -> Settings:
    return msgspec.structs.replace(
        settings, smtp=server, mail_from=SENDER, public_url=PUBLIC_URL, contact="desk@directory.example"
    )


@asynccontextmanager
async def stepping(
    database: Database,
    settings: Settings,
    clock: Clock,
    server: MailServer,
    transport: Transport | None = None,
    boot_clock: BootClock = read_boot_clock,
) -> AsyncIterator[Mailer]:
    transport = transport or SmtpTransport(server.server, SENDER)
    mailer = Mailer(
        database,
        rows.KEYS,
        mail_settings(settings, server.server),
        clock,
        asyncio.Event(),
        transport,
        first_pause_seconds=0,
        boot_clock=boot_clock,
    )
    try:
        yield mailer
    finally:
        await mailer.close()


async def send_all(mailer: Mailer) -> None:
    """Everything that is due now."""
    while await mailer.send_some():
        pass
