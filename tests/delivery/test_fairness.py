"""Delivery is fair between owners: the slow endpoints of one do not delay the events of another."""

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from tests.conftest import Clock
from tests.delivery import rows
from tests.delivery.endpoints import Endpoint, serving
from tests.delivery.workers import deliver_all, running, stepping
from tests.serving import PATIENCE_SECONDS

from capacity_api.clock import utc_now
from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.delivery import sender
from capacity_api.delivery.worker import MAX_IN_FLIGHT
from capacity_api.domain.claim import Claim
from capacity_api.domain.retry import Retry
from capacity_api.operations.webhooks.due_work import MAX_SENDS_PER_OWNER

URL = "https://partner.example/hook"
FAILED = Retry(reason="timeout", duration_ms=15_000)
# As many as an owner may have, and as many as one had before there was a limit.
MANY, OLD = 20, 600


async def claim_with(database: Database, clock: Clock, held: dict[UUID | None, int], limit: int = 64) -> list[Claim]:
    return await rows.claim_due(database, clock(), await rows.find_due(database, clock(), limit, limit, held))


async def add_owner(database: Database, clock: Clock, kind: str) -> dict[str, Any]:
    """The owner's columns of a webhook."""
    if kind == "responder":
        return {"responder_id": await rows.add_responder(database, clock(), slug="unseen")}
    return {"partner_id": None if kind == "admin" else await rows.add_partner(database, clock())}


@pytest.mark.parametrize("kind", ["partner", "responder", "admin"])
@pytest.mark.parametrize("count", [MANY, OLD])
async def test_however_many_webhooks_an_owner_has_another_is_claimed_in_the_same_round(
    database: Database, clock: Clock, kind: str, count: int
) -> None:
    await rows.add_responder(database, clock())
    owner = await add_owner(database, clock, kind)
    crowd = set(await rows.add_webhooks(database, clock(), [URL] * count, **owner))
    others = {await rows.add_webhook(database, clock(), URL) for _ in range(3)}
    await rows.add_event(database, clock())
    found = await claim_with(database, clock, {})
    claimed = {each.webhook_id for each in found}
    assert others < claimed
    assert len(claimed & crowd) == MAX_SENDS_PER_OWNER
    assert {each.owner_id for each in found if each.webhook_id in crowd} == {*owner.values()}


@pytest.mark.parametrize("kind", ["partner", "responder", "admin"])
@pytest.mark.parametrize("held", range(6, 10))
async def test_an_owner_gets_as_many_claims_as_it_has_sends_left(
    database: Database, clock: Clock, kind: str, held: int
) -> None:
    await rows.add_responder(database, clock())
    owner = await add_owner(database, clock, kind)
    await rows.add_webhooks(database, clock(), [URL] * MANY, **owner)
    (owner_id,) = owner.values()
    await rows.add_event(database, clock())
    due = await rows.find_due(database, clock(), held={owner_id: held})
    found = await rows.claim_due(database, clock(), due)
    assert len(found) == max(MAX_SENDS_PER_OWNER - held, 0)
    assert not due.may_have_more, "the rest waits for a send to end, and the worker must not spin meanwhile"


async def test_every_kind_of_due_work_counts(database: Database, clock: Clock) -> None:
    responder = await rows.add_responder(database, clock())
    other = await rows.add_webhook(database, clock(), URL)
    retrying = await rows.add_webhooks(database, clock(), [URL] * 5, responder_id=responder)
    await rows.add_event(database, clock())
    for each in await rows.claim_webhooks(database, clock()):
        if each.webhook_id != other:
            await rows.record(database, clock(), each, FAILED)
    clock.advance(timedelta(seconds=7))
    private = await rows.add_webhooks(database, clock(), [URL] * 5, responder_id=responder, cursor=1)
    await rows.add_private_event(database, clock(), responder)
    await rows.claim_due(database, clock(), await rows.find_due(database, clock(), 0, 0))
    ready = await rows.add_webhooks(database, clock(), [URL] * 5, responder_id=responder)
    claimed = {each.webhook_id for each in await claim_with(database, clock, {})}
    assert len(claimed) == MAX_SENDS_PER_OWNER
    assert claimed < {*retrying, *private, *ready}


async def test_many_crowded_owners_are_all_served_and_nobody_waits_behind_them(
    database: Database, clock: Clock
) -> None:
    await rows.add_responder(database, clock())
    for _ in range(15):
        await rows.add_webhooks(database, clock(), [URL] * MANY, partner_id=await rows.add_partner(database, clock()))
    last = await rows.add_webhook(database, clock(), URL)
    await rows.add_event(database, clock())
    held: dict[UUID | None, int] = {}
    claimed: list[Claim] = []
    rounds = 0
    while found := await claim_with(database, clock, held):
        rounds += 1
        for each in found:
            held[each.owner_id] = held.get(each.owner_id, 0) + 1
        claimed += found
    # Nobody answers, so each has its eight and the rest wait.
    assert sorted(held.values()) == [1, *[MAX_SENDS_PER_OWNER] * 15]
    assert last in {each.webhook_id for each in claimed}
    assert rounds <= 3


async def test_an_owner_s_other_webhooks_are_served_when_a_send_ends(
    database: Database, settings: Settings, clock: Clock
) -> None:
    await rows.add_responder(database, clock())
    hanging, working = Endpoint(), Endpoint()
    hanging.gate.clear()
    partner = await rows.add_partner(database, clock())
    async with serving(hanging) as slow, serving(working) as fast, stepping(database, settings, clock) as worker:
        await rows.add_webhooks(database, clock(), [slow] * MAX_SENDS_PER_OWNER, partner_id=partner)
        await rows.add_event(database, clock())
        await worker.deliver_some()
        await hanging.arrived(MAX_SENDS_PER_OWNER)
        await rows.add_webhooks(database, clock(), [fast] * 12, partner_id=partner)
        while await worker.deliver_some():
            pass
        assert len(working.posts) == 0
        hanging.gate.set()
        await deliver_all(worker)
    assert (len(hanging.posts), len(working.posts)) == (MAX_SENDS_PER_OWNER, 12)
    assert {row.status for row in await rows.read_deliveries(database)} == {"delivered"}


@pytest.fixture
def endless_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    """No send gives up while a test has patience: what has to wait for one fails it, on a busy machine too."""
    monkeypatch.setattr(sender, "post", partial(sender.post, deadline=5 * PATIENCE_SECONDS))


@pytest.mark.usefixtures("endless_sends")
@pytest.mark.parametrize("count", [MANY, OLD])
async def test_the_hanging_webhooks_of_one_owner_delay_nobody(
    database: Database, settings: Settings, count: int
) -> None:
    await rows.add_responder(database, utc_now())
    hanging, other, wake = Endpoint(), Endpoint(), asyncio.Event()
    hanging.gate.clear()
    async with serving(hanging) as slow, serving(other) as fast:
        partner = await rows.add_partner(database, utc_now())
        await rows.add_webhooks(database, utc_now(), [slow] * count, partner_id=partner)
        await rows.add_webhook(database, utc_now(), fast)
        async with running(database, settings, wake):
            for number in range(1, 6):
                await rows.add_event(database, utc_now())
                wake.set()
                await other.arrived(number)
            assert len(hanging.posts) == MAX_SENDS_PER_OWNER
            hanging.gate.set()


@pytest.mark.usefixtures("endless_sends")
async def test_the_endpoints_of_many_owners_that_hang_at_first_delay_nobody(
    database: Database, settings: Settings
) -> None:
    await rows.add_responder(database, utc_now())
    hanging, other, wake = Endpoint(), Endpoint(), asyncio.Event()
    hanging.gate.clear()
    owners = MAX_IN_FLIGHT // MAX_SENDS_PER_OWNER // 2
    async with serving(hanging) as slow, serving(other) as fast:
        for _ in range(owners):
            partner = await rows.add_partner(database, utc_now())
            await rows.add_webhooks(database, utc_now(), [slow] * MANY, partner_id=partner)
        await rows.add_webhook(database, utc_now(), fast)
        async with running(database, settings, wake):
            for number in range(1, 4):
                await rows.add_event(database, utc_now())
                wake.set()
                await other.arrived(number)
            hanging.gate.set()
