"""POST /v1/responders/{slug}/reminders: a coordinator asks a responder's people now."""

from datetime import timedelta

import httpx
import pytest
from tests.api.people import mailing
from tests.api.refusals import assert_refused
from tests.conftest import Clock
from tests.mailed import add_person, mailed, mails, owner_of
from tests.serving import OPEN, Headers, Service, answers_at_once, serving

from capacity_api.config import Settings
from capacity_api.domain.mail import MailKind
from capacity_api.domain.people import Role
from capacity_api.operations.reminders import chase_responder

HOUR = timedelta(hours=1)
MOMENT = timedelta(seconds=1)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return mailing(settings)


async def chase(service: Service, admin: Headers, slug: str = "tara") -> httpx.Response:
    return await service.client.post(f"/v1/responders/{slug}/reminders", headers=admin)


async def test_everybody_reminded_is_asked_now(service: Service) -> None:
    admin = await service.token()
    tara = await owner_of(service.database, responder="tara")
    people = [await add_person(service.database, tara, roles) for roles in ((Role.REMINDED,), tuple(Role))]
    await add_person(service.database, tara, (Role.EDITOR,))
    await add_person(service.database, await owner_of(service.database, responder="bawso"))
    shown = await service.report("tara", OPEN)
    before = await service.read("/v1/events", after=0)
    answer = await chase(service, admin)
    assert (answer.status_code, answer.json()) == (202, {"people_count": 2})
    assert await mailed(service.database) == [("chased", person) for person in people]
    assert {(each.responder_id, each.report_sequence) for each in await mails(service.database)} == {
        (tara.id, shown["sequence"])
    }
    (entry,) = (await service.client.get("/v1/audit?action=responder.chase", headers=admin)).json()["items"]
    assert entry["target"] == "tara"
    assert await service.read("/v1/events", after=0) == before


async def test_it_asks_once_an_hour(service: Service, clock: Clock) -> None:
    admin = await service.token()
    for slug in ("tara", "bawso"):
        await add_person(service.database, await owner_of(service.database, responder=slug))
    assert (await chase(service, admin)).status_code == 202
    clock.advance(HOUR - MOMENT)
    again = await chase(service, admin)
    assert_refused(again, 429, "too_many_reminders")
    assert again.headers["retry-after"] == "1"
    assert (await chase(service, admin, "bawso")).status_code == 202
    clock.advance(MOMENT)
    assert (await chase(service, admin)).status_code == 202
    assert len(await mailed(service.database)) == 3


async def test_of_two_at_once_one_asks(service: Service) -> None:
    admin = await service.token()
    await add_person(service.database, await owner_of(service.database, responder="tara"))
    answers = await answers_at_once([lambda: chase(service, admin)] * 4)
    assert sorted(each.status_code for each in answers) == [202, 429, 429, 429]


async def test_where_nobody_is_reminded_it_says_so_and_may_be_tried_again(service: Service) -> None:
    admin = await service.token()
    for _ in range(2):
        answer = await chase(service, admin)
        assert (answer.status_code, answer.json()) == (202, {"people_count": 0})


async def test_a_suspended_or_unlisted_responder_is_not_asked(service: Service) -> None:
    admin = await service.token()
    tara = await owner_of(service.database, responder="tara")
    await add_person(service.database, tara)
    assert (
        await service.client.patch(f"/v1/owners/{tara.id}", json={"suspended": True}, headers=admin)
    ).status_code == 200
    assert_refused(await chase(service, admin), 409, "conflict")
    assert (await service.client.delete("/v1/responders/tara", headers=admin)).status_code == 204
    for slug in ("tara", "nobody"):
        assert_refused(await chase(service, admin, slug), 404, "not_found")
    assert await mailed(service.database) == []


async def test_a_service_without_mail_says_so(service: Service, settings: Settings, clock: Clock) -> None:
    await add_person(service.database, await owner_of(service.database, responder="tara"))
    without = Settings(database_url=settings.database_url, secret_keys=settings.secret_keys)
    async with serving(without, clock) as mailless:
        assert_refused(await chase(mailless, await mailless.token()), 409, "mail_off")
    assert await mails(service.database, kind=MailKind.CHASED) == []


async def test_only_an_administrator_asks(service: Service) -> None:
    for token in (await service.token(responder="tara"), await service.token(partner="Case tool")):
        assert_refused(await chase(service, token), 403, "insufficient_scope")


async def test_a_command_may_ask_too(service: Service, clock: Clock) -> None:
    await add_person(service.database, await owner_of(service.database, responder="tara"))
    async with service.database.write() as session:
        assert await chase_responder(session, clock(), "tara") == 1
