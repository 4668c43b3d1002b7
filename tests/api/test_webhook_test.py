"""POST /v1/webhooks/{id}/test: an example of any type of event, sent at once."""

import json
from typing import Any

import msgspec
from tests.api.refusals import assert_refused
from tests.api.subscribers import Subscriber, report, subscribed
from tests.conftest import Clock
from tests.delivery.workers import deliver_all, sequence_of
from tests.serving import PAUSED, Service

from capacity_api.api import examples
from capacity_api.config import Settings
from capacity_api.domain.events import EventType


async def test_a_test_event_reaches_a_webhook_whatever_it_subscribes_to(
    service: Service, settings: Settings, clock: Clock
) -> None:
    async with subscribed(service, settings, clock, event_types=["intake.paused"]) as subscriber:
        queued = await subscriber.post("/test", 202)
        assert (queued["type"], queued["sequence"], queued["status"]) == ("webhook.test", None, "pending")
        await deliver_all(subscriber.worker)
        ((headers, body),) = subscriber.endpoint.posts
        assert headers["webhook-id"] == queued["id"]
        assert json.loads(body) == {
            "id": queued["id"],
            "type": "webhook.test",
            "timestamp": "2026-11-21T12:00:00Z",
            "sequence": None,
            "test": True,
            "data": {"message": "This is a test of your webhook."},
        }
        (delivery,) = await subscriber.log()
        assert (delivery["id"], delivery["status"]) == (queued["id"], "delivered")
        public_events = (await service.read("/v1/events", limit=1000))["events"]
        assert not any(event["type"] == "webhook.test" for event in public_events)


async def test_a_test_of_any_type_has_whole_data_and_no_real_responder(
    service: Service, settings: Settings, clock: Clock
) -> None:
    # A subscription that wants none of it.
    async with subscribed(service, settings, clock, responders=["tara"], areas=["W92000004"]) as subscriber:
        before = await service.read("/v1/events", limit=1000)
        for event_type in EventType:
            subscriber.endpoint.posts.clear()
            queued = await subscriber.post("/test", 202, json={"type": event_type})
            assert (queued["type"], queued["sequence"]) == (event_type, None)
            await deliver_all(subscriber.worker)
            ((headers, body),) = subscriber.endpoint.posts
            event = json.loads(body)
            assert len(body) <= 20_000
            assert event["id"] == headers["webhook-id"] == queued["id"]
            assert (event["type"], event["sequence"], event["test"]) == (event_type, None, True)
            assert_complete(event)
        assert await service.read("/v1/events", limit=1000) == before
        assert [each["status"] for each in await subscriber.log()] == ["delivered"] * len(EventType)
        # It is nothing that happened: what is published goes on.
        assert (await service.read("/v1/statistics"))["responders"]
        assert (await service.report("tara", PAUSED))["intake"]["state"] == "paused"
        assert (await service.responder("tara"))["intake"]["state"] == "paused"


def assert_complete(event: dict[str, Any]) -> None:
    """Whether the data of a test event is that of its type, about the responder `example`."""
    data, part = event["data"], event["type"].partition(".")[0]
    example = msgspec.json.decode(msgspec.json.encode(examples.example_event(EventType(event["type"]))))
    assert data.keys() == example["data"].keys()
    assert event.keys() == example.keys()
    if part == "intake":
        assert ("previous_state" in data) == (event["type"] != "intake.confirmation_due")
    if part in {"intake", "responder"}:
        assert data["responder"]["slug"] == "example"
        assert data["responder"].keys() == example["data"]["responder"].keys()
    if part == "coverage":
        assert all(each["text"] and each["areas"] for each in data["cells"])
    if event["type"] == "event.redacted":
        assert data == {"slug": "example", "from": 1, "to": 1, "fields": ["report.note"]}


async def test_what_is_wrong_in_the_body_of_a_test_is_refused(subscriber: Subscriber) -> None:
    for content, code, pointer in (
        ('{"type": "intake.closed"}', "invalid", "/type"),
        ('{"type": null}', "invalid", "/type"),
        ('{"kind": "intake.paused"}', "unknown_field", "/kind"),
        ("null", "invalid", ""),
        ("[]", "invalid", ""),
    ):
        answer = await subscriber.service.client.post(
            subscriber.path + "/test",
            content=content,
            headers={**subscriber.token, "content-type": "application/json"},
        )
        assert_refused(answer, 422, code, pointer, what=content)
    answer = await subscriber.service.client.post(
        subscriber.path + "/test", content="type=intake.paused", headers=subscriber.token
    )
    assert_refused(answer, 415, "unsupported_media_type")
    assert await subscriber.log() == []
    assert (await subscriber.post("/test", 202, json={}))["type"] == "webhook.test"


async def test_a_gap_event_that_is_sent_as_a_test_is_never_superseded(subscriber: Subscriber) -> None:
    for event_type in ("coverage.gap_opened", "coverage.gap_closed"):
        await subscriber.post("/test", 202, json={"type": event_type})
    assert await subscriber.deliver() == [None, None]
    for delivery in await subscriber.log():
        await subscriber.post(f"/deliveries/{delivery['id']}/resend", 202)
    assert await subscriber.deliver() == [None, None]


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
