"""Intake: what a responder takes on now, until when that holds, and what changes with time alone.

An `Intake` is a value. `apply_report`, `apply_confirmation`, `apply_plan` and `cancel_plan` return the intake after the
responder has said something. `due_steps` returns the changes that time alone brings: a plan starts, a report lapses, a
reminder is due. A reader calls `intake_at`, which applies the due steps and records nothing. A writer records each due
step with its event. Both see the same, so a lapse shows exactly when it is due, whether or not it has been recorded.
"""

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec

from capacity_api.domain.events import EventType
from capacity_api.domain.text import plain_text
from capacity_api.errors import FieldError, Invalid, NothingToConfirm

LONDON_TIME = ZoneInfo("Europe/London")
DEFAULT_VALID_FOR = timedelta(hours=168)
MAX_VALID_FOR = timedelta(days=90)
MAX_PLAN_AHEAD = timedelta(days=366)
# A closure that is planned a year ahead can name a day after that.
_MAX_REOPENING_AHEAD = timedelta(days=731)
MAX_NOTE_LENGTH = 500


class ReportedState(StrEnum):
    """The states that a responder can report."""

    OPEN = "open"
    WAITING_LIST = "waiting_list"
    PAUSED = "paused"


class State(StrEnum):
    """The states that readers see. `unconfirmed` means that there is no report, or that it has lapsed."""

    OPEN = "open"
    WAITING_LIST = "waiting_list"
    PAUSED = "paused"
    UNCONFIRMED = "unconfirmed"


# A state, and from when it held.
TimedState = tuple[datetime, State]


class Unit(StrEnum):
    HOURS = "hours"
    DAYS = "days"
    WORKING_DAYS = "working_days"
    WEEKS = "weeks"


class Reason(StrEnum):
    REFERRAL_THRESHOLD = "referral_threshold"
    STAFFING = "staffing"
    FUNDING = "funding"
    PLANNED = "planned"
    OTHER = "other"


class Circumstance(StrEnum):
    """What a paused responder may still take on (briefing 2024, note 11). `homelessness` includes destitution."""

    SELF_REFERRAL = "self_referral"
    HOMELESSNESS = "homelessness"
    DETENTION = "detention"
    CRIMINAL_INVESTIGATION = "criminal_investigation"
    OTHER_URGENT = "other_urgent"


class ExpectedResponse(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The time from an enquiry to the first substantive answer, as the responder expects it. Not guaranteed."""

    max: int
    unit: Unit
    min: int = 0


class Report(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a responder says about its intake. `expected_response` null means that it can give no timeframe."""

    state: ReportedState
    expected_response: ExpectedResponse | None = None
    reason: Reason | None = None
    exceptions: tuple[Circumstance, ...] = ()
    reopens_on: date | None = None
    note: Annotated[str, msgspec.Meta(extra_json_schema={"maxLength": MAX_NOTE_LENGTH})] | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A pause or waiting list that was announced at `said_at` and starts by itself at `effective_from`."""

    report: Report
    effective_from: datetime
    said_at: datetime
    confirm_by: datetime


class ReplacedReport(msgspec.Struct, frozen=True, kw_only=True):
    """The report that a threshold's pause replaced, with the times for which that report holds."""

    report: Report | None
    confirmed_at: datetime | None
    confirm_by: datetime | None
    remind_at: datetime | None
    lapsed: bool


class Intake(msgspec.Struct, frozen=True, kw_only=True):
    """The current intake of one responder; all times are aware UTC.

    `changed_at` is when the content of the report last changed. `lapsed` means that `confirm_by` passed and the lapse
    was applied. `remind_at` is when to remind the responder that its report lapses soon, null once that has happened.
    `before` is the replaced report, set while a threshold keeps the intake paused.
    """

    report: Report | None = None
    changed_at: datetime | None = None
    confirmed_at: datetime | None = None
    confirm_by: datetime | None = None
    remind_at: datetime | None = None
    lapsed: bool = False
    planned: Plan | None = None
    before: ReplacedReport | None = None

    @property
    def state(self) -> State:
        """The effective state, once everything that is due has been applied (`intake_at`)."""
        if self.report is None or self.lapsed:
            return State.UNCONFIRMED
        return State(self.report.state)

    @property
    def next_due(self) -> datetime | None:
        """When time alone changes this next, or `None` for never."""
        times = []
        if self.report is not None and not self.lapsed:
            times += [self.confirm_by, self.remind_at]
        if self.planned is not None:
            times.append(self.planned.effective_from)
        return min((time for time in times if time is not None), default=None)


NEVER_REPORTED = Intake()


class Step(msgspec.Struct, frozen=True):
    """One change of an intake: the state before, the intake after, the time, the kind, and the event to record.

    `kind` is `unplanned` when a plan was cancelled, `started` when a plan began by itself, and `counted` when a count
    of open referrals paused the intake or brought back the replaced report. `event` is null when nothing changed that
    a reader or a webhook's owner could see.
    """

    before: State
    after: Intake
    at: datetime
    kind: Literal["reported", "confirmed", "planned", "unplanned", "started", "lapsed", "counted", "reminded"]
    event: EventType | None


_STATE_EVENT = {
    State.OPEN: EventType.INTAKE_OPENED,
    State.WAITING_LIST: EventType.INTAKE_WAITING_LIST,
    State.PAUSED: EventType.INTAKE_PAUSED,
    State.UNCONFIRMED: EventType.INTAKE_UNCONFIRMED,
}


def validate_report(report: Report, now: datetime) -> Report:
    """The report in a standard form. Raises `Invalid` with a pointer to each fault."""
    errors = expected_response_errors(report.expected_response)
    if report.reopens_on is not None:
        if report.state is ReportedState.OPEN:
            errors.append(FieldError("/reopens_on", "is only for a pause or a waiting list"))
        elif not 0 <= (report.reopens_on - now.astimezone(LONDON_TIME).date()).days <= _MAX_REOPENING_AHEAD.days:
            errors.append(FieldError("/reopens_on", f"must be in the next {_MAX_REOPENING_AHEAD.days} days"))
    note, exceptions = normalise_words(report.note, report.exceptions, errors)
    if errors:
        raise Invalid("The report is not valid", tuple(errors))
    return msgspec.structs.replace(report, note=note, exceptions=exceptions)


def normalise_words(
    note: str | None, exceptions: tuple[Circumstance, ...], errors: list[FieldError]
) -> tuple[str | None, tuple[Circumstance, ...]]:
    """Note and exceptions in a standard form. Adds any fault of the note to `errors`, with its pointer."""
    try:
        note = plain_text(note, "/note", MAX_NOTE_LENGTH, multiline=True)
    except Invalid as invalid:
        errors.extend(invalid.errors)
    return note, tuple(each for each in Circumstance if each in exceptions)


def expected_response_errors(expected: ExpectedResponse | None) -> list[FieldError]:
    """The faults of an expected response, with pointers."""
    errors: list[FieldError] = []
    if expected is None:
        return errors
    if expected.min < 0:
        errors.append(FieldError("/expected_response/min", "must not be negative"))
    if not 1 <= expected.max <= 1000:
        errors.append(FieldError("/expected_response/max", "must be from 1 to 1000"))
    elif expected.max < expected.min:
        errors.append(FieldError("/expected_response/max", "must not be less than min"))
    return errors


def report_expiry(report: Report, start: datetime, valid_for: timedelta) -> datetime:
    """When a report that holds from `start` lapses unless it is confirmed: its `confirm_by`.

    A pause or waiting list that names a day holds until the end of that day in Europe/London, for at most 90 days.
    """
    if report.reopens_on is None:
        return start + valid_for
    latest = start + MAX_VALID_FOR
    if report.reopens_on > latest.astimezone(LONDON_TIME).date():
        return latest
    end_of_day = datetime.combine(report.reopens_on + timedelta(days=1), time.min, LONDON_TIME).astimezone(UTC)
    return min(end_of_day, latest)


def apply_report(intake: Intake, report: Report, now: datetime, valid_for: timedelta) -> Step:
    """The responder reports at `now`; the same report again confirms it.

    `report` must come from `validate_report`, and `intake` from `intake_at(…, now)`.
    """
    before = intake.state
    is_same = report == intake.report
    confirm_by = report_expiry(report, now, valid_for)
    after = msgspec.structs.replace(
        intake,
        report=report,
        changed_at=intake.changed_at if is_same else now,
        confirmed_at=now,
        confirm_by=confirm_by,
        remind_at=reminder_time(now, confirm_by),
        lapsed=False,
        before=intake.before if is_same else None,
    )
    event = EventType.INTAKE_CONFIRMED if is_same and after.state is before else event_for(before, after.state)
    return Step(before, after, now, "confirmed" if is_same else "reported", event)


def event_for(before: State, after: State) -> EventType:
    """The event of a change that readers see: that of the new state, or `intake.updated` if the state is the same."""
    return EventType.INTAKE_UPDATED if after is before else _STATE_EVENT[after]


def reminder_time(start: datetime, confirm_by: datetime) -> datetime:
    """When to remind a responder that its report lapses soon: after three quarters of the time that it holds."""
    return start + (confirm_by - start) * 3 / 4


def apply_confirmation(intake: Intake, now: datetime, valid_for: timedelta) -> Step:
    """The responder says that its report is still true: the same as reporting it again.

    Raises `NothingToConfirm` if there is no report, or if the day that it names has passed.
    """
    if intake.report is None:
        raise NothingToConfirm
    if report_expiry(intake.report, now, valid_for) <= now:
        raise NothingToConfirm(f"The report ended on {intake.report.reopens_on}; send a new report instead")
    return apply_report(intake, intake.report, now, valid_for)


def apply_plan(intake: Intake, report: Report, effective_from: datetime, now: datetime, valid_for: timedelta) -> Step:
    """The responder announces a pause or waiting list that starts later. It replaces an earlier plan.

    Raises `Invalid` with a pointer. `report` must come from `validate_report`.
    """
    if report.state is ReportedState.OPEN:
        raise Invalid.at("/effective_from", "is only for a pause or a waiting list; an opening cannot be planned")
    if not now < effective_from <= now + MAX_PLAN_AHEAD:
        raise Invalid.at("/effective_from", f"must be in the future, at most {MAX_PLAN_AHEAD.days} days ahead")
    if report.reopens_on is not None and report.reopens_on < effective_from.astimezone(LONDON_TIME).date():
        raise Invalid.at("/reopens_on", "must not be before the day on which the plan starts")
    effective_from = effective_from.astimezone(UTC)
    plan = Plan(
        report=report,
        effective_from=effective_from,
        said_at=now,
        confirm_by=report_expiry(report, effective_from, valid_for),
    )
    earlier = intake.planned
    if earlier is not None and (earlier.report, earlier.effective_from) == (report, effective_from):
        return Step(intake.state, intake, now, "planned", None)
    after = msgspec.structs.replace(intake, planned=plan)
    return Step(intake.state, after, now, "planned", EventType.INTAKE_PLANNED)


def cancel_plan(intake: Intake, now: datetime) -> Step:
    """The responder cancels its plan. Without a plan nothing changes."""
    after = msgspec.structs.replace(intake, planned=None)
    return Step(intake.state, after, now, "unplanned", EventType.INTAKE_UPDATED if intake.planned else None)


def due_steps(intake: Intake, now: datetime) -> list[Step]:
    """The steps that are due at or before `now`, oldest first, each with the time at which it was due."""
    steps: list[Step] = []
    due = intake.next_due
    while due is not None and due <= now:
        if intake.planned is not None and intake.planned.effective_from == due:
            step = _start(intake, intake.planned)
        elif intake.confirm_by == due:
            step = _lapse(intake, due)
        else:
            step = _remind(intake, due, now)
        steps.append(step)
        intake = step.after
        due = intake.next_due
    return steps


def intake_at(intake: Intake, now: datetime) -> Intake:
    """The intake as readers must see it at `now`, whether or not the due steps have been recorded."""
    steps = due_steps(intake, now)
    return steps[-1].after if steps else intake


def _start(intake: Intake, plan: Plan) -> Step:
    after = Intake(
        report=plan.report,
        changed_at=plan.effective_from,
        confirmed_at=max(plan.said_at, intake.confirmed_at or plan.said_at),
        confirm_by=plan.confirm_by,
        remind_at=reminder_time(plan.effective_from, plan.confirm_by),
    )
    return Step(intake.state, after, plan.effective_from, "started", event_for(intake.state, after.state))


def _remind(intake: Intake, due: datetime, now: datetime) -> Step:
    after = msgspec.structs.replace(intake, remind_at=None)
    # A reminder that was not sent before the lapse would only confuse: send no event.
    has_lapsed = intake.confirm_by is not None and intake.confirm_by <= now
    return Step(intake.state, after, due, "reminded", None if has_lapsed else EventType.INTAKE_CONFIRMATION_DUE)


def _lapse(intake: Intake, due: datetime) -> Step:
    after = msgspec.structs.replace(intake, lapsed=True)
    return Step(intake.state, after, due, "lapsed", EventType.INTAKE_UNCONFIRMED)
