"""The coverage: how many responders cover each cell in each state, and the gaps."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from capacity_api.domain.coverage import CELLS, COUNTED, Counts, cell_counts, gap_cells
from capacity_api.domain.gaps import CellGroup, Helper, describe_gaps, name_helpers
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender


class CoverageCell(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """How many responders whose remit now covers all of it are in each state; `area` is a nation or region.

    `ask` counts apart those that are open or on a waiting list and may take people of the cell, or may not.
    """

    area: str
    exploitation_type: ExploitationType
    age_group: AgeGroup
    gender: Gender
    open: int
    waiting_list: int
    paused: int
    unconfirmed: int
    ask: int


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """`gaps` are the cells for which nobody is confirmed open, in as few words as are true."""

    sequence: int
    updated_at: datetime
    demonstration: bool = False
    gaps: tuple[CellGroup, ...]
    cells: list[CoverageCell]


def represent_coverage(
    counts: Counts, helpers: Iterable[Helper], sequence: int, updated_at: datetime, *, demonstration: bool = False
) -> Coverage:
    """The coverage at one version of the directory, every cell in the order of `CELLS`."""
    by_cell = zip(*(cell_counts(counts[name]) for name in COUNTED), strict=True)
    gaps = gap_cells(counts)
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
            ask=ask,
        )
        for cell, (is_open, waiting, paused, unconfirmed, ask) in zip(CELLS, by_cell, strict=True)
    ]
    return Coverage(
        sequence=sequence,
        updated_at=updated_at,
        demonstration=demonstration,
        gaps=name_helpers(describe_gaps(gaps), gaps, helpers),
        cells=cells,
    )
