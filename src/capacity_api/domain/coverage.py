"""Coverage: for whom a responder is confirmed as open or on a waiting list, and for whom none is.

A cell is one nation or region of England, one exploitation type, one age group and one gender. A cell set is an
`int` with one bit for each cell. `Counts` say how many responders of each state cover each cell. A report changes the
counts, and opens or closes gaps, with a few operations on integers, however many responders there are.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import product
from typing import Literal, NamedTuple

from capacity_api.domain.areas import AREAS, Cover, cover
from capacity_api.domain.intake import State
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender, Remit

CELL_AREAS = tuple(code for code, area in AREAS.items() if area.kind in {"nation", "region"})


class Cell(NamedTuple):
    area: str
    exploitation_type: ExploitationType
    age_group: AgeGroup
    gender: Gender


CELLS = tuple(Cell(*each) for each in product(CELL_AREAS, ExploitationType, AgeGroup, Gender))
CellSet = int
ALL_CELLS: CellSet = (1 << len(CELLS)) - 1
_GENDER_BITS = {gender: 1 << n for n, gender in enumerate(Gender)}
_AGE_BITS = {age: 1 << n * len(Gender) for n, age in enumerate(AgeGroup)}
_TYPE_BITS = {each: 1 << n * len(AgeGroup) * len(Gender) for n, each in enumerate(ExploitationType)}
_AREA_BITS = {area: 1 << n * (len(CELLS) // len(CELL_AREAS)) for n, area in enumerate(CELL_AREAS)}
# Plane n holds bit n of every cell's count, lowest bit first. Adding to all cells at once is then a ripple-carry
# addition over the planes. The last plane is never empty.
Planes = tuple[int, ...]
Counts = Mapping[State, Planes]


class Contribution(NamedTuple):
    """What one responder adds to the counts: one, in its state, for each cell that its remit covers wholly."""

    cell_set: CellSet
    state: State


NO_CELLS: CellSet = 0
NOBODY: Counts = dict.fromkeys(State, ())


def covered_cells(remit: Remit) -> CellSet:
    """The cells that a remit is known to cover wholly.

    None if its exploitation types are unknown, or if it is for existing clients only. A young person (18 to 25) is an
    adult, so a remit for adults covers young people. A remit for young people does not cover adults.
    """
    if remit.existing_clients_only or remit.exploitation_types is None:
        return NO_CELLS
    return _cell_set(remit.areas, remit.exploitation_types, remit.age_groups, remit.genders)


@lru_cache(maxsize=4096)
def _cell_set(
    areas: tuple[str, ...],
    exploitation_types: tuple[ExploitationType, ...] | Literal["all"],
    ages: tuple[AgeGroup, ...],
    genders: tuple[Gender, ...] | Literal["all"],
) -> CellSet:
    """The cells of every combination, as a product.

    The bits of each dimension are spaced by the size of the dimensions after it. So multiplying the bits of an area,
    an exploitation type, an age and a gender gives the bit of their cell.
    """
    all_types = tuple(ExploitationType) if exploitation_types == "all" else exploitation_types
    all_genders = tuple(Gender) if genders == "all" else genders
    all_ages = {*ages, AgeGroup.YOUNG_PERSON} if AgeGroup.ADULT in ages else {*ages}
    return (
        _area_bits(areas)
        * sum(_TYPE_BITS[each] for each in set(all_types))
        * sum(_AGE_BITS[age] for age in all_ages)
        * sum(_GENDER_BITS[gender] for gender in set(all_genders))
    )


@lru_cache(maxsize=4096)
def _area_bits(areas: tuple[str, ...]) -> int:
    """The bits of the cell areas that `areas` cover wholly."""
    return sum(_AREA_BITS[area] for area in CELL_AREAS if cover(areas, area) is Cover.WHOLE)


def cells_in(cell_set: CellSet) -> list[Cell]:
    """The cells of a cell set, in the order of `CELLS`."""
    return [cell for number, cell in enumerate(CELLS) if cell_set >> number & 1]


def count_contributions(contributions: Iterable[Contribution]) -> Counts:
    """The counts of these responders, counted from zero."""
    counts: dict[State, list[int]] = {state: [] for state in State}
    for contribution in contributions:
        _add(counts[contribution.state], contribution.cell_set)
    return {state: tuple(planes) for state, planes in counts.items()}


def move_contribution(counts: Counts, before: Contribution | None, after: Contribution | None) -> Counts:
    """The counts after one responder's contribution changed from `before` to `after`. `None` means it is not listed.

    No count goes below zero: a wrong count must not stop a report. `capacity-api db rebuild` corrects it.
    """
    new_counts = {state: list(counts[state]) for state in State}
    if before is not None:
        _subtract(new_counts[before.state], before.cell_set)
    if after is not None:
        _add(new_counts[after.state], after.cell_set)
    return {state: tuple(planes) for state, planes in new_counts.items()}


def gap_cells(counts: Counts) -> CellSet:
    """The cells for which nobody is confirmed as open or on a waiting list."""
    return ALL_CELLS & ~(_nonzero(counts[State.OPEN]) | _nonzero(counts[State.WAITING_LIST]))


def cell_counts(planes: Planes) -> list[int]:
    """The count of each cell, in the order of `CELLS`, from the planes of one state."""
    numbers = [0] * len(CELLS)
    for weight, plane in enumerate(planes):
        for number, digit in enumerate(reversed(f"{plane:b}")):
            if digit == "1":
                numbers[number] += 1 << weight
    return numbers


def counts_to_json(counts: Counts) -> dict[str, list[str]]:
    """The counts as they are stored: for each state, its planes in hexadecimal."""
    return {state.value: [f"{plane:x}" for plane in counts[state]] for state in State}


def counts_from_json(stored: Mapping[str, list[str]]) -> Counts:
    """The inverse of `counts_to_json`."""
    return {state: tuple(int(plane, 16) for plane in stored[state.value]) for state in State}


def _add(planes: list[int], cell_set: CellSet) -> None:
    """Add one to each cell of a set, bit by bit with a carry."""
    carry = cell_set
    for weight, plane in enumerate(planes):
        planes[weight], carry = plane ^ carry, plane & carry
    if carry:
        planes.append(carry)


def _subtract(planes: list[int], cell_set: CellSet) -> None:
    """Subtract one from each cell of a set that is not zero, bit by bit with a borrow."""
    borrow = cell_set & _nonzero(planes)
    for weight, plane in enumerate(planes):
        planes[weight], borrow = plane ^ borrow, borrow & ~plane
    while planes and not planes[-1]:
        planes.pop()


def _nonzero(planes: Iterable[int]) -> CellSet:
    """The cells whose count is not zero."""
    cell_set = NO_CELLS
    for plane in planes:
        cell_set |= plane
    return cell_set
