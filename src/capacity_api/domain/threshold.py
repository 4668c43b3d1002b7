"""The threshold: a responder prepares what is to be said when its open referrals reach a number.

The Salvation Army suspended new referrals when applications reached 100 in May 2024, and kept capacity for people who
referred themselves and for urgent cases (briefing 2024, note 11). The numbers are the responder's own and never public.
"""

from datetime import datetime, timedelta

import msgspec

from capacity_api.domain.intake import (
    Before,
    Circumstance,
    ExpectedResponse,
    Intake,
    Reason,
    Report,
    ReportedState,
    State,
    Step,
    event_for,
    expected_response_errors,
    normalise_words,
    reminder_time,
    report_expiry,
)
from capacity_api.errors import FieldError, Invalid

MOST_REFERRALS = 1_000_000


class Threshold(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At `pause_at` open referrals intake pauses, saying the rest; below `reopen_below` what was before comes back.

    `reopen_below` null: it never comes back by itself.
    """

    pause_at: int
    reopen_below: int | None = None
    exceptions: tuple[Circumstance, ...] = ()
    expected_response: ExpectedResponse | None = None
    note: str | None = None


def validate_threshold(threshold: Threshold) -> Threshold:
    """The threshold in a standard form; raises `Invalid` with every fault and its pointer."""
    errors = expected_response_errors(threshold.expected_response) if threshold.expected_response is not None else []
    if not 1 <= threshold.pause_at <= MOST_REFERRALS:
        errors.append(FieldError("/pause_at", f"must be from 1 to {MOST_REFERRALS}"))
    if threshold.reopen_below is not None and not 1 <= threshold.reopen_below <= threshold.pause_at:
        errors.append(FieldError("/reopen_below", "must be from 1 to pause_at"))
    note, exceptions = normalise_words(threshold.note, threshold.exceptions, errors)
    if errors:
        raise Invalid("The threshold is not valid", tuple(errors))
    return msgspec.structs.replace(threshold, note=note, exceptions=exceptions)


def apply_count(
    intake: Intake, threshold: Threshold, open_referrals: int, now: datetime, valid_for: timedelta
) -> Step | None:
    """What a count of open referrals changes, if anything; the intake must have been brought up to `now`.

    A count confirms nothing: what holds goes on holding until its own `confirm_by`, whichever state it is in.
    """
    if open_referrals >= threshold.pause_at and intake.state is not State.PAUSED:
        return _paused(intake, threshold, now, valid_for)
    if threshold.reopen_below is not None and open_referrals < threshold.reopen_below and intake.before is not None:
        return _restored(intake, intake.before, now)
    return None


def _paused(intake: Intake, threshold: Threshold, now: datetime, valid_for: timedelta) -> Step:
    report = Report(
        state=ReportedState.PAUSED,
        reason=Reason.REFERRAL_THRESHOLD,
        exceptions=threshold.exceptions,
        expected_response=threshold.expected_response,
        note=threshold.note,
    )
    after = msgspec.structs.replace(
        intake,
        report=report,
        changed_at=now,
        lapsed=False,
        # Paused twice over, after a lapse: what was there before the first time is what comes back.
        before=intake.before
        or Before(
            report=intake.report,
            confirmed_at=intake.confirmed_at,
            confirm_by=intake.confirm_by,
            remind_at=intake.remind_at,
            lapsed=intake.lapsed,
        ),
    )
    if intake.state is State.UNCONFIRMED:
        # Nothing holds, so the pause that the responder prepared starts to.
        confirm_by = report_expiry(report, now, valid_for)
        after = msgspec.structs.replace(after, confirm_by=confirm_by, remind_at=reminder_time(now, confirm_by))
    return Step(intake.state, after, now, "counted", event_for(intake.state, after.state))


def _restored(intake: Intake, before: Before, now: datetime) -> Step:
    """What was said before holds for as long as it was itself confirmed: confirming the pause said nothing of it."""
    lapsed = before.lapsed or (before.confirm_by is not None and before.confirm_by <= now)
    after = msgspec.structs.replace(
        intake,
        report=before.report,
        changed_at=now,
        confirmed_at=before.confirmed_at,
        confirm_by=before.confirm_by,
        remind_at=None if lapsed or before.remind_at is None or before.remind_at <= now else before.remind_at,
        lapsed=lapsed,
        before=None,
    )
    return Step(intake.state, after, now, "counted", event_for(intake.state, after.state))
