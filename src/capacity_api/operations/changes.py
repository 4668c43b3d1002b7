"""One change: the turn, what was due before it, and its events, all in the caller's transaction.

Nothing else adds to `event` or moves `sequence`. Whoever is to be told waits for the commit and then looks there.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from capacity_api import representations
from capacity_api.db import sequence
from capacity_api.db.engine import CHANGED
from capacity_api.db.tables import CoverageRow, EventRow, IntakeRow, ReportRow, ResponderRow, SequenceRow
from capacity_api.domain import intake as intakes
from capacity_api.domain.coverage import Contribution, dumped, gaps, loaded, moved
from capacity_api.domain.events import PRIVATE, EventType
from capacity_api.domain.gaps import MOST_GROUPS, in_words
from capacity_api.domain.intake import Report, State, Step
from capacity_api.errors import NotFound
from capacity_api.operations import coverage
from capacity_api.representations import Event, EventData

# What was said before these holds no longer, whatever state it was.
_NEW_STATE = frozenset({EventType.RESPONDER_LISTED, EventType.RESPONDER_DELISTED})


class Change:
    """What `begin` hands out: the time of the change and the one way to tell of it."""

    def __init__(self, session: AsyncSession, row: SequenceRow, coverage_row: CoverageRow, now: datetime) -> None:
        self.session = session
        self.now = now
        self._row = row
        self._coverage_row = coverage_row
        self._counted: dict[UUID, Contribution | None] = {}

    async def responder(self, slug: str) -> ResponderRow:
        """The responder as it stands, read after the turn was taken; raises `NotFound`."""
        row = (
            await self.session.execute(
                select(ResponderRow)
                .where(ResponderRow.slug == slug, ResponderRow.delisted_at.is_(None))
                .execution_options(populate_existing=True)
            )
        ).scalar_one_or_none()
        if row is None:
            raise NotFound(f"No responder {slug!r} is listed")
        self.watch(row)
        return row

    def watch(self, row: ResponderRow) -> None:
        """Note what a responder counts for in the coverage, before anything about it is changed."""
        self._counted[row.id] = coverage.contribution(row)

    def tell(self, event_type: EventType, row: ResponderRow, at: datetime, previous: State | None = None) -> int:
        """Add the public event `event_type` about a responder and return its number.

        What it does to the coverage follows as events of their own: at most one gap opened and one closed.
        """
        row.sequence = number = sequence.take(self._row, at)
        row.updated_at = self._row.at
        if previous not in {None, row.intake.value.state} or event_type in _NEW_STATE:
            row.state_sequence = number
        data = EventData(responder=representations.from_responder(row, self._row.at))
        if previous is not None:
            data = EventData(responder=data.responder, previous_state=previous)
        self._add(event_type, self._row.at, number, row.id, data)
        self._count(row, None if event_type is EventType.RESPONDER_LISTED else self._counted[row.id])
        return number

    def _count(self, row: ResponderRow, before: Contribution | None) -> None:
        after = self._counted[row.id] = coverage.contribution(row)
        if after == before:
            return
        assert self._coverage_row.counts is not None
        counts = loaded(self._coverage_row.counts)
        gaps_before = gaps(counts)
        counts = moved(counts, before, after)
        gaps_after = gaps(counts)
        self._coverage_row.counts = dumped(counts)
        for event_type, cells in (
            (EventType.COVERAGE_GAP_OPENED, gaps_after & ~gaps_before),
            (EventType.COVERAGE_GAP_CLOSED, gaps_before & ~gaps_after),
        ):
            if cells:
                words = in_words(cells, opened=event_type is EventType.COVERAGE_GAP_OPENED, most=MOST_GROUPS)
                number = sequence.take(self._row, self._row.at)
                self._add(event_type, self._row.at, number, None, EventData(cells=words))

    def whisper(self, event_type: EventType, data: EventData, at: datetime, responder_id: UUID | None) -> EventRow:
        """Add a private event, which takes no number."""
        return self._add(event_type, at, None, responder_id, data)

    def record(self, row: ResponderRow, step: Step, said: Report | None, token_id: UUID | None = None) -> None:
        """Carry out one step of a responder's intake: its new intake, its report and its event."""
        row.intake.value = step.after
        if step.event is None:
            return
        if step.event in PRIVATE:
            data = EventData(responder=representations.from_responder(row, step.at))
            self.whisper(step.event, data, step.at, row.id)
            return
        number = self.tell(step.event, row, step.at, step.before)
        self.session.add(
            ReportRow(
                id=uuid7(),
                responder_id=row.id,
                kind=step.kind,
                at=step.at,
                state=step.after.state,
                report=said,
                effective_from=step.after.planned.effective_from
                if step.kind == "planned" and step.after.planned is not None
                else None,
                confirm_by=None if step.kind in {"planned", "unplanned"} else step.after.confirm_by,
                sequence=number,
                token_id=token_id,
            )
        )

    def _add(
        self, event_type: EventType, at: datetime, number: int | None, responder_id: UUID | None, data: EventData
    ) -> EventRow:
        body = representations.encode(Event(type=event_type, timestamp=at, sequence=number, data=data))
        row = EventRow(
            id=uuid7(), sequence=number, type=event_type, at=at, responder_id=responder_id, body=body.decode()
        )
        self.session.add(row)
        self.session.info[CHANGED] = max(number or 0, self.session.info.get(CHANGED, 0))
        return row


async def begin(session: AsyncSession, now: datetime) -> Change:
    """Take the turn, and first record what the clock has brought, so that no event is dated before an earlier one."""
    row = await sequence.lock(session)
    change = Change(session, row, await coverage.held(session), max(now, row.at))
    await record_due(change)
    return change


def wake(session: AsyncSession) -> None:
    """Have delivery look after the commit, where nothing that the public can see has changed."""
    session.info.setdefault(CHANGED, 0)


async def record_due(change: Change) -> int:
    """Record each step that time has brought to any responder, in the order of their dates; returns how many."""
    rows = (
        await change.session.scalars(
            select(ResponderRow)
            .join(IntakeRow)
            .where(IntakeRow.next_due <= change.now, ResponderRow.delisted_at.is_(None))
            .execution_options(populate_existing=True)
        )
    ).all()
    for row in rows:
        change.watch(row)
    due = [(step, row) for row in rows for step in intakes.advance(row.intake.value, change.now)]
    for step, row in sorted(due, key=lambda pair: (pair[0].at, pair[1].slug)):
        change.record(row, step, step.after.report)
    return len(due)


async def next_due(session: AsyncSession) -> datetime | None:
    """When time alone changes something next."""
    return await session.scalar(
        select(IntakeRow.next_due)
        .join(ResponderRow)
        .where(IntakeRow.next_due.is_not(None), ResponderRow.delisted_at.is_(None))
        .order_by(IntakeRow.next_due)
        .limit(1)
    )
