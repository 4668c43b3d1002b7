"""The published tree as files, kept in step with it: what `site build` writes for nginx or any server of files."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial

import msgspec
from msgspec import UNSET

from capacity_api import loop, representations
from capacity_api.domain import match_index
from capacity_api.loop import Clock
from capacity_api.operations.paging import USUAL
from capacity_api.publication import matches, open_referral, pages, taxonomies
from capacity_api.publication import tree as trees
from capacity_api.publication.folder import Folder, Written
from capacity_api.publication.publication import Publication
from capacity_api.publication.resources import Resource
from capacity_api.publication.tree import RESPONDERS, Site, Tree

_OPEN_REFERRAL = "/open-referral-uk"
_LOOK_EVERY_SECONDS = 0.5
_LAPSE_WITHIN_SECONDS = 0.25
_HTML = "text/html"


class State(msgspec.Struct, frozen=True):
    """`site.json`, written last: whoever watches over a copy sees in it whether it is still kept in step.

    `read_at` is when the database was last read, `written_at` when these files were last looked through.
    """

    sequence: int
    updated_at: datetime
    read_at: datetime
    written_at: datetime


def files(tree: Tree) -> dict[str, Callable[[], Resource]]:
    """Everything that can be read without a query and without a database, by the name of its file."""
    made: dict[str, Callable[[], Resource]] = {}
    for path in tree.paths():
        made[path] = partial(_found, tree, path)
    for slug in tree.entries:
        made[f"{RESPONDERS}{slug}/alternatives"] = partial(_alternatives, tree, slug)
    made |= _open_referral(tree)
    parents = {path.rpartition("/")[0] for path in made} | _ALWAYS_FOLDERS
    pages_of_tree = tree.site.pages | {path for path, each in tree.site.static.items() if _is_page(each)}
    return {_name(path, path in parents, path in pages_of_tree): make for path, make in made.items()}


def page_headers(site: Site, now: datetime) -> tuple[tuple[str, str], ...]:
    """What every page is served with, for a server that cannot tell pages apart: the policy allows the styles of all.

    `Cache-Control: no-store` goes with them.
    """
    nobody = trees.empty(site, now, match_index.index(()))
    bodies = [found.body for path in nobody.paths() if (found := nobody.find(path)) is not None and _is_page(found)]
    return pages.headers(*bodies, pages.unavailable_page())


class Copy:
    """A folder that follows a publication, true by the clock as it is, with the database or without."""

    def __init__(self, publication: Publication, folder: Folder, clock: Clock) -> None:
        self._publication = publication
        self._folder = folder
        self._clock = clock
        self._read_at = clock()
        self._held: Tree | None = None

    async def write(self) -> Written | None:
        """Bring the files up to the tree as it must be read now; `None` when they are. Raises `OSError`.

        It is never left in the middle: who cancels it waits until the files are written.
        """
        tree = self._publication.current()
        if tree is self._held:
            return None
        writing = asyncio.create_task(asyncio.to_thread(self._write, tree, self._read_at))
        try:
            written = await asyncio.shield(writing)
        except asyncio.CancelledError:
            await writing
            raise
        self._held = tree
        return written

    async def follow(self, wake: asyncio.Event) -> None:
        """Keep the folder in step; until cancelled. Setting `wake` has the database looked at at once."""
        changed = asyncio.Event()

        async def look() -> bool:
            found = await self._publication.refresh()
            self._read_at = self._clock()
            if found:
                changed.set()
            return found

        async def write() -> bool:
            await self.write()
            return False

        # Two loops, so that a database that does not answer keeps no lapse from being shown.
        async with asyncio.TaskGroup() as both:
            both.create_task(loop.run("publication", look, wake, _LOOK_EVERY_SECONDS))
            both.create_task(loop.run("files", write, changed, _LAPSE_WITHIN_SECONDS))

    def _write(self, tree: Tree, read_at: datetime) -> Written:
        now = self._clock()

        def state() -> Resource:
            said = State(sequence=tree.sequence, updated_at=tree.updated_at, read_at=read_at, written_at=now)
            return Resource(representations.encode(said), cacheable=False)

        return self._folder.write({**files(tree), "site.json": state}, now)


# They have members wherever somebody is listed, so they cannot be files.
_ALWAYS_FOLDERS = frozenset({_OPEN_REFERRAL, f"{_OPEN_REFERRAL}/services"})


def _name(path: str, is_folder: bool, is_page: bool) -> str:
    inside = path.removeprefix("/")
    if is_page:
        return f"{inside}/index.html".removeprefix("/")
    return f"{inside}/index.json" if is_folder else inside


def _is_page(resource: Resource) -> bool:
    return resource.content_type.startswith(_HTML)


def _found(tree: Tree, path: str) -> Resource:
    found = tree.find(path)
    assert found is not None
    return found


def _alternatives(tree: Tree, slug: str) -> Resource:
    return Resource(representations.encode(matches.alternatives(tree, slug, matches.USUAL)))


def _open_referral(tree: Tree) -> dict[str, Callable[[], Resource]]:
    """The first page of each list, and each item."""
    demonstration = tree.demonstration
    terms, kinds = taxonomies.TERMS, taxonomies.TAXONOMIES
    responders = list(tree.responders.values())
    made: dict[str, Callable[[], object]] = {
        "": lambda: open_referral.About(demonstration=True if demonstration else UNSET),
        "/services": lambda: open_referral.page(
            responders, open_referral.listed_service, 1, USUAL, demonstration=demonstration
        ),
        "/taxonomies": lambda: open_referral.page(list(kinds.values()), taxonomies.listed_taxonomy, 1, USUAL),
        "/taxonomy_terms": lambda: open_referral.page(list(terms.values()), lambda term: term, 1, USUAL),
        "/service_at_locations": lambda: open_referral.page([], open_referral.service, 1, USUAL),
    }
    made |= {f"/services/{each.id}": partial(open_referral.service, each) for each in responders}
    made |= {f"/taxonomies/{each}": partial(kinds.__getitem__, each) for each in kinds}
    made |= {f"/taxonomy_terms/{each}": partial(terms.__getitem__, each) for each in terms}
    return {_OPEN_REFERRAL + path: partial(_encoded, make) for path, make in made.items()}


def _encoded(make: Callable[[], object]) -> Resource:
    return Resource(representations.encode(make()))
