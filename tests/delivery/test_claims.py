"""Which webhooks are claimed and for what: filters, order, leases, slots."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from tests.conftest import Clock
from tests.delivery import rows
from tests.delivery.rows import (
    add_event,
    add_responder,
    add_webhook,
    bring_up_to_date,
    claim_webhooks,
    deliver_to,
    read_statuses,
    record,
    report,
)
from tests.leases import pass_time

from capacity_api.clock import read_boot_clock
from capacity_api.db.engine import Database
from capacity_api.db.tables import WebhookRow
from capacity_api.domain.areas import ENGLAND, LONDON, SCOTLAND, SOUTH_WEST, UNITED_KINGDOM, WALES, WEST_OF_ENGLAND
from capacity_api.domain.events import EventType
from capacity_api.domain.intake import ReportedState
from capacity_api.domain.retry import Delivered, GiveUp, Retry
from capacity_api.operations import changes
from capacity_api.operations.webhooks import claims
from capacity_api.operations.webhooks.scan import MAX_IN_ORDER
from capacity_api.operations.webhooks.secrets import valid_secrets

URL = "https://partner.example/hook"
FAILED = Retry(reason="http_500", status=500, duration_ms=12, answer="no")
DONE = Delivered(status=204, duration_ms=12)
OPEN, PAUSED, WAITING = ReportedState.OPEN, ReportedState.PAUSED, ReportedState.WAITING_LIST


@pytest.mark.parametrize(
    ("fields", "is_sent"),
    [
        ({}, True),
        ({"event_types": ["intake.paused"]}, True),
        ({"event_types": ["intake.opened"]}, False),
        ({"event_types": ["of.another.version"]}, False),
        ({"event_types": []}, False),
        ({"responders": ["kalayaan"]}, True),
        ({"responders": ["kalayaan", "unseen"]}, True),
        ({"responders": ["unseen"]}, False),
        ({"areas": [ENGLAND]}, True),
        ({"areas": [LONDON]}, True),
        ({"areas": [UNITED_KINGDOM]}, True),
        ({"areas": [SCOTLAND, WEST_OF_ENGLAND]}, True),
        ({"areas": [SCOTLAND, WALES]}, False),
        ({"responders": ["kalayaan"], "areas": [WALES]}, False),
        ({"status": "disabled"}, False),
    ],
)
async def test_a_webhook_is_sent_what_passes_its_filters(
    database: Database, clock: Clock, fields: dict[str, Any], is_sent: bool
) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL, **fields)
    number = await add_event(database, clock())
    assert await deliver_to(database, clock(), webhook) == ([number] if is_sent else [])


async def test_an_area_filter_matches_a_remit_that_covers_part_of_it(database: Database, clock: Clock) -> None:
    await add_responder(database, clock(), areas=[WEST_OF_ENGLAND])
    part = await add_webhook(database, clock(), URL, areas=[SOUTH_WEST])
    other = await add_webhook(database, clock(), URL, areas=[LONDON])
    number = await add_event(database, clock())
    found = await claim_webhooks(database, clock())
    assert [(each.webhook_id, each.messages[0].sequence) for each in found] == [(part, number)]
    assert (await rows.read_webhook(database, other)).cursor == number


@pytest.mark.parametrize(
    ("fields", "is_sent"),
    [
        ({}, True),
        ({"event_types": ["coverage.gap_closed"]}, True),
        ({"event_types": ["coverage.gap_opened"]}, False),
        # The gap is in Wales and in London.
        ({"areas": [WALES]}, True),
        ({"areas": [SCOTLAND, ENGLAND]}, True),
        ({"areas": [UNITED_KINGDOM]}, True),
        ({"areas": [SCOTLAND, SOUTH_WEST]}, False),
        # It is about no responder.
        ({"responders": ["kalayaan"]}, False),
    ],
)
async def test_a_gap_event_passes_the_filters_for_its_areas(
    database: Database, clock: Clock, fields: dict[str, Any], is_sent: bool
) -> None:
    await add_responder(database, clock(), areas=[WALES, LONDON], exploitation_types=("all",))
    webhook = await add_webhook(database, clock(), URL, **{"event_types": ["coverage.gap_closed"], **fields})
    number = await report(database, clock(), OPEN)
    assert await deliver_to(database, clock(), webhook) == ([number + 1] if is_sent else [])


async def test_a_confirmation_goes_only_to_webhooks_that_named_it(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    everything = await add_webhook(database, clock(), URL)
    named = await add_webhook(database, clock(), URL, event_types=["intake.confirmed"])
    number = await add_event(database, clock(), event_type=EventType.INTAKE_CONFIRMED)
    found = await claim_webhooks(database, clock())
    assert [(each.webhook_id, each.messages[0].sequence) for each in found] == [(named, number)]
    assert (await rows.read_webhook(database, everything)).cursor == number


@pytest.mark.parametrize("event_type", [EventType.DIRECTORY_RESTORED, EventType.EVENT_REDACTED])
@pytest.mark.parametrize(
    "fields",
    [{}, {"event_types": ["intake.confirmed"]}, {"responders": ["unseen"]}, {"areas": [WALES]}, {"stale": "send"}],
)
async def test_what_every_copy_has_to_follow_passes_all_filters_in_order(
    database: Database, clock: Clock, event_type: EventType, fields: dict[str, Any]
) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL, **fields)
    numbers = []
    for _ in range(2):
        await report(database, clock(), OPEN)
        await report(database, clock(), PAUSED)
        numbers.append(await rows.add_reserved_event(database, clock(), event_type))
    sent = await deliver_to(database, clock(), webhook)
    assert [number for number in sent if number in numbers] == numbers
    assert sent == sorted(sent, key=lambda number: number or 0)
    statuses = await read_statuses(database)
    assert [statuses[number] for number in numbers] == ["delivered", "delivered"]


async def test_a_private_event_goes_to_its_responders_own_webhooks(database: Database, clock: Clock) -> None:
    responder = await add_responder(database, clock())
    other = await add_responder(database, clock(), "unseen")
    mine = await add_webhook(database, clock(), URL, responder_id=responder)
    await add_webhook(database, clock(), URL, responder_id=responder, event_types=["intake.paused"])
    await add_webhook(database, clock(), URL, responder_id=other)
    await add_webhook(database, clock(), URL)
    await rows.add_private_event(database, clock(), responder)
    (claim,) = await claim_webhooks(database, clock())
    assert (claim.webhook_id, [each.sequence for each in claim.messages]) == (mine, [None])
    (delivery,) = await rows.read_deliveries(database)
    assert (delivery.webhook_id, delivery.sequence, delivery.status) == (mine, None, "pending")


async def test_a_claim_holds_a_few_events_in_order(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL)
    numbers = [await add_event(database, clock()) for _ in range(2 * MAX_IN_ORDER)]
    (first,) = await claim_webhooks(database, clock())
    assert [each.sequence for each in first.messages] == numbers[:MAX_IN_ORDER]
    assert await claim_webhooks(database, clock()) == []
    # Only the first three were sent.
    await record(database, clock(), first, DONE, DONE, DONE)
    assert (await rows.read_webhook(database, webhook)).cursor == numbers[2]
    assert await bring_up_to_date(database, clock(), DONE) == numbers[3:]
    assert (await rows.read_webhook(database, webhook)).cursor == numbers[-1]
    assert set((await read_statuses(database)).values()) == {"delivered"}


async def test_a_claim_skips_what_its_webhook_does_not_want(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL, event_types=["intake.opened"])
    types = [EventType.INTAKE_OPENED, EventType.INTAKE_PAUSED] * 2
    numbers = [await add_event(database, clock(), event_type=each) for each in types]
    (claim,) = await claim_webhooks(database, clock())
    assert [each.sequence for each in claim.messages] == [numbers[0], numbers[2]]
    await record(database, clock(), claim, DONE, DONE)
    assert (await rows.read_webhook(database, webhook)).cursor == numbers[2]
    assert await claim_webhooks(database, clock()) == []
    assert (await rows.read_webhook(database, webhook)).cursor == numbers[3]


async def test_after_a_failure_within_a_claim_its_event_comes_again_before_those_after_it(
    database: Database, clock: Clock
) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL)
    numbers = [await add_event(database, clock()) for _ in range(4)]
    (claim,) = await claim_webhooks(database, clock())
    await record(database, clock(), claim, DONE, FAILED)
    stored = await rows.read_webhook(database, webhook)
    assert stored.cursor == numbers[0]
    assert stored.next_attempt_at is not None
    clock.set(stored.next_attempt_at)
    assert await bring_up_to_date(database, clock(), DONE) == numbers[1:]


async def test_events_that_nobody_wants_are_skipped_without_a_row(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL, responders=["nobody"])
    for _ in range(150):
        await add_event(database, clock())
    assert await bring_up_to_date(database, clock(), DONE) == []
    assert (await rows.read_webhook(database, webhook)).cursor == 150
    assert await rows.read_deliveries(database) == []


async def test_while_one_event_waits_for_its_retry_the_events_after_it_wait_too(
    database: Database, clock: Clock
) -> None:
    await add_responder(database, clock())
    await add_webhook(database, clock(), URL)
    for _ in range(2):
        await add_event(database, clock())
    (first,) = await claim_webhooks(database, clock())
    await record(database, clock(), first, FAILED)
    assert await read_statuses(database) == {1: "pending"}
    assert await claim_webhooks(database, clock()) == []
    clock.advance(timedelta(seconds=5))
    (again,) = await claim_webhooks(database, clock())
    assert [each.sequence for each in again.messages] == [1, 2]
    await record(database, clock(), again, GiveUp(reason="not_allowed", duration_ms=0))
    (second,) = await claim_webhooks(database, clock())
    assert [each.sequence for each in second.messages] == [2]
    assert await read_statuses(database) == {1: "failed"}


async def test_a_private_delivery_waits_for_nothing(database: Database, clock: Clock) -> None:
    responder = await add_responder(database, clock())
    await add_webhook(database, clock(), URL, responder_id=responder)
    await add_event(database, clock())
    (first,) = await claim_webhooks(database, clock())
    await record(database, clock(), first, FAILED)
    await rows.add_private_event(database, clock(), responder)
    (private,) = await claim_webhooks(database, clock())
    assert [(each.sequence, each.is_out_of_order) for each in private.messages] == [(None, True)]
    await record(database, clock(), private, FAILED)
    assert await claim_webhooks(database, clock()) == []
    clock.advance(timedelta(seconds=5))
    # Both are due now, each by its own schedule.
    (both,) = await claim_webhooks(database, clock())
    assert [each.sequence for each in both.messages] == [None, 1]


async def test_a_success_out_of_order_ends_the_wait_in_order(database: Database, clock: Clock) -> None:
    responder = await add_responder(database, clock())
    await add_webhook(database, clock(), URL, responder_id=responder)
    await add_event(database, clock())
    (first,) = await claim_webhooks(database, clock())
    await record(database, clock(), first, FAILED)
    await rows.add_private_event(database, clock(), responder)
    (private,) = await claim_webhooks(database, clock())
    await record(database, clock(), private, DONE)
    (again,) = await claim_webhooks(database, clock())
    assert [each.sequence for each in again.messages] == [1]


async def test_finding_nothing_out_of_order_ends_no_wait(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL)
    await add_event(database, clock())
    (first,) = await claim_webhooks(database, clock())
    await record(database, clock(), first, FAILED)
    async with database.write() as session:
        await session.execute(update(WebhookRow).values(out_of_order_at=clock()))
    assert await claim_webhooks(database, clock()) == []
    stored = await rows.read_webhook(database, webhook)
    assert (stored.out_of_order_at, stored.next_attempt_at) == (None, clock() + timedelta(seconds=5))


async def test_a_claim_holds_until_its_lease_runs_out(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    await add_webhook(database, clock(), URL)
    await add_event(database, clock())
    (first,) = await claim_webhooks(database, clock())
    await pass_time(database, rows.LEASE / 2)
    assert await claim_webhooks(database, clock()) == []
    await pass_time(database, rows.LEASE / 2)
    (second,) = await claim_webhooks(database, clock())
    assert second.messages == first.messages
    assert second.claim_id != first.claim_id


async def test_a_claim_that_is_released_is_free_at_once(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    await add_webhook(database, clock(), URL)
    await add_event(database, clock())
    found = await claim_webhooks(database, clock())
    async with database.write() as session:
        await claims.release(session, found)
    assert len(await claim_webhooks(database, clock())) == 1


async def test_a_claim_that_another_worker_has_now_is_not_released(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL)
    await add_event(database, clock())
    lost = await claim_webhooks(database, clock())
    await pass_time(database, rows.LEASE)
    (theirs,) = await claim_webhooks(database, clock())
    async with database.write() as session:
        await claims.release(session, lost)
    assert (await rows.read_webhook(database, webhook)).claim_id == theirs.claim_id


async def test_a_disabled_webhook_keeps_its_cursor_and_is_sent_nothing(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL, status="disabled")
    await add_event(database, clock())
    assert await claim_webhooks(database, clock()) == []
    assert (await rows.read_webhook(database, webhook)).cursor == 0
    async with database.write() as session:
        await session.execute(update(WebhookRow).values(status="active"))
    assert len(await claim_webhooks(database, clock())) == 1


async def test_webhooks_furthest_ahead_and_furthest_behind_share_the_fast_slots(
    database: Database, clock: Clock
) -> None:
    await add_responder(database, clock())
    for _ in range(6):
        await add_event(database, clock())
    behind = [await add_webhook(database, clock(), URL, cursor=0) for _ in range(5)]
    ahead = [await add_webhook(database, clock(), URL, cursor=5) for _ in range(5)]
    found = {each.webhook_id for each in await claim_webhooks(database, clock(), limit=4)}
    assert (len(found & set(behind)), len(found & set(ahead))) == (2, 2)


async def test_webhooks_that_fail_take_no_fast_slot(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    for _ in range(10):
        await add_webhook(database, clock(), URL)
    await add_event(database, clock())
    for each in await claim_webhooks(database, clock()):
        await record(database, clock(), each, FAILED)
    clock.advance(timedelta(seconds=5))
    quick = await add_webhook(database, clock(), URL)
    found = await rows.claim_due(database, clock(), await rows.find_due(database, clock(), max_ready=1, max_slow=3))
    assert len(found) == 4
    assert quick in {each.webhook_id for each in found}


async def test_webhooks_with_many_cursors_in_a_long_backlog_are_all_brought_up_to_date(
    database: Database, clock: Clock
) -> None:
    await add_responder(database, clock())
    async with database.write() as session:
        change = await changes.begin(session, clock())
        responder = await change.get_responder("kalayaan")
        for _ in range(1200):
            await change.add_event(EventType.INTAKE_CONFIRMED, responder, clock())
    # Their windows overlap and are together more than is read at once.
    webhooks = [await add_webhook(database, clock(), URL, cursor=cursor) for cursor in range(1160, 0, -23)]
    assert await bring_up_to_date(database, clock(), DONE) == []
    assert [(await rows.read_webhook(database, each)).cursor for each in webhooks] == [1200] * len(webhooks)


async def test_workers_at_once_never_claim_the_same(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    for _ in range(20):
        await add_webhook(database, clock(), URL)
    await add_event(database, clock())
    some, everybody = await rows.find_due(database, clock(), 10, 10), await rows.find_due(database, clock())
    other = Database(database.settings)
    async with database.write() as first:
        mine = await claims.claim(first, some, clock(), rows.LEASE, boot_time=read_boot_clock())
        # On PostgreSQL at the same time, on SQLite one after the other.
        theirs = None if database.settings.is_sqlite else await rows.claim_due(other, clock(), everybody)
    if theirs is None:
        theirs = await rows.claim_due(other, clock(), everybody)
    await other.close()
    assert (len(mine), len(theirs)) == (10, 10)
    assert not {each.webhook_id for each in mine} & {each.webhook_id for each in theirs}


async def test_a_webhook_that_another_worker_dealt_with_since_is_left_alone(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    await add_webhook(database, clock(), URL)
    await add_event(database, clock())
    for outcome, wait in ((FAILED, timedelta(minutes=5)), (DONE, timedelta())):
        seen = await rows.find_due(database, clock())
        (claim,) = await claim_webhooks(database, clock())
        await record(database, clock(), claim, outcome)
        assert await rows.claim_due(database, clock(), seen) == []
        clock.advance(wait)


@pytest.mark.parametrize(
    "change",
    [
        {"url": "https://elsewhere.example/hook"},
        {"event_types": ["intake.opened"]},
        {"responders": ["unseen"]},
        {"areas": [WALES]},
        {"stale": "send"},
        {"secrets": [{"sealed": "new", "until": None}]},
        {"status": "disabled"},
    ],
)
async def test_a_webhook_that_was_changed_since_it_was_found_is_not_claimed(
    database: Database, clock: Clock, change: dict[str, Any]
) -> None:
    await add_responder(database, clock())
    await add_webhook(database, clock(), URL)
    await add_event(database, clock())
    seen = await rows.find_due(database, clock())
    async with database.write() as session:
        await session.execute(update(WebhookRow).values(change))
    assert await rows.claim_due(database, clock(), seen) == []


def test_only_secrets_that_have_not_expired_sign(clock: Clock) -> None:
    secrets: list[dict[str, Any]] = [
        {"sealed": "newest", "until": None},
        {"sealed": "going", "until": (clock() + timedelta(seconds=1)).isoformat()},
        {"sealed": "utc", "until": "2026-11-21T12:00:01Z"},
        {"sealed": "gone", "until": clock().isoformat()},
    ]
    assert valid_secrets(secrets, clock()) == ("newest", "going", "utc")
