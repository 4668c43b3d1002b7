from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update
from tests.conftest import Clock
from tests.delivery import rows
from tests.delivery.rows import add_responder, add_webhook, claim, fan_out, record, sequences, tell

from capacity_api.db.engine import Database
from capacity_api.db.tables import EventRow, WebhookRow
from capacity_api.domain.areas import ENGLAND, LONDON, SCOTLAND, SOUTH_WEST, UNITED_KINGDOM, WALES, WEST_OF_ENGLAND
from capacity_api.domain.events import EventType
from capacity_api.domain.intake import Report, ReportedState
from capacity_api.domain.retry import Delivered, GiveUp, Retry
from capacity_api.operations import deliveries, intake
from capacity_api.operations.deliveries import valid_secrets

URL = "https://partner.example/hook"
FAILED = Retry(reason="http_500", status=500, duration_ms=12, answer="no")
DONE = Delivered(status=204, duration_ms=12)


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
    assert await fan_out(database, clock()) == 1
    assert await sequences(database, webhook) == ([number] if hears else [])


async def test_a_place_is_heard_of_when_the_remit_reaches_a_part_of_it(database: Database, clock: Clock) -> None:
    await add_responder(database, clock(), areas=[WEST_OF_ENGLAND])
    part = await add_webhook(database, clock(), URL, areas=[SOUTH_WEST])
    other = await add_webhook(database, clock(), URL, areas=[LONDON])
    number = await tell(database, clock())
    await fan_out(database, clock())
    assert await sequences(database, part) == [number]
    assert await sequences(database, other) == []


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
    async with database.write() as session:
        number = (await intake.report(session, clock(), "kalayaan", Report(state=ReportedState.OPEN))).sequence
    assert await fan_out(database, clock()) == 2
    assert await sequences(database, webhook) == ([number + 1] if hears else [])


async def test_a_confirmation_is_heard_by_who_named_it_alone(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    everything = await add_webhook(database, clock(), URL)
    named = await add_webhook(database, clock(), URL, event_types=["intake.confirmed"])
    number = await tell(database, clock(), event_type=EventType.INTAKE_CONFIRMED)
    await fan_out(database, clock())
    assert await sequences(database, everything) == []
    assert await sequences(database, named) == [number]


async def test_a_private_event_goes_to_its_responders_own_webhooks(database: Database, clock: Clock) -> None:
    responder = await add_responder(database, clock())
    other = await add_responder(database, clock(), "unseen")
    mine = await add_webhook(database, clock(), URL, responder_id=responder)
    await add_webhook(database, clock(), URL, responder_id=responder, event_types=["intake.paused"])
    await add_webhook(database, clock(), URL, responder_id=other)
    await add_webhook(database, clock(), URL)
    await rows.whisper(database, clock(), responder)
    assert await fan_out(database, clock()) == 1
    (delivery,) = await rows.stored_deliveries(database)
    assert (delivery.webhook_id, delivery.sequence) == (mine, None)


async def test_an_event_is_fanned_out_once_and_also_without_any_webhook(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    await tell(database, clock())
    assert await fan_out(database, clock()) == 1
    await add_webhook(database, clock(), URL)
    assert await fan_out(database, clock()) == 0
    assert await rows.stored_deliveries(database) == []


async def test_events_are_fanned_out_oldest_first_up_to_the_limit(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL)
    for _ in range(5):
        await tell(database, clock())
    assert await fan_out(database, clock(), limit=2) == 2
    assert await sequences(database, webhook) == [1, 2]
    assert [await fan_out(database, clock(), limit=2) for _ in range(3)] == [2, 1, 0]
    assert await sequences(database, webhook) == [1, 2, 3, 4, 5]


async def test_a_delivery_that_a_replay_has_added_already_is_no_obstacle(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL)
    await tell(database, clock())
    await fan_out(database, clock())
    async with database.write() as session:
        await session.execute(update(EventRow).values(fanned_out_at=None))
    assert await fan_out(database, clock()) == 1
    assert await sequences(database, webhook) == [1]


async def test_a_second_worker_never_overtakes_the_first(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL)
    for _ in range(4):
        await tell(database, clock())
    async with database.write() as first:
        assert await deliveries.fan_out(first, clock(), 2) == 2
        if database.settings.is_sqlite:
            return
        # The second one waits for the locks of the first; the first gives up.
        async with database.write() as second:
            await second.execute(select(func.set_config("lock_timeout", "100ms", True)))
            with pytest.raises(Exception, match="lock timeout"):
                await deliveries.fan_out(second, clock(), 2)
            await second.rollback()
    assert await sequences(database, webhook) == [1, 2]


async def test_of_each_webhook_only_the_oldest_is_claimed(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    for _ in range(2):
        await add_webhook(database, clock(), URL)
    for _ in range(3):
        await tell(database, clock())
    await fan_out(database, clock())

    for _ in range(3):
        claims = await claim(database, clock())
        assert len({each.webhook_id for each in claims}) == len(claims) == 2
        assert len({each.event_id for each in claims}) == 1
        assert await claim(database, clock()) == []
        for each in claims:
            await record(database, clock(), each, DONE)
    assert {row.status for row in await rows.stored_deliveries(database)} == {"delivered"}


async def test_while_the_oldest_waits_for_its_next_try_the_others_wait_too(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    await add_webhook(database, clock(), URL)
    for _ in range(2):
        await tell(database, clock())
    await fan_out(database, clock())
    (first,) = await claim(database, clock())
    await record(database, clock(), first, FAILED)
    assert await claim(database, clock()) == []
    clock.advance(timedelta(seconds=5))
    (again,) = await claim(database, clock())
    assert (again.delivery_id, again.attempts) == (first.delivery_id, 1)
    await record(database, clock(), again, GiveUp(reason="not_allowed", duration_ms=0))
    (second,) = await claim(database, clock())
    assert second.delivery_id != first.delivery_id


async def test_a_private_delivery_waits_for_nothing(database: Database, clock: Clock) -> None:
    responder = await add_responder(database, clock())
    await add_webhook(database, clock(), URL, responder_id=responder)
    await tell(database, clock())
    await rows.whisper(database, clock(), responder)
    await rows.whisper(database, clock(), responder)
    await fan_out(database, clock())
    assert len(await claim(database, clock())) == 3


async def test_a_claim_holds_until_its_lease_runs_out(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    await add_webhook(database, clock(), URL)
    await tell(database, clock())
    await fan_out(database, clock())
    (first,) = await claim(database, clock())
    clock.advance(rows.LEASE - timedelta(microseconds=1))
    assert await claim(database, clock()) == []
    clock.advance(timedelta(microseconds=1))
    (second,) = await claim(database, clock())
    assert second.event_id == first.event_id
    assert second.claim_id != first.claim_id


async def test_a_lost_claim_records_nothing_but_the_attempt(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL)
    await tell(database, clock())
    await fan_out(database, clock())
    (first,) = await claim(database, clock())
    clock.advance(rows.LEASE)
    (second,) = await claim(database, clock())
    await record(database, clock(), first, GiveUp(reason="http_410", status=410, duration_ms=5, disable=True))
    (delivery,) = await rows.stored_deliveries(database)
    assert (delivery.status, delivery.attempts, delivery.claim_id) == ("pending", 0, second.claim_id)
    assert (await rows.stored_webhook(database, webhook)).status == "active"
    await record(database, clock(), second, DONE)
    (delivery,) = await rows.stored_deliveries(database)
    assert (delivery.status, delivery.finished_at) == ("delivered", clock())
    assert [each.reason for each in await rows.stored_attempts(database)] == ["http_410", None]


async def test_a_webhook_deleted_while_its_delivery_is_on_the_way_leaves_nothing(
    database: Database, clock: Clock
) -> None:
    await add_responder(database, clock())
    await add_webhook(database, clock(), URL)
    await tell(database, clock())
    await fan_out(database, clock())
    (claimed,) = await claim(database, clock())
    async with database.write() as session:
        await session.execute(delete(WebhookRow))
    await record(database, clock(), claimed, DONE)
    assert await rows.stored_deliveries(database) == []
    assert await rows.stored_attempts(database) == []


async def test_what_is_recorded_of_an_attempt(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    await add_webhook(database, clock(), URL)
    await tell(database, clock())
    await fan_out(database, clock())
    (claimed,) = await claim(database, clock())
    outcome = Retry(reason="http_429", status=429, duration_ms=1500, answer="Größe", retry_after=timedelta(minutes=10))
    await record(database, clock(), claimed, outcome)
    (attempt,) = await rows.stored_attempts(database)
    assert (attempt.status, attempt.reason, attempt.duration_ms, attempt.answer) == (429, "http_429", 1500, "Größe")
    assert attempt.at == clock() - timedelta(milliseconds=1500)
    (delivery,) = await rows.stored_deliveries(database)
    assert (delivery.status, delivery.attempts) == ("pending", 1)
    assert delivery.next_attempt_at == clock() + timedelta(minutes=10)
    assert (delivery.claim_id, delivery.claimed_until) == (None, None)


async def test_a_disabled_webhook_keeps_what_it_missed_and_is_not_sent_it(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    await add_webhook(database, clock(), URL)
    await tell(database, clock())
    await fan_out(database, clock())
    async with database.write() as session:
        await session.execute(update(WebhookRow).values(status="disabled"))
    assert await claim(database, clock()) == []
    (delivery,) = await rows.stored_deliveries(database)
    assert delivery.status == "pending"
    async with database.write() as session:
        await session.execute(update(WebhookRow).values(status="active"))
    assert len(await claim(database, clock())) == 1


async def test_no_more_than_the_limit_is_claimed(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    for _ in range(5):
        await add_webhook(database, clock(), URL)
    await tell(database, clock())
    await fan_out(database, clock())
    assert [len(await claim(database, clock(), limit=2)) for _ in range(4)] == [2, 2, 1, 0]


async def test_workers_at_once_never_claim_the_same(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    for _ in range(20):
        await add_webhook(database, clock(), URL)
    for _ in range(2):
        await tell(database, clock())
    await fan_out(database, clock())
    other = Database(database.settings)
    async with database.write() as first:
        mine = await deliveries.claim(first, clock(), rows.LEASE, 10)
        if not database.settings.is_sqlite:
            async with other.write() as second:
                theirs = await deliveries.claim(second, clock(), rows.LEASE, 64)
            assert len(theirs) == 10
            assert not {each.delivery_id for each in mine} & {each.delivery_id for each in theirs}
    await other.close()
    assert len(mine) == 10


def test_only_secrets_that_have_not_ended_sign(clock: Clock) -> None:
    secrets: list[dict[str, Any]] = [
        {"sealed": "newest", "until": None},
        {"sealed": "going", "until": (clock() + timedelta(seconds=1)).isoformat()},
        {"sealed": "utc", "until": "2026-11-21T12:00:01Z"},
        {"sealed": "gone", "until": clock().isoformat()},
    ]
    assert valid_secrets(secrets, clock()) == ["newest", "going", "utc"]
