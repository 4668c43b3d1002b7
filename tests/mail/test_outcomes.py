"""What the mail server answers, and what becomes of the mail: sent, tried again, refused, failed, or not counted."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from tests import mail_server
from tests.certificates import certified
from tests.conftest import Clock
from tests.leases import pass_time
from tests.mail import rows
from tests.mail.mailers import SENDER, mail_settings, send_all, stepping
from tests.mail_server import PASSWORD, USER, MailServer
from uuid_utils.compat import uuid7

from capacity_api.config import Settings, SmtpServer
from capacity_api.db.engine import Database
from capacity_api.db.people_tables import DisputeRow
from capacity_api.db.tables import IntakeRow
from capacity_api.domain.mail import MailKind, MailStatus
from capacity_api.domain.retry import RETRY_FOR
from capacity_api.mail.smtp import SmtpTransport
from capacity_api.mail.worker import Mailer
from capacity_api.operations import owners
from capacity_api.operations.mail import outbox

pytestmark = pytest.mark.usefixtures("listed")
ADA = "ada@example.org"
# The first wait is five seconds, more or less.
A_WHILE = timedelta(seconds=10)
on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def _add_reminder(database: Database, clock: Clock, email: str = ADA) -> UUID:
    owner = await rows.report(database, clock())
    person = await rows.add_person(database, clock(), email, owner)
    await rows.add_reminders(database, clock(), owner, [person])
    return person


def _events(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the mailer logged."""
    lines: list[Any] = [record.msg for record in caplog.records if record.name.startswith("capacity_api.")]
    return [line["event"] for line in lines if line["event"].startswith("mail.")]


@pytest.mark.parametrize("answer", ["550 5.1.1 <ada@example.org> unknown", "550 no such user", "553 5.1.3 bad address"])
async def test_a_refusal_of_the_address_marks_the_person_and_tells_the_coordinators_once(
    database: Database, settings: Settings, clock: Clock, answer: str, caplog: pytest.LogCaptureFixture
) -> None:
    person = await _add_reminder(database, clock)
    await rows.add_person(database, clock(), "desk@directory.example")
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        server.at_recipient[ADA] = answer
        await send_all(mailer)
        (mail, told) = await rows.read_mail(database)
        assert (mail.status, mail.reason, mail.attempts) == (MailStatus.REFUSED, "address_refused", 1)
        assert (mail.sealed_link, mail.next_attempt_at, mail.claim_id) == (None, None, None)
        assert (await rows.read_person(database, person)).refused_at == clock()
        assert (told.kind, told.status) == (MailKind.ADDRESS_REFUSED, MailStatus.SENT)
        assert server.recipients == ["desk@directory.example"]
        assert "The Salvation Army" in mail_server.text_of(server.received[0][1])
        # Refused again, it is no news.
        await rows.add_mail(database, clock(), MailKind.SIGN_IN, [person])
        await send_all(mailer)
        assert server.recipients == ["desk@directory.example"]
    assert _events(caplog) == ["mail.refused", "mail.sent", "mail.refused"]
    assert ADA not in caplog.text


async def test_a_mail_that_gets_there_ends_the_refusal(database: Database, settings: Settings, clock: Clock) -> None:
    person = await _add_reminder(database, clock)
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        server.at_recipient[ADA] = "550 no such user"
        await send_all(mailer)
        assert (await rows.read_person(database, person)).refused_at is not None
        server.at_recipient.clear()
        await rows.add_mail(database, clock(), MailKind.SIGN_IN, [person])
        await send_all(mailer)
        assert (await rows.read_person(database, person)).refused_at is None


@on_one_database
async def test_the_coordinators_hear_of_an_invitation_that_was_refused(
    database: Database, settings: Settings, clock: Clock
) -> None:
    owner = await rows.report(database, clock())
    await rows.add_person(database, clock(), "desk@directory.example")
    await rows.add_invitation(database, clock(), ADA, owner)
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        server.at_recipient[ADA] = "550 no such user"
        await send_all(mailer)
        ((recipient, message),) = server.received
    assert recipient == "desk@directory.example"
    assert "An invitation to The Salvation Army could not be delivered" in mail_server.text_of(message)
    assert ADA not in message.as_string()


@on_one_database
@pytest.mark.parametrize(
    ("at_recipient", "at_data", "status", "is_refused"),
    [
        ("550 5.7.1 Relaying denied", None, MailStatus.FAILED, False),
        ("552 5.2.2 Mailbox full", None, MailStatus.FAILED, False),
        (None, "554 5.7.1 Looks like spam", MailStatus.FAILED, False),
        (None, "554 no", MailStatus.FAILED, False),
        (None, "550 5.1.1 No such user", MailStatus.REFUSED, True),
        (None, "550 5.2.1 Mailbox disabled", MailStatus.REFUSED, True),
    ],
)
async def test_any_other_refusal_for_good_says_nothing_of_the_address(
    database: Database,
    settings: Settings,
    clock: Clock,
    at_recipient: str | None,
    at_data: str | None,
    status: MailStatus,
    is_refused: bool,
) -> None:
    person = await _add_reminder(database, clock)
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        server.at_recipient = {"*": at_recipient} if at_recipient else {}
        server.at_data = {"*": at_data} if at_data else {}
        await send_all(mailer)
    (mail,) = await rows.read_mail(database)
    assert mail.status == status
    assert ((await rows.read_person(database, person)).refused_at is not None) is is_refused


async def test_a_greylisted_mail_comes_later_as_the_same_mail(
    database: Database, settings: Settings, clock: Clock
) -> None:
    await _add_reminder(database, clock)
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        server.greylists = True
        await send_all(mailer)
        assert server.received == []
        (mail,) = await rows.read_mail(database)
        (link,) = await rows.read_links(database)
        assert (mail.status, mail.attempts, mail.reason) == (MailStatus.WAITING, 1, "deferred")
        assert (mail.failing_since, mail.claim_id) == (clock(), None)
        clock.advance(A_WHILE)
        await send_all(mailer)
        (message,) = await server.arrived(1)
        (mail,) = await rows.read_mail(database)
    assert (mail.status, mail.attempts, mail.reason) == (MailStatus.SENT, 2, None)
    assert message["Message-ID"] == f"<{mail.id}@directory.example>"
    assert link.hash in rows.KEYS.link_hashes(mail_server.link_of(message))
    assert [each.id for each in await rows.read_links(database)] == [link.id]


@on_one_database
async def test_a_connection_that_ends_after_the_data_gives_the_same_mail_again(
    database: Database, settings: Settings, clock: Clock
) -> None:
    await _add_reminder(database, clock)
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        server.hang_up_at = "after DATA"
        await send_all(mailer)
        server.hang_up_at = None
        clock.advance(A_WHILE)
        await send_all(mailer)
        first, second = await server.arrived(2)
    assert first["Message-ID"] == second["Message-ID"]
    assert mail_server.link_of(first) == mail_server.link_of(second)
    assert mail_server.text_of(first) == mail_server.text_of(second)


@on_one_database
@pytest.mark.parametrize("command", ["RCPT", "DATA"])
async def test_a_mail_at_which_the_server_hangs_is_tried_again_and_holds_up_no_other(
    database: Database, settings: Settings, clock: Clock, command: str
) -> None:
    await _add_reminder(database, clock)
    async with mail_server.serving() as server:
        transport = SmtpTransport(server.server, SENDER, deadline_seconds=0.3)
        async with stepping(database, settings, clock, server, transport) as mailer:
            server.hang_at = command
            await send_all(mailer)
            (mail,) = await rows.read_mail(database)
            assert (mail.status, mail.attempts, mail.reason) == (MailStatus.WAITING, 1, "timed_out")
            server.hang_at = None
            await rows.add_person(database, clock(), "desk@directory.example")
            clock.advance(A_WHILE)
            await send_all(mailer)
    assert server.recipients == [ADA]
    assert server.connections == 2


@on_one_database
async def test_a_mail_that_was_tried_for_five_days_has_failed(
    database: Database, settings: Settings, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    owner = await rows.report(database, clock())
    person = await rows.add_person(database, clock(), ADA, owner)
    await rows.add_reminders(database, clock(), owner, [person], MailKind.CHASED)
    begin = clock()
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        server.at_recipient["*"] = "451 later"
        for _ in range(100):
            await send_all(mailer)
            (mail,) = await rows.read_mail(database)
            if mail.next_attempt_at is None:
                break
            clock.set(mail.next_attempt_at)
    assert (mail.status, mail.reason) == (MailStatus.FAILED, "deferred")
    assert clock() - begin == RETRY_FOR
    assert _events(caplog) == ["mail.failed"]


Fault = Callable[[MailServer], Awaitable[None]]


async def _stop(server: MailServer) -> None:
    await server.stop()


async def _refuse_sender(server: MailServer) -> None:
    server.at_sender = "550 5.7.1 You may not send as this"


async def _defer_sender(server: MailServer) -> None:
    server.at_sender = "451 4.3.2 Not now"


async def _hang_at_sender(server: MailServer) -> None:
    server.hang_at = "MAIL"


async def _want_login(server: MailServer) -> None:
    server.at_recipient["*"] = "530 5.7.0 Authentication required"


@pytest.mark.parametrize("fault", [_stop, _refuse_sender, _defer_sender, _hang_at_sender, _want_login])
@on_one_database
async def test_a_fault_of_the_server_counts_against_no_mail_and_is_logged_once(
    database: Database, settings: Settings, clock: Clock, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    owner = await rows.report(database, clock())
    people = [await rows.add_person(database, clock(), f"p{n}@example.org", owner) for n in range(3)]
    await rows.add_reminders(database, clock(), owner, people)
    async with mail_server.serving() as server:
        transport = SmtpTransport(server.server, SENDER, deadline_seconds=0.3)
        async with stepping(database, settings, clock, server, transport) as mailer:
            await fault(server)
            for _ in range(3):
                await send_all(mailer)
            assert server.received == []
            for mail in await rows.read_mail(database):
                assert (mail.status, mail.attempts, mail.claim_id) == (MailStatus.WAITING, 0, None)
            server.at_sender = server.hang_at = None
            server.at_recipient.clear()
            if fault is _stop:
                await server.start()
            await send_all(mailer)
            assert sorted(server.recipients) == [f"p{n}@example.org" for n in range(3)]
    assert _events(caplog) == ["mail.unreachable", "mail.reachable", *3 * ["mail.sent"]]
    assert "example.org" not in caplog.text


@on_one_database
async def test_the_server_may_end_the_connection_between_two_mails(
    database: Database, settings: Settings, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    owner = await rows.report(database, clock())
    people = [await rows.add_person(database, clock(), f"p{n}@example.org", owner) for n in range(4)]
    await rows.add_reminders(database, clock(), owner, people)
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        server.mails_per_connection = 2
        await send_all(mailer)
        assert (len(server.received), server.connections) == (4, 2)
    assert _events(caplog) == 4 * ["mail.sent"]


@on_one_database
async def test_a_server_that_ends_the_connection_at_one_mail_still_gets_the_others(
    database: Database, settings: Settings, clock: Clock
) -> None:
    owner = await rows.report(database, clock())
    people = [await rows.add_person(database, clock(), f"p{n}@example.org", owner) for n in range(3)]
    await rows.add_reminders(database, clock(), owner, people)
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        server.at_recipient["p0@example.org"] = "421 4.3.0 Closing"
        await send_all(mailer)
        assert sorted(server.recipients) == ["p1@example.org", "p2@example.org"]
        assert server.connections == 2
    (waiting,) = [each for each in await rows.read_mail(database) if each.status == MailStatus.WAITING]
    assert (waiting.attempts, waiting.reason) == (1, "deferred")


@on_one_database
async def test_a_server_that_hangs_holds_up_no_stop_and_the_mail_is_sent_after_the_lease(
    database: Database, settings: Settings, clock: Clock
) -> None:
    await _add_reminder(database, clock)
    async with mail_server.serving() as server:
        server.hang_at = "DATA"
        own = mail_settings(settings, server.server)
        transport = SmtpTransport(server.server, SENDER)
        mailer = Mailer(database, rows.KEYS, own, clock, asyncio.Event(), transport)
        running = asyncio.create_task(mailer.run())
        await server.reached("DATA")
        running.cancel()
        async with asyncio.timeout(mail_server.PATIENCE_SECONDS):
            await asyncio.gather(running, return_exceptions=True)
        server.hang_at = None
        async with stepping(database, settings, clock, server) as other:
            await send_all(other)
            assert server.received == []
            await pass_time(database, timedelta(seconds=60))
            await send_all(other)
            assert server.recipients == [ADA]


@on_one_database
async def test_our_own_bug_with_one_mail_holds_up_no_other_and_logs_no_address(
    database: Database, settings: Settings, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    owner = await rows.report(database, clock())
    people = [await rows.add_person(database, clock(), f"p{n}@example.org", owner) for n in range(2)]
    async with database.write() as session:
        partner = await owners.add_partner(session, clock(), "Case tool")
        strange = DisputeRow(
            id=uuid7(), responder_id=owner.id, partner_id=partner.id, found="nonsense", shown="open", at=clock()
        )
        session.add(strange)
        await outbox.add_mail(
            session,
            clock(),
            MailKind.DISPUTED,
            people[:1],
            responder_id=owner.id,
            report_sequence=(await session.get_one(IntakeRow, owner.id)).report_sequence,
            subject_id=strange.id,
        )
    await rows.add_reminders(database, clock(), owner, people[1:])
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        await send_all(mailer)
        assert server.recipients == ["p1@example.org"]
    broken = (await rows.read_mail(database))[0]
    assert (broken.status, broken.reason) == (MailStatus.WAITING, "internal_error")
    assert _events(caplog) == ["mail.broken", "mail.sent"]
    assert "example.org" not in caplog.text


def _tls(server: MailServer, **fields: Any) -> SmtpServer:
    return msgspec.structs.replace(server.server, host="localhost", starttls=True, **fields)


@on_one_database
async def test_mail_goes_out_by_starttls_with_login(
    database: Database, settings: Settings, clock: Clock, tmp_path: Path
) -> None:
    theirs, ours = certified(tmp_path, "localhost")
    await _add_reminder(database, clock)
    async with mail_server.serving(starttls=theirs, login=True) as server:
        transport = SmtpTransport(_tls(server, user=USER, password=PASSWORD), SENDER, ours)
        async with stepping(database, settings, clock, server, transport) as mailer:
            await send_all(mailer)
            assert server.recipients == [ADA]


@on_one_database
async def test_mail_goes_out_by_tls_from_the_first_byte(
    database: Database, settings: Settings, clock: Clock, tmp_path: Path
) -> None:
    theirs, ours = certified(tmp_path, "localhost")
    await _add_reminder(database, clock)
    async with mail_server.serving(tls=theirs) as server:
        own = msgspec.structs.replace(server.server, host="localhost", is_tls=True)
        async with stepping(database, settings, clock, server, SmtpTransport(own, SENDER, ours)) as mailer:
            await send_all(mailer)
            assert server.recipients == [ADA]


@on_one_database
@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("no STARTTLS", "no_starttls"),
        ("another name", "certificate"),
        ("an unknown certificate", "certificate"),
        ("a wrong password", "login"),
    ],
)
async def test_nothing_is_sent_to_a_server_that_cannot_prove_itself_or_refuses_the_login(
    database: Database,
    settings: Settings,
    clock: Clock,
    tmp_path: Path,
    case: str,
    reason: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    theirs, ours = certified(tmp_path, "another.example" if case == "another name" else "localhost")
    await _add_reminder(database, clock)
    async with mail_server.serving(
        starttls=None if case == "no STARTTLS" else theirs, login=case == "a wrong password"
    ) as server:
        own = _tls(server, user=USER, password="wrong") if case == "a wrong password" else _tls(server)
        transport = SmtpTransport(own, SENDER, None if case == "an unknown certificate" else ours)
        async with stepping(database, settings, clock, server, transport) as mailer:
            await send_all(mailer)
            assert (server.received, sum(server.asked.values())) == ([], 0)
    said: list[Any] = [record.msg for record in caplog.records if record.name == "capacity_api.mail.worker"]
    assert [(line["event"], line["reason"]) for line in said] == [("mail.unreachable", reason)]
