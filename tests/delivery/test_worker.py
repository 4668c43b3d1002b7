import asyncio
import contextlib
from datetime import timedelta
from ipaddress import ip_address

import msgspec
import pytest
from standardwebhooks import Webhook as StandardWebhook
from svix import Webhook as SvixWebhook
from tests.conftest import NOON
from tests.conftest import Clock as StoppedClock
from tests.delivery import rows
from tests.delivery.endpoints import Endpoint, pooled, public_pool, serving
from tests.delivery.workers import deliver_all, running, sequence_of, stepping
from tests.leases import pass_time
from tests.serving import PATIENCE_SECONDS, bound

from capacity_api.clock import utc_now
from capacity_api.clock_watch import ClockWatch
from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.db.tables import WebhookRow
from capacity_api.delivery.worker import Worker
from capacity_api.domain import signing
from capacity_api.domain.egress import Address
from capacity_api.domain.keys import Keys


async def test_an_event_reaches_the_webhook_in_the_bytes_that_were_stored(
    database: Database, settings: Settings, clock: StoppedClock
) -> None:
    await rows.add_responder(database, clock())
    endpoint = Endpoint()
    async with serving(endpoint) as url, stepping(database, settings, clock) as worker:
        await rows.add_webhook(database, clock(), url)
        await rows.add_event(database, clock())
        await deliver_all(worker)

    (headers, body), *more = endpoint.posts
    assert not more
    assert b'"type":"intake.paused"' in body
    assert headers["content-type"] == "application/json"
    (delivery,) = await rows.read_deliveries(database)
    assert delivery.status == "delivered"
    assert headers["webhook-id"] == str(delivery.event_id)


async def test_what_arrives_verifies_with_the_libraries_that_subscribers_use(
    database: Database, settings: Settings
) -> None:
    await rows.add_responder(database, utc_now())
    endpoint = Endpoint()
    # These libraries read the clock of the machine.
    async with serving(endpoint) as url, stepping(database, settings, utc_now) as worker:
        await rows.add_webhook(database, utc_now(), url)
        await rows.add_event(database, utc_now())
        await deliver_all(worker)

    headers, body = endpoint.posts[0]
    assert StandardWebhook(rows.SECRET).verify(body, headers)["type"] == "intake.paused"
    SvixWebhook(rows.SECRET).verify(body, headers)


async def test_while_a_secret_is_rotated_both_sign(database: Database, settings: Settings, clock: StoppedClock) -> None:
    old = signing.make_secret("v1", bytes(32))
    later = (clock() + timedelta(hours=24)).isoformat()
    await rows.add_responder(database, clock())
    endpoint = Endpoint()
    async with serving(endpoint) as url, stepping(database, settings, clock) as worker:
        secrets = [
            {"sealed": rows.KEYS.seal(rows.SECRET), "until": None},
            {"sealed": rows.KEYS.seal(old), "until": later},
        ]
        await rows.add_webhook(database, clock(), url, secrets=secrets)
        await rows.add_event(database, clock())
        await deliver_all(worker)
        clock.advance(timedelta(hours=24))
        await rows.add_event(database, clock())
        await deliver_all(worker)

    def verifies(secret: str, post: tuple[dict[str, str], bytes]) -> bool:
        headers, body = post
        stamp = headers["webhook-timestamp"]
        return signing.is_signed(secret, headers["webhook-id"], stamp, headers["webhook-signature"], body, int(stamp))

    assert [(verifies(rows.SECRET, post), verifies(old, post)) for post in endpoint.posts] == [
        (True, True),
        (True, False),
    ]


async def test_a_failure_is_tried_again_under_the_same_id_and_a_new_timestamp(
    database: Database, settings: Settings, clock: StoppedClock
) -> None:
    await rows.add_responder(database, clock())
    endpoint = Endpoint(status=500, body=b"out of order")
    async with serving(endpoint) as url, stepping(database, settings, clock) as worker:
        await rows.add_webhook(database, clock(), url)
        await rows.add_event(database, clock())
        await deliver_all(worker)
        await deliver_all(worker)
        assert len(endpoint.posts) == 1
        clock.advance(timedelta(seconds=6))
        endpoint.status = 200
        await deliver_all(worker)

    (first, _), (second, _) = endpoint.posts
    assert first["webhook-id"] == second["webhook-id"]
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 6
    (delivery,) = await rows.read_deliveries(database)
    assert (delivery.status, delivery.attempts, delivery.next_attempt_at) == ("delivered", 2, None)
    attempts = await rows.read_attempts(database)
    assert [(attempt.status, attempt.reason, attempt.answer) for attempt in attempts] == [
        (500, "http_500", "out of order"),
        (200, None, "out of order"),
    ]


async def test_an_overloaded_endpoint_is_not_sent_out_of_order_events_either(
    database: Database, settings: Settings, clock: StoppedClock
) -> None:
    responder = await rows.add_responder(database, clock())
    endpoint = Endpoint(status=429, headers={"retry-after": "600"})
    async with serving(endpoint) as url, stepping(database, settings, clock) as worker:
        await rows.add_webhook(database, clock(), url, responder_id=responder)
        for _ in range(6):
            await rows.add_private_event(database, clock(), responder)
        await deliver_all(worker)
        assert len(endpoint.posts) == 1
        await rows.add_event(database, clock())
        clock.advance(timedelta(minutes=10, seconds=-1))
        await deliver_all(worker)
        assert len(endpoint.posts) == 1
        endpoint.status = 204
        clock.advance(timedelta(seconds=1))
        await deliver_all(worker)
        assert len(endpoint.posts) == 2, "it has recovered and is sent to slowly"
        for _ in range(8):
            clock.advance(timedelta(seconds=2))
            await deliver_all(worker)
    assert len({headers["webhook-id"] for headers, _ in endpoint.posts}) == 7
    assert len(endpoint.posts) == 8


async def test_one_webhook_receives_its_events_in_order_whatever_fails(
    database: Database, settings: Settings, clock: StoppedClock
) -> None:
    await rows.add_responder(database, clock())
    endpoint = Endpoint(status=500)
    async with serving(endpoint) as url, stepping(database, settings, clock) as worker:
        await rows.add_webhook(database, clock(), url)
        for _ in range(3):
            await rows.add_event(database, clock())
        await deliver_all(worker)
        assert len(endpoint.posts) == 1
        endpoint.status = 204
        clock.advance(timedelta(seconds=6))
        await deliver_all(worker)

    assert [sequence_of(body) for _, body in endpoint.posts] == [1, 1, 2, 3]


class _FailsOnce(Endpoint):
    """It refuses the first post of one event."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number: int | None = number

    async def take(self, body: bytes) -> int:
        if sequence_of(body) != self._number:
            return 204
        self._number = None
        return 500


async def test_after_a_failure_within_a_claim_nothing_more_of_it_is_sent(
    database: Database, settings: Settings, clock: StoppedClock
) -> None:
    await rows.add_responder(database, clock())
    endpoint = _FailsOnce(3)
    async with serving(endpoint) as url, stepping(database, settings, clock) as worker:
        await rows.add_webhook(database, clock(), url)
        for _ in range(5):
            await rows.add_event(database, clock())
        await deliver_all(worker)
        assert [sequence_of(body) for _, body in endpoint.posts] == [1, 2, 3]
        clock.advance(timedelta(seconds=6))
        await deliver_all(worker)
    assert [sequence_of(body) for _, body in endpoint.posts] == [1, 2, 3, 3, 4, 5]


async def test_a_failure_while_the_clock_is_set_ahead_is_tried_again_in_seconds(
    database: Database, settings: Settings
) -> None:
    wall, boot = StoppedClock(NOON), StoppedClock(NOON)
    await rows.add_responder(database, wall())
    endpoint = Endpoint(status=503)
    database.clock_watch = ClockWatch(wall, lambda: boot().timestamp(), asks_database=False)
    async with serving(endpoint) as url, stepping(database, settings, wall) as worker:
        await rows.add_webhook(database, wall(), url)
        await rows.add_event(database, wall())
        wall.advance(timedelta(hours=2))
        await deliver_all(worker)
        endpoint.status = 204
        wall.advance(timedelta(hours=-2))
        for clock in (wall, boot):
            clock.advance(timedelta(seconds=7))
        await deliver_all(worker)
    assert [sequence_of(body) for _, body in endpoint.posts] == [1, 1]


async def test_of_one_claim_only_what_was_read_just_before_is_sent(
    database: Database, settings: Settings, clock: StoppedClock
) -> None:
    """What was read longer ago may be superseded. The next claim finds out, and loses nothing."""
    await rows.add_responder(database, clock())
    endpoint = Endpoint()
    counts = [0]
    async with serving(endpoint) as url:
        await rows.add_webhook(database, clock(), url)
        for _ in range(3):
            await rows.add_event(database, clock())
        # All of it is too old.
        worker = Worker(database, rows.KEYS, settings, clock, asyncio.Event(), public_pool(), fresh_seconds=-1)
        while await worker.deliver_some() | await worker.wait_until_sent():
            counts.append(len(endpoint.posts))
        await worker.close()
    assert sorted({*counts}) == [0, 1, 2, 3]
    assert [sequence_of(body) for _, body in endpoint.posts] == [1, 2, 3]


@pytest.mark.soak
async def test_one_webhook_is_told_a_hundred_events_a_second(database: Database, settings: Settings) -> None:
    """`python -m bench deliveries` measures it."""
    count = 400
    await rows.add_responder(database, utc_now())
    endpoint = Endpoint()
    async with serving(endpoint) as url:
        for _ in range(count):
            await rows.add_event(database, utc_now())
        await rows.add_webhook(database, utc_now(), url)
        async with running(database, settings, asyncio.Event()):
            await endpoint.arrived(count, seconds=bound(count / 100))
    assert [sequence_of(body) for _, body in endpoint.posts] == list(range(1, count + 1))


async def test_an_endpoint_that_hangs_holds_up_nobody_else(
    database: Database, settings: Settings, clock: StoppedClock
) -> None:
    await rows.add_responder(database, clock())
    hanging, other = Endpoint(), Endpoint()
    hanging.gate.clear()
    async with serving(hanging) as slow, serving(other) as fast, stepping(database, settings, clock) as worker:
        await rows.add_webhook(database, clock(), slow)
        await rows.add_webhook(database, clock(), fast)
        for _ in range(5):
            await rows.add_event(database, clock())
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(other.posts) < 5:
                if not await worker.deliver_some():
                    await other.arrived(len(other.posts))
                    # Its answer is still to be read.
                    await asyncio.sleep(0)
        assert len(hanging.posts) == 1
        hanging.gate.set()
        await worker.wait_until_sent()


async def test_a_thousand_endpoints_that_cannot_be_reached_hold_up_none_that_works(
    database: Database, settings: Settings
) -> None:
    async def resolve(host: str) -> list[Address]:
        if host != "works.example":
            await asyncio.Event().wait()
        return [ip_address("127.0.0.1")]

    await rows.add_responder(database, utc_now())
    endpoint = Endpoint()
    async with serving(endpoint) as url, pooled(resolve=resolve) as pool:
        urls = [f"https://dead-{n}.example/" for n in range(1000)]
        # It is in the middle, in whichever order they come.
        urls.insert(500, url.replace("127.0.0.1", "works.example"))
        await rows.add_webhooks(database, utc_now(), urls)
        await rows.add_event(database, utc_now())
        async with running(database, settings, asyncio.Event(), pool):
            await endpoint.arrived(1, seconds=bound(10))


async def test_a_secret_that_cannot_be_read_stops_only_its_own_webhook(
    database: Database, settings: Settings, clock: StoppedClock
) -> None:
    await rows.add_responder(database, clock())
    endpoint = Endpoint()
    strange = Keys((bytes(32),)).seal(rows.SECRET)
    async with serving(endpoint) as url, stepping(database, settings, clock) as worker:
        lost = await rows.add_webhook(database, clock(), url, secrets=[{"sealed": strange, "until": None}])
        await rows.add_webhook(database, clock(), url)
        await rows.add_event(database, clock())
        await deliver_all(worker)

    assert len(endpoint.posts) == 1
    outcome = {row.webhook_id: row.status for row in await rows.read_deliveries(database)}
    assert outcome.pop(lost) == "pending"
    assert set(outcome.values()) == {"delivered"}
    assert {attempt.reason for attempt in await rows.read_attempts(database)} == {None, "secret_unreadable"}


async def test_a_webhook_waits_for_the_key_of_its_secret_and_is_neither_disabled_nor_called_failing(
    database: Database, settings: Settings, clock: StoppedClock
) -> None:
    await rows.add_responder(database, clock())
    endpoint = Endpoint()
    other = Keys((bytes(32),))
    async with serving(endpoint) as url:
        webhook = await rows.add_webhook(
            database, clock(), url, secrets=[{"sealed": other.seal(rows.SECRET), "until": None}]
        )
        await rows.add_event(database, clock())
        async with stepping(database, settings, clock) as worker:
            # Twice as long as an endpoint has, and with more attempts than it takes to disable it.
            for _ in range(20):
                await deliver_all(worker)
                clock.advance(timedelta(hours=12))
        stored = await rows.read_webhook(database, webhook)
        assert (stored.status, stored.failing_since, stored.failed_attempts) == ("active", None, 0)
        assert len(await rows.read_attempts(database)) == 20
        # The key is put back.
        async with database.write() as session:
            row = await session.get_one(WebhookRow, webhook)
            row.secrets = [{"sealed": rows.KEYS.seal(rows.SECRET), "until": None}]
        async with stepping(database, settings, clock) as worker:
            await deliver_all(worker)
    assert len(endpoint.posts) == 1
    assert (await rows.read_webhook(database, webhook)).cursor == 1


async def test_a_webhook_that_answers_410_is_disabled_and_sent_no_more(
    database: Database, settings: Settings, clock: StoppedClock
) -> None:
    await rows.add_responder(database, clock())
    endpoint = Endpoint(status=410)
    async with serving(endpoint) as url, stepping(database, settings, clock) as worker:
        webhook = await rows.add_webhook(database, clock(), url)
        await rows.add_event(database, clock())
        await rows.add_event(database, clock())
        await deliver_all(worker)
        await rows.add_event(database, clock())
        await deliver_all(worker)

    assert len(endpoint.posts) == 1
    stored = await rows.read_webhook(database, webhook)
    assert (stored.status, stored.disabled_reason) == ("disabled", "gone")
    assert [row.status for row in await rows.read_deliveries(database)] == ["pending"]
    assert stored.cursor == 0


async def test_what_a_killed_worker_had_claimed_is_sent_again_when_its_lease_has_run_out(
    database: Database, settings: Settings, clock: StoppedClock
) -> None:
    await rows.add_responder(database, clock())
    endpoint = Endpoint()
    async with serving(endpoint) as url, stepping(database, settings, clock) as worker:
        await rows.add_webhook(database, clock(), url)
        await rows.add_event(database, clock())
        assert len(await rows.claim_webhooks(database, clock())) == 1
        await deliver_all(worker)
        assert endpoint.posts == []
        await pass_time(database, rows.LEASE)
        await deliver_all(worker)
    assert len(endpoint.posts) == 1


async def test_no_send_starts_that_might_outlast_its_lease(
    database: Database, settings: Settings, clock: StoppedClock
) -> None:
    await rows.add_responder(database, clock())
    endpoint = Endpoint()
    # Too short for an attempt of fifteen seconds and for recording it, as after a claim that waited for a free slot.
    late = msgspec.structs.replace(settings, lease=timedelta(seconds=16))
    async with serving(endpoint) as url:
        await rows.add_webhook(database, clock(), url)
        await rows.add_event(database, clock())
        async with stepping(database, late, clock) as worker:
            await worker.deliver_some()
            assert await worker.wait_until_sent()
        assert endpoint.posts == []
        async with stepping(database, settings, clock) as worker:
            await deliver_all(worker)
        assert len(endpoint.posts) == 1


@pytest.mark.parametrize("woken", [True, False])
async def test_an_idle_worker_delivers_whether_or_not_it_is_woken(
    database: Database, settings: Settings, woken: bool
) -> None:
    await rows.add_responder(database, utc_now())
    endpoint, wake = Endpoint(), asyncio.Event()
    async with serving(endpoint) as url, running(database, settings, wake):
        await rows.add_webhook(database, utc_now(), url)
        for count in range(1, 4):
            await rows.add_event(database, utc_now())
            if woken:
                wake.set()
            await endpoint.arrived(count)


async def test_a_worker_that_is_stopped_records_what_was_in_flight(database: Database, settings: Settings) -> None:
    await rows.add_responder(database, utc_now())
    endpoint = Endpoint()
    endpoint.gate.clear()
    async with serving(endpoint) as url:
        await rows.add_webhook(database, utc_now(), url)
        await rows.add_event(database, utc_now())
        async with running(database, settings, asyncio.Event()):
            await endpoint.arrived(1)
            asyncio.get_running_loop().call_later(0.1, endpoint.gate.set)
    (delivery,) = await rows.read_deliveries(database)
    assert delivery.status == "delivered"


async def test_two_workers_on_one_database_deliver_everything_once_and_in_order(
    database: Database, settings: Settings
) -> None:
    await rows.add_responder(database, utc_now())
    endpoints = [Endpoint() for _ in range(3)]
    other = Database(settings)
    async with contextlib.AsyncExitStack() as stack:
        for endpoint in endpoints:
            await rows.add_webhook(database, utc_now(), await stack.enter_async_context(serving(endpoint)))
        await stack.enter_async_context(running(database, settings, asyncio.Event()))
        await stack.enter_async_context(running(other, settings, asyncio.Event()))
        for _ in range(20):
            await rows.add_event(database, utc_now())
        for endpoint in endpoints:
            await endpoint.arrived(20)
    await other.close()
    for endpoint in endpoints:
        assert [sequence_of(body) for _, body in endpoint.posts] == list(range(1, 21))


async def test_a_worker_that_is_stopped_gives_up_on_endpoints_that_do_not_answer(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("capacity_api.delivery.worker._GRACE_SECONDS", 0.05)
    await rows.add_responder(database, utc_now())
    endpoint = Endpoint()
    endpoint.gate.clear()
    async with serving(endpoint) as url:
        webhook = await rows.add_webhook(database, utc_now(), url)
        await rows.add_event(database, utc_now())
        async with running(database, settings, asyncio.Event()):
            await endpoint.arrived(1)
        endpoint.gate.set()
    assert await rows.read_deliveries(database) == []
    assert (await rows.read_webhook(database, webhook)).claimed_until is not None
