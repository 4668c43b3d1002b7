"""The deliveries of a webhook, as its owner reads and controls them: with the whole service and real endpoints."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from tests.api.refusals import assert_refused
from tests.conftest import Clock
from tests.delivery import endpoints, rows
from tests.delivery.endpoints import Endpoint
from tests.delivery.workers import deliver_all, sequence_of
from tests.serving import OPEN, PAUSED, Headers, Service

from capacity_api.config import Settings
from capacity_api.db.tables import WebhookRow
from capacity_api.delivery.worker import Worker
from capacity_api.domain import signing
from capacity_api.domain.keys import Keys
from capacity_api.operations.webhooks import secrets

PATH = "/v1/webhooks"


class Subscriber:
    """A partner with one webhook at an endpoint of its own, and a worker that is stepped."""

    def __init__(self, service: Service, worker: Worker, token: Headers, endpoint: Endpoint, made: dict[str, Any]):
        self.service = service
        self.worker = worker
        self.token = token
        self.endpoint = endpoint
        self.made = made
        self.path = f"{PATH}/{made['id']}"

    async def deliver(self) -> list[int]:
        """Deliver what is due, and return the numbers of the events that arrived."""
        before = len(self.endpoint.posts)
        await deliver_all(self.worker)
        return [sequence_of(body) for _, body in self.endpoint.posts[before:]]

    async def read(self, path: str = "", **parameters: Any) -> Any:
        answer = await self.service.client.get(self.path + path, headers=self.token, params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, status: int, **options: Any) -> Any:
        answer = await self.service.client.post(self.path + path, headers=self.token, **options)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def log(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.read("/deliveries"))["items"]
        return found


@asynccontextmanager
async def subscribed(service: Service, settings: Settings, clock: Clock, **fields: Any) -> AsyncIterator[Subscriber]:

    token = await service.token(partner="Case tool")
    # NSPCC's exploitation types are unknown, so its reports change no coverage and add no coverage events.
    await service.report("nspcc", OPEN)
    endpoint = Endpoint(body=b"thanks")
    worker = Worker(service.database, service.keys, settings, clock, asyncio.Event())
    async with endpoints.serving(endpoint) as url:
        answer = await service.client.post(PATH, json={"url": url, **fields}, headers=token)
        assert answer.status_code == 201, answer.text
        try:
            yield Subscriber(service, worker, token, endpoint, answer.json())
        finally:
            await worker.close()


@pytest.fixture
async def subscriber(service: Service, settings: Settings, clock: Clock) -> AsyncIterator[Subscriber]:
    async with subscribed(service, settings, clock) as found:
        yield found


async def report(subscriber: Subscriber, *reports: dict[str, Any]) -> list[int]:
    """Report these for NSPCC, one after the other, and return the numbers of their events."""
    return [(await subscriber.service.report("nspcc", each))["sequence"] for each in reports]


async def test_the_deliveries_are_listed_newest_first_in_pages(subscriber: Subscriber) -> None:
    assert await subscriber.read("/deliveries") == {"items": [], "next": None}
    first = await report(subscriber, PAUSED)
    assert await subscriber.deliver() == first
    second = await report(subscriber, {**PAUSED, "note": "Fuller."}, OPEN)
    # Not the note of a pause that is over.
    assert await subscriber.deliver() == second[1:]
    found = await subscriber.log()
    assert [(each["type"], each["sequence"], each["status"]) for each in found] == [
        ("intake.opened", second[1], "delivered"),
        ("intake.updated", second[0], "superseded"),
        ("intake.paused", first[0], "delivered"),
    ]
    (attempt,) = found[0].pop("attempts")
    assert found[0] == {
        "id": subscriber.endpoint.posts[-1][0]["webhook-id"],
        "event_id": found[0]["id"],
        "type": "intake.opened",
        "sequence": second[1],
        "status": "delivered",
        "next_attempt_at": None,
        "created_at": "2026-11-21T12:00:00Z",
        "finished_at": "2026-11-21T12:00:00Z",
    }
    assert attempt.pop("duration_ms") >= 0
    assert attempt.pop("at").startswith("2026-11-21T1")
    assert attempt == {"status": 204, "reason": None, "answer": ""}
    assert found[1]["attempts"] == []
    page = await subscriber.read("/deliveries", limit=2)
    rest = await subscriber.read("/deliveries", limit=2, cursor=page["next"])
    assert ([each["id"] for each in page["items"] + rest["items"]], rest["next"]) == (
        [each["id"] for each in found],
        None,
    )
    for parameters, pointer in (({"cursor": "xx"}, "?cursor"), ({"limit": 0}, "?limit"), ({"limit": 501}, "?limit")):
        answer = await subscriber.service.client.get(
            subscriber.path + "/deliveries", headers=subscriber.token, params=parameters
        )
        assert_refused(answer, 422, "invalid", pointer)
    assert (await subscriber.read())["sequence"] == second[1]


async def test_a_failing_webhook_says_since_when_and_until_when(subscriber: Subscriber, clock: Clock) -> None:
    subscriber.endpoint.status = 500
    await report(subscriber, PAUSED)
    await subscriber.deliver()
    shown = await subscriber.read()
    assert shown["failing_since"] == "2026-11-21T12:00:00Z"
    assert "2026-11-21T12:00:04" <= shown["next_attempt_at"] <= "2026-11-21T12:00:06Z"
    (delivery,) = await subscriber.log()
    assert (delivery["status"], delivery["next_attempt_at"]) == ("pending", shown["next_attempt_at"])
    assert [(each["status"], each["reason"], each["answer"]) for each in delivery["attempts"]] == [
        (500, "http_500", "thanks")
    ]


async def test_a_test_event_reaches_a_webhook_whatever_it_subscribes_to(
    service: Service, settings: Settings, clock: Clock
) -> None:
    async with subscribed(service, settings, clock, event_types=["intake.paused"]) as subscriber:
        queued = await subscriber.post("/test", 202)
        assert (queued["type"], queued["sequence"], queued["status"]) == ("webhook.test", None, "pending")
        await deliver_all(subscriber.worker)
        ((headers, body),) = subscriber.endpoint.posts
        assert headers["webhook-id"] == queued["id"]
        assert b'"type":"webhook.test"' in body
        assert b'"sequence":null' in body
        (delivery,) = await subscriber.log()
        assert (delivery["id"], delivery["status"]) == (queued["id"], "delivered")
        public_events = (await service.read("/v1/events", limit=1000))["events"]
        assert not any(event["type"] == "webhook.test" for event in public_events)


async def test_a_test_is_sent_at_once_also_while_the_webhook_fails(subscriber: Subscriber, clock: Clock) -> None:
    subscriber.endpoint.status = 500
    (number,) = await report(subscriber, PAUSED)
    await subscriber.deliver()
    subscriber.endpoint.status = 204
    await subscriber.post("/test", 202)
    before = len(subscriber.endpoint.posts)
    await deliver_all(subscriber.worker)
    # It went through, so what failed is tried again at once.
    assert [sequence_of(body) for _, body in subscriber.endpoint.posts[before:]] == [None, number]


async def test_a_delivery_is_sent_again_under_the_same_id(subscriber: Subscriber) -> None:
    numbers = await report(subscriber, PAUSED)
    await subscriber.deliver()
    (delivery,) = await subscriber.log()
    again = await subscriber.post(f"/deliveries/{delivery['id']}/resend", 202)
    assert (again["id"], again["status"], again["next_attempt_at"]) == (
        delivery["id"],
        "pending",
        "2026-11-21T12:00:00Z",
    )
    assert await subscriber.deliver() == numbers
    (first, _), (second, _) = subscriber.endpoint.posts
    assert first["webhook-id"] == second["webhook-id"]
    (delivery,) = await subscriber.log()
    assert (delivery["status"], len(delivery["attempts"])) == ("delivered", 2)


async def test_what_waits_for_its_next_try_is_sent_now(subscriber: Subscriber) -> None:
    subscriber.endpoint.status = 500
    numbers = await report(subscriber, PAUSED)
    await subscriber.deliver()
    subscriber.endpoint.status = 204
    (delivery,) = await subscriber.log()
    await subscriber.post(f"/deliveries/{delivery['id']}/resend", 202)
    assert await subscriber.deliver() == numbers
    (delivery,) = await subscriber.log()
    assert delivery["status"] == "delivered"


async def test_what_no_longer_holds_is_not_sent_again(subscriber: Subscriber) -> None:
    (paused,) = await report(subscriber, PAUSED)
    await subscriber.deliver()
    await report(subscriber, OPEN, PAUSED)
    await subscriber.deliver()
    log = {each["sequence"]: each for each in await subscriber.log()}
    assert log[paused + 1]["status"] == "superseded"
    for number in (paused, paused + 1):
        answer = await subscriber.service.client.post(
            f"{subscriber.path}/deliveries/{log[number]['id']}/resend", headers=subscriber.token
        )
        assert_refused(answer, 409, "superseded")
    assert await subscriber.deliver() == []


async def test_what_is_sent_again_and_waits_is_not_sent_once_it_no_longer_holds(
    subscriber: Subscriber, clock: Clock
) -> None:
    paused = await report(subscriber, PAUSED)
    assert await subscriber.deliver() == paused
    (delivery,) = await subscriber.log()
    subscriber.endpoint.status = 500
    await subscriber.post(f"/deliveries/{delivery['id']}/resend", 202)
    await subscriber.deliver()
    opened = await report(subscriber, OPEN)
    subscriber.endpoint.status = 204
    clock.advance(timedelta(seconds=6))
    assert await subscriber.deliver() == opened
    assert [(each["sequence"], each["status"]) for each in await subscriber.log()] == [
        (*opened, "delivered"),
        (*paused, "superseded"),
    ]


async def test_a_delivery_that_is_not_there_is_404(subscriber: Subscriber) -> None:
    for nobodys in (subscriber.made["id"], "not-an-id"):
        answer = await subscriber.service.client.post(
            f"{subscriber.path}/deliveries/{nobodys}/resend", headers=subscriber.token
        )
        assert_refused(answer, 404, "not_found")


async def test_everything_after_a_number_is_sent_again_in_order_but_superseded_events(
    service: Service, settings: Settings, clock: Clock
) -> None:
    async with subscribed(service, settings, clock, responders=["nspcc"]) as subscriber:
        numbers = await report(subscriber, PAUSED, {**PAUSED, "note": "Fuller."}, {**PAUSED, "note": "Full again."})
        assert await subscriber.deliver() == numbers
        shown = await subscriber.post("/replay", 202, json={"after": 0})
        assert shown["sequence"] == 0
        again = await subscriber.deliver()
        # Listed, and the pause; not the opening from before the webhook was there.
        assert again[-3:] == numbers
        assert again == sorted(again)
        assert all(event["sequence"] in again for event in await service.events_after(numbers[0] - 1))
        assert (await subscriber.read())["sequence"] == numbers[-1]


async def test_a_replay_never_skips_what_has_not_arrived(subscriber: Subscriber) -> None:
    subscriber.endpoint.status = 500
    numbers = await report(subscriber, PAUSED, {**PAUSED, "note": "Fuller."})
    await subscriber.deliver()
    subscriber.endpoint.status = 204
    await subscriber.post("/replay", 202, json={"after": numbers[-1]})
    assert await subscriber.deliver() == numbers


async def test_what_is_on_its_way_skips_nothing_of_a_replay(subscriber: Subscriber) -> None:
    (first,) = await report(subscriber, PAUSED)
    await subscriber.deliver()
    subscriber.endpoint.gate.clear()
    (second,) = await report(subscriber, {**PAUSED, "note": "Fuller."})
    await subscriber.worker.deliver_some()
    await subscriber.endpoint.arrived(2)
    await subscriber.post("/replay", 202, json={"after": first - 1})
    subscriber.endpoint.gate.set()
    await subscriber.worker.wait_until_sent()
    assert await subscriber.deliver() == [first, second]


async def test_a_replay_beyond_the_newest_event_is_refused(subscriber: Subscriber) -> None:
    latest = (await subscriber.service.read("/v1/events"))["latest"]
    for after, status, code in ((latest + 1, 409, "beyond_latest"), (-1, 422, "invalid"), ("1", 422, "invalid")):
        answer = await subscriber.service.client.post(
            subscriber.path + "/replay", json={"after": after}, headers=subscriber.token
        )
        assert_refused(answer, status, code, what=after)


async def disable(subscriber: Subscriber) -> list[int]:
    """Have the endpoint answer 410, report twice more, and return the numbers of the three missed events."""
    subscriber.endpoint.status = 410
    missed = await report(subscriber, PAUSED)
    await subscriber.deliver()
    shown = await subscriber.read()
    assert (shown["status"], shown["disabled_reason"]) == ("disabled", "gone")
    missed += await report(subscriber, {**PAUSED, "note": "Fuller."}, {**PAUSED, "note": "Fullest."})
    assert await subscriber.deliver() == []
    subscriber.endpoint.status = 204
    return missed


async def test_what_a_disabled_webhook_missed_is_sent_when_it_is_enabled(subscriber: Subscriber) -> None:
    missed = await disable(subscriber)
    shown = await subscriber.post("/enable", 200)
    assert (shown["status"], shown["disabled_reason"], shown["failing_since"]) == ("active", None, None)
    assert (shown["missed"], shown["replayed"]) == ({"after": missed[0] - 1, "events": 3}, True)
    assert await subscriber.deliver() == missed


async def test_enabled_without_a_replay_it_can_be_replayed_later(subscriber: Subscriber) -> None:
    missed = await disable(subscriber)
    shown = await subscriber.post("/enable", 200, params={"replay": "false"})
    assert (shown["missed"], shown["replayed"]) == ({"after": missed[0] - 1, "events": 3}, False)
    # What was tried waits for nothing any more.
    assert [(each["sequence"], each["status"]) for each in await subscriber.log()] == [(missed[0], "failed")]
    assert await subscriber.deliver() == []
    newer = await report(subscriber, {**PAUSED, "note": "Still."})
    assert await subscriber.deliver() == newer
    await subscriber.post("/replay", 202, json={"after": shown["missed"]["after"]})
    assert await subscriber.deliver() == missed + newer


async def test_a_webhook_that_is_active_stays_as_it_is(subscriber: Subscriber) -> None:
    for parameters in ({"replay": "false"}, {}):
        shown = await subscriber.post("/enable", 200, params=parameters)
        assert (shown["missed"]["events"], shown["replayed"]) == (0, False)
        assert (await subscriber.read())["sequence"] == subscriber.made["sequence"]


async def test_nothing_is_sent_through_a_disabled_webhook(subscriber: Subscriber) -> None:
    await disable(subscriber)
    (delivery,) = await subscriber.log()
    for path, body in (("/test", None), ("/replay", {"after": 0}), (f"/deliveries/{delivery['id']}/resend", None)):
        answer = await subscriber.service.client.post(subscriber.path + path, json=body, headers=subscriber.token)
        assert_refused(answer, 409, "webhook_disabled", what=path)


@pytest.mark.parametrize("signature", ["v1", "v1a"])
async def test_for_a_day_after_a_rotation_old_and_new_secret_sign(
    service: Service, settings: Settings, clock: Clock, signature: str
) -> None:
    async with subscribed(service, settings, clock, signature=signature) as subscriber:
        old = subscriber.made
        new = await subscriber.post("/rotate-secret", 200)
        assert new["secret"] != old["secret"]
        assert (await subscriber.read()) == {name: value for name, value in new.items() if name != "secret"}

        def keys_that_verify() -> list[bool]:
            headers, body = subscriber.endpoint.posts[-1]
            stamp = headers["webhook-timestamp"]
            return [
                signing.is_signed(
                    each["public_key"] or each["secret"],
                    headers["webhook-id"],
                    stamp,
                    headers["webhook-signature"],
                    body,
                    int(stamp),
                )
                for each in (old, new)
            ]

        await report(subscriber, PAUSED)
        await subscriber.deliver()
        assert keys_that_verify() == [True, True]
        clock.advance(timedelta(hours=24))
        await report(subscriber, OPEN)
        await subscriber.deliver()
        assert keys_that_verify() == [False, True]


async def test_a_webhook_whose_secret_was_lost_takes_a_new_one_before_it_goes_on(subscriber: Subscriber) -> None:
    database, strange = subscriber.service.database, Keys((bytes(32),))
    lost = [{"sealed": strange.seal(subscriber.made["secret"]), "until": None}]
    async with database.write() as session:
        await session.execute(update(WebhookRow).values(secrets=lost, next_attempt_at=subscriber.service.clock()))
    async with database.write() as session:
        await secrets.reseal(
            session,
            subscriber.service.clock(),
            subscriber.service.keys,
            [UUID(subscriber.made["id"])],
            disable_unreadable=True,
        )
    shown = await subscriber.read()
    assert (shown["status"], shown["disabled_reason"], shown["next_attempt_at"]) == ("disabled", "secret_lost", None)
    (missed,) = await report(subscriber, PAUSED)
    answer = await subscriber.service.client.post(f"{subscriber.path}/enable", headers=subscriber.token)
    assert_refused(answer, 409, "secret_lost")
    new = await subscriber.post("/rotate-secret", 200)
    assert (new["status"], new["disabled_reason"]) == ("disabled", "secret_lost")
    shown = await subscriber.post("/enable", 200)
    assert (shown["status"], shown["disabled_reason"]) == ("active", None)
    assert await subscriber.deliver() == [missed]
    headers, body = subscriber.endpoint.posts[-1]
    stamp, signature = headers["webhook-timestamp"], headers["webhook-signature"]
    assert " " not in signature, "nothing signs beside the new one"
    assert signing.is_signed(new["secret"], headers["webhook-id"], stamp, signature, body, int(stamp))


async def test_however_often_it_is_rotated_five_secrets_sign_at_most(subscriber: Subscriber, clock: Clock) -> None:
    for _ in range(7):
        await subscriber.post("/rotate-secret", 200)
        clock.advance(timedelta(minutes=1))
    await report(subscriber, PAUSED)
    await subscriber.deliver()
    headers, _ = subscriber.endpoint.posts[-1]
    assert len(headers["webhook-signature"].split()) == 5


async def test_another_url_is_tried_at_once(subscriber: Subscriber) -> None:
    subscriber.endpoint.status = 500
    numbers = await report(subscriber, PAUSED)
    await subscriber.deliver()
    subscriber.endpoint.status = 204
    answer = await subscriber.service.client.patch(
        subscriber.path, json={"url": subscriber.made["url"] + "/new"}, headers=subscriber.token
    )
    assert answer.json()["failing_since"] is None
    assert await subscriber.deliver() == numbers


@pytest.mark.parametrize("changed", [{}, {"url": "http://127.0.0.1:9/elsewhere"}])
async def test_what_was_tried_and_is_no_longer_subscribed_to_waits_no_longer(
    subscriber: Subscriber, clock: Clock, changed: dict[str, str]
) -> None:
    subscriber.endpoint.status = 500
    await report(subscriber, PAUSED, {**PAUSED, "note": "Fuller."})
    await subscriber.deliver()
    answer = await subscriber.service.client.patch(
        subscriber.path, json={"event_types": ["intake.opened"], **changed}, headers=subscriber.token
    )
    assert answer.status_code == 200
    # Nothing of the failure may be left, because the next claim may not see it any more.
    assert [(each["status"], each["next_attempt_at"]) for each in await subscriber.log()] == [("superseded", None)]
    clock.advance(timedelta(seconds=6))
    assert await subscriber.deliver() == []


async def test_what_is_still_wanted_waits_on_when_its_webhook_is_changed(subscriber: Subscriber, clock: Clock) -> None:
    subscriber.endpoint.status = 500
    numbers = await report(subscriber, PAUSED)
    await subscriber.deliver()
    answer = await subscriber.service.client.patch(
        subscriber.path, json={"event_types": ["intake.paused"]}, headers=subscriber.token
    )
    assert answer.status_code == 200
    assert [each["status"] for each in await subscriber.log()] == ["pending"]
    subscriber.endpoint.status = 204
    clock.advance(timedelta(seconds=6))
    assert await subscriber.deliver() == numbers


async def test_a_removed_webhook_takes_its_log_with_it(subscriber: Subscriber) -> None:
    await report(subscriber, PAUSED)
    await subscriber.deliver()
    answer = await subscriber.service.client.delete(subscriber.path, headers=subscriber.token)
    assert answer.status_code == 204
    assert await rows.read_deliveries(subscriber.service.database) == []
    assert await rows.read_attempts(subscriber.service.database) == []
