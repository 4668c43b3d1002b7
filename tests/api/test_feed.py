"""GET /v1/feed.atom: what happened, in words."""

from datetime import timedelta

import feedparser
from tests.api.refusals import assert_refused
from tests.conftest import Clock
from tests.serving import OPEN, PAUSED, Service

PATH = "/v1/feed.atom"


async def entries(service: Service) -> list[feedparser.FeedParserDict]:
    answer = await service.client.get(PATH)
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    found = feedparser.parse(answer.content)
    assert not found.bozo, found.bozo_exception
    listed: list[feedparser.FeedParserDict] = found.entries
    return listed


async def test_the_feed_has_each_event_newest_first_without_confirmations(service: Service, clock: Clock) -> None:
    token = await service.token(responder="tara")
    await service.report("tara", OPEN)
    clock.advance(timedelta(hours=1))
    before = await entries(service)
    path = "/v1/responders/tara/intake/confirmation"
    assert (await service.client.post(path, headers=token)).status_code == 200
    assert await entries(service) == before
    await service.report("tara", PAUSED)
    found = await entries(service)
    events = (await service.read("/v1/events", limit=1000))["events"]
    assert [entry.tags[0].term for entry in found] == [
        event["type"] for event in reversed(events) if event["type"] != "intake.confirmed"
    ]
    # A gap follows the pause that opened it.
    assert found[1].title == "\u2068TARA\u2069: paused"
    assert [entry.id for entry in found[2:]] == [entry.id for entry in before]


async def test_an_entry_never_changes(service: Service, clock: Clock) -> None:
    await service.report("tara", OPEN)
    first = await entries(service)
    clock.advance(timedelta(days=30))
    await service.report("bawso", OPEN)
    later = {entry.id: entry for entry in await entries(service)}
    assert [later[entry.id] for entry in first] == first


async def test_a_parameter_is_refused(service: Service) -> None:
    assert_refused(await service.client.get(f"{PATH}?limit=1"), 422, "unknown_parameter", "?limit")
