"""The vocabulary: every code that this service uses, with its label in English."""

from collections.abc import Mapping
from typing import Any

import msgspec

from capacity_api.domain.areas import AREAS, Area
from capacity_api.domain.events import EventType
from capacity_api.domain.vocabulary import (
    AGE_GROUPS,
    CIRCUMSTANCES,
    EXPLOITATION_TYPES,
    GENDERS,
    MATCH_REASONS,
    OUTCOMES,
    REASONS,
    STATES,
    UNITS,
    Label,
)


class Term(msgspec.Struct, frozen=True):
    code: str
    label: str


class Vocabulary(msgspec.Struct, frozen=True, kw_only=True):
    """Every code that this service uses, with its label in English; `areas` as a tree by `parent`."""

    areas: list[Area]
    exploitation_types: list[Term]
    age_groups: list[Term]
    genders: list[Term]
    circumstances: list[Term]
    states: list[Term]
    reasons: list[Term]
    units: list[Term]
    outcomes: list[Term]
    match_reasons: list[Term]
    event_types: list[str]


def represent_vocabulary() -> Vocabulary:
    return Vocabulary(
        areas=list(AREAS.values()),
        exploitation_types=_terms(EXPLOITATION_TYPES),
        age_groups=_terms(AGE_GROUPS),
        genders=_terms(GENDERS),
        circumstances=_terms(CIRCUMSTANCES),
        states=_terms(STATES),
        reasons=_terms(REASONS),
        units=[Term(unit, label) for unit, label in UNITS.items()],
        outcomes=[Term(outcome, label) for outcome, label in OUTCOMES.items()],
        match_reasons=[Term(code, sentence) for code, sentence in MATCH_REASONS.items()],
        event_types=list(EventType),
    )


def _terms(labels: Mapping[Any, Label]) -> list[Term]:
    return [Term(code, label.alone) for code, label in labels.items()]
