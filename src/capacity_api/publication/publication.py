"""The publication of one process: follows the database, rebuilds the tree, and is true by the clock without either."""

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import msgspec
from msgspec import UNSET

from capacity_api import representations
from capacity_api.db import sequence
from capacity_api.db.engine import Database
from capacity_api.db.tables import ResponderRow
from capacity_api.domain import coverage as coverages
from capacity_api.domain import intake as intakes
from capacity_api.domain import match_index
from capacity_api.domain.coverage import Contribution
from capacity_api.domain.match_index import Entry, MatchIndex
from capacity_api.domain.remit import Remit
from capacity_api.loop import Clock
from capacity_api.operations import responders
from capacity_api.publication import pages
from capacity_api.publication.tree import Resource, Tree, resource
from capacity_api.representations import Directory

_logger = logging.getLogger(__name__)
_VISIBLE_WITHIN_SECONDS = 1.0
# The page says "as of"; that must not be long ago.
_PAGE_LASTS = timedelta(minutes=1)


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """What was last read from the database: the responders by slug, and the version that they are."""

    rows: Mapping[str, ResponderRow]
    sequence: int
    updated_at: datetime


class Publication:
    """Holds the rows that it last read and the tree made of them; the tree is swapped whole."""

    def __init__(
        self, database: Database, clock: Clock, static: Mapping[str, Resource], contact: str | None, demonstration: bool
    ) -> None:
        self._database = database
        self._clock = clock
        self._static = static
        self._contact = contact
        self._demonstration = demonstration
        self._read = Read(rows={}, sequence=0, updated_at=datetime.fromtimestamp(0, UTC))
        self._next_due: datetime | None = None
        self._refreshing = asyncio.Lock()
        self._tree = self._built(self._read, clock(), match_index.index(()))

    @property
    def sequence(self) -> int:
        return self._read.sequence

    @property
    def next_due(self) -> datetime | None:
        """When time alone changes a responder next, by what was last read; the past, where it is not recorded yet."""
        return self._next_due

    def remit(self, slug: str) -> Remit:
        """The coded remit of a responder in the directory."""
        return self._read.rows[slug].remit

    def current(self) -> Tree:
        """The tree as it must be read now. A lapse shows here at its second, also while the database is away."""
        now = self._clock()
        tree = self._tree
        if tree.valid_until <= now:
            tree = self._tree = self._built(self._read, now, tree.match_index)
        return tree

    async def refresh(self) -> bool:
        """Take in what was committed since the last look; returns whether there was anything."""
        async with self._refreshing:
            async with self._database.read() as session:
                latest, at = await sequence.latest(session)
                if latest <= self.sequence:
                    return False
                changed = {row.slug: row for row in await responders.changed_since(session, self.sequence)}
            rows = {
                slug: row for slug, row in sorted(({**self._read.rows, **changed}).items()) if row.delisted_at is None
            }
            read = Read(rows=rows, sequence=latest, updated_at=at)
            # Made before anything is taken over: a tree that cannot be made leaves all as it was, to be tried again.
            tree = self._built(read, self._clock(), self._tree.match_index)
            self._read, self._tree = read, tree
            self._next_due = _earliest(row.intake.next_due for row in rows.values())
            return True

    def expect(self, due: datetime | None) -> None:
        """What the clock had brought was recorded; time alone changes something next at `due`."""
        self._next_due = due

    async def show(self, number: int) -> None:
        """Wait until the sequence number `number` can be read here, at most a second.

        A change that was committed is true whether or not it can be shown yet, so this never fails.
        """
        with contextlib.suppress(Exception):
            async with asyncio.timeout(_VISIBLE_WITHIN_SECONDS):
                while self.sequence < number:
                    await self.refresh()

    def _built(self, read: Read, now: datetime, held: MatchIndex) -> Tree:
        rows = read.rows
        standing = {slug: intakes.at(row.intake.value, now) for slug, row in rows.items()}
        shown = [representations.from_responder(row, now) for row in rows.values()]
        directory = Directory(
            sequence=read.sequence,
            updated_at=read.updated_at,
            demonstration=True if self._demonstration else UNSET,
            total=len(shown),
            responders=shown,
        )
        coverage = representations.from_counts(
            coverages.counted(
                Contribution(coverages.cells(row.remit), each.intake.state)
                for row, each in zip(rows.values(), shown, strict=True)
            ),
            read.sequence,
            read.updated_at,
            demonstration=self._demonstration,
        )
        page = self._page(directory, now)
        resources = {
            **self._static,
            "/": resource(page, "text/html; charset=utf-8", pages.headers(page), cacheable=False),
            "/v1/coverage": resource(representations.encode(coverage)),
            "/v1/directory": resource(representations.encode(directory)),
        }
        for each in shown:
            resources[f"/v1/responders/{each.slug}"] = resource(representations.encode(each))
        return Tree(
            directory=directory,
            responders=MappingProxyType({each.slug: each for each in shown}),
            match_index=held.brought_to(Entry(slug, row.name, row.remit, standing[slug]) for slug, row in rows.items()),
            coverage=coverage,
            resources=MappingProxyType(resources),
            next_lapse=_earliest(intake.next_due for intake in standing.values()),
            page_until=now + _PAGE_LASTS,
        )

    def _page(self, directory: Directory, now: datetime) -> bytes:
        """The page; when it cannot be made, one that says so, because programs must go on being told."""
        try:
            return pages.directory_page(directory, now, self._contact)
        except Exception:
            _logger.exception("the page cannot be made; it says so, and everything else is published")
            return pages.unavailable_page()


def _earliest(times: Iterable[datetime | None]) -> datetime | None:
    return min((time for time in times if time is not None), default=None)
