"""GET /v1/directory: complete, and with each filter."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.api.refusals import assert_refused
from tests.conftest import Clock
from tests.serving import OPEN, PAUSED, WAITING, Service

EVERYBODY = [
    "barnardos",
    "bawso",
    "belfast-and-lisburn-womens-aid",
    "kalayaan",
    "medaille-trust",
    "migrant-help",
    "new-pathways",
    "nspcc",
    "refugee-council",
    "salvation-army",
    "tara",
    "unseen",
    "youth-work-alliance",
]
CHILDREN = {"barnardos", "new-pathways", "nspcc", "refugee-council", "youth-work-alliance"}
WOMEN_ONLY = {"belfast-and-lisburn-womens-aid", "tara"}
IN_THE_UK = {"kalayaan", "migrant-help", "nspcc", "salvation-army"}
IN_ENGLAND = IN_THE_UK | {"barnardos", "medaille-trust", "refugee-council", "unseen"}


async def kept_slugs(service: Service, **parameters: Any) -> list[str]:
    directory = await service.read("/v1/directory", **parameters)
    assert directory["total"] == len(directory["responders"])
    return [each["slug"] for each in directory["responders"]]


async def test_the_directory_comes_whole_in_the_order_of_the_slugs(service: Service) -> None:
    directory = await service.read("/v1/directory")
    assert [each["slug"] for each in directory["responders"]] == EVERYBODY
    assert {name: value for name, value in directory.items() if name != "responders"} == {
        "version": "1",
        "sequence": 13,
        "updated_at": "2026-11-21T12:00:00Z",
        "ttl": 30,
        "valid_until": None,
        "licence": "https://creativecommons.org/licenses/by/4.0/",
        "demonstration": False,
        "total": 13,
    }
    assert {each["intake"]["state"] for each in directory["responders"]} == {"unconfirmed"}


async def test_the_directory_says_when_the_clock_alone_changes_a_state(service: Service, clock: Clock) -> None:
    async def valid_until() -> str | None:
        found = {
            (await service.read("/v1/directory", **filters))["valid_until"]
            for filters in ({}, {"accepting": "true"}, {"state": "paused"})
        }
        assert len(found) == 1, "a filter lists whom the clock brings into it, too"
        until: str | None = found.pop()
        return until

    assert await valid_until() is None
    await service.report("tara", OPEN)
    assert await valid_until() == "2026-11-28T12:00:00Z"
    await service.report("unseen", OPEN)
    await service.report("unseen", {**PAUSED, "effective_from": "2026-11-23T09:00:00+00:00"})
    assert await valid_until() == "2026-11-23T09:00:00Z"
    assert (await service.read("/v1/directory", as_of="2026-11-21T12:00:00Z"))["valid_until"] is None
    clock.set(datetime(2026, 11, 23, 9, tzinfo=UTC))
    assert await valid_until() == "2026-11-28T12:00:00Z"
    # The reminder before the lapse changes nothing that a reader sees.
    clock.set(datetime(2026, 11, 26, 18, tzinfo=UTC))
    assert await valid_until() == "2026-11-28T12:00:00Z"
    clock.set(datetime(2026, 11, 28, 12, tzinfo=UTC))
    until = (await service.responder("unseen"))["intake"]["confirm_by"]
    assert await valid_until() == until > "2026-11-28T12:00:00Z"
    clock.set(datetime(2027, 3, 1, tzinfo=UTC))
    assert await valid_until() is None


async def test_a_filter_keeps_responders_that_may_match_and_hides_nothing_unknown(service: Service) -> None:
    everybody = set(EVERYBODY)
    not_sexual_alone = everybody - {"new-pathways", "tara"}
    cases: list[tuple[dict[str, Any], set[str]]] = [
        # NSPCC is in each of these because its exploitation types are unknown.
        ({"exploitation_type": "sexual"}, everybody - {"kalayaan"}),
        ({"exploitation_type": "labour"}, not_sexual_alone - {"kalayaan"}),
        ({"exploitation_type": "organ_harvesting"}, not_sexual_alone - {"kalayaan"}),
        ({"exploitation_type": "domestic_servitude"}, not_sexual_alone),
        ({"exploitation_type": ["domestic_servitude", "sexual"]}, everybody),
        ({"age_group": "child"}, CHILDREN),
        ({"age_group": "adult"}, everybody - {"barnardos", "nspcc"}),
        ({"age_group": "young_person"}, everybody - {"barnardos", "nspcc"}),
        ({"age_group": ["child", "adult"]}, everybody),
        ({"gender": "man"}, everybody - WOMEN_ONLY),
        ({"gender": "non_binary"}, everybody - WOMEN_ONLY),
        ({"gender": ["man", "woman"]}, everybody),
        # Unseen, in the West of England, covers a part of these.
        ({"area": "E92000001"}, IN_ENGLAND),
        ({"area": "E12000009"}, IN_ENGLAND),
        ({"area": "E47000009"}, IN_ENGLAND),
        ({"area": "E12000007"}, IN_ENGLAND - {"unseen"}),
        ({"area": "K02000001"}, everybody),
        ({"area": "S92000003"}, IN_THE_UK | {"tara"}),
        ({"area": "W92000004"}, IN_THE_UK | {"barnardos", "bawso", "new-pathways"}),
        ({"area": ["S92000003", "E12000007"]}, (IN_ENGLAND - {"unseen"}) | {"tara"}),
        ({"area": "S92000003", "gender": "man"}, IN_THE_UK),
        ({"area": "S92000003", "gender": "man", "age_group": "child"}, {"nspcc"}),
        ({"area": "S92000003", "gender": "man", "exploitation_type": "labour"}, IN_THE_UK - {"kalayaan"}),
    ]
    for parameters, expected in cases:
        directory = await kept_slugs(service, **parameters)
        assert directory == sorted(expected), parameters


async def test_the_states_are_the_effective_ones(service: Service, clock: Clock) -> None:
    await service.report("tara", OPEN)
    clock.advance(timedelta(days=3))
    await service.report("unseen", PAUSED)
    await service.report("kalayaan", WAITING)
    await service.report("bawso", OPEN)
    assert await kept_slugs(service, state="open") == ["bawso", "tara"]
    assert await kept_slugs(service, state="paused") == ["unseen"]
    assert await kept_slugs(service, state=["paused", "waiting_list"]) == ["kalayaan", "unseen"]
    assert await kept_slugs(service, accepting="true") == ["bawso", "tara"]
    assert await kept_slugs(service, accepting="false") == EVERYBODY
    assert await kept_slugs(service, accepting="true", area="S92000003") == ["tara"]
    assert await kept_slugs(service, accepting="true", state="paused") == []
    clock.advance(timedelta(days=4))
    assert await kept_slugs(service, accepting="true") == ["bawso"]
    assert "tara" in await kept_slugs(service, state="unconfirmed")


async def test_a_filtered_directory_is_the_same_but_for_who_is_in_it(service: Service) -> None:
    await service.report("unseen", PAUSED)
    whole = await service.read("/v1/directory")
    directory = await service.read("/v1/directory", state="paused")
    assert directory == {**whole, "total": 1, "responders": [await service.responder("unseen")]}
    assert whole["sequence"] == 14


async def test_a_value_that_is_not_in_the_vocabulary_is_refused(service: Service) -> None:
    for parameter, values in {
        "state": ("closed", "", "OPEN"),
        "area": ("E99999999", "", "london"),
        "exploitation_type": ("unknown", "all", ""),
        "age_group": ("old", ""),
        "gender": ("all", ""),
        "accepting": ("maybe", ""),
    }.items():
        for value in values:
            answer = await service.client.get("/v1/directory", params={parameter: value})
            assert_refused(answer, 422, "invalid", f"?{parameter}", what=(parameter, value))
    answer = await service.client.get("/v1/directory?area=S92000003&area=X&area=Y")
    assert_refused(answer, 422, "invalid", "?area", "?area")
    answer = await service.client.get("/v1/directory?state=open&state=closed")
    assert_refused(answer, 422, "invalid", "?state")


async def test_an_unknown_parameter_is_refused(service: Service) -> None:
    answer = await service.client.get("/v1/directory?area=S92000003&region=x&aera=y")
    assert_refused(answer, 422, "unknown_parameter", "?aera", "?region")
    for path in ("/v1/responders/tara", "/v1/vocabulary", "/openapi.json", "/healthz"):
        answer = await service.client.get(path + "?x=1")
        assert_refused(answer, 422, "unknown_parameter", "?x", what=path)
        assert answer.json()["detail"].endswith("; it has none"), path


async def test_who_mistypes_a_parameter_is_told_which_there_are(service: Service) -> None:
    answer = await service.client.get("/v1/events?cursor=7")
    assert answer.json()["detail"] == "The path has no such query parameter; it has after, limit, responder, type"


async def test_a_responder_that_is_not_listed_is_not_found(service: Service) -> None:
    for slug in ("nobody", "TARA", "tara%20", "%ff"):
        assert_refused(await service.client.get(f"/v1/responders/{slug}"), 404, "not_found", what=slug)


async def test_the_vocabulary_names_every_code_that_the_directory_uses(service: Service) -> None:
    vocabulary = await service.read("/v1/vocabulary")
    codes = {name: {each["code"] for each in terms} for name, terms in vocabulary.items() if name != "event_types"}
    areas = {each["code"]: each["name"] for each in vocabulary["areas"]}
    assert all(each["parent"] is None or each["parent"] in areas for each in vocabulary["areas"])
    for responder in (await service.read("/v1/directory"))["responders"]:
        remit = responder["remit"]
        assert all(areas[area["code"]] == area["name"] for area in remit["areas"])
        for name in ("exploitation_types", "age_groups", "genders"):
            assert remit[name] in (["all"], ["unknown"]) or set(remit[name]) <= codes[name]
        assert responder["intake"]["state"] in codes["states"]
    assert all(each["label"] for terms in vocabulary.values() for each in terms if "label" in each)
