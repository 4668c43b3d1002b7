"""What was measured, as the page of what happened gets it."""

from datetime import UTC, datetime
from itertools import pairwise

import msgspec
from tests.pages.directories import NOW

from capacity_api.domain.areas import AREAS
from capacity_api.domain.periods import NATIONS, month_starts
from capacity_api.domain.remit import AgeGroup
from capacity_api.pages.evidence import Evidence
from capacity_api.pages.evidence_spans import recent_span
from capacity_api.representations.statistics import (
    GroupStatistics,
    MonthStatistics,
    NationStatistics,
    ResponderStatistics,
    StateSeconds,
    Statistics,
)

HOUR = 3600
START, END = datetime(2025, 11, 1, tzinfo=UTC), NOW.replace(minute=0)


def nations(seconds: int, counted: int) -> list[NationStatistics]:
    return [
        NationStatistics(
            code=code,
            name=AREAS[code].name,
            counted_seconds=counted,
            nobody_open_seconds=seconds,
            nobody_open_hours=None,
        )
        for code in NATIONS
    ]


def groups(seconds: int, counted: int) -> list[GroupStatistics]:
    return [
        GroupStatistics(
            area=code, age_group=age, counted_seconds=counted, nobody_open_seconds=seconds, nobody_open_hours=None
        )
        for code in NATIONS
        for age in AgeGroup
    ]


def measured(number: int, name: str | None = None, **changes: int) -> ResponderStatistics:
    seconds = {"open": 0, "waiting_list": 0, "paused": 0, "unconfirmed": 0, **changes}
    return ResponderStatistics(
        slug=f"responder-{number:05}",
        name=name or f"Responder {number}",
        listed_seconds=sum(seconds.values()),
        seconds=StateSeconds(**seconds),
        shares=None,
        pause_count=0,
        longest_pause_seconds=0,
    )


def evidence_of(*responders: ResponderStatistics, nobody: int = 10 * HOUR, counted: int = 100 * HOUR) -> Evidence:
    """What was read of one month."""
    month = MonthStatistics(
        start=START, end=END, nations=nations(nobody, counted), groups=groups(nobody, counted), responders=[]
    )
    return Evidence(
        span=recent_span(NOW),
        read_at=NOW,
        begins=START,
        statistics=Statistics(
            start=START,
            end=END,
            counted_from=START,
            counted_until=END,
            nations=nations(nobody, counted),
            groups=groups(nobody, counted),
            responders=list(responders),
            months=[month],
        ),
    )


def evidence_of_nothing() -> Evidence:
    """What is read before the first listing."""
    statistics = Statistics(
        start=START,
        end=END,
        counted_from=None,
        counted_until=None,
        nations=[],
        groups=[],
        responders=[],
        months=[],
    )
    return Evidence(span=recent_span(NOW), read_at=NOW, begins=None, statistics=statistics)


def lived() -> Evidence:
    """What was read of a year in which thirteen charities had every state, each in other shares."""
    charities = [
        measured(
            n, f"Charity {n}", open=n * HOUR, waiting_list=n % 3 * HOUR, paused=13 % n * HOUR, unconfirmed=5 * HOUR
        )
        for n in range(1, 14)
    ]
    evidence = evidence_of(*charities, nobody=2920 * HOUR, counted=365 * 24 * HOUR)
    edges = [START, *month_starts(START, END), END]
    months = []
    for number, (begin, until) in enumerate(pairwise(edges)):
        counted = int((until - begin).total_seconds())
        nobody = counted * number // len(edges)
        months.append(
            MonthStatistics(
                start=begin, end=until, nations=nations(nobody, counted), groups=groups(nobody, counted), responders=[]
            )
        )
    return msgspec.structs.replace(evidence, statistics=msgspec.structs.replace(evidence.statistics, months=months))
