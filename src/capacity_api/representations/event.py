"""Events: the bodies that webhooks carry and `/v1/events` lists."""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from capacity_api.domain.events import EventType
from capacity_api.domain.gaps import CellGroup
from capacity_api.domain.intake import State
from capacity_api.domain.redaction import RedactedField
from capacity_api.representations.responder import Responder


class EventData(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """`previous_state` is the effective state before an `intake.…` event, `previous_areas` are the codes of the remit
    before a `responder.updated`, and `cells` are those of a `coverage.…` event.

    `last` is the number of the last event before a restore. `slug`, `from`, `to` and `fields` say what a redaction
    takes out of the responder's events from one number to another, both inclusive. `webhook_id` is another webhook of
    the same owner, which fails or is disabled `since` then, for this `reason`.
    """

    responder: Responder | UnsetType = UNSET
    previous_state: State | UnsetType = UNSET
    previous_areas: tuple[str, ...] | UnsetType = UNSET
    cell_groups: tuple[CellGroup, ...] | UnsetType = msgspec.field(name="cells", default=UNSET)
    message: str | UnsetType = UNSET
    last: int | UnsetType = UNSET
    slug: str | UnsetType = UNSET
    from_number: int | UnsetType = msgspec.field(name="from", default=UNSET)
    to_number: int | UnsetType = msgspec.field(name="to", default=UNSET)
    fields: tuple[RedactedField, ...] | UnsetType = UNSET
    webhook_id: UUID | UnsetType = UNSET
    since: datetime | UnsetType = UNSET
    reason: str | UnsetType = UNSET


class Event(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The body of a webhook. `id` is the `webhook-id` of every delivery. `sequence` is null for private events.

    `test` is true for what a test of a webhook sends, and false in every other event.
    """

    id: UUID
    type: EventType
    timestamp: datetime
    sequence: int | None
    test: bool = False
    data: EventData


class EventPage(msgspec.Struct, frozen=True, kw_only=True):
    """`sequence` is the `after` to ask for next; `latest` is the directory's."""

    events: list[msgspec.Raw]
    sequence: int
    latest: int
