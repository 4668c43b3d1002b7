"""`tests/vectors/matching.json`: what the rules decide, for code in other languages. `make vectors` writes it."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import msgspec

from capacity_api.domain.areas import AREAS, ENGLAND, LONDON, SOUTH_WEST, UNITED_KINGDOM, WEST_OF_ENGLAND
from capacity_api.domain.intake import Circumstance, Intake, Report, ReportedState
from capacity_api.domain.matching import Decision, Outcome, Question, decide, decide_situations, situations_within
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender, Remit, validate_remit

VECTORS = Path(__file__).parents[1] / "tests" / "vectors" / "matching.json"
ABOUT = (
    "Each of `questions`: what POST /v1/matches decides about one responder. Each of `alternatives`: what GET "
    "/v1/responders/{slug}/alternatives decides about one responder for the remit of another. Responders are as in "
    "/v1/directory, without what decides nothing."
)
_LIKELY_AREAS = (UNITED_KINGDOM, UNITED_KINGDOM, ENGLAND, LONDON, SOUTH_WEST, WEST_OF_ENGLAND, *AREAS)
T = TypeVar("T")


class Draws:
    """Choices from a seed; only of `random()` does Python promise that it stays the same."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def one(self, items: Iterable[T]) -> T:
        choices = list(items)
        return choices[int(self._random.random() * len(choices))]

    def some(self, items: Iterable[T], share: float) -> tuple[T, ...]:
        """At least one of them, each with the probability `share`."""
        choices = list(items)
        return tuple(item for item in choices if self._random.random() < share) or (self.one(choices),)

    def happens(self, probability: float) -> bool:
        return self._random.random() < probability

    def remit(self) -> Remit:
        return validate_remit(
            Remit(
                areas=tuple(self.one(_LIKELY_AREAS) for _ in range(self.one((1, 1, 1, 2, 4)))),
                exploitation_types=self.one(("all", "all", None, self.some(ExploitationType, 0.4))),
                age_groups=self.some(AgeGroup, 0.6),
                genders=self.one(("all", "all", self.some(Gender, 0.5))),
                existing_clients_only=self.happens(0.2),
            )
        )

    def intake(self) -> Intake:
        if self.happens(0.1):
            return Intake()
        excepted = self.some(Circumstance, 0.4) if self.happens(0.6) else ()
        report = Report(state=self.one([*ReportedState, ReportedState.PAUSED]), exceptions=excepted)
        return Intake(report=report, lapsed=self.happens(0.1))

    def question(self) -> Question:
        return Question(
            area=self.one(_LIKELY_AREAS) if self.happens(0.8) else None,
            exploitation_type=self.one(ExploitationType) if self.happens(0.8) else None,
            age_group=self.one(AgeGroup) if self.happens(0.8) else None,
            gender=self.one(Gender) if self.happens(0.8) else None,
            circumstances=self.some(Circumstance, 0.4) if self.happens(0.6) else (),
            existing_client_of=self.one(("tara", "unseen")) if self.happens(0.3) else None,
        )


def vectors() -> dict[str, Any]:
    draws = Draws(20240501)
    return {
        "about": ABOUT,
        "questions": _of_each_outcome(75, lambda: about_a_question(draws)),
        "alternatives": _of_each_outcome(20, lambda: about_a_remit(draws)),
    }


def _of_each_outcome(number: int, draw: Callable[[], dict[str, Any]]) -> list[dict[str, Any]]:
    """So many of each outcome, in the order in which they were drawn."""
    found: list[dict[str, Any]] = []
    left = dict.fromkeys(Outcome, number)
    while any(left.values()):
        vector = draw()
        if left[vector["outcome"]]:
            left[vector["outcome"]] -= 1
            found.append(json.loads(msgspec.json.encode(vector)))
    return found


def about_a_question(draws: Draws) -> dict[str, Any]:
    remit, intake, question = draws.remit(), draws.intake(), draws.question()
    decision = decide("tara", remit, intake, question)
    return {"question": question, "responder": _shown(remit, intake), **_decided(decision)}


def about_a_remit(draws: Draws) -> dict[str, Any]:
    mine, remit, intake = draws.remit(), draws.remit(), draws.intake()
    decision = decide_situations("tara", remit, intake, situations_within(mine))
    return {"remit": _remit(mine), "responder": _shown(remit, intake), **_decided(decision)}


def _shown(remit: Remit, intake: Intake) -> dict[str, Any]:
    exceptions = intake.report.exceptions if intake.report else ()
    return {"slug": "tara", "remit": _remit(remit), "intake": {"state": intake.state, "exceptions": exceptions}}


def _remit(remit: Remit) -> dict[str, Any]:
    decisive = ("exploitation_types", "age_groups", "genders", "existing_clients_only")
    return {
        "areas": [{"code": code} for code in remit.areas],
        **{field: getattr(remit, field) for field in decisive},
    }


def _decided(decision: Decision) -> dict[str, Any]:
    return {"outcome": decision[0], "reasons": decision[1]}


def written(found: dict[str, Any]) -> str:
    """One vector a line."""
    parts = [f'"about": {json.dumps(found["about"])}']
    for name in ("questions", "alternatives"):
        lines = ",\n".join(json.dumps(each, separators=(",", ":")) for each in found[name])
        parts.append(f'"{name}": [\n{lines}\n]')
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    VECTORS.write_text(written(vectors()))
