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

from capacity_api.clock import MAX_AHEAD
from capacity_api.domain.events import EventType
from capacity_api.domain.remit import Limit, Remit, limited_remit, validate_limit
from capacity_api.domain.text import plain_text, text_limits
from capacity_api.errors import AlreadyPlanned, FieldError, Invalid, NothingToConfirm, ReportRestored

LONDON_TIME = ZoneInfo("Europe/London")
DEFAULT_VALID_FOR = timedelta(hours=168)
MAX_VALID_FOR = timedelta(days=90)
MAX_PLAN_AHEAD = timedelta(days=366)
# A closure that is planned a year ahead can name a day after that.
_MAX_REOPENING_AHEAD = timedelta(days=731)
# A responder is reminded before its report lapses, when it lapses, and then so often, so many times.
REMIND_EVERY = timedelta(days=7)
_REMINDERS_AT_LAPSE, MAX_REMINDERS = 2, 5
MAX_NOTE_LENGTH = 500
_MAX_EXPECTED = 1000


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


TimedState = tuple[datetime, State]  # from when it held


class Unit(StrEnum):
    """What an expected time is counted in."""

    HOURS = "hours"
    DAYS = "days"
    WORKING_DAYS = "working_days"
    WEEKS = "weeks"


class Reason(StrEnum):
    """Why a responder is paused, or has a waiting list. `referral_threshold`: it has as many as it can take."""

    REFERRAL_THRESHOLD = "referral_threshold"
    STAFFING = "staffing"
    FUNDING = "funding"
    PLANNED = "planned"
    OTHER = "other"


class SaidBy(StrEnum):
    """Whose word a report is: the responder's own, what a coordinator was told, or what a count brought."""

    RESPONDER = "responder"
    COORDINATOR = "coordinator"
    THRESHOLD = "threshold"


class Circumstance(StrEnum):
    """What a paused responder may still take on (briefing 2024, note 11). `homelessness` includes destitution."""

    SELF_REFERRAL = "self_referral"
    HOMELESSNESS = "homelessness"
    DETENTION = "detention"
    CRIMINAL_INVESTIGATION = "criminal_investigation"
    EXISTING_CLIENT = "existing_client"
    OTHER_URGENT = "other_urgent"


class ExpectedTime(msgspec.Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    """How long something takes, as the responder expects it. Not guaranteed."""

    min: Annotated[int, msgspec.Meta(extra_json_schema={"minimum": 0, "maximum": _MAX_EXPECTED})] = 0
    max: Annotated[int, msgspec.Meta(extra_json_schema={"minimum": 1, "maximum": _MAX_EXPECTED})]
    unit: Unit


class Report(msgspec.Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    """What a responder says about its intake.

    `expected_response` is the time from an enquiry to the first substantive answer, `expected_referral` that from an
    enquiry to the referral into the NRM; null means that it was not said. `no_timeframe` says that none can be given.
    `limited_to` narrows the remit for as long as the report holds. `exceptions` are whom a pause still takes.
    """

    state: ReportedState
    expected_response: ExpectedTime | None = None
    expected_referral: ExpectedTime | None = None
    no_timeframe: bool = False
    limited_to: Limit | None = None
    reason: Reason | None = None
    exceptions: tuple[Circumstance, ...] = ()
    reopens_on: date | None = None
    note: Annotated[str, text_limits(MAX_NOTE_LENGTH, multiline=True)] | None = None


class Plan(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A pause or waiting list that was announced at `said_at` and starts by itself at `effective_from`."""

    effective_from: datetime
    said_by: SaidBy
    said_at: datetime
    confirm_by: datetime
    report: Report


class ReplacedReport(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The report that a threshold's pause replaced, with whose word it is and the times for which it holds."""

    report: Report | None
    said_by: SaidBy | None
    confirmed_at: datetime | None
    confirm_by: datetime | None
    remind_at: datetime | None
    lapsed: bool


class Intake(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The current intake of one responder; all times are aware UTC.

    `since` is when the effective state began. `said_by`, `confirmed_at` and `confirm_by` belong to the report.
    `lapsed` means that `confirm_by` passed and the lapse was applied. `remind_at` is when to remind the responder next
    that its report lapses soon or has lapsed, null for never. `reminders` is how many of the `MAX_REMINDERS` were due,
    the lapse itself included. `restored` is true from a restore of the directory until the
    responder reports anew: what stood before cannot be confirmed.
    `before` is set while a threshold keeps the intake paused.
    `ahead` means that the report was dated by a clock that was ahead, and does not hold yet. It is never stored:
    `intake_at` finds it.
    """

    report: Report | None = None
    since: datetime | None = None
    said_by: SaidBy | None = None
    confirmed_at: datetime | None = None
    confirm_by: datetime | None = None
    remind_at: datetime | None = None
    reminders: int = 0
    lapsed: bool = False
    restored: bool = False
    planned: Plan | None = None
    before: ReplacedReport | None = None
    ahead: bool = False

    @property
    def current_report(self) -> Report | None:
        """The report that holds now; `None` once it has lapsed."""
        return None if self.lapsed or self.ahead else self.report

    @property
    def state(self) -> State:
        """The effective state, once everything that is due has been applied (`intake_at`)."""
        report = self.current_report
        return State.UNCONFIRMED if report is None else State(report.state)

    @property
    def next_due(self) -> datetime | None:
        """When time alone brings the next step, or `None` for never."""
        if self.report is None:
            return self._plan_starts
        return _earliest(self._plan_starts, self.remind_at, None if self.lapsed else self.confirm_by)

    def next_change(self, lead: timedelta = timedelta(0)) -> datetime | None:
        """When time alone next changes what readers see: a lapse or the start of a plan, not a reminder.

        A report that is dated ahead holds from a moment on the wall's clock. The readers' is later by `lead`.
        """
        if self.ahead and self.confirmed_at is not None:
            return _earliest(self._plan_starts, self.confirmed_at - MAX_AHEAD + lead)
        return _earliest(self._plan_starts, None if self.current_report is None else self.confirm_by)

    @property
    def _plan_starts(self) -> datetime | None:
        return None if self.planned is None else self.planned.effective_from


def _earliest(*times: datetime | None) -> datetime | None:
    return min((time for time in times if time is not None), default=None)


NEVER_REPORTED = Intake()


class Step(msgspec.Struct, frozen=True):
    """One change of an intake: the state before, the intake after, the time, the kind, and the event to record.

    `kind` is `plan_cancelled` when a plan was cancelled, `started` when one began by itself, `counted` when a count of
    open referrals paused the intake or brought back the replaced report, and `restored` when the directory was
    restored. `event` is null when nothing changed that a reader or a webhook's owner could see.
    """

    before: State
    after: Intake
    at: datetime
    kind: Literal[
        "reported", "confirmed", "planned", "plan_cancelled", "started", "lapsed", "counted", "restored", "reminded"
    ]
    event: EventType | None


_STATE_EVENT = {
    State.OPEN: EventType.INTAKE_OPENED,
    State.WAITING_LIST: EventType.INTAKE_WAITING_LIST,
    State.PAUSED: EventType.INTAKE_PAUSED,
    State.UNCONFIRMED: EventType.INTAKE_UNCONFIRMED,
}


def validate_report(report: Report, remit: Remit, now: datetime) -> Report:
    """The report in a standard form. Raises `Invalid` with a pointer to each fault."""
    errors: list[FieldError] = []
    if report.reopens_on is not None:
        if report.state is ReportedState.OPEN:
            errors.append(FieldError("/reopens_on", "is only for a pause or a waiting list"))
        elif not 0 <= (report.reopens_on - now.astimezone(LONDON_TIME).date()).days <= _MAX_REOPENING_AHEAD.days:
            errors.append(FieldError("/reopens_on", f"must be in the next {_MAX_REOPENING_AHEAD.days} days"))
    limit = report.limited_to
    if limit is not None and report.state is ReportedState.PAUSED:
        errors.append(
            FieldError("/limited_to", "is not for a pause; report open, limited to those whom you still take")
        )
    elif limit is not None:
        limit = validate_limit(limit, remit, errors)
    report = _validate_terms(report, errors)
    if errors:
        raise Invalid("The report is not valid", tuple(errors))
    return msgspec.structs.replace(report, limited_to=limit)


def validate_threshold_report(report: Report) -> Report:
    """The report that a threshold prepares, in a standard form. Raises `Invalid` with a pointer to each fault."""
    errors: list[FieldError] = []
    if report.state is not ReportedState.PAUSED:
        errors.append(FieldError("/state", "must be paused"))
    if report.reason not in {None, Reason.REFERRAL_THRESHOLD}:
        errors.append(FieldError("/reason", "must be referral_threshold; leave it out"))
    if report.reopens_on is not None:
        errors.append(FieldError("/reopens_on", "is not for a threshold"))
    if report.limited_to is not None:
        errors.append(FieldError("/limited_to", "is not for a threshold"))
    report = _validate_terms(report, errors)
    if errors:
        raise Invalid("The report is not valid", tuple(errors))
    return msgspec.structs.replace(report, reason=Reason.REFERRAL_THRESHOLD)


def _validate_terms(report: Report, errors: list[FieldError]) -> Report:
    """Times, exceptions and note in a standard form. Adds each fault to `errors`."""
    errors.extend(_expected_time_errors("/expected_response", report.expected_response))
    errors.extend(_expected_time_errors("/expected_referral", report.expected_referral))
    if report.no_timeframe and (report.expected_response or report.expected_referral):
        errors.append(FieldError("/no_timeframe", "must not be true beside an expected time"))
    note = report.note
    try:
        note = plain_text(note, "/note", MAX_NOTE_LENGTH, multiline=True)
    except Invalid as invalid:
        errors.extend(invalid.errors)
    exceptions = tuple(each for each in Circumstance if each in report.exceptions)
    return msgspec.structs.replace(report, note=note, exceptions=exceptions)


def _expected_time_errors(pointer: str, expected: ExpectedTime | None) -> list[FieldError]:
    errors: list[FieldError] = []
    if expected is None:
        return errors
    if expected.min < 0:
        errors.append(FieldError(f"{pointer}/min", "must not be negative"))
    if not 1 <= expected.max <= _MAX_EXPECTED:
        errors.append(FieldError(f"{pointer}/max", f"must be from 1 to {_MAX_EXPECTED}"))
    elif expected.max < expected.min:
        errors.append(FieldError(f"{pointer}/max", "must not be less than min"))
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


def apply_report(intake: Intake, report: Report, said_by: SaidBy, now: datetime, valid_for: timedelta) -> Step:
    """The responder, or a coordinator for it, reports at `now`; the same report again confirms it.

    After a restore even the same report is a new one: the report that stood may be older than what was said last.
    `report` must come from `validate_report`, and `intake` from `intake_at(…, now)`.
    """
    before = intake.state
    is_same = report == intake.report and not intake.restored
    confirm_by = report_expiry(report, now, valid_for)
    after = msgspec.structs.replace(
        intake,
        report=report,
        since=_since(intake, State(report.state), now),
        said_by=said_by,
        confirmed_at=now,
        confirm_by=confirm_by,
        remind_at=reminder_time(now, confirm_by),
        reminders=0,
        lapsed=False,
        restored=False,
        ahead=False,
        before=intake.before if is_same else None,
    )
    is_only_confirmed = is_same and after.state is before and intake.said_by is said_by
    event = EventType.INTAKE_CONFIRMED if is_only_confirmed else event_for(before, after.state)
    return Step(before, after, now, "confirmed" if is_same else "reported", event)


def _since(intake: Intake, state: State, at: datetime) -> datetime:
    """When the effective state began: at `at`, unless the intake was in this state already."""
    return intake.since if intake.since is not None and intake.state is state else at


def event_for(before: State, after: State) -> EventType:
    """The event of a change that readers see: that of the new state, or `intake.updated` if the state is the same."""
    return EventType.INTAKE_UPDATED if after is before else _STATE_EVENT[after]


def reminder_time(start: datetime, confirm_by: datetime) -> datetime:
    """When to remind a responder that its report lapses soon: after three quarters of the time that it holds."""
    return start + (confirm_by - start) * 3 / 4


def apply_confirmation(intake: Intake, said_by: SaidBy, now: datetime, valid_for: timedelta) -> Step:
    """The report is still true: the same as reporting it again.

    Raises `NothingToConfirm` if there is no report, or if the day that it names has passed, and `ReportRestored` if the
    report is from before a restore.
    """
    if intake.report is None:
        raise NothingToConfirm
    if intake.restored:
        raise ReportRestored
    if report_expiry(intake.report, now, valid_for) <= now:
        raise NothingToConfirm(f"The report ended on {intake.report.reopens_on}; send a new report instead")
    return apply_report(intake, intake.report, said_by, now, valid_for)


def apply_plan(
    intake: Intake,
    report: Report,
    effective_from: datetime,
    said_by: SaidBy,
    now: datetime,
    valid_for: timedelta,
    *,
    replace: bool = False,
) -> Step:
    """The responder announces a pause or waiting list that starts later. The same plan again changes nothing.

    Raises `Invalid` with a pointer, and `AlreadyPlanned` for a second plan unless it may `replace` the first.
    `report` must come from `validate_report`.
    """
    if report.state is ReportedState.OPEN:
        raise Invalid.at("/effective_from", "is only for a pause or a waiting list; an opening cannot be planned")
    if not now < effective_from <= now + MAX_PLAN_AHEAD:
        raise Invalid.at("/effective_from", f"must be in the future, at most {MAX_PLAN_AHEAD.days} days ahead")
    if report.reopens_on is not None and report.reopens_on < effective_from.astimezone(LONDON_TIME).date():
        raise Invalid.at("/reopens_on", "must not be before the day on which the plan starts")
    effective_from = effective_from.astimezone(UTC)
    first = intake.planned
    if first is not None and (first.report, first.effective_from) == (report, effective_from):
        return Step(intake.state, intake, now, "planned", None)
    if first is not None and not replace:
        raise AlreadyPlanned(
            f"A change to {first.report.state} from {first.effective_from:%Y-%m-%dT%H:%M:%SZ} is planned already; "
            "send ?replace=true to replace it"
        )
    plan = Plan(
        effective_from=effective_from,
        said_by=said_by,
        said_at=now,
        confirm_by=report_expiry(report, effective_from, valid_for),
        report=report,
    )
    after = msgspec.structs.replace(intake, planned=plan)
    return Step(intake.state, after, now, "planned", EventType.INTAKE_PLANNED)


def cancel_plan(intake: Intake, now: datetime) -> Step:
    """The responder cancels its plan. Without a plan nothing changes."""
    after = msgspec.structs.replace(intake, planned=None)
    return Step(intake.state, after, now, "plan_cancelled", EventType.INTAKE_UPDATED if intake.planned else None)


def withdraw(intake: Intake, at: datetime) -> Intake:
    """Nobody knows since `at` whether this still holds: the directory was restored, or its database went back.

    Nothing that stood before starts or comes back later. `intake` must come from `intake_at(…, at)`.
    """
    return Intake(
        report=intake.report,
        since=intake.since if intake.state is State.UNCONFIRMED else at,
        said_by=intake.said_by,
        confirmed_at=intake.confirmed_at,
        confirm_by=None if intake.confirm_by is None else min(intake.confirm_by, at),
        lapsed=intake.report is not None,
        restored=True,
    )


def due_steps(intake: Intake, now: datetime) -> list[Step]:
    """The steps that are due at or before `now`, oldest first, each with the time at which it was due."""
    steps: list[Step] = []
    due = intake.next_due
    while due is not None and due <= now:
        if intake.planned is not None and intake.planned.effective_from == due:
            step = _start(intake, intake.planned)
        elif intake.confirm_by == due and not intake.lapsed:
            step = _lapse(intake, due)
        else:
            step = _remind(intake, due, now)
        steps.append(step)
        intake = step.after
        due = intake.next_due
    return steps


def intake_at(intake: Intake, now: datetime, wall: datetime | None = None) -> Intake:
    """The intake as readers must see it at `now`, whether or not the due steps have been recorded.

    `wall` is the wall's clock where it is in doubt and `now` is later. A report that is dated more than five minutes
    ahead of it does not hold yet: a wrong clock dated it.
    """
    steps = due_steps(intake, now)
    return mark_ahead(steps[-1].after if steps else intake, now if wall is None else wall)


def mark_ahead(intake: Intake, wall: datetime) -> Intake:
    """The intake with `ahead` as it is by the wall's clock."""
    ahead = intake.confirmed_at is not None and intake.confirmed_at - wall > MAX_AHEAD
    return intake if ahead is intake.ahead else msgspec.structs.replace(intake, ahead=ahead)


def remit_now(remit: Remit, intake: Intake) -> Remit:
    """The remit, narrowed by what the report that holds is limited to."""
    report = intake.current_report
    return remit if report is None else limited_remit(remit, report.limited_to)


def _start(intake: Intake, plan: Plan) -> Step:
    after = Intake(
        report=plan.report,
        since=_since(intake, State(plan.report.state), plan.effective_from),
        said_by=plan.said_by,
        confirmed_at=plan.said_at,
        confirm_by=plan.confirm_by,
        remind_at=reminder_time(plan.effective_from, plan.confirm_by),
    )
    return Step(intake.state, after, plan.effective_from, "started", event_for(intake.state, after.state))


def _remind(intake: Intake, due: datetime, now: datetime) -> Step:
    reminders = intake.reminders + 1
    is_weekly = intake.lapsed and reminders < MAX_REMINDERS
    after = msgspec.structs.replace(intake, remind_at=due + REMIND_EVERY if is_weekly else None, reminders=reminders)
    # A reminder that was not sent before the lapse would only confuse: send no event. After the lapse there is none.
    has_lapsed = intake.confirm_by is not None and intake.confirm_by <= now
    return Step(intake.state, after, due, "reminded", None if has_lapsed else EventType.INTAKE_CONFIRMATION_DUE)


def _lapse(intake: Intake, due: datetime) -> Step:
    after = remind_of_lapse(msgspec.structs.replace(intake, since=due, lapsed=True), due)
    return Step(intake.state, after, due, "lapsed", EventType.INTAKE_UNCONFIRMED)


def remind_of_lapse(intake: Intake, at: datetime) -> Intake:
    """The intake with the reminders that follow a lapse at `at`."""
    return msgspec.structs.replace(intake, remind_at=at + REMIND_EVERY, reminders=_REMINDERS_AT_LAPSE)
