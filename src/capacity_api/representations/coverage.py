"""The coverage: how many responders cover each cell in each state, and the gaps."""

from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType

from capacity_api.domain.coverage import CELLS, Counts, cell_counts, gap_cells
from capacity_api.domain.gaps import CellGroup, describe_gaps
from capacity_api.domain.intake import State
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender


class CoverageCell(msgspec.Struct, frozen=True, kw_only=True):
    """How many responders with a known remit for all of it are in each state; `area` is a nation or region."""

    area: str
    exploitation_type: ExploitationType
    age_group: AgeGroup
    gender: Gender
    open: int
    waiting_list: int
    paused: int
    unconfirmed: int


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """`gaps` are the cells that nobody is confirmed as open or on a waiting list for, in as few words as are true."""

    sequence: int
    updated_at: datetime
    demonstration: bool | UnsetType = UNSET
    gaps: tuple[CellGroup, ...]
    cells: list[CoverageCell]


def represent_coverage(counts: Counts, sequence: int, updated_at: datetime, *, demonstration: bool = False) -> Coverage:
    """The coverage at one version of the directory, every cell in the order of `CELLS`."""
    by_cell = zip(*(cell_counts(counts[state]) for state in State), strict=True)
    cells = [
        CoverageCell(
            area=cell.area,
            exploitation_type=cell.exploitation_type,
            age_group=cell.age_group,
            gender=cell.gender,
            open=is_open,
            waiting_list=waiting,
            paused=paused,
            unconfirmed=unconfirmed,
        )
        for cell, (is_open, waiting, paused, unconfirmed) in zip(CELLS, by_cell, strict=True)
    ]
    return Coverage(
        sequence=sequence,
        updated_at=updated_at,
        demonstration=True if demonstration else UNSET,
        gaps=describe_gaps(gap_cells(counts)),
        cells=cells,
    )
