"""The threshold: a responder prepares a pause for when its open referrals reach a number.

The Salvation Army suspended new referrals when applications reached 100 in May 2024, and kept capacity for people who
referred themselves and for urgent cases (briefing 2024, note 11). The numbers are private to the responder.
"""

from datetime import datetime, timedelta
from typing import Annotated

import msgspec

from capacity_api.domain.intake import (
    Intake,
    ReplacedReport,
    Report,
    SaidBy,
    State,
    Step,
    event_for,
    mark_ahead,
    remind_of_lapse,
    reminder_time,
    report_expiry,
    validate_threshold_report,
)
from capacity_api.errors import FieldError, Invalid

MAX_REFERRALS = 1_000_000
ReferralLimit = Annotated[int, msgspec.Meta(extra_json_schema={"minimum": 1, "maximum": MAX_REFERRALS})]


class Threshold(msgspec.Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    """At `pause_at` open referrals the intake pauses with `report`.

    Below `reopen_below` open referrals the report from before the pause comes back. Null means that it never comes
    back by itself.
    """

    pause_at: ReferralLimit
    reopen_below: ReferralLimit | None = None
    report: Report


def validate_threshold(threshold: Threshold) -> Threshold:
    """The threshold in a standard form. Raises `Invalid` with a pointer to each fault."""
    errors: list[FieldError] = []
    if not 1 <= threshold.pause_at <= MAX_REFERRALS:
        errors.append(FieldError("/pause_at", f"must be from 1 to {MAX_REFERRALS}"))
    if threshold.reopen_below is not None and not 1 <= threshold.reopen_below <= threshold.pause_at:
        errors.append(FieldError("/reopen_below", "must be from 1 to pause_at"))
    report = threshold.report
    try:
        report = validate_threshold_report(report)
    except Invalid as invalid:
        errors.extend(FieldError(f"/report{error.pointer}", error.detail) for error in invalid.errors)
    if errors:
        raise Invalid("The threshold is not valid", tuple(errors))
    return msgspec.structs.replace(threshold, report=report)


def apply_count(
    intake: Intake, threshold: Threshold, open_referrals: int, now: datetime, valid_for: timedelta
) -> Step | None:
    """The step that a count of open referrals brings, if any. `intake` must come from `intake_at(…, now)`.

    A count does not confirm a report: each report holds until its own `confirm_by`.
    """
    if open_referrals >= threshold.pause_at and intake.state is not State.PAUSED:
        return _pause(intake, threshold, now, valid_for)
    if threshold.reopen_below is not None and open_referrals < threshold.reopen_below and intake.before is not None:
        return _restore(intake, intake.before, now)
    return None


def _pause(intake: Intake, threshold: Threshold, now: datetime, valid_for: timedelta) -> Step:
    after = msgspec.structs.replace(
        intake,
        report=threshold.report,
        since=now,
        said_by=SaidBy.THRESHOLD,
        confirmed_at=None,
        lapsed=False,
        restored=False,
        ahead=False,
        before=_replaced(intake),
    )
    if intake.state is State.UNCONFIRMED:
        # No report holds, so the pause holds for the usual time.
        confirm_by = report_expiry(threshold.report, now, valid_for)
        remind_at = reminder_time(now, confirm_by)
        after = msgspec.structs.replace(after, confirm_by=confirm_by, remind_at=remind_at, reminders=0)
    return Step(intake.state, after, now, "counted", event_for(intake.state, after.state))


def _replaced(intake: Intake) -> ReplacedReport | None:
    """What comes back when the pause ends. `None` for a report from before a restore: it must not come back."""
    if intake.restored:
        return None
    # If this pause lapsed and now starts again, the report from before the first pause is the one to bring back.
    return intake.before or ReplacedReport(
        report=intake.report,
        said_by=intake.said_by,
        confirmed_at=intake.confirmed_at,
        confirm_by=intake.confirm_by,
        remind_at=intake.remind_at,
        lapsed=intake.lapsed,
    )


def _restore(intake: Intake, before: ReplacedReport, now: datetime) -> Step:
    """The report from before the pause keeps its own `confirm_by`: to confirm the pause did not confirm that report."""
    has_lapsed = before.lapsed or (before.confirm_by is not None and before.confirm_by <= now)
    is_reminder_ahead = before.remind_at is not None and before.remind_at > now
    after = msgspec.structs.replace(
        intake,
        report=before.report,
        since=None if before.report is None else now,
        said_by=before.said_by,
        confirmed_at=before.confirmed_at,
        confirm_by=before.confirm_by,
        remind_at=before.remind_at if is_reminder_ahead else None,
        reminders=0,
        lapsed=has_lapsed,
        before=None,
    )
    if has_lapsed:
        # It lapses now, for readers and for its people.
        after = remind_of_lapse(after, now)
    after = mark_ahead(after, now)
    return Step(intake.state, after, now, "counted", event_for(intake.state, after.state))
