"""Whose word a report is: the responder's own, or what a coordinator was told."""

from datetime import timedelta
from typing import Any

import pytest
from tests.conftest import Clock
from tests.serving import OPEN, WAITING, Service

TARA = "/v1/responders/tara"


async def report(service: Service, body: dict[str, Any], *, coordinator: bool) -> dict[str, Any]:
    token = await (service.token() if coordinator else service.token(responder="tara"))
    answer = await service.client.put(f"{TARA}/intake", json=body, headers=token)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def confirm(service: Service, *, coordinator: bool) -> dict[str, Any]:
    token = await (service.token() if coordinator else service.token(responder="tara"))
    answer = await service.client.post(f"{TARA}/intake/confirmation", headers=token)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def events(service: Service, after: dict[str, Any]) -> list[str]:
    return [each["type"] for each in await service.events_after(after["sequence"])]


async def test_before_anybody_said_anything_all_is_null(service: Service) -> None:
    intake = (await service.responder("tara"))["intake"]
    assert intake == {
        "state": "unconfirmed",
        "since": None,
        "said_by": None,
        "confirmed_at": None,
        "confirm_by": None,
        "report": None,
        "last_report": None,
        "planned": None,
        "capacity_status": None,
    }


async def test_what_a_coordinator_was_told_is_not_the_responders_word(service: Service) -> None:
    told = await report(service, OPEN, coordinator=True)
    assert (told["intake"]["said_by"], told["intake"]["confirmed_at"]) == ("coordinator", "2026-11-21T12:00:00Z")
    (entry,) = (await service.read(f"{TARA}/history"))["items"]
    assert entry["said_by"] == "coordinator"


@pytest.mark.parametrize("again", ["the same report", "a confirmation"])
async def test_the_responders_own_word_after_a_coordinators_is_an_update_and_then_a_confirmation(
    service: Service, clock: Clock, again: str
) -> None:
    told = await report(service, WAITING, coordinator=True)
    for expected in ("intake.updated", "intake.confirmed"):
        clock.advance(timedelta(hours=1))
        before = await service.responder("tara")
        if again == "a confirmation":
            own = await confirm(service, coordinator=False)
        else:
            own = await report(service, WAITING, coordinator=False)
        assert await events(service, before) == [expected]
        assert own["intake"] == {
            **told["intake"],
            "said_by": "responder",
            "confirmed_at": own["updated_at"],
            "confirm_by": own["intake"]["confirm_by"],
        }
    assert [each["kind"] for each in (await service.read(f"{TARA}/history"))["items"]] == [
        "confirmed",
        "confirmed",
        "reported",
    ]


async def test_a_coordinators_confirmation_is_the_coordinators(service: Service) -> None:
    own = await report(service, OPEN, coordinator=False)
    for expected in ("intake.updated", "intake.confirmed"):
        before = await service.responder("tara")
        assert (await confirm(service, coordinator=True))["intake"] == {**own["intake"], "said_by": "coordinator"}
        assert await events(service, before) == [expected]


async def test_a_lapse_leaves_whose_word_it_was_and_a_confirmation_changes_it(service: Service, clock: Clock) -> None:
    told = (await report(service, OPEN, coordinator=True))["intake"]
    clock.advance(timedelta(days=8))
    lapsed = (await service.responder("tara"))["intake"]
    assert (lapsed["said_by"], lapsed["confirmed_at"], lapsed["since"], lapsed["last_report"]) == (
        "coordinator",
        told["confirmed_at"],
        told["confirm_by"],
        told["report"],
    )
    own = (await confirm(service, coordinator=False))["intake"]
    assert own == {
        **told,
        "since": "2026-11-29T12:00:00Z",
        "said_by": "responder",
        "confirmed_at": "2026-11-29T12:00:00Z",
        "confirm_by": "2026-12-06T12:00:00Z",
    }


async def test_a_coordinators_plan_starts_as_what_it_was_told(service: Service, clock: Clock) -> None:
    await report(service, OPEN, coordinator=False)
    plan = {"state": "paused", "effective_from": "2026-11-23T12:00:00Z"}
    planned = (await report(service, plan, coordinator=True))["intake"]
    assert (planned["said_by"], planned["planned"]["said_by"]) == ("responder", "coordinator")
    clock.advance(timedelta(days=3))
    started = (await service.responder("tara"))["intake"]
    assert (started["state"], started["said_by"], started["confirmed_at"]) == (
        "paused",
        "coordinator",
        "2026-11-21T12:00:00Z",
    )
