"""Which events tell what no longer holds: nobody is sent those, unless it asked to."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.tables import CoverageRow, EventRow, ResponderRow
from capacity_api.domain import subscription
from capacity_api.domain.coverage import counts_from_document, gap_cells
from capacity_api.domain.events import OF_A_STATE, EventType
from capacity_api.domain.gaps import is_superseded
from capacity_api.domain.subscription import Told


class Heard(msgspec.Struct, frozen=True):
    """A stored event with what its body tells; `sequence` is null for a private one."""

    id: UUID
    sequence: int | None
    at: datetime
    responder_id: UUID | None
    body: bytes
    told: Told


COLUMNS = (EventRow.id, EventRow.sequence, EventRow.at, EventRow.responder_id, EventRow.body)


def heard(row: Any) -> Heard:
    """From a row with `COLUMNS`."""
    return Heard(row.id, row.sequence, row.at, row.responder_id, row.body.encode(), subscription.told(row.body))


async def superseded(session: AsyncSession, events: Iterable[Heard]) -> frozenset[UUID]:
    """The ids of those whose responder is in another state since, or whose gap is none any more.

    A newer event counts whether or not anybody subscribed to it.
    """
    events = list(events)
    responders = {each.responder_id for each in events if _is_of_a_state(each)}
    since: dict[UUID | None, int] = {}
    if responders:
        rows = await session.execute(
            select(ResponderRow.id, ResponderRow.state_sequence).where(ResponderRow.id.in_(responders))
        )
        since = {row.id: row.state_sequence for row in rows}
    found = {
        each.id for each in events if _is_of_a_state(each) and since.get(each.responder_id, 0) > (each.sequence or 0)
    }
    of_gaps = [each for each in events if each.told.data.cells]
    counts = await session.scalar(select(CoverageRow.counts)) if of_gaps else None
    if counts is not None:
        now = gap_cells(counts_from_document(counts))
        found |= {
            each.id
            for each in of_gaps
            if is_superseded(each.told.data.cells, now, opened=each.told.type is EventType.COVERAGE_GAP_OPENED)
        }
    return frozenset(found)


def _is_of_a_state(event: Heard) -> bool:
    return event.sequence is not None and event.told.type in OF_A_STATE
