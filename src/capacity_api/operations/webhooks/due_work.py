"""Find the webhooks that have work: the first step of a delivery (see `claims`). It takes no locks.

No owner gets more than `MAX_SENDS_PER_OWNER` at once, so the slow endpoints of one do not delay the others.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, and_, func, or_, select, text
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db import sequence
from capacity_api.db.tables import DeliveryRow, EventRow, WebhookRow
from capacity_api.operations import leases
from capacity_api.operations.webhooks import event_record, private_events
from capacity_api.operations.webhooks.delivery_rows import IS_OUT_OF_ORDER
from capacity_api.operations.webhooks.event_record import EventRecord
from capacity_api.operations.webhooks.scan import OutOfOrderEvent, Scan, scan
from capacity_api.operations.webhooks.superseded import find_superseded
from capacity_api.operations.webhooks.webhook import WebhookStatus

# How many sends a worker has under way for one owner at once.
MAX_SENDS_PER_OWNER = 8
# How often one round looks past webhooks of owners that have all their sends. The next round goes on.
_MAX_SEARCHES = 4
# How many events after its cursor are read for one webhook, and for all of them together.
_WINDOW = 64
_MAX_EVENTS_READ = 1024
# How many out-of-order events one claim may have, and how many are read for all of them together.
_MAX_OUT_OF_ORDER = 4
_MAX_OUT_OF_ORDER_READ = 1024

# Literal SQL, so that the partial indexes match.
_NOT_BACKING_OFF = text("webhook.status = 'active' AND NOT webhook.suspended AND webhook.next_attempt_at IS NULL")
_BACKING_OFF = text("webhook.status = 'active' AND NOT webhook.suspended AND webhook.next_attempt_at IS NOT NULL")
_HAS_OUT_OF_ORDER = text("webhook.status = 'active' AND NOT webhook.suspended AND webhook.out_of_order_at IS NOT NULL")

# Null for the administrators.
_OWNER_ID = func.coalesce(WebhookRow.responder_id, WebhookRow.partner_id)
# All that decides what a webhook is sent: `claim` leaves out a webhook in which any of it has
# changed.
WEBHOOK_COLUMNS = (
    WebhookRow.id,
    _OWNER_ID.label("owner_id"),
    WebhookRow.url,
    WebhookRow.event_types,
    WebhookRow.responders,
    WebhookRow.areas,
    WebhookRow.stale,
    WebhookRow.secrets,
    WebhookRow.cursor,
    WebhookRow.failures,
    WebhookRow.failed_attempts,
    WebhookRow.failing_since,
    WebhookRow.next_attempt_at,
    WebhookRow.cooldown_ms,
    WebhookRow.out_of_order_at,
)


class DueWork(msgspec.Struct, frozen=True):
    """What `claim` has to do. False if there is nothing."""

    scans: list[Scan]
    has_private_events: bool
    may_have_more: bool

    def __bool__(self) -> bool:
        return bool(self.scans) or self.has_private_events


class _Selection:
    """The webhooks to scan. No owner has more of them than it may have sends."""

    def __init__(self, session: AsyncSession, is_free: ColumnElement[bool], held: Mapping[UUID | None, int]) -> None:
        self._session = session
        self._is_free = is_free
        self._sends = Counter(held)
        self.webhooks: dict[UUID, Row[Any]] = {}

    async def add(self, limit: int, order: Any, *where: Any) -> bool:
        """Select up to `limit` more webhooks. True if there may be others, which the next round finds."""
        room = limit
        for _ in range(_MAX_SEARCHES):
            if room <= 0:
                break
            rows = await self._search(room, order, *where)
            taken = sum(self._take(row) for row in rows)
            if len(rows) < room:
                return False
            room -= taken
        # A limit of 0 means no free slot.
        return limit > 0

    def _take(self, webhook: Row[Any]) -> bool:
        if self._sends[webhook.owner_id] >= MAX_SENDS_PER_OWNER:
            return False
        self._sends[webhook.owner_id] += 1
        self.webhooks[webhook.id] = webhook
        return True

    async def _search(self, limit: int, order: Any, *where: Any) -> Sequence[Row[Any]]:
        query = select(*WEBHOOK_COLUMNS).where(*where, self._is_free).order_by(order).limit(limit)
        full = [owner_id for owner_id, sends in self._sends.items() if sends >= MAX_SENDS_PER_OWNER]
        if full:
            query = query.where(_is_of_none(full))
        if self.webhooks:
            query = query.where(WebhookRow.id.not_in(self.webhooks))
        return (await self._session.execute(query)).all()


async def find_due(
    session: AsyncSession,
    now: datetime,
    max_ready: int,
    max_slow: int,
    held: Mapping[UUID | None, int],
    *,
    boot_time: float,
) -> DueWork:
    """Find up to `max_ready` webhooks that are not backing off, and others.

    That is up to `max_slow` of each of two other kinds: those that backed off and are due again,
    and those with out-of-order deliveries. `held` is how many claims of each owner the worker has.
    `boot_time` is what the boot clock shows, in seconds.
    """
    selection = _Selection(session, leases.is_free(session, WebhookRow, now, boot_time), held)
    has_private_events = await private_events.exist(session)
    latest, _ = await sequence.latest(session)
    may_have_more = await _select_webhooks(selection, now, latest, max_ready, max_slow)
    scans = await _scan_webhooks(session, now, latest, selection.webhooks.values())
    is_unfinished = any(not each.has_messages and each.scanned_to < latest for each in scans)
    return DueWork(scans, has_private_events, may_have_more or is_unfinished or has_private_events)


async def count_waiting_events(session: AsyncSession) -> int:
    """How many events are after the cursors of the active webhooks, all of them together."""
    latest, _ = await sequence.latest(session)
    behind = (
        select(WebhookRow.cursor, func.count().label("webhooks"))
        .where(WebhookRow.status == WebhookStatus.ACTIVE, WebhookRow.suspended.is_(False), WebhookRow.cursor < latest)
        .group_by(WebhookRow.cursor)
        .subquery()
    )
    events = select(func.count()).where(EventRow.sequence > behind.c.cursor).correlate(behind).scalar_subquery()
    return int(await session.scalar(select(func.coalesce(func.sum(behind.c.webhooks * events), 0))) or 0)


async def _select_webhooks(selection: _Selection, now: datetime, latest: int, max_ready: int, max_slow: int) -> bool:
    """Select the webhooks to scan. True if there may be more of them."""
    more_out_of_order = await selection.add(
        max_slow, WebhookRow.out_of_order_at, _HAS_OUT_OF_ORDER, WebhookRow.out_of_order_at <= now
    )
    # With a limit of its own, neither kind keeps the other waiting.
    more_retries = await selection.add(
        max_slow, WebhookRow.next_attempt_at, _BACKING_OFF, WebhookRow.next_attempt_at <= now
    )
    # Of the others, half are those furthest ahead: a new event reaches them without waiting for webhooks
    # that catch up. The other half are those furthest behind.
    is_behind = WebhookRow.cursor < latest
    half = (max_ready + 1) // 2
    more_ready = await selection.add(half, WebhookRow.cursor.desc(), _NOT_BACKING_OFF, is_behind)
    await selection.add(max_ready - half, WebhookRow.cursor, _NOT_BACKING_OFF, is_behind)
    return more_out_of_order or more_retries or more_ready


def _is_of_none(owner_ids: Collection[UUID | None]) -> ColumnElement[bool]:
    """Whether a webhook belongs to none of these owners. `None` is the administrators."""
    is_of_others = _OWNER_ID.not_in([each for each in owner_ids if each is not None])
    is_of_admin = _OWNER_ID.is_(None)
    return and_(~is_of_admin, is_of_others) if None in owner_ids else or_(is_of_admin, is_of_others)


async def _scan_webhooks(
    session: AsyncSession, now: datetime, latest: int, webhooks: Collection[Row[Any]]
) -> list[Scan]:
    """Read the events that may be due, each once for all webhooks, and scan them for each webhook."""
    # One that is backing off has only its out-of-order deliveries due.
    ready = [each for each in webhooks if each.next_attempt_at is None or each.next_attempt_at <= now]
    following = await _read_numbers(session, {webhook.cursor for webhook in ready if webhook.cursor < latest})
    windows = _choose_windows(webhooks, {webhook.id: following.get(webhook.cursor, []) for webhook in ready})
    events = await _read_events(session, windows.values())
    out_of_order = await _read_out_of_order(session, now, webhooks)
    every_event = list(events.values())
    for due in out_of_order.values():
        every_event += [each.event for each in due]
    superseded = await find_superseded(session, every_event)
    return [
        scan(webhook, [events[number] for number in windows[webhook.id]], out_of_order[webhook.id], superseded)
        for webhook in webhooks
        if webhook.id in windows
    ]


async def _read_numbers(session: AsyncSession, cursors: Iterable[int]) -> dict[int, Sequence[int]]:
    """The numbers of the next events after each cursor, a window of them. After a restore there is a gap."""
    following: dict[int, Sequence[int]] = {}
    numbers: Sequence[int] = []
    is_last = False
    for cursor in sorted(cursors):
        window = numbers[bisect_right(numbers, cursor) :][:_WINDOW]
        if len(window) < _WINDOW and not is_last:
            numbers = await _read_numbers_after(session, cursor)
            is_last = len(numbers) < _MAX_EVENTS_READ
            window = numbers[:_WINDOW]
        following[cursor] = window
    return following


async def _read_numbers_after(session: AsyncSession, cursor: int) -> list[int]:
    """The numbers of the next events after a cursor, as many as are read in one round."""
    query = (
        select(EventRow.sequence).where(EventRow.sequence > cursor).order_by(EventRow.sequence).limit(_MAX_EVENTS_READ)
    )
    return [number for number in await session.scalars(query) if number is not None]


def _choose_windows(webhooks: Iterable[Row[Any]], following: Mapping[UUID, Sequence[int]]) -> dict[UUID, Sequence[int]]:
    """The numbers of the events to read for each webhook. Past the limit, a webhook waits for the next round."""
    windows: dict[UUID, Sequence[int]] = {}
    numbers: set[int] = set()
    for webhook in webhooks:
        window = following.get(webhook.id, [])
        if len(numbers.union(window)) <= _MAX_EVENTS_READ:
            windows[webhook.id] = window
            numbers.update(window)
    return windows


async def _read_events(session: AsyncSession, windows: Iterable[Sequence[int]]) -> dict[int, EventRecord]:
    """The events in these windows, by number."""
    numbers: set[int] = set().union(*windows)
    if not numbers:
        return {}
    rows = await session.execute(select(*event_record.COLUMNS).where(EventRow.sequence.in_(numbers)))
    return {row.sequence: event_record.from_row(row) for row in rows}


async def _read_out_of_order(
    session: AsyncSession, now: datetime, webhooks: Iterable[Row[Any]]
) -> dict[UUID, list[OutOfOrderEvent]]:
    """The first few out-of-order events that are due for each webhook."""
    webhook_ids = [webhook.id for webhook in webhooks if webhook.out_of_order_at is not None]
    due: dict[UUID, list[OutOfOrderEvent]] = defaultdict(list)
    if not webhook_ids:
        return due
    rows = await session.execute(
        select(DeliveryRow.webhook_id, DeliveryRow.attempts, *event_record.COLUMNS)
        .join(EventRow, EventRow.id == DeliveryRow.event_id)
        .where(DeliveryRow.webhook_id.in_(webhook_ids), IS_OUT_OF_ORDER, DeliveryRow.next_attempt_at <= now)
        .order_by(DeliveryRow.next_attempt_at)
        .limit(_MAX_OUT_OF_ORDER_READ)
    )
    for row in rows:
        if len(due[row.webhook_id]) < _MAX_OUT_OF_ORDER:
            due[row.webhook_id].append(OutOfOrderEvent(event_record.from_row(row), row.attempts))
    return due
