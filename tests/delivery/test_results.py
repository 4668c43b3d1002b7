"""What is recorded of each attempt, and what it changes about the webhook."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import delete, update
from tests.conftest import Clock
from tests.delivery import rows
from tests.delivery.rows import add_event, add_responder, add_webhook, add_webhooks, claim_webhooks, record
from tests.leases import pass_time
from tests.restores import back_up, declare_restored

from capacity_api.db.engine import Database
from capacity_api.db.tables import DeliveryRow, WebhookRow
from capacity_api.domain.claim import Claim
from capacity_api.domain.retry import Delivered, GiveUp, Outcome, Retry
from capacity_api.operations.webhooks import deliveries, results
from capacity_api.operations.webhooks.results import ClaimResult, SendResult

URL = "https://partner.example/hook"
FAILED = Retry(reason="http_500", status=500, duration_ms=12, answer="no")
DONE = Delivered(status=204, duration_ms=12)


async def add_and_claim(database: Database, clock: Clock, events: int = 1) -> tuple[UUID, Claim]:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL)
    for _ in range(events):
        await add_event(database, clock())
    (claim,) = await claim_webhooks(database, clock())
    return webhook, claim


async def test_what_is_recorded_of_an_attempt(database: Database, clock: Clock) -> None:
    webhook, claim = await add_and_claim(database, clock)
    outcome = Retry(reason="http_429", status=429, duration_ms=1500, answer="Größe", retry_after=timedelta(minutes=10))
    await record(database, clock(), claim, outcome)
    (attempt,) = await rows.read_attempts(database)
    assert (attempt.status, attempt.reason, attempt.duration_ms, attempt.answer) == (429, "http_429", 1500, "Größe")
    assert attempt.at == clock() - timedelta(milliseconds=1500)
    (delivery,) = await rows.read_deliveries(database)
    assert (delivery.status, delivery.attempts, delivery.finished_at) == ("pending", 1, None)
    stored = await rows.read_webhook(database, webhook)
    assert stored.next_attempt_at == clock() + timedelta(minutes=10)
    assert (stored.cursor, stored.failures, stored.failing_since) == (0, 1, clock())
    assert (stored.claim_id, stored.claimed_until) == (None, None)


async def test_a_success_moves_the_cursor_and_clears_the_failures(database: Database, clock: Clock) -> None:
    webhook, claim = await add_and_claim(database, clock)
    await record(database, clock(), claim, FAILED)
    clock.advance(timedelta(seconds=5))
    (again,) = await claim_webhooks(database, clock())
    await record(database, clock(), again, DONE)
    stored = await rows.read_webhook(database, webhook)
    assert (stored.cursor, stored.failures, stored.failing_since, stored.next_attempt_at) == (1, 0, None, None)
    (delivery,) = await rows.read_deliveries(database)
    assert (delivery.status, delivery.attempts, delivery.finished_at) == ("delivered", 2, clock())


async def test_after_a_slow_success_a_webhook_takes_a_slow_slot(database: Database, clock: Clock) -> None:
    webhook, claim = await add_and_claim(database, clock, events=2)
    await record(database, clock(), claim, Delivered(status=200, duration_ms=1001))
    assert (await rows.read_webhook(database, webhook)).next_attempt_at == clock()
    (slow,) = await claim_webhooks(database, clock())
    await record(database, clock(), slow, DONE)
    assert (await rows.read_webhook(database, webhook)).next_attempt_at is None


async def test_an_overloaded_endpoint_is_sent_to_slowly(database: Database, clock: Clock) -> None:
    webhook, claim = await add_and_claim(database, clock, events=30)
    await record(database, clock(), claim, Retry(reason="http_503", status=503, duration_ms=1))
    clock.advance(timedelta(seconds=5))
    pauses = []
    for _ in range(3):
        (again,) = await claim_webhooks(database, clock())
        await record(database, clock(), again, DONE)
        due = (await rows.read_webhook(database, webhook)).next_attempt_at
        pauses.append(None if due is None else due - clock())
        clock.advance(timedelta(seconds=5))
    assert pauses == [timedelta(seconds=1), None, None]


async def fail_until_given_up(database: Database, clock: Clock, webhook: UUID, claim: Claim) -> list[timedelta]:
    """Fail each attempt of a claim's event until it waits for no other. Returns when it was tried, from the first."""
    began = clock()
    tried = [timedelta()]
    while True:
        await record(database, clock(), claim, FAILED)
        due = (await rows.read_webhook(database, webhook)).next_attempt_at
        if due is None:
            return tried
        clock.set(due)
        (claim,) = await claim_webhooks(database, clock())
        tried.append(clock() - began)


async def test_an_event_is_given_up_after_120_hours_and_the_next_one_is_tried_at_once(
    database: Database, clock: Clock
) -> None:
    webhook, claim = await add_and_claim(database, clock, events=2)
    tried = await fail_until_given_up(database, clock, webhook, claim)
    seconds = [round(each / timedelta(seconds=1)) for each in tried[:8]]
    hours = [round(each / timedelta(hours=1), 1) for each in tried[8:]]
    assert seconds == [0, 5, 20, 50, 80, 140, 260, 560]
    assert hours == [0.4, 1.4, 4.4, 10.4, 22.4, 46.4, 70.4, 94.4, 118.4, 120.0]
    stored = await rows.read_webhook(database, webhook)
    # Not disabled: it may be this event alone that the endpoint cannot take.
    assert (stored.status, stored.cursor, stored.failed_attempts) == ("active", 1, 18)
    (delivery,) = await rows.read_deliveries(database)
    assert (delivery.status, delivery.finished_at, delivery.failing_since) == ("failed", clock(), None)
    (again,) = await claim_webhooks(database, clock())
    assert [each.sequence for each in again.messages] == [2]
    await record(database, clock(), again, DONE)
    stored = await rows.read_webhook(database, webhook)
    assert (stored.cursor, stored.failures, stored.failed_attempts, stored.failing_since) == (2, 0, 0, None)


async def test_five_days_without_a_success_disable_a_webhook(database: Database, clock: Clock) -> None:
    webhook, claim = await add_and_claim(database, clock, events=3)
    await fail_until_given_up(database, clock, webhook, claim)
    (again,) = await claim_webhooks(database, clock())
    await record(database, clock(), again, FAILED)
    stored = await rows.read_webhook(database, webhook)
    assert (stored.status, stored.disabled_reason, stored.next_attempt_at) == ("disabled", "failing", None)
    # The event that disabled it comes first when it is enabled again.
    assert stored.cursor == 1
    assert await rows.read_statuses(database) == {1: "failed", 2: "pending"}


async def test_a_webhook_that_was_hardly_tried_in_five_days_is_not_disabled(database: Database, clock: Clock) -> None:
    webhook, claim = await add_and_claim(database, clock, events=2)
    # Each answer asks for a whole day.
    busy = Retry(reason="http_503", status=503, duration_ms=5, retry_after=timedelta(days=1))
    for _ in range(5):
        await record(database, clock(), claim, busy)
        clock.advance(timedelta(days=1))
        (claim,) = await claim_webhooks(database, clock())
    await record(database, clock(), claim, busy)
    assert await rows.read_statuses(database) == {1: "failed"}
    for count in range(7, 10):
        (claim,) = await claim_webhooks(database, clock())
        await record(database, clock(), claim, busy)
        stored = await rows.read_webhook(database, webhook)
        assert (stored.status, stored.failed_attempts) == ("active", count)
        clock.advance(timedelta(days=1))
    (claim,) = await claim_webhooks(database, clock())
    await record(database, clock(), claim, busy)
    stored = await rows.read_webhook(database, webhook)
    assert (stored.status, stored.disabled_reason) == ("disabled", "failing")


async def test_refusals_that_are_not_retried_count_as_one_attempt_each(database: Database, clock: Clock) -> None:
    webhook, claim = await add_and_claim(database, clock, events=10)
    refused = GiveUp(reason="not_allowed", duration_ms=0)
    for _ in range(9):
        await record(database, clock(), claim, refused)
        (claim,) = await claim_webhooks(database, clock())
        clock.advance(timedelta(days=1))
    assert (await rows.read_webhook(database, webhook)).status == "active"
    await record(database, clock(), claim, refused)
    stored = await rows.read_webhook(database, webhook)
    assert (stored.status, stored.disabled_reason, stored.cursor) == ("disabled", "failing", 10)


async def test_a_delivery_out_of_order_is_given_up_after_120_hours_too(database: Database, clock: Clock) -> None:
    responder = await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL, responder_id=responder)
    await rows.add_private_event(database, clock(), responder)
    began = clock()
    tried = 0
    while claims := await claim_webhooks(database, clock()):
        tried += 1
        await record(database, clock(), claims[0], FAILED)
        (delivery,) = await rows.read_deliveries(database)
        if delivery.next_attempt_at is not None:
            clock.set(delivery.next_attempt_at)
    assert (delivery.status, delivery.attempts, tried) == ("failed", 18, 18)
    assert clock() - began == timedelta(hours=120)
    stored = await rows.read_webhook(database, webhook)
    assert (stored.status, stored.failures, stored.failed_attempts) == ("active", 0, 18)


async def test_410_disables_at_once(database: Database, clock: Clock) -> None:
    webhook, claim = await add_and_claim(database, clock, events=2)
    await record(database, clock(), claim, GiveUp(reason="http_410", status=410, duration_ms=5, disable=True))
    stored = await rows.read_webhook(database, webhook)
    # It missed this event like those after it.
    assert (stored.status, stored.disabled_reason, stored.cursor) == ("disabled", "gone", 0)
    assert [(row.status, row.finished_at) for row in await rows.read_deliveries(database)] == [("pending", None)]


async def test_410_ends_an_out_of_order_delivery(database: Database, clock: Clock) -> None:
    responder = await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL, responder_id=responder)
    await rows.add_private_event(database, clock(), responder)
    await add_event(database, clock())
    (claim,) = await claim_webhooks(database, clock())
    assert [each.sequence for each in claim.messages] == [None, 1]
    await record(database, clock(), claim, GiveUp(reason="http_410", status=410, duration_ms=5, disable=True))
    stored = await rows.read_webhook(database, webhook)
    assert (stored.status, stored.cursor, stored.out_of_order_at) == ("disabled", 0, None)
    assert [(row.sequence, row.status) for row in await rows.read_deliveries(database)] == [(None, "failed")]


async def test_a_lost_claim_records_nothing_but_the_attempt(database: Database, clock: Clock) -> None:
    webhook, first = await add_and_claim(database, clock)
    await pass_time(database, rows.LEASE)
    (second,) = await claim_webhooks(database, clock())
    await record(database, clock(), first, GiveUp(reason="http_410", status=410, duration_ms=5, disable=True))
    stored = await rows.read_webhook(database, webhook)
    assert (stored.status, stored.cursor, stored.claim_id) == ("active", 0, second.claim_id)
    await record(database, clock(), second, DONE)
    (delivery,) = await rows.read_deliveries(database)
    assert (delivery.status, delivery.attempts, delivery.finished_at) == ("delivered", 2, clock())
    assert [each.reason for each in await rows.read_attempts(database)] == ["http_410", None]


async def test_what_got_through_under_a_lost_claim_is_delivered(database: Database, clock: Clock) -> None:
    webhook, first = await add_and_claim(database, clock)
    await pass_time(database, rows.LEASE)
    await claim_webhooks(database, clock())
    await record(database, clock(), first, DONE)
    assert [row.status for row in await rows.read_deliveries(database)] == ["delivered"]
    assert (await rows.read_webhook(database, webhook)).cursor == 0


async def test_a_webhook_deleted_while_its_delivery_is_on_the_way_leaves_nothing(
    database: Database, clock: Clock
) -> None:
    _, claim = await add_and_claim(database, clock)
    async with database.write() as session:
        await session.execute(delete(WebhookRow))
    await record(database, clock(), claim, DONE)
    assert await rows.read_deliveries(database) == []
    assert await rows.read_attempts(database) == []


async def test_what_was_sent_of_an_event_that_a_restore_lost_leaves_the_others_results(
    database: Database, clock: Clock, tmp_path: Path
) -> None:
    await add_responder(database, clock())
    webhooks = await add_webhooks(database, clock(), [URL, URL])
    await add_event(database, clock())
    backup = await back_up(database.settings.url, tmp_path)
    lost = await add_event(database, clock())
    found = await claim_webhooks(database, clock(), limit=2)
    await backup.restore()
    await declare_restored(database, clock())
    sends = [tuple(SendResult(each, DONE, clock()) for each in claim.messages) for claim in found]
    assert [[each.message.sequence for each in one] for one in sends] == [[1, lost]] * 2
    async with database.write(recovering=True) as session:
        await results.record(session, list(map(ClaimResult, found, sends)), lambda: 0.5)
    kept = {(row.webhook_id, row.sequence, row.status) for row in await rows.read_deliveries(database)}
    assert kept == {(webhook, 1, "delivered") for webhook in webhooks}


async def test_a_claim_with_nothing_sent_is_given_back(database: Database, clock: Clock) -> None:
    webhook, claim = await add_and_claim(database, clock)
    await record(database, clock(), claim)
    stored = await rows.read_webhook(database, webhook)
    assert (stored.cursor, stored.claim_id) == (0, None)


async def test_many_results_are_one_transaction(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    for _ in range(50):
        await add_webhook(database, clock(), URL)
    await add_event(database, clock())
    found = await claim_webhooks(database, clock(), limit=100)
    outcomes: list[Outcome] = [DONE, FAILED, GiveUp(reason="not_allowed", duration_ms=0)]
    ended = [
        ClaimResult(each, (SendResult(each.messages[0], outcomes[n % 3], clock()),)) for n, each in enumerate(found)
    ]
    async with database.write() as session:
        await results.record(session, ended, lambda: 0.5)
    stored = [row.status for row in await rows.read_deliveries(database)]
    assert [stored.count(status) for status in ("delivered", "pending", "failed")] == [17, 17, 16]
    assert len(await rows.read_attempts(database)) == 50


@pytest.mark.parametrize(("seconds", "pruned"), [(0, 0), (1, 6)])
async def test_what_finished_earlier_is_deleted_from_the_log(
    database: Database, clock: Clock, seconds: int, pruned: int
) -> None:
    await add_responder(database, clock())
    await add_webhook(database, clock(), URL, responders=["kalayaan"])
    for _ in range(7):
        await add_event(database, clock())
    await rows.bring_up_to_date(database, clock(), DONE)
    async with database.write() as session:
        assert await deliveries.prune(session, clock() - timedelta(seconds=1)) == 0
        await session.execute(update(DeliveryRow).where(DeliveryRow.sequence == 7).values(finished_at=None))
        assert await deliveries.prune(session, clock() + timedelta(seconds=seconds)) == pruned
    assert [row.sequence for row in await rows.read_deliveries(database)] == list(range(pruned + 1, 8))
    assert len(await rows.read_attempts(database)) == 7 - pruned
