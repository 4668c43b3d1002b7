"""Events: the bodies that webhooks carry and `/v1/events` lists."""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from capacity_api.domain.events import EventType
from capacity_api.domain.gaps import CellGroup
from capacity_api.domain.intake import State
from capacity_api.representations.responder import Responder


class EventData(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`previous_state` is the effective state before an `intake.…` event; `cells` are those of a `coverage.…` event."""

    responder: Responder | UnsetType = UNSET
    previous_state: State | UnsetType = UNSET
    cell_groups: tuple[CellGroup, ...] | UnsetType = msgspec.field(name="cells", default=UNSET)
    message: str | UnsetType = UNSET


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a webhook. `sequence` is null for private events."""

    type: EventType
    timestamp: datetime
    sequence: int | None
    data: EventData


class IdentifiedEvent(msgspec.Struct, frozen=True):
    """A public event with its id, which is the `webhook-id` of every delivery."""

    id: UUID
    event: Event


class EventPage(msgspec.Struct, frozen=True, kw_only=True):
    """`sequence` is the `after` to ask for next; `latest` is the directory's."""

    events: list[msgspec.Raw]
    sequence: int
    latest: int
