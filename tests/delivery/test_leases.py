"""Leases: a wall's clock that steps neither frees one nor holds it, and one of another boot is over."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text, update
from tests.conftest import Clock
from tests.delivery import rows
from tests.leases import pass_time
from uuid_utils.compat import uuid7

from capacity_api import clock as clocks
from capacity_api.clock import read_boot_clock
from capacity_api.db.engine import Database
from capacity_api.db.tables import WebhookRow
from capacity_api.domain.claim import Claim
from capacity_api.domain.lease import LeaseEnded, require_lease

URL = "https://partner.example/hook"
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


async def _claim(database: Database, clock: Clock) -> Claim:
    """A claim whose worker says nothing more."""
    await rows.add_responder(database, clock())
    await rows.add_webhook(database, clock(), URL)
    await rows.add_event(database, clock())
    (claim,) = await rows.claim_webhooks(database, clock())
    return claim


async def test_a_clock_set_back_does_not_hold_the_webhook_of_a_dead_worker(database: Database, clock: Clock) -> None:
    dead = await _claim(database, clock)
    clock.advance(timedelta(hours=-1))
    assert await rows.claim_webhooks(database, clock()) == []
    await pass_time(database, rows.LEASE)
    (claim,) = await rows.claim_webhooks(database, clock())
    assert claim.messages == dead.messages


@pytest.mark.parametrize("by", [timedelta(hours=1), timedelta(days=400)], ids=["hour", "year"])
async def test_a_clock_set_forward_does_not_free_a_claim(database: Database, clock: Clock, by: timedelta) -> None:
    await _claim(database, clock)
    clock.advance(by)
    assert await rows.claim_webhooks(database, clock()) == []


async def test_a_lease_ends_in_its_worker_no_later_than_in_the_database(database: Database, clock: Clock) -> None:
    began = read_boot_clock()
    due = await rows.find_due(database, clock())
    claim = await _claim(database, clock)
    assert not due
    assert began + rows.LEASE.total_seconds() <= claim.lease_ends_at
    stored = await rows.read_webhook(database, claim.webhook_id)
    assert stored.claimed_until is not None
    if database.settings.is_sqlite:
        assert stored.lease_boot_time == claim.lease_ends_at
        # As version 1.0 wants it.
        assert stored.claimed_until == clock() + rows.LEASE
    else:
        async with database.read() as session:
            left_there = stored.claimed_until - (await session.execute(text("SELECT clock_timestamp()"))).scalar_one()
        # The two clocks are read one after the other.
        assert claim.lease_ends_at - read_boot_clock() <= left_there.total_seconds()


def test_a_worker_may_send_until_its_lease_ends() -> None:
    require_lease(30.0, lambda: 29.9)
    with pytest.raises(LeaseEnded):
        require_lease(30.0, lambda: 30.0)


@on_sqlite
async def test_a_lease_of_another_boot_is_over(database: Database, clock: Clock) -> None:
    await _claim(database, clock)
    async with database.write() as session:
        await session.execute(update(WebhookRow).values(lease_boot_id="the boot before"))
    assert len(await rows.claim_webhooks(database, clock())) == 1


@on_sqlite
async def test_a_claim_of_version_1_0_is_judged_by_the_wall_s_clock(database: Database, clock: Clock) -> None:
    """It takes a webhook whose lease of today's version has ended, and knows nothing of the new columns."""
    await _claim(database, clock)
    await pass_time(database, rows.LEASE)
    async with database.write() as session:
        await session.execute(update(WebhookRow).values(claim_id=uuid7(), claimed_until=clock() + rows.LEASE))
    assert await rows.claim_webhooks(database, clock()) == []
    clock.advance(rows.LEASE)
    assert len(await rows.claim_webhooks(database, clock())) == 1


@on_sqlite
async def test_what_version_1_0_gave_back_is_free(database: Database, clock: Clock) -> None:
    await _claim(database, clock)
    async with database.write() as session:
        await session.execute(update(WebhookRow).values(claim_id=None, claimed_until=None))
    assert len(await rows.claim_webhooks(database, clock())) == 1


@on_sqlite
async def test_where_the_system_names_no_boot_the_wall_s_clock_judges(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clocks, "_BOOT_ID", clocks._BOOT_ID / "none")
    clocks.read_boot_id.cache_clear()
    try:
        claim = await _claim(database, clock)
        assert (await rows.read_webhook(database, claim.webhook_id)).lease_claim_id is None
        assert await rows.claim_webhooks(database, clock()) == []
        clock.advance(rows.LEASE)
        assert len(await rows.claim_webhooks(database, clock())) == 1
    finally:
        clocks.read_boot_id.cache_clear()


@on_postgresql
async def test_on_postgresql_the_boot_of_a_worker_plays_no_part(database: Database, clock: Clock) -> None:
    await _claim(database, clock)
    async with database.read() as session:
        stored = (await session.execute(select(WebhookRow.lease_claim_id, WebhookRow.lease_boot_id))).one()
    assert tuple(stored) == (None, None)
