"""The page at `/r/{slug}`: one responder, to link, to send and to print."""

import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from markupsafe import Markup

from capacity_api.domain.contact import Phone
from capacity_api.domain.matching import Outcome, Question
from capacity_api.domain.vocabulary import OUTCOMES
from capacity_api.pages import pictures
from capacity_api.pages.directory import MANY
from capacity_api.pages.history_words import past_event
from capacity_api.pages.rendering import PageSettings, page_resource, render_page, templates
from capacity_api.representations.responder import holds_until
from capacity_api.snapshot.entry import Entry
from capacity_api.snapshot.matches import ALTERNATIVE_OUTCOMES, Match, find_alternatives
from capacity_api.snapshot.resource import Resource
from capacity_api.snapshot.snapshot import Snapshot
from capacity_api.wording import sentences
from capacity_api.wording.language import Language, gettext, speaking

# Of the past and of the others so many stand open; the rest is folded.
_SHOWN = 10
_MAX_OTHERS = 20
_DAY = timedelta(days=1)


class Other(msgspec.Struct, frozen=True, kw_only=True):
    """Who else may take the same people. From `until` on it can only be asked."""

    slug: str
    name: str
    outcome: Outcome
    phone: Phone | None
    until: datetime | None


def responder_page(language: Language, settings: PageSettings, snapshot: Snapshot, entry: Entry) -> Resource:
    """The page of a responder in a snapshot."""
    matches = find_alternatives(snapshot, entry.record.slug, Question(), ALTERNATIVE_OUTCOMES, _MAX_OTHERS).matches
    others = tuple(_other(match) for match in matches)
    as_of = _as_of(snapshot, entry, matches)
    # Compressed, because somebody may read the page of each of ten thousand.
    part = entry.rendering(
        f"responder-page-{language.tag}",
        # Kept only to compare. The others themselves would take more memory than the page.
        (as_of, hash(others)),
        lambda: zlib.compress(_render_part(snapshot, entry, others, as_of, language, settings).encode()),
    )
    return page_resource(render_responder(entry.record.slug, zlib.decompress(part), language, settings))


def render_responder(slug: str, part: bytes, language: Language, settings: PageSettings) -> bytes:
    """The page around the part of it that is about the responder, as UTF-8."""
    content = Markup(part.decode())  # noqa: S704 - rendered by a template that escapes
    return render_page("responder.html", language, settings, slug=slug, content=content)


def _render_part(
    snapshot: Snapshot,
    entry: Entry,
    others: Sequence[Other],
    as_of: datetime,
    language: Language,
    settings: PageSettings,
) -> str:
    responder = entry.responder
    with speaking(language):
        return templates.get_template("responder_part.html").render(
            responder=responder,
            state=responder.intake.state,
            not_supplied=sentences.NOT_SUPPLIED,
            others=others,
            # A remit that changes makes the page of a later time.
            remits={other.slug: snapshot.entries[other.slug].responder.remit for other in others},
            outcomes={outcome: gettext(words) for outcome, words in OUTCOMES.items()},
            past=[past_event(each, responder.remit) for each in entry.history.recent(as_of)],
            has_older=entry.history.has_older(as_of),
            year=pictures.year(entry.states(as_of), as_of),
            legend=pictures.legend(),
            shown=_SHOWN,
            as_of=as_of,
            home=language.home,
            settings=settings,
            # An entry of the list has a strip in its place.
            history=None,
        )


def _as_of(snapshot: Snapshot, entry: Entry, matches: Sequence[Match]) -> datetime:
    """The time that the page states: this hour's beginning, or what changed since, if that is later.

    So the page stays the same until the hour is over. With many responders it is a day in place of the hour, or each
    hour would write as many files. It begins at another time for each, or all would be written at once.
    """
    now = snapshot.now
    began = now.replace(minute=0, second=0, microsecond=0)
    if len(snapshot.entries) > MANY:
        began = now.replace(hour=0, minute=0, second=0, microsecond=0)
        began += timedelta(seconds=zlib.crc32(entry.record.slug.encode()) % 86_400)
        if began > now:
            began -= _DAY
    responders = [entry.responder, *(match.responder for match in matches)]
    changed = [at for each in responders for at in (each.updated_at, each.intake.since) if at is not None]
    return min(now, max(began, *changed))


def _other(match: Match) -> Other:
    responder = match.responder
    return Other(
        slug=responder.slug,
        name=responder.name,
        outcome=match.outcome,
        phone=responder.contact.phone,
        until=None if match.outcome is Outcome.ASK else holds_until(responder.intake),
    )
