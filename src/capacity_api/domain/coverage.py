"""Coverage: for whom a responder is confirmed open, and for whom none is.

A cell is one nation or region of England, one exploitation type, one age group and one gender. A cell set is an
`int` with one bit for each cell. `Counts` say how many responders of each state cover each cell, and how many more one
would have to ask. A report changes the counts, and opens or closes gaps, with a few operations on integers, however
many responders there are.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import product
from typing import NamedTuple

import msgspec

from capacity_api.domain.areas import AREAS, Cover, cover
from capacity_api.domain.codes import EVERYTHING, NOT_KNOWN, members
from capacity_api.domain.intake import State
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender, Remit, may_take_age, takes_age

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
# What is counted in a cell: the responders in each state, and apart from them those that one would have to ask.
ASK = "ask"
COUNTED = (*State, ASK)
# By each of `COUNTED`.
Counts = Mapping[str, Planes]
_TAKING = frozenset({State.OPEN, State.WAITING_LIST})


class Contribution(msgspec.Struct, frozen=True, gc=False):
    """What one responder adds to the counts: one in its state for each cell that its remit now covers wholly.

    In the cells of `ask`, where it may take people and may not, one in "ask" while it is open or on a waiting list.
    """

    cell_set: CellSet
    ask: CellSet
    state: State

    @property
    def to_ask(self) -> CellSet:
        """The cells in which it is counted under "ask"."""
        return self.ask if self.state in _TAKING else NO_CELLS

    @property
    def may_help(self) -> CellSet:
        """The cells in which it is on a waiting list, or counted under "ask": in a gap, whom to ask."""
        return self.to_ask | (self.cell_set if self.state is State.WAITING_LIST else NO_CELLS)


NO_CELLS: CellSet = 0
NOBODY: Counts = dict.fromkeys(COUNTED, ())


def contribution_for(remit: Remit, state: State) -> Contribution:
    """What a responder with this remit now and this state adds to the counts."""
    return Contribution(covered_cells(remit), ask_cells(remit), state)


def covered_cells(remit: Remit) -> CellSet:
    """The cells that a remit is known to cover wholly.

    None if its exploitation types are unknown, or if it is for existing clients only. A young person (18 to 25) is an
    adult, so a remit for adults covers young people. A remit for young people does not cover adults.
    """
    if remit.existing_clients_only or remit.is_empty:
        return NO_CELLS
    return _cell_set(remit.areas, remit.exploitation_types, remit.age_groups, remit.genders)


def ask_cells(remit: Remit) -> CellSet:
    """The cells of which a remit may take people, and is not known to cover all.

    As in matching: it covers a part of the area, its exploitation types are unknown, or it is for young people where
    adults are meant. None if it is for existing clients only.
    """
    if remit.existing_clients_only or remit.is_empty:
        return NO_CELLS
    types = EVERYTHING if remit.exploitation_types == NOT_KNOWN else remit.exploitation_types
    return _possible_cells(remit.areas, types, remit.age_groups, remit.genders) & ~covered_cells(remit)


@lru_cache(maxsize=4096)
def _cell_set(
    areas: tuple[str, ...], exploitation_types: tuple[str, ...], ages: tuple[str, ...], genders: tuple[str, ...]
) -> CellSet:
    """The cells of every combination, as a product.

    The bits of each dimension are spaced by the size of the dimensions after it. So multiplying the bits of an area,
    an exploitation type, an age and a gender gives the bit of their cell.
    """
    return (
        _area_bits(areas)
        * sum(_TYPE_BITS[each] for each in members(exploitation_types, ExploitationType))
        * sum(_AGE_BITS[age] for age in AgeGroup if takes_age(ages, age))
        * sum(_GENDER_BITS[gender] for gender in members(genders, Gender))
    )


@lru_cache(maxsize=4096)
def _possible_cells(
    areas: tuple[str, ...], types: tuple[str, ...], ages: tuple[str, ...], genders: tuple[str, ...]
) -> CellSet:
    """As `_cell_set`, with each area that is covered at least in part, and each age group that may be taken."""
    return (
        sum(_AREA_BITS[area] for area in CELL_AREAS if cover(areas, area) is not Cover.NONE)
        * sum(_TYPE_BITS[each] for each in members(types, ExploitationType))
        * sum(_AGE_BITS[age] for age in AgeGroup if may_take_age(ages, age))
        * sum(_GENDER_BITS[gender] for gender in members(genders, Gender))
    )


@lru_cache(maxsize=4096)
def _area_bits(areas: tuple[str, ...]) -> CellSet:
    """The bits of the cell areas that `areas` cover wholly."""
    return sum(_AREA_BITS[area] for area in CELL_AREAS if cover(areas, area) is Cover.WHOLE)


def cells_in(cell_set: CellSet) -> list[Cell]:
    """The cells of a cell set, in the order of `CELLS`."""
    return [cell for number, cell in enumerate(CELLS) if cell_set >> number & 1]


def count_contributions(contributions: Iterable[Contribution]) -> Counts:
    """The counts of these responders, counted from zero."""
    counts: dict[str, list[int]] = {name: [] for name in COUNTED}
    for each in contributions:
        _add(counts[each.state], each.cell_set)
        _add(counts[ASK], each.to_ask)
    return {name: tuple(planes) for name, planes in counts.items()}


def move_contribution(counts: Counts, before: Contribution | None, after: Contribution | None) -> Counts:
    """The counts after one responder's contribution changed from `before` to `after`. `None` means it is not listed.

    No count goes below zero: a wrong count must not stop a report. `capacity-api db rebuild` corrects it.
    """
    new_counts = {name: list(counts[name]) for name in COUNTED}
    if before is not None:
        _subtract(new_counts[before.state], before.cell_set)
        _subtract(new_counts[ASK], before.to_ask)
    if after is not None:
        _add(new_counts[after.state], after.cell_set)
        _add(new_counts[ASK], after.to_ask)
    return {name: tuple(planes) for name, planes in new_counts.items()}


def gap_cells(counts: Counts) -> CellSet:
    """The cells for which nobody is confirmed open."""
    return ALL_CELLS & ~_nonzero(counts[State.OPEN])


def cells_with_help(counts: Counts) -> CellSet:
    """The cells in which somebody is on a waiting list, or counted under "ask"."""
    return _nonzero(counts[State.WAITING_LIST]) | _nonzero(counts[ASK])


def cell_counts(planes: Planes) -> list[int]:
    """The count of each cell, in the order of `CELLS`, from the planes of one state."""
    numbers = [0] * len(CELLS)
    for weight, plane in enumerate(planes):
        for number, digit in enumerate(reversed(f"{plane:b}")):
            if digit == "1":
                numbers[number] += 1 << weight
    return numbers


def counts_to_json(counts: Counts) -> dict[str, list[str]]:
    """The counts as they are stored: for each state and for "ask", its planes in hexadecimal."""
    return {str(name): [f"{plane:x}" for plane in counts[name]] for name in COUNTED}


def counts_from_json(document: Mapping[str, list[str]]) -> Counts:
    """The inverse of `counts_to_json`."""
    return {name: tuple(int(plane, 16) for plane in document[name]) for name in COUNTED}


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
