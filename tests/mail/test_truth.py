"""A mail that is no longer true is not sent: it may have become so before it was claimed, or after."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, select, update
from tests import mail_server
from tests.conftest import Clock
from tests.delivery.rows import add_webhook
from tests.mail import rows
from tests.mail.mailers import send_all, stepping
from tests.mail.rows import SLUG
from uuid_utils.compat import uuid7

from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.db.people_tables import DisputeRow, LinkRow, MailRow, PersonRow
from capacity_api.db.tables import IntakeRow, TokenRow, WebhookRow
from capacity_api.domain.intake import Report, ReportedState
from capacity_api.domain.mail import MailKind, MailStatus
from capacity_api.domain.owner import ADMIN, Owner
from capacity_api.domain.people import Role
from capacity_api.operations import intake, owners, responders, tokens
from capacity_api.operations.mail import outbox

pytestmark = [pytest.mark.usefixtures("listed"), pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
ADA = "ada@example.org"
LAPSE = timedelta(days=7, seconds=1)


class Scene:
    """A responder that has reported, and somebody of it whom the tests remind, and nobody else."""

    def __init__(self, database: Database, clock: Clock, owner: Owner, person: UUID) -> None:
        self.database = database
        self.clock = clock
        self.owner = owner
        self.person = person

    async def remind(self, kind: MailKind) -> None:
        if kind in {MailKind.LAPSED, MailKind.STILL_LAPSED, MailKind.UNANSWERED}:
            self.clock.advance(LAPSE)
        await rows.add_reminders(self.database, self.clock(), self.owner, [self.person], kind)

    async def execute(self, statement: Any) -> None:
        async with self.database.write() as session:
            await session.execute(statement)

    async def report_anew(self) -> None:
        self.clock.advance(timedelta(minutes=1))
        await rows.report(self.database, self.clock(), note="Something else")

    async def confirm(self) -> None:
        self.clock.advance(timedelta(minutes=1))
        async with self.database.write() as session:
            await intake.confirm_intake(session, self.clock(), SLUG)

    async def suspend(self) -> None:
        async with self.database.write() as session:
            await owners.suspend(session, self.clock(), self.owner.id)

    async def delist(self) -> None:
        async with self.database.write() as session:
            await responders.delist_responder(session, self.clock(), SLUG)

    async def lapse(self) -> None:
        self.clock.advance(LAPSE)

    async def remove_person(self) -> None:
        await self.execute(delete(PersonRow).where(PersonRow.id == self.person))


@pytest.fixture
async def scene(database: Database, clock: Clock, listed: Database) -> Scene:
    owner = await rows.report(database, clock())
    return Scene(database, clock, owner, await rows.add_person(database, clock(), ADA, owner, [Role.EDITOR]))


Change = Callable[[Scene], Awaitable[None]]
UNTRUE: list[tuple[MailKind, Change, str]] = [
    (MailKind.CONFIRMATION_DUE, Scene.report_anew, "reported"),
    (MailKind.CONFIRMATION_DUE, Scene.confirm, "confirmed"),
    (MailKind.CONFIRMATION_DUE, Scene.lapse, "lapsed"),
    (MailKind.CONFIRMATION_DUE, Scene.suspend, "suspended"),
    (MailKind.CONFIRMATION_DUE, Scene.delist, "suspended"),
    (MailKind.LAPSED, Scene.confirm, "confirmed"),
    (MailKind.LAPSED, Scene.report_anew, "reported"),
    (MailKind.STILL_LAPSED, Scene.confirm, "confirmed"),
    (MailKind.UNANSWERED, Scene.confirm, "confirmed"),
    (MailKind.CHASED, Scene.confirm, "confirmed"),
    (MailKind.CHASED, Scene.report_anew, "reported"),
]


@pytest.mark.parametrize(("kind", "change", "reason"), UNTRUE)
async def test_what_changed_before_the_claim_is_not_said(
    database: Database, settings: Settings, clock: Clock, scene: Scene, kind: MailKind, change: Change, reason: str
) -> None:
    await scene.remind(kind)
    await change(scene)
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        await send_all(mailer)
    assert server.received == []
    (mail,) = await rows.read_mail(database)
    assert (mail.status, mail.reason, mail.attempts, mail.finished_at) == (MailStatus.DROPPED, reason, 0, clock())
    assert await rows.read_links(database) == []


@pytest.mark.parametrize(("kind", "change", "reason"), UNTRUE)
async def test_what_changed_after_the_claim_is_not_said(
    database: Database, settings: Settings, clock: Clock, scene: Scene, kind: MailKind, change: Change, reason: str
) -> None:
    # One claim holds both, and while the first is sent the second becomes untrue.
    await rows.add_mail(
        database, clock(), MailKind.SIGN_IN, [await rows.add_person(database, clock(), "desk@directory.example")]
    )
    await scene.remind(kind)
    await scene.execute(update(MailRow).where(MailRow.kind == MailKind.SIGN_IN).values(created_at=clock()))
    changed: list[str] = []

    async def change_once(recipient: str) -> None:
        changed.append(recipient)
        now = clock()
        await change(scene)
        if change is not Scene.lapse:
            # The lease goes on.
            clock.set(now + timedelta(seconds=1))

    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        server.before_taking = change_once
        await send_all(mailer)
    assert server.recipients == changed == ["desk@directory.example"]
    mail = [each for each in await rows.read_mail(database) if each.kind == kind]
    assert [(each.status, each.reason) for each in mail] == [(MailStatus.DROPPED, reason)]


async def test_what_is_still_true_is_said(database: Database, settings: Settings, clock: Clock, scene: Scene) -> None:
    for kind in (MailKind.CONFIRMATION_DUE, MailKind.CHASED, MailKind.LAPSED, MailKind.STILL_LAPSED):
        await scene.remind(kind)
        async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
            await send_all(mailer)
        ((_, message),) = server.received
        assert mail_server.link_of(message), kind


async def test_of_several_reminders_that_waited_only_the_newest_is_sent(
    database: Database, settings: Settings, clock: Clock, scene: Scene
) -> None:
    colleague = await rows.add_person(database, clock(), "grace@example.org", scene.owner)
    await rows.add_reminders(database, clock(), scene.owner, [scene.person], MailKind.CHASED)
    async with database.write() as session:
        partner = await owners.add_partner(session, clock(), "Case tool")
        dispute = DisputeRow(
            id=uuid7(), responder_id=scene.owner.id, partner_id=partner.id, found="no_answer", shown="open", at=clock()
        )
        session.add(dispute)
        await outbox.add_mail(
            session,
            clock(),
            MailKind.DISPUTED,
            [colleague],
            responder_id=scene.owner.id,
            subject_id=dispute.id,
            report_sequence=await session.scalar(
                select(IntakeRow.report_sequence).where(IntakeRow.responder_id == scene.owner.id)
            ),
        )
    await scene.lapse()
    await rows.add_reminders(database, clock(), scene.owner, [scene.person, colleague], MailKind.LAPSED)
    for _ in range(2):
        await scene.lapse()
        await rows.add_reminders(database, clock(), scene.owner, [scene.person], MailKind.STILL_LAPSED)
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        await send_all(mailer)
    sent = [(each.kind, each.person_id) for each in await rows.read_mail(database) if each.status == MailStatus.SENT]
    # What a partner was told is in no other mail.
    assert sent == [
        (MailKind.DISPUTED, colleague),
        (MailKind.LAPSED, colleague),
        (MailKind.STILL_LAPSED, scene.person),
    ]
    assert len(server.received) == 3
    dropped = [each.reason for each in await rows.read_mail(database) if each.status == MailStatus.DROPPED]
    assert dropped == ["newer_reminder"] * 3


async def test_a_newer_reminder_that_could_not_be_sent_does_not_replace_an_older_one(
    database: Database, settings: Settings, clock: Clock, scene: Scene
) -> None:
    await scene.remind(MailKind.LAPSED)
    await scene.remind(MailKind.STILL_LAPSED)
    await scene.execute(
        update(MailRow)
        .where(MailRow.kind == MailKind.STILL_LAPSED)
        .values(status=MailStatus.FAILED, next_attempt_at=None, finished_at=clock())
    )
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        await send_all(mailer)
    assert len(server.received) == 1


@pytest.mark.parametrize("is_reminded", [True, False])
async def test_the_coordinators_hear_of_no_reminder_where_none_of_this_report_was_sent(
    database: Database, settings: Settings, clock: Clock, scene: Scene, is_reminded: bool
) -> None:
    coordinator = await rows.add_person(database, clock(), "desk@directory.example")
    # A reminder of an older report does not count.
    await scene.remind(MailKind.CONFIRMATION_DUE)
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        await send_all(mailer)
    await scene.report_anew()
    await scene.lapse()
    if is_reminded:
        await rows.add_reminders(database, clock(), scene.owner, [scene.person], MailKind.STILL_LAPSED)
    await rows.add_reminders(database, clock(), scene.owner, [coordinator], MailKind.UNANSWERED)
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        await send_all(mailer)
    _, message = server.received[-1]
    said = "has not answered any reminder" if is_reminded else "Nobody at The Salvation Army can be reminded."
    assert said in mail_server.text_of(message)


async def test_mail_to_somebody_who_is_removed_while_it_is_sent_leaves_nothing(
    database: Database, settings: Settings, clock: Clock, scene: Scene
) -> None:
    await scene.remind(MailKind.CONFIRMATION_DUE)
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        server.before_taking = lambda _: scene.remove_person()
        await send_all(mailer)
    assert server.recipients == [ADA]
    assert (await rows.read_mail(database), await rows.read_links(database)) == ([], [])


async def test_nothing_is_sent_while_tokens_wait_for_a_review(
    database: Database, settings: Settings, clock: Clock, scene: Scene
) -> None:
    token = await rows.add_unreviewed_token(database, clock())
    await scene.remind(MailKind.CONFIRMATION_DUE)
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        await send_all(mailer)
        assert server.received == []
        (mail,) = await rows.read_mail(database)
        assert (mail.status, mail.claim_id) == (MailStatus.WAITING, None)
        async with database.write() as session:
            await tokens.keep_token(session, clock(), token)
        await send_all(mailer)
        assert server.recipients == [ADA]


async def test_a_report_from_before_a_restore_gets_no_link(
    database: Database, settings: Settings, clock: Clock, scene: Scene
) -> None:
    await scene.execute(update(IntakeRow).where(IntakeRow.report.is_not(None)).values(restored=True, lapsed=True))
    await scene.remind(MailKind.CHASED)
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        await send_all(mailer)
    ((_, message),) = server.received
    assert "#link=" not in message.as_string()
    assert "Please sign in and say what is true now" in mail_server.text_of(message)


async def test_a_sign_in_that_nobody_waits_for_any_more_is_dropped(
    database: Database, settings: Settings, clock: Clock, scene: Scene
) -> None:
    await rows.add_mail(database, clock(), MailKind.SIGN_IN, [scene.person])
    clock.advance(timedelta(minutes=15))
    reader = await rows.add_person(database, clock(), "reader@example.org", scene.owner, [Role.REMINDED])
    await rows.add_mail(database, clock(), MailKind.SIGN_IN, [reader])
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        await send_all(mailer)
    assert server.received == []
    assert [each.reason for each in await rows.read_mail(database)] == ["expired", "no_editor"]


async def test_an_invitation_is_sent_until_it_is_accepted_or_ends(
    database: Database, settings: Settings, clock: Clock, scene: Scene
) -> None:
    used = await rows.add_invitation(database, clock(), "grace@example.org", scene.owner)
    await scene.execute(update(LinkRow).where(LinkRow.id == used).values(used_at=clock()))
    await rows.add_invitation(database, clock() - timedelta(days=7), "kay@example.org", scene.owner)
    await rows.add_invitation(database, clock(), "barbara@example.org", scene.owner)
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        await send_all(mailer)
    assert server.recipients == ["barbara@example.org"]
    assert sorted(str(each.reason) for each in await rows.read_mail(database)) == ["None", "expired", "used"]


async def test_a_token_that_has_a_successor_or_was_revoked_is_not_named(
    database: Database, settings: Settings, clock: Clock, scene: Scene
) -> None:
    ids = []
    async with database.write() as session:
        for label in ("ends", "rotated", "revoked"):
            issued = await tokens.issue_token(
                session, clock(), rows.KEYS, scene.owner, label=label, expires_at=clock() + timedelta(days=10)
            )
            ids.append(issued.id)
    for each in ids:
        await rows.add_mail(database, clock(), MailKind.TOKEN_ENDING, [scene.person], subject_id=each)
    await scene.execute(update(TokenRow).where(TokenRow.id == ids[1]).values(successor_id=ids[0]))
    await scene.execute(update(TokenRow).where(TokenRow.id == ids[2]).values(revoked_at=clock()))
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        await send_all(mailer)
    ((_, message),) = server.received
    text = mail_server.text_of(message)
    assert "The token “ends” of The Salvation Army ends on 1 December 2026, 12:00 (UK time)." in text
    assert [each.reason for each in await rows.read_mail(database)] == [None, "rotated", "revoked"]


async def test_a_webhook_that_works_again_is_not_named(
    database: Database, settings: Settings, clock: Clock, scene: Scene
) -> None:
    coordinator = await rows.add_person(database, clock(), "desk@directory.example", ADMIN)
    broken, works, disabled = [
        await add_webhook(database, clock(), f"https://{name}.example/secret-path?key=hush", **fields)
        for name, fields in (
            ("broken", {"failing_since": clock()}),
            ("works", {}),
            ("disabled", {"status": "disabled", "disabled_reason": "failing", "failing_since": clock()}),
        )
    ]
    for kind, webhook in (
        (MailKind.WEBHOOK_FAILING, broken),
        (MailKind.WEBHOOK_FAILING, works),
        (MailKind.WEBHOOK_FAILING, disabled),
        (MailKind.WEBHOOK_DISABLED, works),
        (MailKind.WEBHOOK_DISABLED, disabled),
    ):
        await rows.add_mail(database, clock(), kind, [coordinator], subject_id=webhook)
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        await send_all(mailer)
    first, second = [mail_server.text_of(message) for _, message in server.received]
    assert "“broken.example” of" in first
    assert "“disabled.example” of" in second
    assert "hush" not in first + second
    assert "secret-path" not in first + second
    reasons = [each.reason for each in await rows.read_mail(database)]
    assert reasons == [None, "recovered", "disabled", "enabled", None]


async def test_a_webhook_that_was_removed_is_not_named(
    database: Database, settings: Settings, clock: Clock, scene: Scene
) -> None:
    webhook = await add_webhook(database, clock(), "https://partner.example/", failing_since=clock())
    await rows.add_mail(database, clock(), MailKind.WEBHOOK_FAILING, [scene.person], subject_id=webhook)
    await scene.execute(delete(WebhookRow).where(WebhookRow.id == webhook))
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        await send_all(mailer)
    assert server.received == []


async def test_nobody_of_a_suspended_owner_gets_any_mail(
    database: Database, settings: Settings, clock: Clock, scene: Scene
) -> None:
    await rows.add_mail(database, clock(), MailKind.SIGN_IN, [scene.person])
    await rows.add_invitation(database, clock(), "grace@example.org", scene.owner)
    await scene.suspend()
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        await send_all(mailer)
    assert server.received == []
    assert {each.reason for each in await rows.read_mail(database)} == {"suspended"}


async def test_who_never_reported_is_asked_to_sign_in(
    database: Database, settings: Settings, clock: Clock, scene: Scene
) -> None:
    async with database.read() as session:
        tara = await owners.responder_owner(session, "tara")
    person = await rows.add_person(database, clock(), "grace@example.org", tara)
    await rows.add_reminders(database, clock(), tara, [person], MailKind.CHASED)
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        await send_all(mailer)
    ((_, message),) = server.received
    assert "It has not joined this directory." in mail_server.text_of(message)
    assert "#link=" not in mail_server.text_of(message)


async def test_a_pause_whose_day_has_passed_cannot_be_confirmed_by_a_link(
    database: Database, settings: Settings, clock: Clock, scene: Scene
) -> None:
    paused = Report(state=ReportedState.PAUSED, reopens_on=clock().date())
    async with database.write() as session:
        await intake.report_intake(session, clock(), SLUG, paused)
    clock.advance(timedelta(days=1))
    await rows.add_reminders(database, clock(), scene.owner, [scene.person], MailKind.LAPSED)
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        await send_all(mailer)
    ((_, message),) = server.received
    assert "#link=" not in mail_server.text_of(message)


async def test_what_no_longer_ends_and_who_can_be_mailed_again_is_not_named(
    database: Database, settings: Settings, clock: Clock, scene: Scene
) -> None:
    coordinator = await rows.add_person(database, clock(), "desk@directory.example")
    async with database.write() as session:
        endless = await tokens.issue_token(session, clock(), rows.KEYS, ADMIN, expires_at=None)
        ended = await tokens.issue_token(session, clock(), rows.KEYS, ADMIN, expires_at=clock() + timedelta(seconds=1))
    webhook = await add_webhook(database, clock(), "https://partner.example/", failing_since=clock(), suspended=True)
    clock.advance(timedelta(seconds=1))
    for kind, subject in (
        (MailKind.TOKEN_ENDING, endless.id),
        (MailKind.TOKEN_ENDING, ended.id),
        (MailKind.WEBHOOK_FAILING, webhook),
        (MailKind.ADDRESS_REFUSED, scene.person),
        (MailKind.ADDRESS_REFUSED, endless.id),
    ):
        await rows.add_mail(database, clock(), kind, [coordinator], subject_id=subject)
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        await send_all(mailer)
    assert server.received == []
    reasons = [each.reason for each in await rows.read_mail(database)]
    assert reasons == ["no_end", "expired", "suspended", "recovered", "removed"]
