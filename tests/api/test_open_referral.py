"""/open-referral-uk: the directory for tools that speak Open Referral UK 3.0."""

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from tests.api.refusals import assert_refused
from tests.conftest import Clock
from tests.serving import OPEN, PAUSED, WAITING, Service, serving

from capacity_api.config import Settings
from capacity_api.formats.open_referral.taxonomies import TAXONOMIES, TERMS

ROOT = "/open-referral-uk"
ENVELOPE = ["total_items", "total_pages", "page_number", "size", "first_page", "last_page", "empty", "contents"]
LISTS = ("services", "taxonomies", "taxonomy_terms", "service_at_locations")
NOBODY = "019e4500-0000-7000-8000-000000000010"
# The standard's own JSON schemas, which this project does not carry; this names a folder that has them.
SCHEMAS = os.environ.get("ORUK_SCHEMAS")


def term(code: str) -> str:
    (found,) = [str(each.id) for each in TERMS.values() if each.term == code]
    return found


async def slugs(service: Service, **parameters: Any) -> list[str]:
    found = await service.read(f"{ROOT}/services", **parameters)
    return [each["first_responder_capacity"]["slug"] for each in found["contents"]]


async def test_the_root_says_which_version_this_is_with_a_slash_and_without(service: Service) -> None:
    for path in (ROOT, f"{ROOT}/"):
        found = await service.read(path)
        assert found["version"] == "HSDS-UK-3.0"
        assert set(found) == {"version", "profile", "openapi_url"}
    assert_refused(await service.client.get(f"{ROOT}/services/"), 404, "not_found")


async def test_every_responder_is_a_service_in_its_state(service: Service, clock: Clock) -> None:
    for slug, report in (("tara", OPEN), ("bawso", WAITING), ("unseen", PAUSED)):
        await service.report(slug, report)
    directory = await service.read("/v1/directory")
    found = await service.read(f"{ROOT}/services")
    assert list(found) == ENVELOPE
    assert (found["total_items"], found["total_pages"], found["size"]) == (13, 1, 13)
    assert [each["id"] for each in found["contents"]] == [each["id"] for each in directory["responders"]]
    for summary, responder in zip(found["contents"], directory["responders"], strict=True):
        assert summary["first_responder_capacity"]["intake"] == _without_nulls(responder["intake"])
        assert summary["status"] == ("temporarily closed" if responder["slug"] == "unseen" else "active")
        whole = await service.read(f"{ROOT}/services/{summary['id']}")
        assert {field: whole[field] for field in summary} == summary
        codes = [area["extent"] for area in whole["service_areas"]]
        assert codes == [area["code"] for area in responder["remit"]["areas"]]
    clock.advance(timedelta(days=8))
    found = await service.read(f"{ROOT}/services")
    assert {each["first_responder_capacity"]["intake"]["state"] for each in found["contents"]} == {"unconfirmed"}
    assert {each["status"] for each in found["contents"]} == {"active"}


async def test_the_pages_of_a_list_are_the_list(service: Service) -> None:
    for name, total in (("services", 13), ("taxonomies", 4), ("taxonomy_terms", 14)):
        whole = (await service.read(f"{ROOT}/{name}"))["contents"]
        assert len(whole) == total
        pages = [
            await service.read(f"{ROOT}/{name}", page=number, per_page=3) for number in range(1, -(-total // 3) + 1)
        ]
        assert [item for page in pages for item in page["contents"]] == whole
        assert [page["last_page"] for page in pages] == [False] * (len(pages) - 1) + [True]
        beyond = await service.read(f"{ROOT}/{name}", page=len(pages) + 1, per_page=3)
        assert (beyond["empty"], beyond["contents"], beyond["last_page"]) == (True, [], True)


async def test_there_are_no_locations(service: Service) -> None:
    found = await service.read(f"{ROOT}/service_at_locations", postcode="SW1A 1AA", proximity="1000", search="london")
    assert (found["total_items"], found["total_pages"], found["empty"], found["contents"]) == (0, 0, True, [])
    assert_refused(await service.client.get(f"{ROOT}/service_at_locations/{NOBODY}"), 404, "not_found")


async def test_taxonomies_hold_their_terms(service: Service) -> None:
    listed = (await service.read(f"{ROOT}/taxonomies"))["contents"]
    assert all(set(each) == {"id", "name", "description"} for each in listed)
    terms = (await service.read(f"{ROOT}/taxonomy_terms"))["contents"]
    collected = []
    for each in listed:
        whole = await service.read(f"{ROOT}/taxonomies/{each['id']}")
        assert {field: whole[field] for field in each} == each
        collected += whole["taxonomy_terms"]
    assert collected == terms
    for each in terms:
        assert await service.read(f"{ROOT}/taxonomy_terms/{each['id']}") == each


async def test_a_search_keeps_what_the_directory_keeps(service: Service) -> None:
    for code, field in (("labour", "exploitation_type"), ("child", "age_group"), ("young_person", "age_group")):
        whole = await service.read("/v1/directory", **{field: code})
        assert await slugs(service, taxonomy_term_id=term(code)) == [each["slug"] for each in whole["responders"]]
    assert await slugs(service, taxonomy_term_id=term("existing_clients_only")) == ["refugee-council"]
    (limitation,) = [str(each.id) for each in TAXONOMIES.values() if each.name == "Limitation"]
    assert await slugs(service, taxonomy_id=limitation) == ["refugee-council"]
    assert await slugs(service, search="SALVATION army") == ["salvation-army"]
    assert await slugs(service, search="nobody at all") == []
    assert "barnardos" not in await slugs(service, minimum_age=18)
    assert await slugs(service, maximum_age="17.5") == ["barnardos", "nspcc"]
    # No responder has known opening times.
    assert len(await slugs(service, start_time="09:00", end_time="17:00", day="MO")) == 13


@pytest.mark.parametrize(
    ("query", "code", "pointer"),
    [
        ("page=0", "invalid", "?page"),
        ("page=-1", "invalid", "?page"),
        ("page=x", "invalid", "?page"),
        ("page=1.5", "invalid", "?page"),
        ("page=99999999999999999999", "invalid", "?page"),
        ("per_page=0", "invalid", "?per_page"),
        ("per_page=501", "invalid", "?per_page"),
        ("page=1&page=2", "invalid", "?page"),
        ("full=true", "unknown_parameter", "?full"),
    ],
)
async def test_a_page_that_cannot_be_is_refused(shared_service: Service, query: str, code: str, pointer: str) -> None:
    for name in LISTS:
        assert_refused(await shared_service.client.get(f"{ROOT}/{name}?{query}"), 422, code, pointer, what=name)


@pytest.mark.parametrize(
    ("query", "code", "pointer"),
    [
        ("taxonomy_term_id=x", "invalid", "?taxonomy_term_id"),
        (f"taxonomy_term_id={NOBODY}", "invalid", "?taxonomy_term_id"),
        (f"taxonomy_id={NOBODY}", "invalid", "?taxonomy_id"),
        ("minimum_age=x", "invalid", "?minimum_age"),
        ("minimum_age=nan", "invalid", "?minimum_age"),
        ("maximum_age=-1", "invalid", "?maximum_age"),
        ("maximum_age=inf", "invalid", "?maximum_age"),
        (f"search={'x' * 201}", "invalid", "?search"),
    ],
)
async def test_a_search_that_is_wrong_is_refused(shared_service: Service, query: str, code: str, pointer: str) -> None:
    for name in ("services", "service_at_locations"):
        assert_refused(await shared_service.client.get(f"{ROOT}/{name}?{query}"), 422, code, pointer, what=name)
    assert_refused(
        await shared_service.client.get(f"{ROOT}/services?postcode=SW1"), 422, "unknown_parameter", "?postcode"
    )


async def test_an_id_that_nothing_has_is_refused(service: Service) -> None:
    for name in LISTS:
        for each in (NOBODY, "x", "1"):
            assert_refused(await service.client.get(f"{ROOT}/{name}/{each}"), 404, "not_found", what=name)
    assert_refused(await service.client.get(f"{ROOT}/organizations"), 404, "not_found")


async def test_a_demonstration_says_that_it_is_one(settings: Settings, clock: Clock) -> None:
    async with serving(msgspec.structs.replace(settings, demonstration=True), clock) as service:
        assert (await service.read(ROOT))["demonstration"] is True
        assert (await service.read(f"{ROOT}/services"))["demonstration"] is True


@pytest.mark.skipif(SCHEMAS is None, reason="ORUK_SCHEMAS names no folder with the standard's schemas")
async def test_every_answer_is_valid_by_the_schemas_of_the_standard(service: Service) -> None:
    assert SCHEMAS is not None
    folder = Path(SCHEMAS)
    registry: Registry[Any] = Registry().with_resources(
        [("taxonomy_term.json", Resource.from_contents(_schema(folder, "taxonomy_term"), DRAFT202012))]
    )

    def check(value: Any, name: str) -> None:
        schema = _schema(folder, name)
        validator = Draft202012Validator(schema, registry=registry, format_checker=Draft202012Validator.FORMAT_CHECKER)
        assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)] == []
        assert _unknown(value, schema) <= {"first_responder_capacity"}

    for slug, report in (("tara", {**OPEN, "note": "A note"}), ("bawso", WAITING), ("unseen", PAUSED)):
        await service.report(slug, report)
    contact = {
        "phone": "0800 808 3733",
        "email": "a@example.org",
        "url": "https://example.org/\u0175",
        "hours": "9 to 5",
    }
    patch = {"contact": contact, "website": "https://example.org/a b".replace(" ", "%20")}
    own = await service.token(responder="tara")
    assert (await service.client.patch("/v1/responders/tara", json=patch, headers=own)).status_code == 200
    for name, listed, whole in (
        ("services", "service_list", "service"),
        ("taxonomies", "taxonomy", "taxonomy"),
        ("taxonomy_terms", "taxonomy_term", "taxonomy_term"),
        ("service_at_locations", "service_at_location_list", "service_at_location"),
    ):
        found = await service.read(f"{ROOT}/{name}")
        assert list(found) == ENVELOPE
        for item in found["contents"]:
            check(item, listed)
            check(await service.read(f"{ROOT}/{name}/{item['id']}"), whole)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(below) for key, below in value.items() if below is not None}
    return value


def _schema(folder: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / f"{name}.json").read_text())
    return found


def _unknown(value: Any, schema: dict[str, Any]) -> set[str]:
    """The names in `value` that the schema, which would let them pass, does not know."""
    if isinstance(value, list):
        return {name for each in value for name in _unknown(each, schema.get("items", {}))}
    known = schema.get("properties")
    if not isinstance(value, dict) or known is None:
        return set()
    below = {name for field, each in value.items() if field in known for name in _unknown(each, known[field])}
    unknown: set[str] = value.keys() - known.keys() | below
    return unknown
