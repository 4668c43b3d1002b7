"""Attempts: what came of what was sent, many in one transaction."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

import msgspec
from sqlalchemy import bindparam, insert, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from capacity_api.db.tables import AttemptRow, DeliveryRow, WebhookRow
from capacity_api.domain.retry import Delivered, GiveUp, Outcome, Retry, next_attempt
from capacity_api.operations.deliveries import RENEW_EXTRA, Status, upsert
from capacity_api.operations.dispatch import Claimed, Message

_table = cast("Any", WebhookRow.__table__)
_deliveries = cast("Any", DeliveryRow.__table__)
_MOVED = (
    "position",
    "claim_id",
    "claimed_until",
    "failures",
    "failing_since",
    "next_attempt_at",
    "pace_ms",
    "status",
    "disabled_reason",
)
_MOVE = (
    update(_table).where(_table.c.id == bindparam("key")).values({name: bindparam(f"new_{name}") for name in _MOVED})
)
_CHANGED: dict[str, Any] = {
    name: literal_column(f"excluded.{name}") for name in ("status", "next_attempt_at", "finished_at")
}
_COUNTED = {"attempts": DeliveryRow.attempts + 1}
# An endpoint that asked for time is left alone by what stands in no order, too.
_HOLD = (
    update(_deliveries)
    .where(_deliveries.c.webhook_id == bindparam("key"), _deliveries.c.next_attempt_at < bindparam("until"))
    .values(next_attempt_at=bindparam("until"))
)
_FAILED = {"status": Status.FAILED, "next_attempt_at": None}


class Ended(msgspec.Struct, frozen=True):
    """How one attempt ended, and when."""

    message: Message
    outcome: Outcome
    at: datetime


class Result(msgspec.Struct, frozen=True):
    """What came of a claim: its messages in their order, until the first that has to be tried again."""

    claimed: Claimed
    ended: tuple[Ended, ...]


async def record(session: AsyncSession, results: Sequence[Result], spread: Callable[[], float]) -> None:
    """Write down what came of these claims, and give them back. `spread` places the next attempts (`domain.retry`).

    Of a claim that was lost meanwhile only the attempts are kept, and what has arrived; of a webhook that was deleted,
    nothing is.
    """
    claims = {each.claimed.webhook_id: each.claimed.claim_id for each in results}
    # The webhooks' rows first: a deletion locks one before its deliveries, and two that meet crosswise would deadlock.
    rows = (
        await session.execute(
            select(WebhookRow.id, WebhookRow.claim_id, WebhookRow.status, WebhookRow.disabled_reason)
            .where(WebhookRow.id.in_(claims))
            .order_by(WebhookRow.id)
            .with_for_update(key_share=True)
        )
    ).all()
    listed = {row.id: row for row in rows}
    kept = [each for each in results if each.claimed.webhook_id in listed]
    held = [each for each in kept if listed[each.claimed.webhook_id].claim_id == each.claimed.claim_id]
    lost = [each for each in kept if listed[each.claimed.webhook_id].claim_id != each.claimed.claim_id]
    deliveries = [_delivery(result.claimed, each, spread) for result in held for each in result.ended]
    failed = []
    for result in lost:
        for each in result.ended:
            if isinstance(each.outcome, Delivered):
                deliveries.append(_delivery(result.claimed, each, spread))
            else:
                failed.append(_delivery(result.claimed, each, spread) | _FAILED | {"finished_at": each.at})
    if deliveries:
        await upsert(session, deliveries, _CHANGED | _COUNTED)
    if failed:
        await upsert(session, failed, _COUNTED)
    attempts = [
        {
            "webhook_id": result.claimed.webhook_id,
            "event_id": each.message.event_id,
            "id": uuid7(),
            "at": each.at - timedelta(milliseconds=each.outcome.duration_ms),
            "status": each.outcome.status,
            "duration_ms": each.outcome.duration_ms,
            "reason": each.outcome.reason,
            "answer": each.outcome.answer,
        }
        for result in kept
        for each in result.ended
    ]
    connection = await session.connection()
    if attempts:
        await connection.execute(insert(AttemptRow), attempts)
    places = [_place(each, listed[each.claimed.webhook_id], spread) for each in held]
    if places:
        await connection.execute(_MOVE, places)
    paced = [
        {"key": each["key"], "until": each["new_next_attempt_at"]}
        for each in places
        if each["new_pace_ms"] and each["new_next_attempt_at"]
    ]
    if paced:
        await connection.execute(_HOLD, paced)
    extra = [
        {"key": each.claimed.webhook_id}
        for each, place in zip(held, places, strict=True)
        if place["new_pace_ms"] or any(one.is_extra for one in each.claimed.messages)
    ]
    if extra:
        await connection.execute(RENEW_EXTRA, extra)


def _place(result: Result, row: Any, spread: Callable[[], float]) -> dict[str, Any]:
    """Where a webhook stands after its claim, and how."""
    claimed, standing, position = result.claimed, result.claimed.standing, result.claimed.position
    done = 0
    status, reason = row.status, row.disabled_reason
    for each in result.ended:
        tried_again = _is_tried_again(each)
        if each.message.is_extra and isinstance(each.outcome, Retry) and not each.outcome.asks_for_time:
            # It has a schedule of its own, and those in the order go on by theirs.
            standing = msgspec.structs.replace(standing, failing_since=standing.failing_since or each.at)
        else:
            standing = standing.after(each.outcome, each.at, spread())
        if isinstance(each.outcome, GiveUp) and each.outcome.disable:
            status, reason = "disabled", "gone"
        elif standing.is_given_up(each.at) and status == "active":
            status, reason = "disabled", "failing"
        if tried_again:
            break
        done += 1
    waiting = [message.sequence for message in claimed.messages[done:] if not message.is_extra]
    if waiting and waiting[0] is not None:
        position = waiting[0] - 1
    elif claimed.through > position:
        position = claimed.through
    new = {
        "position": position,
        "claim_id": None,
        "claimed_until": None,
        "failures": standing.failures,
        "failing_since": standing.failing_since,
        # A disabled one is not tried.
        "next_attempt_at": standing.next_attempt_at if status == "active" else None,
        "pace_ms": round(standing.pace / timedelta(milliseconds=1)),
        "status": status,
        "disabled_reason": reason,
    }
    return {"key": claimed.webhook_id, **{f"new_{name}": value for name, value in new.items()}}


def _is_tried_again(ended: Ended) -> bool:
    """Whether it waits for another try: what met a 410 in the order was missed like all behind it, and waits too."""
    outcome = ended.outcome
    return isinstance(outcome, Retry) or (
        isinstance(outcome, GiveUp) and outcome.disable and not ended.message.is_extra
    )


def _delivery(claimed: Claimed, ended: Ended, spread: Callable[[], float]) -> dict[str, Any]:
    message, outcome = ended.message, ended.outcome
    status, next_at, finished_at = Status.PENDING, None, None
    if _is_tried_again(ended):
        if message.is_extra and isinstance(outcome, Retry):
            next_at = next_attempt(message.attempts + 1, ended.at, spread(), outcome.retry_after)
    else:
        status = Status.DELIVERED if isinstance(outcome, Delivered) else Status.FAILED
        finished_at = ended.at
    return {
        "webhook_id": claimed.webhook_id,
        "event_id": message.event_id,
        "sequence": message.sequence,
        "status": status,
        "attempts": 1,
        "next_attempt_at": next_at,
        "created_at": message.at,
        "finished_at": finished_at,
    }
