"""Mail and links are deleted after 90 days. The address of an ended invitation is deleted at once."""

from datetime import timedelta

import pytest
from tests import mail_server
from tests.conftest import Clock
from tests.mail import rows
from tests.mail.mailers import send_all, stepping

from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.domain.mail import MailKind

pytestmark = pytest.mark.usefixtures("listed")


async def test_sent_mail_and_its_link_are_deleted_after_90_days(
    database: Database, settings: Settings, clock: Clock
) -> None:
    person = await rows.add_person(database, clock(), "ada@example.org")
    await rows.add_mail(database, clock(), MailKind.SIGN_IN, [person])
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        await send_all(mailer)
        assert not await rows.prune(database, clock())
        clock.advance(timedelta(days=90))
        assert not await rows.prune(database, clock())
        clock.advance(timedelta(hours=1))
        assert await rows.prune(database, clock())
        assert not await rows.prune(database, clock())
    assert (await rows.read_mail(database), await rows.read_links(database)) == ([], [])


async def test_mail_that_waits_is_kept(database: Database, clock: Clock) -> None:
    owner = await rows.report(database, clock())
    person = await rows.add_person(database, clock(), "ada@example.org", owner)
    await rows.add_reminders(database, clock(), owner, [person], MailKind.CHASED)
    clock.advance(timedelta(days=91))
    assert not await rows.prune(database, clock())
    assert len(await rows.read_mail(database)) == 1


async def test_the_address_of_an_invitation_that_ended_is_forgotten(
    database: Database, settings: Settings, clock: Clock
) -> None:
    owner = await rows.report(database, clock())
    await rows.add_invitation(database, clock(), "ada@example.org", owner)
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        await send_all(mailer)
        assert not await rows.prune(database, clock())
        clock.advance(timedelta(days=7))
        assert await rows.prune(database, clock())
    (link,) = await rows.read_links(database)
    assert (link.sealed_email, link.email_hash) == (None, None)
