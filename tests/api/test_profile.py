"""The profile: the model as JSON Schemas, made from the OpenAPI document, and true of what the service says."""

import json

import pytest
from jsonschema import Draft202012Validator
from tests.serving import OPEN, PAUSED, Service
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


async def test_what_the_service_says_is_valid(service: Service) -> None:
    await service.report("tara", OPEN)
    await service.report("unseen", PAUSED)
    responders = (await service.read("/v1/directory"))["responders"]
    assert [list(validator("responder").iter_errors(each)) for each in responders] == [[]] * 13
    for report in (OPEN, PAUSED):
        validator("report").validate(report)
    validator("question").validate({"area": "E12000007", "age_group": "adult", "circumstances": ["homelessness"]})


def test_what_is_none_is_refused() -> None:
    assert not validator("report").is_valid({"state": "closed"})
    assert not validator("question").is_valid({"age_group": "old"})
    assert not validator("responder").is_valid({})


def test_every_vector_s_question_is_one() -> None:
    vectors = json.loads(FILES["matching.json"])
    assert [each for each in vectors["questions"] if not validator("question").is_valid(each["question"])] == []
