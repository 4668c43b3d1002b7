from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.domain.strategies import intakes_now, questions, remits, unhurried, widened

from capacity_api.domain.areas import (
    AREAS,
    ENGLAND,
    LONDON,
    NORTHERN_IRELAND,
    SCOTLAND,
    SOUTH_WEST,
    UNITED_KINGDOM,
    WALES,
    WEST_OF_ENGLAND,
    is_within,
)
from capacity_api.domain.codes import EVERYTHING, NOT_KNOWN
from capacity_api.domain.intake import NEVER_REPORTED, Circumstance, Intake, Report, ReportedState, State
from capacity_api.domain.matching import (
    ASKED_CIRCUMSTANCES,
    OUTCOME_OF,
    Decision,
    Outcome,
    Question,
    ReasonCode,
    Situations,
    decide,
    decide_situations,
    situations_within,
)
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender, Limit, Remit
from capacity_api.domain.vocabulary import MATCH_REASONS, OUTCOMES

YES, WAITING, ASK, NO = Outcome
RANK = list(Outcome)
OPEN = Intake(report=Report(state=ReportedState.OPEN))
WAITING_LIST = Intake(report=Report(state=ReportedState.WAITING_LIST))
PAUSED = Intake(report=Report(state=ReportedState.PAUSED))
EXCEPTING = Intake(
    report=Report(state=ReportedState.PAUSED, exceptions=(Circumstance.SELF_REFERRAL, Circumstance.DETENTION))
)
TAKING_CLIENTS = Intake(report=Report(state=ReportedState.PAUSED, exceptions=(Circumstance.EXISTING_CLIENT,)))
LIMITED_TO_WOMEN = Intake(report=Report(state=ReportedState.OPEN, limited_to=Limit(genders=(Gender.WOMAN,))))
NOT_SAID_SELF_REFERRAL = "exception_not_given_self_referral"
NOT_SAID_DETENTION = "exception_not_given_detention"
LAPSED = msgspec.structs.replace(OPEN, lapsed=True)
WOMAN_IN_LONDON = {"area": LONDON, "exploitation_type": "labour", "age_group": "adult", "gender": "woman"}


def make_remit(**fields: Any) -> Remit:
    defaults = {"areas": [UNITED_KINGDOM], "exploitation_types": EVERYTHING, "age_groups": ["adult", "child"]}
    return msgspec.convert({**defaults, **fields}, Remit)


def decide_about(question_fields: dict[str, Any], remit_fields: dict[str, Any], intake: Intake = OPEN) -> Decision:
    return decide("tara", make_remit(**remit_fields), intake, msgspec.convert(question_fields, Question))


@pytest.mark.parametrize(
    ("remit_fields", "question_fields", "outcome", "codes"),
    [
        # Nothing asked, nothing restricted.
        ({}, {}, YES, ["within_remit", "open"]),
        ({}, WOMAN_IN_LONDON, YES, ["within_remit", "open"]),
        # The area.
        ({"areas": [LONDON]}, {"area": LONDON}, YES, ["within_remit", "open"]),
        ({"areas": [ENGLAND]}, {"area": LONDON}, YES, ["within_remit", "open"]),
        ({"areas": [LONDON]}, {"area": ENGLAND}, ASK, ["area_partly_covered"]),
        ({"areas": [WEST_OF_ENGLAND]}, {"area": SOUTH_WEST}, ASK, ["area_partly_covered"]),
        ({"areas": [WEST_OF_ENGLAND]}, {"area": UNITED_KINGDOM}, ASK, ["area_partly_covered"]),
        ({"areas": [LONDON]}, {"area": SCOTLAND}, NO, ["area_not_covered"]),
        ({"areas": [LONDON]}, {"area": SOUTH_WEST}, NO, ["area_not_covered"]),
        ({"areas": [LONDON]}, {}, ASK, ["area_not_given"]),
        ({"areas": [ENGLAND, WALES]}, {}, ASK, ["area_not_given"]),
        ({"areas": [ENGLAND, WALES, SCOTLAND, NORTHERN_IRELAND]}, {}, YES, ["within_remit", "open"]),
        # The exploitation.
        ({"exploitation_types": ["sexual"]}, {"exploitation_type": "sexual"}, YES, ["within_remit", "open"]),
        ({"exploitation_types": ["sexual"]}, {"exploitation_type": "labour"}, NO, ["exploitation_not_covered"]),
        ({"exploitation_types": ["sexual"]}, {}, ASK, ["exploitation_not_given"]),
        ({"exploitation_types": list(ExploitationType)}, {}, ASK, ["exploitation_not_given"]),
        ({"exploitation_types": ["unknown"]}, {}, ASK, ["exploitation_unknown"]),
        ({"exploitation_types": ["unknown"]}, {"exploitation_type": "labour"}, ASK, ["exploitation_unknown"]),
        # The age: a young person is 18 to 25.
        ({"age_groups": ["child"]}, {"age_group": "child"}, YES, ["within_remit", "open"]),
        ({"age_groups": ["adult", "young_person"]}, {"age_group": "child"}, NO, ["age_not_covered"]),
        ({"age_groups": ["adult"]}, {"age_group": "young_person"}, YES, ["within_remit", "open"]),
        ({"age_groups": ["young_person"]}, {"age_group": "young_person"}, YES, ["within_remit", "open"]),
        ({"age_groups": ["child"]}, {"age_group": "young_person"}, NO, ["age_not_covered"]),
        ({"age_groups": ["adult"]}, {"age_group": "adult"}, YES, ["within_remit", "open"]),
        ({"age_groups": ["young_person"]}, {"age_group": "adult"}, ASK, ["young_people_only"]),
        ({"age_groups": ["child", "young_person"]}, {"age_group": "adult"}, ASK, ["young_people_only"]),
        ({"age_groups": ["child"]}, {"age_group": "adult"}, NO, ["age_not_covered"]),
        ({"age_groups": ["adult"]}, {}, ASK, ["age_not_given"]),
        ({"age_groups": ["child", "young_person"]}, {}, ASK, ["age_not_given"]),
        ({"age_groups": ["adult", "child"]}, {}, YES, ["within_remit", "open"]),
        # The gender.
        ({"genders": ["woman"]}, {"gender": "woman"}, YES, ["within_remit", "open"]),
        ({"genders": ["woman"]}, {"gender": "man"}, NO, ["gender_not_covered"]),
        ({"genders": ["woman"]}, {"gender": "non_binary"}, NO, ["gender_not_covered"]),
        ({"genders": ["woman"]}, {}, ASK, ["gender_not_given"]),
        # Existing clients.
        ({"existing_clients_only": True}, {}, ASK, ["existing_client_not_given"]),
        ({"existing_clients_only": True}, {"existing_client_of": ["unknown"]}, ASK, ["existing_client_not_given"]),
        ({"existing_clients_only": True}, {"existing_client_of": []}, NO, ["existing_clients_only"]),
        ({"existing_clients_only": True}, {"existing_client_of": ["unseen"]}, NO, ["existing_clients_only"]),
        (
            {"existing_clients_only": True},
            {"existing_client_of": ["unseen", "tara"]},
            YES,
            ["within_remit", "existing_client", "open"],
        ),
        ({}, {"existing_client_of": ["unseen"]}, YES, ["within_remit", "open"]),
        # "all" is everything.
        ({"exploitation_types": ["all"], "age_groups": ["all"], "genders": ["all"]}, {}, YES, ["within_remit", "open"]),
        ({"age_groups": ["all"]}, {"age_group": "young_person"}, YES, ["within_remit", "open"]),
        # All that decide, and only those: `no` over `ask` over the rest.
        (
            {"areas": [SCOTLAND], "exploitation_types": ["sexual"], "genders": ["woman"]},
            {"area": LONDON, "exploitation_type": "labour"},
            NO,
            ["area_not_covered", "exploitation_not_covered"],
        ),
        (
            {"areas": [SCOTLAND], "exploitation_types": ["unknown"], "genders": ["woman"]},
            {},
            ASK,
            ["area_not_given", "exploitation_unknown", "gender_not_given"],
        ),
    ],
)
def test_a_remit_decides_by_its_rules(
    remit_fields: dict[str, Any], question_fields: dict[str, Any], outcome: Outcome, codes: list[str]
) -> None:
    assert decide_about(question_fields, remit_fields) == (outcome, tuple(codes))


@pytest.mark.parametrize(
    ("intake", "question_fields", "outcome", "codes"),
    [
        (NEVER_REPORTED, {}, ASK, ["unconfirmed"]),
        (LAPSED, {}, ASK, ["unconfirmed"]),
        (msgspec.structs.replace(EXCEPTING, lapsed=True), {"circumstances": ["detention"]}, ASK, ["unconfirmed"]),
        (OPEN, {"circumstances": ["detention"]}, YES, ["within_remit", "open"]),
        (WAITING_LIST, {"circumstances": ["detention"]}, WAITING, ["waiting_list"]),
        (PAUSED, {"circumstances": ["detention"]}, NO, ["paused"]),
        # What stands in neither list was not said.
        (EXCEPTING, {}, ASK, [NOT_SAID_SELF_REFERRAL, NOT_SAID_DETENTION]),
        (EXCEPTING, {"circumstances": ["homelessness"]}, ASK, [NOT_SAID_SELF_REFERRAL, NOT_SAID_DETENTION]),
        (EXCEPTING, {"circumstances_excluded": ["homelessness", "detention"]}, ASK, [NOT_SAID_SELF_REFERRAL]),
        (EXCEPTING, {"circumstances_excluded": ["self_referral", "detention"]}, NO, ["paused_with_exceptions"]),
        (EXCEPTING, {"circumstances": ["detention"]}, YES, ["within_remit", "exception_detention"]),
        (
            EXCEPTING,
            {"circumstances": ["detention"], "circumstances_excluded": ["self_referral"]},
            YES,
            ["within_remit", "exception_detention"],
        ),
        (
            EXCEPTING,
            {"circumstances": ["detention", "homelessness", "self_referral"]},
            YES,
            ["within_remit", "exception_self_referral", "exception_detention"],
        ),
        # Whose client somebody is, decides of this responder alone.
        (TAKING_CLIENTS, {}, ASK, ["exception_not_given_existing_client"]),
        (TAKING_CLIENTS, {"circumstances_excluded": ["detention"]}, ASK, ["exception_not_given_existing_client"]),
        (TAKING_CLIENTS, {"existing_client_of": []}, NO, ["paused_with_exceptions"]),
        (TAKING_CLIENTS, {"existing_client_of": ["unseen"]}, NO, ["paused_with_exceptions"]),
        (TAKING_CLIENTS, {"existing_client_of": ["tara"]}, YES, ["within_remit", "exception_existing_client"]),
    ],
)
def test_a_state_decides_by_its_rules(
    intake: Intake, question_fields: dict[str, Any], outcome: Outcome, codes: list[str]
) -> None:
    assert decide_about(question_fields, {}, intake) == (outcome, tuple(codes))


@pytest.mark.parametrize(
    ("limit_fields", "remit_fields", "question_fields", "outcome", "codes"),
    [
        ({"genders": ["woman"]}, {}, {"gender": "woman"}, YES, ["within_remit", "open"]),
        ({"genders": ["woman"]}, {}, {"gender": "man"}, NO, ["outside_current_limit"]),
        ({"genders": ["woman"]}, {}, {}, ASK, ["gender_not_given"]),
        (
            {"areas": [LONDON], "genders": ["woman"]},
            {},
            {"area": WALES, "gender": "man"},
            NO,
            ["outside_current_limit"],
        ),
        # A limit is judged as a remit is.
        ({"areas": [WEST_OF_ENGLAND]}, {}, {"area": SOUTH_WEST}, ASK, ["area_partly_covered"]),
        ({"areas": [LONDON]}, {}, {}, ASK, ["area_not_given"]),
        (
            {"age_groups": ["young_person"]},
            {"age_groups": ["adult"]},
            {"age_group": "adult"},
            ASK,
            ["young_people_only"],
        ),
        # Outside the remit, the limit is not the reason.
        ({"genders": ["woman"]}, {"areas": [LONDON]}, {"area": WALES, "gender": "man"}, NO, ["area_not_covered"]),
        (
            {"genders": ["woman"]},
            {"existing_clients_only": True},
            {"gender": "man", "existing_client_of": []},
            NO,
            ["existing_clients_only"],
        ),
        # Kinds that a limit names are known.
        (
            {"exploitation_types": ["labour"]},
            {"exploitation_types": ["unknown"]},
            {"exploitation_type": "labour"},
            YES,
            ["within_remit", "open"],
        ),
        (
            {"exploitation_types": ["labour"]},
            {"exploitation_types": ["unknown"]},
            {"exploitation_type": "sexual"},
            NO,
            ["outside_current_limit"],
        ),
        # The remit was changed, and has nothing in common with the limit: it takes nobody now.
        ({"genders": ["woman"]}, {"genders": ["man"]}, {}, NO, ["outside_current_limit"]),
        ({"genders": ["woman"]}, {"genders": ["man"]}, {"gender": "man"}, NO, ["outside_current_limit"]),
        ({"genders": ["woman"]}, {"genders": ["man"]}, {"gender": "woman"}, NO, ["gender_not_covered"]),
    ],
)
def test_a_report_limits_the_remit_for_as_long_as_it_holds(
    limit_fields: dict[str, Any],
    remit_fields: dict[str, Any],
    question_fields: dict[str, Any],
    outcome: Outcome,
    codes: list[str],
) -> None:
    limited = Intake(report=Report(state=ReportedState.OPEN, limited_to=msgspec.convert(limit_fields, Limit)))
    assert decide_about(question_fields, remit_fields, limited) == (outcome, tuple(codes))
    lapsed = msgspec.structs.replace(limited, lapsed=True)
    assert decide_about(question_fields, remit_fields, lapsed) == decide_about(question_fields, remit_fields, LAPSED)


@pytest.mark.parametrize(
    ("intake", "question_fields", "outcome", "codes"),
    [
        (PAUSED, {"gender": "man"}, NO, ["gender_not_covered", "paused"]),
        (PAUSED, {}, NO, ["paused"]),
        (NEVER_REPORTED, {"gender": "man"}, NO, ["gender_not_covered"]),
        (NEVER_REPORTED, {}, ASK, ["gender_not_given", "unconfirmed"]),
        (WAITING_LIST, {}, ASK, ["gender_not_given"]),
        (WAITING_LIST, {"gender": "woman"}, WAITING, ["waiting_list"]),
        (EXCEPTING, {"circumstances": ["detention"]}, ASK, ["gender_not_given"]),
        (EXCEPTING, {}, ASK, ["gender_not_given", NOT_SAID_SELF_REFERRAL, NOT_SAID_DETENTION]),
        (EXCEPTING, {"gender": "man"}, NO, ["gender_not_covered"]),
    ],
)
def test_no_goes_before_ask_and_ask_before_the_rest(
    intake: Intake, question_fields: dict[str, Any], outcome: Outcome, codes: list[str]
) -> None:
    assert decide_about(question_fields, {"genders": ["woman"]}, intake) == (outcome, tuple(codes))


@pytest.mark.parametrize(
    ("mine", "other", "intake", "outcome", "codes"),
    [
        ({}, {}, OPEN, YES, ["within_remit", "open"]),
        ({}, {}, WAITING_LIST, WAITING, ["waiting_list"]),
        ({}, {}, NEVER_REPORTED, ASK, ["unconfirmed"]),
        ({}, {}, PAUSED, NO, ["paused"]),
        ({}, {}, EXCEPTING, ASK, [NOT_SAID_SELF_REFERRAL, NOT_SAID_DETENTION]),
        ({}, {}, LIMITED_TO_WOMEN, ASK, ["gender_partly_covered"]),
        ({"genders": ["woman"]}, {}, LIMITED_TO_WOMEN, YES, ["within_remit", "open"]),
        ({"genders": ["man"]}, {}, LIMITED_TO_WOMEN, NO, ["outside_current_limit"]),
        ({"age_groups": ["all"], "genders": ["all"]}, {"age_groups": ["all"]}, OPEN, YES, ["within_remit", "open"]),
        ({"areas": [ENGLAND, WALES]}, {}, OPEN, YES, ["within_remit", "open"]),
        ({"areas": [ENGLAND, WALES]}, {"areas": [WALES]}, OPEN, ASK, ["area_partly_covered"]),
        ({"areas": [ENGLAND]}, {"areas": [LONDON]}, OPEN, ASK, ["area_partly_covered"]),
        ({"areas": [ENGLAND, WALES]}, {"areas": [SCOTLAND]}, OPEN, NO, ["area_not_covered"]),
        ({}, {"exploitation_types": ["sexual"]}, OPEN, ASK, ["exploitation_partly_covered"]),
        ({"exploitation_types": ["unknown"]}, {}, OPEN, YES, ["within_remit", "open"]),
        (
            {"exploitation_types": ["unknown"]},
            {"exploitation_types": ["sexual"]},
            OPEN,
            ASK,
            ["exploitation_partly_covered"],
        ),
        ({"exploitation_types": ["sexual"]}, {"exploitation_types": ["unknown"]}, OPEN, ASK, ["exploitation_unknown"]),
        (
            {"exploitation_types": ["sexual"]},
            {"exploitation_types": ["labour"]},
            OPEN,
            NO,
            ["exploitation_not_covered"],
        ),
        ({}, {"age_groups": ["child"]}, OPEN, ASK, ["age_partly_covered"]),
        ({"age_groups": ["adult"]}, {"age_groups": ["young_person"]}, OPEN, ASK, ["young_people_only"]),
        ({"age_groups": ["young_person"]}, {"age_groups": ["adult"]}, OPEN, YES, ["within_remit", "open"]),
        ({"age_groups": ["child"]}, {"age_groups": ["adult"]}, OPEN, NO, ["age_not_covered"]),
        ({}, {"genders": ["woman"]}, OPEN, ASK, ["gender_partly_covered"]),
        ({"genders": ["woman"]}, {"genders": ["woman", "man"]}, OPEN, YES, ["within_remit", "open"]),
        ({"genders": ["woman"]}, {"genders": ["man"]}, OPEN, NO, ["gender_not_covered"]),
        ({"existing_clients_only": True}, {}, OPEN, YES, ["within_remit", "open"]),
        ({}, {"existing_clients_only": True}, OPEN, ASK, ["existing_client_not_given"]),
    ],
)
def test_a_remit_is_covered_by_another_in_whole_in_part_or_not(
    mine: dict[str, Any], other: dict[str, Any], intake: Intake, outcome: Outcome, codes: list[str]
) -> None:
    assert decide_situations("unseen", make_remit(**other), intake, situations_within(make_remit(**mine))) == (
        outcome,
        tuple(codes),
    )


def test_every_outcome_and_every_reason_has_its_words() -> None:
    assert list(OUTCOMES) == list(Outcome)
    assert list(MATCH_REASONS) == list(ReasonCode) == list(OUTCOME_OF)
    words = " ".join(MATCH_REASONS.values()).lower()
    assert not any(word in words for word in ("guarantee", "safe", "confidential", "victim"))
    assert all(text.endswith(".") for text in MATCH_REASONS.values())
    assert len(set(MATCH_REASONS.values())) == len(MATCH_REASONS)


def narrower(question: Question) -> st.SearchStrategy[Question]:
    """Questions about some of the people whom `question` is about."""
    areas = [code for code in AREAS if question.area is None or is_within(code, question.area)]
    ages = {
        None: [None, *AgeGroup],
        AgeGroup.ADULT: [AgeGroup.ADULT, AgeGroup.YOUNG_PERSON],
    }.get(question.age_group, [question.age_group])
    same = msgspec.structs.asdict(question)
    kinds, genders = question.exploitation_type, question.gender
    excluded, clients = question.circumstances_excluded, question.existing_client_of
    unsaid = [each for each in ASKED_CIRCUMSTANCES if each not in (*question.circumstances, *excluded)]
    more = st.lists(st.sampled_from(unsaid), max_size=3).map(tuple) if unsaid else st.just(())
    drawn: dict[str, st.SearchStrategy[Any]] = {
        "area": st.sampled_from([question.area, *areas]),
        "age_group": st.sampled_from(ages),
        "exploitation_type": st.just(kinds) if kinds else questions.map(lambda each: each.exploitation_type),
        "gender": st.just(genders) if genders else questions.map(lambda each: each.gender),
        "circumstances": more.map(lambda codes: question.circumstances + codes),
        "circumstances_excluded": more.map(lambda codes: excluded + codes),
        "existing_client_of": st.just(clients)
        if clients != NOT_KNOWN
        else questions.map(lambda q: q.existing_client_of),
    }
    return st.fixed_dictionaries(drawn).map(lambda fields: Question(**{**same, **fields}))


@given(st.data(), remits, intakes_now, questions)
@unhurried
def test_narrowing_a_question_never_improves_a_no(
    data: st.DataObject, remit: Remit, intake: Intake, question: Question
) -> None:
    outcome, _ = decide("tara", remit, intake, question)
    assume(outcome is NO)
    assert decide("tara", remit, intake, data.draw(narrower(question)))[0] is NO


@given(remits, intakes_now, questions)
@unhurried
def test_an_unknown_and_a_state_that_nobody_confirmed_never_yield_yes(
    remit: Remit, intake: Intake, question: Question
) -> None:
    unknown = msgspec.structs.replace(remit, exploitation_types=NOT_KNOWN)
    # Kinds that a report is limited to are known.
    limit = intake.report.limited_to if intake.report is not None else None
    if limit is None or limit.exploitation_types == EVERYTHING:
        assert decide("tara", unknown, intake, question)[0] in {ASK, NO}
    lapsed = msgspec.structs.replace(intake, lapsed=True)
    assert decide("tara", remit, lapsed, question)[0] in {ASK, NO}
    assert decide("tara", remit, NEVER_REPORTED, question)[0] in {ASK, NO}
    assert intake.state is not State.UNCONFIRMED or decide("tara", remit, intake, question)[0] in {ASK, NO}


@given(st.data(), remits, intakes_now, questions)
@unhurried
def test_widening_a_remit_never_loses_a_match(
    data: st.DataObject, remit: Remit, intake: Intake, question: Question
) -> None:
    wider = data.draw(widened(remit))
    before, after = (decide("tara", each, intake, question)[0] for each in (remit, wider))
    assert before is NO or after is not NO
    # Nor is it worse in any other way, unless what was known no longer is.
    if wider.exploitation_types != NOT_KNOWN:
        assert RANK.index(after) <= RANK.index(before)


@given(remits, intakes_now, questions)
@unhurried
def test_every_reason_stands_for_the_outcome(remit: Remit, intake: Intake, question: Question) -> None:
    outcome, codes = decide("tara", remit, intake, question)
    assert codes
    assert {OUTCOME_OF[code] for code in codes} == {outcome}
    assert list(codes) == sorted(set(codes), key=list(ReasonCode).index)


@given(remits, remits, intakes_now)
@unhurried
def test_a_remit_is_covered_as_the_situations_in_it_are(mine: Remit, other: Remit, intake: Intake) -> None:
    asked = situations_within(mine)
    situations = [
        Situations(values=((area,), (exploitation_type,), (age,), (gender,)))
        for area in set(asked.values[0])
        for exploitation_type in set(asked.values[1])
        for age in set(asked.values[2])
        for gender in set(asked.values[3])
    ]
    outcomes = {decide_situations("tara", other, intake, each)[0] for each in situations}
    expected = outcomes.pop() if len(outcomes) == 1 else ASK
    assert decide_situations("tara", other, intake, asked)[0] is expected
