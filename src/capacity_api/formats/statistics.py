"""The statistics as a table: a row for each responder, then one for each nation."""

from collections.abc import Iterator

import msgspec

from capacity_api.domain.intake import State
from capacity_api.formats.format import Format
from capacity_api.representations.statistics import Statistics
from capacity_api.wording import tables
from capacity_api.wording.tables import Cell

FILE_NAME = "statistics.csv"
FORMAT = Format(name="statistics")
_HEADER = (
    "from",
    "to",
    "kind",
    "code",
    "name",
    "listed_seconds",
    *(f"{state}_seconds" for state in State),
    *(f"{state}_share" for state in State),
    "pauses",
    "longest_pause_seconds",
    "nobody_open_seconds",
    "nobody_open_hours",
    "counted_seconds",
)


def statistics_table(statistics: Statistics) -> bytes:
    """The whole file. Columns that a kind of row does not have are empty."""
    return tables.table(_HEADER, map(tables.line, _rows(statistics)))


def _rows(statistics: Statistics) -> Iterator[list[Cell]]:
    start, end = msgspec.to_builtins(statistics.start), msgspec.to_builtins(statistics.end)
    for responder in statistics.responders:
        seconds, shares = responder.seconds, responder.shares
        yield [
            *(start, end, "responder", responder.slug, responder.name, responder.listed_seconds),
            *(seconds.open, seconds.waiting_list, seconds.paused, seconds.unconfirmed),
            *((None,) * len(State) if shares is None else msgspec.structs.astuple(shares)),
            *(responder.pauses, responder.longest_pause_seconds, None, None, None),
        ]
    not_of_a_nation: list[Cell] = [None] * (3 + 2 * len(State))
    for nation in statistics.nations:
        yield [
            *(start, end, "nation", nation.code, nation.name),
            *not_of_a_nation,
            *(nation.nobody_open_seconds, nation.nobody_open_hours, nation.counted_seconds),
        ]
