"""The page at `/coverage`: who is covered, place by place, and who is not."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

import msgspec
from markupsafe import Markup

from capacity_api.domain import vocabulary
from capacity_api.domain.areas import AREAS, ENGLAND
from capacity_api.domain.coverage import ASK
from capacity_api.domain.intake import State
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender
from capacity_api.pages.rendering import options, page_resource, render_page
from capacity_api.representations.coverage import Coverage, CoverageCell
from capacity_api.snapshot.resource import Resource
from capacity_api.snapshot.snapshot import Snapshot
from capacity_api.wording import sentences
from capacity_api.wording.language import ENGLISH, Language, gettext, join_items, speaking
from capacity_api.wording.sentences import state_in_words

# Of ten units for each square: confirmed open fills it. A gap is an outline: with its lower half filled where somebody
# has a waiting list, and with a dot where somebody may help.
_FILLS: dict[str, str] = {
    State.OPEN: "M{x} {y}h8v8h-8z",
    State.WAITING_LIST: "M{x} {y}m0 4h8v4h-8z",
    ASK: "M{x} {y}m3 3h2v2h-2z",
}
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
            exploitation_types=sentences.exploitation_in_words(tuple(ExploitationType)),
            genders=sentences.genders_of_any_age(),
            places=_places(coverage.cells),
            gaps=[gap.text for gap in coverage.gaps],
            legend=[(_picture([fill]), words) for fill, words in _legend()],
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
    fills = [_fill(cell) for gender in Gender for cell in cells if cell.gender is gender]
    return Group(picture=_picture(fills), words=_in_words(fills), is_gap=State.OPEN not in fills)


def _fill(cell: CoverageCell) -> str | None:
    """What the square of a cell is filled with. Every other than open is a gap."""
    if cell.open:
        return State.OPEN
    if cell.waiting_list:
        return State.WAITING_LIST
    return ASK if cell.ask else None


def _in_words(fills: list[str | None]) -> str:
    """What the squares show: "all open", "open 0 of 18, waiting list 18", "open 12 of 18, ask 3"."""
    count, is_open = fills.count(State.OPEN), state_in_words(State.OPEN)
    if count == len(fills):
        return gettext("all {state}").format(state=is_open)
    words = [gettext("{state} {count} of {all}").format(state=is_open, count=count, all=len(fills))]
    if State.WAITING_LIST in fills:
        waiting = state_in_words(State.WAITING_LIST)
        words.append(gettext("{state} {count}").format(state=waiting, count=fills.count(State.WAITING_LIST)))
    if ASK in fills:
        words.append(gettext("ask {count}").format(count=fills.count(ASK)))
    return join_items(words)


def _picture(fills: Sequence[str | None]) -> Markup:
    across = min(len(fills), len(ExploitationType))
    outline, drawn = "", dict.fromkeys(_FILLS, "")
    for number, fill in enumerate(fills):
        where = {"x": number % across * 10 + 1, "y": number // across * 10 + 1}
        outline += _OUTLINE.format(**where)
        if fill:
            drawn[fill] += _FILLS[fill].format(**where)
    paths = f'<path class="outline" d="{outline}"/>'
    paths += "".join(f'<path class="{fill}" d="{path}"/>' for fill, path in drawn.items() if path)
    size = f"{across * 10} {-(-len(fills) // across) * 10}"
    return Markup(f'<svg class="squares" aria-hidden="true" viewBox="0 0 {size}">{paths}</svg>')  # noqa: S704 - numbers


def _legend() -> list[tuple[str | None, str]]:
    return [
        (State.OPEN, gettext("a charity is confirmed open")),
        (None, gettext("a gap: no charity is known to be open")),
        (State.WAITING_LIST, gettext("a gap, and a charity has a waiting list")),
        (ASK, gettext("a gap, and a charity may help: ask")),
    ]
