"""Owners are told when a token ends or a webhook fails, by mail and by their other webhooks."""

import asyncio
import json
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update
from tests.conftest import NOON, Clock
from tests.delivery import rows
from tests.delivery.endpoints import Endpoint, pooled, serving
from tests.delivery.workers import deliver_all, stepping
from tests.mailed import add_person, mailed, mails

from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.db.tables import EventRow, PartnerRow, TokenRow, WebhookRow
from capacity_api.delivery.worker import Worker
from capacity_api.domain.events import EventType
from capacity_api.domain.mail import MailKind
from capacity_api.domain.owner import ADMIN, Owner
from capacity_api.domain.retry import Delivered, GiveUp, Outcome, Retry
from capacity_api.operations import tokens
from capacity_api.operations.webhooks import management, secrets
from capacity_api.operations.webhooks.management import WebhookPatch
from capacity_api.operations.webhooks.webhook import WebhookStatus

URL = "https://partner.example/hook"
FAILED = Retry(reason="http_500", status=500, duration_ms=12)
DONE = Delivered(status=204, duration_ms=12)
GONE = GiveUp(reason="http_410", status=410, duration_ms=12, disable=True)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MOMENT = timedelta(seconds=1)


async def tell(database: Database, settings: Settings, clock: Clock) -> bool:
    async with stepping(database, settings, clock) as worker:
        return await worker.tell_owners()


async def add_partner(database: Database, clock: Clock) -> Owner:
    return Owner(type="partner", id=await rows.add_partner(database, clock()))


async def fail(database: Database, clock: Clock, outcome: Outcome = FAILED) -> None:
    """Try whatever is due, with this outcome."""
    await rows.bring_up_to_date(database, clock(), outcome)


async def private_events(database: Database) -> list[dict[str, Any]]:
    async with database.read() as session:
        bodies = await session.scalars(select(EventRow.body).where(EventRow.sequence.is_(None)).order_by(EventRow.id))
        return [json.loads(body) for body in bodies]


async def change(database: Database, table: type[Any], row_id: UUID | None, **values: Any) -> None:
    async with database.write() as session:
        await session.execute(update(table).where(table.id == row_id).values(**values))


# Tokens


async def issue(database: Database, clock: Clock, owner: Owner, days: float, **more: Any) -> UUID:
    async with database.write() as session:
        end = clock() + timedelta(days=days)
        issued = await tokens.issue_token(session, clock(), rows.KEYS, owner, expires_at=end, **more)
    return issued.id


async def warned_on(database: Database, settings: Settings, clock: Clock, days: Sequence[int]) -> list[int]:
    """On which of these days, counted from now, there was something to tell."""
    start = clock()
    found = []
    for day in days:
        clock.set(start + timedelta(days=day))
        if await tell(database, settings, clock):
            found.append(day)
        assert not await tell(database, settings, clock), "it was told twice"
    return found


async def test_the_end_of_a_token_is_told_30_and_7_days_before(
    database: Database, settings: Settings, clock: Clock
) -> None:
    partner = await add_partner(database, clock)
    person = await add_person(database, partner)
    await add_person(database, ADMIN)
    token = await issue(database, clock, partner, 365)
    assert await warned_on(database, settings, clock, range(330, 370)) == [335, 358]
    assert await mailed(database) == [("token_ending", person)] * 2
    assert {mail.subject_id for mail in await mails(database)} == {token}


async def test_where_an_owner_has_nobody_the_coordinators_are_told(
    database: Database, settings: Settings, clock: Clock
) -> None:
    coordinator = await add_person(database, ADMIN)
    for owner in (await add_partner(database, clock), ADMIN):
        await issue(database, clock, owner, 100)
    clock.advance(timedelta(days=70))
    assert await tell(database, settings, clock)
    assert await mailed(database) == [("token_ending", coordinator)] * 2


async def test_what_was_not_told_in_time_is_told_once(database: Database, settings: Settings, clock: Clock) -> None:
    partner = await add_partner(database, clock)
    await add_person(database, partner)
    await issue(database, clock, partner, 365)
    assert await warned_on(database, settings, clock, [360, 363, 364, 365, 366]) == [360]
    assert len(await mails(database)) == 1


@pytest.mark.parametrize(
    ("days", "more", "values"),
    [
        (60, {}, {}),
        (365, {"person_id": UUID(int=1)}, {}),
        (365, {}, {"successor_id": UUID(int=1)}),
        (365, {}, {"revoked_at": NOON}),
        (365, {}, {"reviewed": False}),
        (365, {}, {"expires_at": None}),
    ],
    ids=["short", "of a person", "rotated", "revoked", "unreviewed", "without an end"],
)
async def test_of_these_tokens_nothing_is_told(
    database: Database, settings: Settings, clock: Clock, days: int, more: dict[str, Any], values: dict[str, Any]
) -> None:
    partner = await add_partner(database, clock)
    await add_person(database, partner)
    token = await issue(database, clock, partner, days, **more)
    if values:
        await change(database, TokenRow, token, **values)
    assert await warned_on(database, settings, clock, [days - 29, days - 6, days]) == []
    assert await mails(database) == []


async def test_a_suspended_owner_is_told_after_it_is_resumed(
    database: Database, settings: Settings, clock: Clock
) -> None:
    partner = await add_partner(database, clock)
    await add_person(database, partner)
    await issue(database, clock, partner, 365)
    await change(database, PartnerRow, partner.id, suspended_at=clock())
    clock.advance(timedelta(days=340))
    assert not await tell(database, settings, clock)
    await change(database, PartnerRow, partner.id, suspended_at=None)
    assert await tell(database, settings, clock)


# Webhooks that fail


async def failing_since_now(database: Database, clock: Clock, **fields: Any) -> UUID:
    await rows.add_responder(database, clock())
    webhook = await rows.add_webhook(database, clock(), URL, **fields)
    await rows.add_event(database, clock())
    await fail(database, clock)
    return webhook


async def test_a_webhook_that_fails_for_an_hour_is_told_once(
    database: Database, settings: Settings, clock: Clock
) -> None:
    partner = await add_partner(database, clock)
    person = await add_person(database, partner)
    webhook = await failing_since_now(database, clock, partner_id=partner.id)
    clock.advance(HOUR - MOMENT)
    assert not await tell(database, settings, clock)
    clock.advance(MOMENT)
    assert await tell(database, settings, clock)
    await fail(database, clock)
    clock.advance(DAY)
    assert not await tell(database, settings, clock)
    (mail,) = await mails(database)
    assert (mail.kind, mail.person_id, mail.subject_id) == (MailKind.WEBHOOK_FAILING, person, webhook)
    (event,) = await private_events(database)
    assert (event["type"], event["sequence"], event["test"]) == ("webhook.failing", None, False)
    assert event["data"] == {"webhook_id": str(webhook), "since": "2026-11-21T12:00:00Z", "reason": "http_500"}


async def test_the_next_failure_after_a_success_is_told_again(
    database: Database, settings: Settings, clock: Clock
) -> None:
    partner = await add_partner(database, clock)
    await add_person(database, partner)
    webhook = await failing_since_now(database, clock, partner_id=partner.id)
    clock.advance(HOUR)
    assert await tell(database, settings, clock)
    await fail(database, clock, DONE)
    assert (await rows.read_webhook(database, webhook)).failing_told_at is None
    await rows.add_event(database, clock(), event_type=EventType.INTAKE_OPENED)
    await fail(database, clock)
    clock.advance(HOUR)
    assert await tell(database, settings, clock)
    assert await mailed(database) == [("webhook_failing", (await mails(database))[0].person_id)] * 2


@pytest.mark.parametrize("values", [{"suspended": True}, {"status": "disabled", "disabled_reason": "owner"}])
async def test_a_webhook_that_is_sent_nothing_does_not_fail(
    database: Database, settings: Settings, clock: Clock, values: dict[str, Any]
) -> None:
    await add_person(database, ADMIN)
    webhook = await failing_since_now(database, clock)
    await change(database, WebhookRow, webhook, **values)
    clock.advance(DAY)
    assert not await tell(database, settings, clock)


async def test_two_workers_tell_it_once(database: Database, settings: Settings, clock: Clock) -> None:
    await add_person(database, ADMIN)
    partner = await add_partner(database, clock)
    await issue(database, clock, partner, 100)
    await failing_since_now(database, clock, partner_id=partner.id)
    clock.advance(timedelta(days=80))
    async with stepping(database, settings, clock) as first, stepping(database, settings, clock) as second:
        await asyncio.gather(*(worker.tell_owners() for worker in (first, second, first, second)))
    assert sorted(kind for kind, _ in await mailed(database)) == ["token_ending", "webhook_failing"]
    assert len(await private_events(database)) == 1


async def test_the_owners_other_webhooks_receive_it_and_nobody_elses(
    database: Database, settings: Settings, clock: Clock
) -> None:
    responder = await rows.add_responder(database, clock())
    partner = await rows.add_partner(database, clock())
    everything, failing_only, other_types, own, strangers = (Endpoint() for _ in range(5))
    async with (
        serving(Endpoint(500)) as broken,
        serving(everything) as first,
        serving(failing_only) as second,
        serving(other_types) as third,
        serving(own) as fourth,
        serving(strangers) as fifth,
        stepping(database, settings, clock) as worker,
    ):
        webhook = await rows.add_webhook(database, clock(), broken, partner_id=partner)
        # Filters are about the directory, and this is not.
        await rows.add_webhook(database, clock(), first, partner_id=partner, responders=["nobody"])
        named = {"event_types": ["webhook.failing"]}
        await rows.add_webhook(database, clock(), second, partner_id=partner, **named)
        await rows.add_webhook(database, clock(), third, partner_id=partner, event_types=["webhook.disabled"])
        await rows.add_webhook(database, clock(), fourth, responder_id=responder, **named)
        await rows.add_webhook(database, clock(), fifth, **named)
        await rows.add_event(database, clock())
        await deliver_all(worker)
        clock.advance(HOUR)
        assert await worker.tell_owners()
        await deliver_all(worker)
        received = [[json.loads(body) for _, body in each.posts] for each in (everything, failing_only)]
    assert [[body["type"] for body in each] for each in received] == [["webhook.failing"]] * 2
    assert received[0] == received[1] == await private_events(database)
    assert received[0][0]["data"]["webhook_id"] == str(webhook)
    assert [len(each.posts) for each in (other_types, own, strangers)] == [0, 0, 0]


async def test_an_event_about_a_webhook_that_was_removed_since_goes_nowhere(
    database: Database, settings: Settings, clock: Clock
) -> None:
    partner = await rows.add_partner(database, clock())
    webhook = await failing_since_now(database, clock, partner_id=partner)
    await rows.add_webhook(database, clock(), URL, partner_id=partner, cursor=1)
    clock.advance(HOUR)
    assert await tell(database, settings, clock)
    async with database.write() as session:
        await management.remove(session, clock(), ADMIN, webhook)
    assert await rows.claim_webhooks(database, clock()) == []
    assert not (await rows.find_due(database, clock())).has_private_events


async def test_what_a_private_network_answers_is_in_no_event(
    database: Database, settings: Settings, clock: Clock
) -> None:
    await rows.add_responder(database, clock())
    async with serving(Endpoint(418)) as url, pooled(public=()) as pool:
        await rows.add_webhook(database, clock(), url)
        await rows.add_event(database, clock())
        worker = Worker(database, rows.KEYS, settings, clock, asyncio.Event(), pool)
        await deliver_all(worker)
        clock.advance(HOUR)
        assert await worker.tell_owners()
        await worker.close()
    (event,) = await private_events(database)
    assert event["data"]["reason"] == "failed"
    # An id may hold any three digits.
    words = re.sub(r"[0-9a-f]+(-[0-9a-f]+){4}", "", json.dumps(event))
    assert "418" not in words


# Webhooks that are disabled


async def told_disabled(database: Database) -> tuple[list[tuple[str, UUID | None]], list[dict[str, Any]]]:
    return await mailed(database), [event["data"] for event in await private_events(database)]


async def test_a_webhook_whose_endpoint_is_gone_is_told_at_once(database: Database, clock: Clock) -> None:
    await rows.add_responder(database, clock())
    partner = await add_partner(database, clock)
    person = await add_person(database, partner)
    webhook = await rows.add_webhook(database, clock(), URL, partner_id=partner.id)
    await rows.add_event(database, clock())
    await fail(database, clock, GONE)
    mail, data = await told_disabled(database)
    assert mail == [("webhook_disabled", person)]
    assert data == [{"webhook_id": str(webhook), "since": "2026-11-21T12:00:00Z", "reason": "gone"}]


async def test_a_webhook_that_failed_for_five_days_is_told_as_disabled(database: Database, clock: Clock) -> None:
    await rows.add_responder(database, clock())
    partner = await add_partner(database, clock)
    person = await add_person(database, partner)
    await rows.add_webhook(
        database,
        clock(),
        URL,
        partner_id=partner.id,
        failures=20,
        failed_attempts=20,
        failing_since=clock() - timedelta(days=6),
    )
    await rows.add_event(database, clock())
    await fail(database, clock)
    mail, data = await told_disabled(database)
    assert mail == [("webhook_disabled", person)]
    assert [each["reason"] for each in data] == ["failing"]


async def test_who_disables_it_decides_whether_its_owner_is_told(database: Database, clock: Clock) -> None:
    partner = await add_partner(database, clock)
    person = await add_person(database, partner)
    first, second = await rows.add_webhooks(database, clock(), [URL, URL + "/2"], partner_id=partner.id)

    async def disable(caller: Owner, webhook: UUID) -> None:
        async with database.write() as session:
            patch = WebhookPatch(status=WebhookStatus.DISABLED)
            await management.change(session, clock(), rows.KEYS, caller, webhook, patch, ())

    owner = Owner(type="partner", name="P", id=partner.id)
    await disable(owner, first)
    assert await told_disabled(database) == ([], [])
    # Its owner cannot enable it from now on.
    await disable(ADMIN, first)
    await disable(ADMIN, first)
    assert (await told_disabled(database))[0] == [("webhook_disabled", person)]
    await disable(ADMIN, second)
    mail, data = await told_disabled(database)
    assert mail == [("webhook_disabled", person)] * 2
    assert [(each["webhook_id"], each["reason"]) for each in data] == [
        (str(first), "administrator"),
        (str(second), "administrator"),
    ]


async def test_a_lost_secret_is_told(database: Database, clock: Clock) -> None:
    partner = await add_partner(database, clock)
    person = await add_person(database, partner)
    unreadable = [{"sealed": "AAAA", "until": None}]
    webhook = await rows.add_webhook(database, clock(), URL, partner_id=partner.id, secrets=unreadable)
    for _ in range(2):
        async with database.write() as session:
            await secrets.reseal(session, clock(), rows.KEYS, [webhook], disable_unreadable=True)
    mail, data = await told_disabled(database)
    assert mail == [("webhook_disabled", person)]
    assert [each["reason"] for each in data] == ["secret_lost"]


async def test_a_responders_webhook_is_told_to_its_own_people(
    database: Database, settings: Settings, clock: Clock
) -> None:
    responder = await rows.add_responder(database, clock())
    person = await add_person(database, Owner(type="responder", id=responder))
    await rows.add_webhook(database, clock(), URL, responder_id=responder)
    await rows.add_event(database, clock())
    await fail(database, clock)
    clock.advance(HOUR)
    assert await tell(database, settings, clock)
    assert await mailed(database) == [("webhook_failing", person)]
