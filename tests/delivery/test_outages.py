"""Endpoints that are down for days, that hang and that never stop failing: what they get, and what the others get."""

import asyncio
import random
from datetime import timedelta

import pytest
from tests.conftest import Clock
from tests.delivery import rows
from tests.delivery.endpoints import Endpoint, serving
from tests.delivery.workers import deliver_all, running, sequence_of, stepping

from capacity_api.clock import utc_now
from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.domain.intake import ReportedState

_HANGING = 100


@pytest.mark.parametrize(
    ("database_url", "stale"),
    [
        pytest.param("sqlite", "send", id="sqlite-send"),
        pytest.param("postgresql", "drop", id="postgresql-drop"),
        pytest.param("sqlite", "drop", id="sqlite-drop", marks=pytest.mark.soak),
        pytest.param("postgresql", "send", id="postgresql-send", marks=pytest.mark.soak),
    ],
    indirect=["database_url"],
)
async def test_after_three_days_and_two_hundred_changes_it_gets_the_last_state_or_all_in_order(
    database: Database, settings: Settings, clock: Clock, stale: str
) -> None:
    await rows.add_responder(database, clock())
    endpoint = Endpoint(status=500)
    chance = random.Random(7)
    numbers: dict[int, ReportedState] = {}
    async with serving(endpoint) as url, stepping(database, settings, clock) as worker:
        webhook = await rows.add_webhook(database, clock(), url, stale=stale, responders=["kalayaan"])
        state = ReportedState.OPEN
        for _ in range(200):
            state = chance.choice([each for each in ReportedState if each is not state])
            numbers[await rows.report(database, clock(), state)] = state
            await deliver_all(worker)
            clock.advance(timedelta(days=3) / 200)
        tried = len(endpoint.posts)
        endpoint.posts.clear()
        endpoint.status = 204
        # Later than the longest wait, a day and a fifth.
        clock.advance(timedelta(hours=29))
        await deliver_all(worker)

    arrived = [sequence_of(body) for _, body in endpoint.posts]
    assert tried < 20, "a webhook that fails is tried by its schedule, whatever happens meanwhile"
    assert arrived == (sorted(numbers) if stale == "send" else [max(numbers)])
    stored = await rows.read_webhook(database, webhook)
    assert (stored.status, stored.failures) == ("active", 0)


async def test_more_hanging_endpoints_than_slots_hold_up_nobody(database: Database, settings: Settings) -> None:
    await rows.add_responder(database, utc_now())
    hanging, other, wake = Endpoint(), Endpoint(), asyncio.Event()
    hanging.gate.clear()
    async with serving(hanging) as slow, serving(other) as fast:
        for _ in range(_HANGING):
            await rows.add_webhook(database, utc_now(), slow)
        async with running(database, settings, wake):
            await rows.add_event(database, utc_now())
            wake.set()
            await hanging.arrived(_HANGING)
            # All of them hang now, and who comes new is served as if they were not there.
            await rows.add_webhook(database, utc_now(), fast)
            for count in range(1, 6):
                await rows.add_event(database, utc_now())
                wake.set()
                # Long before any of the others gives up.
                await other.arrived(count)
            hanging.gate.set()
    assert len(hanging.posts) == _HANGING, "none of them has two slots"


async def test_those_that_failed_hold_up_nobody_when_their_time_comes(
    database: Database, settings: Settings, clock: Clock
) -> None:
    await rows.add_responder(database, clock())
    failing, other = Endpoint(status=500), Endpoint()
    async with serving(failing) as bad, serving(other) as good, stepping(database, settings, clock) as worker:
        for _ in range(_HANGING):
            await rows.add_webhook(database, clock(), bad)
        await rows.add_event(database, clock())
        await deliver_all(worker)
        # They hang from now on, and all are due again.
        failing.gate.clear()
        clock.advance(timedelta(seconds=7))
        await rows.add_webhook(database, clock(), good)
        while await worker.deliver_some():
            pass
        await other.arrived(1)
        assert len(failing.posts) <= 2 * _HANGING
        failing.gate.set()
        await worker.wait_until_sent()
