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
        units=[Term(unit, plural) for unit, (_, plural) in UNITS.items()],
        outcomes=_terms(OUTCOMES),
        match_reasons=_terms(MATCH_REASONS),
        event_types=list(EventType),
    )


def _terms(labels: Mapping[Any, str]) -> list[Term]:
    return [Term(code, label) for code, label in labels.items()]
