"""GET /v1/events: every public change, once, in the order of its number."""

from datetime import timedelta

import pytest
from tests.api.refusals import assert_refused
from tests.conftest import Clock
from tests.serving import OPEN, PAUSED, WAITING, Service


async def test_the_changes_can_be_followed_in_pages_without_a_gap(service: Service) -> None:
    for report in (OPEN, PAUSED, WAITING, OPEN):
        await service.report("tara", report)
    latest = (await service.read("/v1/directory"))["sequence"]
    found, after = [], 0
    while after < latest:
        page = await service.read("/v1/events", after=after, limit=5)
        assert page["latest"] == latest
        assert page["sequence"] == page["events"][-1]["sequence"] == after + len(page["events"])
        found += page["events"]
        after = page["sequence"]
    assert [event["sequence"] for event in found] == list(range(1, 21))
    assert [event["type"] for event in found[-7:]] == [
        "intake.opened",
        "coverage.gap_closed",
        "intake.paused",
        "coverage.gap_opened",
        "intake.waiting_list",
        "intake.opened",
        "coverage.gap_closed",
    ]
    assert found[-2]["data"]["responder"]["intake"] == (await service.responder("tara"))["intake"]
    assert await service.read("/v1/events", after=latest) == {"events": [], "sequence": latest, "latest": latest}
    assert (await service.read("/v1/events"))["events"] == found


async def test_an_event_never_changes(service: Service, clock: Clock) -> None:
    first = await service.report("tara", OPEN)
    page = await service.read("/v1/events", after=first["sequence"] - 1, limit=1)
    clock.advance(timedelta(days=9))
    await service.report("tara", PAUSED)
    again = await service.read("/v1/events", after=first["sequence"] - 1, limit=1)
    assert again["events"] == page["events"]
    assert page["events"][0]["data"]["responder"] == first


async def test_times_never_go_back(service: Service, clock: Clock) -> None:
    await service.report("tara", OPEN)
    clock.advance(-timedelta(hours=1))
    second = await service.report("tara", PAUSED)
    assert second["updated_at"] == "2026-11-21T12:00:00Z"
    events = (await service.read("/v1/events"))["events"]
    assert [event["timestamp"] for event in events] == sorted(event["timestamp"] for event in events)


async def test_a_number_that_nobody_has_given_out_yet_is_a_conflict(service: Service) -> None:
    latest = (await service.read("/v1/directory"))["sequence"]
    for after in (latest + 1, 2**53):
        answer = await service.client.get("/v1/events", params={"after": after})
        assert_refused(answer, 409, "beyond_latest", what=after)


async def test_events_are_kept_by_type_and_by_responder(service: Service) -> None:
    for slug, report in (("tara", OPEN), ("unseen", PAUSED), ("tara", PAUSED), ("tara", OPEN)):
        await service.report(slug, report)

    async def kept(**query: object) -> list[tuple[str, str]]:
        events = (await service.read("/v1/events", **query))["events"]
        return [(each["type"], each["data"].get("responder", {}).get("slug", "")) for each in events]

    assert await kept(type="intake.paused") == [("intake.paused", "unseen"), ("intake.paused", "tara")]
    assert await kept(responder="unseen", type=["intake.paused", "intake.opened"]) == [("intake.paused", "unseen")]
    assert await kept(responder="unseen") == [("responder.listed", "unseen"), ("intake.paused", "unseen")]
    assert len(await kept(responder=["unseen", "tara"])) == 2 + 4
    assert await kept(type="directory.restored") == []


async def test_a_filtered_follower_comes_to_the_end_over_what_is_not_kept(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("capacity_api.operations.events._MAX_EXAMINED", 4)
    for report in (OPEN, PAUSED, OPEN, PAUSED):
        await service.report("tara", report)
    latest = (await service.read("/v1/directory"))["sequence"]
    found, after, pages = [], 0, 0
    while after < latest:
        page = await service.read("/v1/events", after=after, type="intake.paused", limit=1)
        assert after < page["sequence"] <= latest == page["latest"]
        found += page["events"]
        after, pages = page["sequence"], pages + 1
    everything = (await service.read("/v1/events"))["events"]
    assert found == [event for event in everything if event["type"] == "intake.paused"]
    assert pages >= latest / 4
    empty = await service.read("/v1/events", after=latest, type="intake.paused")
    assert empty == {"events": [], "sequence": latest, "latest": latest}


async def test_a_filter_of_events_that_can_keep_nothing_is_refused(service: Service) -> None:
    for name, value in (("type", "intake.closed"), ("type", "webhook.test"), ("type", ""), ("responder", "nobody")):
        answer = await service.client.get("/v1/events", params={name: value})
        assert_refused(answer, 422, "invalid", f"?{name}", what=value)


async def test_a_bad_number_or_limit_is_refused(service: Service) -> None:
    for after in ("-1", "x", "1.5", "", str(2**63), "9" * 40):
        answer = await service.client.get("/v1/events", params={"after": after})
        assert_refused(answer, 422, "invalid", "?after", what=after)
    for limit in ("0", "-1", "1001", "x", ""):
        answer = await service.client.get("/v1/events", params={"limit": limit})
        assert_refused(answer, 422, "invalid", "?limit", what=limit)
    answer = await service.client.get("/v1/events?cursor=x&from=1")
    assert_refused(answer, 422, "unknown_parameter", "?cursor", "?from")
