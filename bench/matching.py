"""Matching, in this process: deciding about everybody and encoding the first twenty matches."""

import statistics
import time
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice, product
from types import MappingProxyType
from uuid import UUID

from capacity_api import representations
from capacity_api.db.tables import IntakeRow, ResponderRow
from capacity_api.domain import match_index
from capacity_api.domain.areas import AREAS
from capacity_api.domain.intake import NEVER_REPORTED, Circumstance, Intake, Report, ReportedState
from capacity_api.domain.match_index import Entry
from capacity_api.domain.matching import Outcome, Question
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender
from capacity_api.operations.responders import register
from capacity_api.publication import matches
from capacity_api.publication.tree import Tree
from capacity_api.representations import Directory

SIZES = (1_000, 10_000)
SHOWN = 20
QUESTIONS = 500
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
STATES = (
    Report(state=ReportedState.OPEN),
    Report(state=ReportedState.WAITING_LIST),
    Report(state=ReportedState.PAUSED, exceptions=(Circumstance.HOMELESSNESS, Circumstance.DETENTION)),
    None,
)


def processor_milliseconds(size: int) -> tuple[float, float]:
    """The median and the slowest of a hundred of one question to `size` responders."""
    tree = _tree(size)
    taken = []
    for question in _questions():
        start = time.process_time_ns()
        representations.encode(matches.matches(tree, question, tuple(Outcome), SHOWN))
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


def _tree(size: int) -> Tree:
    """The starting register over and over, in every state."""
    rows = []
    for n, new in enumerate(islice(cycle(register()), size)):
        report = STATES[n // 13 % len(STATES)]
        intake = IntakeRow()
        intake.value = NEVER_REPORTED if report is None else _reported(report)
        rows.append(
            ResponderRow(
                id=UUID(int=n),
                slug=f"{new.slug}-{n}",
                name=f"{new.name} {n}",
                website=None,
                contact=new.contact,
                remit=new.remit,
                sequence=n,
                updated_at=NOW,
                intake=intake,
            )
        )
    shown = [representations.from_responder(row, NOW) for row in rows]
    return Tree(
        directory=Directory(sequence=size, updated_at=NOW, total=size, responders=shown),
        responders=MappingProxyType({each.slug: each for each in shown}),
        match_index=match_index.index(Entry(row.slug, row.name, row.remit, row.intake.value) for row in rows),
        resources=MappingProxyType({}),
        next_lapse=None,
        page_until=NOW,
    )


def _reported(report: Report) -> Intake:
    return Intake(report=report, changed_at=NOW, confirmed_at=NOW, confirm_by=NOW + timedelta(days=7))
