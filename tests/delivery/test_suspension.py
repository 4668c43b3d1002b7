"""What the webhooks of a suspended owner are sent: nothing from the next claim on."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import delete, update
from tests.conftest import Clock
from tests.delivery import rows
from tests.delivery.endpoints import Endpoint, serving

from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.db.tables import WebhookRow
from capacity_api.delivery.worker import Worker

URL = "https://partner.example/hook"


async def test_a_suspended_owner_s_webhooks_take_no_place_of_others(database: Database, clock: Clock) -> None:
    await rows.add_responder(database, clock())
    partner = await rows.add_partner(database, clock())
    suspended = await rows.add_webhooks(database, clock(), [URL] * 600, partner_id=partner, suspended=True)
    other = await rows.add_webhook(database, clock(), URL)
    await rows.add_event(database, clock())
    assert [each.webhook_id for each in await rows.claim_webhooks(database, clock(), limit=1)] == [other]
    assert not await rows.find_due(database, clock())
    async with database.write() as session:
        await session.execute(update(WebhookRow).values(suspended=False))
    assert {each.webhook_id for each in await rows.claim_webhooks(database, clock())} < set(suspended)


async def test_what_is_found_before_its_owner_is_suspended_is_not_claimed_after(
    database: Database, clock: Clock
) -> None:
    await rows.add_responder(database, clock())
    await rows.add_webhook(database, clock(), URL)
    await rows.add_event(database, clock())
    due = await rows.find_due(database, clock())
    async with database.write() as session:
        await session.execute(update(WebhookRow).values(suspended=True))
    assert await rows.claim_due(database, clock(), due) == []


CHANGES: list[Any] = [
    update(WebhookRow).values(suspended=True),
    update(WebhookRow).values(status="disabled", disabled_reason="administrator"),
    # It was replayed, or has a new address.
    update(WebhookRow).values(claim_id=None, claimed_until=None),
    delete(WebhookRow),
]


@pytest.mark.parametrize("change", CHANGES, ids=["suspended", "disabled", "replayed", "removed"])
async def test_what_still_waits_in_a_claim_is_not_sent_any_more(
    database: Database, settings: Settings, clock: Clock, change: Any
) -> None:
    responder = await rows.add_responder(database, clock())
    endpoint = Endpoint()
    endpoint.gate.clear()
    worker = Worker(database, rows.KEYS, settings, clock, asyncio.Event(), fresh_seconds=0)
    async with serving(endpoint) as url:
        webhook = await rows.add_webhook(database, clock(), url, responder_id=responder)
        for _ in range(2):
            await rows.add_private_event(database, clock(), responder)
        await rows.claim_due(database, clock(), await rows.find_due(database, clock(), 0, 0))
        await worker.deliver_some()
        await endpoint.arrived(1)
        async with database.write() as session:
            await session.execute(change)
        endpoint.gate.set()
        await worker.wait_until_sent()
        await worker.close()
    assert len(endpoint.posts) == 1
    deliveries = [row.status for row in await rows.read_deliveries(database) if row.webhook_id == webhook]
    assert sorted(deliveries) in ([], ["delivered", "pending"])
