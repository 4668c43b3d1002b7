"""The feed as feed readers take it apart: valid Atom, one entry per event, in words."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import feedparser
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.strategies import unhurried
from tests.snapshot.responders import NOON, OPEN, TARA, responder, responders

from capacity_api.api import examples
from capacity_api.domain.events import PRIVATE, EventType
from capacity_api.domain.remit import Limit
from capacity_api.formats.atom import MAX_ENTRIES, render_feed
from capacity_api.representations.event import Event, EventData
from capacity_api.representations.responder import Responder

PUBLIC = "https://capacity.example.org/first"
ID = UUID("019e4500-7c1a-7b3e-9d55-3f0a1c2b4d5e")
UK = msgspec.structs.replace(TARA, areas=("K02000001",))
HOSTILE = "]]> <script>alert(1)</script> & \u202eturned \u2067\ufffe\uffff &amp; \"'"


def about(
    shown: Responder,
    event_type: EventType = EventType.INTAKE_PAUSED,
    at: datetime = NOON,
    number: int = 42,
    event_id: UUID = ID,
) -> Event:
    return Event(id=event_id, type=event_type, timestamp=at, sequence=number, data=EventData(responder=shown))


def parsed(document: bytes) -> feedparser.FeedParserDict:
    found = feedparser.parse(document)
    assert not found.bozo, found.bozo_exception
    assert found.version == "atom10"
    return found


@pytest.mark.parametrize("event_type", [each for each in EventType if each not in PRIVATE])
def test_every_public_event_has_an_entry_in_words(event_type: EventType) -> None:
    event = msgspec.convert(examples.example_event(event_type), Event)
    (entry,) = parsed(render_feed([event], PUBLIC)).entries
    assert entry.id == f"urn:uuid:{event.id}"
    assert entry.updated == "2026-05-20T09:30:00Z"
    assert [tag.term for tag in entry.tags] == [event_type]
    assert "_" not in entry.title
    assert "20 May 2026, 10:30 (UK time)" in entry.content[0].value
    assert entry.content[0].type == "application/xhtml+xml"
    assert ("Salvation Army" in entry.title) == event_type.startswith(("intake.", "responder."))


def test_an_entry_describes_the_report_and_until_when_it_holds() -> None:
    report = msgspec.structs.replace(OPEN, no_timeframe=True, limited_to=Limit(areas=("S92000003",)))
    (entry,) = parsed(render_feed([about(responder(report, remit=UK), EventType.INTAKE_OPENED)])).entries
    assert entry.title == "\u2068TARA\u2069: open"
    text = entry.content[0].value
    assert "Open: taking new people." in text
    assert "For now only: Scotland." in text
    assert "Response: cannot say how long a reply takes." in text
    assert ", until 28 November 2026, 12:00 (UK time). After that we do not know." in text


def test_the_feed_links_to_itself_when_it_knows_where_it_is() -> None:
    event = about(responder(OPEN))
    known, unknown = parsed(render_feed([event], PUBLIC)), parsed(render_feed([event]))
    assert {link.rel: link.href for link in known.feed.links} == {
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "self": f"{PUBLIC}/v1/feed.atom",
        "alternate": f"{PUBLIC}/",
    }
    assert [(link.rel, link.href) for link in known.entries[0].links] == [("alternate", f"{PUBLIC}/r/tara")]
    assert [link.rel for link in unknown.feed.links] == ["license"]
    assert unknown.entries[0].get("links", []) == []
    for each in (known, unknown):
        assert each.feed.id.startswith("urn:uuid:")
        assert each.feed.author
        assert "999" in each.feed.subtitle
        assert "08000 121 700" in each.feed.subtitle


def test_an_empty_feed_is_a_feed() -> None:
    found = parsed(render_feed([]))
    assert found.entries == []
    assert found.feed.updated == "1970-01-01T00:00:00Z"


def test_the_feed_is_bounded_and_as_new_as_its_newest_entry() -> None:
    events = [
        about(responder(OPEN), at=NOON - timedelta(minutes=number), number=500 - number, event_id=UUID(int=number))
        for number in range(MAX_ENTRIES + 5)
    ]
    found = parsed(render_feed(events))
    assert len(found.entries) == MAX_ENTRIES
    assert found.feed.updated == found.entries[0].updated == "2026-11-21T12:00:00Z"
    assert len({entry.id for entry in found.entries}) == MAX_ENTRIES


def test_hostile_text_stays_text() -> None:
    shown = responder(msgspec.structs.replace(OPEN, note=HOSTILE), name=HOSTILE)
    document = render_feed([about(shown)], PUBLIC)
    assert b"<script" not in document
    assert b"]]>" not in document
    (entry,) = parsed(document).entries
    assert entry.title_detail.type == "text/plain"
    assert entry.title.startswith("\u2068]]> <script>alert(1)</script> & ")
    # Each mark that changes the direction of text is closed before the isolate around it ends.
    assert entry.title.endswith("\u2069\u202c\u2069: paused")
    assert "\ufffe" not in document.decode()
    assert "\uffff" not in document.decode()


def test_a_demonstration_says_so() -> None:
    found = parsed(render_feed([], demonstration=True))
    assert found.feed.title.startswith("Demonstration, not real")


def test_several_gaps_are_one_entry_with_a_sentence_each() -> None:
    event = msgspec.convert(examples.example_event(EventType.COVERAGE_GAP_OPENED), Event)
    assert isinstance(event.data.cell_groups, tuple)
    cell = event.data.cell_groups[0]
    event = msgspec.structs.replace(
        event, data=EventData(cell_groups=(cell, msgspec.structs.replace(cell, text="nobody")))
    )
    (entry,) = parsed(render_feed([event])).entries
    assert entry.title.startswith("Gap in the coverage: no charity is known to be open for adult women")
    assert entry.title.endswith(" and 1 more")
    assert "<p>Nobody.</p>" in entry.content[0].value.replace(' dir="auto"', "")


@unhurried
@given(st.lists(responders(), max_size=4), st.sampled_from([each for each in EventType if each.startswith("intake.o")]))
def test_whatever_a_responder_says_the_feed_is_valid(shown: list[Responder], event_type: EventType) -> None:
    events = [about(each, event_type, event_id=UUID(int=number)) for number, each in enumerate(shown)]
    assert len(parsed(render_feed(events, PUBLIC)).entries) == len(shown)


def test_a_time_is_whole_seconds_in_utc() -> None:
    at = datetime(2026, 7, 1, 9, 0, 0, 999999, tzinfo=UTC)
    (entry,) = parsed(render_feed([about(responder(OPEN), at=at)])).entries
    assert entry.updated == "2026-07-01T09:00:00Z"
