"""The page at `/coverage`: who is covered, place by place, and who is not."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

import msgspec
from markupsafe import Markup

from capacity_api.domain import vocabulary
from capacity_api.domain.areas import AREAS, ENGLAND
from capacity_api.domain.intake import State
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender
from capacity_api.pages.rendering import options, page_resource, render_page
from capacity_api.representations.coverage import Coverage, CoverageCell
from capacity_api.snapshot.resource import Resource
from capacity_api.snapshot.snapshot import Snapshot
from capacity_api.wording import sentences
from capacity_api.wording.language import ENGLISH, Language, gettext, join_items, speaking
from capacity_api.wording.sentences import state_in_words

# Of ten units for each square: confirmed open fills it, a waiting list fills its lower half, a gap is an outline.
_FILLS = {State.OPEN: "M{x} {y}h8v8h-8z", State.WAITING_LIST: "M{x} {y}m0 4h8v4h-8z"}
_OUTLINE = "M{x} {y}h8v8h-8z"


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """One age group in one place: a square for each exploitation type (across) and each gender (down)."""

    picture: Markup
    words: str
    is_gap: bool


class Place(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    is_region: bool
    groups: list[Group]


def coverage_page(language: Language, languages: Sequence[Language], snapshot: Snapshot) -> Resource:
    """The page of a snapshot."""
    return page_resource(render_coverage(snapshot.coverage, snapshot.now, language, languages))


def render_coverage(
    coverage: Coverage, now: datetime, language: Language = ENGLISH, languages: Sequence[Language] = ()
) -> bytes:
    """The page as UTF-8. It counts what `/v1/coverage` counts, and nobody more."""
    with speaking(language):
        return render_page(
            "coverage.html",
            language,
            languages,
            now=now,
            demonstration=coverage.demonstration is True,
            ages=[label for _, label in options(vocabulary.AGE_GROUPS)],
            exploitation_types=sentences.exploitation_in_words(list(ExploitationType)),
            genders=sentences.genders_of_any_age(),
            places=_places(coverage.cells),
            gaps=[gap.text for gap in coverage.gaps],
            legend=[(_picture([state]), words) for state, words in _legend()],
        )


def _places(cells: Sequence[CoverageCell]) -> list[Place]:
    """England first with its regions below it, then the other nations: as the codes stand, but for that."""
    found = {
        area: Place(
            name=gettext(AREAS[area].name),
            is_region=AREAS[area].parent == ENGLAND,
            groups=_groups(list(of_area)),
        )
        for area, of_area in groupby(cells, key=lambda cell: cell.area)
    }
    order = sorted(found, key=lambda area: area != ENGLAND and AREAS[area].parent != ENGLAND)
    return [found[area] for area in order]


def _groups(cells: list[CoverageCell]) -> list[Group]:
    return [_group([cell for cell in cells if cell.age_group is age]) for age in AgeGroup]


def _group(cells: list[CoverageCell]) -> Group:
    states = [_state_of(cell) for gender in Gender for cell in cells if cell.gender is gender]
    return Group(picture=_picture(states), words=_in_words(states), is_gap=not any(states))


def _state_of(cell: CoverageCell) -> State | None:
    """What is drawn for a cell. `None` is a gap."""
    if cell.open:
        return State.OPEN
    return State.WAITING_LIST if cell.waiting_list else None


def _in_words(states: list[State | None]) -> str:
    """What the squares show: "all open", "open 12, waiting list 6", "waiting list 3 of 18"."""
    counts = {state_in_words(state): states.count(state) for state in _FILLS if state in states}
    if not counts:
        return gettext("nobody")
    if len(states) in counts.values():
        return gettext("all {state}").format(state=next(iter(counts)))
    words = join_items([gettext("{state} {count}").format(state=state, count=count) for state, count in counts.items()])
    return words if all(states) else gettext("{words} of {all}").format(words=words, all=len(states))


def _picture(states: Sequence[State | None]) -> Markup:
    across = min(len(states), len(ExploitationType))
    outline, fills = "", dict.fromkeys(_FILLS, "")
    for number, state in enumerate(states):
        where = {"x": number % across * 10 + 1, "y": number // across * 10 + 1}
        outline += _OUTLINE.format(**where)
        if state:
            fills[state] += _FILLS[state].format(**where)
    paths = f'<path class="outline" d="{outline}"/>'
    paths += "".join(f'<path class="{state}" d="{path}"/>' for state, path in fills.items() if path)
    size = f"{across * 10} {-(-len(states) // across) * 10}"
    return Markup(f'<svg class="squares" aria-hidden="true" viewBox="0 0 {size}">{paths}</svg>')  # noqa: S704 - numbers


def _legend() -> list[tuple[State | None, str]]:
    return [
        (State.OPEN, gettext("somebody is confirmed open")),
        (State.WAITING_LIST, gettext("somebody has a waiting list, nobody is confirmed open")),
        (None, gettext("a gap: nobody is confirmed")),
    ]
