"""What a responder says of its intake."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api import representations
from capacity_api.db.tables import ResponderRow
from capacity_api.domain import intake as intakes
from capacity_api.domain.intake import Intake, Report, Step
from capacity_api.errors import PreconditionFailed
from capacity_api.operations import changes
from capacity_api.representations import Responder


async def report(
    session: AsyncSession,
    now: datetime,
    slug: str,
    said: Report,
    *,
    effective_from: datetime | None = None,
    if_match: str | None = None,
    token_id: UUID | None = None,
) -> Responder:
    """Record what a responder says; with `effective_from`, what it announces. Returns it as the public sees it then.

    Raises `NotFound` for one that is not listed, `Invalid` with pointers, `PreconditionFailed`.
    """
    change = await changes.begin(session, now)
    said = intakes.checked(said, change.now)

    def step(intake: Intake, valid_for: timedelta) -> Step:
        if effective_from is not None:
            return intakes.planned(intake, said, effective_from, change.now, valid_for)
        return intakes.reported(intake, said, change.now, valid_for)

    return await _apply(change, slug, step, said, if_match, token_id)


async def confirm(
    session: AsyncSession, now: datetime, slug: str, *, if_match: str | None = None, token_id: UUID | None = None
) -> Responder:
    """ "Still true". Raises `NothingToConfirm` when nothing was ever reported."""
    change = await changes.begin(session, now)
    return await _apply(
        change,
        slug,
        lambda intake, valid_for: intakes.confirmed(intake, change.now, valid_for),
        None,
        if_match,
        token_id,
    )


async def cancel_planned(
    session: AsyncSession, now: datetime, slug: str, *, if_match: str | None = None, token_id: UUID | None = None
) -> Responder:
    """Call an announced change off; without one, nothing happens."""
    change = await changes.begin(session, now)
    return await _apply(change, slug, lambda intake, _: intakes.unplanned(intake, change.now), None, if_match, token_id)


async def _apply(
    change: changes.Change,
    slug: str,
    decide: Callable[[Intake, timedelta], Step],
    said: Report | None,
    if_match: str | None,
    token_id: UUID | None,
) -> Responder:
    row = await change.responder(slug)
    require_match(row, change.now, if_match)
    step = decide(row.intake.value, timedelta(hours=row.valid_for_hours))
    change.record(row, step, said or step.after.report, token_id)
    return representations.from_responder(row, change.now)


def require_match(row: ResponderRow, now: datetime, if_match: str | None) -> None:
    """Raise `PreconditionFailed` unless `If-Match` is absent or names the responder as it stands (RFC 9110 §13.1.1)."""
    if if_match is None:
        return
    body = representations.encode(representations.from_responder(row, now))
    if not representations.names_tag(if_match, body):
        raise PreconditionFailed
