"""Declare that the directory was restored: from then on it confirms nothing that it does not know.

A database that was restored holds what was true when its backup was made. Reports, plans, revoked tokens and numbers
that were given out since are not in it. So, in one transaction:

1. `directory.restored` takes a number above any that can have been given out, dated by the clock on the wall.
2. Each listed responder gets an `intake.unconfirmed` after it. Plans and replaced reports are dropped.
3. Each webhook's cursor stands directly before `directory.restored`.
4. No token holds until the operator has said what becomes of them.
5. Links end, and mail that waits is dropped.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.clock import MAX_AHEAD
from capacity_api.clock_watch import MAX_DIFFERENCE
from capacity_api.db import sequence
from capacity_api.db.tables import InstallationRow, ResponderRow, SequenceRow, TokenRow
from capacity_api.domain.events import EventType
from capacity_api.domain.intake import Step, intake_at, withdraw
from capacity_api.errors import ConfigurationError
from capacity_api.operations import audit, changes, endings
from capacity_api.operations.changes import Change
from capacity_api.operations.webhooks.restart import restart_all
from capacity_api.representations.event import EventData


class TokenDecision(StrEnum):
    """What becomes of the tokens: all hold, all end, or each waits for `token review`."""

    KEEP = "keep"
    REVOKE = "revoke"
    REVIEW = "review"


class RestoredDirectory(msgspec.Struct, frozen=True, kw_only=True):
    """What was declared: `number` is that of `directory.restored`, `last` that of the newest event before it."""

    number: int
    last: int
    at: datetime
    responders: int
    dropped_plans: int
    dropped_reports: int
    tokens: TokenDecision


async def declare_restored(
    session: AsyncSession,
    now: datetime,
    *,
    marked_number: int = 0,
    above: int | None = None,
    tokens: TokenDecision = TokenDecision.REVIEW,
) -> RestoredDirectory:
    """Declare the restore, in the caller's transaction, which must be `Database.write(recovering=True)`.

    `marked_number` is the number in the mark of the database before. Raises `ConfigurationError` where the clock is in
    doubt and no `above` says which numbers readers may have.
    """
    row = await sequence.lock(session)
    if above is None:
        await _require_clock(session, row, now)
    last = row.n
    number = max(last + 1, marked_number + 1, _milliseconds(now), 0 if above is None else above + 1)
    change = await changes.begin_restored(session, row, number, now)
    change.add_directory_event(EventType.DIRECTORY_RESTORED, EventData(last=last))
    responders, plans, reports = await _withdraw_all(session, change)
    await change.recount_coverage()
    await restart_all(session, now, number - 1)
    await _decide_tokens(session, now, tokens)
    await endings.end_everything(session, now)
    installation = await session.get_one(InstallationRow, 1)
    installation.restored_sequence = number
    # A database that was moved away is in use again.
    installation.moved_at = None
    if session.get_bind().dialect.name == "sqlite":
        # The mark follows the commit. Until it stands, the database is known as not yet restored.
        installation.marked = True
    audit.add_entry(
        session,
        now,
        "directory.restore",
        f"{number}; dropped: {plans} plans, {reports} reports that a threshold had put aside; tokens: {tokens}",
    )
    return RestoredDirectory(
        number=number,
        last=last,
        at=now,
        responders=responders,
        dropped_plans=plans,
        dropped_reports=reports,
        tokens=tokens,
    )


async def _require_clock(session: AsyncSession, row: SequenceRow, now: datetime) -> None:
    """Raise `ConfigurationError` where the clock may be wrong: its milliseconds may have been given out already."""
    reason = None
    if row.at - now > MAX_AHEAD:
        reason = f"the newest event is dated {row.at:%Y-%m-%d %H:%M} UTC, after this machine's clock"
    elif session.get_bind().dialect.name == "postgresql":
        there: datetime = (await session.execute(select(func.clock_timestamp()))).scalar_one()
        if abs(there - now) > MAX_DIFFERENCE:
            reason = f"the clock of the database says {there:%Y-%m-%d %H:%M} UTC, that of this machine another time"
    if reason is not None:
        raise ConfigurationError(
            f"the clock is in doubt: {reason}. Correct the clock, or run this again with --above N, where N is no "
            "lower than any number that a reader can have: the highest `sequence` that you find in a partner's copy, "
            "in the static site (site.json) or in a log"
        )


async def _withdraw_all(session: AsyncSession, change: Change) -> tuple[int, int, int]:
    """Make each listed responder unconfirmed. How many there are, and how many plans and replaced reports went."""
    rows = (
        await session.scalars(
            select(ResponderRow)
            .where(ResponderRow.delisted_at.is_(None))
            .order_by(ResponderRow.slug)
            .execution_options(populate_existing=True)
        )
    ).all()
    plans = reports = 0
    for row in rows:
        intake = intake_at(row.intake.value, change.now)
        plans += intake.planned is not None
        reports += intake.before is not None
        step = Step(
            before=intake.state,
            after=withdraw(intake, change.now),
            at=change.now,
            kind="restored",
            event=EventType.INTAKE_UNCONFIRMED,
        )
        await change.record(row, step, step.after.report, updates_coverage=False)
    return len(rows), plans, reports


async def _decide_tokens(session: AsyncSession, now: datetime, decision: TokenDecision) -> None:
    await session.execute(update(TokenRow).values(reviewed=decision is TokenDecision.KEEP))
    if decision is TokenDecision.REVOKE:
        await session.execute(update(TokenRow).where(TokenRow.revoked_at.is_(None)).values(revoked_at=now))


def _milliseconds(now: datetime) -> int:
    return (now - datetime.fromtimestamp(0, UTC)) // timedelta(milliseconds=1)
