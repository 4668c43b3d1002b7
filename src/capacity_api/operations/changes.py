"""One change of the directory: its events, its numbers and its coverage, in the caller's transaction.

1. `begin` takes the write lock and records every lapse and planned start that is due.
2. The caller reads rows through the `Change`, decides, and writes.
3. `Change.record` or `Change.add_event` writes the event with the next sequence number, and a coverage event for each
   gap that this opens or closes.

Nothing else adds to `event` or moves `sequence`. The publisher and the workers learn of a change by reading these
tables after the commit.
"""

from datetime import datetime
from uuid import UUID

from msgspec import UNSET
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from capacity_api.db import sequence
from capacity_api.db.engine import CHANGED
from capacity_api.db.tables import CoverageRow, EventRow, IntakeRow, ReportRow, ResponderRow, SequenceRow
from capacity_api.domain.coverage import (
    CellSet,
    Contribution,
    Counts,
    cells_with_help,
    counts_from_json,
    counts_to_json,
    gap_cells,
    move_contribution,
)
from capacity_api.domain.events import PRIVATE, EventType
from capacity_api.domain.gaps import MAX_GROUPS, MAX_NAMES, Helper, describe_gaps, name_helpers
from capacity_api.domain.intake import Report, State, Step, due_steps
from capacity_api.errors import NotFound
from capacity_api.operations import coverage
from capacity_api.representations.encoding import encode
from capacity_api.representations.event import Event, EventData
from capacity_api.representations.responder import represent_responder

# These supersede every earlier event about the state, whatever it was.
_RESETS_STATE = frozenset({EventType.RESPONDER_LISTED, EventType.RESPONDER_DELISTED})
# Names can be long. An event that would be longer names fewer of those who may help.
MAX_EVENT_BYTES = 20_000
# The body of an event without its data: id, type, time, number and `test`.
_ENVELOPE_BYTES = 300


class Change:
    """What `begin` returns: the time of the change, and the only way to add events."""

    def __init__(
        self, session: AsyncSession, sequence_row: SequenceRow, coverage_row: CoverageRow, now: datetime
    ) -> None:
        self.session = session
        self.now = now
        self._sequence_row = sequence_row
        self._coverage_row = coverage_row
        # What each responder of this change adds to the coverage so far.
        self._contributions: dict[UUID, Contribution | None] = {}

    async def get_responder(self, slug: str) -> ResponderRow:
        """A listed responder, read under the write lock. Raises `NotFound`."""
        row = (
            await self.session.execute(
                select(ResponderRow)
                .where(ResponderRow.slug == slug, ResponderRow.delisted_at.is_(None))
                .execution_options(populate_existing=True)
            )
        ).scalar_one_or_none()
        if row is None:
            raise NotFound(f"No responder {slug!r} is listed")
        self.note_contribution(row)
        return row

    def note_contribution(self, row: ResponderRow) -> None:
        """Remember what a responder adds to the coverage; call it before you change the row."""
        self._contributions[row.id] = coverage.contribution_of(row)

    async def add_event(
        self,
        event_type: EventType,
        row: ResponderRow,
        at: datetime,
        *,
        previous_state: State | None = None,
        previous_areas: tuple[str, ...] | None = None,
    ) -> int:
        """Add a public event about a responder and return its number.

        Its effect on the coverage follows as at most one `gap_opened` and one `gap_closed`.
        """
        row.sequence = number = sequence.next_number(self._sequence_row, at)
        row.updated_at = self._sequence_row.at
        if previous_state not in {None, row.intake.value.state} or event_type in _RESETS_STATE:
            row.state_sequence = number
        data = EventData(
            responder=represent_responder(row.record, row.updated_at),
            previous_state=UNSET if previous_state is None else previous_state,
            previous_areas=UNSET if previous_areas is None else previous_areas,
        )
        self._add_row(event_type, row.updated_at, number, row.id, data)
        await self._update_coverage(row, is_new=event_type is EventType.RESPONDER_LISTED)
        return number

    def add_private_event(self, event_type: EventType, row: ResponderRow, at: datetime) -> None:
        """Add an event for the responder's own webhooks. It takes no number."""
        self._add_row(event_type, at, None, row.id, EventData(responder=represent_responder(row.record, at)))

    async def record(
        self, row: ResponderRow, step: Step, report: Report | None, actor_token_id: UUID | None = None
    ) -> None:
        """Carry out one step of a responder's intake: the new intake, its report and its event."""
        row.intake.value = step.after
        if step.event is None:
            return
        if step.event in PRIVATE:
            self.add_private_event(step.event, row, step.at)
            return
        number = await self.add_event(step.event, row, step.at, previous_state=step.before)
        is_plan = step.kind in {"planned", "unplanned"}
        plan = step.after.planned if step.kind == "planned" else None
        self.session.add(
            ReportRow(
                id=uuid7(),
                responder_id=row.id,
                kind=step.kind,
                at=step.at,
                state=step.after.state,
                report=report,
                said_by=plan.said_by if plan is not None else step.after.said_by,
                effective_from=plan.effective_from if plan is not None else None,
                confirm_by=None if is_plan else step.after.confirm_by,
                sequence=number,
                token_id=actor_token_id,
            )
        )

    async def _update_coverage(self, row: ResponderRow, *, is_new: bool) -> None:
        before = None if is_new else self._contributions[row.id]
        after = self._contributions[row.id] = coverage.contribution_of(row)
        if after == before:
            return
        assert self._coverage_row.counts is not None
        counts = counts_from_json(self._coverage_row.counts)
        gaps_before = gap_cells(counts)
        counts = move_contribution(counts, before, after)
        gaps_after = gap_cells(counts)
        self._coverage_row.counts = counts_to_json(counts)
        await self._add_gap_opened(gaps_after & ~gaps_before, counts)
        closed = gaps_before & ~gaps_after
        if closed:
            groups = describe_gaps(closed, opened=False, max_groups=MAX_GROUPS)
            self._add_coverage_event(EventType.COVERAGE_GAP_CLOSED, EventData(cell_groups=groups))

    async def _add_gap_opened(self, cell_set: CellSet, counts: Counts) -> None:
        if not cell_set:
            return
        helpers: list[Helper] = []
        if cell_set & cells_with_help(counts):
            helpers = await coverage.read_helpers(self.session, cell_set)
        groups = describe_gaps(cell_set, max_groups=MAX_GROUPS)
        for max_names in range(MAX_NAMES, -1, -1):
            data = EventData(cell_groups=name_helpers(groups, cell_set, helpers, max_names))
            if len(encode(data)) <= MAX_EVENT_BYTES - _ENVELOPE_BYTES:
                break
        self._add_coverage_event(EventType.COVERAGE_GAP_OPENED, data)

    def _add_coverage_event(self, event_type: EventType, data: EventData) -> None:
        at = self._sequence_row.at
        self._add_row(event_type, at, sequence.next_number(self._sequence_row, at), None, data)

    def _add_row(
        self, event_type: EventType, at: datetime, number: int | None, responder_id: UUID | None, data: EventData
    ) -> None:
        event = Event(id=uuid7(), type=event_type, timestamp=at, sequence=number, data=data)
        body = encode(event)
        self.session.add(
            EventRow(
                id=event.id, sequence=number, type=event_type, at=at, responder_id=responder_id, body=body.decode()
            )
        )
        self.session.info[CHANGED] = max(number or 0, self.session.info.get(CHANGED, 0))


async def begin(session: AsyncSession, now: datetime) -> Change:
    """Take the write lock, and record what is due first, so that no event is dated before an earlier one."""
    row = await sequence.lock(session)
    change = Change(session, row, await coverage.get_counts(session), max(now, row.at))
    await record_due(change)
    return change


def wake_delivery(session: AsyncSession) -> None:
    """Wake delivery after the commit although the public sees no change."""
    session.info.setdefault(CHANGED, 0)


async def record_due(change: Change) -> int:
    """Record every due lapse, planned start and reminder of any responder, by date; returns how many."""
    rows = (
        await change.session.scalars(
            select(ResponderRow)
            .join(IntakeRow)
            .where(IntakeRow.next_due <= change.now, ResponderRow.delisted_at.is_(None))
            .execution_options(populate_existing=True)
        )
    ).all()
    for row in rows:
        change.note_contribution(row)
    due = [(step, row) for row in rows for step in due_steps(row.intake.value, change.now)]
    for step, row in sorted(due, key=lambda pair: (pair[0].at, pair[1].slug)):
        await change.record(row, step, step.after.report)
    return len(due)


async def next_due(session: AsyncSession) -> datetime | None:
    """When the clock alone changes a listed responder next."""
    return await session.scalar(
        select(IntakeRow.next_due)
        .join(ResponderRow)
        .where(IntakeRow.next_due.is_not(None), ResponderRow.delisted_at.is_(None))
        .order_by(IntakeRow.next_due)
        .limit(1)
    )
