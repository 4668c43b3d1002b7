"""The statistics as a table: a row for each responder, each nation, and each age group in a nation."""

from collections.abc import Iterator

import msgspec

from capacity_api.domain.areas import AREAS
from capacity_api.domain.intake import State
from capacity_api.formats.format import Format
from capacity_api.representations.statistics import GroupStatistics, MonthStatistics, NationStatistics, Statistics
from capacity_api.wording import tables
from capacity_api.wording.tables import Cell

FILE_NAME = "statistics.csv"
FORMAT = Format(name="statistics")
_HEADER = (
    "from",
    "to",
    "span",
    "kind",
    "code",
    "name",
    "age_group",
    "listed_seconds",
    *(f"{state}_seconds" for state in State),
    *(f"{state}_share" for state in State),
    "pause_count",
    "longest_pause_seconds",
    "nobody_open_seconds",
    "nobody_open_hours",
    "counted_seconds",
    "counted_until",
)


def statistics_table(statistics: Statistics) -> bytes:
    """The whole file. Columns that a kind of row does not have are empty."""
    return tables.table(_HEADER, map(tables.line, _rows(statistics)))


def _rows(statistics: Statistics) -> Iterator[list[Cell]]:
    yield from _rows_of("whole", statistics)
    for month in statistics.months or ():
        yield from _rows_of("month", month)


def _rows_of(name: str, span: Statistics | MonthStatistics) -> Iterator[list[Cell]]:
    begins: list[Cell] = [msgspec.to_builtins(span.start), msgspec.to_builtins(span.end), name]
    # A month ends where counting does.
    until: Cell = msgspec.to_builtins(span.counted_until if isinstance(span, Statistics) else span.end)
    for responder in span.responders:
        seconds, shares = responder.seconds, responder.shares
        yield [
            *begins,
            *("responder", responder.slug, responder.name, None, responder.listed_seconds),
            *(seconds.open, seconds.waiting_list, seconds.paused, seconds.unconfirmed),
            *((None,) * len(State) if shares is None else msgspec.structs.astuple(shares)),
            *(responder.pause_count, responder.longest_pause_seconds, None, None, None, until),
        ]
    for nation in span.nations:
        yield [*begins, "nation", nation.code, nation.name, None, *_nobody_open(nation), until]
    for group in span.groups:
        yield [*begins, "group", group.area, AREAS[group.area].name, group.age_group, *_nobody_open(group), until]


def _nobody_open(measured: NationStatistics | GroupStatistics) -> list[Cell]:
    """The columns from `listed_seconds` on: those of a responder are empty."""
    of_a_responder: list[Cell] = [None] * (3 + 2 * len(State))
    return [
        *of_a_responder,
        *(measured.nobody_open_seconds, measured.nobody_open_hours, measured.counted_seconds),
    ]
