"""The feed: what happened, in words, for feed readers, chat tools and mail clients (Atom, RFC 4287)."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from capacity_api.domain.events import EventType
from capacity_api.formats.format import Format
from capacity_api.representations.encoding import LICENCE
from capacity_api.representations.event import Event
from capacity_api.snapshot.resource import Resource
from capacity_api.snapshot.snapshot import Snapshot
from capacity_api.wording.rendering import environment
from capacity_api.wording.sentences import intake_in_sentences, isolated, moment, remit_in_words

ATOM = "application/atom+xml; charset=utf-8"
MAX_ENTRIES = 100
PATH = "/v1/feed.atom"
_HEADINGS = {
    EventType.INTAKE_OPENED: "open",
    EventType.INTAKE_WAITING_LIST: "waiting list",
    EventType.INTAKE_PAUSED: "paused",
    EventType.INTAKE_UNCONFIRMED: "not confirmed any more",
    EventType.INTAKE_UPDATED: "says something new about the same state",
    EventType.INTAKE_PLANNED: "a change is planned",
    EventType.INTAKE_CONFIRMED: "still true",
    EventType.RESPONDER_LISTED: "joined the directory",
    EventType.RESPONDER_UPDATED: "contact, name, website or who it helps changed",
    EventType.RESPONDER_DELISTED: "left the directory",
}
# Characters that XML 1.0 cannot hold, not even escaped (§2.2, Char).
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class FeedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """`id` is the event's and never changes; `page` is the path of its subject, below the public address."""

    id: UUID
    type: EventType
    at: datetime
    title: str
    paragraphs: list[str]
    page: str


def render_feed(events: Sequence[Event], public_url: str | None = None, *, demonstration: bool = False) -> bytes:
    """The events, newest first, as an Atom feed in UTF-8.

    Without a public address the feed has no links, which Atom allows, and the same id as every other installation
    without one.
    """
    entries = [_entry(event) for event in events[:MAX_ENTRIES]]
    document = _templates.get_template("feed.xml").render(
        id=uuid5(NAMESPACE_URL, (public_url or "") + PATH),
        # An empty feed has to name a time too.
        updated=entries[0].at if entries else datetime.fromtimestamp(0, UTC),
        address=public_url,
        path=PATH,
        licence=LICENCE,
        demonstration=demonstration,
        entries=entries,
    )
    return _UNWRITABLE.sub("\ufffd", document).encode()


def _entry(event: Event) -> FeedEntry:
    title, paragraphs, page = _in_words(event)
    return FeedEntry(id=event.id, type=event.type, at=event.timestamp, title=title, paragraphs=paragraphs, page=page)


def _in_words(event: Event) -> tuple[str, list[str], str]:
    when = f"{moment(event.timestamp)} (UK time)."
    if isinstance(event.data.cell_groups, tuple):
        heading = "Gap in the coverage" if event.type is EventType.COVERAGE_GAP_OPENED else "A gap was closed"
        sentences = [each.text for each in event.data.cell_groups]
        more = f" and {len(sentences) - 1} more" if len(sentences) > 1 else ""
        return f"{heading}: {sentences[0]}{more}", [_sentence(each) for each in sentences] + [when], "/coverage"
    if event.type is EventType.DIRECTORY_RESTORED:
        sentence = "Nothing in it is confirmed until each organisation says it again."
        return "The directory was restored from a backup", [sentence, when], "/"
    if event.type is EventType.EVENT_REDACTED:
        sentence = "If you keep a copy of what this responder said, take it out there too."
        return f"{event.data.slug}: something that it said was taken out", [sentence, when], "/"
    responder = event.data.responder
    assert responder is not msgspec.UNSET, "any other public event is about a responder or about the coverage"
    title = f"{isolated(responder.name)}: {_HEADINGS[event.type]}"
    page = f"/r/{responder.slug}"
    match event.type:
        case EventType.RESPONDER_DELISTED:
            return title, [f"It is not in the directory any more. {when}"], "/"
        case EventType.RESPONDER_LISTED | EventType.RESPONDER_UPDATED:
            return title, [f"Remit: {remit_in_words(responder.remit)}. {when}"], page
    return title, [*intake_in_sentences(responder), when], page


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + "."


def _feed(snapshot: Snapshot) -> Resource:
    feed = render_feed(snapshot.recent_events, snapshot.catalogue.public_url, demonstration=snapshot.demonstration)
    return Resource(feed, ATOM)


_templates = environment("capacity_api.formats", "templates")
FORMAT = Format(name="atom", documents={PATH: _feed})
