"""One change of the directory: its events, its numbers and its coverage, in the caller's transaction.

1. `begin` takes the write lock and records the lapses and planned starts that are due, up to `MAX_DUE` responders.
2. The caller reads rows through the `Change`, which records what is due of them first, decides, and writes.
3. `Change.record` or `Change.add_event` writes the event with the next sequence number, and a coverage event for each
   gap that this opens or closes.

Nothing else adds to `event` or moves `sequence`. The publisher and the workers learn of a change by reading these
tables after the commit.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import UNSET
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from capacity_api.clock import MAX_AHEAD
from capacity_api.clock_watch import CLOCK_WATCH, ClockWatch
from capacity_api.db import sequence
from capacity_api.db.acts import actor_of, note_act
from capacity_api.db.continuity import Continuity
from capacity_api.db.engine import CHANGED, CONTINUITY, SEEN
from capacity_api.db.tables import CoverageRow, EventRow, IntakeRow, ReportRow, ResponderRow, SequenceRow
from capacity_api.domain.actor import SERVICE, ActorType
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
from capacity_api.domain.intake import Intake, Report, ReportedState, State, Step, due_steps, intake_at, mark_ahead
from capacity_api.errors import ClockInDoubt
from capacity_api.operations import coverage, reminders
from capacity_api.operations.near_names import no_responder
from capacity_api.representations.encoding import encode
from capacity_api.representations.event import Event, EventData
from capacity_api.representations.responder import Responder, represent_responder

# These supersede every earlier event about the state, whatever it was.
_RESETS_STATE = frozenset({EventType.RESPONDER_LISTED, EventType.RESPONDER_DELISTED})
# The kinds of step that nobody asks for.
_BY_THE_CLOCK = frozenset({"started", "lapsed", "reminded"})
# A link that asks "still true?" is about the report that one of these brought (`intake.report_sequence`).
_BRINGS_A_REPORT = frozenset({"reported", "started", "counted"})
_SAID_BY_NOBODY = frozenset({"lapsed", "restored"})
# Of so many responders one transaction records what is due, so that nobody waits long for the write lock or the loop.
MAX_DUE = 20
# Names can be long. An event that would be longer names fewer of those who may help.
MAX_EVENT_BYTES = 20_000
# The body of an event without its data: id, type, time, number and `test`.
_ENVELOPE_BYTES = 300


class Change:
    """What `begin` returns: the time of the change, and the only way to add events.

    `now` is the wall's clock, from which a report holds. Events never go back in time, so they may be dated later.
    `latest` is the time by which readers are shown the directory: later than `now` while the clock is in doubt.
    """

    def __init__(
        self,
        session: AsyncSession,
        sequence_row: SequenceRow,
        coverage_row: CoverageRow,
        now: datetime,
        *,
        latest: datetime | None = None,
        clock_in_doubt: bool = False,
    ) -> None:
        self.session = session
        self.now = now
        self.latest = latest or now
        self.clock_in_doubt = clock_in_doubt
        self._sequence_row = sequence_row
        self._coverage_row = coverage_row
        # What each responder of this change adds to the coverage so far.
        self._contributions: dict[UUID, Contribution | None] = {}

    @property
    def newest(self) -> int:
        """The number of the newest event."""
        return self._sequence_row.n

    async def get_responder(self, slug: str, *, or_delisted: bool = False) -> ResponderRow:
        """A listed responder, read under the write lock, with what is due of it recorded. Raises `NotFound`."""
        query = select(ResponderRow).where(ResponderRow.slug == slug)
        if not or_delisted:
            query = query.where(ResponderRow.delisted_at.is_(None))
        row = (await self.session.execute(query.execution_options(populate_existing=True))).scalar_one_or_none()
        if row is None:
            raise await no_responder(self.session, slug, or_delisted=or_delisted)
        self.note_contribution(row)
        if not self.clock_in_doubt and row.delisted_at is None:
            # `begin` leaves it to the background task when much is due at once.
            await _record_steps(self, [(row, due_steps(row.intake.value, self.now))])
        return row

    def intake_of(self, row: ResponderRow) -> Intake:
        """The intake as readers see it now. While the clock is in doubt, what is due has happened without a record."""
        return intake_at(row.intake.value, self.latest, self.now)

    def recorded_intake(self, row: ResponderRow) -> Intake:
        """The intake as recorded, without what is due while the clock is in doubt."""
        return mark_ahead(row.intake.value, self.now)

    def represent(self, row: ResponderRow) -> Responder:
        """The responder as the public sees it now."""
        return represent_responder(row.record, self.latest, self.now)

    def may_take(self, row: ResponderRow, step: Step) -> bool:
        """False while the clock is in doubt and the step would bring or confirm `open`."""
        if not self.clock_in_doubt:
            return True
        if step.kind in {"planned", "plan_cancelled"}:
            # It says nothing of now, but without the plan that is due the report before it would be shown again.
            after = intake_at(step.after, self.latest, self.now)
            return after.state is not State.OPEN or self.intake_of(row).state is State.OPEN
        report = step.after.report
        return report is None or report.state is not ReportedState.OPEN

    def require_clock(self, row: ResponderRow, step: Step) -> None:
        """Raise `ClockInDoubt` unless `may_take`."""
        if not self.may_take(row, step):
            raise ClockInDoubt

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
        updates_coverage: bool = True,
        is_step: bool = False,
    ) -> int:
        """Add a public event about a responder and return its number.

        `is_step`: it is about what its responder has said or what time has brought, as of `at`.
        Its effect on the coverage follows as at most one `gap_opened` and one `gap_closed`, unless the caller calls
        `recount_coverage` after many events.
        """
        row.sequence = number = sequence.next_number(self._sequence_row, at)
        row.updated_at = self._sequence_row.at
        if previous_state not in {None, row.intake.value.state} or event_type in _RESETS_STATE:
            row.state_sequence = number
        data = EventData(
            responder=represent_responder(row.record, at) if is_step else self.represent(row),
            previous_state=UNSET if previous_state is None else previous_state,
            previous_areas=UNSET if previous_areas is None else previous_areas,
        )
        self._add_row(event_type, row.updated_at, number, row.id, data)
        if updates_coverage:
            await self._update_coverage(row, is_new=event_type is EventType.RESPONDER_LISTED)
        return number

    def add_redaction(self, row: ResponderRow, data: EventData) -> int:
        """Add an `event.redacted` about a responder, and return its number."""
        row.sequence = number = sequence.next_number(self._sequence_row, self.now)
        row.updated_at = self._sequence_row.at
        self._add_row(EventType.EVENT_REDACTED, row.updated_at, number, row.id, data)
        return number

    def add_directory_event(self, event_type: EventType, data: EventData) -> None:
        """Add a public event about the directory as a whole."""
        at = self._sequence_row.at
        number = sequence.next_number(self._sequence_row, at)
        self._add_row(event_type, at, number, None, data)
        note_act(self.session, event_type, actor=SERVICE, sequence=number)

    def add_private_event(self, event_type: EventType, row: ResponderRow, at: datetime) -> None:
        """Add an event for the responder's own webhooks. It takes no number."""
        self._add_row(event_type, at, None, row.id, EventData(responder=represent_responder(row.record, at)))

    async def record(
        self,
        row: ResponderRow,
        step: Step,
        report: Report | None,
        *,
        updates_coverage: bool = True,
    ) -> None:
        """Carry out one step of a responder's intake: the new intake, its report and its event (see `add_event`)."""
        row.intake.value = step.after
        if step.event is None:
            return
        if step.event in PRIVATE:
            self.add_private_event(step.event, row, step.at)
            _note_step(self.session, row, step)
            return
        number = await self.add_event(
            step.event, row, step.at, previous_state=step.before, updates_coverage=updates_coverage, is_step=True
        )
        if step.kind == "restored":
            # Even where the state is the same: plans and confirmations of before are not true any more.
            row.state_sequence = number
        if step.kind in _BRINGS_A_REPORT:
            row.intake.report_sequence = number
        is_plan = step.kind in {"planned", "plan_cancelled"}
        actor = actor_of(self.session)
        by_token = actor.type is ActorType.TOKEN and step.kind not in _BY_THE_CLOCK
        plan = step.after.planned if step.kind == "planned" else None
        said_by = plan.said_by if plan is not None else step.after.said_by
        _note_step(self.session, row, step, sequence=number, said_by=None if step.kind in _SAID_BY_NOBODY else said_by)
        self.session.add(
            ReportRow(
                id=uuid7(),
                responder_id=row.id,
                kind=step.kind,
                at=step.at,
                state=step.after.state,
                report=report,
                said_by=said_by,
                effective_from=plan.effective_from if plan is not None else None,
                confirm_by=None if is_plan else step.after.confirm_by,
                sequence=number,
                token_id=actor.id if by_token else None,
            )
        )

    async def _update_coverage(self, row: ResponderRow, *, is_new: bool) -> None:
        before = None if is_new else self._contributions[row.id]
        after = self._contributions[row.id] = coverage.contribution_of(row)
        if after == before:
            return
        assert self._coverage_row.counts is not None
        await self._store_counts(move_contribution(counts_from_json(self._coverage_row.counts), before, after))

    async def recount_coverage(self) -> None:
        """Count the coverage anew after events that did not update it. The gap events are those of all of them."""
        await self._store_counts(await coverage.recount(self.session))

    async def _store_counts(self, counts: Counts) -> None:
        assert self._coverage_row.counts is not None
        gaps_before = gap_cells(counts_from_json(self._coverage_row.counts))
        gaps_after = gap_cells(counts)
        self._coverage_row.counts = counts_to_json(counts)
        await self._add_gap_opened(gaps_after & ~gaps_before, counts)
        closed = gaps_before & ~gaps_after
        if closed:
            groups = describe_gaps(closed, opened=False, max_groups=MAX_GROUPS)
            self.add_directory_event(EventType.COVERAGE_GAP_CLOSED, EventData(cell_groups=groups))

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
        self.add_directory_event(EventType.COVERAGE_GAP_OPENED, data)

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


def _note_step(session: AsyncSession, row: ResponderRow, step: Step, **fields: Any) -> None:
    assert step.event is not None
    plan = step.after.planned
    if step.kind == "planned" and plan is not None:
        fields |= {"planned_state": plan.report.state, "effective_from": plan.effective_from}
    if step.kind in _BY_THE_CLOCK:
        # It may be recorded later than it was due.
        fields |= {"actor": SERVICE, "due": step.at}
    note_act(
        session,
        step.event,
        responder=row.slug,
        kind=step.kind,
        state=step.after.state,
        previous_state=step.before,
        **fields,
    )


async def begin(session: AsyncSession, now: datetime) -> Change:
    """Take the write lock, and record what is due first (`record_due`): nothing while the clock is in doubt."""
    row = await sequence.lock(session)
    continuity: Continuity | None = session.info.get(CONTINUITY)
    if continuity is not None:
        continuity.require_number(row.n)
    session.info[SEEN] = row.n
    latest = now
    watch: ClockWatch | None = session.info.get(CLOCK_WATCH)
    in_doubt = watch is not None and watch.in_doubt
    if watch is not None and in_doubt:
        latest = max(latest, watch.latest())
    # Also a process that does not watch the clock, such as a command, must not build on such an event.
    if row.at - now > MAX_AHEAD:
        in_doubt = True
        latest = max(latest, row.at)
    counts = await coverage.get_counts(session)
    change = Change(session, row, counts, now, latest=latest, clock_in_doubt=in_doubt)
    if not in_doubt:
        await record_due(change)
    return change


async def begin_restored(session: AsyncSession, row: SequenceRow, number: int, at: datetime) -> Change:
    """Begin the change that declares a restore; `row` is the write lock. Its first event takes `number` and `at`.

    Nothing that is due is recorded first: that would give out numbers again that readers have seen.
    """
    counts = await coverage.get_counts(session)
    sequence.jump(row, number, at)
    return Change(session, row, counts, at)


async def record_due(change: Change, max_responders: int = MAX_DUE) -> int:
    """Record the due lapses, planned starts and reminders, by date, with their mail; returns how many.

    Those of up to `max_responders` that are due first. Where more are due, it records what was due before theirs.
    """
    rows = list(
        await change.session.scalars(
            select(ResponderRow)
            .join(IntakeRow)
            .where(IntakeRow.next_due <= change.now, ResponderRow.delisted_at.is_(None))
            # By the index alone: of ten thousand that are due at one moment, a second key would sort all for each step.
            .order_by(IntakeRow.next_due)
            .limit(max_responders + 1)
            .execution_options(populate_existing=True)
        )
    )
    until = change.now
    if len(rows) > max_responders:
        # One of these may have a step that is due after the first of the others.
        until = rows.pop().intake.next_due or until
    for row in rows:
        change.note_contribution(row)
    return await _record_steps(change, [(row, due_steps(row.intake.value, change.now)) for row in rows], until)


async def _record_steps(
    change: Change, due: Sequence[tuple[ResponderRow, Sequence[Step]]], until: datetime | None = None
) -> int:
    """Record the due steps of these responders up to `until`, by default all, and add the mail of the last of each."""
    steps = [(step, row) for row, steps in due for step in steps if until is None or step.at <= until]
    for step, row in sorted(steps, key=lambda pair: (pair[0].at, pair[1].slug)):
        await change.record(row, step, step.after.report)
    # Where a later step is due too, the mail is about that one.
    last_steps = [(row, steps[-1]) for row, steps in due if steps and (until is None or steps[-1].at <= until)]
    await reminders.add_reminders(change.session, change.now, last_steps)
    return len(steps)


async def next_due(session: AsyncSession) -> datetime | None:
    """When the clock alone changes a listed responder next."""
    return await session.scalar(
        select(IntakeRow.next_due)
        .join(ResponderRow)
        .where(IntakeRow.next_due.is_not(None), ResponderRow.delisted_at.is_(None))
        .order_by(IntakeRow.next_due)
        .limit(1)
    )
