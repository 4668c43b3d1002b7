"""The rules against people of whom everything is known: whatever is said of one of them, no answer may be wrong."""

from typing import Any, NamedTuple

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.domain.strategies import intakes_now, remits, slugs, unhurried

from capacity_api.domain.areas import AREAS, UNITED_KINGDOM, is_within
from capacity_api.domain.codes import EVERYTHING, NOT_KNOWN, includes
from capacity_api.domain.intake import Circumstance, Intake, State, remit_now
from capacity_api.domain.matching import ASKED_CIRCUMSTANCES, Outcome, Question, decide
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender, Remit


class Person(NamedTuple):
    """`place` is the smallest area of ours that the person is in, and `clients_of` everybody whose client this is."""

    place: str
    kind: ExploitationType
    age: int
    gender: Gender
    circumstances: frozenset[Circumstance]
    clients_of: frozenset[str]


# Most random remits take hardly anybody, whatever a report limits them to.
any_remits = remits | remits.map(
    lambda remit: msgspec.structs.replace(
        remit,
        areas=(UNITED_KINGDOM,),
        exploitation_types=EVERYTHING,
        age_groups=EVERYTHING,
        genders=EVERYTHING,
        existing_clients_only=False,
    )
)
people = st.builds(
    Person,
    # Anybody in England or the United Kingdom is in one of their parts.
    place=st.sampled_from([code for code in AREAS if code not in {UNITED_KINGDOM, "E92000001"}]),
    kind=st.sampled_from(ExploitationType),
    age=st.integers(10, 40),
    gender=st.sampled_from(Gender),
    circumstances=st.frozensets(st.sampled_from(ASKED_CIRCUMSTANCES)),
    clients_of=st.frozensets(slugs),
)


@st.composite
def true_questions(draw: st.DrawFn, person: Person) -> Question:
    """A question that says some of what is true of a person."""
    said = draw(st.frozensets(st.sampled_from(ASKED_CIRCUMSTANCES)))
    return Question(
        area=draw(st.none() | st.sampled_from([code for code in AREAS if is_within(person.place, code)])),
        exploitation_type=draw(st.sampled_from([None, person.kind])),
        age_group=draw(st.none() | st.sampled_from([age for age in AgeGroup if is_of_age(person, age)])),
        gender=draw(st.sampled_from([None, person.gender])),
        circumstances=tuple(said & person.circumstances),
        circumstances_excluded=tuple(said - person.circumstances),
        existing_client_of=draw(st.sampled_from([NOT_KNOWN, tuple(sorted(person.clients_of))])),
    )


def is_of_age(person: Person, age: str) -> bool:
    return {
        "all": True,
        AgeGroup.CHILD: person.age < 18,
        AgeGroup.ADULT: person.age >= 18,
        AgeGroup.YOUNG_PERSON: 18 <= person.age <= 25,
    }[age]


def is_within_remit(person: Person, remit: Remit) -> bool:
    """Whether the person is of those whom a remit names, kinds that it leaves unknown aside."""
    return (
        any(is_within(person.place, area) for area in remit.areas)
        and (remit.exploitation_types == NOT_KNOWN or includes(remit.exploitation_types, person.kind))
        and any(is_of_age(person, age) for age in remit.age_groups)
        and includes(remit.genders, person.gender)
    )


def may_be_taken(slug: str, person: Person, remit: Remit, intake: Intake) -> bool:
    """Whether the responder, by all that it says, takes this person, or may."""
    if remit.existing_clients_only and slug not in person.clients_of:
        return False
    if not is_within_remit(person, remit_now(remit, intake)):
        return False
    if intake.state is not State.PAUSED:
        return True
    assert intake.report is not None
    applying = person.circumstances | ({Circumstance.EXISTING_CLIENT} if slug in person.clients_of else set())
    return any(exception in applying for exception in intake.report.exceptions)


@given(st.data(), people, any_remits, intakes_now)
@settings(unhurried, max_examples=300)
def test_nobody_whom_a_report_takes_gets_a_no_and_nobody_whom_it_does_not_take_a_yes(
    data: st.DataObject, person: Person, remit: Remit, intake: Intake
) -> None:
    outcome, reasons = decide("tara", remit, intake, data.draw(true_questions(person)))
    if may_be_taken("tara", person, remit, intake):
        assert outcome is not Outcome.NO, reasons
    else:
        assert outcome in {Outcome.ASK, Outcome.NO}, reasons


@given(people, any_remits, intakes_now)
@settings(unhurried, max_examples=300)
def test_when_everything_is_said_only_what_the_responder_left_open_is_to_be_asked(
    person: Person, remit: Remit, intake: Intake
) -> None:
    everything: dict[str, Any] = {
        "area": person.place,
        "exploitation_type": person.kind,
        "age_group": next(age for age in reversed(AgeGroup) if is_of_age(person, age)),
        "gender": person.gender,
        "circumstances": tuple(person.circumstances),
        "circumstances_excluded": tuple(set(ASKED_CIRCUMSTANCES) - person.circumstances),
        "existing_client_of": tuple(person.clients_of),
    }
    outcome, reasons = decide("tara", remit, intake, Question(**everything))
    if outcome is Outcome.ASK:
        # There are adults of any age, and a place of ours may be larger than that of the remit.
        assert set(reasons) <= {
            "exploitation_unknown",
            "unconfirmed",
            "young_people_only",
            "area_partly_covered",
        }
    else:
        assert (outcome is not Outcome.NO) is may_be_taken("tara", person, remit, intake)
