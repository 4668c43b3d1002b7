"""Matching: who can take a person now, by the rules of `docs/matching.md`, and the reasons.

First the four aspects of the remit are judged (area, exploitation, age and gender), then existing clients, then the
state now. A report may limit the remit for as long as it holds. Each reason implies an outcome, and the gravest outcome
decides.

A question asks about one situation; "this one is paused: who else?" asks about every situation within a remit. Where a
responder takes only some of the situations, it covers them in part.
"""

from collections.abc import Callable, Container
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any

import msgspec

from capacity_api.domain.areas import AREAS, UNITED_KINGDOM, Cover, cover
from capacity_api.domain.codes import NOT_KNOWN, UNKNOWN, includes, members
from capacity_api.domain.intake import Circumstance, Intake, State, remit_now
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender, Remit, may_take_age, takes_age
from capacity_api.domain.responder import Slug
from capacity_api.errors import FieldError, Invalid


class Outcome(StrEnum):
    """Best first; a graver one takes precedence."""

    YES = "yes"
    WAITING_LIST = "waiting_list"
    ASK = "ask"
    NO = "no"


class ReasonCode(StrEnum):
    """In the order in which they are given. `/v1/vocabulary` has the sentence of each."""

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
    OUTSIDE_CURRENT_LIMIT = "outside_current_limit"
    EXISTING_CLIENTS_ONLY = "existing_clients_only"
    EXISTING_CLIENT_NOT_GIVEN = "existing_client_not_given"
    EXISTING_CLIENT = "existing_client"
    OPEN = "open"
    WAITING_LIST = "waiting_list"
    PAUSED = "paused"
    PAUSED_WITH_EXCEPTIONS = "paused_with_exceptions"
    EXCEPTION_SELF_REFERRAL = "exception_self_referral"
    EXCEPTION_HOMELESSNESS = "exception_homelessness"
    EXCEPTION_DETENTION = "exception_detention"
    EXCEPTION_CRIMINAL_INVESTIGATION = "exception_criminal_investigation"
    EXCEPTION_EXISTING_CLIENT = "exception_existing_client"
    EXCEPTION_OTHER_URGENT = "exception_other_urgent"
    EXCEPTION_NOT_GIVEN_SELF_REFERRAL = "exception_not_given_self_referral"
    EXCEPTION_NOT_GIVEN_HOMELESSNESS = "exception_not_given_homelessness"
    EXCEPTION_NOT_GIVEN_DETENTION = "exception_not_given_detention"
    EXCEPTION_NOT_GIVEN_CRIMINAL_INVESTIGATION = "exception_not_given_criminal_investigation"
    EXCEPTION_NOT_GIVEN_EXISTING_CLIENT = "exception_not_given_existing_client"
    EXCEPTION_NOT_GIVEN_OTHER_URGENT = "exception_not_given_other_urgent"
    UNCONFIRMED = "unconfirmed"


EXCEPTIONS = MappingProxyType({each: ReasonCode(f"exception_{each}") for each in Circumstance})
EXCEPTIONS_NOT_GIVEN = MappingProxyType({each: ReasonCode(f"exception_not_given_{each}") for each in Circumstance})
# What a question can say. Whose client somebody is, `existing_client_of` says.
ASKED_CIRCUMSTANCES = tuple(each for each in Circumstance if each is not Circumstance.EXISTING_CLIENT)
AskedCircumstances = Annotated[
    tuple[Circumstance, ...],
    msgspec.Meta(extra_json_schema={"items": {"type": "string", "enum": list(ASKED_CIRCUMSTANCES)}}),
]
_YES = frozenset({ReasonCode.WITHIN_REMIT, ReasonCode.EXISTING_CLIENT, ReasonCode.OPEN, *EXCEPTIONS.values()})
_NO = frozenset(
    {
        ReasonCode.AREA_NOT_COVERED,
        ReasonCode.EXPLOITATION_NOT_COVERED,
        ReasonCode.AGE_NOT_COVERED,
        ReasonCode.GENDER_NOT_COVERED,
        ReasonCode.OUTSIDE_CURRENT_LIMIT,
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
    """What is said of one person; null is "not said". `area` is a code of `AREAS`.

    `circumstances` apply, `circumstances_excluded` do not, and what is in neither was not said. `existing_client_of`
    holds slugs: none for nobody's client, `["unknown"]` where it was not said.
    """

    area: Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(AREAS)})] | None = None
    exploitation_type: ExploitationType | None = None
    age_group: AgeGroup | None = None
    gender: Gender | None = None
    circumstances: AskedCircumstances = ()
    circumstances_excluded: AskedCircumstances = ()
    existing_client_of: tuple[Slug, ...] = NOT_KNOWN


class Situations(msgspec.Struct, frozen=True, kw_only=True):
    """A set of situations: every combination of a value from each aspect, in the order of `ASPECTS`."""

    values: tuple[tuple[Value, ...], ...]
    circumstances: tuple[Circumstance, ...] = ()
    circumstances_excluded: tuple[Circumstance, ...] = ()
    existing_client_of: tuple[str, ...] = NOT_KNOWN


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
    if types == NOT_KNOWN:
        return ReasonCode.EXPLOITATION_UNKNOWN
    if includes(types, asked):
        return None
    return ReasonCode.EXPLOITATION_NOT_COVERED if asked else ReasonCode.EXPLOITATION_NOT_GIVEN


def _age(remit: Remit, asked: AgeGroup | None) -> ReasonCode | None:
    ages = remit.age_groups
    if asked is None:
        # Young people are adults.
        takes_everybody = takes_age(ages, AgeGroup.ADULT) and takes_age(ages, AgeGroup.CHILD)
        return None if takes_everybody else ReasonCode.AGE_NOT_GIVEN
    if not may_take_age(ages, asked):
        return ReasonCode.AGE_NOT_COVERED
    return None if takes_age(ages, asked) else ReasonCode.YOUNG_PEOPLE_ONLY


def _gender(remit: Remit, asked: Gender | None) -> ReasonCode | None:
    if includes(remit.genders, asked):
        return None
    return ReasonCode.GENDER_NOT_COVERED if asked else ReasonCode.GENDER_NOT_GIVEN


ASPECTS = (
    Aspect(judge=_area, values=(None, *AREAS), partly=ReasonCode.AREA_PARTLY_COVERED),
    Aspect(judge=_exploitation, values=(None, *ExploitationType), partly=ReasonCode.EXPLOITATION_PARTLY_COVERED),
    Aspect(judge=_age, values=(None, *AgeGroup), partly=ReasonCode.AGE_PARTLY_COVERED),
    Aspect(judge=_gender, values=(None, *Gender), partly=ReasonCode.GENDER_PARTLY_COVERED),
)


def validate_question(question: Question, slugs: Container[str]) -> None:
    """Raises `Invalid` with a pointer to each fault. `slugs` are those of the listed responders."""
    errors: list[FieldError] = []
    if question.area is not None and question.area not in AREAS:
        errors.append(FieldError("/area", "unknown area code; see /v1/vocabulary"))
    for field, circumstances in (
        ("circumstances", question.circumstances),
        ("circumstances_excluded", question.circumstances_excluded),
    ):
        errors.extend(
            FieldError(f"/{field}/{n}", "is for no list of circumstances; name the responders in existing_client_of")
            for n, each in enumerate(circumstances)
            if each is Circumstance.EXISTING_CLIENT
        )
    errors.extend(
        FieldError(f"/circumstances_excluded/{n}", f"{each.value!r} is in circumstances too; it cannot be both")
        for n, each in enumerate(question.circumstances_excluded)
        if each in question.circumstances and each is not Circumstance.EXISTING_CLIENT
    )
    errors.extend(_existing_client_errors(question.existing_client_of, slugs))
    if errors:
        raise Invalid("The question is not valid", tuple(errors))


def _existing_client_errors(existing_client_of: tuple[str, ...], slugs: Container[str]) -> list[FieldError]:
    if UNKNOWN in existing_client_of and set(existing_client_of) != {UNKNOWN}:
        return [FieldError("/existing_client_of", "'unknown' must stand alone")]
    return [
        FieldError(f"/existing_client_of/{n}", "no responder with this slug is listed")
        for n, slug in enumerate(existing_client_of)
        if slug != UNKNOWN and slug not in slugs
    ]


def situation_of(question: Question) -> Situations:
    """The one situation of a question."""
    return Situations(
        values=((question.area,), (question.exploitation_type,), (question.age_group,), (question.gender,)),
        circumstances=question.circumstances,
        circumstances_excluded=question.circumstances_excluded,
        existing_client_of=question.existing_client_of,
    )


NOTHING_SAID = situation_of(Question())


def situations_within(remit: Remit) -> Situations:
    """Every situation that a remit may take on: where it is unknown, any."""
    types = remit.exploitation_types
    return Situations(
        values=(
            remit.areas,
            tuple(ExploitationType) if types == NOT_KNOWN else members(types, ExploitationType),
            members(remit.age_groups, AgeGroup),
            members(remit.genders, Gender),
        )
    )


def decide(slug: str, remit: Remit, intake: Intake, question: Question) -> Decision:
    """Whether the responder can take the person of a question now; `intake` as the clock has left it (`intake_at`)."""
    return decide_situations(slug, remit, intake, situation_of(question))


def decide_situations(slug: str, remit: Remit, intake: Intake, situations: Situations) -> Decision:
    """The outcome and the reasons that decide it, in their order."""
    codes = _judge_remit(slug, remit, situations)
    limited = remit_now(remit, intake)
    # To somebody whom the remit never takes, the limit of today does not matter.
    if limited is not remit and _outcome(codes) is not Outcome.NO:
        codes = _judge_limited(slug, limited, situations)
    codes.update(_judge_state(slug, intake, situations))
    outcome = _outcome(codes)
    return outcome, tuple(sorted((code for code in codes if OUTCOME_OF[code] is outcome), key=_POSITION.__getitem__))


def _judge_remit(slug: str, remit: Remit, situations: Situations) -> set[ReasonCode]:
    codes = {ReasonCode.WITHIN_REMIT}
    if remit.existing_clients_only:
        codes.add(_judge_existing_client(slug, situations.existing_client_of))
    for aspect, values in zip(ASPECTS, situations.values, strict=True):
        found = {aspect.judge(remit, value) for value in values}
        code = aspect.partly if len(found) > 1 else found.pop()
        if code is not None:
            codes.add(code)
    return codes


def _judge_limited(slug: str, limited: Remit, situations: Situations) -> set[ReasonCode]:
    """As `_judge_remit`, for a remit that a report limits: a refusal is one of the limit."""
    if limited.is_empty:
        return {ReasonCode.OUTSIDE_CURRENT_LIMIT}
    return {
        ReasonCode.OUTSIDE_CURRENT_LIMIT if OUTCOME_OF[code] is Outcome.NO else code
        for code in _judge_remit(slug, limited, situations)
    }


def _judge_existing_client(slug: str, existing_client_of: tuple[str, ...]) -> ReasonCode:
    if slug in existing_client_of:
        return ReasonCode.EXISTING_CLIENT
    if UNKNOWN in existing_client_of:
        return ReasonCode.EXISTING_CLIENT_NOT_GIVEN
    return ReasonCode.EXISTING_CLIENTS_ONLY


def _outcome(codes: set[ReasonCode]) -> Outcome:
    """The gravest outcome that the codes imply."""
    return max((OUTCOME_OF[code] for code in codes), key=_GRAVITY.__getitem__)


def exceptions_of(intake: Intake) -> tuple[Circumstance, ...]:
    """Whom a paused responder still takes; without a pause there is nothing to except."""
    return intake.report.exceptions if intake.report is not None and intake.state is State.PAUSED else ()


def _judge_state(slug: str, intake: Intake, situations: Situations) -> list[ReasonCode]:
    match intake.state:
        case State.OPEN:
            return [ReasonCode.OPEN]
        case State.WAITING_LIST:
            return [ReasonCode.WAITING_LIST]
        case State.UNCONFIRMED:
            return [ReasonCode.UNCONFIRMED]
        case State.PAUSED:
            return _judge_pause(slug, exceptions_of(intake), situations)


def _judge_pause(slug: str, exceptions: tuple[Circumstance, ...], situations: Situations) -> list[ReasonCode]:
    if not exceptions:
        return [ReasonCode.PAUSED]
    applying, excluded = set(situations.circumstances), set(situations.circumstances_excluded)
    if slug in situations.existing_client_of:
        applying.add(Circumstance.EXISTING_CLIENT)
    elif UNKNOWN not in situations.existing_client_of:
        excluded.add(Circumstance.EXISTING_CLIENT)
    codes = [EXCEPTIONS[each] for each in exceptions if each in applying]
    if not codes:
        codes = [EXCEPTIONS_NOT_GIVEN[each] for each in exceptions if each not in excluded]
    return codes or [ReasonCode.PAUSED_WITH_EXCEPTIONS]
