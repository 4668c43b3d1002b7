"""The page at `/`: the directory for people, complete without a script."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

import msgspec
from markupsafe import Markup

from capacity_api.domain import vocabulary
from capacity_api.domain.areas import AREAS
from capacity_api.domain.intake import State
from capacity_api.domain.matching import ASKED_CIRCUMSTANCES
from capacity_api.pages import pictures
from capacity_api.pages.rendering import options, page_resource, render_page, templates
from capacity_api.representations.directory import Directory
from capacity_api.representations.responder import PublicIntake, PublicRemit, Responder
from capacity_api.snapshot.entry import Entry
from capacity_api.snapshot.resource import Resource
from capacity_api.snapshot.snapshot import Snapshot
from capacity_api.wording import sentences
from capacity_api.wording.language import ENGLISH, Language, gettext, speaking

_BETWEEN_TAGS = re.compile(r">\n+<")
# The columns of the published table, in the order of `AsPublished`.
PUBLISHED_COLUMNS = ("Geographical presence", "Exploitation", "Demographic", "Other limitation")
_HEADINGS = {
    State.OPEN: "Open",
    State.WAITING_LIST: "On a waiting list",
    State.PAUSED: "Paused",
    State.UNCONFIRMED: "Not confirmed",
}
# With more entries than this a browser lays out only those in sight. Up to it all are there, for "find in page" and
# for print, and each has the strip of its last ninety days.
MANY = 100


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """The responders in one state; `next` is the state and the words of a link to go on."""

    state: State
    heading: str
    explanation: str
    next: tuple[State, str] | None
    count: int


def directory_page(language: Language, languages: Sequence[Language], snapshot: Snapshot) -> Resource:
    """The page of a snapshot."""
    has_strips = len(snapshot.entries) <= MANY
    catalogue = snapshot.catalogue
    parts = {
        slug: _entry_html(entry, snapshot.now, has_strip=has_strips, language=language)
        for slug, entry in snapshot.entries.items()
    }
    return page_resource(
        render_directory(
            snapshot.directory,
            snapshot.now,
            catalogue.contact,
            address=catalogue.public_url and catalogue.public_url + language.home,
            parts=parts,
            language=language,
            languages=languages,
        )
    )


def render_directory(
    directory: Directory,
    now: datetime,
    contact: str | None,
    *,
    address: str | None = None,
    parts: Mapping[str, bytes] = MappingProxyType({}),
    language: Language = ENGLISH,
    languages: Sequence[Language] = (),
) -> bytes:
    """The page as UTF-8. A report whose `confirm_by` has passed at `now` is never shown as current.

    `contact` is an e-mail address, a web address or plain words; `address` is the page's own, for the printed sheet.
    `parts` are entries that were rendered before, by slug, in this language; `languages` are all that have pages.
    """
    many = len(directory.responders) > MANY
    by_state: dict[State, list[bytes]] = {state: [] for state in State}
    for responder in directory.responders:
        state = shown_state(responder.intake, now)
        part = parts.get(responder.slug) if state is responder.intake.state else None
        by_state[state].append(part or render_entry(responder, state, folded=not many, language=language).encode())
    has_strips = len(parts) <= MANY and any(b"<svg" in part for part in parts.values())
    with speaking(language):
        frame = render_page(
            "directory.html",
            language,
            languages,
            now=now,
            sequence=directory.sequence,
            many=many,
            counts=[(state, len(entries)) for state, entries in by_state.items()],
            groups=[_group(state, by_state) for state in State],
            legend=pictures.legend() if has_strips else [],
            demonstration=directory.demonstration is True,
            contact=contact,
            address=address,
            areas=[(code, gettext(area.name)) for code, area in AREAS.items()],
            exploitation_types=options(vocabulary.EXPLOITATION_TYPES),
            age_groups=options(vocabulary.AGE_GROUPS),
            genders=options(vocabulary.GENDERS),
            circumstances=options({each: vocabulary.CIRCUMSTANCES[each] for each in ASKED_CIRCUMSTANCES}),
        )
    return b"".join(_fill(frame, by_state))


def render_entry(
    responder: Responder,
    state: State,
    *,
    states: Sequence[tuple[datetime, State]] = (),
    today: datetime | None = None,
    folded: bool = True,
    language: Language = ENGLISH,
) -> Markup:
    """A responder's entry, in the state that it is shown in.

    `states` are those of the 90 days up to `today`, as `pictures.strip` draws them; without `today` none are drawn.
    Unless it is `folded` the published remit is open: a fold costs a browser as much as the rest of the entry.
    """
    with speaking(language):
        html = templates.get_template("entry.html").render(
            responder=responder,
            state=state,
            history=pictures.strip(states, today) if today is not None else None,
            folded=folded,
            not_supplied=sentences.NOT_SUPPLIED,
        )
    # A browser keeps each line break between tags as a node. Text holds no tag that is not escaped.
    html = _BETWEEN_TAGS.sub("><", html)
    return Markup(html)  # noqa: S704 - rendered by a template that escapes


def shown_state(intake: PublicIntake, now: datetime) -> State:
    """The state at `now`: unconfirmed from `confirm_by` on, and while a planned change is due and not applied yet."""
    until = holds_until(intake)
    return State.UNCONFIRMED if until is None or until <= now else intake.state


def holds_until(intake: PublicIntake) -> datetime | None:
    """When the clock alone changes the state that is shown; `None` where nothing was ever reported."""
    if intake.planned is None or intake.confirm_by is None:
        return intake.confirm_by
    return min(intake.confirm_by, intake.planned.effective_from)


def _entry_html(entry: Entry, now: datetime, *, has_strip: bool, language: Language) -> bytes:
    # A strip ends with the hour: it shows what was, and nothing that is still to come.
    hour = now.replace(minute=0, second=0, microsecond=0) if has_strip else None

    def render() -> bytes:
        states = entry.states(now) if has_strip else ()
        responder = entry.responder
        return render_entry(
            responder, responder.intake.state, states=states, today=hour, folded=has_strip, language=language
        ).encode()

    return entry.rendering(f"directory-page-{language.tag}", hour, render)


def _fill(frame: bytes, by_state: dict[State, list[bytes]]) -> Iterator[bytes]:
    """The page in pieces: each state's comment replaced by its entries. No escaped text can hold that comment."""
    for state, entries in by_state.items():
        before, _, frame = frame.partition(f"<!--{state}-->".encode())
        yield before
        yield from entries
    yield frame


def _group(state: State, by_state: dict[State, list[bytes]]) -> Group:
    explanation, link = _explanation(state, by_state)
    return Group(
        state=state,
        heading=gettext(_HEADINGS[state]),
        explanation=gettext(explanation),
        next=link and (link[0], gettext(link[1])),
        count=len(by_state[state]),
    )


def _explanation(state: State, by_state: dict[State, list[bytes]]) -> tuple[str, tuple[State, str] | None]:
    somebody_open = bool(by_state[State.OPEN])
    waiting = (State.WAITING_LIST, sentences.SEE_WAITING) if by_state[State.WAITING_LIST] else None
    match state:
        case State.OPEN if somebody_open:
            return sentences.OPEN, None
        case State.OPEN:
            return sentences.NOBODY_OPEN, waiting
        case State.WAITING_LIST:
            return sentences.WAITING, None
        case State.PAUSED if somebody_open:
            return sentences.PAUSED, (State.OPEN, sentences.SEE_OPEN)
        case State.PAUSED if waiting:
            return sentences.PAUSED_NOBODY_OPEN, waiting
        case State.PAUSED:
            return sentences.PAUSED_NOBODY, None
        case State.UNCONFIRMED:
            return sentences.UNCONFIRMED, None


def _published_parts(remit: PublicRemit) -> list[tuple[str, str]]:
    """The cells of the published remit that are not empty, each with its label."""
    published = remit.as_published
    if published is None:
        return []
    parts = (published.geography, published.exploitation, published.demographic, published.limitation)
    return [(label, part) for label, part in zip(PUBLISHED_COLUMNS, parts, strict=True) if part]


templates.filters |= {"holds_until": holds_until, "published_parts": _published_parts}
