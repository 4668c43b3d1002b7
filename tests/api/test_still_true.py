"""A reminder's link: it confirms the one report that it was about, and no other."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select
from tests.api.people import DAY, audit, look, mailing, make_link, status, still_true, stored_link, use
from tests.api.refusals import assert_refused
from tests.api.test_clock_in_doubt import Machine
from tests.conftest import Clock
from tests.serving import OPEN, PATIENCE_SECONDS, PAUSED, Headers, Service, serving

from capacity_api.clock_watch import ClockWatch
from capacity_api.config import Settings
from capacity_api.db.tables import IntakeRow
from capacity_api.domain.links import LinkKind
from capacity_api.operations import restored
from capacity_api.operations.restored import TokenDecision

HANDOVERS = "/v1/handovers"
TARA = "/v1/responders/tara"
on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
async def service(settings: Settings, clock: Clock) -> AsyncIterator[Service]:
    async with serving(mailing(settings), clock) as running:
        yield running


async def test_still_true_confirms_the_report_in_the_responders_name(service: Service, clock: Clock) -> None:
    secret = await still_true(service)
    clock.advance(DAY)
    used = await use(service, secret)
    assert (used.status_code, used.headers["cache-control"]) == (200, "no-store")
    shown = used.json()
    assert shown == await service.responder("tara")
    assert (shown["intake"]["state"], shown["intake"]["said_by"]) == ("open", "responder")
    assert (shown["intake"]["since"], shown["intake"]["confirmed_at"]) == (
        "2026-11-21T12:00:00Z",
        "2026-11-22T12:00:00Z",
    )
    events = await service.events_after(14)
    assert [each["type"] for each in events] == ["intake.confirmed"]
    link_id = str((await stored_link(service, secret)).id)
    assert [(each["action"], each["target"]) for each in await audit(service, actor=link_id)] == [
        ("intake.confirm", "tara"),
        ("link.use", link_id),
    ]
    history = await service.read(f"{TARA}/history")
    assert [each["kind"] for each in history["items"]] == ["confirmed", "reported"]


async def test_still_true_brings_the_state_back_after_a_lapse(service: Service, clock: Clock) -> None:
    secret = await still_true(service, PAUSED)
    clock.advance(8 * DAY)
    assert (await service.responder("tara"))["intake"]["state"] == "unconfirmed"
    assert (await look(service, secret)).json()["report"]["state"] == "paused"
    assert (await use(service, secret)).json()["intake"]["state"] == "paused"
    assert (await service.responder("tara"))["intake"]["since"] == "2026-11-29T12:00:00Z"


async def test_what_a_coordinator_was_told_becomes_the_responders_own_word(service: Service) -> None:
    admin = await service.token()
    assert (await service.client.put(f"{TARA}/intake", json=OPEN, headers=admin)).status_code == 200
    assert (await service.responder("tara"))["intake"]["said_by"] == "coordinator"
    link = await make_link(service, LinkKind.STILL_TRUE)
    assert (await use(service, link.secret)).json()["intake"]["said_by"] == "responder"


async def test_a_link_is_superseded_by_a_newer_report_and_not_by_a_confirmation(service: Service) -> None:
    secret = await still_true(service)
    tara = await service.token(responder="tara")
    # The same report again confirms it, as a confirmation does.
    assert (await service.client.post(f"{TARA}/intake/confirmation", headers=tara)).status_code == 200
    await service.report("tara", OPEN)
    assert await status(service, secret) == "usable"
    await service.report("tara", PAUSED)
    before = await service.responder("tara")
    shown = (await look(service, secret)).json()
    assert (shown["status"], shown["report"], shown["slug"]) == ("superseded", None, "tara")
    assert_refused(await use(service, secret), 409, "link_superseded")
    assert await service.responder("tara") == before
    assert (await stored_link(service, secret)).used_at is None
    # What was said before that is said anew is another report.
    await service.report("tara", OPEN)
    assert_refused(await use(service, secret), 409, "link_superseded")


async def test_a_plan_that_starts_and_a_threshold_that_acts_supersede_a_link(service: Service, clock: Clock) -> None:
    tara = await service.token(responder="tara")
    secret = await still_true(service)
    threshold = {"pause_at": 10, "reopen_below": 5}
    assert (await service.client.put(f"{TARA}/threshold", json=threshold, headers=tara)).status_code == 200
    starts = (clock.now + DAY).isoformat()
    plan = {**PAUSED, "effective_from": starts}
    assert (await service.client.put(f"{TARA}/intake", json=plan, headers=tara)).status_code == 200
    assert await status(service, secret) == "usable"
    clock.advance(DAY)
    assert_refused(await use(service, secret), 409, "link_superseded")
    secret = await still_true(service)
    for count, state in ((10, "paused"), (4, "open")):
        answer = await service.client.put(f"{TARA}/caseload", json={"open_referrals": count}, headers=tara)
        assert answer.json()["responder"]["intake"]["state"] == state
        assert_refused(await use(service, secret), 409, "link_superseded")
        secret = (await make_link(service, LinkKind.STILL_TRUE)).secret
    assert (await use(service, secret)).status_code == 200


async def test_a_responder_that_was_listed_again_has_nothing_to_confirm(service: Service) -> None:
    secret = await still_true(service)
    admin = await service.token()
    shown = await service.responder("tara")
    assert (await service.client.delete(TARA, headers=admin)).status_code == 204
    assert_refused(await use(service, secret), 410, "link_expired")
    again = {
        "slug": "tara",
        "name": "TARA",
        "remit": {"areas": ["S92000003"], "exploitation_types": ["all"], "age_groups": ["adult"], "as_published": {}},
    }
    listed = await service.client.post("/v1/responders", json=again, headers=admin)
    assert listed.status_code == 201, listed.text
    assert_refused(await use(service, secret), 410, "link_expired")
    await service.resume(shown["id"])
    refused = await use(service, secret)
    assert refused.status_code in {409, 410}, refused.text
    assert (await service.responder("tara"))["intake"]["state"] == "unconfirmed"


async def test_nothing_from_before_a_restore_is_confirmed(service: Service) -> None:
    secret = await still_true(service)
    async with service.database.write(recovering=True) as session:
        await restored.declare_restored(session, service.clock(), above=0, tokens=TokenDecision.KEEP)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await service.responder("tara"))["intake"]["state"] != "unconfirmed":
            pass
    assert await status(service, secret) == "expired"
    refused = await use(service, secret)
    assert refused.status_code in {409, 410}, refused.text
    assert refused.json()["code"] in {"restored", "link_expired"}
    assert (await service.responder("tara"))["intake"]["state"] == "unconfirmed"


@on_one_database
async def test_while_the_clock_is_in_doubt_open_is_not_confirmed_and_the_link_stays(
    settings: Settings, clock: Clock
) -> None:
    boot = Clock(clock.now)
    watch = ClockWatch(clock, lambda: boot().timestamp(), asks_database=False)
    async with serving(mailing(settings), clock, clock_watch=watch) as service:
        secret = await still_true(service)
        machine = Machine(service, clock, boot)
        # The wall's clock was set an hour ahead.
        clock.advance(timedelta(hours=1))
        await machine.wait_for_doubt(True)
        assert_refused(await use(service, secret), 503, "clock")
        assert await status(service, secret) == "usable"
        boot.advance(timedelta(hours=1))
        await machine.wait_for_doubt(False)
        assert (await use(service, secret)).status_code == 200


async def test_a_report_whose_day_has_passed_is_not_confirmed(service: Service, clock: Clock) -> None:
    secret = await still_true(service, {**PAUSED, "reopens_on": "2026-11-23"})
    clock.advance(5 * DAY)
    assert await status(service, secret) == "expired"
    assert_refused(await use(service, secret), 410, "link_expired")


async def test_a_confirmation_keeps_the_report_and_a_report_brings_another(service: Service) -> None:
    tara: Headers = await service.token(responder="tara")

    async def numbers() -> tuple[int | None, int]:
        async with service.database.read() as session:
            stood = await session.scalar(
                select(IntakeRow.report_sequence).where(IntakeRow.report_sequence.is_not(None))
            )
        return stood, (await service.responder("tara"))["sequence"]

    assert (await numbers())[0] is None
    await service.report("tara", OPEN)
    first = await numbers()
    assert first[0] == first[1]
    await service.client.post(f"{TARA}/intake/confirmation", headers=tara)
    confirmed = await numbers()
    assert (confirmed[0], confirmed[1] > first[1]) == (first[0], True)
    await service.report("tara", PAUSED)
    second = await numbers()
    assert second[0] == second[1]
