"""The service while its clock is in doubt, and what a wrong clock has dated."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update
from tests.conftest import NOON, Clock
from tests.serving import OPEN, PATIENCE_SECONDS, PAUSED, WAITING, Headers, Service, serving

from capacity_api.clock_watch import ClockWatch
from capacity_api.config import Settings
from capacity_api.db.tables import EventRow, IntakeRow, SequenceRow
from capacity_api.operations.clock import accept_clock

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
TARA = "/v1/responders/tara"


class Machine:
    """A service whose wall's clock the test sets, and whose boot clock only goes on."""

    def __init__(self, service: Service, wall: Clock, boot: Clock) -> None:
        self.service = service
        self.wall = wall
        self.boot = boot

    def pass_(self, time: timedelta) -> None:
        self.wall.advance(time)
        self.boot.advance(time)

    async def put(self, report: dict[str, Any], token: Headers, slug: str = "tara", **more: Any) -> Any:
        return await self.service.client.put(f"/v1/responders/{slug}/intake", json={**report, **more}, headers=token)

    async def state(self, slug: str = "tara") -> str:
        state: str = (await self.service.responder(slug))["intake"]["state"]
        return state

    async def wait_for_doubt(self, holds: bool) -> None:
        """Until the background task has looked: within a second."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.metric(await self.metrics()) != holds:
                pass

    async def metrics(self) -> str:
        admin = await self.service.token()
        return (await self.service.client.get("/metrics", headers=admin)).text

    @staticmethod
    def metric(text: str) -> bool:
        line = next(line for line in text.splitlines() if line.startswith("capacity_clock_in_doubt "))
        return float(line.split()[1]) == 1


@pytest.fixture
async def machine(settings: Settings) -> AsyncIterator[Machine]:
    wall, boot = Clock(NOON), Clock(NOON)
    watch = ClockWatch(wall, lambda: boot().timestamp(), asks_database=False)
    async with serving(settings, wall, clock_watch=watch) as service:
        yield Machine(service, wall, boot)


async def _date_newest_event(service: Service, at: datetime) -> None:
    async with service.database.write(recovering=True) as session:
        await session.execute(update(SequenceRow).values(at=at))


async def test_a_step_of_the_clock_is_in_readiness_and_in_a_metric(machine: Machine) -> None:
    await machine.wait_for_doubt(False)
    machine.wall.advance(DAY)
    await machine.wait_for_doubt(True)

    answer = await machine.service.client.get("/readyz")
    assert answer.status_code == 503
    (reason,) = [each for each in answer.json()["reasons"] if each["code"] == "clock"]
    assert "capacity-api doctor --clock" in reason["detail"]

    machine.wall.advance(-DAY)
    await machine.wait_for_doubt(False)


@pytest.mark.parametrize("step", [2 * WEEK, -2 * WEEK])
async def test_open_is_refused_while_pauses_and_waiting_lists_are_taken(machine: Machine, step: timedelta) -> None:
    token = await machine.service.token(responder="tara", expires_at=NOON + timedelta(days=365))
    machine.wall.advance(step)

    refused = await machine.put(OPEN, token)
    assert (refused.status_code, refused.json()["code"]) == (503, "clock")
    for report in (PAUSED, WAITING):
        assert (await machine.put(report, token)).status_code == 200
        confirmed = await machine.service.client.post(f"{TARA}/intake/confirmation", headers=token)
        assert confirmed.status_code == 200
    planned = await machine.put(PAUSED, token, effective_from=(machine.wall() + DAY).isoformat())
    assert planned.status_code == 200


async def test_a_confirmation_of_open_is_refused(machine: Machine) -> None:
    token = await machine.service.token(responder="tara")
    await machine.put(OPEN, token)
    machine.wall.advance(timedelta(minutes=2))

    refused = await machine.service.client.post(f"{TARA}/intake/confirmation", headers=token)
    assert (refused.status_code, refused.json()["code"]) == (503, "clock")
    machine.wall.advance(-timedelta(minutes=2))
    assert (await machine.service.client.post(f"{TARA}/intake/confirmation", headers=token)).status_code == 200


@pytest.mark.parametrize("step", [WEEK, timedelta(hours=1)])
async def test_a_clock_set_back_shows_no_lapse_later(machine: Machine, step: timedelta) -> None:
    """The state is shown by the later clock, so a report lapses when it would have lapsed."""
    await machine.service.report("tara", OPEN)
    machine.wall.advance(-step)
    machine.pass_(WEEK - timedelta(seconds=1))
    assert await machine.state() == "open"
    machine.pass_(timedelta(seconds=1))

    assert await machine.state() == "unconfirmed"


async def test_a_clock_set_back_holds_up_no_plan(machine: Machine) -> None:
    """Also where the report before seems to come from the future by that clock."""
    token = await machine.service.token(responder="tara")
    await machine.put(OPEN, token)
    await machine.put(PAUSED, token, effective_from=(NOON + timedelta(hours=1)).isoformat())
    machine.wall.advance(-2 * WEEK)
    assert (await machine.service.responder("tara"))["intake"]["planned"] is not None
    machine.pass_(timedelta(hours=1))

    assert (await machine.service.responder("tara"))["intake"]["planned"] is None


async def test_a_clock_set_ahead_shows_lapses_early_and_records_none(machine: Machine) -> None:
    await machine.service.report("tara", OPEN)
    token = await machine.service.token(responder="unseen")
    planned = await machine.put(PAUSED, token, "unseen", effective_from=(NOON + DAY).isoformat())
    assert planned.status_code == 200
    before = (await machine.service.read("/v1/directory"))["sequence"]
    machine.wall.advance(2 * WEEK)

    assert await machine.state() == "unconfirmed"
    await machine.wait_for_doubt(True)
    # A write records what is due, but not now.
    other = await machine.service.token(responder="salvation-army", expires_at=NOON + timedelta(days=365))
    assert (await machine.put(PAUSED, other, "salvation-army")).status_code == 200
    events = await machine.service.events_after(before)
    assert [event["type"] for event in events] == ["intake.paused"]


async def test_a_clock_set_right_again_shows_what_holds(machine: Machine) -> None:
    await machine.service.report("tara", OPEN)
    machine.wall.advance(2 * WEEK)
    assert await machine.state() == "unconfirmed"
    await machine.wait_for_doubt(True)
    machine.wall.advance(-2 * WEEK)

    assert await machine.state() == "open", "nothing was recorded that was not true"
    await machine.wait_for_doubt(False)


async def test_what_was_due_meanwhile_is_recorded_afterwards(machine: Machine) -> None:
    await machine.service.report("tara", OPEN)
    before = (await machine.service.read("/v1/directory"))["sequence"]
    machine.wall.advance(-DAY)
    machine.pass_(2 * WEEK)
    assert await machine.state() == "unconfirmed"
    assert await machine.service.events_after(before) == []
    machine.wall.advance(DAY)

    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (events := await machine.service.events_after(before)):
            pass
    assert [(event["type"], event["timestamp"]) for event in events] == [("intake.unconfirmed", "2026-11-28T12:00:00Z")]


async def test_a_word_of_now_replaces_a_plan_that_is_due_and_not_recorded(machine: Machine) -> None:
    token = await machine.service.token(responder="tara", expires_at=NOON + timedelta(days=365))
    await machine.put(OPEN, token)
    await machine.put(WAITING, token, effective_from=(NOON + DAY).isoformat())
    machine.wall.advance(-timedelta(hours=1))
    machine.pass_(2 * DAY)
    assert await machine.state() == "waiting_list"

    assert (await machine.put(PAUSED, token)).json()["intake"]["state"] == "paused"
    assert await machine.state() == "paused"


async def test_calling_off_a_plan_that_is_due_does_not_bring_open_back(machine: Machine) -> None:
    token = await machine.service.token(responder="tara")
    await machine.put(OPEN, token)
    await machine.put(WAITING, token, effective_from=(NOON + DAY).isoformat())
    machine.wall.advance(-timedelta(hours=1))
    called_off_early = await machine.service.client.delete(f"{TARA}/intake/planned", headers=token)
    assert called_off_early.status_code == 200
    machine.wall.advance(timedelta(hours=1))
    await machine.put(WAITING, token, effective_from=(NOON + DAY).isoformat())
    machine.wall.advance(-timedelta(hours=1))
    machine.pass_(DAY)

    refused = await machine.service.client.delete(f"{TARA}/intake/planned", headers=token)
    assert (refused.status_code, refused.json()["code"]) == (503, "clock")


async def test_a_count_may_pause_and_does_not_reopen(machine: Machine) -> None:
    token = await machine.service.token(responder="tara")
    client = machine.service.client
    await machine.put(OPEN, token)
    threshold = {"pause_at": 100, "reopen_below": 60, "report": {"state": "paused"}}
    assert (await client.put(f"{TARA}/threshold", json=threshold, headers=token)).status_code == 200
    machine.wall.advance(-timedelta(hours=1))

    paused = await client.put(f"{TARA}/caseload", json={"open_referrals": 100}, headers=token)
    assert (paused.status_code, paused.json()["responder"]["intake"]["state"]) == (200, "paused")
    low = await client.put(f"{TARA}/caseload", json={"open_referrals": 10}, headers=token)
    assert (low.status_code, low.json()["open_referrals"]) == (200, 10)
    assert low.json()["responder"]["intake"]["state"] == "paused"

    machine.wall.advance(timedelta(hours=1))
    reopened = await client.put(f"{TARA}/caseload", json={"open_referrals": 10}, headers=token)
    assert reopened.json()["responder"]["intake"]["state"] == "open"


async def test_accepting_the_clock_ends_the_doubt_within_a_second(machine: Machine) -> None:
    token = await machine.service.token(responder="tara")
    machine.wall.advance(timedelta(hours=2))
    assert (await machine.put(OPEN, token)).status_code == 503
    await machine.wait_for_doubt(True)

    async with machine.service.database.write() as session:
        await accept_clock(session, machine.wall())
    await machine.wait_for_doubt(False)

    assert (await machine.put(OPEN, token)).status_code == 200
    assert await machine.state() == "open"


async def test_an_event_far_in_the_future_brings_doubt(machine: Machine) -> None:
    await machine.service.report("tara", OPEN)
    token = await machine.service.token(responder="unseen")
    await _date_newest_event(machine.service, NOON + 2 * WEEK)

    refused = await machine.put(OPEN, token, "unseen")
    assert (refused.status_code, refused.json()["code"]) == (503, "clock")
    assert (await machine.put(PAUSED, token, "unseen")).status_code == 200
    await machine.wait_for_doubt(True)
    assert await machine.state() == "unconfirmed", "the clock that dated it may be the right one"


async def test_a_report_holds_from_the_walls_clock_whatever_the_newest_event_is_dated(service: Service) -> None:
    await _date_newest_event(service, NOON + timedelta(minutes=4))

    shown = await service.report("tara", OPEN)

    assert shown["intake"]["confirmed_at"] == shown["intake"]["since"] == "2026-11-21T12:00:00Z"
    assert shown["intake"]["confirm_by"] == "2026-11-28T12:00:00Z"
    assert shown["updated_at"] == "2026-11-21T12:04:00Z", "events never go back in time"
    (entry,) = (await service.read(f"{TARA}/history"))["items"]
    assert entry["at"] == "2026-11-21T12:00:00Z"
    assert await service.responder("tara") == shown


async def test_a_plan_holds_from_its_start(service: Service, clock: Clock) -> None:
    await _date_newest_event(service, NOON + timedelta(minutes=4))
    token = await service.token(responder="tara")
    planned = await service.client.put(
        f"{TARA}/intake", json={**PAUSED, "effective_from": (NOON + DAY).isoformat()}, headers=token
    )

    plan = planned.json()["intake"]["planned"]
    assert (plan["said_at"], plan["confirm_by"]) == ("2026-11-21T12:00:00Z", "2026-11-29T12:00:00Z")


async def _date_report(service: Service, slug: str, by: timedelta) -> None:
    """As if it had been written while the clock was ahead by this much."""
    async with service.database.read() as session:
        event = await session.scalar(select(EventRow).order_by(EventRow.sequence.desc()).limit(1))
    assert event is not None
    responder_id = UUID((await service.responder(slug))["id"])
    async with service.database.write() as session:
        await session.execute(
            update(IntakeRow)
            .where(IntakeRow.responder_id == responder_id)
            .values(
                since=NOON + by,
                confirmed_at=NOON + by,
                remind_at=NOON + by + WEEK * 3 / 4,
                confirm_by=NOON + by + WEEK,
                next_due=NOON + by + WEEK * 3 / 4,
            )
        )


async def test_a_report_of_the_future_is_shown_as_unconfirmed_on_every_path(settings: Settings, clock: Clock) -> None:
    async with serving(settings, clock) as writing:
        await writing.report("tara", OPEN)
        await _date_report(writing, "tara", timedelta(days=400))
    async with serving(settings, clock) as service:
        for path in ("/v1/directory", "/v1/directory?state=open", "/v1/directory.csv", TARA, "/"):
            body = (await service.client.get(path)).text
            # But for `valid_until`: when it will be shown.
            assert "2027-12-26T12:00" not in body, path
            assert "26 December" not in body, path
            assert not re.search(r"\b2028-\d\d-\d\d", body), path
        assert (await service.responder("tara"))["intake"]["state"] == "unconfirmed"
        coverage = await service.read("/v1/coverage")
        assert all(cell["open"] == 0 for cell in coverage["cells"])
        asked = await service.client.post("/v1/matches", json={})
        match = next(each for each in asked.json()["matches"] if each["responder"]["slug"] == "tara")
        assert match["outcome"] != "yes"


async def test_a_report_of_the_future_is_shown_when_the_clock_has_caught_up(settings: Settings, clock: Clock) -> None:
    async with serving(settings, clock) as writing:
        await writing.report("tara", OPEN)
        await _date_report(writing, "tara", timedelta(hours=1))
    async with serving(settings, clock) as service:
        before = (await service.read("/v1/directory"))["sequence"]
        clock.set(NOON + timedelta(minutes=54, seconds=59))
        assert (await service.responder("tara"))["intake"]["state"] == "unconfirmed"
        assert (await service.read(TARA))["intake"]["report"] is None
        clock.set(NOON + timedelta(minutes=55))
        assert (await service.responder("tara"))["intake"]["state"] == "open"
        assert (await service.read(TARA))["intake"]["confirmed_at"] == "2026-11-21T13:00:00Z"
        assert await service.events_after(before) == []


async def test_its_responder_can_report_and_confirm_anew(settings: Settings, clock: Clock) -> None:
    async with serving(settings, clock) as writing:
        await writing.report("tara", OPEN)
        await _date_report(writing, "tara", timedelta(days=400))
    async with serving(settings, clock) as service:
        token = await service.token(responder="tara")
        confirmed = await service.client.post(f"{TARA}/intake/confirmation", headers=token)
        assert confirmed.status_code == 200
        assert confirmed.json()["intake"]["state"] == "open"
        assert confirmed.json()["intake"]["confirm_by"] == "2026-11-28T12:00:00Z"
        assert (await service.responder("tara"))["intake"]["state"] == "open"
