"""Who is to be sent what, now. The events are the queue, and each webhook has its place in it.

Whoever delivers looks first, at what stands between a webhook's place and the newest event, a window at a time: so a
backlog takes neither rows nor memory. It looks at a snapshot, which holds up nobody, and then takes what still stands
as it was seen, in a short transaction and with a lease, so that nobody ever has two claims. A webhook is claimed for
the first event that it wants: its place moves up to that at once, and past it when it is recorded
(`operations.attempts`).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, bindparam, func, insert, or_, select, text, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from capacity_api.db import sequence
from capacity_api.db.tables import DeliveryRow, EventRow, WebhookRow
from capacity_api.domain.events import is_subscribed
from capacity_api.domain.retry import Standing
from capacity_api.domain.subscription import Subscription, told
from capacity_api.operations.deliveries import RENEW_EXTRA, Status, upsert
from capacity_api.operations.superseded import COLUMNS, Heard, heard, superseded

# How many events after its place one claim looks at for a webhook, and in all.
_WINDOW = 64
_MOST_EVENTS = 1024
# A claim is for one of them: several would all come a second time, older after newer, when their worker dies before
# they are recorded. And for so many of those that stand in no order.
_MOST_EXTRA = 4

# In the words of the indexes: a bound value would leave them unused.
_READY = text("webhook.status = 'active' AND webhook.next_attempt_at IS NULL")
_HELD_UP = text("webhook.status = 'active' AND webhook.next_attempt_at IS NOT NULL")
_EXTRA = text("webhook.status = 'active' AND webhook.extra_at IS NOT NULL")
_WITHOUT_ORDER = text("delivery.next_attempt_at IS NOT NULL")
_NOT_FANNED_OUT = text("event.sequence IS NULL AND event.fanned_out_at IS NULL")


_table = cast("Any", WebhookRow.__table__)
_MOVE = update(_table).where(_table.c.id == bindparam("key")).values(position=bindparam("place"))
_COLUMNS = (
    WebhookRow.id,
    WebhookRow.url,
    WebhookRow.event_types,
    WebhookRow.responders,
    WebhookRow.areas,
    WebhookRow.stale,
    WebhookRow.secrets,
    WebhookRow.cursor,
    WebhookRow.failures,
    WebhookRow.failing_since,
    WebhookRow.next_attempt_at,
    WebhookRow.cooldown_ms,
    WebhookRow.out_of_order_at,
)


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One event for one webhook; `is_extra` when it stands in no order, and then `attempts` are its own so far."""

    event_id: UUID
    sequence: int | None
    at: datetime
    body: bytes
    is_extra: bool = False
    attempts: int = 0


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """All that sending needs. `secrets` are sealed; `through` is its place once every message has got through."""

    webhook_id: UUID
    claim_id: UUID
    until: datetime
    url: str
    secrets: tuple[str, ...]
    standing: Standing
    position: int
    through: int
    messages: tuple[Message, ...]


class _Found(msgspec.Struct):
    """What there is for one webhook."""

    through: int
    messages: list[Message]
    past: list[Heard]
    unwanted: list[Heard]


class Sight(msgspec.Struct, frozen=True):
    """What there is to take. `more`: there may be more to see at once, for whoever has the places."""

    found: list[tuple[Row[Any], _Found]]
    is_private: bool
    more: bool

    def __bool__(self) -> bool:
        return bool(self.found) or self.is_private


async def look(session: AsyncSession, now: datetime, quick: int, held_up: int) -> Sight:
    """What is due: of up to `quick` webhooks that nothing holds up, and of `held_up` others. Changes nothing."""
    is_private = await session.scalar(select(EventRow.id).where(_NOT_FANNED_OUT).limit(1)) is not None
    latest, _ = await sequence.latest(session)
    rows, more = await _candidates(session, now, latest, quick, held_up)
    windows = {row.id: _window(row, latest, now) for row in rows}
    events = await _events(session, windows.values())
    extras = await _extras(session, now, [row.id for row in rows if row.out_of_order_at is not None])
    past = await superseded(session, [*events.values(), *(event for held in extras.values() for event, _ in held)])
    found = [
        (row, _found(row, [events[number] for number in windows[row.id]], extras.get(row.id, ()), past))
        for row in rows
        # Those whose window is more than is read at once have their turn later: others may have read a part of it.
        if all(map(events.__contains__, windows[row.id]))
    ]
    unfinished = any(not each.messages and each.through < latest for _, each in found)
    return Sight(found, is_private, more or unfinished or is_private)


async def take(session: AsyncSession, sight: Sight, now: datetime, lease: timedelta) -> list[Claimed]:
    """Claim, for `lease`, what has something to be sent, and pass over what has not.

    What somebody else has taken or moved since is left alone. Whoever claims must have recorded before the lease runs
    out, or somebody else sends the same again.
    """
    if sight.is_private:
        await _fan_out_private(session, now)
    if not sight.found:
        return []
    unchanged = await _unchanged(session, now, [row for row, _ in sight.found])
    found = [(row, each) for row, each in sight.found if row.id in unchanged]
    await _set_aside(session, now, found)
    await _pass_over(session, now, [(row, each) for row, each in found if not each.messages])
    claim_id = uuid7()
    claims = [_claimed(row, claim_id, now, lease, each) for row, each in found if each.messages]
    if claims:
        await session.execute(
            update(WebhookRow)
            .where(WebhookRow.id.in_([each.webhook_id for each in claims]))
            .values(claim_id=claim_id, claimed_until=now + lease)
            .execution_options(synchronize_session=False)
        )
    # What is past may hold again later: whoever dies before this is recorded must not leave it to be sent after it.
    moved = [
        {"key": row.id, "place": place}
        for row, each in found
        if each.messages and (place := _reached(row, each)) != row.cursor
    ]
    if moved:
        await (await session.connection()).execute(_MOVE, moved)
    return claims


async def release(session: AsyncSession, claims: Iterable[Claimed]) -> None:
    """Give back what was claimed and not sent, so that nobody has to wait for the lease."""
    held = list(claims)
    await session.execute(
        update(WebhookRow)
        .where(
            WebhookRow.id.in_([each.webhook_id for each in held]),
            WebhookRow.claim_id.in_({each.claim_id for each in held}),
        )
        .values(claim_id=None, claimed_until=None)
        .execution_options(synchronize_session=False)
    )


async def set_aside_unwanted(session: AsyncSession, now: datetime, webhook: WebhookRow) -> None:
    """Finish what was tried and waits in the order, and is not wanted any more since the webhook was changed."""
    waiting = await session.execute(
        select(EventRow.id, EventRow.body)
        .join(DeliveryRow, DeliveryRow.event_id == EventRow.id)
        .where(
            DeliveryRow.webhook_id == webhook.id,
            DeliveryRow.status == Status.PENDING,
            DeliveryRow.next_attempt_at.is_(None),
        )
    )
    wants = _subscription(webhook).wants
    unwanted = [event.id for event in waiting if not wants(told(event.body))]
    if unwanted:
        await _finish(session, now, webhook.id, unwanted)


async def behind(session: AsyncSession) -> int:
    """How many events the active webhooks have still to be brought past, all of them together."""
    latest, _ = await sequence.latest(session)
    waiting = select(func.count(), func.coalesce(func.sum(WebhookRow.cursor), 0)).where(
        WebhookRow.status == "active", WebhookRow.cursor < latest
    )
    count, reached = (await session.execute(waiting)).one()
    return int(count * latest - reached)


def valid_secrets(secrets: Sequence[Mapping[str, Any]], now: datetime) -> tuple[str, ...]:
    """The sealed secrets that sign at `now`, newest first: those without an end, and those whose `until` is to come."""
    return tuple(
        each["sealed"] for each in secrets if each["until"] is None or datetime.fromisoformat(each["until"]) > now
    )


async def _fan_out_private(session: AsyncSession, now: datetime) -> None:
    """A private event goes to its responder's own webhooks, and waits for nothing."""
    events = (
        await session.execute(
            select(EventRow.id, EventRow.type, EventRow.responder_id, EventRow.at)
            .where(_NOT_FANNED_OUT)
            .limit(_MOST_EVENTS)
            .with_for_update(skip_locked=True, key_share=True)
        )
    ).all()
    if not events:
        return
    owners = (
        await session.execute(
            select(WebhookRow.id, WebhookRow.responder_id, WebhookRow.event_types).where(
                WebhookRow.responder_id.in_({each.responder_id for each in events}), WebhookRow.status == "active"
            )
        )
    ).all()
    rows = [
        {
            "webhook_id": owner.id,
            "event_id": event.id,
            "status": Status.PENDING,
            "attempts": 0,
            "next_attempt_at": now,
            "created_at": event.at,
        }
        for event in events
        for owner in owners
        if owner.responder_id == event.responder_id and is_subscribed(event.type, _set(owner.event_types))
    ]
    if rows:
        await session.execute(insert(DeliveryRow), rows)
        await session.execute(
            update(WebhookRow)
            .where(WebhookRow.id.in_({row["webhook_id"] for row in rows}))
            .values(out_of_order_at=now)
            .execution_options(synchronize_session=False)
        )
    await session.execute(
        update(EventRow)
        .where(EventRow.id.in_([each.id for each in events]))
        .values(fanned_out_at=now)
        .execution_options(synchronize_session=False)
    )


async def _candidates(
    session: AsyncSession, now: datetime, latest: int, quick: int, held_up: int
) -> tuple[list[Row[Any]], bool]:
    """The webhooks to look at, and whether there may be more of them.

    Half of those that nothing holds up are the furthest ahead, so that news does not wait for who is catching up; the
    other half are the furthest behind.
    """
    found: dict[UUID, Row[Any]] = {}

    async def see(limit: int, order: Any, *where: Any) -> bool:
        if limit <= 0:
            return False
        rows = (await session.execute(select(*_COLUMNS).where(*where, _free(now)).order_by(order).limit(limit))).all()
        found.update((row.id, row) for row in rows)
        return len(rows) == limit

    ready = (_READY, WebhookRow.cursor < latest)
    more = await see(held_up, WebhookRow.out_of_order_at, _EXTRA, WebhookRow.out_of_order_at <= now)
    more |= await see(held_up, WebhookRow.next_attempt_at, _HELD_UP, WebhookRow.next_attempt_at <= now)
    if await see((quick + 1) // 2, WebhookRow.cursor.desc(), *ready):
        await see(quick // 2, WebhookRow.cursor, *ready)
        more = True
    return list(found.values()), more


async def _unchanged(session: AsyncSession, now: datetime, rows: Iterable[Row[Any]]) -> set[UUID]:
    """Which of these webhooks are free and stand as they were seen, locked. Its owner may have changed one since."""
    seen = {row.id: row for row in rows}
    stand = await session.execute(
        select(*_COLUMNS)
        .where(WebhookRow.id.in_(seen), WebhookRow.status == "active", _free(now))
        .with_for_update(skip_locked=True, key_share=True)
    )
    return {row.id for row in stand if row == seen[row.id]}


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(WebhookRow.claimed_until.is_(None), WebhookRow.claimed_until <= now)


def _window(row: Row[Any], latest: int, now: datetime) -> range:
    """The numbers to look at. None while it is held up, and taken for what stands in no order."""
    if row.next_attempt_at is not None and row.next_attempt_at > now:
        return range(0)
    return range(row.cursor + 1, min(row.cursor + _WINDOW, latest) + 1)


async def _events(session: AsyncSession, windows: Iterable[range]) -> dict[int, Heard]:
    """The events in these windows by number, each window whole or, when it would be too many, left out."""
    numbers: set[int] = set()
    for window in windows:
        if len(numbers) < _MOST_EVENTS:
            numbers.update(window)
    if not numbers:
        return {}
    spans: list[list[int]] = []
    for number in sorted(numbers):
        if spans and spans[-1][1] == number - 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    inside = or_(*(EventRow.sequence.between(first, last) for first, last in spans))
    rows = await session.execute(select(*COLUMNS).where(inside))
    return {row.sequence: heard(row) for row in rows}


async def _extras(session: AsyncSession, now: datetime, webhooks: list[UUID]) -> dict[UUID, list[tuple[Heard, int]]]:
    """What is due for these webhooks and stands in no order, with the attempts so far; the rest of it comes later."""
    if not webhooks:
        return {}
    rows = await session.execute(
        select(DeliveryRow.webhook_id, DeliveryRow.attempts, *COLUMNS)
        .join(EventRow, EventRow.id == DeliveryRow.event_id)
        .where(DeliveryRow.webhook_id.in_(webhooks), _WITHOUT_ORDER, DeliveryRow.next_attempt_at <= now)
        .order_by(DeliveryRow.next_attempt_at)
        .limit(_MOST_EVENTS)
    )
    found: dict[UUID, list[tuple[Heard, int]]] = {}
    for row in rows:
        held = found.setdefault(row.webhook_id, [])
        if len(held) < _MOST_EXTRA:
            held.append((heard(row), row.attempts))
    return found


def _found(
    row: Row[Any], window: Iterable[Heard], extras: Iterable[tuple[Heard, int]], past: frozenset[UUID]
) -> _Found:
    wants = _subscription(row).wants
    dropped = past if row.stale == "drop" else frozenset()
    found = _Found(row.cursor, [], [], [])
    for event, attempts in extras:
        if event.id in dropped:
            found.past.append(event)
        else:
            found.messages.append(_message(event, is_extra=True, attempts=attempts))
    is_first = True
    for event in window:
        if not wants(event.told):
            found.unwanted.append(event)
        elif event.id in dropped:
            found.past.append(event)
        elif not is_first:
            break
        else:
            is_first = False
            found.messages.append(_message(event))
        assert event.sequence is not None
        found.through = event.sequence
    return found


def _message(event: Heard, *, is_extra: bool = False, attempts: int = 0) -> Message:
    return Message(
        event_id=event.id,
        sequence=event.sequence,
        at=event.at,
        body=event.body,
        is_extra=is_extra,
        attempts=attempts,
    )


async def _set_aside(session: AsyncSession, now: datetime, looked: list[tuple[Row[Any], _Found]]) -> None:
    """Write down what is not sent because it is past, and finish what was tried and is no longer wanted."""
    finished = {"status": Status.SUPERSEDED, "next_attempt_at": None, "finished_at": now}
    rows = [
        {
            "webhook_id": row.id,
            "event_id": event.id,
            "sequence": event.sequence,
            "attempts": 0,
            "created_at": event.at,
            **finished,
        }
        for row, found in looked
        for event in found.past
    ]
    if rows:
        await upsert(session, rows, finished, DeliveryRow.status == Status.PENDING)
    for row, found in looked:
        # Only what failed before stands there already.
        if row.failures and found.unwanted:
            await _finish(session, now, row.id, [event.id for event in found.unwanted])


async def _finish(session: AsyncSession, now: datetime, webhook_id: UUID, events: list[UUID]) -> None:
    await session.execute(
        update(DeliveryRow)
        .where(
            DeliveryRow.webhook_id == webhook_id,
            DeliveryRow.event_id.in_(events),
            DeliveryRow.status == Status.PENDING,
        )
        .values(status=Status.SUPERSEDED, next_attempt_at=None, finished_at=now)
        .execution_options(synchronize_session=False)
    )


async def _pass_over(session: AsyncSession, now: datetime, passed: list[tuple[Row[Any], _Found]]) -> None:
    """Move those for whom there was nothing to where they have been looked through; nothing holds them up then."""
    by_place: dict[int, list[UUID]] = {}
    for row, found in passed:
        if row.next_attempt_at is None or row.next_attempt_at <= now:
            by_place.setdefault(found.through, []).append(row.id)
    for place, webhooks in by_place.items():
        await session.execute(
            update(WebhookRow)
            .where(WebhookRow.id.in_(webhooks))
            .values(cursor=place, next_attempt_at=None)
            .execution_options(synchronize_session=False)
        )
    extra = [{"key": row.id} for row, _ in passed if row.out_of_order_at is not None]
    if extra:
        await (await session.connection()).execute(RENEW_EXTRA, extra)


def _claimed(row: Row[Any], claim_id: UUID, now: datetime, lease: timedelta, found: _Found) -> Claimed:
    return Claimed(
        webhook_id=row.id,
        claim_id=claim_id,
        until=now + lease,
        url=row.url,
        secrets=valid_secrets(row.secrets, now),
        standing=Standing(
            failures=row.failures,
            failing_since=row.failing_since,
            next_attempt_at=row.next_attempt_at,
            pace=timedelta(milliseconds=row.cooldown_ms),
        ),
        position=_reached(row, found),
        through=found.through,
        messages=tuple(found.messages),
    )


def _reached(row: Row[Any], found: _Found) -> int:
    """Its place once what stands before the first message of the order is passed over."""
    first = next((message.sequence for message in found.messages if message.sequence and not message.is_extra), None)
    return row.cursor if first is None else first - 1


def _subscription(row: Row[Any] | WebhookRow) -> Subscription:
    return Subscription(_set(row.event_types), _set(row.responders), _set(row.areas))


def _set(codes: list[str] | None) -> Any:
    # A word that this version does not know matches nothing; it must not stop the others.
    return None if codes is None else frozenset(codes)
