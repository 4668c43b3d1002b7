"""Matching, in this process: deciding about everybody and encoding the first twenty matches."""

import statistics
import time
from itertools import cycle, product

from bench.registers import NOW, rows

from capacity_api.domain import match_index
from capacity_api.domain.areas import AREAS
from capacity_api.domain.intake import Circumstance
from capacity_api.domain.matching import Outcome, Question
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender
from capacity_api.representations.encoding import encode
from capacity_api.snapshot import matches
from capacity_api.snapshot.entry import Candidate
from capacity_api.snapshot.history import Past
from capacity_api.snapshot.snapshot import Catalogue, Snapshot, empty_snapshot

SIZES = (1_000, 10_000)
SHOWN = 20
QUESTIONS = 500


def main() -> None:
    print(f"{'responders':>12}{'median ms':>11}{'99 % ms':>9}")
    for size in SIZES:
        median, slow = processor_milliseconds(size)
        print(f"{size:>12,}{median:>11.2f}{slow:>9.2f}")


def processor_milliseconds(size: int) -> tuple[float, float]:
    """The median and the slowest of a hundred of one question to `size` responders."""
    tree = _tree(size)
    taken = []
    for question in _questions():
        start = time.process_time_ns()
        encode(matches.find_matches(tree, question, tuple(Outcome), SHOWN))
        taken.append((time.process_time_ns() - start) / 1e6)
    return statistics.median(taken), statistics.quantiles(taken, n=100)[-1]


def _questions() -> list[Question]:
    """Every combination in turn, also of what is not said."""
    answers = product((None, *AREAS), (None, *ExploitationType), (None, *AgeGroup), (None, *Gender))
    every = [
        Question(area=area, exploitation_type=kind, age_group=age, gender=gender, circumstances=circumstances)
        for (area, kind, age, gender), circumstances in zip(answers, cycle(((), tuple(Circumstance))), strict=False)
    ]
    return every[:: len(every) // QUESTIONS]


def _tree(size: int) -> Snapshot:
    nothing = empty_snapshot(Catalogue(static={}, documents={}, pages=frozenset()), NOW, match_index.build_index(()))
    return nothing.changed({row.slug: Candidate(row, Past(), NOW) for row in rows(size)}, NOW, sequence=size)
