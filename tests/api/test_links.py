"""/v1/links and /v1/handovers: what a link does, once, and what it says when it cannot."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from ipaddress import ip_network
from uuid import UUID

import httpx
import msgspec
import pytest
from sqlalchemy import select
from tests.api.people import (
    EMAIL,
    add_person,
    audit,
    invite,
    look,
    mailing,
    make_link,
    sign_in,
    status,
    still_true,
    stored_link,
    use,
)
from tests.api.refusals import assert_refused
from tests.conftest import Clock
from tests.serving import OPEN, PATIENCE_SECONDS, PAUSED, Service, answers_at_once, serving

from capacity_api.api.context import FAILURE_LIMIT
from capacity_api.config import Settings
from capacity_api.db import sequence
from capacity_api.db.people_tables import LinkRow
from capacity_api.domain.links import LIFETIMES, LinkKind, link_address, make_secret
from capacity_api.errors import LinkExpired
from capacity_api.operations import link_use, owners

HANDOVERS = "/v1/handovers"
TARA = "/v1/responders/tara"
on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
async def service(settings: Settings, clock: Clock) -> AsyncIterator[Service]:
    async with serving(mailing(settings), clock) as running:
        yield running


async def make_each(service: Service) -> dict[LinkKind, str]:
    """The secret of a link of each kind, all of tara."""
    person = await add_person(service, await service.token(responder="tara"), "first@tara.example")
    signing_in = await make_link(service, LinkKind.SIGN_IN, person_id=UUID(person["id"]))
    return {
        LinkKind.SIGN_IN: signing_in.secret,
        LinkKind.STILL_TRUE: await still_true(service),
        LinkKind.INVITATION: await invite(service, await service.token(responder="tara")),
        LinkKind.HANDOVER: (await make_link(service, LinkKind.HANDOVER)).secret,
    }


async def test_looking_says_what_a_link_does_and_changes_nothing(service: Service) -> None:
    secrets = await make_each(service)
    sequence_before = (await service.responder("tara"))["sequence"]
    for kind, secret in secrets.items():
        # Ten scanners at once, with the secret or the whole address.
        address = link_address("https://capacity.example.org", "responder", secret)
        answers = await answers_at_once([partial(look, service, each) for each in [secret, address] * 5])
        for answer in answers:
            assert answer.status_code == 200, answer.text
            assert answer.headers["cache-control"] == "no-store"
            shown = answer.json()
            assert (shown["kind"], shown["status"], shown["slug"]) == (kind, "usable", "tara")
            expires_at = service.clock() + LIFETIMES[kind]
            assert shown["expires_at"] == expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")
            assert set(shown) == {"kind", "status", "owner", "slug", "report", "expires_at"}
            assert (shown["owner"]["type"], shown["owner"]["slug"]) == ("responder", "tara")
            assert (shown["report"] is not None) == (kind is LinkKind.STILL_TRUE)
        assert (await stored_link(service, secret)).used_at is None
    report = (await look(service, secrets[LinkKind.STILL_TRUE])).json()["report"]
    assert (report["state"], report["expected_response"]) == ("open", OPEN["expected_response"])
    assert not await audit(service, action="link")
    assert (await service.responder("tara"))["sequence"] == sequence_before


@on_one_database
async def test_looking_says_for_whom_a_link_is(service: Service) -> None:
    case_tool = await service.token(partner="Case tool")
    partner = (await service.client.get("/v1/me", headers=case_tool)).json()["owner"]
    admin = {"type": "admin", "name": None, "slug": None, "id": None}
    for key, owner in ((partner["id"], partner), ("admin", admin)):
        link = await make_link(service, LinkKind.INVITATION, key, email=EMAIL, roles=["editor"])
        shown = (await look(service, link.secret)).json()
        assert (shown["owner"], shown["slug"]) == (owner, None)


@on_one_database
async def test_a_report_whose_day_has_passed_is_not_offered_to_be_confirmed(service: Service, clock: Clock) -> None:
    secret = await still_true(service, {"state": "paused", "reopens_on": clock().date().isoformat()})
    assert await status(service, secret) == "usable"
    clock.advance(timedelta(days=1))
    shown = (await look(service, secret)).json()
    assert (shown["status"], shown["report"]) == ("expired", None)
    assert_refused(await use(service, secret), 410, "link_expired")
    await service.report("tara", OPEN)
    assert await status(service, secret) == "superseded"


async def test_signing_in_brings_a_token_for_twelve_hours(service: Service) -> None:
    admin = await service.token()
    partner_id = (await service.client.get("/v1/me", headers=await service.token(partner="Case tool"))).json()["owner"][
        "id"
    ]
    for owner, scopes in (
        ("tara", ["intake:write", "responder:write"]),
        (partner_id, ["webhooks:manage"]),
        ("admin", ["admin"]),
    ):
        person = await add_person(service, admin, owner=owner)
        link = await make_link(service, LinkKind.SIGN_IN, owner, person_id=UUID(person["id"]))
        used = await use(service, link.secret)
        assert (used.status_code, used.headers["cache-control"]) == (200, "no-store")
        token = used.json().pop("token")
        assert used.json() == {
            "token": token,
            "owner": person["owner"],
            "scopes": scopes,
            "expires_at": "2026-11-22T00:00:00Z",
        }
        me = await service.client.get("/v1/me", headers={"authorization": f"Bearer {token}"})
        assert (me.json()["person_id"], me.json()["scopes"]) == (person["id"], scopes)
        entries = await audit(service, actor=str(link.id))
        assert [(each["action"], each["target"]) for each in entries] == [
            ("token.issue", me.json()["token_id"]),
            ("link.use", str(link.id)),
        ]
        actor = {"type": "link", "id": str(link.id), "label": None, "owner": person["owner"], "user": None}
        assert all(each["actor"] == actor for each in entries)


async def test_accepting_an_invitation_makes_a_person(service: Service) -> None:
    tara = await service.token(responder="tara")
    secret = await invite(service, tara, roles=["editor"])
    link_id = str((await stored_link(service, secret)).id)
    used = await use(service, secret)
    person = used.json()
    assert (used.status_code, used.headers["cache-control"]) == (200, "no-store")
    assert person == {
        "id": person["id"],
        "email": EMAIL,
        "owner": (await service.client.get("/v1/me", headers=tara)).json()["owner"],
        "roles": ["editor"],
        "mail": "ok",
        "created_at": "2026-11-21T12:00:00Z",
    }
    people = (await service.client.get("/v1/people", headers=tara)).json()["items"]
    assert people == [person]
    assert [(each["action"], each["target"]) for each in await audit(service, actor=link_id)] == [
        ("person.add", person["id"]),
        ("link.use", link_id),
    ]
    # From then on only the person has the address.
    row = await stored_link(service, secret)
    assert (row.sealed_email, row.email_hash, str(row.person_id)) == (None, None, person["id"])


async def test_an_invitation_to_somebody_who_is_here_unites_the_roles(service: Service) -> None:
    tara = await service.token(responder="tara")
    person = await add_person(service, tara, roles=["reminded"])
    secret = await invite(service, tara, EMAIL.upper(), roles=["editor"])
    assert (await use(service, secret)).json() == person | {"roles": ["editor", "reminded"]}
    assert len((await service.client.get("/v1/people", headers=tara)).json()["items"]) == 1


async def test_a_handover_brings_the_token_that_was_ordered(service: Service) -> None:
    admin = await service.token()
    order = {"owner": "tara", "scopes": ["intake:write"], "label": " Referral team "}
    made = await service.client.post(HANDOVERS, json=order, headers=admin)
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    assert set(made.json()) == {"link", "expires_at"}
    assert made.json()["expires_at"] == "2026-11-22T12:00:00Z"
    address, _, secret = made.json()["link"].partition("#link=")
    assert address == "https://capacity.example.org/update"
    tokens_before = len((await service.client.get("/v1/tokens", headers=admin)).json()["items"])
    link_id = str((await stored_link(service, secret)).id)
    assert (await audit(service, action="handover"))[0]["target"] == link_id
    used = await use(service, made.json()["link"])
    assert used.status_code == 200, used.text
    assert used.json() == {
        "token": used.json()["token"],
        "owner": (await service.client.get("/v1/me", headers=await service.token(responder="tara"))).json()["owner"],
        "scopes": ["intake:write"],
        "expires_at": "2027-11-21T12:00:00Z",
    }
    token = {"authorization": f"Bearer {used.json()['token']}"}
    me = (await service.client.get("/v1/me", headers=token)).json()
    assert (me["label"], me["person_id"]) == ("Referral team", None)
    assert len((await service.client.get("/v1/tokens", headers=admin)).json()["items"]) == tokens_before + 3
    for owner, page in (("admin", "manage"), ("unseen", "update")):
        made = await service.client.post(HANDOVERS, json={"owner": owner}, headers=admin)
        assert made.json()["link"].startswith(f"https://capacity.example.org/{page}#link=")


async def test_a_handover_is_an_administrators_and_of_what_an_owner_may_have(service: Service) -> None:
    admin, tara = await service.token(), await service.token(responder="tara")
    assert_refused(
        await service.client.post(HANDOVERS, json={"owner": "tara"}, headers=tara), 403, "insufficient_scope"
    )
    for body, code, pointer in (
        ({}, "invalid", "/owner"),
        ({"owner": None}, "invalid", "/owner"),
        ({"owner": "nobody"}, "invalid", "/owner"),
        ({"owner": "tara", "scopes": ["admin"]}, "invalid", "/scopes/0"),
        ({"owner": "tara", "scopes": ["intake"]}, "invalid", "/scopes/0"),
        ({"owner": "tara", "scopes": []}, "invalid", "/scopes"),
        ({"owner": "tara", "label": "x" * 101}, "invalid", "/label"),
        ({"owner": "tara", "expires_at": None}, "unknown_field", "/expires_at"),
    ):
        assert_refused(await service.client.post(HANDOVERS, json=body, headers=admin), 422, code, pointer, what=body)
    tara_id = (await service.responder("tara"))["id"]
    await service.client.patch(f"/v1/owners/{tara_id}", json={"suspended": True}, headers=admin)
    assert_refused(await service.client.post(HANDOVERS, json={"owner": "tara"}, headers=admin), 409, "conflict")
    async with service.database.read() as session:
        assert list(await session.scalars(select(LinkRow))) == []


@on_one_database
async def test_without_a_public_url_a_handover_names_no_host(settings: Settings, clock: Clock) -> None:
    async with serving(settings, clock) as service:
        answer = await service.client.post(
            HANDOVERS, json={"owner": "tara"}, headers={**await service.token(), "host": "evil.example"}
        )
        assert answer.json()["link"].startswith("/update#link=")


@pytest.mark.parametrize("kind", LinkKind)
async def test_of_ten_uses_at_once_one_works(service: Service, kind: LinkKind) -> None:
    secret = (await make_each(service))[kind]
    before = len(await audit(service, action="link"))
    answers = await answers_at_once([lambda: use(service, secret)] * 10)
    assert sorted(each.status_code for each in answers) == [200] + [410] * 9
    for answer in answers:
        if answer.status_code == 410:
            assert_refused(answer, 410, "link_used")
    assert len(await audit(service, action="link")) == before + 1
    assert await status(service, secret) == "used"
    assert_refused(await use(service, secret), 410, "link_used")


async def test_a_link_that_has_ended_does_nothing(service: Service, clock: Clock) -> None:
    secrets = await make_each(service)
    made_at = clock.now
    for kind in sorted(LinkKind, key=lambda each: LIFETIMES[each]):
        clock.set(made_at + LIFETIMES[kind] - timedelta(seconds=1))
        assert await status(service, secrets[kind]) == "usable"
        clock.set(made_at + LIFETIMES[kind])
        assert await status(service, secrets[kind]) == "expired"
        assert_refused(await use(service, secrets[kind]), 410, "link_expired")
    assert not await audit(service, action="link")


async def test_no_link_of_a_suspended_owner_does_anything(service: Service) -> None:
    admin = await service.token()
    secrets = await make_each(service)
    tara_id = (await service.responder("tara"))["id"]
    await service.client.patch(f"/v1/owners/{tara_id}", json={"suspended": True}, headers=admin)
    for secret in secrets.values():
        assert await status(service, secret) == "expired"
        assert_refused(await use(service, secret), 410, "link_expired")
    assert not await audit(service, action="link")


@pytest.mark.parametrize("kind", LinkKind)
async def test_an_owner_that_is_suspended_after_the_link_was_read_has_none_that_works(
    service: Service, kind: LinkKind
) -> None:
    secret = (await make_each(service))[kind]
    tara_id = UUID((await service.responder("tara"))["id"])
    async with service.database.write() as session:
        await owners.suspend(session, service.clock(), tara_id)
    with pytest.raises(LinkExpired):
        async with service.database.write() as session:
            await link_use.use_link(session, service.clock(), service.keys, secret)
    assert (await stored_link(service, secret)).used_at is None


async def test_what_is_no_link_is_not_found_without_a_write(service: Service) -> None:
    unknown = make_secret()
    texts = [unknown, f"https://capacity.example.org/update#link={unknown}", "nobody", "#link=", unknown + "x", "é"]
    async with service.database.write() as session:
        # While somebody else writes.
        await sequence.lock(session)
        async with asyncio.timeout(PATIENCE_SECONDS):
            for text in texts:
                for call in (look, use):
                    assert_refused(await call(service, text), 404, "not_found", what=text)
    for path in ("/v1/links/look", "/v1/links/use"):
        for body, code, pointer in (
            ({}, "invalid", "/link"),
            ({"link": None}, "invalid", "/link"),
            ({"link": " "}, "invalid", "/link"),
            ({"link": "x" * 2001}, "invalid", "/link"),
            ({"link": unknown, "slug": "tara"}, "unknown_field", "/slug"),
        ):
            answer = await service.client.post(path, json=body)
            assert_refused(answer, 422, code, pointer, what=body)
            assert unknown not in answer.text


async def test_a_link_that_cannot_be_used_is_refused_without_a_write(service: Service) -> None:
    used, superseded = (await make_link(service, LinkKind.HANDOVER)).secret, await still_true(service)
    assert (await use(service, used)).status_code == 200
    await service.report("tara", PAUSED)
    async with service.database.write() as session:
        await sequence.lock(session)
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert_refused(await use(service, used), 410, "link_used")
            assert_refused(await use(service, superseded), 409, "link_superseded")


@on_one_database
async def test_an_address_may_guess_so_many_links_in_a_minute(settings: Settings, clock: Clock) -> None:
    limited = msgspec.structs.replace(mailing(settings), query_limit=0, trusted_proxies=(ip_network("127.0.7.0/24"),))
    async with serving(limited, clock) as service, AsyncExitStack() as stack:
        secret = (await make_link(service, LinkKind.HANDOVER)).secret

        async def client_at(address: str) -> httpx.AsyncClient:
            transport = httpx.AsyncHTTPTransport(local_address=address)
            return await stack.enter_async_context(
                httpx.AsyncClient(base_url=service.client.base_url, transport=transport, timeout=PATIENCE_SECONDS)
            )

        guessing = await client_at("127.0.0.2")
        for number in range(FAILURE_LIMIT):
            path = "/v1/links/look" if number % 2 else "/v1/links/use"
            refused = await guessing.post(path, json={"link": make_secret()})
            assert_refused(refused, 404, "not_found")
        for path in ("/v1/links/look", "/v1/links/use"):
            refused = await guessing.post(path, json={"link": secret})
            assert_refused(refused, 429, "too_many_requests")
            assert 1 <= int(refused.headers["retry-after"]) <= 60
        # Others are not affected, and it may go on in a minute.
        other = await client_at("127.0.0.3")
        assert (await other.post("/v1/links/look", json={"link": secret})).status_code == 200
        clock.advance(timedelta(minutes=1))
        assert (await guessing.post("/v1/links/use", json={"link": secret})).status_code == 200


async def test_a_forwarded_link_works_for_whoever_taps_first_and_no_log_has_it(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    secrets = await make_each(service)
    with caplog.at_level("DEBUG"):
        answers = [await use(service, secret) for secret in secrets.values() for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 410] * 4
    for secret in secrets.values():
        assert secret not in caplog.text
        link_id = (await stored_link(service, secret)).id
        assert str(link_id) in caplog.text
    assert {each["target"] for each in await audit(service, action="link.use")} == {
        str((await stored_link(service, each)).id) for each in secrets.values()
    }
    for answer in answers:
        token = answer.json().get("token")
        assert token is None or token not in caplog.text


async def test_signing_in_again_leaves_the_first_token_as_it_is(service: Service) -> None:
    person = await add_person(service, await service.token(responder="tara"))
    first, second = await sign_in(service, person), await sign_in(service, person)
    for token in (first, second):
        assert (await service.client.get("/v1/me", headers=token)).status_code == 200
