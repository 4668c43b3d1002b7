"""The publication of one process: follows the database, and is true by the clock without it."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db import sequence
from capacity_api.db.engine import Database
from capacity_api.db.tables import ResponderRow
from capacity_api.domain import match_index
from capacity_api.errors import DatabaseUnavailable
from capacity_api.loop import Clock
from capacity_api.operations import changes, events, past, responders
from capacity_api.publication import tree as trees
from capacity_api.publication.entries import Entry
from capacity_api.publication.feed import MOST_ENTRIES
from capacity_api.publication.past import LASTS, MOST_REPORTS, Past, Turn
from capacity_api.publication.tree import Site, Tree

_logger = logging.getLogger(__name__)
# How long a change waits to be shown before it is acknowledged all the same.
PATIENCE_SECONDS = 1.0
# From so many responders on, all documents are made before anybody asks.
MANY = 100
# More than so many are read by reading everybody.
_MOST_NAMED = 500


class Publication:
    """Holds the tree, which is swapped whole; its number never goes back."""

    def __init__(self, database: Database, clock: Clock, site: Site, patience: float = PATIENCE_SECONDS) -> None:
        self._database = database
        self._clock = clock
        self._patience = patience
        self._refreshing = asyncio.Lock()
        self._tree = trees.empty(site, clock(), match_index.index(()))
        self._next_due: datetime | None = None
        # Whether what was committed cannot be published.
        self.is_failing = False

    @property
    def sequence(self) -> int:
        return self._tree.sequence

    @property
    def next_due(self) -> datetime | None:
        """When time alone changes a responder next, by what was last read; the past, where it is not recorded yet."""
        return self._next_due

    def current(self) -> Tree:
        """The tree as it must be read now. A lapse shows here at its second, also while the database is away."""
        now = self._clock()
        tree = self._tree
        if tree.valid_until <= now:
            due = {slug: tree.entries[slug].at(now) for slug in tree.due(now)}
            tree = self._tree = tree.changed(due, now)
        return tree

    async def refresh(self) -> bool:
        """Take in what was committed since the last look; returns whether there was anything.

        The new tree, with every entry encoded, takes the place of the old one at once. One that cannot be made leaves
        all as it was, lapses included, to be tried again.
        """
        async with self._refreshing:
            try:
                tree = await self._newer()
            except DatabaseUnavailable:
                raise
            except Exception:
                self.is_failing = True
                self._tree.forget_answers()
                raise
            self.is_failing = False
            if tree is None:
                return False
            self._tree = tree
            return True

    async def _newer(self) -> Tree | None:
        held = self._tree
        async with self._database.read() as session:
            latest, at = await sequence.latest(session)
            if latest <= held.sequence:
                return None
            rows = await responders.changed_since(session, held.sequence)
            news = await events.newest(session, held.sequence, MOST_ENTRIES)
            due = await changes.next_due(session)
            pasts = await _pasts(session, rows, held, self._clock() - LASTS)

        def made() -> Tree:
            now = self._clock()
            entries = {row.slug: Entry(row, pasts[row.id], now) if row.delisted_at is None else None for row in rows}
            # The clock may have changed the tree meanwhile, in which nothing of this is.
            told = (*news, *held.told)[:MOST_ENTRIES]
            tree = self._tree.changed(entries, now, sequence=latest, updated_at=at, told=told)
            # Of few, whoever asks first waits some milliseconds, which is less than making what nobody asks for.
            for path in tree.site.documents if len(tree.entries) > MANY else ():
                tree.find(path)
            return tree

        # Beside the event loop, so that however many responders there are, readers are answered meanwhile.
        tree = await asyncio.to_thread(made)
        self._next_due = due
        return tree

    def expect(self, due: datetime | None) -> None:
        """What the clock had brought was recorded; time alone changes something next at `due`."""
        self._next_due = due

    async def show(self, number: int) -> None:
        """Wait until the sequence number `number` can be read here, for as long as its patience lasts.

        A change that was committed is true whether or not it can be shown yet, so this never fails.
        """
        try:
            async with asyncio.timeout(self._patience):
                while self.sequence < number:
                    await self.refresh()
        except Exception as error:  # noqa: BLE001 - the change is acknowledged whatever keeps it from being shown
            _logger.warning("change %d is committed and cannot be shown yet: %s", number, type(error).__name__)


async def _pasts(session: AsyncSession, rows: Sequence[ResponderRow], held: Tree, since: datetime) -> dict[UUID, Past]:
    """The past of each of `rows`: the one that is held and what has been said since, or the whole of it."""
    new = [row.id for row in rows if row.slug not in held.entries]
    pasts = dict.fromkeys(new, Past())
    if new:
        wanted = new if len(new) <= _MOST_NAMED else None
        turns: dict[UUID, list[Turn]] = {}
        for responder, at, state in await past.turns(session, since, wanted):
            turns.setdefault(responder, []).append((at, state))
        reports = past.by_responder(await past.newest_reports(session, since, MOST_REPORTS, wanted))
        for responder in pasts:
            pasts[responder] = Past.of(reports.get(responder, ()), turns.get(responder, ()))
    said = past.by_responder(await past.reports(session, held.sequence)) if len(new) < len(rows) else {}
    for row in rows:
        if row.slug in held.entries:
            pasts[row.id] = held.entries[row.slug].past.followed_by(said.get(row.id, ()))
    return pasts
