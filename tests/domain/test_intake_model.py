"""The intake after any sequence of reports and any time, against a model that keeps a plain list of the reports."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.domain.strategies import Move, moments, moves, reports, unhurried, validities

from capacity_api.domain.areas import UNITED_KINGDOM
from capacity_api.domain.codes import EVERYTHING
from capacity_api.domain.events import EventType
from capacity_api.domain.intake import (
    LONDON_TIME,
    MAX_REMINDERS,
    MAX_VALID_FOR,
    NEVER_REPORTED,
    Report,
    ReportedState,
    SaidBy,
    State,
    Step,
    apply_confirmation,
    apply_plan,
    apply_report,
    cancel_plan,
    due_steps,
    intake_at,
    reminder_time,
    report_expiry,
    validate_report,
)
from capacity_api.domain.remit import Remit
from capacity_api.errors import AlreadyPlanned, Invalid, NothingToConfirm

MOMENT = timedelta(microseconds=1)
ANYBODY = Remit(areas=(UNITED_KINGDOM,), exploitation_types=EVERYTHING, age_groups=EVERYTHING)
STATE_EVENTS = {
    EventType.INTAKE_OPENED: State.OPEN,
    EventType.INTAKE_WAITING_LIST: State.WAITING_LIST,
    EventType.INTAKE_PAUSED: State.PAUSED,
    EventType.INTAKE_UNCONFIRMED: State.UNCONFIRMED,
}

# A scenario takes long to draw and the rules are few: what one run does not reach, the next one does.
briefly = settings(unhurried, max_examples=50)

what_happens = st.lists(moves, max_size=8)
spans = st.timedeltas(timedelta(), timedelta(days=500))


def _without_reminder_events(steps: list[Step]) -> list[Step]:
    """The steps without the events of reminders: a reminder that is due too late has none."""
    return [msgspec.structs.replace(step, event=None) if step.kind == "reminded" else step for step in steps]


class TimedReport(NamedTuple):
    """A report, whose word it is and of when, and the times from which and until which it holds."""

    report: Report
    said_by: SaidBy
    said_at: datetime
    start: datetime
    until: datetime


class Scenario:
    """An intake and all its steps; beside it, as the model, all reports and plans that were not cancelled."""

    def __init__(self, start: datetime, happened: list[Move]) -> None:
        self.now = start
        self.intake = NEVER_REPORTED
        self.steps: list[Step] = []
        self.reports: list[TimedReport] = []
        for move in happened:
            self._wait(move)
            getattr(self, f"_{move.action}")(move)

    def report_at(self, now: datetime) -> TimedReport | None:
        """The last report that has started by `now`."""
        started = [(each.start, n) for n, each in enumerate(self.reports) if each.start <= now]
        return self.reports[max(started)[1]] if started else None

    def planned_after(self, now: datetime) -> list[TimedReport]:
        return [each for each in self.reports if each.start > now]

    def probes(self, span: timedelta) -> Iterator[datetime]:
        """A moment within `span`, and those around each at which something may happen."""
        edges = {moment for each in self.reports for moment in (each.start, each.until)}
        near = {edge + beside for edge in edges for beside in (-MOMENT, timedelta(), MOMENT)}
        return (moment for moment in sorted({self.now, self.now + span, *near}) if moment >= self.now)

    def _wait(self, move: Move) -> None:
        due = self.intake.next_due or self.now
        if isinstance(move.wait, timedelta):
            self.now += move.wait
        else:
            self.now = max(self.now, due if move.wait == "until it is due" else due - MOMENT)
        self._apply(*due_steps(self.intake, self.now))

    def _apply(self, *steps: Step) -> None:
        for step in steps:
            self.steps.append(step)
            self.intake = step.after

    def _report(self, move: Move) -> None:
        report = _with_reopening_day(move, self.now)
        self._apply(apply_report(self.intake, report, move.said_by, self.now, move.valid_for))
        self.reports.append(self._timed(report, move, self.now))

    def _timed(self, report: Report, move: Move, start: datetime) -> TimedReport:
        return TimedReport(report, move.said_by, self.now, start, report_expiry(report, start, move.valid_for))

    def _confirm(self, move: Move) -> None:
        last = self.report_at(self.now)
        again = last and self._timed(last.report, move, self.now)
        try:
            self._apply(apply_confirmation(self.intake, move.said_by, self.now, move.valid_for))
        except NothingToConfirm:
            assert again is None or again.until <= self.now
        else:
            assert again is not None
            self.reports.append(again)

    def _plan(self, move: Move) -> None:
        start = self.now + move.starts_in
        report = _with_reopening_day(move, start)
        planned = [(each.report, each.start) for each in self.planned_after(self.now)]
        is_other = bool(planned) and planned != [(report, start)]
        try:
            self._apply(
                apply_plan(self.intake, report, start, move.said_by, self.now, move.valid_for, replace=move.replace)
            )
        except Invalid:
            assert report.state is ReportedState.OPEN
            return
        except AlreadyPlanned:
            assert is_other
            assert not move.replace
            return
        assert report.state is not ReportedState.OPEN
        assert move.replace or not is_other
        if not planned or is_other:
            self._drop_plan()
            self.reports.append(self._timed(report, move, start))

    def _unplan(self, _: Move) -> None:
        self._apply(cancel_plan(self.intake, self.now))
        self._drop_plan()

    def _drop_plan(self) -> None:
        self.reports = [each for each in self.reports if each.start <= self.now]


def _with_reopening_day(move: Move, start: datetime) -> Report:
    if move.report.state is ReportedState.OPEN or move.reopens_in is None:
        return move.report
    day = start.astimezone(LONDON_TIME).date() + timedelta(days=move.reopens_in)
    return msgspec.structs.replace(move.report, reopens_on=day)


@settings(unhurried, max_examples=150)
@given(moments, what_happens, spans)
def test_a_reader_sees_the_last_report_and_only_while_it_holds(
    start: datetime, happened: list[Move], span: timedelta
) -> None:
    scenario = Scenario(start, happened)
    for moment in scenario.probes(span):
        seen, last = intake_at(scenario.intake, moment), scenario.report_at(moment)
        if last is None:
            assert msgspec.structs.replace(seen, planned=None) == NEVER_REPORTED
        else:
            assert (seen.report, seen.said_by) == (last.report, last.said_by)
            assert (seen.confirmed_at, seen.confirm_by) == (last.said_at, last.until)
            assert seen.current_report == (last.report if moment < last.until else None)
            assert seen.state == (last.report.state if moment < last.until else State.UNCONFIRMED)
        plan = seen.planned
        assert scenario.planned_after(moment) == (
            [TimedReport(plan.report, plan.said_by, plan.said_at, plan.effective_from, plan.confirm_by)] if plan else []
        )


@briefly
@given(moments, what_happens, spans)
def test_a_state_is_dated_from_the_step_that_brought_it(start: datetime, happened: list[Move], span: timedelta) -> None:
    scenario = Scenario(start, happened)
    since = None
    for step in [*scenario.steps, *due_steps(scenario.intake, scenario.now + span)]:
        if step.after.state is not step.before:
            since = step.at
        assert step.after.since == since


@briefly
@given(moments, what_happens, spans)
def test_a_lapsed_report_is_never_shown_as_open(start: datetime, happened: list[Move], span: timedelta) -> None:
    scenario = Scenario(start, happened)
    for moment in scenario.probes(span):
        seen = intake_at(scenario.intake, moment)
        assert seen.state is not State.OPEN or (seen.confirm_by is not None and moment < seen.confirm_by)
        # Nor does anything that time brings open it again.
        if scenario.intake.confirm_by is None or scenario.intake.confirm_by <= moment:
            assert seen.state is not State.OPEN


@briefly
@given(moments, what_happens)
def test_time_alone_never_opens(start: datetime, happened: list[Move]) -> None:
    scenario = Scenario(start, happened)
    steps = [*scenario.steps, *due_steps(scenario.intake, scenario.now + timedelta(days=1000))]
    assert all(step.after.state is not State.OPEN for step in steps if step.kind in {"started", "lapsed"})


@briefly
@given(moments, what_happens, spans, spans)
def test_the_steps_do_not_depend_on_how_often_they_are_computed(
    start: datetime, happened: list[Move], first: timedelta, then: timedelta
) -> None:
    scenario = Scenario(start, happened)
    early, late = scenario.now + first, scenario.now + first + then
    steps = due_steps(scenario.intake, early)
    assert due_steps(intake_at(scenario.intake, early), early) == []
    in_two_parts = steps + due_steps(intake_at(scenario.intake, early), late)
    at_once = due_steps(scenario.intake, late)
    assert _without_reminder_events(in_two_parts) == _without_reminder_events(at_once)
    assert intake_at(intake_at(scenario.intake, early), late) == intake_at(scenario.intake, late)


@briefly
@given(moments, what_happens, spans)
def test_steps_follow_each_other_in_time_and_each_begins_where_the_last_one_ended(
    start: datetime, happened: list[Move], span: timedelta
) -> None:
    scenario = Scenario(start, happened)
    steps = [*scenario.steps, *due_steps(scenario.intake, scenario.now + span)]
    dates = [start, *(step.at for step in steps), scenario.now + span]
    assert dates == sorted(dates)
    states = [State.UNCONFIRMED, *(step.after.state for step in steps)]
    assert [step.before for step in steps] == states[:-1]


@briefly
@given(moments, what_happens, spans)
def test_each_change_of_state_and_nothing_else_has_the_event_of_the_state(
    start: datetime, happened: list[Move], span: timedelta
) -> None:
    scenario = Scenario(start, happened)
    current = NEVER_REPORTED
    for step in [*scenario.steps, *due_steps(scenario.intake, scenario.now + span)]:
        if step.kind == "reminded":
            reminders = current.reminders + 1
            remind_at = step.after.remind_at
            assert msgspec.structs.replace(current, remind_at=remind_at, reminders=reminders) == step.after
            current = step.after
            continue
        changed = step.after.state is not step.before
        assert (STATE_EVENTS.get(step.event) if step.event is not None else None) == (
            step.after.state if changed else None
        )
        after = (
            step.after.planned and step.after.planned.report,
            step.after.planned and step.after.planned.effective_from,
        )
        before = (current.planned and current.planned.report, current.planned and current.planned.effective_from)
        assert (step.event is None) is (after == before and step.kind in {"planned", "plan_cancelled"})
        current = step.after


@briefly
@given(moments, what_happens)
def test_time_changes_something_exactly_when_it_is_due(start: datetime, happened: list[Move]) -> None:
    scenario = Scenario(start, happened)
    intake, steps = scenario.intake, 0
    while (due := intake.next_due) is not None:
        assert due > scenario.now
        assert due_steps(intake, due - MOMENT) == []
        first, *rest = due_steps(intake, due)
        assert (first.at, rest) == (due, [])
        intake, steps = first.after, steps + 1
    # At most the start of what was announced, and before and after it all reminders, of which the lapse is one.
    assert steps <= 1 + 2 * MAX_REMINDERS


@briefly
@given(moments, what_happens, spans, validities)
def test_the_same_report_again_moves_only_its_confirmation(
    start: datetime, happened: list[Move], span: timedelta, valid_for: timedelta
) -> None:
    scenario = Scenario(start, happened)
    now = scenario.now + span
    intake = intake_at(scenario.intake, now)
    if intake.report is None or report_expiry(intake.report, now, valid_for) <= now:
        return
    assert intake.said_by is not None
    step = apply_report(intake, intake.report, intake.said_by, now, valid_for)
    assert step == apply_confirmation(intake, intake.said_by, now, valid_for)
    assert step.kind == "confirmed"
    until = report_expiry(intake.report, now, valid_for)
    assert step.after == msgspec.structs.replace(
        intake,
        since=now if intake.lapsed else intake.since,
        confirmed_at=now,
        confirm_by=until,
        remind_at=reminder_time(now, until),
        reminders=0,
        lapsed=False,
    )
    if not intake.lapsed:
        assert step.event is EventType.INTAKE_CONFIRMED
        other = SaidBy.COORDINATOR if intake.said_by is SaidBy.RESPONDER else SaidBy.RESPONDER
        assert apply_confirmation(intake, other, now, valid_for).event is EventType.INTAKE_UPDATED


@briefly
@given(moments, what_happens)
def test_an_announcement_that_is_called_off_leaves_nothing_behind(start: datetime, happened: list[Move]) -> None:
    scenario = Scenario(start, happened)
    pause = Report(state=ReportedState.PAUSED)
    announced = apply_plan(
        scenario.intake,
        pause,
        scenario.now + timedelta(days=1),
        SaidBy.RESPONDER,
        scenario.now,
        timedelta(days=7),
        replace=True,
    ).after
    assert cancel_plan(announced, scenario.now).after == msgspec.structs.replace(scenario.intake, planned=None)


@settings(unhurried, max_examples=200)
@given(moments, st.integers(0, 400), validities, st.sampled_from([ReportedState.PAUSED, ReportedState.WAITING_LIST]))
def test_a_named_day_holds_until_midnight_in_london_and_90_days_at_most(
    start: datetime, days: int, valid_for: timedelta, state: ReportedState
) -> None:
    day = start.astimezone(LONDON_TIME).date() + timedelta(days=days)
    until = report_expiry(Report(state=state, reopens_on=day), start, valid_for)
    assert start < until <= start + MAX_VALID_FOR
    assert until.utcoffset() == timedelta()
    assert until == min(_midnight_in_london(day + timedelta(days=1)), start + timedelta(days=90))


@unhurried
@given(moments, validities, reports)
def test_a_report_that_names_no_day_holds_for_its_period(start: datetime, valid_for: timedelta, report: Report) -> None:
    report = msgspec.structs.replace(report, reopens_on=None)
    assert report_expiry(report, start, valid_for) - start == valid_for


@unhurried
@given(moments, reports, st.none() | st.integers(0, 400))
def test_a_validated_report_is_in_standard_form_and_stays_so(now: datetime, report: Report, days: int | None) -> None:
    day = now.astimezone(LONDON_TIME).date() + timedelta(days=days or 0)
    names_day = days is not None and report.state is not ReportedState.OPEN
    report = msgspec.structs.replace(report, limited_to=None, reopens_on=day if names_day else None)
    standard = validate_report(report, ANYBODY, now)
    assert validate_report(standard, ANYBODY, now) == standard
    assert set(standard.exceptions) == set(report.exceptions)
    assert len(standard.exceptions) == len(set(standard.exceptions))
    assert (standard.note or "") == (report.note or "").strip()
    assert msgspec.structs.replace(standard, note=None, exceptions=()) == msgspec.structs.replace(
        report, note=None, exceptions=()
    )


@unhurried
@given(moments, reports, validities)
def test_the_same_exceptions_in_another_order_are_the_same_report(
    now: datetime, report: Report, valid_for: timedelta
) -> None:
    report = msgspec.structs.replace(report, limited_to=None, reopens_on=None)
    standard = validate_report(report, ANYBODY, now)
    first = apply_report(NEVER_REPORTED, standard, SaidBy.RESPONDER, now, valid_for).after
    again = validate_report(msgspec.structs.replace(report, exceptions=report.exceptions[::-1]), ANYBODY, now)
    assert apply_report(first, again, SaidBy.RESPONDER, now, valid_for).event is EventType.INTAKE_CONFIRMED


def _midnight_in_london(day: date) -> datetime:
    """When `day` begins: summer time is from the last Sunday in March to the last in October, at 01:00 UTC."""
    midnight = datetime.combine(day, time.min, UTC)
    in_summer = _last_sunday(day.year, 3) < day <= _last_sunday(day.year, 10)
    return midnight - timedelta(hours=1) if in_summer else midnight


def _last_sunday(year: int, month: int) -> date:
    last = date(year, month, 31)
    return last - timedelta(days=last.isoweekday() % 7)
