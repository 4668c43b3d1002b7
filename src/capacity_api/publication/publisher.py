"""The publisher: keeps the snapshot in step with the database, and applies due steps on time even without it."""

import asyncio
from collections.abc import Mapping, Sequence, Set
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.clock import Clock
from capacity_api.db import sequence
from capacity_api.db.bulkheads import Bulkhead
from capacity_api.db.engine import Database
from capacity_api.domain.responder import ResponderRecord
from capacity_api.errors import DatabaseUnavailable
from capacity_api.operations import changes, history
from capacity_api.operations.events import newest_events, redacted_responders
from capacity_api.operations.responders import changed_since
from capacity_api.representations.event import Event
from capacity_api.snapshot.entry import Entry
from capacity_api.snapshot.history import KEPT_FOR, MAX_ENTRIES, STATES_KEPT_FOR, History
from capacity_api.snapshot.snapshot import Catalogue, Snapshot, empty_snapshot

log = structlog.get_logger()
# How long a write waits for its change to be published here. After that it is acknowledged anyway.
ACKNOWLEDGE_TIMEOUT_SECONDS = 1.0
# With more responders than this, every document is built before anybody asks for it.
BUILD_AHEAD_FROM = 100
MAX_EVENTS = 100
# So long before the clock changes the snapshot, the next one is built, with as many responders: ten thousand reports
# that lapse at once take some seconds.
_PREPARE_BEFORE = timedelta(seconds=30)
_KEEP_PREPARED = timedelta(seconds=10)
# So soon before it, whatever is published brings the next one with it: there is no time left to build that afterwards.
_PREPARE_AT_ONCE_BEFORE = timedelta(seconds=3)
PREPARE_EVERY_SECONDS = 1.0
# So long after thousands of entries were replaced at once, nothing refers to them any more. To free them in one piece
# would hold up every reader for a quarter of a second.
_KEEP_REPLACED = timedelta(seconds=15)
_FREE_AT_ONCE = 50
# The clock goes back this far, and the snapshot is not built anew: two readings of one clock may differ a little.
_CLOCK_STEP = timedelta(seconds=1)
# For more new responders than this, the histories of all are read.
_MAX_IDS_IN_QUERY = 500


class _Prepared(NamedTuple):
    """`snapshot` is what the clock alone makes of `base` at `at`; `lead` is by how much that is later than the wall."""

    base: Snapshot
    at: datetime
    lead: timedelta
    snapshot: Snapshot


class Publisher:
    """Holds the snapshot and replaces it whole; its sequence number never goes back."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        catalogue: Catalogue,
        acknowledge_timeout: float = ACKNOWLEDGE_TIMEOUT_SECONDS,
        *,
        wall: Clock | None = None,
    ) -> None:
        """`wall` is the wall's clock where `clock` is later while it is in doubt; by default they are the same."""
        self._database = database
        self._clock = clock
        self._wall = wall or clock
        self._acknowledge_timeout = acknowledge_timeout
        self._refreshing = asyncio.Lock()
        self._snapshot = empty_snapshot(catalogue, clock())
        self._has_loaded = False
        # Whether every state is shown as unconfirmed, because the database went back in time.
        self._is_withdrawn = False
        self._lead = timedelta(0)
        self._next_due: datetime | None = None
        self._prepared: _Prepared | None = None
        self._replaced: list[Entry] = []
        self._replaced_at = clock()
        # True while something committed cannot be published.
        self.is_stale = False

    @property
    def sequence(self) -> int:
        return self._snapshot.sequence

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot as it was last read. A step may be due since: `current` says what must be shown."""
        return self._snapshot

    @property
    def next_due(self) -> datetime | None:
        """When the next due step is, as the database last said. If that is past, the step is not recorded yet."""
        return self._next_due

    def current(self) -> Snapshot:
        """The snapshot as it must be read now. A due step shows exactly when it is due, also without the database.

        Nobody is confirmed while the database is one that went back in time.
        """
        now, lead = self._read_clocks()
        continuity = self._database.continuity
        if continuity.went_back and self._has_loaded and not self._is_withdrawn:
            seen = 0 if continuity.seen is None else continuity.seen.sequence
            self._snapshot = self._snapshot.withdrawn(now, seen)
            self._is_withdrawn, self._next_due, self._prepared = True, None, None
        snapshot = self._snapshot
        if abs(lead - self._lead) > _CLOCK_STEP or snapshot.now - now > _CLOCK_STEP:
            # Somebody set a clock. What had lapsed before may hold now, and the other way round.
            self._lead = lead
            everybody = {slug: entry.at(now, now - lead) for slug, entry in snapshot.entries.items()}
            self._snapshot = snapshot.with_changes(everybody, now)
        elif snapshot.rebuild_at <= now:
            self._snapshot = _at(snapshot, now, lead, self._prepared)
            if len(snapshot.due_slugs(now)) > BUILD_AHEAD_FROM:
                self._replaced.extend(snapshot.entries.values())
                self._replaced_at = now
        return self._snapshot

    async def prepare(self) -> bool:
        """Build, in a thread, what the clock alone will soon make of the snapshot. Always returns False.

        `current` then has it at once, also where ten thousand reports lapse in one moment. With few responders there is
        nothing to gain.
        """
        now, lead = self._read_clocks()
        if abs(now - self._replaced_at) > _KEEP_REPLACED:
            while self._replaced:
                del self._replaced[-_FREE_AT_ONCE:]
                await asyncio.sleep(0)  # readers come first
        base, prepared = self._snapshot, self._prepared
        if prepared is not None and prepared.at + _KEEP_PREPARED < now:
            prepared = self._prepared = None
        at = base.rebuild_at
        is_soon = now < at <= now + _PREPARE_BEFORE
        if is_soon and len(base.entries) > BUILD_AHEAD_FROM and (prepared is None or prepared.base is not base):
            snapshot = await asyncio.to_thread(_build_at, base, at, lead, prepared)
            # Meanwhile a refresh may have prepared what follows a newer one.
            if self._prepared is prepared:
                self._prepared = _Prepared(base, at, lead, snapshot)
        return False

    def _read_clocks(self) -> tuple[datetime, timedelta]:
        """The time, and by how much it is later than the wall's clock, which is in doubt then."""
        now = self._clock()
        return now, max(now - self._wall(), timedelta(0))

    async def refresh(self) -> bool:
        """Publish what was committed since the last refresh; returns whether there was anything.

        A snapshot that cannot be built leaves everything as it was, to be tried again.
        """
        async with self._refreshing:
            return await self._refresh()

    async def _refresh(self) -> bool:
        try:
            snapshot = await self._newer_snapshot()
        except DatabaseUnavailable:
            raise
        except Exception:
            self.is_stale = True
            self._snapshot.clear_answers()
            raise
        self.is_stale = False
        if snapshot is None:
            return False
        self._snapshot = snapshot
        self._has_loaded, self._is_withdrawn = True, False
        self.current()
        return True

    async def _newer_snapshot(self) -> Snapshot | None:
        """The snapshot with what was committed since, or None if that is nothing.

        After a restore it is read whole: what the database no longer has must not stay.
        """
        published = self._snapshot
        async with self._database.read(Bulkhead.PUBLICATION) as session:
            # First, so that it is about what this transaction sees.
            await self._database.continuity.look(session)
            if self._database.continuity.went_back and self._has_loaded:
                return None
            latest, updated_at = await sequence.latest(session)
            is_whole = self._is_withdrawn or await sequence.latest_restore(session) > published.sequence
            if latest <= published.sequence and self._has_loaded and not is_whole:
                return None
            if is_whole:
                published = empty_snapshot(published.catalogue, self._clock())
            records = await changed_since(session, published.sequence)
            redacted = await redacted_responders(session, published.sequence)
            histories = await _histories(session, records, published, self._clock(), redacted)
            # What is kept of earlier events may hold what was redacted.
            kept_events = () if redacted else published.recent_events
            events = await newest_events(session, 0 if redacted else published.sequence, MAX_EVENTS)
            next_due = await changes.next_due(session)
        recent_events = (*events, *kept_events)[:MAX_EVENTS]
        # In a thread, so that readers are answered meanwhile.
        base = published if is_whole else None
        snapshot = await asyncio.to_thread(self._build, base, records, histories, latest, updated_at, recent_events)
        self._next_due = next_due
        return snapshot

    def _build(
        self,
        base: Snapshot | None,
        records: Sequence[ResponderRecord],
        histories: Mapping[UUID, History],
        latest: int,
        updated_at: datetime,
        recent_events: tuple[Event, ...],
    ) -> Snapshot:
        now, lead = self._read_clocks()
        entries: dict[str, Entry | None] = {}
        for record in records:
            is_listed = record.delisted_at is None
            entries[record.slug] = Entry(record, histories[record.id], now, now - lead) if is_listed else None
        # Without a base it is not the snapshot from before the read: a due step may have changed it meanwhile.
        snapshot = (base or self._snapshot).with_changes(
            entries, now, sequence=max(latest, self.sequence), updated_at=updated_at, recent_events=recent_events
        )
        # With few responders the first reader of a document waits some milliseconds, and what nobody reads costs
        # nothing.
        if len(snapshot.entries) > BUILD_AHEAD_FROM:
            snapshot.build_documents()
            at = snapshot.rebuild_at
            if now < at <= self._clock() + _PREPARE_AT_ONCE_BEFORE:
                self._prepared = _Prepared(snapshot, at, lead, _build_at(snapshot, at, lead, self._prepared))
        return snapshot

    def set_next_due(self, next_due: datetime | None) -> None:
        """What was due has been recorded; the next due step is at `next_due`."""
        self._next_due = next_due

    async def wait_for(self, number: int) -> None:
        """Wait until the event with this sequence number can be read here, at most for the acknowledge timeout.

        The change is committed whether or not it can be shown yet, so this never fails.
        """
        try:
            async with asyncio.timeout(self._acknowledge_timeout):
                while self.sequence < number:
                    async with self._refreshing:
                        # Many may wait for one number. The first publishes it for all.
                        if self.sequence < number:
                            await self._refresh()
        except Exception as error:  # noqa: BLE001 - the change is acknowledged whatever keeps it from being shown
            log.warning("publication.late", sequence=number, reason=type(error).__name__)


def _at(snapshot: Snapshot, now: datetime, lead: timedelta, prepared: _Prepared | None) -> Snapshot:
    """The snapshot with every step that is due at `now`, from what was prepared as far as that helps."""
    if prepared is not None and prepared.lead == lead and snapshot.now <= prepared.at <= now:
        snapshot = _based_on_prepared(snapshot, prepared)
        if snapshot.rebuild_at > now:
            return snapshot
    due = {slug: snapshot.entries[slug].at(now, now - lead) for slug in snapshot.due_slugs(now)}
    return snapshot.with_changes(due, now)


def _based_on_prepared(snapshot: Snapshot, prepared: _Prepared) -> Snapshot:
    """The snapshot at the time of what was prepared. Only what has changed since then is still to be built."""
    if snapshot is prepared.base:
        return prepared.snapshot
    wall = prepared.at - prepared.lead
    changes = {
        slug: None if entry is None else entry.at(prepared.at, wall)
        for slug, entry in snapshot.changes_since(prepared.base).items()
    }
    return prepared.snapshot.with_changes(
        changes,
        prepared.at,
        sequence=snapshot.sequence,
        updated_at=snapshot.updated_at,
        recent_events=snapshot.recent_events,
    )


def _build_at(base: Snapshot, at: datetime, lead: timedelta, prepared: _Prepared | None) -> Snapshot:
    snapshot = _at(base, at, lead, prepared)
    snapshot.build_documents()
    return snapshot


async def _histories(
    session: AsyncSession,
    records: Sequence[ResponderRecord],
    published: Snapshot,
    now: datetime,
    redacted: Set[UUID],
) -> dict[UUID, History]:
    """The history of each record: the published one with what is new, or all of it for a new or redacted responder."""
    new_ids = [record.id for record in records if record.slug not in published.entries or record.id in redacted]
    histories: dict[UUID, History] = {}
    if new_ids:
        # Where all are new, nothing is gained by naming them, and a database may sort the whole past by each.
        wanted = new_ids if published.entries and len(new_ids) <= _MAX_IDS_IN_QUERY else None
        state_changes = await history.state_changes(session, now - STATES_KEPT_FOR, wanted)
        entries = await history.newest_entries(session, now - KEPT_FOR, MAX_ENTRIES, wanted)
        for responder_id in new_ids:
            histories[responder_id] = History.of(entries.get(responder_id, ()), state_changes.get(responder_id, ()))
    if len(new_ids) < len(records):
        new_entries = await history.entries_after(session, published.sequence)
        for record in records:
            if record.id not in histories:
                earlier = published.entries[record.slug].history
                histories[record.id] = earlier.followed_by(new_entries.get(record.id, ()))
    return histories
