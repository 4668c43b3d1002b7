"""Scan the events after a webhook's cursor, up to the next one to send. No database."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.engine import Row

from capacity_api.domain.claim import Message
from capacity_api.operations.webhooks.event_record import EventRecord
from capacity_api.operations.webhooks.webhook import subscription_of


class OutOfOrderEvent(msgspec.Struct, frozen=True):
    """An event that is due out of order, and how often it was tried already."""

    event: EventRecord
    attempts: int


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to do for one webhook.

    Up to `scanned_to` there is nothing to send: these events are `superseded`, or skipped because the
    webhook does not want them. The event after that is `next_event`, or None if the scan found none.
    `out_of_order` events are sent as well, unless they are superseded.
    """

    webhook: Row[Any]
    scanned_to: int
    next_event: EventRecord | None
    superseded: list[EventRecord]
    out_of_order: list[OutOfOrderEvent]

    @property
    def has_messages(self) -> bool:
        """Whether there is anything to send."""
        return self.next_event is not None or bool(self.out_of_order)

    def messages(self) -> tuple[Message, ...]:
        """What to send: the out-of-order events, then the next one in order."""
        messages = [
            Message(
                event_id=each.event.id,
                sequence=each.event.sequence,
                at=each.event.at,
                body=each.event.body,
                is_out_of_order=True,
                attempts=each.attempts,
            )
            for each in self.out_of_order
        ]
        # One event in order per claim. If a worker died holding several, they would be resent out
        # of order.
        event = self.next_event
        if event is not None:
            messages.append(Message(event_id=event.id, sequence=event.sequence, at=event.at, body=event.body))
        return tuple(messages)


def scan(
    webhook: Row[Any],
    window: Sequence[EventRecord],
    out_of_order: Sequence[OutOfOrderEvent],
    superseded: frozenset[UUID],
) -> Scan:
    """Skip to the next event that the webhook wants.

    `window` has the events after its cursor, in order. `superseded` has the ids of all superseded
    events.
    """
    wants = subscription_of(webhook).wants
    not_sent = superseded if webhook.stale == "drop" else frozenset()
    scanned_to, next_event = webhook.cursor, None
    dropped = [each.event for each in out_of_order if each.event.id in not_sent]
    for event in window:
        if wants(event.summary):
            if event.id not in not_sent:
                next_event = event
                break
            dropped.append(event)
        scanned_to = event.sequence
    return Scan(
        webhook=webhook,
        scanned_to=scanned_to,
        next_event=next_event,
        superseded=dropped,
        out_of_order=[each for each in out_of_order if each.event.id not in not_sent],
    )
