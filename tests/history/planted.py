"""Eight faults that somebody could build into the service. Each replaces one function of it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import ColumnElement, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import object_session

from capacity_api.db import sequence
from capacity_api.db.tables import IntakeRow, ResponderRow, SequenceRow, WebhookRow
from capacity_api.delivery.worker import Worker
from capacity_api.domain.claim import Claim
from capacity_api.domain.intake import due_steps
from capacity_api.domain.responder import ResponderRecord
from capacity_api.domain.retry import Delivered
from capacity_api.operations import changes, responders
from capacity_api.operations.changes import Change
from capacity_api.operations.webhooks import claims, results
from capacity_api.operations.webhooks.results import ClaimResult, SendResult
from capacity_api.operations.webhooks.scan import Scan
from capacity_api.publication import publisher

Patch = pytest.MonkeyPatch
NUMBERS = "planted_numbers"
_STALE = "planted_stale"


def plant(name: str, patch: Patch | None = None) -> None:
    """Plant one of `FAULTS` in this process: until `patch` is undone, or for good."""
    FAULTS[name](patch or Patch())


def planting(name: str) -> Callable[[], None]:
    """Plants it in the process that calls it."""
    return partial(plant, name)


def _number_from_a_database_sequence(patch: Patch) -> None:
    """A transaction that is rolled back does not give its number back. It needs the sequence `NUMBERS`."""
    lock = sequence.lock

    async def draw(session: AsyncSession) -> SequenceRow:
        row = await lock(session)
        drawn = await session.scalar(text(f"SELECT nextval('{NUMBERS}')"))
        if drawn <= row.n:
            # One change may have taken several.
            drawn = await session.scalar(text(f"SELECT setval('{NUMBERS}', :next)"), {"next": row.n + 1})
        session.info[NUMBERS] = drawn
        return row

    def next_number(row: SequenceRow, at: datetime) -> int:
        session = object_session(row)
        assert session is not None
        row.n = max(row.n + 1, session.info[NUMBERS])
        row.at = max(row.at, at)
        return row.n

    patch.setattr(sequence, "lock", draw)
    patch.setattr(sequence, "next_number", next_number)


def _delivery_recorded_before_it_is_sent(patch: Patch) -> None:
    async def send_claim(self: Any, claim: Claim, _: float) -> None:
        done = Delivered(status=204, duration_ms=0)
        sends = tuple(SendResult(each, done, self._clock()) for each in claim.messages)
        self._finished.append(ClaimResult(claim, sends))
        for each in claim.messages:
            await self._send(claim, each)

    patch.setattr(Worker, "_send_claim", send_claim)


def _lapse_without_the_lock(patch: Patch) -> None:
    """What is due is read before the write lock is held."""
    begin = changes.begin

    async def look_first(session: AsyncSession, now: datetime) -> Change:
        rows = await session.scalars(select(ResponderRow).join(IntakeRow).where(IntakeRow.next_due <= now))
        session.info[_STALE] = [(row, step) for row in rows for step in due_steps(row.intake.value, now)]
        return await begin(session, now)

    async def record_stale(change: Change) -> int:
        for row, step in change.session.info[_STALE]:
            change.note_contribution(row)
            await change.record(row, step, step.after.report)
        return len(change.session.info[_STALE])

    patch.setattr(changes, "begin", look_first)
    patch.setattr(changes, "record_due", record_stale)


def _snapshot_that_ignores_a_lower_number(patch: Patch) -> None:
    """Of several responders that changed since the last snapshot, only the one with the newest number is read."""
    changed_since = responders.changed_since

    async def newest_alone(session: AsyncSession, number: int) -> list[ResponderRecord]:
        changed = await changed_since(session, number)
        return sorted(changed, key=lambda record: record.sequence)[-1:] if number else changed

    patch.setattr(publisher, "changed_since", newest_alone)


def _claim_not_checked_when_recording(patch: Patch) -> None:
    lock_webhooks = results._lock_webhooks

    async def believe(session: AsyncSession, claimed: Sequence[ClaimResult]) -> dict[UUID, Any]:
        own = {each.claim.webhook_id: each.claim.claim_id for each in claimed}
        locked = await lock_webhooks(session, claimed)
        return {each: SimpleNamespace(**{**row._mapping, "claim_id": own[each]}) for each, row in locked.items()}

    patch.setattr(results, "_lock_webhooks", believe)


def _webhook_claimed_though_it_changed_since(patch: Patch) -> None:
    async def lock_free(session: AsyncSession, is_free: ColumnElement[bool], scans: Sequence[Scan]) -> list[Scan]:
        free = await session.scalars(select(WebhookRow.id).where(is_free).with_for_update())
        found = {*free.all()}
        return [scan for scan in scans if scan.webhook.id in found]

    patch.setattr(claims, "_lock_unchanged", lock_free)


def _cursor_not_moved_past_what_is_not_sent(patch: Patch) -> None:
    async def leave(*_: object) -> None:
        return

    patch.setattr(claims, "_advance_cursors", leave)


def _confirm_by_from_the_sequence_s_clock(patch: Patch) -> None:
    begin = changes.begin

    async def at_the_last_event(session: AsyncSession, now: datetime) -> Change:
        change = await begin(session, now)
        change.now = max(change.now, change._sequence_row.at)
        return change

    patch.setattr(changes, "begin", at_the_last_event)


FAULTS: dict[str, Callable[[Patch], None]] = {
    "number from a database sequence": _number_from_a_database_sequence,
    "delivery recorded before it is sent": _delivery_recorded_before_it_is_sent,
    "lapse without the lock": _lapse_without_the_lock,
    "snapshot that ignores a lower number": _snapshot_that_ignores_a_lower_number,
    "claim not checked when recording": _claim_not_checked_when_recording,
    "webhook claimed though it changed since": _webhook_claimed_though_it_changed_since,
    "cursor not moved past what is not sent": _cursor_not_moved_past_what_is_not_sent,
    "confirm_by from the sequence's clock": _confirm_by_from_the_sequence_s_clock,
}
