"""What a responder says of its intake."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.tables import ResponderRow
from capacity_api.domain.intake import (
    Report,
    SaidBy,
    apply_confirmation,
    apply_plan,
    apply_report,
    cancel_plan,
    validate_report,
)
from capacity_api.errors import LinkSuperseded, PreconditionFailed
from capacity_api.operations import audit, changes
from capacity_api.operations.changes import Change
from capacity_api.representations.responder import Responder

# Whether the responder is still as the caller last saw it; the API makes one from `If-Match`.
VersionCheck = Callable[[Responder], bool]


async def report_intake(
    session: AsyncSession,
    now: datetime,
    slug: str,
    report: Report,
    *,
    said_by: SaidBy = SaidBy.RESPONDER,
    effective_from: datetime | None = None,
    replace: bool = False,
    is_expected: VersionCheck | None = None,
) -> Responder:
    """Record a report, or plan it for `effective_from`. Returns the responder as the public sees it from now on.

    A second plan takes the place of the first only with `replace`. Raises `NotFound` for one that is not listed,
    `Invalid` with pointers, `AlreadyPlanned`, `PreconditionFailed`, and `ClockInDoubt` for `open` while the clock is.
    """
    change = await changes.begin(session, now)
    row = await change.get_responder(slug)
    require_expected(change, row, is_expected)
    report = validate_report(report, row.remit, change.now)
    valid_for = timedelta(hours=row.valid_for_hours)
    if effective_from is None:
        step = apply_report(change.intake_of(row), report, said_by, change.now, valid_for)
    else:
        step = apply_plan(
            change.recorded_intake(row), report, effective_from, said_by, change.now, valid_for, replace=replace
        )
    change.require_clock(row, step)
    await change.record(row, step, report)
    audit.add_entry(
        session, change.now, "intake.report" if effective_from is None else "intake.plan", slug, is_logged=False
    )
    return change.represent(row)


async def confirm_intake(
    session: AsyncSession,
    now: datetime,
    slug: str,
    *,
    said_by: SaidBy = SaidBy.RESPONDER,
    is_expected: VersionCheck | None = None,
    report_sequence: int | None = None,
) -> Responder:
    """ "Still true". Raises `NothingToConfirm` where nothing was ever reported, and `ClockInDoubt`.

    With `report_sequence`, it confirms that report alone, and raises `LinkSuperseded` where another one stands.
    """
    change = await changes.begin(session, now)
    row = await change.get_responder(slug)
    require_expected(change, row, is_expected)
    if report_sequence is not None and row.intake.report_sequence != report_sequence:
        raise LinkSuperseded
    step = apply_confirmation(change.intake_of(row), said_by, change.now, timedelta(hours=row.valid_for_hours))
    change.require_clock(row, step)
    await change.record(row, step, step.after.report)
    audit.add_entry(session, change.now, "intake.confirm", slug, is_logged=False)
    return change.represent(row)


async def cancel_planned_intake(
    session: AsyncSession,
    now: datetime,
    slug: str,
    *,
    is_expected: VersionCheck | None = None,
) -> Responder:
    """Cancel the planned change; without one, nothing happens."""
    change = await changes.begin(session, now)
    row = await change.get_responder(slug)
    require_expected(change, row, is_expected)
    step = cancel_plan(change.recorded_intake(row), change.now)
    change.require_clock(row, step)
    await change.record(row, step, step.after.report)
    audit.add_entry(session, change.now, "intake.cancel_plan", slug, is_logged=False)
    return change.represent(row)


def require_expected(change: Change, row: ResponderRow, is_expected: VersionCheck | None) -> None:
    """Raise `PreconditionFailed` where somebody has changed the responder since the caller saw it."""
    if is_expected is not None and not is_expected(change.represent(row)):
        raise PreconditionFailed
