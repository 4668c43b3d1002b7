"""Which events are superseded, and what happens to their deliveries."""

from datetime import timedelta

from sqlalchemy import update
from tests.conftest import Clock
from tests.delivery import rows
from tests.delivery.rows import (
    LEASE,
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

from capacity_api.db.engine import Database
from capacity_api.db.tables import WebhookRow
from capacity_api.domain.areas import WALES
from capacity_api.domain.codes import EVERYTHING
from capacity_api.domain.events import EventType
from capacity_api.domain.intake import ReportedState
from capacity_api.domain.retry import Delivered, Retry

URL = "https://partner.example/hook"
FAILED = Retry(reason="http_500", status=500, duration_ms=12, answer="no")
DONE = Delivered(status=204, duration_ms=12)
OPEN, PAUSED, WAITING = ReportedState.OPEN, ReportedState.PAUSED, ReportedState.WAITING_LIST


async def test_an_event_is_superseded_once_its_responder_is_in_another_state(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL, responders=["kalayaan"])
    for state, note in ((OPEN, None), (PAUSED, None), (PAUSED, "until spring"), (PAUSED, "until May")):
        last = await report(database, clock(), state, note)
    # "Paused" is still true although its note was changed, and is sent; "opened" is not.
    assert await deliver_to(database, clock(), webhook) == [last - 2, last - 1, last]
    assert (await read_statuses(database))[last - 3] == "superseded"


async def test_a_newer_event_supersedes_whether_or_not_it_is_subscribed_to(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL, event_types=["intake.opened"])
    opened = await report(database, clock(), OPEN)
    await report(database, clock(), PAUSED)
    assert await deliver_to(database, clock(), webhook) == []
    assert await read_statuses(database) == {opened: "superseded"}


async def test_a_state_that_came_back_is_sent_with_its_last_event(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL, event_types=["intake.opened", "intake.paused"])
    for state in (OPEN, PAUSED, OPEN):
        last = await report(database, clock(), state)
    assert await deliver_to(database, clock(), webhook) == [last]


async def test_a_delivered_event_stays_delivered_when_it_is_superseded_and_replayed(
    database: Database, clock: Clock
) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL, responders=["kalayaan"])
    paused = await report(database, clock(), PAUSED)
    assert await deliver_to(database, clock(), webhook) == [paused]
    opened = await report(database, clock(), OPEN)
    async with database.write() as session:
        await session.execute(update(WebhookRow).values(cursor=0))
    assert await deliver_to(database, clock(), webhook) == [opened]
    assert await read_statuses(database) == {paused: "delivered", opened: "delivered"}


async def test_an_event_that_waits_for_its_retry_can_be_superseded(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL, responders=["kalayaan"])
    opened = await report(database, clock(), OPEN)
    (claim,) = await claim_webhooks(database, clock())
    await record(database, clock(), claim, FAILED)
    paused = await report(database, clock(), PAUSED)
    assert await deliver_to(database, clock(), webhook) == []
    clock.advance(timedelta(seconds=5))
    assert await deliver_to(database, clock(), webhook) == [paused]
    (row,) = [each for each in await rows.read_deliveries(database) if each.sequence == opened]
    assert (row.sequence, row.status, row.attempts, row.finished_at) == (opened, "superseded", 1, clock())


async def test_a_webhook_stops_backing_off_once_all_its_events_are_superseded(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL, event_types=["intake.opened"])
    await report(database, clock(), OPEN)
    (claim,) = await claim_webhooks(database, clock())
    await record(database, clock(), claim, FAILED)
    paused = await report(database, clock(), PAUSED)
    # Not before its time, although there is nothing to be sent.
    assert await claim_webhooks(database, clock()) == []
    assert (await rows.read_webhook(database, webhook)).next_attempt_at == clock() + timedelta(seconds=5)
    clock.advance(timedelta(seconds=5))
    assert await bring_up_to_date(database, clock(), DONE) == []
    stored = await rows.read_webhook(database, webhook)
    assert (stored.next_attempt_at, stored.cursor >= paused) == (None, True)
    assert not await rows.find_due(database, clock())


async def test_an_event_that_fails_while_its_filter_is_changed_is_finished(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    await add_webhook(database, clock(), URL, responders=["kalayaan"])
    paused = await report(database, clock(), PAUSED)
    (claim,) = await claim_webhooks(database, clock())
    # The owner changes the webhook while the event is being sent.
    async with database.write() as session:
        await session.execute(update(WebhookRow).values(event_types=["intake.opened"]))
    await record(database, clock(), claim, FAILED)
    clock.advance(timedelta(seconds=5))
    assert await bring_up_to_date(database, clock(), DONE) == []
    assert await read_statuses(database) == {paused: "superseded"}


async def test_a_success_out_of_order_leaves_nothing_pending_that_is_no_longer_wanted(
    database: Database, clock: Clock
) -> None:
    responder = await add_responder(database, clock())
    await add_webhook(database, clock(), URL, responder_id=responder)
    paused = await report(database, clock(), PAUSED)
    (claim,) = await claim_webhooks(database, clock())
    async with database.write() as session:
        await session.execute(update(WebhookRow).values(responders=["unseen"]))
    await record(database, clock(), claim, FAILED)
    # The success clears the failures before the cursor has moved past the event.
    await rows.add_private_event(database, clock(), responder)
    (private,) = await claim_webhooks(database, clock())
    assert [each.sequence for each in private.messages] == [None]
    await record(database, clock(), private, DONE)
    assert await bring_up_to_date(database, clock(), DONE) == []
    assert await read_statuses(database) == {None: "delivered", paused: "superseded"}


async def test_an_event_that_is_not_about_a_state_is_never_superseded(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL, event_types=["responder.updated"])
    number = await add_event(database, clock(), event_type=EventType.RESPONDER_UPDATED)
    for state in (OPEN, PAUSED):
        await report(database, clock(), state)
    assert await deliver_to(database, clock(), webhook) == [number]


async def test_a_responder_that_leaves_supersedes_its_earlier_events(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL, responders=["kalayaan"])
    await report(database, clock(), OPEN)
    left = await add_event(database, clock(), event_type=EventType.RESPONDER_DELISTED)
    assert await deliver_to(database, clock(), webhook) == [left]


async def test_another_responder_supersedes_nothing(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    await add_responder(database, clock(), "unseen")
    webhook = await add_webhook(database, clock(), URL)
    number = await report(database, clock(), OPEN)
    await add_event(database, clock(), "unseen", EventType.RESPONDER_DELISTED)
    assert number in await deliver_to(database, clock(), webhook)


async def test_a_webhook_may_ask_for_superseded_events(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL, stale="send")
    numbers = [await report(database, clock(), state) for state in (OPEN, PAUSED, WAITING, OPEN)]
    assert await deliver_to(database, clock(), webhook) == numbers


async def test_a_gap_that_closed_and_one_that_opened_again_are_superseded(database: Database, clock: Clock) -> None:
    await add_responder(database, clock(), areas=[WALES], exploitation_types=EVERYTHING)
    both = ["coverage.gap_opened", "coverage.gap_closed"]
    webhook = await add_webhook(database, clock(), URL, event_types=both)
    closed = await report(database, clock(), OPEN) + 1
    opened = await report(database, clock(), PAUSED) + 1
    assert await deliver_to(database, clock(), webhook) == [opened]
    assert (await read_statuses(database))[closed] == "superseded"
    other = await add_webhook(database, clock(), URL, event_types=both, cursor=opened - 1)
    closed_again = await report(database, clock(), OPEN) + 1
    assert await deliver_to(database, clock(), other) == [closed_again]


async def test_a_superseded_event_that_is_true_again_is_not_sent_after_a_newer_one(
    database: Database, clock: Clock
) -> None:
    """A gap comes and goes: an event that is superseded for one worker may be true again for the next."""
    await add_responder(database, clock(), areas=[WALES], exploitation_types=EVERYTHING)
    webhook = await add_webhook(database, clock(), URL, event_types=["coverage.gap_opened", "coverage.gap_closed"])
    closed = await report(database, clock(), OPEN) + 1
    opened = await report(database, clock(), PAUSED) + 1
    (claim,) = await claim_webhooks(database, clock())
    assert [message.sequence for message in claim.messages] == [opened]
    # The worker dies before it records the result, and the older of the two events becomes true again.
    closed_again = await report(database, clock(), OPEN) + 1
    await pass_time(database, LEASE)
    assert await deliver_to(database, clock(), webhook) == [closed_again]
    assert (await read_statuses(database))[closed] == "superseded"


async def test_a_claim_ends_before_a_superseded_event(database: Database, clock: Clock) -> None:
    """Behind an event that is not recorded yet, nobody may decide for ever that another is not sent."""
    await add_responder(database, clock(), areas=[WALES], exploitation_types=EVERYTHING)
    webhook = await add_webhook(database, clock(), URL)
    updated = await rows.add_event(database, clock(), event_type=EventType.RESPONDER_UPDATED)
    opened = await report(database, clock(), OPEN)
    paused = await report(database, clock(), PAUSED)
    (claim,) = await claim_webhooks(database, clock())
    assert [message.sequence for message in claim.messages] == [updated]
    assert opened not in await read_statuses(database)
    await rows.record(database, clock(), claim, DONE)
    assert await deliver_to(database, clock(), webhook) == [paused, paused + 1]
    assert (await read_statuses(database))[opened] == "superseded"
