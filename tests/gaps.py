"""The gaps in the coverage, as a subscriber knows them that reads nothing but the events."""

from collections.abc import Iterable
from typing import Any

from capacity_api.domain.coverage import ALL_CELLS, CellSet, cells_in

OPENED = "coverage.gap_opened"


def follow_gaps(gaps: CellSet, events: Iterable[dict[str, Any]]) -> CellSet:
    """The gaps after these events."""
    since_a_responder: list[str] = []
    for event in events:
        if not event["type"].startswith("coverage."):
            since_a_responder = []
            continue
        assert event["type"] not in since_a_responder, "at most one of each for one change"
        since_a_responder.append(event["type"])
        cell_set = cells_of(event["data"]["cells"])
        if event["type"] == OPENED:
            assert not gaps & cell_set
            gaps |= cell_set
        else:
            assert gaps & cell_set == cell_set
            gaps &= ~cell_set
    return gaps


def cells_of(groups: Iterable[dict[str, Any]]) -> CellSet:
    """The cells of groups that have none in common."""
    return sum(_bits(each) for each in groups)


def _bits(group: dict[str, Any]) -> int:
    assert "combinations" not in group
    sides = {
        "area": group["areas"],
        "exploitation_type": group["exploitation_types"],
        "age_group": group["age_groups"],
        "gender": group["genders"],
    }
    return sum(
        1 << number
        for number, cell in enumerate(cells_in(ALL_CELLS))
        if all(codes == ["all"] or getattr(cell, name) in codes for name, codes in sides.items())
    )
