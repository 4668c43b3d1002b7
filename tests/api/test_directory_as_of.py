"""GET /v1/directory?as_of=: the directory as it was at an earlier time."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from tests.api.refusals import assert_refused
from tests.conftest import Clock
from tests.domain.strategies import remits, unhurried
from tests.serving import OPEN, PAUSED, WAITING, Service

from capacity_api.domain.remit import Remit
from capacity_api.representations.responder import remit_of, represent_remit

PATH = "/v1/directory"
SMALL = {"areas": ["S92000003"], "exploitation_types": ["sexual"], "age_groups": ["child"], "genders": ["woman"]}


async def test_the_directory_as_it_stood_is_the_directory_that_was_read_then(service: Service, clock: Clock) -> None:
    admin, own = await service.token(), await service.token(responder="tara")
    versions: list[tuple[datetime, dict[str, Any]]] = []

    async def record_version() -> None:
        # Another write first records the due steps, so that the number does not depend on which process is quicker.
        await service.report("unseen", WAITING)
        versions.append((clock(), await service.read(PATH)))
        clock.advance(timedelta(hours=13))

    await record_version()
    for report in (OPEN, PAUSED, {**PAUSED, "effective_from": "2026-12-24T12:00:00Z", "reopens_on": "2026-12-30"}):
        await service.report("tara", report)
        await record_version()
    patch = {"remit": SMALL, "website": "https://tara.example.org/"}
    assert (await service.client.patch("/v1/responders/tara", json=patch, headers=own)).status_code == 200
    await record_version()
    clock.advance(timedelta(days=9))
    await record_version()
    assert (await service.client.delete("/v1/responders/bawso", headers=admin)).status_code == 204
    await record_version()
    clock.advance(timedelta(days=60))
    await record_version()
    for at, directory in versions:
        # The past does not change any more.
        assert await service.read(PATH, as_of=at.isoformat()) == {**directory, "valid_until": None}, at
        for filters in ({"area": "W92000004"}, {"state": "paused"}, {"age_group": "child", "gender": "man"}):
            kept = await service.read(PATH, as_of=at.isoformat(), **filters)
            assert kept["sequence"] == directory["sequence"]
            assert kept["total"] == len(kept["responders"])
            assert all(each in directory["responders"] for each in kept["responders"])
    last, directory = versions[-1]
    clock.set(last)
    for filters in ({"area": "S92000003"}, {"age_group": "child", "gender": "man"}, {"accepting": "true"}):
        now = await service.read(PATH, **filters)
        assert await service.read(PATH, as_of=last.isoformat(), **filters) == {**now, "valid_until": None}


async def test_a_report_that_lapsed_is_unconfirmed_from_its_second_on(service: Service, clock: Clock) -> None:
    reported = await service.report("tara", OPEN)
    clock.advance(timedelta(days=8))
    for as_of, state in (
        ("2026-11-21T12:00:00Z", "open"),
        ("2026-11-28T11:59:59.999999Z", "open"),
        ("2026-11-28T12:00:00Z", "unconfirmed"),
        ("2026-11-28T13:00:00+01:00", "unconfirmed"),
        ("2026-11-29T12:00:00", "unconfirmed"),
    ):
        found = await service.read(PATH, as_of=as_of)
        tara = next(each for each in found["responders"] if each["slug"] == "tara")
        assert tara["intake"]["state"] == state, as_of
        if state == "open":
            assert tara == reported
    found = await service.read(PATH, as_of="2026-11-27T00:00:00Z", accepting="true")
    assert [each["slug"] for each in found["responders"]] == ["tara"]


async def test_before_the_first_event_the_directory_is_empty(service: Service) -> None:
    found = await service.read(PATH, as_of="2026-11-21T11:59:59Z")
    assert (found["sequence"], found["total"], found["responders"]) == (0, 0, [])
    assert (await service.read(PATH, as_of="2026-11-21T12:00:00Z"))["total"] == 13


async def test_a_time_that_has_not_come_is_refused(service: Service, clock: Clock) -> None:
    for value in ("2026-11-21T12:00:01Z", "2030-01-01T00:00:00Z", "soon", "", "0001-01-01T00:00:00+14:00"):
        assert_refused(await service.client.get(PATH, params={"as_of": value}), 422, "invalid", "?as_of", what=value)


@unhurried
@given(remits)
def test_a_remit_can_be_read_back_from_its_representation(remit: Remit) -> None:
    assert remit_of(represent_remit(remit)) == remit
