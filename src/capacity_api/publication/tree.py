"""The published tree: all that an anonymous reader can fetch without a query, at one moment. Immutable.

A tree holds what is true; the bytes of a document are made from it when they are first wanted, and kept. A changed tree
shares with the one before it all that did not change, so that a change costs what changed and the joining of the whole.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from types import MappingProxyType

import msgspec
from msgspec import UNSET

from capacity_api import representations
from capacity_api.domain import coverage as coverages
from capacity_api.domain.coverage import Contribution, Counts
from capacity_api.domain.match_index import MatchIndex
from capacity_api.operations.events import Told
from capacity_api.publication.entries import Entry
from capacity_api.publication.resources import Resource
from capacity_api.representations import Coverage, Directory, Responder

# Answers to queries that are kept with a tree; the oldest goes first.
_MOST_ANSWERS = 512
_MOST_ANSWERS_BYTES = 32 * 1024 * 1024
# The pages say "as of"; that must not be long ago.
PAGE_LASTS = timedelta(minutes=1)
Document = Callable[["Tree"], Resource]


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """What is the same in every tree of a process: finished resources, and how each document is made, by path.

    `pages` are the documents that name the time and are therefore made anew each minute.
    """

    static: Mapping[str, Resource]
    documents: Mapping[str, Document]
    pages: frozenset[str]
    demonstration: bool = False


class _Answers(dict[tuple[str, bytes], Resource]):
    """Bounded in number and in bytes, whatever is asked."""

    def __init__(self) -> None:
        super().__init__()
        self._bytes = 0

    def keep(self, asked: tuple[str, bytes], answer: Resource) -> None:
        self._bytes += len(answer.body) - (len(self[asked].body) if asked in self else 0)
        self[asked] = answer
        while len(self) > _MOST_ANSWERS or self._bytes > _MOST_ANSWERS_BYTES:
            self._bytes -= len(self.pop(next(iter(self))).body)


class Tree:
    """True until `next_lapse`. `entries` are the responders by slug, in that order; `now` is what the pages say.

    `told` are the newest events that feeds tell of, newest first.
    """

    def __init__(
        self,
        site: Site,
        *,
        sequence: int,
        updated_at: datetime,
        now: datetime,
        entries: Mapping[str, Entry],
        agenda: tuple[tuple[datetime, str], ...],
        match_index: MatchIndex,
        counts: Counts,
        told: tuple[Told, ...] = (),
    ) -> None:
        self.site = site
        self.sequence = sequence
        self.updated_at = updated_at
        self.now = now
        self.entries = entries
        self.match_index = match_index
        self.counts = counts
        self.told = told
        self._agenda = agenda
        # When the clock changes an entry.
        self.next_lapse = agenda[0][0] if agenda else None
        self.page_until = now + PAGE_LASTS
        self.valid_until = self.page_until if self.next_lapse is None else min(self.next_lapse, self.page_until)
        self._made: dict[str, Resource] = {}
        self._answers = _Answers()

    def find(self, path: str) -> Resource | None:
        """What is published at a path, if anything."""
        found = self._made.get(path) or self.site.static.get(path) or self._answers.get((path, b""))
        if found is not None:
            return found
        document = self.site.documents.get(path)
        if document is not None:
            found = self._made[path] = document(self)
            return found
        if not path.startswith(RESPONDERS):
            return None
        slug, _, of_it = path.removeprefix(RESPONDERS).partition("/")
        entry = self.entries.get(slug)
        if entry is None:
            return None
        if of_it == "history":
            return entry.history(self.now)
        return entry.resource if not of_it else None

    def paths(self) -> Iterable[str]:
        """Every path that `find` answers."""
        yield from self.site.static
        yield from self.site.documents
        for slug in self.entries:
            yield RESPONDERS + slug
            yield f"{RESPONDERS}{slug}/history"

    def answer(self, path: str, query: bytes) -> Resource | None:
        """What was answered to a query about this very tree."""
        return self._answers.get((path, query))

    def keep(self, path: str, query: bytes, answer: Resource) -> None:
        """Keep an answer, which must depend on this tree alone, for whoever asks the same."""
        self._answers.keep((path, query), answer)

    def forget_answers(self) -> None:
        """What was committed cannot be published; so nothing that was asked is known to be what it was."""
        self._answers = _Answers()

    def due(self, now: datetime) -> list[str]:
        """The responders that the clock has changed since this tree was made."""
        return [slug for _, slug in self._agenda[: bisect_left(self._agenda, (now, _LAST))]]

    def changed(
        self,
        changed: Mapping[str, Entry | None],
        now: datetime,
        *,
        sequence: int | None = None,
        updated_at: datetime | None = None,
        told: tuple[Told, ...] | None = None,
    ) -> "Tree":
        """The tree with these entries in place of those of the same slugs; `None` for one that is no longer listed."""
        entries, agenda, counts = {**self.entries}, list(self._agenda), self.counts
        for slug, entry in changed.items():
            before = entries.get(slug)
            if before is not None and before.next_due is not None:
                agenda.pop(bisect_left(agenda, (before.next_due, slug)))
            if entry is None:
                entries.pop(slug, None)
            else:
                entries[slug] = entry
                if entry.next_due is not None:
                    insort(agenda, (entry.next_due, slug))
            counts = coverages.moved(counts, _contribution(before), _contribution(entry))
        if any(slug not in self.entries for slug in changed):
            entries = dict(sorted(entries.items()))
        after = Tree(
            self.site,
            sequence=self.sequence if sequence is None else sequence,
            updated_at=self.updated_at if updated_at is None else updated_at,
            now=now,
            # Not behind a proxy: copying one takes twenty times as long.
            entries=entries,
            agenda=tuple(agenda),
            match_index=self.match_index.brought_to(
                {slug: entry.matched if entry is not None else None for slug, entry in changed.items()}
            ),
            counts=counts,
            told=self.told if told is None else told,
        )
        if not changed and sequence is None:
            # Only time has passed, so only the pages are no longer right.
            after._made = {path: made for path, made in self._made.items() if path not in self.site.pages}
            after._answers = self._answers
        return after

    @property
    def demonstration(self) -> bool:
        return self.site.demonstration

    @cached_property
    def responders(self) -> Mapping[str, Responder]:
        """The responders as the public sees them, by slug."""
        return MappingProxyType({slug: entry.shown for slug, entry in self.entries.items()})

    @cached_property
    def directory(self) -> Directory:
        return self.directory_of(entry.shown for entry in self.entries.values())

    def directory_of(self, responders: Iterable[Responder]) -> Directory:
        """The directory of some of the responders, at the version of the whole."""
        shown = list(responders)
        return Directory(
            sequence=self.sequence,
            updated_at=self.updated_at,
            demonstration=True if self.demonstration else UNSET,
            total=len(shown),
            responders=shown,
        )

    @cached_property
    def coverage(self) -> Coverage:
        return representations.from_counts(
            self.counts, self.sequence, self.updated_at, demonstration=self.demonstration
        )


RESPONDERS = "/v1/responders/"
# Sorts after every slug.
_LAST = "\uffff"


def empty(site: Site, now: datetime, index: MatchIndex) -> Tree:
    """The tree before anything was read."""
    return Tree(
        site,
        sequence=0,
        updated_at=datetime.fromtimestamp(0, UTC),
        now=now,
        entries={},
        agenda=(),
        match_index=index,
        counts=coverages.NOBODY,
    )


def _contribution(entry: Entry | None) -> Contribution | None:
    return None if entry is None else Contribution(coverages.cells(entry.row.remit), entry.shown.intake.state)
