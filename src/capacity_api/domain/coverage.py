"""Coverage: for whom somebody is confirmed, place by place, and for whom nobody is.

A cell is one nation or region of England, one exploitation type, one age group and one gender. A set of cells is an
`int` with one bit for each; `Counts` hold, for every cell, how many responders of each state cover it. What a change
opens and closes is then a few operations on whole numbers, however many responders there are.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import product
from typing import Literal, NamedTuple

from capacity_api.domain.areas import AREAS, Cover, cover
from capacity_api.domain.intake import State
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender, Remit

PLACES = tuple(code for code, area in AREAS.items() if area.kind in {"nation", "region"})


class Cell(NamedTuple):
    area: str
    exploitation_type: ExploitationType
    age_group: AgeGroup
    gender: Gender


CELLS = tuple(Cell(*each) for each in product(PLACES, ExploitationType, AgeGroup, Gender))
ALL_CELLS = (1 << len(CELLS)) - 1
_GENDER_BITS = {gender: 1 << n for n, gender in enumerate(Gender)}
_AGE_BITS = {age: 1 << n * len(Gender) for n, age in enumerate(AgeGroup)}
_KIND_BITS = {kind: 1 << n * len(AgeGroup) * len(Gender) for n, kind in enumerate(ExploitationType)}
_PLACE_BITS = {place: 1 << n * (len(CELLS) // len(PLACES)) for n, place in enumerate(PLACES)}
# Bit n of every count together: one set of cells for each n, the lowest first. So a count can be kept and changed for
# all cells at once, like a column of figures added by hand. The last plane is never empty.
Planes = tuple[int, ...]
Counts = Mapping[State, Planes]


class Contribution(NamedTuple):
    """What one responder adds to the counts: one in its state, in each cell that its remit covers wholly."""

    cells: int
    state: State


NO_CELLS = 0
NOBODY: Counts = dict.fromkeys(State, ())


def covered_cells(remit: Remit) -> int:
    """The cells that a remit is known to cover wholly.

    None where the exploitation types are unknown, and none for existing clients alone. A young person (18 to 25) is an
    adult, so an adult remit covers one; a remit for young people does not cover adults.
    """
    if remit.existing_clients_only or remit.exploitation_types is None:
        return NO_CELLS
    return _cells(remit.areas, remit.exploitation_types, remit.age_groups, remit.genders)


@lru_cache(maxsize=4096)
def _cells(
    areas: tuple[str, ...],
    kinds: tuple[ExploitationType, ...] | Literal["all"],
    ages: tuple[AgeGroup, ...],
    genders: tuple[Gender, ...] | Literal["all"],
) -> int:
    """A product of whole numbers, because the codes of a side lie as far apart as the sides after it are long."""
    taken = {*ages, AgeGroup.YOUNG_PERSON} if AgeGroup.ADULT in ages else {*ages}
    return (
        _whole(areas)
        * sum(_KIND_BITS[kind] for kind in (ExploitationType if kinds == "all" else {*kinds}))
        * sum(_AGE_BITS[age] for age in taken)
        * sum(_GENDER_BITS[gender] for gender in (Gender if genders == "all" else {*genders}))
    )


@lru_cache(maxsize=4096)
def _whole(areas: tuple[str, ...]) -> int:
    return sum(_PLACE_BITS[place] for place in PLACES if cover(areas, place) is Cover.WHOLE)


def cells_in(held: int) -> list[Cell]:
    """The cells of a set, in their order."""
    return [cell for number, cell in enumerate(CELLS) if held >> number & 1]


def count_contributions(contributions: Iterable[Contribution]) -> Counts:
    """The counts of these responders, from nothing."""
    planes: dict[State, list[int]] = {state: [] for state in State}
    for contribution in contributions:
        _add(planes[contribution.state], contribution.cells)
    return {state: tuple(held) for state, held in planes.items()}


def move_contribution(counts: Counts, before: Contribution | None, after: Contribution | None) -> Counts:
    """The counts when one responder's contribution is `after` in place of `before`; `None` for one that is not listed.

    No count goes below zero: a wrong one must not stop a report. `capacity-api db rebuild` puts it right.
    """
    planes = {state: list(counts[state]) for state in State}
    if before is not None:
        _take(planes[before.state], before.cells)
    if after is not None:
        _add(planes[after.state], after.cells)
    return {state: tuple(held) for state, held in planes.items()}


def gap_cells(counts: Counts) -> int:
    """The cells for which nobody is confirmed as open or on a waiting list."""
    return ALL_CELLS & ~(_occupied(counts[State.OPEN]) | _occupied(counts[State.WAITING_LIST]))


def cell_counts(planes: Planes) -> list[int]:
    """The counts of one state, cell by cell."""
    found = [0] * len(CELLS)
    for weight, plane in enumerate(planes):
        for number, digit in enumerate(reversed(f"{plane:b}")):
            if digit == "1":
                found[number] += 1 << weight
    return found


def counts_to_document(counts: Counts) -> dict[str, list[str]]:
    """The counts as a small document: each plane in hexadecimal."""
    return {state.value: [f"{plane:x}" for plane in counts[state]] for state in State}


def counts_from_document(document: Mapping[str, list[str]]) -> Counts:
    """What `dumped` made."""
    return {state: tuple(int(plane, 16) for plane in document[state.value]) for state in State}


def _add(planes: list[int], carried: int) -> None:
    for weight, plane in enumerate(planes):
        planes[weight], carried = plane ^ carried, plane & carried
    if carried:
        planes.append(carried)


def _take(planes: list[int], borrowed: int) -> None:
    borrowed &= _occupied(planes)
    for weight, plane in enumerate(planes):
        planes[weight], borrowed = plane ^ borrowed, borrowed & ~plane
    while planes and not planes[-1]:
        planes.pop()


def _occupied(planes: Iterable[int]) -> int:
    found = NO_CELLS
    for plane in planes:
        found |= plane
    return found
