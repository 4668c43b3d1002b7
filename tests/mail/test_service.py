"""The running service mails by itself: somebody is invited, signs in from the mail, and confirms from a reminder."""

import msgspec
from tests import mail_server, processes
from tests.conftest import Clock
from tests.mail import rows
from tests.mail.mailers import SENDER, mail_settings
from tests.mail_server import link_of
from tests.serving import serving

from capacity_api.clock import utc_now
from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.domain.mail import MailKind

ADA = "ada@example.org"


async def test_an_invitation_a_sign_in_and_a_reminder_reach_a_person(settings: Settings, clock: Clock) -> None:
    async with (
        mail_server.serving() as server,
        serving(mail_settings(settings, server.server), clock, deliver=True) as service,
    ):
        admin = await service.token()
        invitation = {"email": ADA, "owner": "tara", "roles": ["editor", "reminded"]}
        await service.client.post("/v1/invitations", json=invitation, headers=admin)
        (first,) = await server.arrived(1)
        accepted = await service.client.post("/v1/links/use", json={"link": link_of(first)})
        assert accepted.status_code == 200, accepted.text
        await service.client.post("/v1/sign-in", json={"email": ADA})
        _, second = await server.arrived(2)
        signed_in = await service.client.post("/v1/links/use", json={"link": link_of(second)})
        token = {"authorization": f"Bearer {signed_in.json()['token']}"}
        reported = await service.client.put("/v1/responders/tara/intake", json={"state": "open"}, headers=token)
        assert reported.status_code == 200, reported.text
        before = reported.json()["intake"]["confirm_by"]
        clock.advance(rows.VALID_FOR * 3 / 4)
        _, _, third = await server.arrived(3)
        confirmed = await service.client.post("/v1/links/use", json={"link": link_of(third)})
        assert confirmed.json()["intake"]["confirm_by"] > before
        listed = (await service.client.get("/v1/mail", headers=admin)).json()["items"]
    assert [(each["kind"], each["status"]) for each in listed] == [
        ("confirmation_due", "sent"),
        ("sign_in", "sent"),
        ("invitation", "sent"),
    ]


async def test_a_service_that_does_not_deliver_sends_no_mail(settings: Settings, clock: Clock) -> None:
    async with mail_server.serving() as server:
        own = mail_settings(settings, server.server)
        async with serving(own, clock) as service:
            person = await rows.add_person(service.database, clock(), ADA)
            await rows.add_mail(service.database, clock(), MailKind.SIGN_IN, [person])
        assert server.connections == 0
        # Without a mail server it waits.
        async with serving(msgspec.structs.replace(own, smtp=None), clock, deliver=True) as service:
            await service.report("tara", {"state": "open"})
        assert server.connections == 0
        # With one, it is sent.
        async with serving(own, clock, deliver=True) as service:
            await server.arrived(1)


async def test_a_worker_of_its_own_sends_mail(listed: Database, database_url: str) -> None:
    async with mail_server.serving() as server:
        env = processes.environment(
            database_url,
            smtp_url=f"smtp://127.0.0.1:{server.port}?starttls=no",
            mail_from=SENDER,
            public_url="https://directory.example",
        )
        worker = await processes.start("worker", env=env, announces="delivers webhooks")
        try:
            person = await rows.add_person(listed, utc_now(), ADA)
            await rows.add_mail(listed, utc_now(), MailKind.SIGN_IN, [person])
            (message,) = await server.arrived(1)
        finally:
            await worker.kill()
    assert message["From"] == SENDER
