"""One planned change: its start, a second one, and DELETE /v1/responders/{slug}/intake/planned."""

from datetime import timedelta
from typing import Any

from tests.api.refusals import assert_refused
from tests.conftest import Clock
from tests.serving import OPEN, WAITING, Service

INTAKE = "/v1/responders/tara/intake"
CHRISTMAS = {"state": "paused", "effective_from": "2026-12-23T17:00:00Z", "reopens_on": "2027-01-04"}
EASTER = {"state": "paused", "effective_from": "2027-03-25T17:00:00Z", "reopens_on": "2027-03-31"}


async def test_a_planned_pause_is_announced_starts_and_lapses(service: Service, clock: Clock) -> None:
    first = await service.report("tara", OPEN)
    plan = {
        "state": "paused",
        "reason": "planned",
        "effective_from": "2026-11-23T17:00:00Z",
        "reopens_on": "2026-11-30",
    }
    announced = await service.report("tara", plan)
    assert announced["intake"]["state"] == "open"
    planned = announced["intake"]["planned"]
    report = {**first["intake"]["report"], "expected_response": None, **plan}
    del report["effective_from"]
    assert planned == {
        "effective_from": "2026-11-23T17:00:00Z",
        "said_by": "responder",
        "said_at": "2026-11-21T12:00:00Z",
        "confirm_by": "2026-12-01T00:00:00Z",
        "report": report,
    }
    clock.advance(timedelta(days=3))
    started = {
        **first["intake"],
        "state": "paused",
        "since": "2026-11-23T17:00:00Z",
        "confirm_by": "2026-12-01T00:00:00Z",
        "report": report,
        "capacity_status": "no-capacity",
    }
    assert (await service.responder("tara"))["intake"] == started
    clock.advance(timedelta(days=10))
    assert (await service.responder("tara"))["intake"] == {
        **started,
        "state": "unconfirmed",
        "since": "2026-12-01T00:00:00Z",
        "report": None,
        "last_report": report,
        "capacity_status": None,
    }
    await service.report("unseen", OPEN)
    events = await service.events_after(first["sequence"])
    assert [(each["type"], each["timestamp"]) for each in events][:3] == [
        ("intake.planned", "2026-11-21T12:00:00Z"),
        ("intake.paused", "2026-11-23T17:00:00Z"),
        ("intake.unconfirmed", "2026-12-01T00:00:00Z"),
    ]


async def test_a_planned_pause_can_be_cancelled(service: Service) -> None:
    plan = {"state": "paused", "effective_from": "2026-11-23T17:00:00Z"}
    announced = await service.report("tara", plan)
    token = await service.token(responder="tara")
    answer = await service.client.delete("/v1/responders/tara/intake/planned", headers=token)
    assert answer.json()["intake"]["planned"] is None
    again = await service.client.delete("/v1/responders/tara/intake/planned", headers=token)
    assert (again.status_code, again.json()["sequence"]) == (200, announced["sequence"] + 1)


async def test_a_second_plan_is_refused_with_the_first_unless_it_may_replace_it(service: Service) -> None:
    first = await service.report("tara", CHRISTMAS)
    token = await service.token(responder="tara")
    for query in ("", "?replace=false"):
        for second in (EASTER, {**CHRISTMAS, "note": "Call the helpline."}):
            refused = await service.client.put(INTAKE + query, json=second, headers=token)
            assert_refused(refused, 409, "already_planned")
            assert "paused from 2026-12-23T17:00:00Z" in refused.json()["detail"]
            assert "?replace=true" in refused.json()["detail"]
    assert await service.responder("tara") == first
    replaced = await service.client.put(f"{INTAKE}?replace=true", json=EASTER, headers=token)
    assert replaced.json()["intake"]["planned"]["effective_from"] == "2027-03-25T17:00:00Z"
    assert [each["type"] for each in await service.events_after(first["sequence"])] == ["intake.planned"]
    wrong = await service.client.put(f"{INTAKE}?replace=please", json=EASTER, headers=token)
    assert_refused(wrong, 422, "invalid", "?replace")


async def test_the_same_plan_again_is_answered_and_is_no_event(service: Service, clock: Clock) -> None:
    first = await service.report("tara", CHRISTMAS)
    clock.advance(timedelta(days=1))
    token = await service.token(responder="tara")
    other_zone = {**CHRISTMAS, "effective_from": "2026-12-23T18:00:00+01:00"}
    for query in ("", "?replace=true"):
        for same in (CHRISTMAS, other_zone):
            answer = await service.client.put(INTAKE + query, json=same, headers=token)
            assert (answer.status_code, answer.json()) == (200, first)
    assert await service.events_after(first["sequence"]) == []


async def test_a_report_for_now_leaves_the_plan(service: Service) -> None:
    planned = (await service.report("tara", CHRISTMAS))["intake"]["planned"]
    token = await service.token(responder="tara")
    for report in (OPEN, WAITING):
        answer = await service.client.put(f"{INTAKE}?replace=true", json=report, headers=token)
        assert answer.json()["intake"]["planned"] == planned
    confirmed = await service.client.post(f"{INTAKE}/confirmation", headers=token)
    assert confirmed.json()["intake"]["planned"] == planned


async def test_a_plan_of_the_state_that_holds_starts_without_a_new_since(service: Service, clock: Clock) -> None:
    waiting = await service.report("tara", WAITING)
    await service.report("tara", {**WAITING, "note": "Longer.", "effective_from": "2026-11-23T12:00:00Z"})
    clock.advance(timedelta(days=3))
    intake = (await service.responder("tara"))["intake"]
    assert (intake["since"], intake["confirmed_at"]) == (waiting["intake"]["since"], "2026-11-21T12:00:00Z")
    assert (intake["confirm_by"], intake["report"]["note"]) == ("2026-11-30T12:00:00Z", "Longer.")


async def test_the_history_tells_of_a_plan_its_start_and_its_end(service: Service, clock: Clock) -> None:
    plan: dict[str, Any] = {"state": "paused", "effective_from": "2026-11-23T12:00:00Z"}
    await service.report("tara", plan)
    token = await service.token(responder="tara")
    assert (await service.client.delete(f"{INTAKE}/planned", headers=token)).status_code == 200
    await service.report("tara", plan)
    clock.advance(timedelta(days=10))
    await service.report("unseen", OPEN)
    history = (await service.read("/v1/responders/tara/history"))["items"]
    assert [(each["kind"], each["at"], each["state"], each["effective_from"]) for each in history] == [
        ("lapsed", "2026-11-30T12:00:00Z", "unconfirmed", None),
        ("started", "2026-11-23T12:00:00Z", "paused", None),
        ("planned", "2026-11-21T12:00:00Z", "unconfirmed", "2026-11-23T12:00:00Z"),
        ("plan_cancelled", "2026-11-21T12:00:00Z", "unconfirmed", None),
        ("planned", "2026-11-21T12:00:00Z", "unconfirmed", "2026-11-23T12:00:00Z"),
    ]
    assert [each["said_by"] for each in history] == ["responder", "responder", "responder", None, "responder"]
    assert [each["report"] and each["report"]["state"] for each in history] == [
        "paused",
        "paused",
        "paused",
        None,
        "paused",
    ]
