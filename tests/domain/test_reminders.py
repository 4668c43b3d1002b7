"""When a responder is reminded of its report, and by which mail."""

from datetime import timedelta

import pytest
from tests.domain.test_intake import DAY, MOMENT, NOON, OPEN, PAUSED, WAITING_LIST, WEEK, intake_of, replaced

from capacity_api.domain.events import EventType
from capacity_api.domain.intake import (
    MAX_REMINDERS,
    NEVER_REPORTED,
    Intake,
    Reason,
    SaidBy,
    State,
    Step,
    apply_confirmation,
    apply_plan,
    apply_report,
    due_steps,
    intake_at,
    withdraw,
)
from capacity_api.domain.mail import MailKind
from capacity_api.domain.reminders import is_unanswered, reminder_after
from capacity_api.domain.threshold import Threshold, apply_count

EARLY = WEEK * 3 / 4
# Of a report that nobody confirms: when each mail is due, how many were due then, and when the next is.
SCHEDULE = [
    (EARLY, MailKind.CONFIRMATION_DUE, 1, None),
    (WEEK, MailKind.LAPSED, 2, 2 * WEEK),
    (2 * WEEK, MailKind.STILL_LAPSED, 3, 3 * WEEK),
    (3 * WEEK, MailKind.STILL_LAPSED, 4, 4 * WEEK),
    (4 * WEEK, MailKind.STILL_LAPSED, 5, None),
]
PAUSE = replaced(PAUSED, reason=Reason.REFERRAL_THRESHOLD)
THRESHOLD = Threshold(pause_at=10, reopen_below=5, report=PAUSE)


def mails_until(intake: Intake, until: timedelta) -> list[tuple[timedelta, MailKind]]:
    """The mails of an intake that is looked at whenever something is due, as in a service that runs."""
    found: list[tuple[timedelta, MailKind]] = []
    while (due := intake.next_due) is not None and due <= NOON + until:
        (step,) = due_steps(intake, due)
        kind = reminder_after(step)
        if kind is not None:
            found.append((due - NOON, kind))
        intake = step.after
    return found


def counted(intake: Intake, number: int, at: timedelta) -> Step:
    step = apply_count(intake_at(intake, NOON + at), THRESHOLD, number, NOON + at, WEEK)
    assert step is not None
    return step


@pytest.mark.parametrize(("due", "kind", "reminders", "next_at"), SCHEDULE)
def test_each_reminder_is_due_at_its_time(
    due: timedelta, kind: MailKind, reminders: int, next_at: timedelta | None
) -> None:
    before = intake_at(intake_of(OPEN), NOON + due - MOMENT)
    assert before.next_due == NOON + due
    (step,) = due_steps(before, NOON + due)
    assert (step.at, reminder_after(step), step.after.reminders) == (NOON + due, kind, reminders)
    assert step.after.remind_at == (None if next_at is None else NOON + next_at)
    assert is_unanswered(step) is (reminders == MAX_REMINDERS)


def test_after_the_last_one_nothing_is_due_any_more() -> None:
    assert mails_until(intake_of(OPEN), 52 * WEEK) == [(due, kind) for due, kind, _, _ in SCHEDULE]
    assert intake_at(intake_of(OPEN), NOON + 52 * WEEK).next_due is None


def test_a_weekly_reminder_changes_nothing_that_a_reader_sees() -> None:
    for due, _, _, _ in SCHEDULE[2:]:
        before, after = (intake_at(intake_of(OPEN), NOON + at) for at in (due - MOMENT, due))
        assert (before.state, before.since, before.confirm_by) == (after.state, after.since, after.confirm_by)
        assert before.next_change() is after.next_change() is None


@pytest.mark.parametrize(
    ("until", "kind"),
    [
        (EARLY, MailKind.CONFIRMATION_DUE),
        (WEEK, MailKind.LAPSED),
        (2 * WEEK - MOMENT, MailKind.LAPSED),
        (2 * WEEK, MailKind.STILL_LAPSED),
        (52 * WEEK, MailKind.STILL_LAPSED),
    ],
)
def test_of_what_was_due_while_nothing_ran_the_last_one_is_mailed(until: timedelta, kind: MailKind) -> None:
    steps = due_steps(intake_of(OPEN), NOON + until)
    assert reminder_after(steps[-1]) is kind
    assert is_unanswered(steps[-1]) is (until >= 4 * WEEK)


@pytest.mark.parametrize("said_after", [EARLY + DAY, WEEK + DAY, 2 * WEEK + DAY, 5 * WEEK])
def test_a_report_and_a_confirmation_begin_anew(said_after: timedelta) -> None:
    now = NOON + said_after
    intake = intake_at(intake_of(OPEN), now)
    assert intake.reminders > 0
    for step in (
        apply_report(intake, WAITING_LIST, SaidBy.RESPONDER, now, WEEK),
        apply_report(intake, OPEN, SaidBy.COORDINATOR, now, WEEK),
        apply_confirmation(intake, SaidBy.RESPONDER, now, WEEK),
    ):
        assert reminder_after(step) is None
        assert (step.after.reminders, step.after.remind_at) == (0, now + EARLY)
        assert mails_until(step.after, 52 * WEEK) == [(said_after + due, kind) for due, kind, _, _ in SCHEDULE]


@pytest.mark.parametrize("starts_in", [DAY, EARLY + DAY, WEEK + DAY, 2 * WEEK + DAY])
def test_the_start_of_a_plan_begins_anew(starts_in: timedelta) -> None:
    planned = apply_plan(intake_of(OPEN), PAUSED, NOON + starts_in, SaidBy.RESPONDER, NOON, WEEK).after
    started = due_steps(planned, NOON + starts_in)[-1]
    assert (started.kind, reminder_after(started)) == ("started", None)
    expected = [(due, kind) for due, kind, _, _ in SCHEDULE if due < starts_in]
    expected += [(starts_in + due, kind) for due, kind, _, _ in SCHEDULE]
    assert mails_until(planned, 52 * WEEK) == expected


@pytest.mark.parametrize("after", [timedelta(), EARLY, WEEK, 2 * WEEK])
def test_a_restore_stops_them(after: timedelta) -> None:
    intake = withdraw(intake_at(intake_of(OPEN), NOON + after), NOON + after)
    assert (intake.remind_at, intake.reminders, intake.next_due) == (None, 0, None)


def test_nobody_is_reminded_of_a_report_that_was_never_made() -> None:
    assert mails_until(NEVER_REPORTED, 52 * WEEK) == []


def test_a_pause_by_a_count_keeps_the_reminders_of_what_stood() -> None:
    step = counted(intake_of(OPEN), 10, DAY)
    assert reminder_after(step) is None
    assert mails_until(step.after, 52 * WEEK) == [(due, kind) for due, kind, _, _ in SCHEDULE]


def test_a_pause_by_a_count_after_a_lapse_begins_anew() -> None:
    step = counted(intake_of(OPEN), 10, 2 * WEEK + DAY)
    assert (step.after.state, step.after.reminders) == (State.PAUSED, 0)
    expected = [(2 * WEEK + DAY + due, kind) for due, kind, _, _ in SCHEDULE]
    assert mails_until(step.after, 52 * WEEK) == expected


def test_a_report_that_a_count_brings_back_too_late_lapses_at_once_with_its_mail() -> None:
    paused = counted(intake_of(OPEN), 10, DAY).after
    confirmed = apply_confirmation(intake_at(paused, NOON + 2 * DAY), SaidBy.RESPONDER, NOON + 2 * DAY, WEEK).after
    back = WEEK + DAY
    step = counted(confirmed, 4, back)
    assert (step.event, reminder_after(step)) == (EventType.INTAKE_UNCONFIRMED, MailKind.LAPSED)
    weekly = [(back + n * WEEK, MailKind.STILL_LAPSED) for n in (1, 2, 3)]
    assert mails_until(step.after, 52 * WEEK) == weekly


def test_a_report_that_a_count_brings_back_in_time_is_mailed_at_its_own_times() -> None:
    paused = counted(intake_of(OPEN), 10, DAY).after
    step = counted(paused, 4, 2 * DAY)
    assert reminder_after(step) is None
    assert mails_until(step.after, WEEK) == [(EARLY, MailKind.CONFIRMATION_DUE), (WEEK, MailKind.LAPSED)]
