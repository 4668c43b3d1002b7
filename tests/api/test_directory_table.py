"""GET /v1/directory.csv: the directory, with the same filters, as a table."""

import csv
import io
from datetime import timedelta

import msgspec
from tests.api.refusals import assert_refused
from tests.conftest import Clock
from tests.serving import OPEN, PAUSED, WAITING, Service, serving

from capacity_api.config import Settings

PATH = "/v1/directory.csv"


async def slugs(service: Service, **parameters: str) -> list[str]:
    answer = await service.client.get(PATH, params=parameters)
    assert answer.status_code == 200, answer.text
    return [row["slug"] for row in csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""))]


async def test_the_table_has_the_responders_that_the_directory_has(service: Service, clock: Clock) -> None:
    for slug, report in (("tara", OPEN), ("bawso", WAITING), ("unseen", PAUSED)):
        await service.report(slug, report)
    then = clock().isoformat()
    clock.advance(timedelta(days=8))
    for parameters in (
        {},
        {"state": "unconfirmed"},
        {"area": "S92000003", "exploitation_type": "sexual", "age_group": "adult", "gender": "woman"},
        {"accepting": "true"},
        {"as_of": then},
        {"as_of": then, "accepting": "true"},
    ):
        whole = await service.read("/v1/directory", **parameters)
        assert await slugs(service, **parameters) == [each["slug"] for each in whole["responders"]], parameters
    assert await slugs(service, as_of=then, accepting="true") == ["tara"]


async def test_the_table_is_a_file_that_is_published_like_the_directory(service: Service) -> None:
    for path in (PATH, f"{PATH}?state=open", f"{PATH}?state=open"):
        answer = await service.client.get(path)
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.headers["content-disposition"] == 'attachment; filename="directory.csv"'
        assert answer.headers["cache-control"] == "public, no-cache"
        again = await service.client.get(path, headers={"if-none-match": answer.headers["etag"]})
        assert again.status_code == 304


async def test_a_demonstration_is_saved_as_one(settings: Settings, clock: Clock) -> None:
    async with serving(msgspec.structs.replace(settings, demonstration=True), clock) as service:
        answer = await service.client.get(f"{PATH}?accepting=false")
    assert answer.headers["content-disposition"] == 'attachment; filename="demonstration-directory.csv"'


async def test_a_filter_that_is_wrong_is_refused(service: Service) -> None:
    for query, code, pointer in (
        ("area=X", "invalid", "?area"),
        ("state=closed", "invalid", "?state"),
        ("as_of=soon", "invalid", "?as_of"),
        ("as_of=2030-01-01", "invalid", "?as_of"),
        ("page=1", "unknown_parameter", "?page"),
        ("accepting=true&accepting=true", "invalid", "?accepting"),
    ):
        for path in ("/v1/directory", PATH):
            assert_refused(await service.client.get(f"{path}?{query}"), 422, code, pointer, what=query)
