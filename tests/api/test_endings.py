"""What ends when an owner is suspended, delisted or removed, and after a restore: links, sign-ins and waiting mail."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from tests.api.people import add_person, mailing, make_link, sign_in
from tests.api.refusals import assert_refused
from tests.conftest import Clock
from tests.mailed import mails
from tests.serving import OPEN, Headers, Service

from capacity_api.config import Settings
from capacity_api.db.people_tables import DisputeRow, LinkRow, MailRow, PersonRow
from capacity_api.db.tables import Table, TokenRow
from capacity_api.domain.links import LinkKind
from capacity_api.domain.mail import MailKind, MailStatus
from capacity_api.operations import owners, restored
from capacity_api.operations.mail.outbox import add_mail
from capacity_api.operations.restored import TokenDecision

WEEK = timedelta(days=7)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return mailing(settings)


class Owned:
    """An owner with a person who has signed in, a link of each kind, and mail that waits."""

    def __init__(self, service: Service, key: str, owner_id: str, token: Headers) -> None:
        self.service, self.key, self.id, self.token = service, key, owner_id, token
        self.links: dict[LinkKind, str] = {}
        self.signed_in: Headers = {}
        self.person_id = UUID(int=0)

    async def furnish(self, kinds: list[LinkKind]) -> None:
        person = await add_person(self.service, self.token, email=f"desk@{self.key}.example")
        self.person_id = UUID(person["id"])
        self.signed_in = await sign_in(self.service, person)
        fields: dict[LinkKind, dict[str, Any]] = {
            LinkKind.SIGN_IN: {"person_id": self.person_id},
            LinkKind.STILL_TRUE: {"person_id": self.person_id},
            LinkKind.INVITATION: {"email": "new@helper.example", "roles": ["editor"]},
        }
        for kind in kinds:
            made = await make_link(self.service, kind, self.key, **fields.get(kind, {}))
            self.links[kind] = made.secret
        invited = {"email": f"invited@{self.key}.example"}
        answer = await self.service.client.post("/v1/invitations", json=invited, headers=self.token)
        assert answer.status_code == 202, answer.text
        async with self.service.database.write() as session:
            await add_mail(session, self.service.clock(), MailKind.SIGN_IN, [self.person_id])

    async def looks(self) -> dict[str, str]:
        """The status of each link."""
        found = {}
        for kind, secret in self.links.items():
            answer = await self.service.client.post("/v1/links/look", json={"link": secret})
            assert answer.status_code == 200, answer.text
            found[str(kind)] = answer.json()["status"]
        return found

    async def mail(self) -> set[tuple[str, str | None]]:
        found = [each for each in await mails(self.service.database) if each.person_id == self.person_id]
        return {(str(each.status), each.reason) for each in found}


async def responder(service: Service, slug: str) -> Owned:
    await service.report(slug, OPEN)
    token = await service.token(responder=slug)
    owned = Owned(service, slug, (await service.responder(slug))["id"], token)
    await owned.furnish(list(LinkKind))
    return owned


async def partner(service: Service, name: str) -> Owned:
    token = await service.token(partner=name)
    owner_id = (await service.client.get("/v1/me", headers=token)).json()["owner"]["id"]
    owned = Owned(service, owner_id, owner_id, token)
    await owned.furnish([LinkKind.SIGN_IN, LinkKind.INVITATION, LinkKind.HANDOVER])
    return owned


async def suspend(service: Service, owned: Owned) -> None:
    await change(service, owned, suspended=True)


async def change(service: Service, owned: Owned, *, suspended: bool) -> None:
    answer = await service.client.patch(
        f"/v1/owners/{owned.id}", json={"suspended": suspended}, headers=await service.token()
    )
    assert answer.status_code == 200, answer.text


async def delist(service: Service, owned: Owned) -> None:
    answer = await service.client.delete(f"/v1/responders/{owned.key}", headers=await service.token())
    assert answer.status_code == 204, answer.text


async def count(service: Service, table: type[Table]) -> int:
    async with service.database.read() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.parametrize("end", [suspend, delist])
async def test_links_sign_ins_and_waiting_mail_end_with_a_responder(
    service: Service, end: Callable[[Service, Owned], Awaitable[None]]
) -> None:
    tara, bawso = await responder(service, "tara"), await responder(service, "bawso")
    before = await bawso.looks()
    assert set(before.values()) == {"usable"}
    assert set((await tara.looks()).values()) == {"usable"}
    await end(service, tara)
    assert set((await tara.looks()).values()) == {"expired"}
    for kind, secret in tara.links.items():
        answer = await service.client.post("/v1/links/use", json={"link": secret})
        assert_refused(answer, 410, "link_expired", what=kind)
    me = await service.client.get("/v1/me", headers=tara.signed_in)
    assert_refused(me, 401, "token_unknown")
    assert_refused(await service.client.get("/v1/me", headers=tara.token), 401, "owner_suspended")
    assert await tara.mail() == {("dropped", "suspended")}
    # Nobody else's.
    assert await bawso.looks() == before
    assert (await service.client.get("/v1/me", headers=bawso.signed_in)).status_code == 200
    assert await bawso.mail() == {("waiting", None)}


async def test_what_waits_is_finished_without_its_link(service: Service) -> None:
    tara = await responder(service, "tara")
    await suspend(service, tara)
    for each in await mails(service.database):
        assert each.status == MailStatus.DROPPED
        assert (each.sealed_link, each.next_attempt_at, each.claim_id) == (None, None, None)
        assert each.finished_at == service.clock()


async def test_to_resume_brings_nothing_back_that_had_ended(service: Service) -> None:
    tara = await responder(service, "tara")
    await suspend(service, tara)
    await change(service, tara, suspended=False)
    assert set((await tara.looks()).values()) == {"expired"}
    assert (await service.client.get("/v1/me", headers=tara.token)).status_code == 200
    assert_refused(await service.client.get("/v1/me", headers=tara.signed_in), 401, "token_unknown")
    assert await tara.mail() == {("dropped", "suspended")}
    # Its people are still there, and can sign in again.
    listed = (await service.client.get("/v1/people", headers=tara.token)).json()["items"]
    assert [each["id"] for each in listed] == [str(tara.person_id)]


async def test_the_coordinators_are_not_told_of_a_responder_that_is_suspended(service: Service, clock: Clock) -> None:
    admin = await service.token()
    await add_person(service, admin, owner="admin")
    await service.report("tara", OPEN)
    clock.advance(5 * WEEK)
    await service.report("unseen", OPEN)
    assert [(each.kind, each.status) for each in await mails(service.database)] == [
        (MailKind.UNANSWERED, MailStatus.WAITING)
    ]
    await suspend(service, Owned(service, "tara", (await service.responder("tara"))["id"], admin))
    assert [each.status for each in await mails(service.database)] == [MailStatus.DROPPED]


async def test_a_used_link_stays_used(service: Service) -> None:
    tara = await responder(service, "tara")
    used = await service.client.post("/v1/links/use", json={"link": tara.links[LinkKind.STILL_TRUE]})
    assert used.status_code == 200, used.text
    await suspend(service, tara)
    assert (await tara.looks())["still_true"] == "used"


async def test_with_a_partner_everybody_and_everything_of_theirs_is_removed(service: Service) -> None:
    helper, other = await partner(service, "Helper"), await partner(service, "Other")
    await suspend(service, helper)
    assert set((await helper.looks()).values()) == {"expired"}
    await change(service, helper, suspended=False)
    answer = await service.client.delete(f"/v1/partners/{helper.id}", headers=await service.token())
    assert answer.status_code == 204, answer.text
    async with service.database.read() as session:
        for table in (PersonRow, LinkRow, TokenRow, DisputeRow):
            left = await session.scalars(select(table.id).where(table.partner_id == UUID(helper.id)))
            assert left.all() == [], table
        remaining = await session.scalars(select(MailRow.person_id))
        assert set(remaining) <= {other.person_id, None}
    for secret in helper.links.values():
        assert_refused(await service.client.post("/v1/links/look", json={"link": secret}), 404, "not_found")
    assert set((await other.looks()).values()) == {"usable"}
    assert (await service.client.get("/v1/me", headers=other.signed_in)).status_code == 200


@pytest.mark.parametrize("tokens", list(TokenDecision))
async def test_after_a_restore_every_link_and_all_waiting_mail_have_ended(
    service: Service, tokens: TokenDecision
) -> None:
    tara, helper = await responder(service, "tara"), await partner(service, "Helper")
    async with service.database.write(recovering=True) as session:
        await restored.declare_restored(session, service.clock(), above=0, tokens=tokens)
    for owned in (tara, helper):
        assert set((await owned.looks()).values()) == {"expired"}
        assert await owned.mail() == {("dropped", "restored")}
    status = (await service.client.get("/v1/me", headers=tara.signed_in)).status_code
    # A sign-in is a token like any other.
    assert (status == 200) is (tokens is TokenDecision.KEEP)
    async with service.database.read() as session:
        assert await session.scalar(select(func.count()).where(MailRow.status == MailStatus.WAITING)) == 0
        assert (await owners.responder_owner(session, "tara")).slug == "tara"
    assert await count(service, PersonRow) == 2
