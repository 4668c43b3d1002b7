"""Matching: who can take a person now, by the rules of `docs/matching.md`, and the reasons.

First the four aspects are judged (area, exploitation, age and gender), then existing clients, then the state now. Each
reason implies an outcome, and the gravest outcome decides.

A question asks about one situation; "this one is paused: who else?" asks about every situation within a remit. Where a
responder takes only some of the situations, it covers them in part.
"""

from collections.abc import Callable
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import msgspec

from capacity_api.domain.areas import AREAS, UNITED_KINGDOM, Cover, cover
from capacity_api.domain.intake import Circumstance, Intake, State
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender, Remit, may_take_age


class Outcome(StrEnum):
    """Best first; a graver one takes precedence."""

    YES = "yes"
    WAITING_LIST = "waiting_list"
    ASK = "ask"
    NO = "no"


class ReasonCode(StrEnum):
    """In the order in which they are given. The sentence of each stands in `vocabulary.MATCH_REASONS`."""

    WITHIN_REMIT = "within_remit"
    AREA_NOT_COVERED = "area_not_covered"
    AREA_PARTLY_COVERED = "area_partly_covered"
    AREA_NOT_GIVEN = "area_not_given"
    EXPLOITATION_NOT_COVERED = "exploitation_not_covered"
    EXPLOITATION_PARTLY_COVERED = "exploitation_partly_covered"
    EXPLOITATION_UNKNOWN = "exploitation_unknown"
    EXPLOITATION_NOT_GIVEN = "exploitation_not_given"
    AGE_NOT_COVERED = "age_not_covered"
    AGE_PARTLY_COVERED = "age_partly_covered"
    YOUNG_PEOPLE_ONLY = "young_people_only"
    AGE_NOT_GIVEN = "age_not_given"
    GENDER_NOT_COVERED = "gender_not_covered"
    GENDER_PARTLY_COVERED = "gender_partly_covered"
    GENDER_NOT_GIVEN = "gender_not_given"
    EXISTING_CLIENTS_ONLY = "existing_clients_only"
    EXISTING_CLIENT = "existing_client"
    OPEN = "open"
    WAITING_LIST = "waiting_list"
    PAUSED = "paused"
    PAUSED_WITH_EXCEPTIONS = "paused_with_exceptions"
    EXCEPTION_SELF_REFERRAL = "exception_self_referral"
    EXCEPTION_HOMELESSNESS = "exception_homelessness"
    EXCEPTION_DETENTION = "exception_detention"
    EXCEPTION_CRIMINAL_INVESTIGATION = "exception_criminal_investigation"
    EXCEPTION_OTHER_URGENT = "exception_other_urgent"
    UNCONFIRMED = "unconfirmed"


EXCEPTIONS = MappingProxyType({each: ReasonCode(f"exception_{each}") for each in Circumstance})
_YES = frozenset({ReasonCode.WITHIN_REMIT, ReasonCode.EXISTING_CLIENT, ReasonCode.OPEN, *EXCEPTIONS.values()})
_NO = frozenset(
    {
        ReasonCode.AREA_NOT_COVERED,
        ReasonCode.EXPLOITATION_NOT_COVERED,
        ReasonCode.AGE_NOT_COVERED,
        ReasonCode.GENDER_NOT_COVERED,
        ReasonCode.EXISTING_CLIENTS_ONLY,
        ReasonCode.PAUSED,
        ReasonCode.PAUSED_WITH_EXCEPTIONS,
    }
)


def _outcome_of(code: ReasonCode) -> Outcome:
    if code in _YES:
        return Outcome.YES
    if code is ReasonCode.WAITING_LIST:
        return Outcome.WAITING_LIST
    return Outcome.NO if code in _NO else Outcome.ASK


OUTCOME_OF: MappingProxyType[ReasonCode, Outcome] = MappingProxyType({code: _outcome_of(code) for code in ReasonCode})
_GRAVITY = MappingProxyType({outcome: n for n, outcome in enumerate(Outcome)})
_POSITION = MappingProxyType({code: n for n, code in enumerate(ReasonCode)})

Value = str | None
Decision = tuple[Outcome, tuple[ReasonCode, ...]]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of one person; null is "not said". `area` is a code of `AREAS`, `existing_client_of` a slug."""

    area: str | None = None
    exploitation_type: ExploitationType | None = None
    age_group: AgeGroup | None = None
    gender: Gender | None = None
    circumstances: tuple[Circumstance, ...] = ()
    existing_client_of: str | None = None


class Situations(msgspec.Struct, frozen=True, kw_only=True):
    """A set of situations: every combination of a value from each aspect, in the order of `ASPECTS`."""

    values: tuple[tuple[Value, ...], ...]
    circumstances: tuple[Circumstance, ...] = ()
    existing_client_of: str | None = None


class Aspect(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a question may say and a remit may restrict. `judge` gives null where the remit takes it on."""

    judge: Callable[[Remit, Any], ReasonCode | None]
    # Every value that there is, "not said" among them.
    values: tuple[Value, ...]
    partly: ReasonCode


def _area(remit: Remit, asked: str | None) -> ReasonCode | None:
    match cover(remit.areas, asked or UNITED_KINGDOM):
        case Cover.WHOLE:
            return None
        case Cover.PART if asked:
            return ReasonCode.AREA_PARTLY_COVERED
        case _:
            return ReasonCode.AREA_NOT_COVERED if asked else ReasonCode.AREA_NOT_GIVEN


def _exploitation(remit: Remit, asked: ExploitationType | None) -> ReasonCode | None:
    types = remit.exploitation_types
    if types is None:
        return ReasonCode.EXPLOITATION_UNKNOWN
    if types == "all" or asked in types:
        return None
    return ReasonCode.EXPLOITATION_NOT_COVERED if asked else ReasonCode.EXPLOITATION_NOT_GIVEN


def _age(remit: Remit, asked: AgeGroup | None) -> ReasonCode | None:
    ages = remit.age_groups
    if asked is None:
        # Young people are adults.
        return None if AgeGroup.ADULT in ages and AgeGroup.CHILD in ages else ReasonCode.AGE_NOT_GIVEN
    if not may_take_age(ages, asked):
        return ReasonCode.AGE_NOT_COVERED
    return ReasonCode.YOUNG_PEOPLE_ONLY if asked is AgeGroup.ADULT and AgeGroup.ADULT not in ages else None


def _gender(remit: Remit, asked: Gender | None) -> ReasonCode | None:
    if remit.genders == "all" or asked in remit.genders:
        return None
    return ReasonCode.GENDER_NOT_COVERED if asked else ReasonCode.GENDER_NOT_GIVEN


ASPECTS = (
    Aspect(judge=_area, values=(None, *AREAS), partly=ReasonCode.AREA_PARTLY_COVERED),
    Aspect(judge=_exploitation, values=(None, *ExploitationType), partly=ReasonCode.EXPLOITATION_PARTLY_COVERED),
    Aspect(judge=_age, values=(None, *AgeGroup), partly=ReasonCode.AGE_PARTLY_COVERED),
    Aspect(judge=_gender, values=(None, *Gender), partly=ReasonCode.GENDER_PARTLY_COVERED),
)


def situation_of(question: Question) -> Situations:
    """The one situation of a question."""
    return Situations(
        values=((question.area,), (question.exploitation_type,), (question.age_group,), (question.gender,)),
        circumstances=question.circumstances,
        existing_client_of=question.existing_client_of,
    )


def situations_within(remit: Remit) -> Situations:
    """Every situation that a remit may take on: where it is unknown, any."""
    types, genders = remit.exploitation_types, remit.genders
    return Situations(
        values=(
            remit.areas,
            types if isinstance(types, tuple) else tuple(ExploitationType),
            remit.age_groups,
            genders if isinstance(genders, tuple) else tuple(Gender),
        )
    )


def decide(slug: str, remit: Remit, intake: Intake, question: Question) -> Decision:
    """Whether the responder can take the person of a question now; `intake` brought up to now (`intake_at`)."""
    return decide_situations(slug, remit, intake, situation_of(question))


def decide_situations(slug: str, remit: Remit, intake: Intake, situations: Situations) -> Decision:
    """The outcome and the reasons that decide it, in their order."""
    codes = {ReasonCode.WITHIN_REMIT, *_now(intake, situations.circumstances)}
    if remit.existing_clients_only:
        known = situations.existing_client_of == slug
        codes.add(ReasonCode.EXISTING_CLIENT if known else ReasonCode.EXISTING_CLIENTS_ONLY)
    for aspect, values in zip(ASPECTS, situations.values, strict=True):
        found = {aspect.judge(remit, value) for value in values}
        code = aspect.partly if len(found) > 1 else found.pop()
        if code is not None:
            codes.add(code)
    outcome = max((OUTCOME_OF[code] for code in codes), key=_GRAVITY.__getitem__)
    return outcome, tuple(sorted((code for code in codes if OUTCOME_OF[code] is outcome), key=_POSITION.__getitem__))


def exceptions_of(intake: Intake) -> tuple[Circumstance, ...]:
    """Whom a paused responder still takes; without a pause there is nothing to except."""
    return intake.report.exceptions if intake.report is not None and intake.state is State.PAUSED else ()


def _now(intake: Intake, circumstances: tuple[Circumstance, ...]) -> list[ReasonCode]:
    match intake.state:
        case State.OPEN:
            return [ReasonCode.OPEN]
        case State.WAITING_LIST:
            return [ReasonCode.WAITING_LIST]
        case State.UNCONFIRMED:
            return [ReasonCode.UNCONFIRMED]
        case State.PAUSED:
            held = exceptions_of(intake)
            applying = [EXCEPTIONS[each] for each in held if each in circumstances]
            return applying or [ReasonCode.PAUSED_WITH_EXCEPTIONS if held else ReasonCode.PAUSED]
