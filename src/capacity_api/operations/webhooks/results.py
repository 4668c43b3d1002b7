"""Record what came of claims, many in one transaction, and give the claims back."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, insert, literal_column, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from capacity_api.db.acts import note_act
from capacity_api.db.tables import AttemptRow, DeliveryRow, EventRow, WebhookRow
from capacity_api.domain.actor import SERVICE
from capacity_api.domain.claim import Claim, Message, cursor_after, must_send_again
from capacity_api.domain.endpoint_health import DisabledReason, EndpointHealth, health_after, should_disable
from capacity_api.domain.retry import Delivered, Outcome, Retry, conceal, give_up_if_overdue, next_attempt
from capacity_api.domain.subscription import summarise
from capacity_api.operations import notices
from capacity_api.operations.webhooks.delivery_rows import DeliveryStatus, renew_out_of_order_at, upsert
from capacity_api.operations.webhooks.webhook import WebhookStatus, subscription_of

# What an attempt changes about a delivery that is stored already.
_COUNT_ATTEMPT = {"attempts": DeliveryRow.attempts + 1}
_TAKE_OUTCOME: dict[str, Any] = {
    name: literal_column(f"excluded.{name}") for name in ("status", "failing_since", "next_attempt_at", "finished_at")
}
# Executed with many rows at once. On the connection, because a session costs time for each row while
# every other writer waits.
_STORE_CHANGE = (
    update(WebhookRow)
    .where(WebhookRow.id == bindparam("webhook_id"))
    .values(
        {
            WebhookRow.claim_id: None,
            WebhookRow.claimed_until: None,
            WebhookRow.cursor: bindparam("new_cursor"),
            WebhookRow.failures: bindparam("new_failures"),
            WebhookRow.failed_attempts: bindparam("new_failed_attempts"),
            WebhookRow.failing_since: bindparam("new_failing_since"),
            WebhookRow.failing_told_at: bindparam("new_failing_told_at"),
            WebhookRow.next_attempt_at: bindparam("new_next_attempt_at"),
            WebhookRow.cooldown_ms: bindparam("new_cooldown_ms"),
            WebhookRow.status: bindparam("new_status"),
            WebhookRow.disabled_reason: bindparam("new_disabled_reason"),
        }
    )
)


class SendResult(msgspec.Struct, frozen=True):
    """How one attempt to send a message ended, and when.

    `failing_since` is when the first attempt of its event failed, which `record` looks up.
    """

    message: Message
    outcome: Outcome
    at: datetime
    failing_since: datetime | None = None


class ClaimResult(msgspec.Struct, frozen=True):
    """What came of a claim: the results of its first messages, in order. The others were not sent."""

    claim: Claim
    sends: tuple[SendResult, ...]


class _WebhookChange(msgspec.Struct, frozen=True):
    """What one claim changes about its webhook."""

    claim: Claim
    cursor: int
    health: EndpointHealth
    failing_told_at: datetime | None
    status: str
    disabled_reason: DisabledReason | None


async def record(session: AsyncSession, results: Sequence[ClaimResult], jitter: Callable[[], float]) -> None:
    """Store the attempts, the deliveries, and each webhook's new cursor and health.

    A claim is lost when it expired and another worker took over, or when the owner changed the
    webhook's URL, enabled it or replayed it. Then only the attempts are stored, and what got
    through. Of a webhook that was deleted, and of an event that a restore lost, nothing is stored.
    `jitter`: see `domain.retry.next_attempt`.
    """
    if not results:
        return
    webhooks = await _lock_webhooks(session, results)
    results = [each for each in results if each.claim.webhook_id in webhooks]
    current = [each for each in results if webhooks[each.claim.webhook_id].claim_id == each.claim.claim_id]
    lost = [each for each in results if webhooks[each.claim.webhook_id].claim_id != each.claim.claim_id]
    lost = await _of_known_events(session, lost)
    current = await _give_up_overdue(session, current)
    await _store_deliveries(session, current, webhooks, jitter)
    await _store_late_deliveries(session, lost)
    await _store_attempts(session, [*current, *lost])
    changes = [_change_after(each, webhooks[each.claim.webhook_id], jitter) for each in current]
    await _store_webhooks(session, changes)
    for result, change in zip(current, changes, strict=True):
        webhook = webhooks[result.claim.webhook_id]
        _note_health(session, result, change, webhook.status)
        if change.disabled_reason is not None and change.status != webhook.status:
            await notices.tell_disabled(session, result.sends[-1].at, webhook, change.disabled_reason)


async def _lock_webhooks(session: AsyncSession, results: Sequence[ClaimResult]) -> dict[UUID, Any]:
    # Lock webhooks before deliveries, as deletion does, to avoid a deadlock.
    rows = await session.execute(
        select(
            WebhookRow.id,
            WebhookRow.responder_id,
            WebhookRow.partner_id,
            WebhookRow.claim_id,
            WebhookRow.failing_told_at,
            WebhookRow.status,
            WebhookRow.disabled_reason,
            WebhookRow.event_types,
            WebhookRow.responders,
            WebhookRow.areas,
        )
        .where(WebhookRow.id.in_([each.claim.webhook_id for each in results]))
        .order_by(WebhookRow.id)
        .with_for_update(key_share=True)
    )
    return {row.id: row for row in rows}


async def _of_known_events(session: AsyncSession, lost: Sequence[ClaimResult]) -> list[ClaimResult]:
    """The results of lost claims without those of events that an older database, put back meanwhile, does not have."""
    sent = {send.message.event_id for result in lost for send in result.sends}
    if not sent:
        return []
    known = set(await session.scalars(select(EventRow.id).where(EventRow.id.in_(sent))))
    return [
        ClaimResult(each.claim, tuple(send for send in each.sends if send.message.event_id in known)) for each in lost
    ]


async def _give_up_overdue(session: AsyncSession, results: Sequence[ClaimResult]) -> list[ClaimResult]:
    """The results with the first failure of each event, and without another attempt for those that had all theirs."""
    retries = [
        (result.claim.webhook_id, send.message.event_id)
        for result in results
        for send in result.sends
        if isinstance(send.outcome, Retry)
    ]
    if not retries:
        return list(results)
    rows = await session.execute(
        select(DeliveryRow.webhook_id, DeliveryRow.event_id, DeliveryRow.failing_since).where(
            tuple_(DeliveryRow.webhook_id, DeliveryRow.event_id).in_(retries), DeliveryRow.failing_since.is_not(None)
        )
    )
    first_failures = {(row.webhook_id, row.event_id): row.failing_since for row in rows}
    return [
        ClaimResult(
            result.claim,
            tuple(
                _since_first_failure(send, first_failures.get((result.claim.webhook_id, send.message.event_id)))
                for send in result.sends
            ),
        )
        for result in results
    ]


def _since_first_failure(send: SendResult, failing_since: datetime | None) -> SendResult:
    if isinstance(send.outcome, Retry) and send.outcome.is_ours:
        return SendResult(send.message, send.outcome, send.at, failing_since)
    first_failure = failing_since or send.at
    outcome = give_up_if_overdue(send.outcome, first_failure, send.at)
    return SendResult(send.message, outcome, send.at, first_failure)


def _change_after(result: ClaimResult, webhook: Any, jitter: Callable[[], float]) -> _WebhookChange:
    claim, health = result.claim, result.claim.health
    reason: DisabledReason | None = None
    for send in result.sends:
        health = health_after(
            health,
            send.outcome,
            send.at,
            jitter(),
            event_failing_since=send.failing_since or send.at,
            is_out_of_order=send.message.is_out_of_order,
        )
        reason = should_disable(health, send.outcome, send.at) or reason
    is_disabled_now = webhook.status == WebhookStatus.ACTIVE and reason is not None
    return _WebhookChange(
        claim=claim,
        cursor=cursor_after(claim, [send.outcome for send in result.sends]),
        health=health,
        # After a success, tell the owner again the next time it fails.
        failing_told_at=None if health.failing_since is None else webhook.failing_told_at,
        status=WebhookStatus.DISABLED if is_disabled_now else webhook.status,
        disabled_reason=reason if is_disabled_now else webhook.disabled_reason,
    )


def _note_health(session: AsyncSession, result: ClaimResult, change: _WebhookChange, status_before: str) -> None:
    """Note for the log that an endpoint begins or ceases to fail, and not each attempt."""
    webhook_id, failing_since = result.claim.webhook_id, change.health.failing_since
    failures = [send.outcome for send in result.sends if not _got_through(send)]
    if result.claim.health.failing_since is None and failing_since is not None:
        note_act(
            session,
            "delivery.failing",
            level=logging.WARNING,
            actor=SERVICE,
            webhook_id=webhook_id,
            reason=failures[-1].reason,
            status=failures[-1].status,
        )
    if result.claim.health.failing_since is not None and failing_since is None:
        note_act(
            session,
            "delivery.recovered",
            actor=SERVICE,
            webhook_id=webhook_id,
            failing_since=result.claim.health.failing_since,
        )
    if change.status != status_before:
        note_act(
            session,
            "webhook.disable",
            level=logging.WARNING,
            actor=SERVICE,
            webhook_id=webhook_id,
            reason=change.disabled_reason,
            failing_since=failing_since,
        )


async def _store_webhooks(session: AsyncSession, changes: Sequence[_WebhookChange]) -> None:
    """Store the cursors and the health, and give back the claims."""
    if not changes:
        return
    connection = await session.connection()
    await connection.execute(
        _STORE_CHANGE,
        [
            {
                "webhook_id": each.claim.webhook_id,
                "new_cursor": each.cursor,
                "new_failures": each.health.failures,
                "new_failed_attempts": each.health.failed_attempts,
                "new_failing_since": each.health.failing_since,
                "new_failing_told_at": each.failing_told_at,
                # A disabled webhook is not tried again.
                "new_next_attempt_at": each.health.next_attempt_at if each.status == WebhookStatus.ACTIVE else None,
                "new_cooldown_ms": round(each.health.cooldown / timedelta(milliseconds=1)),
                "new_status": each.status,
                "new_disabled_reason": each.disabled_reason,
            }
            for each in changes
        ],
    )
    cooling_down = {each.claim.webhook_id for each in changes if each.health.cooldown}
    if cooling_down:
        await _postpone_out_of_order(session, cooling_down)
    sent_out_of_order = {
        each.claim.webhook_id for each in changes if any(one.is_out_of_order for one in each.claim.messages)
    }
    if cooling_down or sent_out_of_order:
        await renew_out_of_order_at(session, cooling_down | sent_out_of_order)


async def _postpone_out_of_order(session: AsyncSession, webhook_ids: set[UUID]) -> None:
    """Leave an overloaded endpoint alone: its out-of-order deliveries wait as long as its webhook does."""
    resumes_at = select(WebhookRow.next_attempt_at).where(WebhookRow.id == DeliveryRow.webhook_id).scalar_subquery()
    await session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.webhook_id.in_(webhook_ids), DeliveryRow.next_attempt_at < resumes_at)
        .values(next_attempt_at=resumes_at)
        .execution_options(synchronize_session=False)
    )


async def _store_deliveries(
    session: AsyncSession, results: Sequence[ClaimResult], webhooks: Mapping[UUID, Any], jitter: Callable[[], float]
) -> None:
    rows = []
    for result in results:
        claim, webhook = result.claim, webhooks[result.claim.webhook_id]
        rows += [
            _delivery_row(claim, send, _status_after(send, webhook), _retry_at(send, jitter)) for send in result.sends
        ]
    if rows:
        await upsert(session, rows, _TAKE_OUTCOME | _COUNT_ATTEMPT)


async def _store_late_deliveries(session: AsyncSession, results: Sequence[ClaimResult]) -> None:
    """A message delivered under a lost claim is stored as delivered.

    A failed attempt is only counted: the new claim decides.
    """
    sends = [(result.claim, send) for result in results for send in result.sends]
    delivered = [_delivery_row(claim, send, DeliveryStatus.DELIVERED) for claim, send in sends if _got_through(send)]
    if delivered:
        await upsert(session, delivered, _TAKE_OUTCOME | _COUNT_ATTEMPT)
    failed = [_delivery_row(claim, send, DeliveryStatus.FAILED) for claim, send in sends if not _got_through(send)]
    if failed:
        await upsert(session, failed, _COUNT_ATTEMPT)


def _delivery_row(
    claim: Claim, send: SendResult, status: DeliveryStatus, next_attempt_at: datetime | None = None
) -> dict[str, Any]:
    return {
        "webhook_id": claim.webhook_id,
        "event_id": send.message.event_id,
        "sequence": send.message.sequence,
        "status": status,
        "attempts": 1,
        "failing_since": send.failing_since if isinstance(send.outcome, Retry) else None,
        "next_attempt_at": next_attempt_at,
        "created_at": send.message.at,
        "finished_at": None if status is DeliveryStatus.PENDING else send.at,
    }


def _got_through(send: SendResult) -> bool:
    return isinstance(send.outcome, Delivered)


def _status_after(send: SendResult, webhook: Any) -> DeliveryStatus:
    if not must_send_again(send.message, send.outcome):
        return DeliveryStatus.DELIVERED if _got_through(send) else DeliveryStatus.FAILED
    if send.message.is_out_of_order or subscription_of(webhook).wants(summarise(send.message.body)):
        return DeliveryStatus.PENDING
    # Its filters changed while it was being sent, and do not want the event any more. The cursor will
    # move past the event, and nothing would finish the delivery then.
    return DeliveryStatus.SUPERSEDED


def _retry_at(send: SendResult, jitter: Callable[[], float]) -> datetime | None:
    """When to try an out-of-order delivery again. An in-order delivery waits for its webhook."""
    message, outcome = send.message, send.outcome
    if not message.is_out_of_order or not isinstance(outcome, Retry):
        return None
    return next_attempt(
        message.attempts + 1, send.at, jitter(), outcome.retry_after, failing_since=send.failing_since or send.at
    )


async def _redacted_meanwhile(session: AsyncSession, results: Sequence[ClaimResult]) -> set[UUID]:
    """The events of which another body was sent than they have now: an answer may quote what was redacted since.

    The locks make a redaction wait until the answers are stored. It then drops them (`operations.redaction`).
    """
    bodies = {
        send.message.event_id: send.message.body for result in results for send in result.sends if send.outcome.answer
    }
    if not bodies:
        return set()
    rows = await session.execute(
        select(EventRow.id, EventRow.body)
        .where(EventRow.id.in_(bodies))
        .order_by(EventRow.id)
        .with_for_update(read=True)
    )
    now = {row.id: row.body.encode() for row in rows}
    return {
        send.message.event_id
        for result in results
        for send in result.sends
        if send.outcome.answer and send.message.body != now[send.message.event_id]
    }


async def _store_attempts(session: AsyncSession, results: Sequence[ClaimResult]) -> None:
    """Store the attempts for the log that the webhook's owner reads."""
    redacted = await _redacted_meanwhile(session, results)
    rows = [_attempt_values(result.claim, send) for result in results for send in result.sends]
    for row in rows:
        if row["event_id"] in redacted:
            row["answer"] = None
    if rows:
        await (await session.connection()).execute(insert(AttemptRow), rows)


def _attempt_values(claim: Claim, send: SendResult) -> dict[str, Any]:
    shown = conceal(send.outcome)
    return {
        "webhook_id": claim.webhook_id,
        "event_id": send.message.event_id,
        "id": uuid7(),
        "at": send.at - timedelta(milliseconds=shown.duration_ms),
        "status": shown.status,
        "duration_ms": shown.duration_ms,
        "reason": shown.reason,
        "answer": shown.answer,
    }
