from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from capacity_api.domain.areas import UNITED_KINGDOM
from capacity_api.domain.codes import NOT_KNOWN
from capacity_api.domain.events import EventType
from capacity_api.domain.intake import (
    DEFAULT_VALID_FOR,
    MAX_PLAN_AHEAD,
    NEVER_REPORTED,
    Circumstance,
    ExpectedTime,
    Intake,
    Reason,
    Report,
    ReportedState,
    SaidBy,
    State,
    Unit,
    apply_confirmation,
    apply_plan,
    apply_report,
    cancel_plan,
    due_steps,
    intake_at,
    report_expiry,
    validate_report,
    withdraw,
)
from capacity_api.domain.remit import AgeGroup, Remit
from capacity_api.domain.threshold import Threshold, apply_count
from capacity_api.errors import AlreadyPlanned, Invalid, NothingToConfirm

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
REMIT = Remit(areas=(UNITED_KINGDOM,), exploitation_types=NOT_KNOWN, age_groups=(AgeGroup.ADULT,))
WEEK = DEFAULT_VALID_FOR
DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)

OPEN = Report(state=ReportedState.OPEN)
WAITING_LIST = Report(state=ReportedState.WAITING_LIST)
PAUSED = Report(state=ReportedState.PAUSED)


def intake_of(report: Report, now: datetime = NOON) -> Intake:
    return apply_report(NEVER_REPORTED, report, SaidBy.RESPONDER, now, WEEK).after


def replaced(report: Report, **fields: Any) -> Report:
    return msgspec.structs.replace(report, **fields)


def pointers(refusal: pytest.ExceptionInfo[Invalid]) -> list[str]:
    return [error.pointer for error in refusal.value.errors]


# What a report may say


@pytest.mark.parametrize(
    ("typed", "standard"),
    [
        ({}, {}),
        ({"note": "  Ring first.\r\nThen write. "}, {"note": "Ring first.\nThen write."}),
        ({"note": "   "}, {"note": None}),
        ({"note": "a" * 500}, {"note": "a" * 500}),
        (
            {"exceptions": (Circumstance.DETENTION, Circumstance.SELF_REFERRAL, Circumstance.DETENTION)},
            {"exceptions": (Circumstance.SELF_REFERRAL, Circumstance.DETENTION)},
        ),
        ({"reopens_on": date(2026, 11, 21)}, {"reopens_on": date(2026, 11, 21)}),
        (
            {"expected_response": ExpectedTime(max=1, unit=Unit.HOURS)},
            {"expected_response": ExpectedTime(max=1, unit=Unit.HOURS)},
        ),
        (
            {"expected_response": ExpectedTime(min=1000, max=1000, unit=Unit.WEEKS)},
            {"expected_response": ExpectedTime(min=1000, max=1000, unit=Unit.WEEKS)},
        ),
        ({"no_timeframe": True}, {"no_timeframe": True}),
        (
            {"exceptions": (Circumstance.OTHER_URGENT, Circumstance.EXISTING_CLIENT)},
            {"exceptions": (Circumstance.EXISTING_CLIENT, Circumstance.OTHER_URGENT)},
        ),
    ],
)
def test_a_report_is_put_into_a_standard_form(typed: dict[str, Any], standard: dict[str, Any]) -> None:
    assert validate_report(replaced(PAUSED, **typed), REMIT, NOON) == replaced(PAUSED, **standard)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"expected_response": ExpectedTime(min=-1, max=5, unit=Unit.DAYS)}, ["/expected_response/min"]),
        ({"expected_response": ExpectedTime(max=0, unit=Unit.DAYS)}, ["/expected_response/max"]),
        ({"expected_response": ExpectedTime(max=1001, unit=Unit.DAYS)}, ["/expected_response/max"]),
        ({"expected_response": ExpectedTime(min=5, max=4, unit=Unit.DAYS)}, ["/expected_response/max"]),
        ({"expected_response": ExpectedTime(min=5, max=0, unit=Unit.DAYS)}, ["/expected_response/max"]),
        (
            {"expected_response": ExpectedTime(min=-1, max=-2, unit=Unit.DAYS)},
            ["/expected_response/min", "/expected_response/max"],
        ),
        ({"expected_referral": ExpectedTime(max=0, unit=Unit.DAYS)}, ["/expected_referral/max"]),
        ({"no_timeframe": True, "expected_response": ExpectedTime(max=1, unit=Unit.DAYS)}, ["/no_timeframe"]),
        ({"no_timeframe": True, "expected_referral": ExpectedTime(max=1, unit=Unit.DAYS)}, ["/no_timeframe"]),
        ({"reopens_on": date(2026, 11, 20)}, ["/reopens_on"]),
        ({"note": "a" * 501}, ["/note"]),
        ({"note": "a\tb"}, ["/note"]),
        ({"state": ReportedState.OPEN, "reopens_on": date(2026, 12, 1)}, ["/reopens_on"]),
        (
            {"expected_response": ExpectedTime(max=0, unit=Unit.DAYS), "reopens_on": date(2020, 1, 1), "note": "\x00"},
            ["/reopens_on", "/expected_response/max", "/note"],
        ),
    ],
)
def test_every_fault_of_a_report_is_pointed_at(fields: dict[str, Any], expected: list[str]) -> None:
    with pytest.raises(Invalid) as refusal:
        validate_report(replaced(PAUSED, **fields), REMIT, NOON)
    assert pointers(refusal) == expected


def test_a_day_is_past_from_midnight_in_london() -> None:
    # 23:30 UTC on 30 June is 0:30 on 1 July in London.
    late = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)
    today = replaced(PAUSED, reopens_on=date(2026, 7, 1))
    assert validate_report(today, REMIT, late) == today
    with pytest.raises(Invalid, match="not valid"):
        validate_report(replaced(PAUSED, reopens_on=date(2026, 6, 30)), REMIT, late)


# For how long it holds


@pytest.mark.parametrize(
    ("reopens_on", "start", "until"),
    [
        (None, "2026-11-21T12:00Z", "2026-11-28T12:00Z"),
        # A week is 168 hours, also when the clocks change.
        (None, "2026-10-22T12:00Z", "2026-10-29T12:00Z"),
        (date(2026, 12, 1), "2026-11-21T12:00Z", "2026-12-02T00:00Z"),
        (date(2026, 11, 21), "2026-11-21T12:00Z", "2026-11-22T00:00Z"),
        (date(2026, 7, 10), "2026-07-01T12:00Z", "2026-07-10T23:00Z"),
        # Said in summer for winter, and the other way round.
        (date(2026, 11, 1), "2026-10-01T12:00Z", "2026-11-02T00:00Z"),
        (date(2027, 4, 1), "2027-03-01T12:00Z", "2027-04-01T23:00Z"),
        # The clocks go back on 25 October 2026 and forward on 28 March 2027.
        (date(2026, 10, 24), "2026-10-01T12:00Z", "2026-10-24T23:00Z"),
        (date(2026, 10, 25), "2026-10-01T12:00Z", "2026-10-26T00:00Z"),
        (date(2027, 3, 27), "2027-03-01T12:00Z", "2027-03-28T00:00Z"),
        (date(2027, 3, 28), "2027-03-01T12:00Z", "2027-03-28T23:00Z"),
        # 90 days are 2160 hours.
        (date(2027, 2, 18), "2026-11-21T12:00Z", "2027-02-19T00:00Z"),
        (date(2027, 2, 19), "2026-11-21T12:00Z", "2027-02-19T12:00Z"),
        (date(2030, 1, 1), "2026-11-21T12:00Z", "2027-02-19T12:00Z"),
        (date.max, "2026-11-21T12:00Z", "2027-02-19T12:00Z"),
    ],
)
def test_until_when_a_report_holds(reopens_on: date | None, start: str, until: str) -> None:
    report = replaced(PAUSED, reopens_on=reopens_on)
    assert report_expiry(report, datetime.fromisoformat(start), WEEK) == datetime.fromisoformat(until)


@pytest.mark.parametrize(("after", "state"), [(WEEK - MOMENT, State.OPEN), (WEEK, State.UNCONFIRMED)])
def test_a_lapsed_report_is_never_shown_as_open(after: timedelta, state: State) -> None:
    assert intake_at(intake_of(OPEN), NOON + after).state is state


# What a report brings


@pytest.mark.parametrize("valid_for", [timedelta(hours=1), WEEK, timedelta(hours=2160)])
def test_a_first_report_is_the_intake(valid_for: timedelta) -> None:
    step = apply_report(NEVER_REPORTED, PAUSED, SaidBy.RESPONDER, NOON, valid_for)
    assert step.after == Intake(
        report=PAUSED,
        since=NOON,
        said_by=SaidBy.RESPONDER,
        confirmed_at=NOON,
        confirm_by=NOON + valid_for,
        remind_at=NOON + valid_for * 3 / 4,
    )
    assert (step.before, step.at, step.kind, step.event) == (
        State.UNCONFIRMED,
        NOON,
        "reported",
        EventType.INTAKE_PAUSED,
    )


@pytest.mark.parametrize(
    ("before", "report", "event"),
    [
        (None, OPEN, "intake.opened"),
        (None, WAITING_LIST, "intake.waiting_list"),
        (None, PAUSED, "intake.paused"),
        (OPEN, OPEN, "intake.confirmed"),
        (OPEN, WAITING_LIST, "intake.waiting_list"),
        (OPEN, PAUSED, "intake.paused"),
        (WAITING_LIST, OPEN, "intake.opened"),
        (WAITING_LIST, WAITING_LIST, "intake.confirmed"),
        (WAITING_LIST, PAUSED, "intake.paused"),
        (PAUSED, OPEN, "intake.opened"),
        (PAUSED, WAITING_LIST, "intake.waiting_list"),
        (PAUSED, PAUSED, "intake.confirmed"),
    ],
)
def test_a_report_makes_the_event_of_its_state(before: Report | None, report: Report, event: str) -> None:
    intake = intake_of(before) if before is not None else NEVER_REPORTED
    assert apply_report(intake, report, SaidBy.RESPONDER, NOON + DAY, WEEK).event == event
    lapsed = intake_at(intake, NOON + 2 * WEEK)
    again = apply_report(lapsed, report, SaidBy.RESPONDER, NOON + 2 * WEEK, WEEK)
    assert (again.before, again.after.state) == (State.UNCONFIRMED, State(report.state))
    assert (
        again.event
        == {
            "open": "intake.opened",
            "waiting_list": "intake.waiting_list",
            "paused": "intake.paused",
        }[report.state]
    )


@pytest.mark.parametrize(
    "change",
    [
        {"note": "Ring first"},
        {"reason": Reason.STAFFING},
        {"exceptions": (Circumstance.DETENTION,)},
        {"reopens_on": date(2026, 12, 1)},
        {"expected_response": ExpectedTime(min=5, max=10, unit=Unit.HOURS)},
        {"expected_referral": ExpectedTime(min=2, max=4, unit=Unit.WEEKS)},
        {"no_timeframe": True},
    ],
)
def test_another_report_of_the_same_state_is_an_update(change: dict[str, Any]) -> None:
    report = replaced(PAUSED, **change)
    step = apply_report(intake_of(PAUSED), report, SaidBy.RESPONDER, NOON + DAY, WEEK)
    assert (step.kind, step.event) == ("reported", EventType.INTAKE_UPDATED)
    assert (step.after.report, step.after.since, step.after.confirmed_at) == (report, NOON, NOON + DAY)


def test_the_same_report_again_only_confirms_it() -> None:
    step = apply_report(intake_of(OPEN), OPEN, SaidBy.RESPONDER, NOON + DAY, WEEK)
    assert (step.kind, step.event) == ("confirmed", EventType.INTAKE_CONFIRMED)
    assert step.after == Intake(
        report=OPEN,
        since=NOON,
        said_by=SaidBy.RESPONDER,
        confirmed_at=NOON + DAY,
        confirm_by=NOON + DAY + WEEK,
        remind_at=NOON + DAY + WEEK * 3 / 4,
    )
    assert step == apply_confirmation(intake_of(OPEN), SaidBy.RESPONDER, NOON + DAY, WEEK)


def test_a_confirmation_after_a_lapse_brings_the_state_back() -> None:
    now = NOON + 2 * WEEK
    step = apply_confirmation(intake_at(intake_of(OPEN), now), SaidBy.RESPONDER, now, WEEK)
    assert (step.before, step.after.state) == (State.UNCONFIRMED, State.OPEN)
    assert (step.kind, step.event) == ("confirmed", EventType.INTAKE_OPENED)
    assert (step.after.since, step.after.current_report) == (now, OPEN)


def test_nothing_that_was_never_reported_can_be_confirmed() -> None:
    with pytest.raises(NothingToConfirm):
        apply_confirmation(NEVER_REPORTED, SaidBy.RESPONDER, NOON, WEEK)
    with pytest.raises(NothingToConfirm):
        apply_confirmation(
            apply_plan(NEVER_REPORTED, PAUSED, NOON + DAY, SaidBy.RESPONDER, NOON, WEEK).after,
            SaidBy.RESPONDER,
            NOON,
            WEEK,
        )


def test_a_pause_can_be_confirmed_until_its_last_day_is_over() -> None:
    pause = intake_of(replaced(PAUSED, reopens_on=date(2026, 12, 1)))
    midnight = datetime(2026, 12, 2, tzinfo=UTC)
    assert apply_confirmation(pause, SaidBy.RESPONDER, midnight - MOMENT, WEEK).after.confirm_by == midnight
    with pytest.raises(NothingToConfirm, match="ended on 2026-12-01"):
        apply_confirmation(intake_at(pause, midnight), SaidBy.RESPONDER, midnight, WEEK)


# What is announced


@pytest.mark.parametrize(
    ("report", "starts_in", "expected"),
    [
        (OPEN, DAY, ["/effective_from"]),
        (PAUSED, timedelta(), ["/effective_from"]),
        (PAUSED, -DAY, ["/effective_from"]),
        (PAUSED, MAX_PLAN_AHEAD + MOMENT, ["/effective_from"]),
        (replaced(PAUSED, reopens_on=date(2026, 11, 22)), 2 * DAY, ["/reopens_on"]),
        # 23:59 and midnight: the day before is over.
        (replaced(PAUSED, reopens_on=date(2026, 11, 21)), timedelta(hours=12), ["/reopens_on"]),
    ],
)
def test_only_a_pause_or_waiting_list_that_is_still_to_come_is_announced(
    report: Report, starts_in: timedelta, expected: list[str]
) -> None:
    with pytest.raises(Invalid) as refusal:
        apply_plan(intake_of(OPEN), report, NOON + starts_in, SaidBy.RESPONDER, NOON, WEEK)
    assert pointers(refusal) == expected


def test_the_day_on_which_an_announcement_starts_is_that_of_london() -> None:
    # 23:30 UTC on 30 June is 0:30 on 1 July in London.
    now = datetime(2026, 6, 29, 12, tzinfo=UTC)
    late = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)
    step = apply_plan(NEVER_REPORTED, replaced(PAUSED, reopens_on=date(2026, 7, 1)), late, SaidBy.RESPONDER, now, WEEK)
    assert step.event is EventType.INTAKE_PLANNED
    with pytest.raises(Invalid) as refusal:
        apply_plan(NEVER_REPORTED, replaced(PAUSED, reopens_on=date(2026, 6, 30)), late, SaidBy.RESPONDER, now, WEEK)
    assert pointers(refusal) == ["/reopens_on"]


@pytest.mark.parametrize("starts_in", [MOMENT, DAY, MAX_PLAN_AHEAD])
@pytest.mark.parametrize("report", [WAITING_LIST, PAUSED])
def test_an_announcement_changes_nothing_until_it_starts(report: Report, starts_in: timedelta) -> None:
    step = apply_plan(intake_of(OPEN), report, NOON + starts_in, SaidBy.RESPONDER, NOON, WEEK)
    assert (step.before, step.kind, step.event) == (State.OPEN, "planned", EventType.INTAKE_PLANNED)
    assert msgspec.structs.replace(step.after, planned=None) == intake_of(OPEN)
    assert intake_at(step.after, NOON + min(starts_in, WEEK) - MOMENT).state is State.OPEN
    started = intake_at(step.after, NOON + starts_in)
    assert started == Intake(
        report=report,
        since=NOON + starts_in,
        said_by=SaidBy.RESPONDER,
        confirmed_at=NOON,
        confirm_by=NOON + starts_in + WEEK,
        remind_at=NOON + starts_in + WEEK * 3 / 4,
    )


def test_an_announcement_that_names_a_day_holds_to_the_end_of_that_day() -> None:
    report = replaced(PAUSED, reopens_on=date(2026, 12, 31))
    step = apply_plan(intake_of(OPEN), report, datetime(2026, 12, 23, 17, tzinfo=UTC), SaidBy.RESPONDER, NOON, WEEK)
    assert step.after.planned is not None
    assert step.after.planned.confirm_by == datetime(2027, 1, 1, tzinfo=UTC)


def test_the_same_plan_again_changes_nothing() -> None:
    first = apply_plan(intake_of(OPEN), PAUSED, NOON + DAY, SaidBy.RESPONDER, NOON, WEEK).after
    for replace in (False, True):
        again = apply_plan(first, PAUSED, NOON + DAY, SaidBy.RESPONDER, NOON + MOMENT, WEEK, replace=replace)
        assert (again.after, again.event) == (first, None)


def test_a_second_plan_is_refused_with_the_first_unless_it_is_to_replace_it() -> None:
    first = apply_plan(intake_of(OPEN), PAUSED, NOON + DAY, SaidBy.RESPONDER, NOON, WEEK).after
    for report, starts_in in ((PAUSED, 2 * DAY), (WAITING_LIST, DAY)):
        with pytest.raises(AlreadyPlanned, match="paused from 2026-11-22T12:00:00Z"):
            apply_plan(first, report, NOON + starts_in, SaidBy.RESPONDER, NOON, WEEK)
        other = apply_plan(first, report, NOON + starts_in, SaidBy.RESPONDER, NOON, WEEK, replace=True)
        assert other.event is EventType.INTAKE_PLANNED
        assert other.after.planned is not None
        assert (other.after.planned.report, other.after.planned.effective_from) == (report, NOON + starts_in)


def test_a_report_before_a_plan_starts_leaves_the_plan_unchanged() -> None:
    announced = apply_plan(intake_of(OPEN), PAUSED, NOON + 2 * DAY, SaidBy.RESPONDER, NOON, WEEK).after
    for report in (OPEN, WAITING_LIST):
        after = apply_report(announced, report, SaidBy.RESPONDER, NOON + DAY, WEEK).after
        assert after.planned == announced.planned
        assert intake_at(after, NOON + 2 * DAY).state is State.PAUSED


def test_a_plan_is_cancelled_once() -> None:
    step = cancel_plan(apply_plan(intake_of(OPEN), PAUSED, NOON + DAY, SaidBy.RESPONDER, NOON, WEEK).after, NOON)
    assert (step.after, step.kind, step.event) == (intake_of(OPEN), "plan_cancelled", EventType.INTAKE_UPDATED)
    again = cancel_plan(step.after, NOON)
    assert (again.after, again.event) == (intake_of(OPEN), None)


# What time brings


def test_nothing_happens_to_a_responder_that_never_reported() -> None:
    assert NEVER_REPORTED.state is State.UNCONFIRMED
    assert NEVER_REPORTED.next_due is None
    assert due_steps(NEVER_REPORTED, datetime.max.replace(tzinfo=UTC)) == []


@pytest.mark.parametrize(
    ("starts_in", "expected"),
    [
        # While the report holds: nothing ever lapses before the new one does.
        (DAY, [("started", DAY, "intake.paused"), ("lapsed", DAY + WEEK, "intake.unconfirmed")]),
        # The plan starts at the very moment of the lapse, and replaces the report.
        (WEEK, [("started", WEEK, "intake.paused"), ("lapsed", 2 * WEEK, "intake.unconfirmed")]),
        (
            WEEK + MOMENT,
            [
                ("lapsed", WEEK, "intake.unconfirmed"),
                ("started", WEEK + MOMENT, "intake.paused"),
                ("lapsed", 2 * WEEK + MOMENT, "intake.unconfirmed"),
            ],
        ),
    ],
)
def test_each_step_of_time_is_dated_when_it_was_due(
    starts_in: timedelta, expected: list[tuple[str, timedelta, str]]
) -> None:
    intake = apply_plan(intake_of(OPEN), PAUSED, NOON + starts_in, SaidBy.RESPONDER, NOON, WEEK).after
    steps = due_steps(intake, NOON + 52 * WEEK)
    assert [(step.kind, step.at - NOON, step.event) for step in steps if step.kind != "reminded"] == expected


def test_an_announcement_of_the_state_that_holds_already_starts_as_an_update() -> None:
    intake = apply_plan(
        intake_of(PAUSED), replaced(PAUSED, note="Holidays"), NOON + DAY, SaidBy.RESPONDER, NOON, WEEK
    ).after
    (step,) = due_steps(intake, NOON + DAY)
    assert (step.before, step.kind, step.event) == (State.PAUSED, "started", EventType.INTAKE_UPDATED)


def test_an_announcement_by_a_responder_that_never_reported_starts_too() -> None:
    intake = apply_plan(NEVER_REPORTED, PAUSED, NOON + DAY, SaidBy.RESPONDER, NOON, WEEK).after
    assert intake_at(intake, NOON + DAY - MOMENT).state is State.UNCONFIRMED
    assert intake_at(intake, NOON + DAY).state is State.PAUSED


def test_times_of_another_zone_are_the_same_times() -> None:
    london = ZoneInfo("Europe/London")
    assert intake_at(intake_of(OPEN), (NOON + WEEK).astimezone(london)).state is State.UNCONFIRMED
    assert intake_at(intake_of(OPEN), (NOON + WEEK - MOMENT).astimezone(london)).state is State.OPEN


# What a restore leaves


def restored(intake: Intake) -> tuple[State, Report | None, datetime | None, datetime | None]:
    assert intake.restored
    return intake.state, intake.report, intake.since, intake.confirm_by


THRESHOLD_REPORT = replaced(PAUSED, reason=Reason.REFERRAL_THRESHOLD)


def counted(intake: Intake) -> Intake:
    step = apply_count(intake, Threshold(pause_at=8, report=THRESHOLD_REPORT), 9, NOON, WEEK)
    assert step is not None
    return step.after


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (NEVER_REPORTED, (State.UNCONFIRMED, None, None, None)),
        (intake_of(OPEN), (State.UNCONFIRMED, OPEN, NOON + DAY, NOON + DAY)),
        (intake_of(WAITING_LIST), (State.UNCONFIRMED, WAITING_LIST, NOON + DAY, NOON + DAY)),
        (intake_of(PAUSED), (State.UNCONFIRMED, PAUSED, NOON + DAY, NOON + DAY)),
        # It had lapsed before.
        (
            intake_at(intake_of(OPEN, NOON - WEEK), NOON + DAY),
            (State.UNCONFIRMED, OPEN, NOON, NOON),
        ),
        # A plan does not start.
        (
            apply_plan(intake_of(OPEN), PAUSED, NOON + 2 * DAY, SaidBy.RESPONDER, NOON, WEEK).after,
            (State.UNCONFIRMED, OPEN, NOON + DAY, NOON + DAY),
        ),
        # What the count replaced does not come back.
        (
            counted(intake_of(OPEN)),
            (State.UNCONFIRMED, THRESHOLD_REPORT, NOON + DAY, NOON + DAY),
        ),
    ],
)
def test_nothing_that_stood_before_a_restore_is_confirmed_or_comes_later(
    before: Intake, expected: tuple[State, Report | None, datetime | None, datetime | None]
) -> None:
    after = withdraw(before, NOON + DAY)
    assert restored(after) == expected
    assert (after.said_by, after.confirmed_at) == (before.said_by, before.confirmed_at)
    assert (after.planned, after.before, after.next_due) == (None, None, None)
    assert withdraw(after, NOON + 2 * DAY) == after
