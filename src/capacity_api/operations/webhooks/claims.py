"""Claim webhooks that have something to send.

Each webhook keeps a cursor: the number of the last public event it is done with. There is no queue
table. The events after the cursor are the queue.

1. `find_due` reads, without locks, which webhooks have work (`due_work`).
2. `claim` locks those that have not changed since, moves each cursor past events that are not sent,
   and takes a lease.
3. The worker sends, outside any transaction (`delivery.worker`). It looks at its lease once it is connected, directly
   before the first byte.
4. `record` stores the outcomes and gives the claim back (`results`).

A claim has a few events. If a worker dies, its lease ends and another worker sends these again, with the same
`webhook-id`s.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from capacity_api.db.tables import DeliveryRow, EventRow, WebhookRow
from capacity_api.domain.claim import Claim
from capacity_api.domain.endpoint_health import EndpointHealth
from capacity_api.operations import leases
from capacity_api.operations.webhooks import private_events
from capacity_api.operations.webhooks.delivery_rows import DeliveryStatus, renew_out_of_order_at, upsert
from capacity_api.operations.webhooks.due_work import WEBHOOK_COLUMNS, DueWork
from capacity_api.operations.webhooks.scan import Scan
from capacity_api.operations.webhooks.secrets import valid_secrets
from capacity_api.operations.webhooks.webhook import WebhookStatus

# Executed with many rows at once, on the connection: see `results`.
_ADVANCE_CURSOR = (
    update(WebhookRow)
    .where(WebhookRow.id == bindparam("webhook_id"))
    .values(
        {
            WebhookRow.cursor: bindparam("new_cursor"),
            WebhookRow.next_attempt_at: bindparam("new_next_attempt_at"),
        }
    )
)


async def claim(
    session: AsyncSession, due: DueWork, now: datetime, lease: timedelta, *, boot_time: float
) -> list[Claim]:
    """Claim the webhooks that have something to send, and move the cursors of the others.

    `boot_time` is what the boot clock showed before the transaction began, in seconds: the lease is counted from it.
    Record the results before the lease ends, or another worker sends the same again.
    """
    is_free = leases.is_free(session, WebhookRow, now, boot_time)
    if due.has_private_events:
        await private_events.fan_out(session, now)
    scans = await _lock_unchanged(session, is_free, due.scans)
    await _record_superseded(session, now, scans)
    await _advance_cursors(session, now, scans)
    await _renew_idle(session, scans)
    return await _take_lease(session, now, boot_time, lease, [scan for scan in scans if scan.has_messages])


async def read_body(session: AsyncSession, claim: Claim, event_id: UUID) -> bytes | None:
    """The body of an event as it is now: a redaction changes it. `None` if the claim may not send it any more.

    That is when the claim has ended, or its webhook is disabled or suspended.
    """
    may_send = exists().where(
        WebhookRow.id == claim.webhook_id,
        WebhookRow.claim_id == claim.claim_id,
        WebhookRow.status == WebhookStatus.ACTIVE,
        WebhookRow.suspended.is_(False),
    )
    body = await session.scalar(select(EventRow.body).where(EventRow.id == event_id, may_send))
    return None if body is None else body.encode()


async def release(session: AsyncSession, claims: Sequence[Claim]) -> None:
    """Give back claims that were not sent, so that nobody has to wait until the lease ends."""
    await session.execute(
        update(WebhookRow)
        .where(
            WebhookRow.id.in_([each.webhook_id for each in claims]),
            WebhookRow.claim_id.in_({each.claim_id for each in claims}),
        )
        .values(claim_id=None, claimed_until=None)
        .execution_options(synchronize_session=False)
    )


async def _lock_unchanged(session: AsyncSession, is_free: ColumnElement[bool], scans: Sequence[Scan]) -> list[Scan]:
    """Lock the webhooks that are free and as they were when scanned. Skip the others.

    Another worker may have claimed one since, or its owner may have changed it.
    """
    if not scans:
        return []
    rows = await session.execute(
        select(*WEBHOOK_COLUMNS)
        .where(
            WebhookRow.id.in_([scan.webhook.id for scan in scans]),
            WebhookRow.status == WebhookStatus.ACTIVE,
            WebhookRow.suspended.is_(False),
            is_free,
        )
        .with_for_update(skip_locked=True, key_share=True)
    )
    webhooks = {row.id: row for row in rows}
    return [scan for scan in scans if webhooks.get(scan.webhook.id) == scan.webhook]


async def _record_superseded(session: AsyncSession, now: datetime, scans: Sequence[Scan]) -> None:
    """Add superseded events to the log of each webhook. What was delivered or failed before stays so."""
    finished = {"status": DeliveryStatus.SUPERSEDED, "next_attempt_at": None, "finished_at": now}
    rows = [
        {
            "webhook_id": scan.webhook.id,
            "event_id": event.id,
            "sequence": event.sequence,
            "attempts": 0,
            "created_at": event.at,
            **finished,
        }
        for scan in scans
        for event in scan.superseded
    ]
    if rows:
        await upsert(session, rows, finished, DeliveryRow.status == DeliveryStatus.PENDING)


async def _advance_cursors(session: AsyncSession, now: datetime, scans: Sequence[Scan]) -> None:
    """Move each cursor past the events that are not sent.

    Do not wait for the results: an event that is superseded now is true again if its gap reopens,
    and would then be sent late.
    """
    changes = []
    for scan in scans:
        next_attempt_at = scan.webhook.next_attempt_at
        if not scan.has_messages and next_attempt_at is not None and next_attempt_at <= now:
            # There was nothing left to try again.
            next_attempt_at = None
        if (scan.scanned_to, next_attempt_at) != (scan.webhook.cursor, scan.webhook.next_attempt_at):
            changes.append(
                {
                    "webhook_id": scan.webhook.id,
                    "new_cursor": scan.scanned_to,
                    "new_next_attempt_at": next_attempt_at,
                }
            )
    if changes:
        await (await session.connection()).execute(_ADVANCE_CURSOR, changes)


async def _renew_idle(session: AsyncSession, scans: Sequence[Scan]) -> None:
    """For webhooks with nothing to send, update the stored due time of the next out-of-order delivery."""
    idle = [scan.webhook.id for scan in scans if not scan.has_messages and scan.webhook.out_of_order_at is not None]
    if idle:
        await renew_out_of_order_at(session, idle)


async def _take_lease(
    session: AsyncSession, now: datetime, boot_time: float, lease: timedelta, scans: Sequence[Scan]
) -> list[Claim]:
    """Reserve these webhooks for this worker until the lease ends."""
    if not scans:
        return []
    claim_id = uuid7()
    await session.execute(
        update(WebhookRow)
        .where(WebhookRow.id.in_([scan.webhook.id for scan in scans]))
        .values(**leases.lease_values(session, claim_id, now, boot_time, lease))
        .execution_options(synchronize_session=False)
    )
    return [
        Claim(
            webhook_id=scan.webhook.id,
            owner_id=scan.webhook.owner_id,
            claim_id=claim_id,
            lease_ends_at=boot_time + lease.total_seconds(),
            url=scan.webhook.url,
            sealed_secrets=valid_secrets(scan.webhook.secrets, now),
            health=EndpointHealth(
                failures=scan.webhook.failures,
                failed_attempts=scan.webhook.failed_attempts,
                failing_since=scan.webhook.failing_since,
                next_attempt_at=scan.webhook.next_attempt_at,
                cooldown=timedelta(milliseconds=scan.webhook.cooldown_ms),
            ),
            cursor=scan.scanned_to,
            messages=scan.messages(),
        )
        for scan in scans
    ]
