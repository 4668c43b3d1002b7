"""The page at `/`: the directory for people, complete without a script."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

import msgspec
from markupsafe import Markup

from capacity_api.domain.contact import Contact
from capacity_api.domain.intake import SaidBy, State
from capacity_api.domain.matching import Outcome
from capacity_api.pages import pictures
from capacity_api.pages.directory_words import GROUPS, LAPSED
from capacity_api.pages.matches import Found, find, why
from capacity_api.pages.question import FAULT_STATUS, NOTHING_ASKED, Asked, form_values, parse_form, refused_form
from capacity_api.pages.question_words import ACTIONS
from capacity_api.pages.rendering import (
    PLAIN_SETTINGS,
    PageSettings,
    page_resource,
    render_page,
    templates,
)
from capacity_api.representations.directory import Directory
from capacity_api.representations.responder import PublicIntake, PublicRemit, Responder, holds_until
from capacity_api.snapshot.entry import Entry
from capacity_api.snapshot.matches import Match
from capacity_api.snapshot.resource import Resource
from capacity_api.snapshot.snapshot import Snapshot
from capacity_api.wording import sentences
from capacity_api.wording.language import ENGLISH, Language, gettext, speaking

_BETWEEN_TAGS = re.compile(r">\n+<")
# The columns of the published table, in the order of `AsPublished`.
PUBLISHED_COLUMNS = ("Geographical presence", "Exploitation", "Demographic", "Other limitation")
_HEADINGS = {
    State.OPEN: "Open",
    State.WAITING_LIST: "Waiting list",
    State.PAUSED: "Paused",
    State.UNCONFIRMED: "Not confirmed",
}
# With more entries than this a browser lays out only those in sight, and a link leads to the rest of each. Up to it
# each entry opens in the list, and has the strip of its last ninety days.
MANY = 100


# Where the reasons for a match go in an entry. No escaped text can hold it.
_WHY = Markup("<!--why-->")
_NO_REASONS = Markup("")


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """The responders in one state; `next` is the id of a part of the page, and the words of a link to it."""

    state: State
    heading: str
    explanation: str
    next: tuple[str, str] | None
    count: int


def directory_page(language: Language, settings: PageSettings, snapshot: Snapshot) -> Resource:
    """The page of a snapshot."""
    return page_resource(
        render_directory(
            snapshot.directory, snapshot.now, parts=_parts(snapshot, language), language=language, settings=settings
        )
    )


def form_page(
    language: Language, settings: PageSettings, snapshot: Snapshot, body: bytes, refusal: str | None
) -> Resource:
    """The page with the answer to a form, or with what is wrong with it. `refusal` is the code of a fault."""
    parts = _parts(snapshot, language)
    found, matched = None, dict[Outcome, list[bytes]]()
    with speaking(language):
        asked = parse_form(body, snapshot.entries) if refusal is None else refused_form(refusal)
        if not asked.faults:
            found = find(snapshot, asked, settings)
            matched = {
                outcome: [_with_reasons(parts[each.responder.slug], each) for each in matches]
                for outcome, matches in found.matches.items()
                if outcome is not Outcome.NO
            }
    page = render_directory(
        snapshot.directory,
        snapshot.now,
        parts=parts,
        language=language,
        settings=settings,
        asked=asked,
        found=found,
        matched=matched,
    )
    return page_resource(page, 200 if found is not None else FAULT_STATUS.get(refusal or "", 422))


def render_directory(
    directory: Directory,
    now: datetime,
    *,
    parts: Mapping[str, bytes] = MappingProxyType({}),
    language: Language = ENGLISH,
    settings: PageSettings = PLAIN_SETTINGS,
    asked: Asked = NOTHING_ASKED,
    found: Found | None = None,
    matched: Mapping[Outcome, Sequence[bytes]] = MappingProxyType({}),
) -> bytes:
    """The page as UTF-8. A report whose `confirm_by` has passed at `now` is never shown as current.

    `parts` are entries that were rendered before, by slug, in this language. `asked` fills in the form. `found` is the
    answer to it: `matched` are then the entries of each outcome, in place of the list. Of many, the list is not sent
    with a form that is refused: it would be long, for a request of a few bytes.
    """
    many = len(directory.responders) > MANY
    has_list = found is None and not (many and asked.faults)
    by_state: dict[State, list[bytes]] = {state: [] for state in State}
    for responder in directory.responders:
        state = shown_state(responder.intake, now)
        if not has_list:
            # An answer has them in its own order. Here they are counted.
            by_state[state].append(b"")
            continue
        part = parts.get(responder.slug, b"").replace(_WHY.encode(), b"") if state is responder.intake.state else None
        by_state[state].append(part or render_entry(responder, state, folded=not many, language=language).encode())
    has_strips = len(parts) <= MANY and any(b"<svg" in part for part in parts.values())
    with speaking(language):
        frame = render_page(
            "directory.html",
            language,
            settings,
            now=now,
            sequence=directory.sequence,
            many=many,
            counts=[(state, len(entries)) for state, entries in by_state.items()],
            groups=[_group(state, by_state) for state in State],
            legend=pictures.legend() if has_strips else [],
            found=found,
            has_list=has_list,
            actions=[(outcome, gettext(heading), gettext(meaning)) for outcome, (heading, meaning) in ACTIONS.items()],
            **form_values(asked, directory.responders),
        )
    if not has_list:
        by_state = {state: [] for state in State}
    return b"".join(_fill(frame, {f"m-{outcome}": matched.get(outcome, ()) for outcome in Outcome} | by_state))


def render_entry(
    responder: Responder,
    state: State,
    *,
    states: Sequence[tuple[datetime, State]] = (),
    today: datetime | None = None,
    folded: bool = True,
    language: Language = ENGLISH,
    why: Markup = _NO_REASONS,
) -> Markup:
    """A responder's entry, in the state that it is shown in.

    `states` are those of the 90 days up to `today`, as `pictures.strip` draws them; without `today` none are drawn.
    `folded`: the rest opens in the list. Otherwise a link leads to it: a fold costs a browser as much as the entry.
    """
    with speaking(language):
        html = templates.get_template("entry.html").render(
            responder=responder,
            state=state,
            history=pictures.strip(states, today) if today is not None else None,
            folded=folded,
            why=why,
            not_supplied=sentences.NOT_SUPPLIED,
            home=language.home,
        )
    # A browser keeps each line break between tags as a node. Text holds no tag that is not escaped.
    html = _BETWEEN_TAGS.sub("><", html)
    return Markup(html)  # noqa: S704 - rendered by a template that escapes


def shown_state(intake: PublicIntake, now: datetime) -> State:
    """The state at `now`: unconfirmed from `confirm_by` on, and while a planned change is due and not applied yet."""
    until = holds_until(intake)
    return State.UNCONFIRMED if until is None or until <= now else intake.state


def _parts(snapshot: Snapshot, language: Language) -> dict[str, bytes]:
    """Every entry by its slug, with a mark where the reasons for a match go."""
    has_strips = len(snapshot.entries) <= MANY
    return {
        slug: _entry_html(entry, snapshot.now, has_strip=has_strips, language=language)
        for slug, entry in snapshot.entries.items()
    }


def _with_reasons(part: bytes, match: Match) -> bytes:
    """The entry in an answer. Who else can help is what the answer says: the list is not there."""
    return part.replace(_WHY.encode(), why(match).encode()).replace(b' href="#open"', b' href="#matches"')


def _entry_html(entry: Entry, now: datetime, *, has_strip: bool, language: Language) -> bytes:
    # A strip ends with the hour: it shows what was, and nothing that is still to come.
    hour = now.replace(minute=0, second=0, microsecond=0) if has_strip else None

    def render() -> bytes:
        states = entry.states(now) if has_strip else ()
        responder = entry.responder
        return render_entry(
            responder,
            responder.intake.state,
            states=states,
            today=hour,
            folded=has_strip,
            language=language,
            why=_WHY,
        ).encode()

    return entry.rendering(f"directory-page-{language.tag}", hour, render)


def _fill(frame: bytes, lists: Mapping[str, Sequence[bytes]]) -> Iterator[bytes]:
    """The page in pieces: each list's comment replaced by its entries. No escaped text can hold that comment.

    The lists are in the order of the page.
    """
    for name, entries in lists.items():
        before, _, frame = frame.partition(f"<!--{name}-->".encode())
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


def _explanation(state: State, by_state: dict[State, list[bytes]]) -> tuple[str, tuple[str, str] | None]:
    somebody_open = bool(by_state[State.OPEN])
    waiting = (State.WAITING_LIST, GROUPS["see_waiting_list"]) if by_state[State.WAITING_LIST] else None
    match state:
        case State.OPEN if not somebody_open:
            return GROUPS["nobody_open"], waiting and (State.WAITING_LIST, GROUPS["or_waiting_list"])
        case State.OPEN:
            return GROUPS["open"], ("known", GROUPS["before_you_call"])
        case State.PAUSED if somebody_open:
            return GROUPS["paused"], (State.OPEN, GROUPS["see_open"])
        case State.PAUSED if waiting:
            return GROUPS["paused_nobody_open"], waiting
        case State.PAUSED:
            return GROUPS["paused_nobody"], None
        case _:
            return GROUPS[state], None


def lapsed_in_words(intake: PublicIntake) -> str:
    """What is known once a report holds no longer: whose word it was, and of when. Only a responder confirms."""
    last = intake.last_report or intake.report
    if last is None:
        return gettext(LAPSED["never_reported"])
    state = sentences.state_in_words(State(last.state))
    if intake.said_by is SaidBy.RESPONDER and intake.confirmed_at is not None:
        return gettext(LAPSED["confirmed"]).format(state=state, time=sentences.moment(intake.confirmed_at))
    until = holds_until(intake)
    return gettext(LAPSED["said"]).format(state=state, time="" if until is None else sentences.moment(until))


def _reach_in_words(contact: Contact) -> list[str]:
    """When a responder answers, and in which languages."""
    parts = []
    if contact.all_hours:
        parts.append(gettext("At all hours"))
    if contact.hours:
        parts.append(contact.hours)
    if contact.languages:
        languages = sentences.languages_in_words(contact.languages)
        parts.append(gettext("Languages: {languages}").format(languages=languages))
    if contact.interpreters:
        parts.append(gettext("Interpreters can be arranged"))
    return parts


def _published_parts(remit: PublicRemit) -> list[tuple[str, str]]:
    """The cells of the published remit that are not empty, each with its label."""
    published = remit.as_published
    if published is None:
        return []
    parts = (published.geography, published.exploitation, published.demographic, published.limitation)
    return [(label, part) for label, part in zip(PUBLISHED_COLUMNS, parts, strict=True) if part]


templates.filters |= {
    "holds_until": holds_until,
    "lapsed_in_words": lapsed_in_words,
    "published_parts": _published_parts,
    "reach_in_words": _reach_in_words,
}
