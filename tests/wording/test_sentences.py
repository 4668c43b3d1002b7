"""What a responder says, as plain sentences: whose word it is, whom it is limited to, and what nobody said."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from tests.snapshot.responders import NOON, OPEN, PAUSE, TARA, responder, shown

from capacity_api.domain.areas import LONDON, SCOTLAND, UNITED_KINGDOM
from capacity_api.domain.codes import EVERYTHING, NOT_KNOWN
from capacity_api.domain.intake import (
    NEVER_REPORTED,
    Circumstance,
    ExpectedTime,
    Intake,
    Report,
    ReportedState,
    SaidBy,
    Unit,
    apply_confirmation,
    apply_report,
    intake_at,
)
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender, Limit, Remit
from capacity_api.domain.threshold import Threshold, apply_count
from capacity_api.representations.responder import represent_remit
from capacity_api.wording.sentences import intake_in_sentences, limit_in_words, moment, response_in_words, until

WEEK = timedelta(days=7)
REMIT = Remit(areas=(UNITED_KINGDOM,), exploitation_types=NOT_KNOWN, age_groups=(AgeGroup.ADULT,))
SOON = ExpectedTime(max=1, unit=Unit.DAYS)
FULL = Threshold(pause_at=100, report=PAUSE)


def words(intake: Intake) -> str:
    return " ".join(intake_in_sentences(shown(intake=intake)))


def paused_by_a_count(before: Intake) -> Intake:
    step = apply_count(before, FULL, 100, NOON, WEEK)
    assert step is not None
    return step.after


def test_only_what_a_responder_said_is_confirmed() -> None:
    own = words(apply_report(NEVER_REPORTED, OPEN, SaidBy.RESPONDER, NOON, WEEK).after)
    told = words(apply_report(NEVER_REPORTED, OPEN, SaidBy.COORDINATOR, NOON, WEEK).after)
    assert "Confirmed on 21 November 2026, 12:00, until 28 November 2026" in own
    assert "We were told this on 21 November 2026, 12:00, until 28 November 2026" in told
    assert "Confirmed on" not in told


@pytest.mark.parametrize(
    "before", [NEVER_REPORTED, apply_report(NEVER_REPORTED, OPEN, SaidBy.RESPONDER, NOON, WEEK).after]
)
def test_a_pause_that_a_count_brought_is_nobodys_confirmation_until_the_responder_confirms_it(before: Intake) -> None:
    paused = paused_by_a_count(before)
    assert "At its own limit, until 28 November 2026, 12:00 (UK time)" in words(paused)
    assert "Confirmed on" not in words(paused)
    confirmed = apply_confirmation(paused, SaidBy.RESPONDER, NOON + timedelta(days=1), WEEK).after
    assert "Confirmed on 22 November 2026, 12:00, until 29 November 2026, 12:00" in words(confirmed)


def test_a_report_that_lapsed_promises_nothing() -> None:
    report = msgspec.structs.replace(
        OPEN, expected_response=SOON, note="Ring first", limited_to=Limit(areas=(SCOTLAND,))
    )
    intake = apply_report(NEVER_REPORTED, report, SaidBy.RESPONDER, NOON, WEEK).after
    assert words(intake_at(intake, NOON + WEEK)) == (
        "Not confirmed: we do not know if it is open. Contact it to ask. "
        "It last said “open”. That ended on 28 November 2026, 12:00 (UK time)."
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, None),
        ({"no_timeframe": True}, "cannot say how long a reply takes"),
        ({"expected_response": SOON}, "up to 1 day: expected, not guaranteed"),
        # How long the referral takes says nothing of the first answer.
        ({"expected_referral": SOON}, None),
    ],
)
def test_what_was_not_said_of_the_response_is_not_said(fields: dict[str, object], expected: str | None) -> None:
    assert response_in_words(msgspec.structs.replace(OPEN, **fields)) == expected


def test_both_times_are_named_apart() -> None:
    weeks = ExpectedTime(min=2, max=4, unit=Unit.WEEKS)
    sentences = intake_in_sentences(
        responder(msgspec.structs.replace(OPEN, expected_response=SOON, expected_referral=weeks))
    )
    assert "Response: up to 1 day: expected, not guaranteed." in sentences
    assert "Referral to the NRM: 2 to 4 weeks: expected, not guaranteed." in sentences


def test_existing_clients_may_be_what_a_pause_still_takes() -> None:
    pause = msgspec.structs.replace(PAUSE, exceptions=(Circumstance.EXISTING_CLIENT,))
    assert "It still takes its existing clients." in intake_in_sentences(responder(pause))


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (Limit(areas=(LONDON,), genders=(Gender.WOMAN,)), "Adult women · London"),
        (Limit(age_groups=(AgeGroup.YOUNG_PERSON,)), "Young people from 18 to 25"),
        (Limit(exploitation_types=(ExploitationType.SEXUAL,)), "sexual exploitation"),
        # The remit was changed after the limit.
        (Limit(areas=(LONDON,), age_groups=(AgeGroup.CHILD,)), "nobody that it usually helps"),
    ],
)
def test_a_limit_is_said_in_words_as_the_remit_allows_it(limit: Limit, expected: str) -> None:
    assert limit_in_words(represent_remit(REMIT), limit) == expected


def test_the_limit_of_a_report_and_of_a_plan_is_in_the_sentences() -> None:
    waiting = Report(state=ReportedState.WAITING_LIST, limited_to=Limit(genders=(Gender.WOMAN,)))
    remit = msgspec.structs.replace(TARA, genders=EVERYTHING)
    sentences = intake_in_sentences(responder(waiting, remit=remit))
    assert sentences[1] == "For now only: Adult women."


@pytest.mark.parametrize(
    ("hour", "minute", "expected"),
    [
        (0, 30, "31 October 2027, 01:30 BST"),
        (1, 30, "31 October 2027, 01:30 GMT"),
        (2, 0, "31 October 2027, 02:00"),
        # Before the clocks go back nothing is doubtful.
        (-1, 59, "31 October 2027, 00:59"),
    ],
)
def test_the_hour_that_comes_twice_in_october_says_which_of_the_two_is_meant(
    hour: int, minute: int, expected: str
) -> None:
    at = datetime(2027, 10, 31, tzinfo=UTC) + timedelta(hours=hour, minutes=minute)
    assert moment(at) == until(at) == expected
