"""A mailer that was stopped for longer than its lease, wherever it stood, sends nothing after that."""

import asyncio
from datetime import timedelta

import pytest
from tests import mail_server
from tests.conftest import Clock
from tests.leases import PassedTime
from tests.mail import rows
from tests.mail.mailers import send_all, stepping
from tests.serving import PATIENCE_SECONDS
from tests.stalls import Stall, stalling

from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.domain.mail import MailKind

_LEASE = timedelta(minutes=1)
pytestmark = pytest.mark.usefixtures("listed")


async def test_a_mailer_stopped_past_its_lease_at_any_await_sends_nothing_after_it(
    database: Database, settings: Settings, clock: Clock
) -> None:
    passed = PassedTime(database)
    person = await rows.add_person(database, clock(), "ada@example.org")
    other_database = Database(settings)
    at, is_sent = 0, False
    async with mail_server.serving() as server:
        while not is_sent:
            at += 1
            await rows.add_mail(database, clock(), MailKind.SIGN_IN, [person])
            before, stall = len(server.received), Stall(at)
            async with (
                stepping(database, settings, clock, server, boot_clock=passed.boot_clock) as stopped,
                stepping(other_database, settings, clock, server, boot_clock=passed.boot_clock) as other,
            ):
                with stalling("Mailer._send", stall):
                    sending = asyncio.create_task(stopped.send_some())
                    async with asyncio.timeout(PATIENCE_SECONDS):
                        assert await stall.wait(asyncio.wait({sending}))
                try:
                    # From here on it records that, and holds locks meanwhile.
                    is_sent = len(server.received) > before
                    if not is_sent:
                        await passed.add(_LEASE)
                        await send_all(other)
                        assert len(server.received) == before + 1
                finally:
                    stall.goes_on.set()
                    await sending
                assert len(server.received) == before + 1, f"stopped at await {at}"
    await other_database.close()
    # It asked the database what the mail says, greeted the server and named the receiver.
    assert at > 3
