"""The profile: the model as JSON Schemas, made from the OpenAPI document, and true of what the service says."""

import json
import re
from datetime import timedelta

import pytest
from jsonschema import Draft202012Validator
from tests.conftest import Clock
from tests.serving import OPEN, PAUSED, WAITING, Service
from tools.profile import FOLDER, read_files

FILES = read_files()
SCHEMAS = [name for name in FILES if name.endswith(".schema.json")]


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(FILES[f"{name}.schema.json"]))


@pytest.mark.parametrize("name", FILES)
def test_the_committed_file_is_what_the_openapi_document_says(name: str) -> None:
    assert (FOLDER / "profile" / name).read_text() == FILES[name], "run make openapi"


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_schema_is_one_and_needs_no_other_file(name: str) -> None:
    schema = json.loads(FILES[name])
    Draft202012Validator.check_schema(schema)
    assert "#/components" not in FILES[name]
    assert "CC0" in schema["$comment"]


async def test_what_the_service_says_is_valid(service: Service, clock: Clock) -> None:
    await service.report("kalayaan", OPEN)
    clock.advance(timedelta(days=8))
    limited = {**OPEN, "limited_to": {"areas": ["E12000007"]}, "no_timeframe": True, "expected_response": None}
    planned = {**PAUSED, "effective_from": (clock() + timedelta(days=2)).isoformat(), "reopens_on": None}
    reports = {"tara": OPEN, "unseen": PAUSED, "salvation-army": limited, "migrant-help": WAITING, "bawso": planned}
    for slug, report in reports.items():
        validator("report").validate(report)
        await service.report(slug, report)
    responders = (await service.read("/v1/directory"))["responders"]
    assert {each["intake"]["state"] for each in responders} == {"open", "waiting_list", "paused", "unconfirmed"}
    assert {
        each["slug"]: [error.message for error in validator("responder").iter_errors(each)] for each in responders
    } == {each["slug"]: [] for each in responders}
    # What stands can be reported again as it is.
    for stands in (each["intake"]["report"] for each in responders if each["intake"]["report"]):
        validator("report").validate(stands)
    assert await service.responder("tara") == await service.read("/v1/responders/tara")
    question = {"area": "E12000007", "age_group": "adult", "circumstances": ["homelessness"]}
    validator("question").validate(question)
    assert (await service.client.post("/v1/matches", json=question)).status_code == 200


def test_what_is_none_is_refused() -> None:
    assert not validator("report").is_valid({"state": "closed"})
    assert not validator("question").is_valid({"age_group": "old"})
    assert not validator("responder").is_valid({})


def test_the_vectors_are_free_to_use_and_need_nothing_else() -> None:
    vectors = json.loads(FILES["matching.json"])
    assert vectors["licence"].startswith("CC0")
    about = (FOLDER / "profile" / "README.md").read_text()
    assert {f"`{name}`" for name in vectors if f"`{name}`" not in about} == {"`licence`", "`about`"}
    areas = {area["code"]: area["parent"] for area in vectors["areas"]}
    assert set(areas.values()) <= {*areas, None}
    assert {code for code in re.findall(r"[EKNSW]\d{8}", FILES["matching.json"]) if code not in areas} == set()
    assert [each for each in vectors["questions"] if not validator("question").is_valid(each["question"])] == []
