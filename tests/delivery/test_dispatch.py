"""Who is claimed for what: filters, order, leases, places, and what nobody is sent any more."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from tests.conftest import Clock
from tests.delivery import rows
from tests.delivery.rows import LEASE, add_responder, add_webhook, bring_up_to_date, claim, record, report, tell

from capacity_api.db.engine import Database
from capacity_api.db.tables import WebhookRow
from capacity_api.domain.areas import ENGLAND, LONDON, SCOTLAND, SOUTH_WEST, UNITED_KINGDOM, WALES, WEST_OF_ENGLAND
from capacity_api.domain.events import EventType
from capacity_api.domain.intake import ReportedState
from capacity_api.domain.retry import Delivered, GiveUp, Retry
from capacity_api.operations import changes, dispatch
from capacity_api.operations.dispatch import valid_secrets

URL = "https://partner.example/hook"
FAILED = Retry(reason="http_500", status=500, duration_ms=12, answer="no")
DONE = Delivered(status=204, duration_ms=12)
OPEN, PAUSED, WAITING = ReportedState.OPEN, ReportedState.PAUSED, ReportedState.WAITING_LIST


async def sent_to(database: Database, now: Any, webhook: UUID) -> list[int | None]:
    """The numbers of what this webhook is sent now, all of it."""
    sent: list[int | None] = []
    while claims := await claim(database, now):
        for each in claims:
            await record(database, now, each, *[DONE] * len(each.messages))
            if each.webhook_id == webhook:
                sent += [message.sequence for message in each.messages]
    return sent


async def statuses(database: Database) -> dict[int | None, str]:
    return {row.sequence: row.status for row in await rows.stored_deliveries(database)}


@pytest.mark.parametrize(
    ("fields", "hears"),
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
async def test_a_webhook_hears_what_its_filters_let_through(
    database: Database, clock: Clock, fields: dict[str, Any], hears: bool
) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL, **fields)
    number = await tell(database, clock())
    assert await sent_to(database, clock(), webhook) == ([number] if hears else [])


async def test_a_place_is_heard_of_when_the_remit_reaches_a_part_of_it(database: Database, clock: Clock) -> None:
    await add_responder(database, clock(), areas=[WEST_OF_ENGLAND])
    part = await add_webhook(database, clock(), URL, areas=[SOUTH_WEST])
    other = await add_webhook(database, clock(), URL, areas=[LONDON])
    number = await tell(database, clock())
    claims = await claim(database, clock())
    assert [(each.webhook_id, each.messages[0].sequence) for each in claims] == [(part, number)]
    assert (await rows.stored_webhook(database, other)).cursor == number


@pytest.mark.parametrize(
    ("fields", "hears"),
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
async def test_a_gap_is_heard_of_in_its_places(
    database: Database, clock: Clock, fields: dict[str, Any], hears: bool
) -> None:
    await add_responder(database, clock(), areas=[WALES, LONDON], exploitation_types="all")
    webhook = await add_webhook(database, clock(), URL, **{"event_types": ["coverage.gap_closed"], **fields})
    number = await report(database, clock(), OPEN)
    assert await sent_to(database, clock(), webhook) == ([number + 1] if hears else [])


async def test_a_confirmation_is_heard_by_who_named_it_alone(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    everything = await add_webhook(database, clock(), URL)
    named = await add_webhook(database, clock(), URL, event_types=["intake.confirmed"])
    number = await tell(database, clock(), event_type=EventType.INTAKE_CONFIRMED)
    claims = await claim(database, clock())
    assert [(each.webhook_id, each.messages[0].sequence) for each in claims] == [(named, number)]
    assert (await rows.stored_webhook(database, everything)).cursor == number


async def test_a_private_event_goes_to_its_responders_own_webhooks(database: Database, clock: Clock) -> None:
    responder = await add_responder(database, clock())
    other = await add_responder(database, clock(), "unseen")
    mine = await add_webhook(database, clock(), URL, responder_id=responder)
    await add_webhook(database, clock(), URL, responder_id=responder, event_types=["intake.paused"])
    await add_webhook(database, clock(), URL, responder_id=other)
    await add_webhook(database, clock(), URL)
    await rows.whisper(database, clock(), responder)
    (claimed,) = await claim(database, clock())
    assert (claimed.webhook_id, [each.sequence for each in claimed.messages]) == (mine, [None])
    (delivery,) = await rows.stored_deliveries(database)
    assert (delivery.webhook_id, delivery.sequence, delivery.status) == (mine, None, "pending")


async def test_a_webhook_is_claimed_for_its_oldest_alone(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL)
    for _ in range(5):
        await tell(database, clock())
    (first,) = await claim(database, clock())
    assert [each.sequence for each in first.messages] == [1]
    assert await claim(database, clock()) == []
    await record(database, clock(), first, DONE)
    assert (await rows.stored_webhook(database, webhook)).cursor == 1
    assert await bring_up_to_date(database, clock(), DONE) == [2, 3, 4, 5]
    assert (await rows.stored_webhook(database, webhook)).cursor == 5
    assert set((await statuses(database)).values()) == {"delivered"}


async def test_what_nobody_wants_is_passed_over_without_a_row(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL, responders=["nobody"])
    for _ in range(150):
        await tell(database, clock())
    assert await bring_up_to_date(database, clock(), DONE) == []
    assert (await rows.stored_webhook(database, webhook)).cursor == 150
    assert await rows.stored_deliveries(database) == []


async def test_while_the_oldest_waits_for_its_next_try_the_others_wait_too(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    await add_webhook(database, clock(), URL)
    for _ in range(2):
        await tell(database, clock())
    (first,) = await claim(database, clock())
    await record(database, clock(), first, FAILED)
    assert await statuses(database) == {1: "pending"}
    assert await claim(database, clock()) == []
    clock.advance(timedelta(seconds=5))
    (again,) = await claim(database, clock())
    assert [each.sequence for each in again.messages] == [1]
    await record(database, clock(), again, GiveUp(reason="not_allowed", duration_ms=0))
    (second,) = await claim(database, clock())
    assert [each.sequence for each in second.messages] == [2]
    assert await statuses(database) == {1: "failed"}


async def test_a_private_delivery_waits_for_nothing(database: Database, clock: Clock) -> None:
    responder = await add_responder(database, clock())
    await add_webhook(database, clock(), URL, responder_id=responder)
    await tell(database, clock())
    (first,) = await claim(database, clock())
    await record(database, clock(), first, FAILED)
    await rows.whisper(database, clock(), responder)
    (private,) = await claim(database, clock())
    assert [(each.sequence, each.is_extra) for each in private.messages] == [(None, True)]
    await record(database, clock(), private, FAILED)
    assert await claim(database, clock()) == []
    clock.advance(timedelta(seconds=5))
    # Both are due now, each by its own schedule.
    (both,) = await claim(database, clock())
    assert [each.sequence for each in both.messages] == [None, 1]


async def test_a_success_beside_the_order_ends_the_wait_of_the_order(database: Database, clock: Clock) -> None:
    responder = await add_responder(database, clock())
    await add_webhook(database, clock(), URL, responder_id=responder)
    await tell(database, clock())
    (first,) = await claim(database, clock())
    await record(database, clock(), first, FAILED)
    await rows.whisper(database, clock(), responder)
    (private,) = await claim(database, clock())
    await record(database, clock(), private, DONE)
    (again,) = await claim(database, clock())
    assert [each.sequence for each in again.messages] == [1]


async def test_a_look_at_what_stands_in_no_order_ends_no_wait(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL)
    await tell(database, clock())
    (first,) = await claim(database, clock())
    await record(database, clock(), first, FAILED)
    async with database.write() as session:
        await session.execute(update(WebhookRow).values(out_of_order_at=clock()))
    assert await claim(database, clock()) == []
    stored = await rows.stored_webhook(database, webhook)
    assert (stored.out_of_order_at, stored.next_attempt_at) == (None, clock() + timedelta(seconds=5))


async def test_a_claim_holds_until_its_lease_runs_out(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    await add_webhook(database, clock(), URL)
    await tell(database, clock())
    (first,) = await claim(database, clock())
    clock.advance(rows.LEASE - timedelta(microseconds=1))
    assert await claim(database, clock()) == []
    clock.advance(timedelta(microseconds=1))
    (second,) = await claim(database, clock())
    assert second.messages == first.messages
    assert second.claim_id != first.claim_id


async def test_what_is_given_back_is_free_at_once(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    await add_webhook(database, clock(), URL)
    await tell(database, clock())
    claims = await claim(database, clock())
    async with database.write() as session:
        await dispatch.release(session, claims)
    assert len(await claim(database, clock())) == 1


async def test_what_somebody_else_has_claimed_since_is_not_given_back(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL)
    await tell(database, clock())
    lost = await claim(database, clock())
    clock.advance(rows.LEASE)
    (theirs,) = await claim(database, clock())
    async with database.write() as session:
        await dispatch.release(session, lost)
    assert (await rows.stored_webhook(database, webhook)).claim_id == theirs.claim_id


async def test_a_disabled_webhook_keeps_its_place_and_is_sent_nothing(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL, status="disabled")
    await tell(database, clock())
    assert await claim(database, clock()) == []
    assert (await rows.stored_webhook(database, webhook)).cursor == 0
    async with database.write() as session:
        await session.execute(update(WebhookRow).values(status="active"))
    assert len(await claim(database, clock())) == 1


async def test_who_is_up_to_date_and_who_is_furthest_behind_share_the_places(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    for _ in range(6):
        await tell(database, clock())
    behind = [await add_webhook(database, clock(), URL, cursor=0) for _ in range(5)]
    ahead = [await add_webhook(database, clock(), URL, cursor=5) for _ in range(5)]
    found = {each.webhook_id for each in await claim(database, clock(), limit=4)}
    assert (len(found & set(behind)), len(found & set(ahead))) == (2, 2)


async def test_those_that_fail_take_no_place_of_the_others(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    for _ in range(10):
        await add_webhook(database, clock(), URL)
    await tell(database, clock())
    for each in await claim(database, clock()):
        await record(database, clock(), each, FAILED)
    clock.advance(timedelta(seconds=5))
    quick = await add_webhook(database, clock(), URL)
    claims = await rows.take(database, clock(), await rows.look(database, clock(), quick=1, held_up=3))
    assert len(claims) == 4
    assert quick in {each.webhook_id for each in claims}


async def test_webhooks_at_many_places_of_a_long_backlog_are_all_brought_up_to_date(
    database: Database, clock: Clock
) -> None:
    await add_responder(database, clock())
    async with database.write() as session:
        change = await changes.begin(session, clock())
        responder = await change.responder("kalayaan")
        for _ in range(1200):
            change.tell(EventType.INTAKE_CONFIRMED, responder, clock())
    # Their windows overlap and are together more than is read at once, so that of some a part alone is read.
    webhooks = [await add_webhook(database, clock(), URL, cursor=place) for place in range(1160, 0, -23)]
    assert await bring_up_to_date(database, clock(), DONE) == []
    assert [(await rows.stored_webhook(database, each)).cursor for each in webhooks] == [1200] * len(webhooks)


async def test_workers_at_once_never_claim_the_same(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    for _ in range(20):
        await add_webhook(database, clock(), URL)
    await tell(database, clock())
    some, everybody = await rows.look(database, clock(), 10, 10), await rows.look(database, clock())
    other = Database(database.settings)
    async with database.write() as first:
        mine = await dispatch.take(first, some, clock(), rows.LEASE)
        # On PostgreSQL at the same time, on SQLite when it is their turn.
        theirs = None if database.settings.is_sqlite else await rows.take(other, clock(), everybody)
    if theirs is None:
        theirs = await rows.take(other, clock(), everybody)
    await other.close()
    assert (len(mine), len(theirs)) == (10, 10)
    assert not {each.webhook_id for each in mine} & {each.webhook_id for each in theirs}


async def test_what_somebody_else_has_dealt_with_since_it_was_seen_is_left_alone(
    database: Database, clock: Clock
) -> None:
    await add_responder(database, clock())
    await add_webhook(database, clock(), URL)
    await tell(database, clock())
    for outcome, wait in ((FAILED, timedelta(minutes=5)), (DONE, timedelta())):
        seen = await rows.look(database, clock())
        (claimed,) = await claim(database, clock())
        await record(database, clock(), claimed, outcome)
        assert await rows.take(database, clock(), seen) == []
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
async def test_a_webhook_that_was_changed_since_it_was_seen_is_not_sent_to_as_it_was(
    database: Database, clock: Clock, change: dict[str, Any]
) -> None:
    await add_responder(database, clock())
    await add_webhook(database, clock(), URL)
    await tell(database, clock())
    seen = await rows.look(database, clock())
    async with database.write() as session:
        await session.execute(update(WebhookRow).values(change))
    assert await rows.take(database, clock(), seen) == []


async def test_an_event_is_superseded_once_its_responder_is_in_another_state(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL, responders=["kalayaan"])
    for state, note in ((OPEN, None), (PAUSED, None), (PAUSED, "until spring"), (PAUSED, "until May")):
        last = await report(database, clock(), state, note)
    # "Paused" is still true although its note was changed, and is told; "opened" is not.
    assert await sent_to(database, clock(), webhook) == [last - 2, last - 1, last]
    assert (await statuses(database))[last - 3] == "superseded"


async def test_a_newer_event_supersedes_whether_or_not_it_is_subscribed_to(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL, event_types=["intake.opened"])
    opened = await report(database, clock(), OPEN)
    await report(database, clock(), PAUSED)
    assert await sent_to(database, clock(), webhook) == []
    assert await statuses(database) == {opened: "superseded"}


async def test_a_state_that_came_back_is_told_by_its_last_event(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL, event_types=["intake.opened", "intake.paused"])
    for state in (OPEN, PAUSED, OPEN):
        last = await report(database, clock(), state)
    assert await sent_to(database, clock(), webhook) == [last]


async def test_what_was_delivered_stays_so_when_it_is_past_and_replayed(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL, responders=["kalayaan"])
    paused = await report(database, clock(), PAUSED)
    assert await sent_to(database, clock(), webhook) == [paused]
    opened = await report(database, clock(), OPEN)
    async with database.write() as session:
        await session.execute(update(WebhookRow).values(cursor=0))
    assert await sent_to(database, clock(), webhook) == [opened]
    assert await statuses(database) == {paused: "delivered", opened: "delivered"}


async def test_what_waits_for_its_next_try_is_superseded_as_well(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL, responders=["kalayaan"])
    opened = await report(database, clock(), OPEN)
    (claimed,) = await claim(database, clock())
    await record(database, clock(), claimed, FAILED)
    paused = await report(database, clock(), PAUSED)
    assert await sent_to(database, clock(), webhook) == []
    clock.advance(timedelta(seconds=5))
    assert await sent_to(database, clock(), webhook) == [paused]
    (row,) = [each for each in await rows.stored_deliveries(database) if each.sequence == opened]
    assert (row.sequence, row.status, row.attempts, row.finished_at) == (opened, "superseded", 1, clock())


async def test_what_failed_waits_for_nothing_once_all_of_it_is_past(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL, event_types=["intake.opened"])
    await report(database, clock(), OPEN)
    (claimed,) = await claim(database, clock())
    await record(database, clock(), claimed, FAILED)
    paused = await report(database, clock(), PAUSED)
    # Not before its time, although there is nothing to be sent.
    assert await claim(database, clock()) == []
    assert (await rows.stored_webhook(database, webhook)).next_attempt_at == clock() + timedelta(seconds=5)
    clock.advance(timedelta(seconds=5))
    assert await bring_up_to_date(database, clock(), DONE) == []
    stored = await rows.stored_webhook(database, webhook)
    assert (stored.next_attempt_at, stored.cursor >= paused) == (None, True)
    assert not await rows.look(database, clock())


async def test_what_is_not_about_a_state_is_never_superseded(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL, event_types=["responder.updated"])
    number = await tell(database, clock(), event_type=EventType.RESPONDER_UPDATED)
    for state in (OPEN, PAUSED):
        await report(database, clock(), state)
    assert await sent_to(database, clock(), webhook) == [number]


async def test_what_a_responder_said_is_past_once_it_has_left(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL, responders=["kalayaan"])
    await report(database, clock(), OPEN)
    left = await tell(database, clock(), event_type=EventType.RESPONDER_DELISTED)
    assert await sent_to(database, clock(), webhook) == [left]


async def test_another_responder_supersedes_nothing(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    await add_responder(database, clock(), "unseen")
    webhook = await add_webhook(database, clock(), URL)
    number = await report(database, clock(), OPEN)
    await tell(database, clock(), "unseen", EventType.RESPONDER_DELISTED)
    assert number in await sent_to(database, clock(), webhook)


async def test_a_webhook_may_ask_for_what_is_past(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL, stale="send")
    numbers = [await report(database, clock(), state) for state in (OPEN, PAUSED, WAITING, OPEN)]
    assert await sent_to(database, clock(), webhook) == numbers


async def test_a_gap_that_closed_and_one_that_opened_again_are_not_told(database: Database, clock: Clock) -> None:
    await add_responder(database, clock(), areas=[WALES], exploitation_types="all")
    both = ["coverage.gap_opened", "coverage.gap_closed"]
    webhook = await add_webhook(database, clock(), URL, event_types=both)
    closed = await report(database, clock(), OPEN) + 1
    opened = await report(database, clock(), PAUSED) + 1
    assert await sent_to(database, clock(), webhook) == [opened]
    assert (await statuses(database))[closed] == "superseded"
    other = await add_webhook(database, clock(), URL, event_types=both, cursor=opened - 1)
    closed_again = await report(database, clock(), OPEN) + 1
    assert await sent_to(database, clock(), other) == [closed_again]


async def test_what_was_passed_over_before_something_newer_was_sent_stays_so(database: Database, clock: Clock) -> None:
    """A gap comes and goes: what is past when one worker looks may hold again when the next one does."""
    await add_responder(database, clock(), areas=[WALES], exploitation_types="all")
    webhook = await add_webhook(database, clock(), URL, event_types=["coverage.gap_opened", "coverage.gap_closed"])
    closed = await report(database, clock(), OPEN) + 1
    opened = await report(database, clock(), PAUSED) + 1
    (claimed,) = await claim(database, clock())
    assert [message.sequence for message in claimed.messages] == [opened]
    # Whoever sent it died before that was recorded, and meanwhile the older of the two holds again.
    closed_again = await report(database, clock(), OPEN) + 1
    clock.advance(LEASE)
    assert await sent_to(database, clock(), webhook) == [closed_again]
    assert (await statuses(database))[closed] == "superseded"


def test_only_secrets_that_have_not_ended_sign(clock: Clock) -> None:
    secrets: list[dict[str, Any]] = [
        {"sealed": "newest", "until": None},
        {"sealed": "going", "until": (clock() + timedelta(seconds=1)).isoformat()},
        {"sealed": "utc", "until": "2026-11-21T12:00:01Z"},
        {"sealed": "gone", "until": clock().isoformat()},
    ]
    assert valid_secrets(secrets, clock()) == ("newest", "going", "utc")
