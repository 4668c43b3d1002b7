"""/v1/owners and /v1/partners: whose tokens and webhooks hold, until when."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select
from tests.api.refusals import assert_refused
from tests.api.subscribers import Subscriber, report
from tests.conftest import NOON
from tests.serving import OPEN, PATIENCE_SECONDS, PAUSED, Headers, Service, answers_at_once

from capacity_api.db.engine import Database
from capacity_api.db.tables import AttemptRow, DeliveryRow, TokenRow, WebhookRow
from capacity_api.domain.keys import Keys
from capacity_api.domain.owner import Owner
from capacity_api.errors import Conflict
from capacity_api.operations.owners import responder_owner, suspend
from capacity_api.operations.webhooks import management
from capacity_api.operations.webhooks.management import WebhookRequest

OWNERS = "/v1/owners"
NOBODYS = "01a2007e-b997-77a8-89c7-808e6971fa9d"
WEBHOOK = {"url": "https://partner.example/"}


async def read(service: Service, token: Headers, path: str, **parameters: Any) -> Any:
    answer = await service.client.get(path, headers=token, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def owner_of(service: Service, token: Headers) -> Mapping[str, Any]:
    found: dict[str, Any] = (await read(service, token, "/v1/me"))["owner"]
    return found


async def change(service: Service, owner_id: str, *, suspended: bool) -> httpx.Response:
    return await service.client.patch(
        f"{OWNERS}/{owner_id}", json={"suspended": suspended}, headers=await service.token()
    )


async def actions(service: Service) -> list[tuple[str, str]]:
    """What the audit says of owners and partners, newest first."""
    entries = (await read(service, await service.token(), "/v1/audit", limit=500))["items"]
    return [(each["action"], each["target"]) for each in entries if each["action"].startswith(("owner.", "partner."))]


async def test_the_owners_are_listed_newest_first_and_the_administrators_last(service: Service) -> None:
    partner = await service.token(partner="Case tool")
    admin = await service.token()
    await service.token(responder="tara")
    revoked = await service.token(responder="tara")
    await service.client.delete(f"/v1/tokens/{(await read(service, revoked, '/v1/me'))['token_id']}", headers=revoked)
    await service.client.post("/v1/webhooks", json=WEBHOOK, headers=partner)
    page = await read(service, admin, OWNERS)
    assert [each["type"] for each in page["items"]] == ["partner", *["responder"] * 13, "admin"]
    assert page["next"] is None
    assert page["items"][0] == {
        "id": (await owner_of(service, partner))["id"],
        "type": "partner",
        "name": "Case tool",
        "slug": None,
        "suspended": False,
        "suspended_at": None,
        "token_count": 1,
        "webhook_count": 1,
        "people_count": 0,
    }
    tara = next(each for each in page["items"] if each["slug"] == "tara")
    assert (tara["name"], tara["token_count"], tara["webhook_count"]) == ("TARA", 1, 0)
    assert page["items"][-1] == {
        "id": None,
        "type": "admin",
        "name": None,
        "slug": None,
        "suspended": False,
        "suspended_at": None,
        "token_count": 1,
        "webhook_count": 0,
        "people_count": 0,
    }
    for limit in (1, 7, 14, 15):
        found, cursor = [], None
        while True:
            part = await read(service, admin, OWNERS, limit=limit, **({"cursor": cursor} if cursor else {}))
            assert len(part["items"]) <= limit
            found += part["items"]
            cursor = part["next"]
            if cursor is None:
                break
        assert found == page["items"]
    for each in page["items"]:
        assert await read(service, admin, f"{OWNERS}/{each['id'] or 'admin'}") == each


async def test_only_an_administrator_sees_and_changes_owners(service: Service) -> None:
    tara, partner = await service.token(responder="tara"), await service.token(partner="Case tool")
    mine = (await owner_of(service, partner))["id"]
    calls: list[tuple[str, str, dict[str, Any] | None]] = [
        ("GET", OWNERS, None),
        ("GET", f"{OWNERS}/{mine}", None),
        ("PATCH", f"{OWNERS}/{mine}", {"suspended": True}),
        ("POST", "/v1/partners", {"name": "Mine"}),
        ("GET", "/v1/partners", None),
        ("GET", f"/v1/partners/{mine}", None),
        ("DELETE", f"/v1/partners/{mine}", None),
    ]
    for method, path, body in calls:
        for token in (tara, partner):
            answer = await service.client.request(method, path, json=body, headers=token)
            assert_refused(answer, 403, "insufficient_scope", what=(method, path))
        answer = await service.client.request(method, path, json=body)
        assert_refused(answer, 401, "token_missing", what=(method, path))


async def test_an_owner_that_is_not_there_is_404(service: Service) -> None:
    admin = await service.token()
    for owner_id in (NOBODYS, "nobody", "ADMIN", "tara", "0"):
        assert_refused(await service.client.get(f"{OWNERS}/{owner_id}", headers=admin), 404, "not_found")
        assert_refused(await change(service, owner_id, suspended=True), 404, "not_found", what=owner_id)
        assert_refused(await change(service, owner_id, suspended=False), 404, "not_found", what=owner_id)
    answer = await service.client.delete(f"/v1/partners/{NOBODYS}", headers=admin)
    assert_refused(answer, 404, "not_found")
    # A responder is no partner.
    tara = (await owner_of(service, await service.token(responder="tara")))["id"]
    assert_refused(await service.client.delete(f"/v1/partners/{tara}", headers=admin), 404, "not_found")


async def test_a_bad_change_of_an_owner_is_refused(service: Service) -> None:
    admin = await service.token()
    tara = (await owner_of(service, await service.token(responder="tara")))["id"]
    for body, code, pointer in (
        ({"suspended": "yes"}, "invalid", "/suspended"),
        ({"suspended": None}, "invalid", "/suspended"),
        ({"name": "x"}, "unknown_field", "/name"),
    ):
        answer = await service.client.patch(f"{OWNERS}/{tara}", json=body, headers=admin)
        assert_refused(answer, 422, code, pointer, what=body)
    answer = await service.client.patch(f"{OWNERS}/{tara}", json={}, headers=admin)
    assert (answer.status_code, answer.json()["suspended"]) == (200, False)
    assert await actions(service) == []


async def test_a_suspended_owners_tokens_hold_no_more_at_once_until_it_is_resumed(service: Service) -> None:
    admin = await service.token()
    partner = (await service.client.post("/v1/partners", json={"name": "Case tool"}, headers=admin)).json()
    for order in ({"owner": "tara"}, {"owner": partner["id"]}):
        issued = [(await service.client.post("/v1/tokens", json=order, headers=admin)).json() for _ in range(2)]
        tokens = [{"authorization": f"Bearer {each['token']}"} for each in issued]
        owner = issued[0]["owner"]
        answer = await change(service, owner["id"], suspended=True)
        assert (answer.status_code, answer.json()["suspended_at"]) == (200, "2026-11-21T12:00:00Z")
        assert answer.json()["suspended"] is True
        for token in tokens:
            for method, path, body in (
                ("GET", "/v1/me", None),
                ("POST", "/v1/webhooks", WEBHOOK),
                ("PUT", "/v1/responders/tara/intake", OPEN),
            ):
                refused = await service.client.request(method, path, json=body, headers=token)
                assert_refused(refused, 401, "owner_suspended", what=path)
        # Nothing more comes of doing it twice.
        assert (await change(service, owner["id"], suspended=True)).json() == answer.json()
        refused = await service.client.post("/v1/tokens", json=order, headers=admin)
        assert_refused(refused, 409, "conflict")
        refused = await service.client.post(f"/v1/tokens/{issued[0]['id']}/rotate", json={}, headers=admin)
        assert_refused(refused, 409, "conflict")
        for _ in range(2):
            answer = await change(service, owner["id"], suspended=False)
            assert (answer.json()["suspended"], answer.json()["suspended_at"]) == (False, None)
        for token in tokens:
            assert await owner_of(service, token) == owner
    partner = owner["id"]
    # The audit has what changed nothing, too.
    twice = [(action, owner) for owner in (partner, "tara") for action in ("owner.resume", "owner.suspend")]
    assert await actions(service) == [*(each for each in twice for _ in range(2)), ("partner.add", partner)]


async def test_several_may_suspend_an_owner_at_once(service: Service) -> None:
    tara = (await owner_of(service, await service.token(responder="tara")))["id"]
    answers = await answers_at_once([lambda: change(service, tara, suspended=True)] * 5)
    assert {answer.status_code for answer in answers} == {200}
    assert [answer.json() for answer in answers] == [answers[0].json()] * 5
    assert await actions(service) == [("owner.suspend", "tara")] * 5


async def test_the_administrators_cannot_be_suspended(service: Service) -> None:
    assert_refused(await change(service, "admin", suspended=True), 409, "conflict")
    assert (await change(service, "admin", suspended=False)).json()["suspended"] is False
    assert await actions(service) == [("owner.resume", "admin")]


async def test_what_a_suspended_responder_said_stands_and_a_coordinator_may_report_for_it(service: Service) -> None:
    await service.report("tara", PAUSED)
    before = await service.responder("tara")
    tara = (await owner_of(service, await service.token(responder="tara")))["id"]
    await change(service, tara, suspended=True)
    assert await service.responder("tara") == before
    answer = await service.client.put("/v1/responders/tara/intake", json=OPEN, headers=await service.token())
    assert answer.status_code == 200
    assert (await service.responder("tara"))["intake"]["said_by"] == "coordinator"


async def test_delisting_suspends_and_listing_again_does_not_resume(service: Service) -> None:
    own, admin = await service.token(responder="tara"), await service.token()
    tara = await owner_of(service, own)
    listed = await service.responder("tara")
    answer = await service.client.post("/v1/webhooks", json=WEBHOOK, headers=own)
    assert answer.status_code == 201
    await service.client.delete("/v1/responders/tara", headers=admin)
    assert_refused(await service.client.post("/v1/webhooks", json=WEBHOOK, headers=own), 401, "owner_suspended")
    assert_refused(await change(service, tara["id"], suspended=False), 409, "conflict")
    remit = {**listed["remit"], "areas": [area["code"] for area in listed["remit"]["areas"]]}
    new = {"slug": "tara", "name": "TARA", "remit": remit}
    answer = await service.client.post("/v1/responders", json=new, headers=admin)
    assert answer.status_code == 201, answer.text
    assert_refused(await service.client.get("/v1/me", headers=own), 401, "owner_suspended")
    assert (await change(service, tara["id"], suspended=False)).json()["webhook_count"] == 1
    assert await owner_of(service, own) == tara
    async with service.database.read() as session:
        assert list(await session.scalars(select(WebhookRow.suspended))) == [False]
    assert [action for action, _ in await actions(service)] == ["owner.resume", "owner.suspend"]


async def test_a_suspended_owners_webhooks_stand_still_and_go_on_from_their_cursors(subscriber: Subscriber) -> None:
    service = subscriber.service
    first = await report(subscriber, PAUSED)
    assert await subscriber.deliver() == first
    partner = (await owner_of(service, subscriber.token))["id"]
    await change(service, partner, suspended=True)
    missed = await report(subscriber, {**PAUSED, "note": "Full."}, OPEN)
    assert await subscriber.deliver() == []
    await change(service, partner, suspended=False)
    # Not the note of a pause that is over.
    assert await subscriber.deliver() == missed[1:]
    assert (await subscriber.read())["status"] == "active"


class SlowBody(httpx.AsyncByteStream):
    """A body of which the last byte is sent when the test says so."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.may_end = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body[:-1]
        await self.may_end.wait()
        yield self._body[-1:]


async def test_a_body_that_takes_its_time_does_not_outlive_the_token(service: Service) -> None:
    admin = await service.token()
    before = await service.read("/v1/directory")

    async def write_slowly(end: Callable[[dict[str, Any]], Awaitable[Any]]) -> httpx.Response:
        issued = (await service.client.post("/v1/tokens", json={"owner": "tara"}, headers=admin)).json()
        body = SlowBody(b'{"state": "paused"}')
        headers = {"authorization": f"Bearer {issued['token']}", "content-type": "application/json"}
        async with asyncio.TaskGroup() as group:
            answer = group.create_task(service.client.put("/v1/responders/tara/intake", content=body, headers=headers))
            # The token is accepted when its use is recorded.
            async with asyncio.timeout(PATIENCE_SECONDS):
                while (await read(service, admin, f"/v1/tokens/{issued['id']}"))["last_used_at"] is None:
                    pass
            await end(issued)
            body.may_end.set()
        return answer.result()

    async def suspend(issued: dict[str, Any]) -> None:
        await change(service, issued["owner"]["id"], suspended=True)

    async def revoke(issued: dict[str, Any]) -> None:
        await service.client.delete(f"/v1/tokens/{issued['id']}", headers=admin)

    assert_refused(await write_slowly(revoke), 401, "token_revoked")
    assert_refused(await write_slowly(suspend), 401, "owner_suspended")
    assert await service.read("/v1/directory") == before


async def test_no_webhook_is_added_while_its_owner_is_being_suspended(listed: Database) -> None:
    keys, new = Keys(listed.settings.secret_keys), WebhookRequest(url=WEBHOOK["url"])

    async def add(owner: Owner) -> None:
        async with listed.write() as session:
            await management.add(session, NOON, keys, owner, new, ())

    async with listed.write() as session:
        tara = await responder_owner(session, "tara")
        await suspend(session, NOON, tara.id)
        adding = asyncio.create_task(add(tara))
    with pytest.raises(Conflict):
        await adding
    async with listed.read() as session:
        assert list(await session.scalars(select(WebhookRow.id))) == []


async def test_a_removed_partner_takes_its_tokens_and_webhooks_with_it(subscriber: Subscriber) -> None:
    service = subscriber.service
    await report(subscriber, PAUSED)
    await subscriber.deliver()
    other = await service.token(partner="Another tool")
    await service.client.post("/v1/webhooks", json=WEBHOOK, headers=other)
    partner = (await owner_of(service, subscriber.token))["id"]
    admin = await service.token()
    path = f"/v1/partners/{partner}"
    answers = await answers_at_once([lambda: service.client.delete(path, headers=admin)] * 3)
    assert sorted(answer.status_code for answer in answers) == [204, 404, 404]
    assert_refused(await service.client.get("/v1/me", headers=subscriber.token), 401, "token_unknown")
    for gone in (path, f"{OWNERS}/{partner}"):
        assert_refused(await service.client.get(gone, headers=admin), 404, "not_found")
    await report(subscriber, OPEN)
    assert await subscriber.deliver() == []
    async with service.database.read() as session:
        kept = (await session.execute(select(WebhookRow.id))).all()
        assert len(kept) == 1
        for table in (DeliveryRow, AttemptRow):
            assert set(await session.scalars(select(table.webhook_id))) <= {kept[0].id}
        assert await session.scalar(select(func.count()).where(TokenRow.partner_id.is_not(None))) == 1
    assert (await owner_of(service, other))["name"] == "Another tool"
    assert ("partner.remove", partner) in await actions(service)
    # Its name is free again.
    answer = await service.client.post("/v1/partners", json={"name": "Case tool"}, headers=admin)
    assert answer.status_code == 201


async def test_a_partner_may_be_removed_while_its_tokens_and_webhooks_are_made(service: Service) -> None:
    own, admin = await service.token(partner="Case tool"), await service.token()
    me = await read(service, own, "/v1/me")
    calls = [
        lambda: service.client.post("/v1/tokens", json={"owner": me["owner"]["id"]}, headers=admin),
        lambda: service.client.post("/v1/webhooks", json=WEBHOOK, headers=own),
        lambda: service.client.post(f"/v1/tokens/{me['token_id']}/rotate", json={}, headers=own),
        lambda: service.client.delete(f"/v1/partners/{me['owner']['id']}", headers=admin),
        lambda: service.client.post("/v1/tokens", json={"owner": me["owner"]["id"]}, headers=admin),
        lambda: service.client.post("/v1/webhooks", json=WEBHOOK, headers=own),
    ]
    answers = await answers_at_once(calls)
    assert answers[3].status_code == 204
    assert {answer.status_code for answer in answers} <= {200, 201, 204, 401, 409, 422}
    async with service.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(WebhookRow)) == 0
        assert await session.scalar(select(func.count()).where(TokenRow.partner_id.is_not(None))) == 0


async def test_a_partner_is_added_once(service: Service) -> None:
    admin = await service.token()
    answer = await service.client.post("/v1/partners", json={"name": " Case tool "}, headers=admin)
    assert answer.status_code == 201
    partner = answer.json()
    assert await read(service, admin, answer.headers["location"]) == partner
    assert partner == {"id": partner["id"], "name": "Case tool", "created_at": "2026-11-21T12:00:00Z"}
    again = await service.client.post("/v1/partners", json={"name": "Case tool"}, headers=admin)
    assert_refused(again, 409, "already_exists")
    for name in ("", "  ", "x" * 201, "\x00", "a\nb", None, 1):
        answer = await service.client.post("/v1/partners", json={"name": name}, headers=admin)
        assert_refused(answer, 422, "invalid", "/name", what=name)
    assert await read(service, admin, "/v1/partners") == {"items": [partner], "next": None}


async def test_a_name_in_another_unicode_form_is_the_same_name(service: Service) -> None:
    admin = await service.token()
    composed, decomposed = "Caf\u00e9", "Cafe\u0301"
    answer = await service.client.post("/v1/partners", json={"name": decomposed}, headers=admin)
    assert answer.json()["name"] == composed
    for name in (composed, decomposed):
        again = await service.client.post("/v1/partners", json={"name": name}, headers=admin)
        assert_refused(again, 409, "already_exists")


async def test_of_several_who_add_a_partner_at_once_one_does(service: Service) -> None:
    admin = await service.token()
    answers = await answers_at_once(
        [lambda: service.client.post("/v1/partners", json={"name": "Case tool"}, headers=admin)] * 6
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]
    assert len((await read(service, admin, "/v1/partners"))["items"]) == 1
