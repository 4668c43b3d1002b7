"""GET /v1/coverage, and the coverage events: for whom a responder is confirmed, and the gaps."""

import json
from datetime import timedelta
from typing import Any

from tests.api.refusals import assert_refused
from tests.conftest import Clock
from tests.delivery import endpoints
from tests.delivery.endpoints import Endpoint
from tests.serving import OPEN, PAUSED, WAITING, Service, serving

from capacity_api.clock import utc_now
from capacity_api.config import Settings

SCOTLAND, NORTHERN_IRELAND, LONDON = "S92000003", "N92000002", "E12000007"
OPENED, CLOSED = "coverage.gap_opened", "coverage.gap_closed"
TARA = {
    "areas": [SCOTLAND],
    "exploitation_types": ["sexual"],
    "age_groups": ["adult", "young_person"],
    "genders": ["woman"],
    "ask": [],
}
WHOM = "adult women with sexual exploitation in Scotland"
OPENED_TEXT = f"no charity is known to be open for {WHOM}"
ANYWHERE = "any nation or region of the United Kingdom as a whole"
CLOSED_TEXT = f"a charity is now confirmed open for {WHOM}"


async def events_after(service: Service, after: int) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = (await service.read("/v1/events", after=after, limit=1000))["events"]
    assert [event["sequence"] for event in events] == list(range(after + 1, after + 1 + len(events)))
    return events


async def latest(service: Service) -> int:
    number: int = (await service.read("/v1/directory"))["sequence"]
    return number


def types(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


async def cell(service: Service, *of: str) -> dict[str, int]:
    """The counts of one cell."""
    named = ("area", "exploitation_type", "age_group", "gender")
    (found,) = [
        each for each in (await service.read("/v1/coverage"))["cells"] if tuple(each[name] for name in named) == of
    ]
    return {name: count for name, count in found.items() if name not in named}


async def texts(service: Service) -> list[str]:
    return [each["text"] for each in (await service.read("/v1/coverage"))["gaps"]]


async def test_the_last_open_responder_pauses_and_opens_again(service: Service) -> None:
    await service.report("tara", OPEN)
    before = await latest(service)
    paused = await service.report("tara", PAUSED)
    events = await events_after(service, before)
    assert types(events) == ["intake.paused", OPENED]
    assert paused["sequence"] == before + 1
    assert events[1] == {
        "id": events[1]["id"],
        "type": OPENED,
        "timestamp": "2026-11-21T12:00:00Z",
        "sequence": before + 2,
        "test": False,
        "data": {"cells": [{**TARA, "text": OPENED_TEXT}]},
    }
    directory = await service.read("/v1/directory")
    assert (directory["sequence"], directory["updated_at"]) == (before + 2, "2026-11-21T12:00:00Z")
    await service.report("tara", OPEN)
    events = await events_after(service, before + 2)
    assert types(events) == ["intake.opened", CLOSED]
    assert events[1]["data"] == {"cells": [{**TARA, "text": CLOSED_TEXT}]}


async def test_what_changes_nobodys_coverage_makes_no_coverage_event(service: Service) -> None:
    await service.report("salvation-army", OPEN)
    before = await latest(service)
    # Another responder is open for all whom TARA takes; whether one can ask TARA makes no event.
    for report in (OPEN, PAUSED, PAUSED, {**PAUSED, "note": "Still."}, OPEN, WAITING, PAUSED):
        await service.report("tara", report)
    # A waiting list closes no gap.
    await service.report("barnardos", WAITING)
    await service.report("barnardos", PAUSED)
    # Not known for what, only for existing clients, only a part of a region.
    for slug in ("nspcc", "refugee-council", "unseen"):
        await service.report(slug, OPEN)
        await service.report(slug, PAUSED)
    assert not {OPENED, CLOSED} & set(types(await events_after(service, before)))


async def test_a_waiting_list_in_place_of_open_opens_the_gap_and_names_itself(service: Service) -> None:
    await service.report("tara", OPEN)
    before = await latest(service)
    await service.report("tara", WAITING)
    events = await events_after(service, before)
    assert types(events) == ["intake.waiting_list", OPENED]
    named = {**TARA, "ask": ["tara"], "text": f"{OPENED_TEXT}; you can ask TARA"}
    assert events[1]["data"] == {"cells": [named]}
    assert await texts(service) == [f"no charity is known to be open for anybody in {ANYWHERE}; you can ask TARA"]


async def test_twelve_paused_and_one_on_a_waiting_list_are_a_gap_for_every_adult(service: Service) -> None:
    """The crisis of the briefing: Migrant Help confirms its waiting list, and everybody else has paused."""
    slugs = [each["slug"] for each in (await service.read("/v1/directory"))["responders"]]
    assert len(slugs) == 13
    await service.report("migrant-help", OPEN)
    for slug in slugs:
        if slug != "migrant-help":
            await service.report(slug, PAUSED)
    before = await latest(service)
    await service.report("migrant-help", WAITING)
    coverage = await service.read("/v1/coverage")
    adults = [each for each in coverage["cells"] if each["age_group"] != "child"]
    assert len(adults) == 13 * 6 * 2 * 3
    assert {(each["open"], each["waiting_list"], each["ask"]) for each in adults} == {(0, 1, 0)}
    text = f"no charity is known to be open for anybody in {ANYWHERE}; you can ask Migrant Help"
    assert coverage["gaps"] == [
        {
            "areas": ["all"],
            "exploitation_types": ["all"],
            "age_groups": ["all"],
            "genders": ["all"],
            "ask": ["migrant-help"],
            "text": text,
        }
    ]
    _, opened = await events_after(service, before)
    assert opened["data"]["cells"] == [
        {
            **coverage["gaps"][0],
            "age_groups": ["adult", "young_person"],
            "text": text.replace("anybody", "adults"),
        }
    ]
    page = (await service.client.get("/coverage")).text
    assert "No charity is known to be open for:" in page
    assert "Migrant Help" in page
    assert "nobody is open" not in page.casefold()


async def test_a_gap_names_those_of_whom_one_has_to_ask(service: Service) -> None:
    # Kinds unknown, for children; a part of the South West; existing clients alone.
    for slug in ("nspcc", "unseen", "refugee-council"):
        await service.report(slug, OPEN)
    assert await cell(service, SCOTLAND, "sexual", "child", "woman") == {
        "open": 0,
        "waiting_list": 0,
        "paused": 0,
        "unconfirmed": 0,
        "ask": 1,
    }
    assert (await cell(service, "E12000009", "labour", "adult", "man"))["ask"] == 1
    assert (await cell(service, LONDON, "labour", "adult", "man"))["ask"] == 0
    (gap,) = (await service.read("/v1/coverage"))["gaps"]
    assert gap["ask"] == ["nspcc", "unseen"]
    assert gap["text"].endswith("; you can ask NSPCC and Unseen")
    # What is paused cannot be asked.
    await service.report("nspcc", PAUSED)
    assert (await service.read("/v1/coverage"))["gaps"][0]["ask"] == ["unseen"]


async def test_a_limited_report_covers_what_it_is_limited_to(service: Service) -> None:
    limited = {**OPEN, "limited_to": {"areas": [LONDON], "genders": ["woman"]}}
    await service.report("salvation-army", limited)
    of_a_woman = await cell(service, LONDON, "labour", "adult", "woman")
    assert (of_a_woman["open"], of_a_woman["unconfirmed"], of_a_woman["ask"]) == (1, 2, 0)
    for unlike in ((LONDON, "labour", "adult", "man"), (SCOTLAND, "labour", "adult", "woman")):
        counted = await cell(service, *unlike)
        assert (counted["open"], counted["ask"]) == (0, 0), unlike
    england = await cell(service, "E92000001", "labour", "adult", "woman")
    assert (england["open"], england["ask"]) == (0, 1)


async def test_a_pause_from_unconfirmed_opens_no_gap(service: Service) -> None:
    before = await latest(service)
    await service.report("tara", PAUSED)
    assert types(await events_after(service, before)) == ["intake.paused"]


async def test_a_lapse_opens_a_gap_dated_when_it_lapsed(service: Service, clock: Clock) -> None:
    await service.report("tara", OPEN)
    before = await latest(service)
    clock.advance(timedelta(days=7, hours=3))
    await service.report("youth-work-alliance", PAUSED)
    events = await events_after(service, before)
    assert [(event["type"], event["timestamp"]) for event in events] == [
        ("intake.unconfirmed", "2026-11-28T12:00:00Z"),
        (OPENED, "2026-11-28T12:00:00Z"),
        ("intake.paused", "2026-11-28T15:00:00Z"),
    ]
    assert events[1]["data"]["cells"] == [{**TARA, "text": OPENED_TEXT}]


async def test_two_that_lapse_at_once_open_one_gap_when_both_are_gone(service: Service, clock: Clock) -> None:
    for slug in ("salvation-army", "tara"):
        await service.report(slug, OPEN)
    before = await latest(service)
    clock.advance(timedelta(days=8))
    await service.report("youth-work-alliance", PAUSED)
    events = await events_after(service, before)
    assert types(events) == ["intake.unconfirmed", OPENED, "intake.unconfirmed", OPENED, "intake.paused"]
    # Whom TARA still covers is not in the first.
    assert OPENED_TEXT not in [each["text"] for each in events[1]["data"]["cells"]]
    assert events[3]["data"]["cells"] == [{**TARA, "text": OPENED_TEXT}]


async def test_a_planned_pause_opens_its_gap_when_it_starts(service: Service, clock: Clock) -> None:
    await service.report("tara", OPEN)
    before = await latest(service)
    await service.report("tara", {"state": "paused", "effective_from": "2026-11-23T17:00:00Z"})
    assert types(await events_after(service, before)) == ["intake.planned"]
    clock.advance(timedelta(days=3))
    await service.report("youth-work-alliance", PAUSED)
    events = await events_after(service, before + 1)
    assert [(event["type"], event["timestamp"]) for event in events][:2] == [
        ("intake.paused", "2026-11-23T17:00:00Z"),
        (OPENED, "2026-11-23T17:00:00Z"),
    ]


async def test_another_remit_may_open_and_close_gaps_at_once(service: Service) -> None:
    await service.report("tara", OPEN)
    before = await latest(service)
    remit = {
        "areas": [NORTHERN_IRELAND],
        "exploitation_types": ["all"],
        "age_groups": ["child"],
    }
    own = await service.token(responder="tara")
    answer = await service.client.patch("/v1/responders/tara", json={"remit": remit}, headers=own)
    assert answer.status_code == 200, answer.text
    events = await events_after(service, before)
    assert types(events) == ["responder.updated", OPENED, CLOSED]
    assert [each["text"] for each in events[1]["data"]["cells"]] == [OPENED_TEXT]
    assert events[2]["data"]["cells"] == [
        {
            "areas": [NORTHERN_IRELAND],
            "exploitation_types": ["all"],
            "age_groups": ["child"],
            "genders": ["all"],
            "ask": [],
            "text": "a charity is now confirmed open for children in Northern Ireland",
        }
    ]


async def test_delisting_opens_the_gap_that_is_left(service: Service) -> None:
    await service.report("tara", OPEN)
    before = await latest(service)
    admin = await service.token()
    assert (await service.client.delete("/v1/responders/tara", headers=admin)).status_code == 204
    assert types(await events_after(service, before)) == ["responder.delisted", OPENED]
    assert (await cell(service, SCOTLAND, "sexual", "adult", "woman"))["open"] == 0
    # It comes back unconfirmed, which closes nothing.
    remit = {"areas": [SCOTLAND], "exploitation_types": ["sexual"], "age_groups": ["adult"], "genders": ["woman"]}
    new = {"slug": "tara", "name": "TARA", "remit": remit}
    assert (await service.client.post("/v1/responders", json=new, headers=admin)).status_code == 201
    assert types(await events_after(service, before + 2)) == ["responder.listed"]


async def test_a_change_makes_at_most_one_gap_event_of_each_kind(service: Service) -> None:
    for slug in ("bawso", "kalayaan", "tara", "belfast-and-lisburn-womens-aid", "youth-work-alliance"):
        await service.report(slug, OPEN)
    before = await latest(service)
    await service.report("salvation-army", OPEN)
    await service.report("salvation-army", PAUSED)
    events = await events_after(service, before)
    assert types(events) == ["intake.opened", CLOSED, "intake.paused", OPENED]
    opened = events[3]["data"]["cells"]
    assert len(opened) > 1
    # Youth Work Alliance is open for young people, of whom an adult may be one.
    assert {slug for each in opened for slug in each["ask"]} == {"youth-work-alliance"}
    unnamed = {"text": "", "ask": []}
    assert [each | unnamed for each in opened] == [each | unnamed for each in events[1]["data"]["cells"]]


async def test_the_coverage_of_a_new_register_is_one_gap(service: Service) -> None:
    found = await service.read("/v1/coverage")
    assert set(found) == {"sequence", "updated_at", "demonstration", "gaps", "cells"}
    assert (found["sequence"], found["updated_at"]) == (13, "2026-11-21T12:00:00Z")
    assert found["gaps"] == [
        {
            "areas": ["all"],
            "exploitation_types": ["all"],
            "age_groups": ["all"],
            "genders": ["all"],
            "ask": [],
            "text": f"no charity is known to be open for anybody in {ANYWHERE}",
        }
    ]
    assert len(found["cells"]) == 702
    assert {(each["open"], each["waiting_list"], each["paused"], each["ask"]) for each in found["cells"]} == {
        (0, 0, 0, 0)
    }
    # Migrant Help, The Salvation Army and TARA; and the young, who are adults, by the same.
    for age in ("adult", "young_person"):
        assert (await cell(service, SCOTLAND, "sexual", age, "woman"))["unconfirmed"] == 3
    # NSPCC takes children; its exploitation types are unknown.
    assert (await cell(service, SCOTLAND, "sexual", "child", "woman"))["unconfirmed"] == 0
    # Not the Refugee Council, which takes existing clients alone, nor Unseen in its part of the South West.
    assert (await cell(service, "E12000009", "labour", "adult", "man"))["unconfirmed"] == 3


async def test_the_counts_follow_the_reports(service: Service, clock: Clock) -> None:
    for slug, report in (("tara", OPEN), ("salvation-army", WAITING), ("migrant-help", PAUSED)):
        await service.report(slug, report)
    assert await cell(service, SCOTLAND, "sexual", "adult", "woman") == {
        "open": 1,
        "waiting_list": 1,
        "paused": 1,
        "unconfirmed": 0,
        "ask": 0,
    }
    assert await cell(service, LONDON, "labour", "adult", "man") == {
        "open": 0,
        "waiting_list": 1,
        "paused": 1,
        "unconfirmed": 1,
        "ask": 0,
    }
    await service.report("salvation-army", OPEN)
    assert await texts(service) == [f"no charity is known to be open for children in {ANYWHERE}"]
    clock.advance(timedelta(days=7))
    assert (await cell(service, SCOTLAND, "sexual", "adult", "woman"))["unconfirmed"] == 3
    assert len(await texts(service)) == 1
    assert "anybody" in (await texts(service))[0]


async def test_the_coverage_is_published_like_the_directory(service: Service) -> None:
    first = await service.client.get("/v1/coverage", headers={"accept-encoding": "gzip"})
    assert first.headers["content-encoding"] == "gzip"
    assert first.headers["cache-control"] == "public, no-cache"
    assert int(first.headers["content-length"]) < 10_000
    again = await service.client.get(
        "/v1/coverage", headers={"accept-encoding": "gzip", "if-none-match": first.headers["etag"]}
    )
    assert again.status_code == 304
    await service.report("tara", OPEN)
    changed = await service.client.get("/v1/coverage", headers={"if-none-match": first.headers["etag"]})
    assert changed.status_code == 200
    assert_refused(await service.client.get("/v1/coverage?area=X"), 422, "unknown_parameter", "?area")


async def test_a_partner_hears_of_the_gaps_in_its_areas(settings: Settings) -> None:
    here, elsewhere, about_tara, everything = (Endpoint() for _ in range(4))
    async with (
        endpoints.serving(here) as here_url,
        endpoints.serving(elsewhere) as elsewhere_url,
        endpoints.serving(about_tara) as tara_url,
        endpoints.serving(everything) as everything_url,
        serving(settings, utc_now, deliver=True) as service,
    ):
        partner = await service.token(partner="Case tool")
        for body in (
            {"url": here_url, "event_types": [OPENED, CLOSED], "areas": [SCOTLAND]},
            {"url": elsewhere_url, "event_types": [OPENED, CLOSED], "areas": [LONDON]},
            {"url": tara_url, "responders": ["tara", "bawso"]},
            {"url": everything_url},
        ):
            body["stale"] = "send"
            assert (await service.client.post("/v1/webhooks", json=body, headers=partner)).status_code == 201
        await service.report("tara", OPEN)
        await service.report("tara", PAUSED)
        await service.report("kalayaan", OPEN)
        await service.report("bawso", PAUSED)
        await everything.arrived(7)
        await here.arrived(3)
        await elsewhere.arrived(1)
        await about_tara.arrived(3)
        events = {
            name: [json.loads(body) for _, body in endpoint.posts]
            for name, endpoint in {"here": here, "elsewhere": elsewhere, "tara": about_tara, "all": everything}.items()
        }
    assert types(events["here"]) == [CLOSED, OPENED, CLOSED]
    assert types(events["elsewhere"]) == [CLOSED]
    assert types(events["tara"]) == ["intake.opened", "intake.paused", "intake.paused"]
    assert types(events["all"]) == [
        "intake.opened",
        CLOSED,
        "intake.paused",
        OPENED,
        "intake.opened",
        CLOSED,
        "intake.paused",
    ]
    assert events["here"][1]["data"]["cells"] == [{**TARA, "text": OPENED_TEXT}]
    assert events["elsewhere"][0]["data"]["cells"][0]["areas"] == ["all"]
