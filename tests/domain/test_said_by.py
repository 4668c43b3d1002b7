"""Whose word a report is, since when its state holds and until when: the table of the contract, row by row."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
import pytest

from capacity_api.domain.events import EventType
from capacity_api.domain.intake import (
    NEVER_REPORTED,
    Intake,
    Reason,
    Report,
    ReportedState,
    SaidBy,
    State,
    apply_confirmation,
    apply_plan,
    apply_report,
    due_steps,
    intake_at,
)
from capacity_api.domain.threshold import Threshold, apply_count
from capacity_api.representations.responder import represent_intake

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
OPEN = Report(state=ReportedState.OPEN)
WAITING = Report(state=ReportedState.WAITING_LIST)
PAUSED = Report(state=ReportedState.PAUSED)
FULL = Report(state=ReportedState.PAUSED, reason=Reason.REFERRAL_THRESHOLD, note="Full.")
HUNDRED = Threshold(pause_at=100, reopen_below=60, report=FULL)
RESPONDER, COORDINATOR, THRESHOLD = SaidBy.RESPONDER, SaidBy.COORDINATOR, SaidBy.THRESHOLD


class Word(NamedTuple):
    """What the table tells of: whose word it is, the times of it, and the report or the last report."""

    state: State
    said_by: SaidBy | None
    confirmed_at: datetime | None
    confirm_by: datetime | None
    since: datetime | None
    report: Report | None = None
    last_report: Report | None = None


def word(intake: Intake) -> Word:
    public = represent_intake(intake)
    return Word(
        public.state,
        public.said_by,
        public.confirmed_at,
        public.confirm_by,
        public.since,
        public.report,
        public.last_report,
    )


def intake_of(report: Report, said_by: SaidBy = RESPONDER, at: datetime = NOON) -> Intake:
    return apply_report(NEVER_REPORTED, report, said_by, at, WEEK).after


def planned(intake: Intake, report: Report, starts_in: timedelta, said_by: SaidBy = RESPONDER) -> Intake:
    return apply_plan(intake, report, NOON + starts_in, said_by, NOON, WEEK).after


def counted(intake: Intake, number: int, at: datetime) -> Intake:
    step = apply_count(intake_at(intake, at), HUNDRED, number, at, WEEK)
    assert step is not None
    return step.after


NOTHING = Word(State.UNCONFIRMED, None, None, None, None)


def test_before_the_first_report_all_is_null() -> None:
    assert word(NEVER_REPORTED) == NOTHING
    # A plan alone is no report.
    assert word(planned(NEVER_REPORTED, PAUSED, DAY)) == NOTHING


@pytest.mark.parametrize("said_by", [RESPONDER, COORDINATOR])
def test_a_report(said_by: SaidBy) -> None:
    now = NOON + DAY
    for before in (NEVER_REPORTED, intake_of(PAUSED), intake_at(intake_of(OPEN, at=NOON - WEEK), now)):
        after = apply_report(before, OPEN, said_by, now, WEEK).after
        assert word(after) == Word(State.OPEN, said_by, now, now + WEEK, now, report=OPEN)
    same_state = apply_report(intake_of(OPEN), msgspec.structs.replace(OPEN, note="Ring."), said_by, now, WEEK)
    assert (same_state.after.since, same_state.event) == (NOON, EventType.INTAKE_UPDATED)


@pytest.mark.parametrize("by_report", [True, False])
@pytest.mark.parametrize("said_by", [RESPONDER, COORDINATOR])
@pytest.mark.parametrize("first", [RESPONDER, COORDINATOR])
def test_the_same_report_and_a_confirmation(first: SaidBy, said_by: SaidBy, by_report: bool) -> None:
    def confirm(intake: Intake, now: datetime) -> Any:
        if by_report:
            return apply_report(intake, WAITING, said_by, now, WEEK)
        return apply_confirmation(intake, said_by, now, WEEK)

    step = confirm(intake_of(WAITING, first), NOON + DAY)
    assert word(step.after) == Word(State.WAITING_LIST, said_by, NOON + DAY, NOON + DAY + WEEK, NOON, report=WAITING)
    assert step.kind == "confirmed"
    assert step.event is (EventType.INTAKE_CONFIRMED if first is said_by else EventType.INTAKE_UPDATED)
    now = NOON + 8 * DAY
    late = confirm(intake_at(intake_of(WAITING, first), now), now)
    assert word(late.after) == Word(State.WAITING_LIST, said_by, now, now + WEEK, now, report=WAITING)
    assert late.event is EventType.INTAKE_WAITING_LIST


def test_a_threshold_pauses_for_as_long_as_what_stood() -> None:
    now = NOON + 3 * DAY
    after = counted(intake_of(OPEN, COORDINATOR), 100, now)
    assert word(after) == Word(State.PAUSED, THRESHOLD, None, NOON + WEEK, now, report=FULL)


@pytest.mark.parametrize("before", [NEVER_REPORTED, intake_of(OPEN)])
def test_a_threshold_pauses_by_validity_where_nothing_held(before: Intake) -> None:
    now = NOON + 8 * DAY
    assert word(counted(before, 100, now)) == Word(State.PAUSED, THRESHOLD, None, now + WEEK, now, report=FULL)


def test_a_pause_that_a_count_brought_is_the_responders_once_it_confirms_it() -> None:
    paused, now = counted(intake_of(OPEN), 100, NOON + DAY), NOON + 2 * DAY
    step = apply_confirmation(paused, RESPONDER, now, WEEK)
    assert word(step.after) == Word(State.PAUSED, RESPONDER, now, now + WEEK, NOON + DAY, report=FULL)
    assert step.event is EventType.INTAKE_UPDATED


@pytest.mark.parametrize("said_by", [RESPONDER, COORDINATOR])
def test_a_count_that_falls_brings_back_what_was_put_aside(said_by: SaidBy) -> None:
    paused, now = counted(intake_of(OPEN, said_by), 100, NOON + DAY), NOON + 2 * DAY
    expected = Word(State.OPEN, said_by, NOON, NOON + WEEK, now, report=OPEN)
    assert word(counted(paused, 59, now)) == expected
    confirmed = apply_confirmation(paused, RESPONDER, NOON + DAY, WEEK).after
    assert word(counted(confirmed, 59, now)) == expected


def test_what_was_put_aside_and_has_passed_lapses_at_once() -> None:
    paused = apply_confirmation(counted(intake_of(OPEN), 100, NOON + DAY), RESPONDER, NOON + 6 * DAY, WEEK).after
    now = NOON + 8 * DAY
    assert word(counted(paused, 59, now)) == Word(
        State.UNCONFIRMED, RESPONDER, NOON, NOON + WEEK, now, last_report=OPEN
    )


def test_where_nobody_had_reported_all_is_null_again() -> None:
    assert word(counted(counted(NEVER_REPORTED, 100, NOON), 59, NOON + DAY)) == NOTHING
    with_plan = counted(planned(NEVER_REPORTED, PAUSED, 9 * DAY), 100, NOON)
    assert counted(with_plan, 59, NOON + DAY) == planned(NEVER_REPORTED, PAUSED, 9 * DAY)


@pytest.mark.parametrize("said_by", [RESPONDER, COORDINATOR])
@pytest.mark.parametrize(
    ("before", "since"),
    [
        (NEVER_REPORTED, NOON + 2 * DAY),
        (intake_of(OPEN), NOON + 2 * DAY),
        # The state stays, and so does since when.
        (intake_of(PAUSED), NOON),
        # The pause lapsed before its successor starts.
        (intake_of(PAUSED, at=NOON - 6 * DAY), NOON + 2 * DAY),
        # It lapses when its successor starts.
        (intake_of(PAUSED, at=NOON - 5 * DAY), NOON - 5 * DAY),
    ],
)
def test_a_planned_start(before: Intake, since: datetime, said_by: SaidBy) -> None:
    start = NOON + 2 * DAY
    holidays = msgspec.structs.replace(PAUSED, note="Holidays.", reopens_on=date(2026, 12, 31))
    intake = planned(before, holidays, 2 * DAY, said_by)
    plan = represent_intake(intake).planned
    assert plan is not None
    until = datetime(2027, 1, 1, tzinfo=UTC)
    assert (plan.effective_from, plan.said_by, plan.said_at, plan.confirm_by) == (start, said_by, NOON, until)
    assert plan.report == holidays
    started = intake_at(intake, start + DAY)
    assert word(started) == Word(State.PAUSED, said_by, NOON, until, since, report=holidays)
    assert represent_intake(started).planned is None


def test_a_planned_start_takes_the_place_of_a_thresholds_pause() -> None:
    intake = counted(planned(intake_of(OPEN), FULL, 3 * DAY), 100, NOON + DAY)
    started = intake_at(intake, NOON + 3 * DAY)
    assert word(started) == Word(State.PAUSED, RESPONDER, NOON, NOON + 3 * DAY + WEEK, NOON + DAY, report=FULL)
    assert apply_count(started, HUNDRED, 0, NOON + 4 * DAY, WEEK) is None


@pytest.mark.parametrize("said_by", [RESPONDER, COORDINATOR])
def test_a_lapse_moves_the_report_and_leaves_whose_word_it_was(said_by: SaidBy) -> None:
    (step,) = (each for each in due_steps(intake_of(OPEN, said_by), NOON + 30 * DAY) if each.kind == "lapsed")
    assert word(step.after) == Word(State.UNCONFIRMED, said_by, NOON, NOON + WEEK, NOON + WEEK, last_report=OPEN)
    assert (step.at, step.event) == (NOON + WEEK, EventType.INTAKE_UNCONFIRMED)


def test_a_lapse_of_a_thresholds_pause() -> None:
    lapsed = intake_at(counted(intake_of(OPEN), 100, NOON + DAY), NOON + WEEK)
    assert word(lapsed) == Word(State.UNCONFIRMED, THRESHOLD, None, NOON + WEEK, NOON + WEEK, last_report=FULL)
