"""/v1/mail: who was reminded, what waits and what was refused, without a single address."""

from datetime import timedelta
from typing import Any

import pytest
from tests import mail_server
from tests.api.refusals import assert_refused
from tests.conftest import Clock
from tests.mail import rows
from tests.mail.mailers import send_all, stepping
from tests.serving import Headers, Service

from capacity_api.config import Settings
from capacity_api.domain.mail import MailKind

PATH = "/v1/mail"
ADA, DESK, GRACE = "ada@example.org", "desk@directory.example", "grace@example.org"


@pytest.fixture
async def admin(service: Service) -> Headers:
    return await service.token()


@pytest.fixture
async def mail(service: Service, settings: Settings, clock: Clock) -> None:
    """A reminder that was refused, the notice of that, a sign-in that is tried again, and an invitation."""
    database = service.database
    owner = await rows.report(database, clock())
    ada = await rows.add_person(database, clock(), ADA, owner)
    desk = await rows.add_person(database, clock(), DESK)
    await rows.add_reminders(database, clock(), owner, [ada])
    await rows.add_invitation(database, clock(), GRACE, owner)
    await rows.add_mail(database, clock(), MailKind.SIGN_IN, [desk])
    async with mail_server.serving() as server, stepping(database, settings, clock, server) as mailer:
        server.at_recipient = {ADA: "550 5.1.1 no such user", DESK: "451 4.7.1 later"}
        await send_all(mailer)


async def _list(service: Service, admin: Headers, **parameters: Any) -> list[dict[str, Any]]:
    answer = await service.client.get(PATH, params=parameters, headers=admin)
    assert answer.status_code == 200, answer.text
    for email in (ADA, DESK, GRACE):
        assert email not in answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_the_newest_mail_comes_first_with_what_became_of_it(
    service: Service, admin: Headers, mail: None, clock: Clock
) -> None:
    told, sign_in, invitation, reminder = await _list(service, admin)
    assert (told["kind"], told["status"], told["attempt_count"]) == ("address_refused", "waiting", 1)
    assert (sign_in["kind"], sign_in["status"], sign_in["reason"]) == ("sign_in", "waiting", "deferred")
    assert (sign_in["owner"]["type"], sign_in["slug"], sign_in["finished_at"]) == ("admin", None, None)
    assert sign_in["next_attempt_at"] > sign_in["created_at"]
    assert (invitation["kind"], invitation["status"], invitation["person_id"]) == ("invitation", "sent", None)
    assert invitation["owner"]["slug"] == "salvation-army"
    assert (reminder["kind"], reminder["status"], reminder["reason"]) == (
        "confirmation_due",
        "refused",
        "address_refused",
    )
    assert (reminder["slug"], reminder["owner"]["slug"]) == ("salvation-army", "salvation-army")
    assert reminder["finished_at"] == f"{clock():%Y-%m-%dT%H:%M:%SZ}"
    assert reminder["next_attempt_at"] is None


async def test_it_is_filtered_by_status_kind_and_owner(service: Service, admin: Headers, mail: None) -> None:
    for parameters, kinds in (
        ({"status": "refused"}, ["confirmation_due"]),
        ({"status": "dropped"}, []),
        ({"kind": "sign_in"}, ["sign_in"]),
        ({"owner": "salvation-army"}, ["invitation", "confirmation_due"]),
        ({"owner": "admin"}, ["address_refused", "sign_in"]),
        ({"owner": "admin", "kind": "sign_in", "status": "waiting"}, ["sign_in"]),
        ({"owner": "tara"}, []),
    ):
        assert [each["kind"] for each in await _list(service, admin, **parameters)] == kinds


async def test_it_has_pages(service: Service, admin: Headers, mail: None) -> None:
    whole = [each["id"] for each in await _list(service, admin)]
    answer = await service.client.get(PATH, params={"limit": 3}, headers=admin)
    rest = await service.client.get(PATH, params={"limit": 3, "cursor": answer.json()["next"]}, headers=admin)
    assert [each["id"] for page in (answer, rest) for each in page.json()["items"]] == whole
    assert rest.json()["next"] is None


async def test_only_administrators_may_read_it(service: Service) -> None:
    assert_refused(await service.client.get(PATH), 401, "token_missing")
    for headers in (await service.token(responder="tara"), await service.token(partner="Case tool")):
        assert_refused(await service.client.get(PATH, headers=headers), 403, "insufficient_scope")


@pytest.mark.parametrize("parameters", [{"status": "lost"}, {"kind": "spam"}, {"owner": "Not A Slug"}, {"cursor": "?"}])
async def test_a_filter_that_means_nothing_is_refused(
    service: Service, admin: Headers, parameters: dict[str, str]
) -> None:
    answer = await service.client.get(PATH, params=parameters, headers=admin)
    assert answer.status_code in {400, 422}, answer.text


async def test_what_was_sent_is_listed_for_90_days(service: Service, admin: Headers, clock: Clock, mail: None) -> None:
    clock.advance(timedelta(days=91))
    assert await rows.prune(service.database, clock())
    assert {each["status"] for each in await _list(service, await service.token())} == {"waiting"}
