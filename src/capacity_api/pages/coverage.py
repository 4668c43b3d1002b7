"""The page at `/coverage`: the gaps in words, and for each place a table of who is covered."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby

import msgspec

from capacity_api.domain import vocabulary
from capacity_api.domain.areas import AREAS, ENGLAND, SOUTH_WEST
from capacity_api.domain.codes import EVERYTHING, includes, members
from capacity_api.domain.coverage import ASK, CELL_AREAS
from capacity_api.domain.gaps import CellGroup, Helper, areas_of, enclosing_cells, name_people
from capacity_api.domain.intake import State
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender
from capacity_api.domain.vocabulary import EXPLOITATION_TYPES, GENDERS
from capacity_api.pages.rendering import PLAIN_SETTINGS, PageSettings, options, page_resource, render_page
from capacity_api.representations.coverage import Coverage, CoverageCell
from capacity_api.snapshot.entry import Entry
from capacity_api.snapshot.resource import Resource
from capacity_api.snapshot.snapshot import Snapshot
from capacity_api.wording.language import ENGLISH, Language, gettext, join_items, join_words, speaking
from capacity_api.wording.sentences import GENDERS_WITH_CHILDREN, exploitation_in_words

# What a cell of a table shows: a sign and a word. Every other than open is a gap.
OPEN, WAITING_LIST, NOBODY = State.OPEN.value, State.WAITING_LIST.value, "nobody"
SIGNS: Mapping[str, str] = {OPEN: "open", WAITING_LIST: "waiting list", ASK: "may help", NOBODY: "nobody known"}
LEGEND: Mapping[str, str] = {
    OPEN: "For each of these people, at least one charity is confirmed open.",
    WAITING_LIST: "No charity is known to be open. One has a waiting list.",
    ASK: "No charity is known to be open. One may take some of these people: ask.",
    NOBODY: "No charity is known to be open. One may still help.",
}
CHILDREN: Mapping[Gender, str] = {
    Gender.WOMAN: "Girls",
    Gender.MAN: "Boys",
    Gender.NON_BINARY: "Non-binary children",
}
_REGIONS = tuple(area for area in CELL_AREAS if AREAS[area].parent == ENGLAND)
# England with its regions first, then the other nations.
_IN_ORDER = (ENGLAND, *_REGIONS, *(area for area in CELL_AREAS if area not in {ENGLAND, *_REGIONS}))
# More gaps than these are folded, place by place.
_MAX_GAPS_UNFOLDED = 8
_MAX_NAMES = 5
# Of the six kinds of exploitation, it is shorter to say which is left out.
_MANY_TYPES = 4
Signs = tuple[str, ...]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A charity that may help some people of a gap. `areas` are those of the gap in which it may."""

    slug: str
    name: str
    areas: tuple[str, ...]


class Gaps(msgspec.Struct, frozen=True, kw_only=True):
    """The people of some places for whom no charity is known to be open, and the charities that may help.

    `has_more`: there are more charities than are named.
    """

    areas: tuple[str, ...]
    places: str
    people: list[str]
    ask: list[Asked]
    has_more: bool


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """Some age groups of a place: a sign for each exploitation type (row) and gender (column).

    Where nothing differs, one row or column stands for all.
    """

    people: str
    genders: list[str]
    rows: list[tuple[str, Signs]]


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Places of which all cells are the same."""

    areas: list[str]
    names: str
    all_open: bool
    some_open: bool
    tables: list[Table]


def coverage_page(language: Language, settings: PageSettings, snapshot: Snapshot) -> Resource:
    """The page of a snapshot."""
    coverage = snapshot.coverage
    asked = {slug for gap in coverage.gaps for slug in gap.ask}
    helpers = [_helper(snapshot.entries[slug]) for slug in asked]
    return page_resource(render_coverage(coverage, snapshot.now, language, settings, helpers))


def render_coverage(
    coverage: Coverage,
    now: datetime,
    language: Language = ENGLISH,
    settings: PageSettings = PLAIN_SETTINGS,
    helpers: Iterable[Helper] = (),
) -> bytes:
    """The page as UTF-8. It counts what `/v1/coverage` counts. `helpers` are the responders that its gaps name."""
    with speaking(language):
        return render_page(
            "coverage.html",
            language,
            settings,
            now=now,
            gaps=_gaps(coverage.gaps, {helper.slug: helper for helper in helpers}),
            folds_gaps=len(coverage.gaps) > _MAX_GAPS_UNFOLDED,
            areas=[(area, gettext(AREAS[area].name), _place_without(area)) for area in _IN_ORDER],
            places=_places(coverage.cells),
            signs={sign: gettext(word) for sign, word in SIGNS.items()},
            legend={sign: gettext(meaning) for sign, meaning in LEGEND.items()},
        )


def _helper(entry: Entry) -> Helper:
    return Helper(entry.record.name, entry.record.slug, entry.contribution.may_help)


def _gaps(groups: Iterable[CellGroup], helpers: Mapping[str, Helper]) -> list[Gaps]:
    """The gaps by their places, in the order in which the places are first named."""
    by_areas: dict[tuple[str, ...], list[CellGroup]] = {}
    for group in groups:
        by_areas.setdefault(group.areas, []).append(group)
    return [_gaps_in(areas, of_places, helpers) for areas, of_places in by_areas.items()]


def _gaps_in(areas: tuple[str, ...], groups: Sequence[CellGroup], helpers: Mapping[str, Helper]) -> Gaps:
    cells = 0
    for group in groups:
        cells |= enclosing_cells(group)
    asked = {helpers[slug] for group in groups for slug in group.ask if slug in helpers}
    by_name = sorted(asked, key=lambda helper: (helper.name.casefold(), helper.slug))
    return Gaps(
        areas=tuple(area for area in CELL_AREAS if includes(areas, area)),
        places=_places_without(areas),
        people=[_people_without(group) for group in groups],
        ask=[
            Asked(slug=each.slug, name=each.name, areas=areas_of(each.cell_set & cells))
            for each in by_name[:_MAX_NAMES]
        ],
        has_more=len(by_name) > _MAX_NAMES,
    )


def _places_without(areas: tuple[str, ...]) -> str:
    """As in `domain.gaps`: England and the South West have parts, and somebody may be open for a part."""
    if areas == EVERYTHING:
        return gettext("Every nation and region")
    if {ENGLAND, *_REGIONS} <= {*areas}:
        others = [gettext(AREAS[area].name) for area in areas if area not in {ENGLAND, *_REGIONS}]
        return join_items([gettext("Every region of England"), *others])
    return join_items([_place_without(area) for area in _IN_ORDER if area in areas])


def _place_without(area: str) -> str:
    name = gettext(AREAS[area].name)
    return gettext("{place} as a whole").format(place=name) if area in {ENGLAND, SOUTH_WEST} else name


def _people_without(group: CellGroup) -> str:
    """ "children", "adult men: any kind of exploitation except sexual exploitation"."""
    ages, genders = members(group.age_groups, AgeGroup), members(group.genders, Gender)
    words = [gettext(word) for word in name_people(ages, genders)]
    # An "and" in the words of all ages: "women and girls".
    people = join_words(words, compound=len(ages) == len(AgeGroup)) if words else gettext("anyone")
    if group.exploitation_types == EVERYTHING:
        return people
    others = tuple(each for each in ExploitationType if each not in group.exploitation_types)
    if len(group.exploitation_types) >= _MANY_TYPES:
        message = gettext("{people}: any kind of exploitation except {types}")
        return message.format(people=people, types=exploitation_in_words(others))
    return gettext("{people}: {types}").format(people=people, types=exploitation_in_words(group.exploitation_types))


def _places(cells: Sequence[CoverageCell]) -> list[Place]:
    by_area = {area: list(of_area) for area, of_area in groupby(cells, key=lambda cell: cell.area)}
    same: dict[Signs, list[str]] = {}
    for area in _IN_ORDER:
        same.setdefault(tuple(_sign(cell) for cell in by_area[area]), []).append(area)
    return [
        Place(
            areas=areas,
            names=_names(areas),
            all_open={*signs} == {OPEN},
            some_open=OPEN in signs,
            tables=_tables(by_area[areas[0]]),
        )
        for signs, areas in same.items()
    ]


def _names(areas: list[str]) -> str:
    if {ENGLAND, *_REGIONS} <= {*areas}:
        others = [gettext(AREAS[area].name) for area in areas if area not in {ENGLAND, *_REGIONS}]
        return join_items([gettext("England and all its regions"), *others])
    return join_items([gettext(AREAS[area].name) for area in areas])


def _sign(cell: CoverageCell) -> str:
    if cell.open:
        return OPEN
    if cell.waiting_list:
        return WAITING_LIST
    return ASK if cell.ask else NOBODY


def _tables(cells: Sequence[CoverageCell]) -> list[Table]:
    """One table for the age groups that have the same signs."""
    same: dict[Signs, list[AgeGroup]] = {}
    for age in AgeGroup:
        same.setdefault(tuple(_sign(cell) for cell in cells if cell.age_group is age), []).append(age)
    return [_table(ages, signs) for signs, ages in same.items()]


def _table(ages: list[AgeGroup], signs: Signs) -> Table:
    """`signs` are in the order of the cells: each gender of the first exploitation type, then of the next."""
    rows = [signs[start : start + len(Gender)] for start in range(0, len(signs), len(Gender))]
    types = [label for _, label in options(EXPLOITATION_TYPES)]
    genders = _genders(ages)
    if len({*rows}) == 1:
        rows, types = rows[:1], [gettext("Any kind of exploitation")]
    if all(len({*row}) == 1 for row in rows):
        rows, genders = [row[:1] for row in rows], [gettext("Any gender")]
    return Table(people=_ages(ages), genders=genders, rows=list(zip(types, rows, strict=True)))


def _ages(ages: list[AgeGroup]) -> str:
    """Young people are adults, so they are not named beside them."""
    if ages == list(AgeGroup):
        return gettext("People of any age")
    named = [age for age in ages if age is not AgeGroup.YOUNG_PERSON or AgeGroup.ADULT not in ages]
    return join_items([gettext(vocabulary.AGE_GROUPS[age].alone) for age in named])


def _genders(ages: list[AgeGroup]) -> list[str]:
    if ages == [AgeGroup.CHILD]:
        return [gettext(CHILDREN[gender]) for gender in Gender]
    labels = GENDERS_WITH_CHILDREN if AgeGroup.CHILD in ages else GENDERS
    return [gettext(labels[gender].alone) for gender in Gender]
