"""/v1/webhooks for an administrator: every webhook, without its secret."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from tests.api.refusals import assert_refused
from tests.api.subscribers import Subscriber, report
from tests.conftest import Clock
from tests.serving import OPEN, PAUSED, Headers, Service

from capacity_api.db.tables import WebhookRow
from capacity_api.errors import Conflict
from capacity_api.operations import owners
from capacity_api.operations.webhooks import management
from capacity_api.operations.webhooks.management import WebhookRequest

PATH = "/v1/webhooks"
URL = "https://partner.example.org/capacity"
# What an owner needs an administrator for, once an administrator has disabled its webhook.
USES: list[tuple[str, str, dict[str, Any] | None]] = [
    ("POST", "/enable", None),
    ("POST", "/enable?replay=false", None),
    ("PATCH", "", {"status": "active"}),
    ("POST", "/test", None),
    ("POST", "/replay", {"after": 0}),
]


@pytest.fixture
async def admin(service: Service) -> Headers:
    return await service.token()


async def add(service: Service, token: Headers, **fields: Any) -> dict[str, Any]:
    answer = await service.client.post(PATH, json={"url": URL, **fields}, headers=token)
    assert answer.status_code == 201, answer.text
    webhook: dict[str, Any] = answer.json()
    return webhook


async def call(service: Service, token: Headers, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    answer = await service.client.request(method, path, json=body, headers=token)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


async def suspend(service: Service, webhook: dict[str, Any], *, suspended: bool = True) -> None:
    """Suspend the owner of a webhook, or resume it."""
    path = f"/v1/owners/{webhook['owner']['id']}"
    await call(service, await service.token(), "PATCH", path, {"suspended": suspended})


async def entries(service: Service, admin: Headers) -> list[tuple[str, str]]:
    page = await call(service, admin, "GET", "/v1/audit?limit=500")
    return [(each["action"], each["target"]) for each in reversed(page["items"])]


async def test_an_administrator_sees_every_webhook_with_its_owner_and_no_secret(
    service: Service, admin: Headers
) -> None:
    partner, responder = await service.token(partner="Case tool"), await service.token(responder="tara")
    made = [await add(service, partner), await add(service, responder), await add(service, admin)]
    whose = [(await call(service, token, "GET", "/v1/me"))["owner"] for token in (partner, responder, admin)]
    listed = (await call(service, admin, "GET", PATH))["items"]
    assert [each["owner"] for each in listed] == whose[::-1]
    for shown, own in zip(listed, made[::-1], strict=True):
        assert shown == {name: value for name, value in own.items() if name != "secret"}
        assert await call(service, admin, "GET", f"{PATH}/{own['id']}") == shown
        deliveries = await call(service, admin, "GET", f"{PATH}/{own['id']}/deliveries")
        assert deliveries == {"items": [], "next": None}
    assert len((await call(service, partner, "GET", PATH))["items"]) == 1


async def test_webhooks_are_filtered_by_owner_and_status(service: Service, admin: Headers) -> None:
    partner, responder = await service.token(partner="Case tool"), await service.token(responder="tara")
    of_partner, of_responder, of_admin = [await add(service, token) for token in (partner, responder, admin)]
    await call(service, responder, "PATCH", f"{PATH}/{of_responder['id']}", {"status": "disabled"})

    async def found(query: str, token: Headers = admin) -> list[str]:
        return [each["id"] for each in (await call(service, token, "GET", f"{PATH}?{query}"))["items"]]

    assert await found("owner=tara") == [of_responder["id"]]
    assert await found(f"owner={of_responder['owner']['id']}") == [of_responder["id"]]
    assert await found(f"owner={of_partner['owner']['id']}") == [of_partner["id"]]
    assert await found("owner=admin") == [of_admin["id"]]
    assert await found("owner=nobody") == []
    assert await found("status=disabled") == [of_responder["id"]]
    assert await found("status=active") == [of_admin["id"], of_partner["id"]]
    assert await found("status=active&owner=tara") == []
    # Another owner's stay hidden.
    assert await found("owner=tara", partner) == []
    for query in ("owner=%00", "owner=Case%20tool", "owner=", "status=failing"):
        answer = await service.client.get(f"{PATH}?{query}", headers=admin)
        assert_refused(answer, 422, "invalid", f"?{query.partition('=')[0]}", what=query)


async def test_what_an_administrator_disabled_only_an_administrator_enables(
    subscriber: Subscriber, admin: Headers
) -> None:
    service = subscriber.service
    (first,) = await report(subscriber, PAUSED)
    assert await subscriber.deliver() == [first]
    disabled = await call(service, admin, "PATCH", subscriber.path, {"status": "disabled"})
    assert (disabled["status"], disabled["disabled_reason"]) == ("disabled", "administrator")
    assert await call(service, admin, "PATCH", subscriber.path, {"status": "disabled"}) == disabled
    (missed,) = await report(subscriber, {**PAUSED, "note": "Still full."})
    assert await subscriber.deliver() == []
    (delivery,) = await subscriber.log()
    resend = ("POST", f"/deliveries/{delivery['id']}/resend", None)
    for method, path, body in (*USES, resend):
        answer = await service.client.request(method, subscriber.path + path, json=body, headers=subscriber.token)
        assert_refused(answer, 403, "disabled_by_administrator", what=path)
    assert (await call(service, subscriber.token, "PATCH", subscriber.path, {"status": "disabled"})) == disabled
    for path, body in (("/test", None), ("/replay", {"after": 0}), (resend[1], None)):
        answer = await service.client.post(subscriber.path + path, json=body, headers=admin)
        assert_refused(answer, 409, "webhook_disabled", what=path)

    enabled = await call(service, admin, "POST", f"{subscriber.path}/enable")
    assert (enabled["status"], enabled["disabled_reason"], enabled["replayed"]) == ("active", None, True)
    assert enabled["owner"] == subscriber.made["owner"]
    assert await subscriber.deliver() == [missed]
    await call(service, admin, "POST", f"{subscriber.path}/test", status=202)
    await call(service, admin, "POST", subscriber.path + resend[1], status=202)
    assert sorted(await subscriber.deliver(), key=lambda number: number or 0) == [None, first]
    await call(service, admin, "POST", f"{subscriber.path}/replay", {"after": missed - 1}, status=202)
    assert await subscriber.deliver() == [missed]
    # Its owner uses it again.
    await subscriber.post("/test", 202)


async def test_an_administrator_takes_over_what_is_disabled_already(subscriber: Subscriber, admin: Headers) -> None:
    service = subscriber.service
    for reason in ("owner", "failing", "gone", "secret_lost"):
        async with service.database.write() as session:
            await session.execute(update(WebhookRow).values(status="disabled", disabled_reason=reason))
        disabled = await call(service, admin, "PATCH", subscriber.path, {"status": "disabled"})
        assert disabled["disabled_reason"] == "administrator", reason
        answer = await service.client.post(f"{subscriber.path}/enable", headers=subscriber.token)
        assert_refused(answer, 403, "disabled_by_administrator", what=reason)
        enabled = await call(service, admin, "PATCH", subscriber.path, {"status": "active"})
        assert (enabled["status"], enabled["disabled_reason"]) == ("active", None), reason


async def test_an_administrator_changes_only_the_status_and_gets_no_secret(
    subscriber: Subscriber, admin: Headers
) -> None:
    service = subscriber.service
    before = await subscriber.read()
    for body in (
        {"url": URL},
        {"description": "Mine"},
        {"event_types": ["intake.paused"]},
        {"stale": "send", "status": "disabled"},
    ):
        answer = await service.client.patch(subscriber.path, json=body, headers=admin)
        assert_refused(answer, 403, "not_owner", what=body)
    assert_refused(await service.client.post(f"{subscriber.path}/rotate-secret", headers=admin), 403, "not_owner")
    assert await call(service, admin, "PATCH", subscriber.path, {}) == before == await subscriber.read()
    # It manages its own like anybody.
    own = await add(service, admin)
    disabled = await call(service, admin, "PATCH", f"{PATH}/{own['id']}", {"stale": "send", "status": "disabled"})
    assert (disabled["stale"], disabled["disabled_reason"]) == ("send", "owner")
    assert (await call(service, admin, "POST", f"{PATH}/{own['id']}/rotate-secret"))["secret"].startswith("whsec_")


async def test_an_administrator_deletes_a_webhook_and_it_is_sent_nothing_more(
    subscriber: Subscriber, admin: Headers
) -> None:
    await call(subscriber.service, admin, "DELETE", subscriber.path, status=204)
    await report(subscriber, PAUSED)
    assert await subscriber.deliver() == []
    answer = await subscriber.service.client.get(subscriber.path, headers=subscriber.token)
    assert_refused(answer, 404, "not_found")


async def test_a_suspended_owner_s_webhook_hears_nothing_until_it_goes_on_from_its_cursor(
    subscriber: Subscriber, admin: Headers
) -> None:
    service = subscriber.service
    (first,) = await report(subscriber, PAUSED)
    assert await subscriber.deliver() == [first]
    await suspend(service, subscriber.made)
    _, _, last = await report(subscriber, OPEN, PAUSED, OPEN)
    assert await subscriber.deliver() == []
    answer = await service.client.get(subscriber.path, headers=subscriber.token)
    assert_refused(answer, 401, "owner_suspended")
    (delivery,) = (await call(service, admin, "GET", f"{subscriber.path}/deliveries"))["items"]
    for path, body in (("/test", None), ("/replay", {"after": 0}), (f"/deliveries/{delivery['id']}/resend", None)):
        answer = await service.client.post(subscriber.path + path, json=body, headers=admin)
        assert_refused(answer, 409, "webhook_suspended", what=path)
    # An administrator may enable it, and it goes on standing still.
    await call(service, admin, "PATCH", subscriber.path, {"status": "disabled"})
    assert (await call(service, admin, "POST", f"{subscriber.path}/enable"))["status"] == "active"
    assert await subscriber.deliver() == []
    pending = [line for line in (await metrics(service, admin)) if line.startswith("capacity_deliveries_pending ")]
    assert pending == ["capacity_deliveries_pending 0.0"]

    await suspend(service, subscriber.made, suspended=False)
    assert await subscriber.deliver() == [last], "what was superseded meanwhile is dropped"


async def metrics(service: Service, admin: Headers) -> list[str]:
    answer = await service.client.get("/metrics", headers=admin)
    assert answer.status_code == 200, answer.text
    return answer.text.splitlines()


async def test_of_a_claim_that_is_held_while_its_owner_is_suspended_nothing_follows(
    subscriber: Subscriber, admin: Headers
) -> None:
    first, second = await report(subscriber, PAUSED, OPEN)
    assert first < second
    subscriber.endpoint.gate.clear()
    await subscriber.worker.deliver_some()
    await subscriber.endpoint.arrived(1)
    await report(subscriber, PAUSED)
    await suspend(subscriber.service, subscriber.made)
    subscriber.endpoint.gate.set()
    await subscriber.worker.wait_until_sent()
    assert await subscriber.deliver() == []
    log = (await call(subscriber.service, admin, "GET", f"{subscriber.path}/deliveries"))["items"]
    (delivery,) = (each for each in log if each["sequence"] == second)
    assert delivery["status"] == "delivered", "what was under way is recorded"


async def test_a_reminder_is_not_kept_for_a_suspended_owner(
    service: Service, subscriber: Subscriber, clock: Clock
) -> None:
    own = await service.token(responder="nspcc")
    made = await add(service, own, url=subscriber.made["url"])
    await report(subscriber, OPEN)
    await subscriber.deliver()
    arrived = len(subscriber.endpoint.posts)
    await suspend(service, made)
    clock.advance(timedelta(hours=130))
    # It records what is due, such as the reminder.
    await service.report("tara", OPEN)
    await subscriber.deliver()
    await suspend(service, made, suspended=False)
    await subscriber.deliver()
    bodies = [body for _, body in subscriber.endpoint.posts[arrived:]]
    assert not [body for body in bodies if b'"type":"intake.confirmation_due"' in body]


async def test_each_act_leaves_an_entry_that_outlives_the_webhook(subscriber: Subscriber, admin: Headers) -> None:
    service, made = subscriber.service, subscriber.made
    (number,) = await report(subscriber, PAUSED)
    await subscriber.deliver()
    (delivery,) = await subscriber.log()
    patch = {"description": "Ours", "event_types": ["all"]}
    await call(service, subscriber.token, "PATCH", subscriber.path, {})
    await call(service, subscriber.token, "PATCH", subscriber.path, patch)
    await subscriber.post("/test", 202)
    await subscriber.post(f"/deliveries/{delivery['id']}/resend", 202)
    await subscriber.post("/replay", 202, json={"after": number})
    await subscriber.post("/rotate-secret", 200)
    await subscriber.post("/enable", 200)
    await call(service, subscriber.token, "PATCH", subscriber.path, {"status": "disabled"})
    await call(service, admin, "PATCH", subscriber.path, {"status": "disabled"})
    await call(service, admin, "POST", f"{subscriber.path}/enable")
    await call(service, admin, "DELETE", subscriber.path, status=204)
    acts = ["add", "change", "change", "test", "resend", "replay", "rotate", "enable"]
    acts += ["disable", "disable", "enable", "remove"]
    ours = [(action, target) for action, target in await entries(service, admin) if action.startswith("webhook.")]
    assert ours == [(f"webhook.{act}", made["id"]) for act in acts]


async def test_an_owner_that_is_suspended_or_removed_meanwhile_gets_no_webhook(
    service: Service, admin: Headers
) -> None:
    await service.token(partner="Case tool")
    async with service.database.read() as session:
        owner = await owners.partner_owner(session, "Case tool")

    async def add_after_the_token_was_read() -> None:
        async with service.database.write() as session:
            await management.add(session, service.clock(), service.keys, owner, WebhookRequest(url=URL), ())

    await call(service, admin, "PATCH", f"/v1/owners/{owner.id}", {"suspended": True})
    with pytest.raises(Conflict, match="suspended"):
        await add_after_the_token_was_read()
    await call(service, admin, "DELETE", f"/v1/partners/{owner.id}", status=204)
    with pytest.raises(Conflict, match="removed"):
        await add_after_the_token_was_read()
    assert await call(service, admin, "GET", PATH) == {"items": [], "next": None}
