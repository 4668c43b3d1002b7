"""GET /v1/changes: the responders in the order of their changes (RPDE 1.1)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from tests.api.refusals import assert_refused
from tests.conftest import Clock
from tests.serving import OPEN, PAUSED, Service, serving

from capacity_api.config import Settings
from capacity_api.operations import responders

PATH = "/v1/changes"
PUBLIC = "https://capacity.example.org"
LICENCE = "https://creativecommons.org/licenses/by/4.0/"


@pytest.fixture
async def public(settings: Settings, clock: Clock) -> AsyncIterator[Service]:
    """The service with a public URL in its settings."""
    async with serving(msgspec.structs.replace(settings, public_url=PUBLIC), clock) as running:
        yield running


async def walked(service: Service, start: str) -> list[dict[str, Any]]:
    """Every item, page by page to the last page, which must be its own `next`."""
    items: list[dict[str, Any]] = []
    following = start
    page: dict[str, Any] = {"items": [{}]}
    while page["items"]:
        address = following
        page = await service.read(address)
        assert set(page) == {"next", "items", "license"}
        assert page["license"] == LICENCE
        items += page["items"]
        following = page["next"]
    assert following == address
    return items


async def test_each_responder_comes_once_in_the_order_of_its_newest_change(service: Service) -> None:
    admin = await service.token()
    for slug, report in (("tara", OPEN), ("bawso", OPEN), ("tara", PAUSED)):
        await service.report(slug, report)
    assert (await service.client.delete("/v1/responders/unseen", headers=admin)).status_code == 204
    directory = await service.read("/v1/directory")
    by_id = {each["id"]: each for each in directory["responders"]}
    for start in (PATH, f"{PATH}?afterChangeNumber=0", f"{PATH}?limit=1", f"{PATH}?limit=5&afterChangeNumber=0"):
        items = await walked(service, start)
        numbers = [item["modified"] for item in items]
        assert numbers == sorted(set(numbers))
        assert all(type(number) is int for number in numbers)
        assert {item["kind"] for item in items} == {"responder"}
        updated = [item for item in items if item["state"] == "updated"]
        assert {item["id"]: item["data"] for item in updated} == by_id
        assert all(item["modified"] == item["data"]["sequence"] for item in updated)
        (deleted,) = [item for item in items if item["state"] == "deleted"]
        assert set(deleted) == {"state", "kind", "id", "modified"}
        assert deleted["id"] not in by_id
        assert [item["data"]["slug"] for item in updated[-2:]] == ["bawso", "tara"]


async def test_a_reader_at_the_end_reads_each_change_after_it_and_nothing_else(service: Service) -> None:
    end = (await service.read(PATH))["next"]
    assert (await service.read(end))["items"] == []
    await service.report("tara", OPEN)
    await service.report("bawso", OPEN)
    await service.report("tara", PAUSED)
    first, second = await walked(service, end)
    assert (first["data"]["slug"], second["data"]["slug"]) == ("bawso", "tara")
    assert second["data"]["intake"]["state"] == "paused"


async def test_a_responder_that_comes_back_is_updated_again(service: Service) -> None:
    admin = await service.token()
    remit = {"areas": ["S92000003"], "exploitation_types": ["sexual"], "age_groups": ["adult"], "genders": ["woman"]}
    await service.client.delete("/v1/responders/tara", headers=admin)
    await service.client.post("/v1/responders", json={"slug": "tara", "name": "T", "remit": remit}, headers=admin)
    items = await walked(service, PATH)
    assert len(items) == 13
    assert (items[-1]["state"], items[-1]["data"]["slug"]) == ("updated", "tara")


async def test_a_lapse_shows_at_its_second_and_is_a_change(public: Service, clock: Clock) -> None:
    await public.report("tara", OPEN)
    (item,) = (await public.read(PATH, afterChangeNumber=13))["items"]
    assert item["data"]["intake"]["state"] == "open"
    clock.advance(timedelta(days=7))
    found = (await public.read(PATH, afterChangeNumber=13))["items"]
    assert [each["data"]["intake"]["state"] for each in found] == ["unconfirmed"]


async def test_what_is_newer_than_what_is_published_stands_on_no_page_yet(service: Service) -> None:
    await service.report("tara", OPEN)
    async with service.database.read() as session:
        for until, newest in ((13, 13), (14, 14)):
            found = await responders.changed_between(session, 10, until, 100)
            assert [row.sequence for row in found][-1] == newest
            assert ("tara" in [row.slug for row in found]) == (until == 14)


async def test_a_copy_of_a_page_is_asked_for_again_each_time(public: Service) -> None:
    for number in ("0", "13", "1000"):
        page = await public.client.get(PATH, params={"afterChangeNumber": number})
        assert page.headers["cache-control"] == "public, no-cache", number
        assert page.headers["content-type"] == "application/json"
        headers = {"if-none-match": page.headers["etag"]}
        again = await public.client.get(PATH, params={"afterChangeNumber": number}, headers=headers)
        assert again.status_code == 304, number


async def test_next_begins_with_the_public_address(public: Service) -> None:
    answer = await public.client.get(f"{PATH}?limit=2", headers={"host": "evil.example.org"})
    assert answer.json()["next"] == f"{PUBLIC}/v1/changes?afterChangeNumber=2&limit=2"


async def test_without_a_public_address_next_is_for_whoever_asked_alone(service: Service) -> None:
    for host in ("capacity.example.org", "capacity.example.org:8443", "[::1]:8000", "127.0.0.1"):
        forged = {"host": host, "x-forwarded-host": "evil.example.org", "x-forwarded-proto": "gopher"}
        answer = await service.client.get(PATH, headers=forged)
        assert answer.json()["next"] == f"http://{host}/v1/changes?afterChangeNumber=13"
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("host", ["evil.example.org/path?", "a@evil.example.org", "a b", "<script>", "", "x:port"])
async def test_a_host_that_is_not_one_is_refused(shared_service: Service, host: str) -> None:
    assert_refused(await shared_service.client.get(PATH, headers={"host": host}), 400, "malformed", what=host)


async def test_a_number_that_nobody_has_given_out_has_the_last_page(service: Service) -> None:
    address = f"{service.client.base_url}{PATH}?afterChangeNumber=9007199254740991"
    page = await service.read(address)
    assert (page["items"], page["next"]) == ([], address)


@pytest.mark.parametrize(
    ("query", "code", "pointer"),
    [
        ("afterChangeNumber=-1", "invalid", "?afterChangeNumber"),
        ("afterChangeNumber=x", "invalid", "?afterChangeNumber"),
        ("afterChangeNumber=", "invalid", "?afterChangeNumber"),
        ("afterChangeNumber=99999999999999999999", "invalid", "?afterChangeNumber"),
        ("limit=0", "invalid", "?limit"),
        ("limit=501", "invalid", "?limit"),
        ("afterTimestamp=1", "unknown_parameter", "?afterTimestamp"),
        ("afterchangenumber=1", "unknown_parameter", "?afterchangenumber"),
        ("limit=1&limit=2", "invalid", "?limit"),
    ],
)
async def test_a_parameter_that_is_wrong_is_refused(
    shared_service: Service, query: str, code: str, pointer: str
) -> None:
    assert_refused(await shared_service.client.get(f"{PATH}?{query}"), 422, code, pointer)


async def test_a_demonstration_says_that_it_is_one(settings: Settings, clock: Clock) -> None:
    async with serving(msgspec.structs.replace(settings, demonstration=True), clock) as service:
        assert (await service.read(PATH))["demonstration"] is True
