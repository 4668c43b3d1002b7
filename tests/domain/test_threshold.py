"""The threshold: what a count changes, and what it leaves alone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capacity_api.domain.events import EventType
from capacity_api.domain.intake import (
    NEVER_REPORTED,
    Circumstance,
    Intake,
    Reason,
    Report,
    ReportedState,
    SaidBy,
    State,
    apply_confirmation,
    apply_report,
    due_steps,
    intake_at,
)
from capacity_api.domain.threshold import Threshold, apply_count, validate_threshold
from capacity_api.errors import Invalid

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
WEEK = timedelta(days=7)
OPEN = Report(state=ReportedState.OPEN)
WAITING = Report(state=ReportedState.WAITING_LIST)
BY_HAND = Report(state=ReportedState.PAUSED, reason=Reason.REFERRAL_THRESHOLD)
FULL = Report(state=ReportedState.PAUSED, exceptions=(Circumstance.DETENTION,), note="Full.")
HUNDRED = validate_threshold(Threshold(pause_at=100, reopen_below=61, report=FULL))


def intake_of(report: Report) -> Intake:
    return apply_report(NEVER_REPORTED, report, SaidBy.RESPONDER, NOON, WEEK).after


def count(intake: Intake, number: int, threshold: Threshold = HUNDRED, at: datetime = NOON) -> Intake:
    step = apply_count(intake_at(intake, at), threshold, number, at, WEEK)
    return intake_at(intake, at) if step is None else step.after


@pytest.mark.parametrize(
    ("before", "numbers", "state"),
    [
        (OPEN, [99], State.OPEN),
        (OPEN, [100], State.PAUSED),
        (OPEN, [250], State.PAUSED),
        (WAITING, [100], State.PAUSED),
        (OPEN, [100, 61], State.PAUSED),
        (OPEN, [100, 60], State.OPEN),
        (WAITING, [100, 60], State.WAITING_LIST),
        (OPEN, [100, 60, 99], State.OPEN),
        (OPEN, [100, 60, 100], State.PAUSED),
        (BY_HAND, [100, 60], State.PAUSED),
        (BY_HAND, [60], State.PAUSED),
    ],
)
def test_a_count_changes_the_state_only_at_the_threshold(before: Report, numbers: list[int], state: State) -> None:
    intake = intake_of(before)
    for number in numbers:
        intake = count(intake, number)
    assert intake.state is state


def test_the_pause_has_the_prepared_report() -> None:
    report = count(intake_of(OPEN), 100).report
    assert report == Report(
        state=ReportedState.PAUSED,
        reason=Reason.REFERRAL_THRESHOLD,
        exceptions=(Circumstance.DETENTION,),
        note="Full.",
    )


def test_without_a_number_to_reopen_at_nothing_reopens() -> None:
    never = msgspec.structs.replace(HUNDRED, reopen_below=None)
    assert count(count(intake_of(OPEN), 100, never), 0, never).state is State.PAUSED


def test_a_pause_by_hand_over_the_thresholds_own_is_not_reopened() -> None:
    paused = count(intake_of(OPEN), 100)
    report = msgspec.structs.replace(BY_HAND, note="Staff are ill.")
    by_hand = apply_report(paused, report, SaidBy.RESPONDER, NOON, WEEK).after
    assert count(by_hand, 0).state is State.PAUSED


def test_confirming_the_thresholds_pause_keeps_it_the_thresholds() -> None:
    confirmed = apply_confirmation(count(intake_of(OPEN), 100), SaidBy.RESPONDER, NOON + timedelta(days=1), WEEK).after
    assert count(confirmed, 0, at=NOON + timedelta(days=1)).state is State.OPEN


def test_a_count_confirms_nothing() -> None:
    original = intake_of(OPEN)
    for numbers, confirmed_at in (([50], NOON), ([100], None), ([100, 60], NOON)):
        intake = original
        for number in numbers:
            intake = count(intake, number, at=NOON + timedelta(days=3))
        assert (intake.confirmed_at, intake.confirm_by) == (confirmed_at, original.confirm_by)


def test_a_report_that_lapsed_before_the_pause_comes_back_lapsed() -> None:
    late = NOON + timedelta(days=8)
    paused = count(intake_of(OPEN), 100, at=late)
    assert (paused.state, paused.confirm_by) == (State.PAUSED, late + WEEK)
    assert count(paused, 60, at=late).state is State.UNCONFIRMED


def test_a_report_that_lapsed_while_paused_comes_back_lapsed() -> None:
    paused = count(intake_of(OPEN), 100)
    assert count(paused, 60, at=NOON + timedelta(days=8)).state is State.UNCONFIRMED


def test_a_report_that_lapsed_under_a_repeated_pause_comes_back_lapsed() -> None:
    paused = count(intake_of(OPEN), 100, at=NOON + timedelta(days=6))
    again = count(paused, 100, at=NOON + timedelta(days=8))
    assert again.state is State.PAUSED
    restored = count(again, 60, at=NOON + timedelta(days=9))
    assert (restored.state, restored.confirm_by) == (State.UNCONFIRMED, NOON + WEEK)


def test_confirming_the_pause_does_not_confirm_the_report_before_it() -> None:
    intake = count(intake_of(OPEN), 100, at=NOON + timedelta(days=1))
    for day in range(6, 55, 6):
        now = NOON + timedelta(days=day)
        intake = apply_confirmation(intake_at(intake, now), SaidBy.RESPONDER, now, WEEK).after
    assert count(intake, 10, at=NOON + timedelta(days=55)).state is State.UNCONFIRMED


def test_a_responder_that_never_reported_is_paused_and_then_unconfirmed_again() -> None:
    paused = count(NEVER_REPORTED, 100)
    assert (paused.state, paused.confirmed_at) == (State.PAUSED, None)
    restored = count(paused, 60)
    assert restored == NEVER_REPORTED


def test_the_events_are_those_of_the_states() -> None:
    pause = apply_count(intake_of(OPEN), HUNDRED, 100, NOON, WEEK)
    assert pause is not None
    assert (pause.before, pause.event) == (State.OPEN, EventType.INTAKE_PAUSED)
    reopening = apply_count(pause.after, HUNDRED, 60, NOON, WEEK)
    assert reopening is not None
    assert (reopening.before, reopening.event) == (State.PAUSED, EventType.INTAKE_OPENED)


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"pause_at": 0}, "/pause_at"),
        ({"pause_at": -5}, "/pause_at"),
        ({"pause_at": 100, "reopen_below": 101}, "/reopen_below"),
        ({"pause_at": 100, "reopen_below": 0}, "/reopen_below"),
        ({"report": {"note": "x" * 501}}, "/report/note"),
        ({"report": {"expected_response": {"max": 0, "unit": "days"}}}, "/report/expected_response/max"),
        (
            {"report": {"no_timeframe": True, "expected_referral": {"max": 1, "unit": "days"}}},
            "/report/no_timeframe",
        ),
        ({"report": {"state": "open"}}, "/report/state"),
        ({"report": {"state": "waiting_list"}}, "/report/state"),
        ({"report": {"reason": "staffing"}}, "/report/reason"),
        ({"report": {"reopens_on": "2026-12-01"}}, "/report/reopens_on"),
        ({"report": {"limited_to": {"genders": ["woman"]}}}, "/report/limited_to"),
    ],
)
def test_a_threshold_that_makes_no_sense_is_refused(fields: dict[str, Any], pointer: str) -> None:
    document = {"pause_at": 100, **fields, "report": {"state": "paused", **fields.get("report", {})}}
    with pytest.raises(Invalid) as refusal:
        validate_threshold(msgspec.convert(document, Threshold))
    assert [each.pointer for each in refusal.value.errors] == [pointer]


@given(numbers=st.lists(st.integers(0, 200), max_size=20), by_hand=st.sampled_from([OPEN, WAITING, BY_HAND]))
def test_no_count_opens_a_responder_that_was_not_open_before(numbers: list[int], by_hand: Report) -> None:
    intake = intake_of(by_hand)
    for number in numbers:
        intake = count(intake, number)
        assert intake.state is not State.OPEN or by_hand is OPEN
        assert intake.before is None or intake.state is State.PAUSED


def test_a_reminder_is_due_at_three_quarters_of_the_period_and_once() -> None:
    intake = intake_of(OPEN)
    at = NOON + WEEK * 3 / 4
    assert due_steps(intake, at - timedelta(seconds=1)) == []
    (step,) = due_steps(intake, at)
    assert (step.event, step.at, step.after.state) == (EventType.INTAKE_CONFIRMATION_DUE, at, State.OPEN)
    assert due_steps(step.after, at + timedelta(days=1)) == []


def test_there_is_no_reminder_of_a_report_that_has_lapsed() -> None:
    steps = due_steps(intake_of(OPEN), NOON + WEEK)
    assert [step.event for step in steps] == [None, EventType.INTAKE_UNCONFIRMED]
