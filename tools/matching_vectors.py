"""`tests/vectors/matching.json`: what the rules decide, for code in other languages. `make vectors` writes it."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import msgspec

from capacity_api.domain.areas import AREAS, ENGLAND, LONDON, SOUTH_WEST, UNITED_KINGDOM, WEST_OF_ENGLAND
from capacity_api.domain.codes import EVERYTHING, NOT_KNOWN
from capacity_api.domain.intake import Circumstance, Intake, Report, ReportedState
from capacity_api.domain.matching import (
    ASKED_CIRCUMSTANCES,
    Decision,
    Outcome,
    Question,
    ReasonCode,
    decide,
    decide_situations,
    situations_within,
)
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender, Limit, Remit, validate_limit, validate_remit

VECTORS = Path(__file__).parents[1] / "tests" / "vectors" / "matching.json"
ABOUT = (
    "Each of `questions`: what POST /v1/matches decides about one responder. Each of `alternatives`: what GET "
    "/v1/responders/{slug}/alternatives decides about one responder for the remit of another. Responders are as in "
    "/v1/directory, without what decides nothing."
)
# At least so many vectors have each reason.
_OF_EACH_REASON = 4
# A question asks for one kind, age and gender, so only another remit can be covered in part.
_OF_REMITS = frozenset(
    {
        ReasonCode.EXPLOITATION_PARTLY_COVERED,
        ReasonCode.AGE_PARTLY_COVERED,
        ReasonCode.GENDER_PARTLY_COVERED,
    }
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
                exploitation_types=self.one((EVERYTHING, EVERYTHING, NOT_KNOWN, self.some(ExploitationType, 0.4))),
                age_groups=self.one((EVERYTHING, *(self.some(AgeGroup, 0.6) for _ in range(4)))),
                genders=self.one((EVERYTHING, EVERYTHING, self.some(Gender, 0.5))),
                existing_clients_only=self.happens(0.2),
            )
        )

    def intake(self, remit: Remit) -> Intake:
        """As the clock may have left it. A limit was within the remit, which may have changed since."""
        if self.happens(0.1):
            return Intake()
        state = self.one([*ReportedState, ReportedState.PAUSED])
        is_paused = state is ReportedState.PAUSED
        report = Report(
            state=state,
            exceptions=self.some(Circumstance, 0.4) if is_paused and self.happens(0.7) else (),
            limited_to=self._limit(remit) if not is_paused and self.happens(0.7) else None,
        )
        return Intake(report=report, lapsed=self.happens(0.1))

    def _limit(self, remit: Remit) -> Limit | None:
        """A limit that the remit, or now and then any other one, has room for; `None` if chance finds none."""
        had_changed = self.happens(0.15)
        for _ in range(30):
            limit = Limit(
                areas=self.some(AREAS, 0.1) if self.happens(0.4) else EVERYTHING,
                exploitation_types=self.some(ExploitationType, 0.3) if self.happens(0.4) else EVERYTHING,
                age_groups=self.some(AgeGroup, 0.4) if self.happens(0.4) else EVERYTHING,
                genders=self.some(Gender, 0.4) if self.happens(0.4) else EVERYTHING,
            )
            errors: list[Any] = []
            limit = validate_limit(limit, remit, errors)
            if had_changed or not errors:
                return limit
        return None

    def question(self) -> Question:
        applying, excluded = self._circumstances()
        return Question(
            area=self.one(_LIKELY_AREAS) if self.happens(0.8) else None,
            exploitation_type=self.one(ExploitationType) if self.happens(0.8) else None,
            age_group=self.one(AgeGroup) if self.happens(0.8) else None,
            gender=self.one(Gender) if self.happens(0.8) else None,
            circumstances=applying,
            circumstances_excluded=excluded,
            existing_client_of=self.one((NOT_KNOWN, NOT_KNOWN, (), ("unseen",), ("tara",), ("tara", "unseen"))),
        )

    def _circumstances(self) -> tuple[tuple[Circumstance, ...], tuple[Circumstance, ...]]:
        """Those that apply and those that do not: all of them are said, or some, or none."""
        said = self.one((0.0, 0.5, 1.0))
        applies = self.one((0.0, 0.2, 0.5))
        applying: list[Circumstance] = []
        excluded: list[Circumstance] = []
        for circumstance in ASKED_CIRCUMSTANCES:
            if self.happens(said):
                (applying if self.happens(applies) else excluded).append(circumstance)
        return tuple(applying), tuple(excluded)


def vectors() -> dict[str, Any]:
    draws = Draws(20240501)
    return {
        "about": ABOUT,
        "questions": _drawn(lambda: about_a_question(draws), 52, frozenset(ReasonCode) - _OF_REMITS),
        "alternatives": _drawn(lambda: about_a_remit(draws), 16, _OF_REMITS | {ReasonCode.OUTSIDE_CURRENT_LIMIT}),
    }


def _drawn(draw: Callable[[], dict[str, Any]], number: int, reasons: Iterable[ReasonCode]) -> list[dict[str, Any]]:
    """So many of each outcome, and more where one of these reasons is rare, in the order in which they were drawn."""
    found: list[dict[str, Any]] = []
    outcomes = dict.fromkeys(Outcome, number)
    rare = dict.fromkeys(reasons, _OF_EACH_REASON)
    # Four things can be limited, and a limit can leave nothing of a remit.
    rare[ReasonCode.OUTSIDE_CURRENT_LIMIT] *= 3
    while any(outcomes.values()) or any(rare.values()):
        vector = draw()
        wanted = [reason for reason in vector["reasons"] if rare.get(reason)]
        if not wanted and not outcomes[vector["outcome"]]:
            continue
        for reason in wanted:
            rare[reason] -= 1
        outcomes[vector["outcome"]] = max(0, outcomes[vector["outcome"]] - 1)
        found.append(json.loads(msgspec.json.encode(vector)))
    return found


def about_a_question(draws: Draws) -> dict[str, Any]:
    remit, question = draws.remit(), draws.question()
    intake = draws.intake(remit)
    decision = decide("tara", remit, intake, question)
    return {"question": question, "responder": _shown(remit, intake), **_decided(decision)}


def about_a_remit(draws: Draws) -> dict[str, Any]:
    mine, remit = draws.remit(), draws.remit()
    intake = draws.intake(remit)
    decision = decide_situations("tara", remit, intake, situations_within(mine))
    return {"remit": _remit(mine), "responder": _shown(remit, intake), **_decided(decision)}


def _shown(remit: Remit, intake: Intake) -> dict[str, Any]:
    report = intake.current_report
    decisive = None if report is None else {"exceptions": report.exceptions, "limited_to": report.limited_to}
    return {"slug": "tara", "remit": _remit(remit), "intake": {"state": intake.state, "report": decisive}}


def _remit(remit: Remit) -> dict[str, Any]:
    return {
        "areas": [{"code": code} for code in remit.areas],
        "exploitation_types": remit.exploitation_types,
        "age_groups": remit.age_groups,
        "genders": remit.genders,
        "existing_clients_only": remit.existing_clients_only,
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
