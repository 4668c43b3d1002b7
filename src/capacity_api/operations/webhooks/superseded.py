"""Superseded events: those that are no longer true, and are sent only to webhooks that asked for them."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.tables import CoverageRow, ResponderRow
from capacity_api.domain.coverage import counts_from_json, gap_cells
from capacity_api.domain.events import STATE_EVENTS, EventType
from capacity_api.domain.gaps import is_superseded
from capacity_api.operations.webhooks.event_record import EventRecord


async def find_superseded(session: AsyncSession, events: Sequence[EventRecord]) -> frozenset[UUID]:
    """The ids of the events that are no longer true.

    An event about a state is superseded once its responder has changed state, even if no webhook
    wanted that change. A `gap_opened` event is superseded once all of its gap has closed; a
    `gap_closed` event once any of it is open again.
    """
    return frozenset(await _old_states(session, events) | await _old_gaps(session, events))


async def _old_states(session: AsyncSession, events: Sequence[EventRecord]) -> set[UUID]:
    of_a_state = [event for event in events if event.sequence is not None and event.summary.type in STATE_EVENTS]
    if not of_a_state:
        return set()
    rows = await session.execute(
        select(ResponderRow.id, ResponderRow.state_sequence).where(
            ResponderRow.id.in_({event.responder_id for event in of_a_state})
        )
    )
    state_since = {row.id: row.state_sequence for row in rows}
    return {event.id for event in of_a_state if (event.sequence or 0) < state_since.get(event.responder_id, 0)}


async def _old_gaps(session: AsyncSession, events: Sequence[EventRecord]) -> set[UUID]:
    # A test of a gap event has no number. Its gap is an example.
    about_gaps = [event for event in events if event.sequence is not None and event.summary.data.cell_groups]
    if not about_gaps:
        return set()
    counts = await session.scalar(select(CoverageRow.counts))
    if counts is None:
        return set()
    gaps_now = gap_cells(counts_from_json(counts))
    return {
        event.id
        for event in about_gaps
        if is_superseded(
            event.summary.data.cell_groups, gaps_now, opened=event.summary.type is EventType.COVERAGE_GAP_OPENED
        )
    }
