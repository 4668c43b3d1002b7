"""What a responder says of its intake."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.tables import ResponderRow
from capacity_api.domain.intake import (
    Intake,
    Report,
    Step,
    apply_confirmation,
    apply_plan,
    apply_report,
    cancel_plan,
    validate_report,
)
from capacity_api.errors import PreconditionFailed
from capacity_api.operations import changes
from capacity_api.representations.responder import Responder, represent_responder

# Whether the responder is still as the caller last saw it; the API makes one from `If-Match`.
VersionCheck = Callable[[Responder], bool]


async def report_intake(
    session: AsyncSession,
    now: datetime,
    slug: str,
    report: Report,
    *,
    effective_from: datetime | None = None,
    is_expected: VersionCheck | None = None,
    actor_token_id: UUID | None = None,
) -> Responder:
    """Record a report, or plan it for `effective_from`. Returns the responder as the public sees it from now on.

    Raises `NotFound` for one that is not listed, `Invalid` with pointers, `PreconditionFailed`.
    """
    change = await changes.begin(session, now)
    report = validate_report(report, change.now)

    def step(intake: Intake, valid_for: timedelta) -> Step:
        if effective_from is not None:
            return apply_plan(intake, report, effective_from, change.now, valid_for)
        return apply_report(intake, report, change.now, valid_for)

    return await _apply(change, slug, step, report, is_expected, actor_token_id)


async def confirm_intake(
    session: AsyncSession,
    now: datetime,
    slug: str,
    *,
    is_expected: VersionCheck | None = None,
    actor_token_id: UUID | None = None,
) -> Responder:
    """ "Still true". Raises `NothingToConfirm` where nothing was ever reported."""
    change = await changes.begin(session, now)

    def step(intake: Intake, valid_for: timedelta) -> Step:
        return apply_confirmation(intake, change.now, valid_for)

    return await _apply(change, slug, step, None, is_expected, actor_token_id)


async def cancel_planned_intake(
    session: AsyncSession,
    now: datetime,
    slug: str,
    *,
    is_expected: VersionCheck | None = None,
    actor_token_id: UUID | None = None,
) -> Responder:
    """Cancel the planned change; without one, nothing happens."""
    change = await changes.begin(session, now)

    def step(intake: Intake, _: timedelta) -> Step:
        return cancel_plan(intake, change.now)

    return await _apply(change, slug, step, None, is_expected, actor_token_id)


async def _apply(
    change: changes.Change,
    slug: str,
    decide: Callable[[Intake, timedelta], Step],
    report: Report | None,
    is_expected: VersionCheck | None,
    actor_token_id: UUID | None,
) -> Responder:
    row = await change.get_responder(slug)
    require_expected(row, change.now, is_expected)
    step = decide(row.intake.value, timedelta(hours=row.valid_for_hours))
    change.record(row, step, report or step.after.report, actor_token_id)
    return represent_responder(row.record, change.now)


def require_expected(row: ResponderRow, now: datetime, is_expected: VersionCheck | None) -> None:
    """Raise `PreconditionFailed` where somebody has changed the responder since the caller saw it."""
    if is_expected is not None and not is_expected(represent_responder(row.record, now)):
        raise PreconditionFailed
