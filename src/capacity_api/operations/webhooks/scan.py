"""Scan the events after a webhook's cursor, up to the next ones to send. No database."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.engine import Row

from capacity_api.domain.claim import Message
from capacity_api.operations.webhooks.event_record import EventRecord
from capacity_api.operations.webhooks.webhook import subscription_of

# How many events in order one claim may have. If a worker dies, so many at most are sent again.
MAX_IN_ORDER = 16


class OutOfOrderEvent(msgspec.Struct, frozen=True):
    """An event that is due out of order, and how often it was tried already."""

    event: EventRecord
    attempts: int


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to do for one webhook.

    Up to `scanned_to` there is nothing to send: these events are `superseded`, or skipped because the
    webhook does not want them. `next_events` are the first of those after that, and none if the scan found none.
    `out_of_order` events are sent as well, unless they are superseded.
    """

    webhook: Row[Any]
    scanned_to: int
    next_events: list[EventRecord]
    superseded: list[EventRecord]
    out_of_order: list[OutOfOrderEvent]

    @property
    def has_messages(self) -> bool:
        """Whether there is anything to send."""
        return bool(self.next_events) or bool(self.out_of_order)

    def messages(self) -> tuple[Message, ...]:
        """What to send: the out-of-order events, then the next ones in order."""
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
        messages += [
            Message(event_id=event.id, sequence=event.sequence, at=event.at, body=event.body)
            for event in self.next_events
        ]
        return tuple(messages)


def scan(
    webhook: Row[Any],
    window: Sequence[EventRecord],
    out_of_order: Sequence[OutOfOrderEvent],
    superseded: frozenset[UUID],
) -> Scan:
    """Skip to the next events that the webhook wants, as many as one claim may have.

    They end before a superseded one, which can become true again: only a cursor that has passed it says for ever that
    it is not sent.

    `window` has the events after its cursor, in order. `superseded` has the ids of all superseded
    events.
    """
    wants = subscription_of(webhook).wants
    not_sent = superseded if webhook.stale == "drop" else frozenset()
    scanned_to = webhook.cursor
    next_events: list[EventRecord] = []
    dropped = [each.event for each in out_of_order if each.event.id in not_sent]
    for event in window:
        if not wants(event.summary):
            pass
        elif event.id not in not_sent:
            next_events.append(event)
        elif next_events:
            break
        else:
            dropped.append(event)
        if not next_events:
            scanned_to = event.sequence
        elif len(next_events) == MAX_IN_ORDER:
            break
    return Scan(
        webhook=webhook,
        scanned_to=scanned_to,
        next_events=next_events,
        superseded=dropped,
        out_of_order=[each for each in out_of_order if each.event.id not in not_sent],
    )
