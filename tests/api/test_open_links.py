"""Invitations and handovers that are open: who sees and withdraws them, when they end, and how many may be sent."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from tests.api.people import (
    BOTH,
    DAY,
    EMAIL,
    add_person,
    audit,
    invite,
    mailed,
    mailing,
    make_link,
    sign_in,
    status,
    stored_link,
    use,
)
from tests.api.refusals import assert_refused
from tests.conftest import Clock
from tests.serving import Headers, Service, answers_at_once, serving

from capacity_api.config import Settings
from capacity_api.db.people_tables import LinkRow
from capacity_api.domain.links import LinkKind, parse_link
from capacity_api.domain.mail import MailKind
from capacity_api.operations import invitations

LINKS = "/v1/links"
PEOPLE = "/v1/people"
SENT_AT_NOON = "2026-11-28T12:00:00Z"


@pytest.fixture
async def service(settings: Settings, clock: Clock) -> AsyncIterator[Service]:
    async with serving(mailing(settings), clock) as running:
        yield running


async def open_links(service: Service, token: Headers, **parameters: Any) -> list[dict[str, Any]]:
    answer = await service.client.get(LINKS, headers=token, params=parameters)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def hand_over(service: Service, token: Headers, **body: Any) -> str:
    """Make a handover. Returns its secret."""
    answer = await service.client.post("/v1/handovers", json={"owner": "tara", **body}, headers=token)
    assert answer.status_code == 201, answer.text
    return parse_link(answer.json()["link"]) or ""


async def coordinator(service: Service) -> tuple[str, Headers]:
    """A coordinator who signed in: the id, and the token."""
    person = await add_person(service, await service.token(), "coordinator@example.org", owner="admin")
    return person["id"], await sign_in(service, person)


async def test_an_administrator_sees_what_is_open_and_an_editor_its_own_invitations(service: Service) -> None:
    admin, tara = await service.token(), await service.token(responder="tara")
    await invite(service, admin, owner="tara", roles=["reminded"])
    await invite(service, await service.token(responder="unseen"), "desk@unseen.example")
    await hand_over(service, admin, scopes=["intake:write"], label="Desk")
    # Used, ended, and of other kinds.
    assert (await use(service, await hand_over(service, admin))).status_code == 200
    await make_link(service, LinkKind.SIGN_IN, person_id=UUID((await add_person(service, tara, "a@b.example"))["id"]))
    handover, unseens, taras = await open_links(service, admin)
    owner = {"type": "responder", "name": "TARA", "slug": "tara", "id": (await service.responder("tara"))["id"]}
    assert taras == {
        "id": taras["id"],
        "kind": "invitation",
        "owner": owner,
        "email": EMAIL,
        "roles": ["reminded"],
        "scopes": None,
        "label": None,
        "created_at": "2026-11-21T12:00:00Z",
        "expires_at": SENT_AT_NOON,
    }
    assert (unseens["email"], unseens["owner"]["slug"]) == ("desk@unseen.example", "unseen")
    assert handover == taras | {
        "id": handover["id"],
        "kind": "handover",
        "email": None,
        "roles": None,
        "scopes": ["intake:write"],
        "label": "Desk",
        "expires_at": "2026-11-22T12:00:00Z",
    }
    assert await open_links(service, tara) == [taras]
    first = (await service.client.get(LINKS, headers=admin, params={"limit": 2})).json()
    assert first["items"] == [handover, unseens]
    assert await open_links(service, admin, cursor=first["next"]) == [taras]
    service.clock.advance(DAY)  # type: ignore[attr-defined]  # the test's own
    assert await open_links(service, admin) == [unseens, taras]
    service.clock.advance(6 * DAY)  # type: ignore[attr-defined]  # the test's own
    assert await open_links(service, await service.token()) == []


async def test_who_may_list_a_link_withdraws_it_and_it_works_no_more(service: Service) -> None:
    admin, tara = await service.token(), await service.token(responder="tara")
    unseen, narrow = (
        await service.token(responder="unseen"),
        await service.token(responder="tara", scopes=("intake:write",)),
    )
    invitation = await invite(service, admin, owner="tara")
    handover = await hand_over(service, admin)
    of_handover, of_invitation = [each["id"] for each in await open_links(service, admin)]
    assert_refused(await service.client.get(LINKS, headers=narrow), 403, "insufficient_scope")
    for token, link_id in ((unseen, of_invitation), (unseen, of_handover), (tara, of_handover)):
        refused = await service.client.delete(f"{LINKS}/{link_id}", headers=token)
        assert_refused(refused, 404, "not_found")
    assert await status(service, invitation) == await status(service, handover) == "usable"
    for token, link_id, secret in ((tara, of_invitation, invitation), (admin, of_handover, handover)):
        answer = await service.client.delete(f"{LINKS}/{link_id}", headers=token)
        assert (answer.status_code, answer.content) == (204, b"")
        assert_refused(await use(service, secret), 404, "not_found")
        again = await service.client.delete(f"{LINKS}/{link_id}", headers=token)
        assert_refused(again, 404, "not_found")
    assert await open_links(service, admin) == []
    assert await mailed(service, MailKind.INVITATION) == []
    assert [each["target"] for each in await audit(service, action="link.withdraw")] == [of_handover, of_invitation]
    used = await hand_over(service, admin)
    (link,) = await open_links(service, admin)
    assert (await use(service, used)).status_code == 200
    assert_refused(await service.client.delete(f"{LINKS}/{link['id']}", headers=admin), 404, "not_found")


async def test_a_withdrawal_and_a_use_at_once_do_not_both_succeed(service: Service) -> None:
    admin = await service.token()
    for _ in range(4):
        secret = await invite(service, admin, owner="tara")
        (link,) = await open_links(service, admin)
        path = f"{LINKS}/{link['id']}"
        calls = (partial(use, service, secret), partial(service.client.delete, path, headers=admin))
        used, withdrawn = await answers_at_once(calls)
        people = (await service.client.get(PEOPLE, headers=admin)).json()["items"]
        outcome = (used.status_code, withdrawn.status_code, len(people))
        assert outcome in ((200, 404, 1), (404, 204, 0))
        for each in people:
            await service.client.delete(f"{PEOPLE}/{each['id']}", headers=admin)


async def test_a_person_who_is_removed_has_no_way_back(service: Service) -> None:
    admin = await service.token()
    person_id, signed_in = await coordinator(service)
    # To other addresses than the person's own, and at other owners.
    made = [
        await invite(service, signed_in, "private@elsewhere.example", owner="admin"),
        await invite(service, signed_in, "desk@tara.example", owner="tara"),
        await hand_over(service, signed_in, owner="admin"),
    ]
    of_another = await invite(service, admin, "second@tara.example", owner="tara")
    assert (await stored_link(service, made[0])).actor_id == UUID(person_id)
    assert (await service.client.delete(f"{PEOPLE}/{person_id}", headers=admin)).status_code == 204
    for secret in made:
        assert await status(service, secret) == "expired"
        assert_refused(await use(service, secret), 410, "link_expired")
        assert (await stored_link(service, secret)).actor_id is None
    assert [each["email"] for each in await open_links(service, admin)] == ["second@tara.example"]
    statuses = [(each.status, each.sealed_link is None) for each in await mailed(service, MailKind.INVITATION)]
    assert statuses == [("dropped", True), ("dropped", True), ("waiting", False)]
    assert (await use(service, of_another)).status_code == 200


async def test_a_removal_and_new_links_of_the_person_at_once_leave_none_open(service: Service) -> None:
    admin = await service.token()
    for n in range(4):
        person_id, signed_in = await coordinator(service)
        body = {"email": f"desk-{n}@tara.example", "owner": "tara"}
        calls = [
            partial(service.client.post, "/v1/invitations", json=body, headers=signed_in),
            partial(service.client.post, "/v1/handovers", json={"owner": "unseen"}, headers=signed_in),
            partial(service.client.delete, f"{PEOPLE}/{person_id}", headers=admin),
        ]
        *made, removed = await answers_at_once(calls)
        assert removed.status_code == 204
        assert {each.status_code for each in made} <= {201, 202, 401}
        assert await open_links(service, admin) == []


async def test_a_revoked_token_takes_the_links_with_it_that_it_made(service: Service) -> None:
    admin, leaked = await service.token(), await service.token()
    leaked_id = (await service.client.get("/v1/me", headers=leaked)).json()["token_id"]
    made = [await invite(service, leaked, owner="admin"), await hand_over(service, leaked)]
    used = await hand_over(service, leaked)
    assert (await use(service, used)).status_code == 200
    of_another = await hand_over(service, admin)
    assert (await service.client.delete(f"/v1/tokens/{leaked_id}", headers=admin)).status_code == 204
    assert [await status(service, secret) for secret in made] == ["expired", "expired"]
    assert (await status(service, used), await status(service, of_another)) == ("used", "usable")


async def test_an_address_with_an_open_invitation_gets_no_second_mail(service: Service) -> None:
    tara = await service.token(responder="tara")
    secret = await invite(service, tara)
    service.clock.advance(DAY)  # type: ignore[attr-defined]  # the test's own
    body = {"email": EMAIL.upper(), "roles": ["reminded"]}
    again = await service.client.post("/v1/invitations", json=body, headers=tara)
    assert (again.status_code, again.json()) == (202, {"expires_at": SENT_AT_NOON})
    assert len(await mailed(service, MailKind.INVITATION)) == 1
    # The last word on the roles counts.
    assert [each["roles"] for each in await open_links(service, tara)] == [["reminded"]]
    # Another owner asks for itself.
    await invite(service, await service.token(responder="unseen"))
    assert len(await mailed(service, MailKind.INVITATION)) == 2
    assert (await use(service, secret)).json()["roles"] == ["reminded"]
    await invite(service, tara, roles=BOTH)
    assert len(await mailed(service, MailKind.INVITATION)) == 3


async def test_the_same_invitation_at_once_is_mailed_once(service: Service) -> None:
    tara = await service.token(responder="tara")
    answers = await answers_at_once(
        [lambda: service.client.post("/v1/invitations", json={"email": EMAIL}, headers=tara)] * 6
    )
    assert {(each.status_code, each.json()["expires_at"]) for each in answers} == {(202, SENT_AT_NOON)}
    assert len(await mailed(service, MailKind.INVITATION)) == 1


async def test_so_many_invitations_a_day_and_no_withdrawal_or_removal_makes_room(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "MAX_INVITATIONS", 3)
    admin, tara = await service.token(), await service.token(responder="tara")

    async def is_refused(token: Headers, owner: str) -> None:
        body = {"email": "one-more@tara.example", "owner": owner}
        refused = await service.client.post("/v1/invitations", json=body, headers=token)
        assert_refused(refused, 409, "conflict")
        assert "within a day" in refused.json()["detail"]

    for _ in range(2):
        await invite(service, tara)
        (link,) = await open_links(service, tara)
        assert (await service.client.delete(f"{LINKS}/{link['id']}", headers=tara)).status_code == 204
    # Asked for twice, sent once.
    await invite(service, tara)
    await invite(service, tara)
    person = await add_person(service, tara)
    assert (await service.client.delete(f"{PEOPLE}/{person['id']}", headers=tara)).status_code == 204
    async with service.database.read() as session:
        assert list(await session.scalars(select(LinkRow))) == []
    await is_refused(tara, "tara")
    # Each owner has its own limit, also where administrators invite.
    for owner in ("tara", "unseen"):
        for n in range(3):
            await invite(service, admin, f"desk-{n}@{owner}.example", owner=owner)
        await is_refused(admin, owner)
    service.clock.advance(DAY)  # type: ignore[attr-defined]  # the test's own
    await invite(service, tara, "one-more@tara.example")


async def test_a_rotation_does_not_prolong_a_sign_in(service: Service) -> None:
    _, signed_in = await coordinator(service)
    me = (await service.client.get("/v1/me", headers=signed_in)).json()
    service.clock.advance(DAY / 4)  # type: ignore[attr-defined]  # the test's own
    path = f"/v1/tokens/{me['token_id']}/rotate"
    successor = (await service.client.post(path, json={}, headers=signed_in)).json()
    assert successor["expires_at"] == me["expires_at"] == "2026-11-22T00:00:00Z"
    service.clock.advance(DAY / 4)  # type: ignore[attr-defined]  # the test's own
    token = {"authorization": f"Bearer {successor['token']}"}
    assert_refused(await service.client.get("/v1/me", headers=token), 401, "token_expired")
