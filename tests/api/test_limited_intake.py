"""`limited_to`: who is taken now, in every representation and for every reader, and what may not be said."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import feedparser
import pytest
from tests.api.refusals import assert_refused
from tests.conftest import Clock
from tests.delivery import endpoints
from tests.delivery.endpoints import Endpoint
from tests.serving import OPEN, PAUSED, WAITING, Service, serving

from capacity_api.clock import utc_now
from capacity_api.config import Settings

SLUG = "salvation-army"
PATH = f"/v1/responders/{SLUG}"
LONDON, SCOTLAND, WALES, ENGLAND, SOUTH_WEST = "E12000007", "S92000003", "W92000004", "E92000001", "E12000009"
WOMEN_IN_LONDON: dict[str, Any] = {"areas": [LONDON], "genders": ["woman"]}
LIMITED: dict[str, Any] = {**OPEN, "limited_to": WOMEN_IN_LONDON}
REMIT: dict[str, Any] = {"areas": ["K02000001"], "exploitation_types": ["all"], "age_groups": ["adult"]}


async def is_kept(service: Service, **filters: Any) -> bool:
    """Whether the directory and its table keep the responder; both have the same filters."""
    directory = [each["slug"] for each in (await service.read("/v1/directory", **filters))["responders"]]
    table = await service.client.get("/v1/directory.csv", params=filters)
    rows = csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"), newline=""))
    assert [row["slug"] for row in rows] == directory
    return SLUG in directory


async def change_remit(service: Service, **fields: Any) -> dict[str, Any]:
    token = await service.token(responder=SLUG)
    answer = await service.client.patch(PATH, json={"remit": {**REMIT, **fields}}, headers=token)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_an_aspect_that_is_left_out_is_read_as_all_and_may_be_written(service: Service) -> None:
    whole = {"areas": [LONDON], "exploitation_types": ["all"], "age_groups": ["all"], "genders": ["woman"]}
    first = await service.report(SLUG, LIMITED)
    assert first["intake"]["report"]["limited_to"] == whole
    assert (await service.report(SLUG, {**OPEN, "limited_to": whole}))["intake"] == first["intake"]
    # The remit itself stays as it is.
    assert [area["code"] for area in first["remit"]["areas"]] == ["K02000001"]


@pytest.mark.parametrize(
    ("report", "pointers"),
    [
        ({**PAUSED, "limited_to": WOMEN_IN_LONDON}, ["/limited_to"]),
        ({**PAUSED, "limited_to": {}}, ["/limited_to"]),
        ({**OPEN, "limited_to": {}}, ["/limited_to"]),
        ({**OPEN, "limited_to": {"areas": ["all"], "genders": ["all"]}}, ["/limited_to"]),
        ({**OPEN, "limited_to": {"areas": ["K02000001"]}}, ["/limited_to"]),
        ({**OPEN, "limited_to": {"areas": [], "genders": []}}, ["/limited_to/areas", "/limited_to/genders"]),
        ({**OPEN, "limited_to": {"areas": ["unknown"]}}, ["/limited_to/areas/0"]),
        ({**OPEN, "limited_to": {"exploitation_types": ["unknown"]}}, ["/limited_to/exploitation_types/0"]),
        ({**OPEN, "limited_to": {"areas": [LONDON, "london"]}}, ["/limited_to/areas/1"]),
        ({**OPEN, "limited_to": {"areas": ["all", LONDON]}}, ["/limited_to/areas"]),
        ({**OPEN, "limited_to": {"age_groups": ["adult", "child"]}}, ["/limited_to/age_groups/1"]),
        ({**OPEN, "limited_to": {"areas": None}}, ["/limited_to/areas"]),
        ({**OPEN, "limited_to": {"areas": LONDON}}, ["/limited_to/areas"]),
    ],
)
async def test_a_limit_that_cannot_be_is_refused_by_name(
    shared_service: Service, report: dict[str, Any], pointers: list[str]
) -> None:
    token = await shared_service.token(responder=SLUG)
    answer = await shared_service.client.put(f"{PATH}/intake", json=report, headers=token)
    assert_refused(answer, 422, "invalid", *pointers)


async def test_a_limit_has_four_aspects_and_no_other(shared_service: Service) -> None:
    token = await shared_service.token(responder=SLUG)
    report = {**OPEN, "limited_to": {"languages": ["vi"]}}
    answer = await shared_service.client.put(f"{PATH}/intake", json=report, headers=token)
    assert_refused(answer, 422, "unknown_field", "/limited_to/languages")


@pytest.mark.parametrize("report", [OPEN, WAITING])
async def test_filters_judge_the_remit_now_and_the_remit_again_after_the_lapse(
    service: Service, clock: Clock, report: dict[str, Any]
) -> None:
    await service.report(SLUG, {**report, "limited_to": WOMEN_IN_LONDON})
    then = clock().isoformat()
    kept = [{"area": LONDON}, {"gender": "woman"}, {"area": ENGLAND}, {"area": LONDON, "age_group": "young_person"}]
    dropped = [{"area": SCOTLAND}, {"gender": "man"}, {"area": LONDON, "gender": "man"}, {"area": SOUTH_WEST}]
    for filters in kept:
        assert await is_kept(service, **filters), filters
    for filters in dropped:
        assert not await is_kept(service, **filters), filters
    clock.advance(timedelta(days=7))
    for filters in (*kept, *dropped):
        assert await is_kept(service, **filters), filters
        assert await is_kept(service, as_of=then, **filters) is (filters in kept), filters


async def test_exploitation_types_that_are_named_are_then_known(service: Service) -> None:
    await change_remit(service, exploitation_types=["unknown"])
    assert await is_kept(service, exploitation_type="sexual")
    await service.report(SLUG, {**OPEN, "limited_to": {"exploitation_types": ["labour"]}})
    assert await is_kept(service, exploitation_type="labour")
    assert not await is_kept(service, exploitation_type="sexual")


async def test_what_limit_and_a_later_remit_have_in_common_is_taken_and_nobody_else(
    service: Service, clock: Clock
) -> None:
    await service.report(SLUG, {**OPEN, "limited_to": {"areas": [LONDON, SCOTLAND]}})
    await change_remit(service, areas=[ENGLAND])
    assert await is_kept(service, area=LONDON)
    assert not await is_kept(service, area=SCOTLAND)
    assert await is_kept(service, accepting="true")
    changed = await change_remit(service, areas=[WALES])
    # Nothing is left: nobody is taken, and only a directory without a question about people keeps it.
    assert changed["intake"]["state"] == "open"
    for filters in ({"area": WALES}, {"area": LONDON}, {"gender": "woman"}, {"accepting": "true"}):
        assert not await is_kept(service, **filters), filters
        assert not await is_kept(service, as_of=clock().isoformat(), **filters), filters
    assert await is_kept(service)
    assert await is_kept(service, state="open")
    clock.advance(timedelta(days=7))
    assert await is_kept(service, area=WALES)


async def test_every_format_says_the_limit_and_none_says_it_after_the_lapse(service: Service, clock: Clock) -> None:
    shown = await service.report(SLUG, LIMITED)

    async def texts() -> dict[str, str]:
        services = await service.read("/open-referral-uk/services")
        (alert,) = (each["alert"] for each in services["contents"] if each["id"] == shown["id"])
        table = await service.client.get("/v1/directory.csv")
        rows = csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"), newline=""))
        (words,) = (row["limited_to_in_words"] for row in rows if row["slug"] == SLUG)
        page = (await service.client.get("/")).text
        return {"Open Referral": alert, "table": words, "page": page}

    for name, text in (await texts()).items():
        assert "Adult women · London" in text, name
    feed = feedparser.parse((await service.client.get("/v1/feed.atom")).content)
    (entry,) = (each for each in feed.entries if each.tags[0].term == "intake.opened")
    assert "For now only: Adult women · London." in entry.content[0].value
    clock.advance(timedelta(days=7))
    for name, text in (await texts()).items():
        assert "Adult women · London" not in text, name


async def test_the_terms_of_open_referral_judge_the_remit_now(service: Service) -> None:
    terms = (await service.read("/open-referral-uk/taxonomy_terms"))["contents"]
    ids = {each["term"]: each["id"] for each in terms}

    async def found(term: str) -> bool:
        services = await service.read("/open-referral-uk/services", taxonomy_term_id=ids[term])
        return SLUG in [each["first_responder_capacity"]["slug"] for each in services["contents"]]

    assert await found("man")
    await service.report(SLUG, LIMITED)
    assert not await found("man")
    assert await found("woman")


async def test_webhooks_for_an_area_never_look_at_the_limit_and_hear_of_a_remit_that_leaves_it(
    settings: Settings,
) -> None:
    endpoint = Endpoint()
    async with endpoints.serving(endpoint) as url, serving(settings, utc_now, deliver=True) as service:
        partner = await service.token(partner="Case tool")
        body = {"url": url, "responders": [SLUG], "areas": [SCOTLAND], "stale": "send"}
        assert (await service.client.post("/v1/webhooks", json=body, headers=partner)).status_code == 201
        await service.report(SLUG, LIMITED)
        left = await change_remit(service, areas=[ENGLAND])
        await service.report(SLUG, WAITING)
        await change_remit(service, areas=[ENGLAND, SCOTLAND])
        await endpoint.arrived(3)
        events = [json.loads(body) for _, body in endpoint.posts]
        assert [each["type"] for each in events] == ["intake.opened", "responder.updated", "responder.updated"]
        assert events[1]["data"] == {"responder": left, "previous_areas": ["K02000001"]}
        assert events[2]["data"]["previous_areas"] == [ENGLAND]
