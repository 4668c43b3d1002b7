"""Matching in this process: decide about every responder, and encode the first twenty matches."""

import statistics
import time
from itertools import cycle, product

from bench.registers import NOW, rows

from capacity_api.config import Settings
from capacity_api.domain.areas import AREAS
from capacity_api.domain.intake import Circumstance
from capacity_api.domain.matching import Outcome, Question
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender
from capacity_api.publication.documents import catalogue
from capacity_api.representations.encoding import encode
from capacity_api.snapshot import matches
from capacity_api.snapshot.entry import Entry
from capacity_api.snapshot.history import History
from capacity_api.snapshot.snapshot import Snapshot, empty_snapshot

SIZES = (1_000, 10_000)
LIMIT = 20
QUESTIONS = 500


def main() -> None:
    print(f"{'responders':>12}{'median ms':>11}{'99 % ms':>9}")
    for size in SIZES:
        median, slow = processor_milliseconds(size)
        print(f"{size:>12,}{median:>11.2f}{slow:>9.2f}")


def processor_milliseconds(size: int) -> tuple[float, float]:
    """The processor time of one question to `size` responders: the median, and that of 99 %."""
    snapshot = _snapshot(size)
    times = []
    for question in _questions():
        start = time.process_time_ns()
        encode(matches.find_matches(snapshot, question, tuple(Outcome), LIMIT))
        times.append((time.process_time_ns() - start) / 1e6)
    return statistics.median(times), statistics.quantiles(times, n=100)[-1]


def _questions() -> list[Question]:
    """Questions with every combination of values, `None` included."""
    values = product((None, *AREAS), (None, *ExploitationType), (None, *AgeGroup), (None, *Gender))
    every = [
        Question(
            area=area, exploitation_type=exploitation_type, age_group=age, gender=gender, circumstances=circumstances
        )
        for (area, exploitation_type, age, gender), circumstances in zip(
            values, cycle(((), tuple(Circumstance))), strict=False
        )
    ]
    return every[:: len(every) // QUESTIONS]


def _snapshot(size: int) -> Snapshot:
    entries = {row.slug: Entry(row.record, History(), NOW) for row in rows(size)}
    return empty_snapshot(catalogue(Settings()), NOW).with_changes(entries, NOW, sequence=size)
