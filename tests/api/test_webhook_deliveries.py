"""The deliveries of a webhook, as its owner reads and controls them: with the whole service and real endpoints."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from tests.api.refusals import assert_refused
from tests.api.subscribers import Subscriber, report, subscribed
from tests.conftest import Clock
from tests.delivery import rows
from tests.serving import OPEN, PAUSED, Service

from capacity_api.config import Settings
from capacity_api.db.tables import SequenceRow, WebhookRow
from capacity_api.domain import signing
from capacity_api.domain.keys import Keys
from capacity_api.operations.webhooks import secrets
from capacity_api.operations.webhooks.due_work import count_waiting_events


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
    bad: list[tuple[dict[str, Any], str]] = [
        ({"cursor": "xx"}, "?cursor"),
        ({"limit": 0}, "?limit"),
        ({"limit": 501}, "?limit"),
        ({"status": "lost"}, "?status"),
        ({"type": "intake.closed"}, "?type"),
    ]
    for parameters, pointer in bad:
        answer = await subscriber.service.client.get(
            subscriber.path + "/deliveries", headers=subscriber.token, params=parameters
        )
        assert_refused(answer, 422, "invalid", pointer)
    assert (await subscriber.read())["last_sequence"] == second[1]


async def test_the_deliveries_are_filtered_by_status_and_type(subscriber: Subscriber) -> None:
    numbers = await report(subscriber, PAUSED)
    await subscriber.deliver()
    numbers += await report(subscriber, {**PAUSED, "note": "Fuller."}, OPEN)
    await subscriber.deliver()
    filters: list[tuple[dict[str, Any], list[int]]] = [
        ({}, [2, 1, 0]),
        ({"status": "delivered"}, [2, 0]),
        ({"status": ["superseded", "pending"]}, [1]),
        ({"status": "failed"}, []),
        ({"type": "intake.updated"}, [1]),
        ({"type": ["intake.paused", "intake.opened"], "status": "delivered"}, [2, 0]),
        ({"type": "intake.paused", "status": "superseded"}, []),
    ]
    for parameters, which in filters:
        found = await subscriber.read("/deliveries", **parameters)
        assert [each["sequence"] for each in found["items"]] == [numbers[n] for n in which]
        first = await subscriber.read("/deliveries", limit=1, **parameters)
        assert [each["sequence"] for each in first["items"]] == [numbers[n] for n in which[:1]]
        assert (first["next"] is not None) == (len(which) > 1)


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
        assert shown["last_sequence"] == 0
        again = await subscriber.deliver()
        # Listed, and the pause; not the opening from before the webhook was there.
        assert again[-3:] == numbers
        assert again == sorted(again)
        assert all(event["sequence"] in again for event in await service.events_after(numbers[0] - 1))
        assert (await subscriber.read())["last_sequence"] == numbers[-1]


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
    assert (shown["missed"], shown["replayed"]) == ({"after": missed[0] - 1, "event_count": 3}, True)
    assert await subscriber.deliver() == missed


async def test_numbers_that_a_restore_passed_over_are_neither_counted_nor_waited_for(
    subscriber: Subscriber, service: Service, clock: Clock
) -> None:
    missed = await disable(subscriber)
    async with service.database.write() as session:
        await session.execute(update(SequenceRow).values(n=int(clock().timestamp() * 1000)))
    missed += await report(subscriber, {**PAUSED, "note": "Fullest of all."})
    async with service.database.read() as session:
        assert await count_waiting_events(session) == 0
    shown = await subscriber.post("/enable", 200)
    assert shown["missed"] == {"after": missed[0] - 1, "event_count": 4}
    async with service.database.read() as session:
        assert await count_waiting_events(session) == 4
    assert await subscriber.deliver() == missed
    later = await report(subscriber, OPEN)
    assert await subscriber.deliver() == later
    async with service.database.read() as session:
        assert await count_waiting_events(session) == 0


async def test_enabled_without_a_replay_it_can_be_replayed_later(subscriber: Subscriber) -> None:
    missed = await disable(subscriber)
    shown = await subscriber.post("/enable", 200, params={"replay": "false"})
    assert (shown["missed"], shown["replayed"]) == ({"after": missed[0] - 1, "event_count": 3}, False)
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
        assert (shown["missed"]["event_count"], shown["replayed"]) == (0, False)
        assert (await subscriber.read())["last_sequence"] == subscriber.made["last_sequence"]


async def test_what_its_owner_stopped_is_sent_from_its_place_when_it_goes_on(subscriber: Subscriber) -> None:
    for method, body in (("PATCH", {"status": "active"}), ("POST", None)):
        answer = await subscriber.service.client.patch(
            subscriber.path, json={"status": "disabled"}, headers=subscriber.token
        )
        assert answer.json()["disabled_reason"] == "owner"
        missed = await report(subscriber, PAUSED, {**PAUSED, "note": f"Fuller, {method}."})
        assert await subscriber.deliver() == []
        path = subscriber.path if method == "PATCH" else f"{subscriber.path}/enable"
        answer = await subscriber.service.client.request(method, path, json=body, headers=subscriber.token)
        assert (answer.status_code, answer.json()["status"]) == (200, "active")
        assert await subscriber.deliver() == missed
        await report(subscriber, OPEN)
        await subscriber.deliver()


async def test_what_was_sent_while_its_owner_stopped_it_does_not_start_it_again(subscriber: Subscriber) -> None:
    subscriber.endpoint.gate.clear()
    (number,) = await report(subscriber, PAUSED)
    await subscriber.worker.deliver_some()
    await subscriber.endpoint.arrived(1)
    await subscriber.service.client.patch(subscriber.path, json={"status": "disabled"}, headers=subscriber.token)
    subscriber.endpoint.status = 410
    subscriber.endpoint.gate.set()
    await subscriber.worker.wait_until_sent()
    await subscriber.deliver()
    shown = await subscriber.read()
    assert (shown["status"], shown["disabled_reason"], shown["last_sequence"]) == ("disabled", "owner", number - 1)


async def test_the_time_of_an_event_starts_anew_when_its_webhook_is_enabled(
    subscriber: Subscriber, clock: Clock
) -> None:
    subscriber.endpoint.status = 500
    (number,) = await report(subscriber, PAUSED)
    await subscriber.deliver()
    await subscriber.service.client.patch(subscriber.path, json={"status": "disabled"}, headers=subscriber.token)
    clock.advance(timedelta(days=6))
    await subscriber.post("/enable", 200)
    await subscriber.deliver()
    (delivery,) = (each for each in await subscriber.log() if each["sequence"] == number)
    assert (delivery["status"], len(delivery["attempts"])) == ("pending", 2)
    assert (await subscriber.read())["failing_since"] == "2026-11-27T12:00:00Z"


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
        assert (new["public_key"] or new["secret"]) != (old["public_key"] or old["secret"])
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
    answer = await subscriber.service.client.patch(subscriber.path, json={"status": "active"}, headers=subscriber.token)
    assert_refused(answer, 409, "secret_lost")
    # Stopping it changes nothing: it still needs a new secret.
    answer = await subscriber.service.client.patch(
        subscriber.path, json={"status": "disabled"}, headers=subscriber.token
    )
    assert answer.json()["disabled_reason"] == "secret_lost"
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


async def test_whoever_was_covered_hears_that_it_is_no_longer(
    service: Service, settings: Settings, clock: Clock
) -> None:
    async with subscribed(service, settings, clock, areas=["E12000007"]) as subscriber:
        # The limit of a report leaves London out, and London hears of it.
        limited = await report(subscriber, {**OPEN, "limited_to": {"areas": ["W92000004"]}})
        assert await subscriber.deliver() == limited
        token = await service.token(responder="nspcc")
        remit = {**(await service.responder("nspcc"))["remit"], "areas": ["W92000004"]}
        answer = await service.client.patch("/v1/responders/nspcc", json={"remit": remit}, headers=token)
        assert answer.status_code == 200, answer.text
        left = answer.json()["sequence"]
        await report(subscriber, PAUSED)
        assert await subscriber.deliver() == [left]
