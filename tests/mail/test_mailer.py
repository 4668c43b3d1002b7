"""The mailer sends what is due, over one connection, and drops what is no longer true."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import update
from tests import mail_server
from tests.conftest import Clock
from tests.leases import pass_time
from tests.mail import rows
from tests.mail.mailers import SENDER, mail_settings, send_all, stepping

from capacity_api.clock import read_boot_clock
from capacity_api.clock_watch import ClockWatch
from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.db.people_tables import PersonRow
from capacity_api.domain.keys import Keys
from capacity_api.domain.mail import MailKind, MailStatus
from capacity_api.domain.retry import GiveUp
from capacity_api.errors import DatabaseUnavailable
from capacity_api.mail.smtp import SmtpTransport
from capacity_api.mail.worker import Mailer
from capacity_api.operations import owners, people
from capacity_api.operations.mail import claims, results
from capacity_api.operations.mail.results import MailResult

pytestmark = pytest.mark.usefixtures("listed")


async def test_a_sign_in_is_sent_with_a_link(database: Database, settings: Settings, clock: Clock) -> None:
    person = await rows.add_person(database, clock(), "ada@example.org")
    await rows.add_mail(database, clock(), MailKind.SIGN_IN, [person])
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        await send_all(mailer)
        ((recipient, message),) = server.received
    assert recipient == "ada@example.org"
    (mail,) = await rows.read_mail(database)
    (link,) = await rows.read_links(database)
    assert (mail.status, mail.sealed_link, mail.link_id, mail.finished_at) == (MailStatus.SENT, None, link.id, clock())
    assert "\nhttps://directory.example/manage#link=" in mail_server.text_of(message)
    assert link.hash in rows.KEYS.link_hashes(mail_server.link_of(message))


async def test_fifty_reminders_take_one_connection(database: Database, settings: Settings, clock: Clock) -> None:
    owner = await rows.report(database, clock())
    people = [await rows.add_person(database, clock(), f"p{n}@example.org", owner) for n in range(50)]
    await rows.add_reminders(database, clock(), owner, people)
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        await send_all(mailer)
        assert server.connections == 1
    assert sorted(server.recipients) == sorted(f"p{n}@example.org" for n in range(50))


async def test_somebody_who_waits_at_a_screen_comes_before_reminders(
    database: Database, settings: Settings, clock: Clock
) -> None:
    owner = await rows.report(database, clock())
    people = [await rows.add_person(database, clock(), f"p{n}@example.org", owner) for n in range(20)]
    await rows.add_reminders(database, clock(), owner, people)
    clock.advance(timedelta(seconds=1))
    await rows.add_mail(database, clock(), MailKind.SIGN_IN, people[:1])
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        await mailer.send_some()
    assert str(server.received[0][1]["Subject"]) == "Sign in to the First Responder directory"


async def test_two_mailers_at_once_send_nothing_twice(database: Database, settings: Settings, clock: Clock) -> None:
    owner = await rows.report(database, clock())
    people = [await rows.add_person(database, clock(), f"p{n}@example.org", owner) for n in range(60)]
    await rows.add_reminders(database, clock(), owner, people)
    async with (
        mail_server.serving() as server,
        stepping(database, settings, clock, server) as first,
        stepping(database, settings, clock, server) as second,
    ):
        await asyncio.gather(send_all(first), send_all(second))
        assert server.connections == 2
    assert sorted(server.recipients) == sorted(f"p{n}@example.org" for n in range(60))


async def test_a_claim_that_nobody_finished_is_sent_by_another_once_its_lease_ends(
    database: Database, settings: Settings, clock: Clock
) -> None:
    person = await rows.add_person(database, clock(), "ada@example.org")
    await rows.add_mail(database, clock(), MailKind.SIGN_IN, [person])
    async with database.read() as session:
        due = await claims.find_due(session, clock(), boot_time=read_boot_clock())
    async with database.write() as session:
        (dead,) = await claims.claim(
            session, clock(), rows.KEYS, due, timedelta(seconds=60), boot_time=read_boot_clock()
        )
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        await send_all(mailer)
        assert server.received == []
        await pass_time(database, timedelta(seconds=60))
        await send_all(mailer)
        assert server.recipients == ["ada@example.org"]
    # What the dead one still had to say counts no more.
    async with database.write() as session:
        late = MailResult(dead, GiveUp(reason="rejected", duration_ms=1), clock())
        assert not await results.record(session, late, lambda: 0.5)
    ((mail),) = await rows.read_mail(database)
    assert mail.status == MailStatus.SENT


async def test_a_mail_that_is_on_its_way_is_sent_to_the_end_when_the_mailer_stops(
    database: Database, settings: Settings, clock: Clock
) -> None:
    owner = await rows.report(database, clock())
    people = [await rows.add_person(database, clock(), f"p{n}@example.org", owner) for n in range(3)]
    await rows.add_reminders(database, clock(), owner, people)
    is_sending, may_go_on = asyncio.Event(), asyncio.Event()

    async def hold(_: str) -> None:
        is_sending.set()
        await may_go_on.wait()

    async with mail_server.serving() as server:
        server.before_taking = hold
        transport = SmtpTransport(server.server, SENDER)
        own = mail_settings(settings, server.server)
        running = asyncio.create_task(Mailer(database, rows.KEYS, own, clock, asyncio.Event(), transport).run())
        await is_sending.wait()
        running.cancel()
        may_go_on.set()
        await asyncio.gather(running, return_exceptions=True)
        assert len(server.received) == 1
    mail = await rows.read_mail(database)
    assert sorted(each.status for each in mail) == [MailStatus.SENT, MailStatus.WAITING, MailStatus.WAITING]
    assert {each.claim_id for each in mail} == {None}


async def test_what_was_sent_while_the_database_was_away_is_recorded_before_anything_else_is_sent(
    database: Database, settings: Settings, clock: Clock
) -> None:
    owner = await rows.report(database, clock())
    people = [await rows.add_person(database, clock(), f"p{n}@example.org", owner) for n in range(2)]
    await rows.add_reminders(database, clock(), owner, people)

    async def refuse_writes(_: str) -> None:
        database.refuse_writes(DatabaseUnavailable())

    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        server.before_taking = refuse_writes
        for _ in range(3):
            with pytest.raises(DatabaseUnavailable):
                await mailer.send_some()
        assert len(server.received) == 1
        server.before_taking = None
        database.refuse_writes(None)
        await send_all(mailer)
        assert sorted(server.recipients) == ["p0@example.org", "p1@example.org"]


async def test_a_mail_that_no_key_opens_waits_and_holds_up_no_other(
    database: Database, settings: Settings, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    people = [await rows.add_person(database, clock(), f"p{n}@example.org") for n in range(2)]
    async with database.write() as session:
        sealed = Keys((bytes(reversed(range(32))),)).seal("p0@example.org")
        await session.execute(update(PersonRow).where(PersonRow.id == people[0]).values(sealed_email=sealed))
    await rows.add_mail(database, clock(), MailKind.SIGN_IN, people)
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        await send_all(mailer)
    assert server.recipients == ["p1@example.org"]
    first, _ = await rows.read_mail(database)
    assert (first.status, first.reason) == (MailStatus.WAITING, "secret_unreadable")
    assert "mail.secret_unreadable" in caplog.text


async def test_nothing_is_sent_while_the_clock_is_in_doubt(
    database: Database, settings: Settings, clock: Clock
) -> None:
    boot = 0.0
    database.clock_watch = ClockWatch(clock, lambda: boot)
    database.clock_watch.read()
    person = await rows.add_person(database, clock(), "ada@example.org")
    await rows.add_mail(database, clock(), MailKind.SIGN_IN, [person])
    clock.advance(timedelta(hours=5))
    database.clock_watch.read()
    assert database.clock_watch.in_doubt
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        await send_all(mailer)
    assert server.received == []
    (mail,) = await rows.read_mail(database)
    assert mail.status == MailStatus.WAITING


async def test_what_was_asked_for_while_a_clock_was_ahead_is_sent_at_once(
    database: Database, settings: Settings, clock: Clock
) -> None:
    person = await rows.add_person(database, clock(), "ada@example.org")
    await rows.add_mail(database, clock() + timedelta(hours=2), MailKind.SIGN_IN, [person])
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        await send_all(mailer)
    assert server.recipients == ["ada@example.org"]


async def test_people_are_removed_while_they_are_mailed_and_nothing_of_them_stays(
    database: Database, settings: Settings, clock: Clock
) -> None:
    owner = await rows.report(database, clock())
    ids = [await rows.add_person(database, clock(), f"p{n}@example.org", owner) for n in range(30)]
    await rows.add_reminders(database, clock(), owner, ids)

    async def remove_all() -> None:
        for person_id in reversed(ids):
            async with database.write() as session:
                await people.remove_person(session, clock(), rows.KEYS, person_id)

    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        await asyncio.gather(send_all(mailer), remove_all())
        await send_all(mailer)
    assert (await rows.read_mail(database), await rows.read_links(database)) == ([], [])
    assert len(server.recipients) == len(set(server.recipients))


async def test_partners_are_removed_while_their_people_are_mailed(
    database: Database, settings: Settings, clock: Clock
) -> None:
    partners = []
    async with database.write() as session:
        for number in range(20):
            added = await owners.add_partner(session, clock(), f"Partner {number}")
            partners.append(owners.partner(added.id, added.name))
    ids = [await rows.add_person(database, clock(), f"p{n}@example.org", each) for n, each in enumerate(partners)]
    await rows.add_mail(database, clock(), MailKind.SIGN_IN, ids)

    async def remove_all() -> None:
        for each in reversed(partners):
            assert each.id is not None
            async with database.write() as session:
                await owners.remove_partner(session, clock(), each.id)

    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        await asyncio.gather(send_all(mailer), remove_all())
        await send_all(mailer)
    assert (await rows.read_mail(database), await rows.read_links(database)) == ([], [])
