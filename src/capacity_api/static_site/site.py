"""The static site: what is published as files, for nginx or any file server, kept in step with the snapshot."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

import msgspec

from capacity_api import background
from capacity_api.clock import Clock
from capacity_api.domain.intake import NEVER_REPORTED
from capacity_api.domain.matching import Question
from capacity_api.formats.format import Format
from capacity_api.operations.webhooks.example_event import EXAMPLE_RESPONDER, example_record
from capacity_api.pages.headers import page_headers
from capacity_api.publication.publisher import Publisher
from capacity_api.representations.encoding import encode
from capacity_api.snapshot.entry import Entry
from capacity_api.snapshot.history import History
from capacity_api.snapshot.matches import ALTERNATIVE_OUTCOMES, DEFAULT_MATCHES, find_alternatives
from capacity_api.snapshot.resource import Resource
from capacity_api.snapshot.snapshot import RESPONDERS, Catalogue, Snapshot, empty_snapshot
from capacity_api.static_site.folder import Folder, WriteSummary

_REFRESH_EVERY_SECONDS = 0.5
_WRITE_WITHIN_SECONDS = 0.25
_HTML = "text/html"


class SiteState(msgspec.Struct, frozen=True):
    """`site.json`, written last: a monitor sees in it whether the files are kept in step.

    `read_at` is when the database was last read, `written_at` when the files were last brought up to date.
    """

    sequence: int
    updated_at: datetime
    read_at: datetime
    written_at: datetime


def site_files(snapshot: Snapshot, formats: Sequence[Format]) -> dict[str, Callable[[], Resource]]:
    """Everything that can be read without a query and without a database, by file name."""
    resources: dict[str, Callable[[], Resource]] = {path: partial(_find, snapshot, path) for path in snapshot.paths()}
    for slug in snapshot.entries:
        resources[f"{RESPONDERS}{slug}/alternatives"] = partial(_alternatives, snapshot, slug)
    folders: set[str] = set()
    for output in formats:
        resources |= output.files(snapshot)
        folders |= output.folders
    folders |= {path.rpartition("/")[0] for path in resources}
    constant_pages = _constant_pages(snapshot.catalogue)
    files = {
        _file_name(path, path in folders, path in constant_pages or snapshot.catalogue.states_time(path)): build
        for path, build in resources.items()
    }
    return files | {
        f"{home.removeprefix('/')}404.html": partial(snapshot.catalogue.problem_page, home, 404)
        for home in _homes(snapshot.catalogue)
    }


def headers_of_every_page(catalogue: Catalogue, now: datetime) -> tuple[tuple[str, str], ...]:
    """The headers for a server that cannot tell pages apart: the policy allows the styles of all of them.

    `Cache-Control: no-store` goes with them.
    """
    # A policy depends on templates alone, and not on the responder.
    example = Entry(example_record(EXAMPLE_RESPONDER, NEVER_REPORTED, now, 1), History(), now)
    snapshot = empty_snapshot(catalogue, now).with_changes({EXAMPLE_RESPONDER.slug: example}, now)
    paths = _constant_pages(catalogue) | catalogue.pages
    paths |= {beginning + EXAMPLE_RESPONDER.slug for beginning in catalogue.entry_pages}
    bodies = [_find(snapshot, path).body for path in sorted(paths)]
    return page_headers(*bodies, *(catalogue.problem_page(home, 404).body for home in _homes(catalogue)))


class StaticSite:
    """A folder that follows a publisher. Due steps show on time, with the database or without."""

    def __init__(self, publisher: Publisher, formats: Sequence[Format], folder: Folder, clock: Clock) -> None:
        self._publisher = publisher
        self._formats = formats
        self._folder = folder
        self._clock = clock
        self._read_at = clock()
        self._written: Snapshot | None = None

    async def write(self) -> WriteSummary | None:
        """Bring the files up to the snapshot as it must be read now; `None` if they are. Raises `OSError`.

        Cancellation waits until the files are written, so they are never left half done.
        """
        snapshot = self._publisher.current()
        if snapshot is self._written:
            return None
        writing = asyncio.create_task(asyncio.to_thread(self._write_files, snapshot, self._read_at))
        try:
            summary = await asyncio.shield(writing)
        except asyncio.CancelledError:
            await writing
            raise
        self._written = snapshot
        return summary

    async def follow(self, wake: asyncio.Event) -> None:
        """Keep the folder in step, until cancelled. Setting `wake` reads the database at once."""
        changed = asyncio.Event()

        async def refresh() -> bool:
            found = await self._publisher.refresh()
            self._read_at = self._clock()
            if found:
                changed.set()
            return found

        async def write() -> bool:
            await self.write()
            return False

        # Two tasks: a database that does not answer must not delay a lapse.
        async with asyncio.TaskGroup() as group:
            group.create_task(background.run("publication", refresh, wake, _REFRESH_EVERY_SECONDS))
            group.create_task(background.run("files", write, changed, _WRITE_WITHIN_SECONDS))

    def _write_files(self, snapshot: Snapshot, read_at: datetime) -> WriteSummary:
        now = self._clock()

        def state() -> Resource:
            written = SiteState(
                sequence=snapshot.sequence, updated_at=snapshot.updated_at, read_at=read_at, written_at=now
            )
            return Resource(encode(written), cacheable=False)

        return self._folder.write({**site_files(snapshot, self._formats), "site.json": state}, now)


def _constant_pages(catalogue: Catalogue) -> set[str]:
    return {path for path, resource in catalogue.constants.items() if resource.content_type.startswith(_HTML)}


def _homes(catalogue: Catalogue) -> list[str]:
    """The directory page of each language. No other path of a page ends with a slash."""
    return [path for path in catalogue.pages if path.endswith("/")]


def _file_name(path: str, is_folder: bool, is_page: bool) -> str:
    inside = path.removeprefix("/")
    if is_page:
        return f"{inside}index.html" if path.endswith("/") else f"{inside}.html"
    return f"{inside}/index.json" if is_folder else inside


def _find(snapshot: Snapshot, path: str) -> Resource:
    found = snapshot.find(path)
    if found is None or (found.status != 200 and not snapshot.catalogue.states_time(path)):
        raise ValueError(f"{path} cannot be built for sequence number {snapshot.sequence}")
    return found


def _alternatives(snapshot: Snapshot, slug: str) -> Resource:
    return Resource(encode(find_alternatives(snapshot, slug, Question(), ALTERNATIVE_OUTCOMES, DEFAULT_MATCHES)))
