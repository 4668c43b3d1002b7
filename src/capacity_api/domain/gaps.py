"""Gaps in words: a cell set as few groups, each with its codes and one sentence that is true.

A gap means that nobody is confirmed open for all of a place. Somebody may be for a part of it, so England and the South
West, which have parts, are named "as a whole" where nobody is. A group names those who may help in it: whom to ask.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from capacity_api.domain.areas import AREAS, ENGLAND, LONDON, SOUTH_WEST, YORKSHIRE
from capacity_api.domain.codes import EVERYTHING, includes
from capacity_api.domain.coverage import CELL_AREAS, CELLS, CellSet
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender
from capacity_api.domain.text import join_words
from capacity_api.domain.vocabulary import COMPOUND_AREAS, EXPLOITATION_TYPES

T = TypeVar("T", bound=str)

# An event names no more groups than this, so that its body stays below 20 kB.
MAX_GROUPS = 20
# A group names no more responders than this.
MAX_NAMES = 10


class CellGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Each of the areas with each exploitation type, age group and gender; `text` says the same in a sentence.

    `ask` are the slugs of the responders that may help in any of the cells of a gap, by name, at most 10: they are on a
    waiting list, or may take people of a cell and may not. `combinations` stands only in an event that would be too
    long otherwise: so many of the cells, not all of them.
    """

    areas: tuple[str, ...]
    exploitation_types: tuple[str, ...]
    age_groups: tuple[str, ...]
    genders: tuple[str, ...]
    ask: tuple[str, ...]
    text: str
    combinations: int | UnsetType = UNSET


class Helper(NamedTuple):
    """A responder that may help in some cells (`Contribution.may_help`)."""

    name: str
    slug: str
    cell_set: CellSet


class _Box(NamedTuple):
    """A cell set that is a product: on each side, a bit for each code."""

    areas: int
    exploitation_types: int
    ages: int
    genders: int


_REGIONS = tuple(code for code in CELL_AREAS if AREAS[code].kind == "region")
_IN_A_SENTENCE = {
    code: AREAS[code].name if AREAS[code].kind == "nation" or code in {LONDON, YORKSHIRE} else f"the {AREAS[code].name}"
    for code in CELL_AREAS
}
OF_ANY_AGE = {Gender.WOMAN: "women and girls", Gender.MAN: "men and boys", Gender.NON_BINARY: "non-binary people"}
# The words for people by their age, and by age and gender.
AGES = {
    "adult": ("adults", {Gender.WOMAN: "adult women", Gender.MAN: "adult men", Gender.NON_BINARY: "non-binary adults"}),
    "over 25": (
        "adults over 25",
        {
            Gender.WOMAN: "women over 25",
            Gender.MAN: "men over 25",
            Gender.NON_BINARY: "non-binary adults over 25",
        },
    ),
    "young": (
        "young people from 18 to 25",
        {
            Gender.WOMAN: "young women from 18 to 25",
            Gender.MAN: "young men from 18 to 25",
            Gender.NON_BINARY: "non-binary young people from 18 to 25",
        },
    ),
    "child": ("children", {Gender.WOMAN: "girls", Gender.MAN: "boys", Gender.NON_BINARY: "non-binary children"}),
}

_SIDES: tuple[tuple[Any, ...], ...] = (CELL_AREAS, tuple(ExploitationType), tuple(AgeGroup), tuple(Gender))
_SINGLE = tuple(_Box(*(1 << side.index(code) for code, side in zip(cell, _SIDES, strict=True))) for cell in CELLS)
# What is joined first decides how far it gets; these two together come within a hundredth of trying every order.
_ORDERS = ((1, 3, 2, 0), (3, 0, 1, 2))
_IN_ONE_AREA = len(CELLS) // len(CELL_AREAS)


@lru_cache(maxsize=64)
def describe_gaps(cell_set: CellSet, *, opened: bool = True, max_groups: int | None = None) -> tuple[CellGroup, ...]:
    """The cells in groups: that nobody is known to be open for them or, unless `opened`, that somebody now is.

    Each cell is in exactly one group. If there would be more than `max_groups`, there is one for each area, which may
    only count its cells.
    """
    boxes = _boxes(cell_set)
    if max_groups is None or len(boxes) <= max_groups:
        return tuple(_exact(box, opened) for box in boxes)
    found = []
    for number in range(len(CELL_AREAS)):
        inside = cell_set & ((1 << _IN_ONE_AREA) - 1) << number * _IN_ONE_AREA
        boxes = _boxes(inside)
        if boxes:
            found.append(_exact(boxes[0], opened) if len(boxes) == 1 else _counted(boxes, opened))
    return tuple(found)


def name_helpers(
    groups: Iterable[CellGroup], gaps: CellSet, helpers: Iterable[Helper], max_names: int = MAX_NAMES
) -> tuple[CellGroup, ...]:
    """The groups of `gaps`, each with the responders that may help in it. At most `max_names` are named."""
    in_order = sorted(
        (helper for helper in helpers if helper.cell_set & gaps), key=lambda each: (each.name.casefold(), each.slug)
    )
    if not in_order:
        return tuple(groups)
    return tuple(_name_helpers(group, gaps & enclosing_cells(group), in_order, max_names) for group in groups)


def _name_helpers(group: CellGroup, cell_set: CellSet, helpers: Sequence[Helper], max_names: int) -> CellGroup:
    found = [helper for helper in helpers if helper.cell_set & cell_set]
    if not found:
        return group
    named = found[:max_names]
    return msgspec.structs.replace(
        group,
        ask=tuple(helper.slug for helper in named),
        text=f"{group.text}; you can ask {_names([helper.name for helper in named], len(found))}",
    )


def _names(names: list[str], count: int) -> str:
    """The names, and how many of the `count` are left out."""
    if not names:
        return "one charity" if count == 1 else f"{count} charities"
    words = names if len(names) == count else [*names, f"{count - len(names)} more"]
    return join_words(words, compound=any(" and " in name or "," in name for name in names))


def areas_of(cell_set: CellSet) -> tuple[str, ...]:
    """The areas that have a cell of it."""
    return tuple(
        area for number, area in enumerate(CELL_AREAS) if cell_set >> number * _IN_ONE_AREA & (1 << _IN_ONE_AREA) - 1
    )


@lru_cache(maxsize=256)
def enclosing_cells(group: CellGroup) -> CellSet:
    """The cells that a group names; where it only counts, those among which its own are."""
    named = (group.areas, group.exploitation_types, group.age_groups, group.genders)
    return sum(
        1 << number
        for number, cell in enumerate(CELLS)
        if all(includes(codes, code) for code, codes in zip(cell, named, strict=True))
    )


def is_superseded(groups: Iterable[CellGroup], gaps: CellSet, *, opened: bool) -> bool:
    """Whether what an event told of these groups no longer holds, with `gaps` as they are now.

    An opened gap has passed once all of it is closed. That a gap closed is untrue as soon as any of it is open again.
    """
    masks = [(enclosing_cells(group), group.combinations) for group in groups]
    if opened:
        return not any(mask & gaps for mask, _ in masks)
    return any(bool(mask & gaps) if count is UNSET else (mask & ~gaps).bit_count() < count for mask, count in masks)


def _exact(box: _Box, opened: bool) -> CellGroup:
    areas, types, ages, genders = (_codes(mask, side) for mask, side in zip(box, _SIDES, strict=True))
    return CellGroup(
        areas=_or_all(areas, CELL_AREAS),
        exploitation_types=_or_all(types, ExploitationType),
        age_groups=_or_all(ages, AgeGroup),
        genders=_or_all(genders, Gender),
        ask=(),
        text=_sentence(_people(ages, genders, opened) + _exploitation(types, opened), areas, opened),
    )


def _counted(boxes: list[_Box], opened: bool) -> CellGroup:
    """The box around these, and how many cells are really in them."""
    around = _Box(*(_union(masks) for masks in zip(*boxes, strict=True)))
    count = sum(prod(mask.bit_count() for mask in box) for box in boxes)
    words = _sentence(f"{count} combinations of exploitation, age and gender", _codes(around.areas, CELL_AREAS), opened)
    return msgspec.structs.replace(_exact(around, opened), text=words, combinations=count)


def _boxes(cell_set: CellSet) -> list[_Box]:
    """As few boxes as merging finds, each cell in exactly one, in the order of their first cells."""
    single = [box for number, box in enumerate(_SINGLE) if cell_set >> number & 1]
    fewest = min((_merged(single, order) for order in _ORDERS), key=len)
    return sorted(fewest, key=_first)


def _merged(boxes: list[_Box], order: tuple[int, ...]) -> list[_Box]:
    """Join boxes that differ on one side only, side by side in `order`, until nothing is joined any more."""
    while True:
        before = len(boxes)
        for side in order:
            joined: dict[tuple[int, ...], int] = {}
            for box in boxes:
                rest = box[:side] + box[side + 1 :]
                joined[rest] = joined.get(rest, 0) | box[side]
            boxes = [_Box(*(*rest[:side], mask, *rest[side:])) for rest, mask in joined.items()]
        if len(boxes) == before:
            return boxes


def _first(box: _Box) -> tuple[int, ...]:
    return tuple(mask & -mask for mask in box)


def _union(masks: Iterable[int]) -> int:
    found = 0
    for mask in masks:
        found |= mask
    return found


def _codes(mask: int, side: Iterable[T]) -> tuple[T, ...]:
    return tuple(code for number, code in enumerate(side) if mask >> number & 1)


def _or_all(codes: tuple[T, ...], side: Iterable[T]) -> tuple[str, ...]:
    return EVERYTHING if codes == tuple(side) else codes


def _sentence(people: str, areas: tuple[str, ...], opened: bool) -> str:
    if opened:
        return f"no charity is known to be open for {people} in {_places_without(areas)}"
    return f"a charity is now confirmed open for {people} in {_places_with(areas)}"


def _people(ages: tuple[AgeGroup, ...], genders: tuple[Gender, ...], opened: bool) -> str:
    words = name_people(ages, genders)
    if not words:
        return "anybody" if opened else "everybody"
    # An "and" in the words of all ages: "women and girls".
    return join_words(words, "or" if opened else "and", compound=ages == tuple(AgeGroup))


def name_people(ages: tuple[AgeGroup, ...], genders: tuple[Gender, ...]) -> list[str]:
    """A word for each of these people, such as "adult women" and "girls". None for everybody."""
    if ages == tuple(AgeGroup):
        return [] if genders == tuple(Gender) else [OF_ANY_AGE[gender] for gender in genders]
    return [
        word
        for everybody, by_gender in map(AGES.__getitem__, _spoken(ages))
        for word in ([everybody] if genders == tuple(Gender) else [by_gender[gender] for gender in genders])
    ]


def _spoken(ages: tuple[AgeGroup, ...]) -> list[str]:
    """Adults are from 18 on; where young people up to 25 are not meant as well, they are the older ones."""
    spoken = []
    if AgeGroup.ADULT in ages:
        spoken.append("adult" if AgeGroup.YOUNG_PERSON in ages else "over 25")
    elif AgeGroup.YOUNG_PERSON in ages:
        spoken.append("young")
    return [*spoken, "child"] if AgeGroup.CHILD in ages else spoken


def _exploitation(types: tuple[ExploitationType, ...], opened: bool) -> str:
    if types == tuple(ExploitationType):
        return ""
    labels = [EXPLOITATION_TYPES[each] for each in types]
    compound = any(label.compound for label in labels)
    return " with " + join_words([label.inside for label in labels], "or" if opened else "and", compound=compound)


def _places_without(areas: tuple[str, ...]) -> str:
    """Where nobody is: nowhere is claimed that nobody serves a part of England or of the South West."""
    if areas == CELL_AREAS:
        return "any nation or region of the United Kingdom as a whole"
    nations = [code for code in areas if code not in {*_REGIONS, ENGLAND}]
    if {*_REGIONS, ENGLAND} <= {*areas}:
        return join_words([*_area_names(nations), "any region of England as a whole"], "or")
    # What has parts stands last, so that "as a whole" is said once.
    undivided = [*nations, *(code for code in areas if code in _REGIONS and code != SOUTH_WEST)]
    divided = [code for code in (SOUTH_WEST, ENGLAND) if code in areas]
    words = [*_area_names(undivided), *(f"{name} as a whole" for name in _area_names(divided))]
    return join_words(words, "or", compound=_is_compound(undivided))


def _places_with(areas: tuple[str, ...]) -> str:
    """Where somebody is: a charity confirmed for England is so for each of its regions."""
    if areas == CELL_AREAS:
        return "the United Kingdom"
    named = [code for code in areas if ENGLAND not in areas or code not in _REGIONS]
    return join_words(_area_names(named), compound=_is_compound(named))


def _area_names(areas: Iterable[str]) -> list[str]:
    return [_IN_A_SENTENCE[code] for code in areas]


def _is_compound(areas: Iterable[str]) -> bool:
    return not COMPOUND_AREAS.isdisjoint(areas)
