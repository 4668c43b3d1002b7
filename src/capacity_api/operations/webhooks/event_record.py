"""An event as it is stored, with what filters and supersession need to know about it."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from capacity_api.db.tables import EventRow
from capacity_api.domain.subscription import EventSummary, summarise


class EventRecord(msgspec.Struct, frozen=True):
    """A stored event. `sequence` is null for a private one, `responder_id` if it is about no responder."""

    id: UUID
    sequence: int | None
    at: datetime
    responder_id: UUID | None
    body: bytes
    summary: EventSummary


COLUMNS = (EventRow.id, EventRow.sequence, EventRow.at, EventRow.responder_id, EventRow.body)


def from_row(row: Any) -> EventRecord:
    """From a row that has `COLUMNS`."""
    return EventRecord(row.id, row.sequence, row.at, row.responder_id, row.body.encode(), summarise(row.body))
