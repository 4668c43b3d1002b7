"""The snapshot: all that an anonymous reader can fetch without a query string, at one moment. Immutable.

A snapshot holds values. The bytes of a document are built from them when it is first asked for, and kept. A changed
snapshot shares what did not change with the one before it.
"""

import re
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from types import MappingProxyType
from uuid import UUID

import msgspec
import structlog
from uuid_utils.compat import uuid7

from capacity_api.domain.coverage import NOBODY, Counts, move_contribution
from capacity_api.domain.gaps import Helper
from capacity_api.domain.match_index import MatchIndex, build_index
from capacity_api.representations.coverage import Coverage, represent_coverage
from capacity_api.representations.directory import Directory
from capacity_api.representations.encoding import encode
from capacity_api.representations.event import Event
from capacity_api.representations.problem import PROBLEM_JSON, internal_error
from capacity_api.representations.responder import Responder
from capacity_api.snapshot.entry import Entry
from capacity_api.snapshot.resource import PUBLIC_HEADERS, PUBLISHED_SEQUENCE, Headers, Resource

RESPONDERS = "/v1/responders/"
# Pages state the time at which they were built; it must not be long ago.
PAGE_LASTS = timedelta(minutes=1)
_MAX_ANSWERS = 512
_MAX_ANSWERS_BYTES = 32 * 1024 * 1024
# Nobody sends the same long query twice, and it would be kept beside its answer.
_MAX_QUERY_BYTES = 1000
# Sorts after every slug.
_AFTER_EVERY_SLUG = "\uffff"
# No other text from an address is repeated in a redirect.
_BELOW_HANDLED = re.compile(r"(/[\w-]+)+", re.ASCII)
log = structlog.get_logger()

Document = Callable[["Snapshot"], Resource]
EntryPage = Callable[["Snapshot", Entry], Resource]
# The answer to a form as it was sent, or to one that is refused, with the code of the fault.
FormPage = Callable[["Snapshot", bytes, str | None], Resource]


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """What one process publishes, the same in each of its snapshots.

    `constants` are finished resources and `documents` how the others are built, both by path. `pages` are the paths of
    those documents that state the time, and are therefore rebuilt each minute. `entry_pages` are the pages of one
    responder, by the beginning of their paths, which end with its slug. `form_pages` answer forms that are posted to
    their paths, and `handled_pages` are answered by handlers, as is what is below them. `problem_page` is the page in
    place of an answer, by the path that was asked for and the status. It replaces a page that cannot be built, and a
    problem document any other document. `deprecated` are paths that are going, with the headers that say so. `contact`
    and `public_url` are the settings of these names.
    """

    constants: Mapping[str, Resource]
    documents: Mapping[str, Document]
    pages: frozenset[str]
    problem_page: Callable[[str, int], Resource]
    deprecated: tuple[tuple[re.Pattern[str], Headers], ...] = ()
    handled_pages: frozenset[str] = frozenset()
    entry_pages: Mapping[str, EntryPage] = MappingProxyType({})
    form_pages: Mapping[str, FormPage] = MappingProxyType({})
    contact: str | None = None
    public_url: str | None = None
    demonstration: bool = False

    def states_time(self, path: str) -> bool:
        """Whether a page at this path states the time, so that it is rebuilt each minute."""
        return path in self.pages or path.startswith(tuple(self.entry_pages))

    def deprecation_of(self, path: str) -> Headers:
        """The headers that say that a path is going; none where it stays."""
        return next((headers for paths, headers in self.deprecated if paths.fullmatch(path)), [])


class Snapshot:
    """True until `rebuild_at`. `entries` are the responders by slug, in that order; `now` is the time of the pages.

    `recent_events` are the newest events that feeds list, newest first.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        sequence: int,
        updated_at: datetime,
        now: datetime,
        entries: Mapping[str, Entry],
        change_times: tuple[tuple[datetime, str], ...],
        match_index: MatchIndex,
        counts: Counts,
        recent_events: tuple[Event, ...] = (),
    ) -> None:
        self.catalogue = catalogue
        self.sequence = sequence
        self.sequence_header = (PUBLISHED_SEQUENCE, str(sequence).encode())
        # The same as it goes over the wire.
        self.sequence_line = b"%b: %d\r\n" % (PUBLISHED_SEQUENCE, sequence)
        self.updated_at = updated_at
        self.now = now
        self.entries = entries
        self.match_index = match_index
        self.counts = counts
        self.recent_events = recent_events
        # When the clock alone changes each entry next, earliest first.
        self._change_times = change_times
        self.next_change = change_times[0][0] if change_times else None
        page_until = now + PAGE_LASTS
        self.rebuild_at = page_until if self.next_change is None else min(self.next_change, page_until)
        self._built: dict[str, Resource] = {}
        self._answers = _Answers()
        # There are as many of these pages as responders, so only some are kept.
        self._entry_pages = _Answers()

    def find(self, path: str) -> Resource | None:
        """What is published at a path, if anything. A document that cannot be built is an error (`Resource.status`)."""
        found = self._built.get(path) or self.catalogue.constants.get(path) or self._answers.get((path, b""))
        if found is not None:
            return found
        if path in self.catalogue.documents:
            found = self._built[path] = self._build(path, partial(self.catalogue.documents[path], self))
            return found
        if not path.startswith(RESPONDERS):
            return self._find_entry_page(path)
        slug, _, part = path.removeprefix(RESPONDERS).partition("/")
        entry = self.entries.get(slug)
        if entry is None:
            return None
        if part == "history":
            return entry.history_list(self.now)
        return None if part else entry.resource

    def page_meant_by(self, path: str) -> str | None:
        """The path of the page that a path means, which may have a slash too many or too few at its end."""
        inside = path.strip("/")
        for candidate in (path, f"/{inside}", f"/{inside}/"):
            if self._has_page(candidate):
                return candidate
        return None

    def _has_page(self, path: str) -> bool:
        catalogue = self.catalogue
        if path in catalogue.pages:
            return True
        for handled in catalogue.handled_pages:
            if path == handled or (path.startswith(handled) and _BELOW_HANDLED.fullmatch(path, len(handled))):
                return True
        if path in catalogue.constants:
            return catalogue.constants[path].content_type.startswith("text/html")
        beginning, _, slug = path.rpartition("/")
        return f"{beginning}/" in catalogue.entry_pages and slug in self.entries

    def _find_entry_page(self, path: str) -> Resource | None:
        kept = self._entry_pages.get((path, b""))
        if kept is not None:
            return kept
        for beginning, build in self.catalogue.entry_pages.items():
            entry = self.entries.get(path.removeprefix(beginning)) if path.startswith(beginning) else None
            if entry is not None:
                page = self._build(path, partial(build, self, entry))
                self._entry_pages.add((path, b""), page)
                return page
        return None

    def paths(self) -> Iterable[str]:
        """Every published path, without those of cached answers."""
        yield from self.catalogue.constants
        yield from self.catalogue.documents
        for slug in self.entries:
            yield RESPONDERS + slug
            yield f"{RESPONDERS}{slug}/history"
            for beginning in self.catalogue.entry_pages:
                yield beginning + slug

    def build_documents(self) -> None:
        """Build every document now, so that no reader waits for one."""
        for path in self.catalogue.documents:
            self.find(path)

    def _build(self, path: str, build: Callable[[], Resource]) -> Resource:
        try:
            return build()
        except Exception:
            # One document's failure must not hold back the others.
            request_id = uuid7()
            log.exception("document.failed", path=path, sequence=self.sequence, request_id=request_id)
            if self.catalogue.states_time(path):
                page = self.catalogue.problem_page(path, 500)
                headers = (*page.headers, _request_id_header(request_id))
                return Resource(page.body, page.content_type, headers, status=page.status, cacheable=False)
            return _failed_document(request_id)

    def cached_answer(self, path: str, query: bytes) -> Resource | None:
        """The answer that this snapshot gave to the same query before."""
        return self._answers.get((path, query))

    def cache_answer(self, path: str, query: bytes, answer: Resource) -> None:
        """Keep an answer for the next reader with the same query. It must depend on this snapshot alone."""
        if len(query) <= _MAX_QUERY_BYTES:
            self._answers.add((path, query), answer)

    def clear_answers(self) -> None:
        """Forget the answers: what was committed cannot be published, so they may be out of date."""
        self._answers = _Answers()

    def due_slugs(self, now: datetime) -> list[str]:
        """The responders for which a due step has come since this snapshot was made."""
        return [slug for _, slug in self._change_times[: bisect_left(self._change_times, (now, _AFTER_EVERY_SLUG))]]

    def with_changes(
        self,
        changes: Mapping[str, Entry | None],
        now: datetime,
        *,
        sequence: int | None = None,
        updated_at: datetime | None = None,
        recent_events: tuple[Event, ...] | None = None,
    ) -> "Snapshot":
        """The snapshot with these entries in place of those of the same slugs; `None` for one that was delisted."""
        after = Snapshot(
            self.catalogue,
            sequence=self.sequence if sequence is None else sequence,
            updated_at=self.updated_at if updated_at is None else updated_at,
            now=now,
            entries=self._entries_after(changes),
            change_times=self._change_times_after(changes),
            match_index=self.match_index.with_changes(
                {slug: None if entry is None else entry.candidate for slug, entry in changes.items()}
            ),
            counts=self._counts_after(changes),
            recent_events=self.recent_events if recent_events is None else recent_events,
        )
        if not changes and sequence is None:
            # Only time has passed, so only the pages have to be rebuilt.
            after._built = {path: found for path, found in self._built.items() if not self.catalogue.states_time(path)}
            after._answers = self._answers
        return after

    def changes_since(self, earlier: "Snapshot") -> dict[str, Entry | None]:
        """The entries that another snapshot does not have, by slug; `None` for one that only the other has."""
        changes: dict[str, Entry | None] = dict.fromkeys(earlier.entries.keys() - self.entries.keys())
        changes |= {slug: entry for slug, entry in self.entries.items() if earlier.entries.get(slug) is not entry}
        return changes

    def withdrawn(self, at: datetime, sequence: int) -> "Snapshot":
        """The snapshot in which nobody is confirmed since `at`, under this number if it is higher.

        The feed is empty: its newest entries may be those that the database lost.
        """
        entries = {slug: entry.withdrawn(at) for slug, entry in self.entries.items()}
        return self.with_changes(entries, at, sequence=max(self.sequence, sequence), recent_events=())

    def _entries_after(self, changes: Mapping[str, Entry | None]) -> dict[str, Entry]:
        # A plain dict, not a `MappingProxyType`: copying one of those takes twenty times as long.
        entries = {**self.entries}
        for slug, entry in changes.items():
            if entry is None:
                entries.pop(slug, None)
            else:
                entries[slug] = entry
        return entries if changes.keys() <= self.entries.keys() else dict(sorted(entries.items()))

    def _change_times_after(self, changes: Mapping[str, Entry | None]) -> tuple[tuple[datetime, str], ...]:
        change_times = list(self._change_times)
        for slug, entry in changes.items():
            before = self.entries.get(slug)
            if before is not None and before.next_change is not None:
                change_times.pop(bisect_left(change_times, (before.next_change, slug)))
            if entry is not None and entry.next_change is not None:
                insort(change_times, (entry.next_change, slug))
        return tuple(change_times)

    def _counts_after(self, changes: Mapping[str, Entry | None]) -> Counts:
        counts = self.counts
        for slug, entry in changes.items():
            before = self.entries.get(slug)
            counts = move_contribution(
                counts,
                None if before is None else before.contribution,
                None if entry is None else entry.contribution,
            )
        return counts

    @property
    def demonstration(self) -> bool:
        return self.catalogue.demonstration

    @cached_property
    def responders(self) -> Mapping[str, Responder]:
        """The responders as the public sees them, by slug."""
        return MappingProxyType({slug: entry.responder for slug, entry in self.entries.items()})

    @cached_property
    def directory(self) -> Directory:
        return self.directory_of(entry.responder for entry in self.entries.values())

    def directory_of(self, responders: Iterable[Responder]) -> Directory:
        """The directory with these responders alone, at the version of the whole."""
        listing = list(responders)
        return Directory(
            sequence=self.sequence,
            updated_at=self.updated_at,
            valid_until=self.next_change,
            demonstration=self.demonstration,
            total=len(listing),
            responders=listing,
        )

    @cached_property
    def coverage(self) -> Coverage:
        return represent_coverage(
            self.counts,
            (
                Helper(entry.record.name, slug, entry.contribution.may_help)
                for slug, entry in self.entries.items()
                if entry.contribution.may_help
            ),
            self.sequence,
            self.updated_at,
            demonstration=self.demonstration,
        )


def _failed_document(request_id: UUID) -> Resource:
    """A problem in place of a document, for everybody who asks for it: `request_id` is in the log."""
    problem = internal_error(request_id)
    headers = (*PUBLIC_HEADERS, _request_id_header(request_id))
    return Resource(encode(problem), PROBLEM_JSON, headers, status=problem.status, cacheable=False)


def _request_id_header(request_id: UUID) -> tuple[str, str]:
    return "x-request-id", str(request_id)


def empty_snapshot(catalogue: Catalogue, now: datetime) -> Snapshot:
    """The snapshot before anything was read from the database."""
    return Snapshot(
        catalogue,
        sequence=0,
        updated_at=datetime.fromtimestamp(0, UTC),
        now=now,
        entries={},
        change_times=(),
        match_index=build_index(()),
        counts=NOBODY,
    )


class _Answers(dict[tuple[str, bytes], Resource]):
    """Answers by path and query, bounded in number and in bytes; the oldest goes first."""

    def __init__(self) -> None:
        super().__init__()
        self._bytes = 0

    def add(self, key: tuple[str, bytes], answer: Resource) -> None:
        self._bytes += len(answer.body) - (len(self[key].body) if key in self else 0)
        self[key] = answer
        while len(self) > _MAX_ANSWERS or self._bytes > _MAX_ANSWERS_BYTES:
            self._bytes -= len(self.pop(next(iter(self))).body)
