"""/v1/people and /v1/invitations: whose addresses are here, and who may change that."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import select
from tests.api.people import BOTH, DAY, EMAIL, TYPED_EMAIL, add_person, invite, mailed, mailing, make_link, sign_in, use
from tests.api.refusals import assert_refused
from tests.conftest import SECRET_KEY, Clock
from tests.serving import Headers, Service, answers_at_once, serving

from capacity_api.api.sign_in_queue import SignInQueue
from capacity_api.config import Settings
from capacity_api.db.people_tables import LinkRow, MailRow, PersonRow
from capacity_api.db.tables import Table, TokenRow
from capacity_api.domain.keys import Keys
from capacity_api.domain.links import LinkKind
from capacity_api.domain.mail import MailKind
from capacity_api.domain.people import Role
from capacity_api.operations import people

PEOPLE = "/v1/people"
NOBODYS = "01a2007e-b997-77a8-89c7-808e6971fa9d"


@pytest.fixture
async def service(settings: Settings, clock: Clock) -> AsyncIterator[Service]:
    async with serving(mailing(settings), clock) as running:
        yield running


async def read(service: Service, token: Headers, path: str = PEOPLE, **parameters: Any) -> Any:
    answer = await service.client.get(path, headers=token, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def count_people(service: Service, owner: str) -> int:
    owners = (await read(service, await service.token(), "/v1/owners"))["items"]
    return int(next(each["people_count"] for each in owners if owner in (each["slug"], each["id"], each["type"])))


async def partner_id_of(service: Service, token: Headers) -> str:
    return str((await read(service, token, "/v1/me"))["owner"]["id"])


async def test_an_administrator_adds_people_to_any_owner_and_reads_and_removes_them(service: Service) -> None:
    admin = await service.token()
    partner = await partner_id_of(service, await service.token(partner="Case tool"))
    tara = await service.responder("tara")
    people = []
    for owner, expected in (
        ("tara", {"type": "responder", "name": "TARA", "slug": "tara", "id": tara["id"]}),
        (partner, {"type": "partner", "name": "Case tool", "slug": None, "id": partner}),
        ("admin", {"type": "admin", "name": None, "slug": None, "id": None}),
    ):
        # The same address may be at several owners.
        answer = await service.client.post(PEOPLE, json={"email": TYPED_EMAIL, "owner": owner}, headers=admin)
        assert answer.status_code == 201, answer.text
        person = answer.json()
        assert person == {
            "id": person["id"],
            "email": EMAIL,
            "owner": expected,
            "roles": BOTH,
            "mail": "ok",
            "created_at": "2026-11-21T12:00:00Z",
        }
        assert answer.headers["location"] == f"{PEOPLE}/{person['id']}"
        assert answer.headers["cache-control"] == "no-store"
        assert await read(service, admin, answer.headers["location"]) == person
        assert await count_people(service, owner) == 1
        people.append(person)
    assert await read(service, admin) == {"items": people[::-1], "next": None}
    first = await read(service, admin, limit=2)
    assert first["items"] == people[:0:-1]
    assert (await read(service, admin, cursor=first["next"]))["items"] == people[:1]
    for person in people:
        answer = await service.client.delete(f"{PEOPLE}/{person['id']}", headers=admin)
        assert (answer.status_code, answer.content) == (204, b"")
        for method in ("GET", "DELETE"):
            gone = await service.client.request(method, f"{PEOPLE}/{person['id']}", headers=admin)
            assert_refused(gone, 404, "not_found")
    assert await read(service, admin) == {"items": [], "next": None}
    assert await count_people(service, "tara") == 0
    entries = (await read(service, admin, "/v1/audit", action="person"))["items"]
    expected_entries = [("person.remove", each["id"]) for each in people[::-1]]
    expected_entries += [("person.add", each["id"]) for each in people[::-1]]
    assert [(each["action"], each["target"]) for each in entries] == expected_entries


async def test_an_editor_has_to_do_with_the_people_of_its_own_owner_alone(service: Service) -> None:
    tara, unseen = await service.token(responder="tara"), await service.token(responder="unseen")
    partner = await service.token(partner="Case tool")
    partner_id = await partner_id_of(service, partner)
    own = {name: await add_person(service, token) for name, token in (("tara", tara), ("unseen", unseen))}
    own["partner"] = await add_person(service, partner, owner=partner_id)
    assert own["tara"] == await add_person(service, tara, "second@tara.example", owner="tara") | {
        "id": own["tara"]["id"],
        "email": EMAIL,
    }
    for name, token in (("tara", tara), ("unseen", unseen), ("partner", partner)):
        assert {each["owner"]["id"] for each in (await read(service, token))["items"]} == {own[name]["owner"]["id"]}
        assert await read(service, token, f"{PEOPLE}/{own[name]['id']}") == own[name]
        for other in own.keys() - {name}:
            for method in ("GET", "DELETE"):
                path = f"{PEOPLE}/{own[other]['id']}"
                assert_refused(await service.client.request(method, path, headers=token), 404, "not_found")
        for other_owner in {"tara", "unseen", partner_id, "admin", "nobody", NOBODYS} - {
            {"partner": partner_id}.get(name, name)
        }:
            for path in (PEOPLE, "/v1/invitations"):
                body = {"email": "new@tara.example", "owner": other_owner}
                assert_refused(await service.client.post(path, json=body, headers=token), 403, "not_owner")
    assert (await service.client.delete(f"{PEOPLE}/{own['partner']['id']}", headers=partner)).status_code == 204
    assert len((await read(service, await service.token()))["items"]) == 3


async def test_a_token_that_may_do_less_than_an_editor_makes_none(service: Service) -> None:
    person = await add_person(service, await service.token(responder="tara"))
    for scopes in (("intake:write",), ("responder:write",), ("webhooks:manage",), ("intake:write", "webhooks:manage")):
        narrow = await service.token(responder="tara", scopes=scopes)
        calls: list[tuple[str, str, Any]] = [
            ("GET", PEOPLE, None),
            ("GET", f"{PEOPLE}/{person['id']}", None),
            ("DELETE", f"{PEOPLE}/{person['id']}", None),
            ("POST", PEOPLE, {"email": "mine@elsewhere.example"}),
            ("POST", "/v1/invitations", {"email": "mine@elsewhere.example"}),
        ]
        for method, path, body in calls:
            answer = await service.client.request(method, path, json=body, headers=narrow)
            assert_refused(answer, 403, "insufficient_scope", what=(scopes, method, path))
    assert len((await read(service, await service.token()))["items"]) == 1
    editor = await service.token(responder="tara", scopes=("intake:write", "responder:write"))
    await add_person(service, editor, "second@tara.example")


async def test_what_is_no_person_is_refused_without_repeating_it(service: Service) -> None:
    admin = await service.token()
    good = {"email": EMAIL, "owner": "tara"}
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({**good, "email": "no address"}, "invalid", "/email"),
        ({**good, "email": "a@b"}, "invalid", "/email"),
        ({**good, "email": "x@tara.example\r\nBcc: all@tara.example"}, "invalid", "/email"),
        ({**good, "email": "a@tara.example, b@tara.example"}, "invalid", "/email"),
        ({**good, "email": "x" * 250 + "@tara.example"}, "invalid", "/email"),
        ({**good, "email": None}, "invalid", "/email"),
        ({"owner": "tara"}, "invalid", "/email"),
        ({**good, "roles": []}, "invalid", "/roles"),
        ({**good, "roles": ["owner"]}, "invalid", "/roles/0"),
        ({**good, "name": "Somebody"}, "unknown_field", "/name"),
        ({**good, "owner": "nobody"}, "invalid", "/owner"),
        ({**good, "owner": NOBODYS}, "invalid", "/owner"),
        ({**good, "owner": ""}, "invalid", "/owner"),
        # An administrator's own would be the administrators, by mistake.
        ({"email": EMAIL}, "invalid", "/owner"),
    ]
    for path in (PEOPLE, "/v1/invitations"):
        for body, code, pointer in cases:
            answer = await service.client.post(path, json=body, headers=admin)
            assert_refused(answer, 422, code, pointer, what=body)
            assert "tara.example" not in answer.text, body
    assert (await read(service, admin))["items"] == []
    assert await mailed(service, MailKind.INVITATION) == []


async def test_an_address_is_once_at_an_owner_however_it_is_typed(service: Service) -> None:
    tara = await service.token(responder="tara")
    await add_person(service, tara, TYPED_EMAIL, roles=["reminded"])
    for email in (EMAIL, TYPED_EMAIL, EMAIL.upper()):
        again = await service.client.post(PEOPLE, json={"email": email}, headers=tara)
        assert_refused(again, 409, "already_exists")
        assert EMAIL not in again.text.lower()
    assert [each["roles"] for each in (await read(service, tara))["items"]] == [["reminded"]]


@pytest.mark.parametrize("owner", ["tara", "admin"])
async def test_the_same_address_at_once_makes_one_person(service: Service, owner: str) -> None:
    admin = await service.token()
    body = {"email": EMAIL, "owner": owner}
    answers = await answers_at_once([lambda: service.client.post(PEOPLE, json=body, headers=admin)] * 8)
    assert sorted(each.status_code for each in answers) == [201] + [409] * 7
    assert len((await read(service, admin))["items"]) == 1


async def test_an_address_is_found_under_an_older_key(settings: Settings, clock: Clock) -> None:
    newest = bytes(reversed(range(32)))
    async with serving(mailing(settings), clock) as service:
        person = await add_person(service, await service.token(responder="tara"))
    rotated = msgspec.structs.replace(settings, secret_keys=(newest, SECRET_KEY))
    async with serving(mailing(rotated), clock) as service:
        tara = await service.token(responder="tara")
        assert_refused(await service.client.post(PEOPLE, json={"email": EMAIL}, headers=tara), 409, "already_exists")
        assert (await read(service, tara))["items"] == [person]
    lost = msgspec.structs.replace(settings, secret_keys=(newest,))
    async with serving(mailing(lost), clock) as service:
        tara = await service.token(responder="tara")
        # Nobody can read it any more, and it can still be removed.
        assert (await read(service, tara))["items"] == [person | {"email": None}]
        assert (await service.client.delete(f"{PEOPLE}/{person['id']}", headers=tara)).status_code == 204


async def test_a_person_who_signed_in_acts_in_the_name_of_nobody_but_an_id(service: Service) -> None:
    person = await add_person(service, await service.token(responder="tara"))
    signed_in = await sign_in(service, person)
    me = await read(service, signed_in, "/v1/me")
    assert (me["person_id"], me["label"], me["scopes"]) == (person["id"], None, ["intake:write", "responder:write"])
    assert me["expires_at"] == "2026-11-22T00:00:00Z"
    colleague = await add_person(service, signed_in, "second@tara.example")
    entry = (await read(service, await service.token(), "/v1/audit", target=colleague["id"]))["items"][0]
    assert entry["actor"] == {
        "type": "person",
        "id": person["id"],
        "label": None,
        "owner": person["owner"],
        "user": None,
    }
    assert (await read(service, await service.token(responder="tara"), "/v1/me"))["person_id"] is None


async def test_a_removal_leaves_nothing_of_the_person_but_an_id_in_the_audit(service: Service) -> None:
    admin, tara = await service.token(), await service.token(responder="tara")
    person = await add_person(service, tara)
    other = await add_person(service, tara, "second@tara.example")
    at_unseen = await add_person(service, await service.token(responder="unseen"))
    signed_in, other_signed_in = await sign_in(service, person), await sign_in(service, other)
    rotated = await service.client.post(
        f"/v1/tokens/{(await read(service, signed_in, '/v1/me'))['token_id']}/rotate", json={}, headers=signed_in
    )
    successor = {"authorization": f"Bearer {rotated.json()['token']}"}
    assert (await read(service, successor, "/v1/me"))["person_id"] == person["id"]
    link = await make_link(service, LinkKind.SIGN_IN, person_id=UUID(person["id"]))
    # One to the same address that is still waiting, one of the same address elsewhere, and one to another address.
    invitation = await invite(service, tara)
    elsewhere = await invite(service, await service.token(responder="unseen"))
    another = await invite(service, tara, "third@tara.example")
    assert (await service.client.delete(f"{PEOPLE}/{person['id']}", headers=tara)).status_code == 204
    for token in (signed_in, successor):
        assert_refused(await service.client.get("/v1/me", headers=token), 401, "token_unknown")
        refused = await service.client.post("/v1/responders/tara/intake/confirmation", headers=token)
        assert_refused(refused, 401, "token_unknown")
    for secret in (link.secret, invitation):
        assert_refused(await use(service, secret), 404, "not_found")
    assert (await service.client.get("/v1/me", headers=other_signed_in)).status_code == 200
    assert {each["id"] for each in (await read(service, admin))["items"]} == {other["id"], at_unseen["id"]}
    found = await tables_with(service, person["id"])
    assert found == {"audit"}
    async with service.database.read() as session:
        hashes = service.keys.email_hashes(EMAIL)
        assert len(list(await session.scalars(select(PersonRow).where(PersonRow.email_hash.in_(hashes))))) == 1
        assert len(list(await session.scalars(select(LinkRow).where(LinkRow.email_hash.in_(hashes))))) == 1
        assert len(list(await session.scalars(select(MailRow)))) == 2
        assert len(list(await session.scalars(select(TokenRow).where(TokenRow.person_id.is_not(None))))) == 1
    for secret in (elsewhere, another):
        assert (await use(service, secret)).status_code == 200


async def tables_with(service: Service, person_id: str) -> set[str]:
    """The tables in which any column has this id, however it is written."""
    forms = {person_id, person_id.replace("-", "")}
    async with service.database.read() as session:
        return {
            table.name
            for table in Table.metadata.sorted_tables
            for row in await session.execute(select(table))
            if any(form in str(value) for value in row for form in forms)
        }


@pytest.mark.parametrize("owner", ["tara", "admin"])
async def test_a_removal_and_the_use_of_links_at_once_leave_nothing_behind(service: Service, owner: str) -> None:
    admin = await service.token()
    queue = SignInQueue(service.database, service.keys, service.clock, lambda: None)
    for _ in range(4):
        person = await add_person(service, admin, owner=owner)
        made = [await make_link(service, LinkKind.SIGN_IN, owner, person_id=UUID(person["id"])) for _ in range(3)]
        invitation = await invite(service, admin, owner=owner)
        queue.put(EMAIL)
        removal = partial(service.client.delete, f"{PEOPLE}/{person['id']}", headers=admin)
        uses = [partial(use, service, secret) for secret in (made[0].secret, invitation, made[1].secret)]
        last = partial(use, service, made[2].secret)
        asking = asyncio.create_task(queue.mail_waiting())
        *used, removed, last_used = await answers_at_once([*uses, removal, last])
        await asking
        assert {each.status_code for each in (*used, last_used)} <= {200, 404}
        assert removed.status_code == 204
        # The invitation was accepted after the removal, or went with it.
        again = (await read(service, admin))["items"]
        assert [each["id"] for each in again] in ([], [used[1].json().get("id")])
        for each in again:
            assert each["id"] != person["id"]
            await service.client.delete(f"{PEOPLE}/{each['id']}", headers=admin)
        assert await tables_with(service, person["id"]) == {"audit"}
        async with service.database.read() as session:
            assert list(await session.scalars(select(TokenRow).where(TokenRow.person_id.is_not(None)))) == []
            assert list(await session.scalars(select(LinkRow))) == []


async def test_somebody_removes_themselves(service: Service) -> None:
    person = await add_person(service, await service.token(), owner="admin")
    signed_in = await sign_in(service, person)
    assert (await read(service, signed_in, "/v1/me"))["scopes"] == ["admin"]
    assert (await service.client.delete(f"{PEOPLE}/{person['id']}", headers=signed_in)).status_code == 204
    assert_refused(await service.client.get(PEOPLE, headers=signed_in), 401, "token_unknown")


async def test_a_suspended_owner_gets_no_people_and_can_lose_them(service: Service) -> None:
    admin = await service.token()
    person = await add_person(service, admin, owner="tara")
    owner = f"/v1/owners/{person['owner']['id']}"
    assert (await service.client.patch(owner, json={"suspended": True}, headers=admin)).status_code == 200
    for path in (PEOPLE, "/v1/invitations"):
        body = {"email": "new@tara.example", "owner": "tara"}
        assert_refused(await service.client.post(path, json=body, headers=admin), 409, "conflict")
    assert (await service.client.delete(f"{PEOPLE}/{person['id']}", headers=admin)).status_code == 204


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_an_owner_has_so_many_people_and_invitations(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "MAX_PEOPLE", 3)
    tara = await service.token(responder="tara")
    await add_person(service, tara, "a@tara.example")
    invited = await invite(service, tara, "b@tara.example")
    await invite(service, tara, "c@tara.example")
    for path in (PEOPLE, "/v1/invitations"):
        refused = await service.client.post(path, json={"email": "d@tara.example"}, headers=tara)
        assert_refused(refused, 409, "conflict")
        assert "as many as it may have" in refused.json()["detail"]
    # One that was invited in time becomes a person, and an invitation that has ended makes room.
    assert (await use(service, invited)).status_code == 200
    service.clock.advance(7 * DAY)  # type: ignore[attr-defined]  # the test's own
    await add_person(service, await service.token(responder="tara"), "d@tara.example")


async def test_an_invitation_is_mailed_and_adds_nobody_by_itself(service: Service) -> None:
    admin = await service.token()
    answer = await service.client.post(
        "/v1/invitations", json={"email": TYPED_EMAIL, "owner": "tara", "roles": ["reminded"]}, headers=admin
    )
    assert (answer.status_code, answer.json()) == (202, {"expires_at": "2026-11-28T12:00:00Z"})
    assert (await read(service, admin))["items"] == []
    (mail,) = await mailed(service, MailKind.INVITATION)
    assert (mail.person_id, mail.status, mail.next_attempt_at) == (None, "waiting", service.clock())
    async with service.database.read() as session:
        (link,) = await session.scalars(select(LinkRow))
    assert (mail.link_id, link.kind, link.roles) == (link.id, "invitation", ["reminded"])
    assert service.keys.unseal(link.sealed_email or "") == EMAIL
    (entry,) = (await read(service, admin, "/v1/audit", action="person"))["items"]
    assert (entry["action"], entry["target"]) == ("person.invite", str(link.id))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_service_that_sends_no_mail_invites_nobody_and_has_people(settings: Settings, clock: Clock) -> None:
    async with serving(settings, clock) as service:
        tara = await service.token(responder="tara")
        refused = await service.client.post("/v1/invitations", json={"email": EMAIL}, headers=tara)
        assert_refused(refused, 409, "mail_off")
        assert await mailed(service, MailKind.INVITATION) == []
        assert (await add_person(service, tara))["email"] == EMAIL


def test_no_repr_of_a_person_has_the_address() -> None:
    keys = Keys((SECRET_KEY,))
    row = PersonRow(id=UUID(NOBODYS), sealed_email=keys.seal(EMAIL), roles=[Role.EDITOR])
    assert EMAIL not in repr(row)
