"""The documents that are made of a whole tree: how each of them is made, by path."""

import logging
from collections.abc import Mapping, Sequence
from functools import cache, partial
from types import MappingProxyType

import msgspec

from capacity_api import representations
from capacity_api.config import Settings
from capacity_api.publication import directory_table, feed, pages, reference, scripts
from capacity_api.publication.coverage_page import coverage_page
from capacity_api.publication.language import Language, languages
from capacity_api.publication.resources import PUBLIC_HEADERS, Resource
from capacity_api.publication.tables import CSV
from capacity_api.publication.tree import Site, Tree
from capacity_api.shipped import shipped

_logger = logging.getLogger(__name__)
_HTML = "text/html; charset=utf-8"


def site(settings: Settings) -> Site:
    """What one service publishes."""
    spoken = languages()
    by_time = {
        each.home + name: document
        for each in spoken
        for name, document in (
            ("", partial(_directory_page, settings, each, spoken)),
            ("coverage", partial(_coverage_page, each, spoken)),
        )
    }
    return Site(
        static=_static(spoken, settings.demonstration),
        documents=MappingProxyType(
            {
                **by_time,
                "/v1/coverage": lambda tree: Resource(representations.encode(tree.coverage)),
                "/v1/directory": directory,
                "/v1/directory.csv": table,
                feed.PATH: partial(_feed, settings.public_url),
            }
        ),
        pages=frozenset(by_time),
        demonstration=settings.demonstration,
    )


def directory(tree: Tree) -> Resource:
    """The whole directory in JSON: joined from the responders, each encoded when it changed."""
    head = representations.encode(msgspec.structs.replace(tree.directory_of(()), total=len(tree.entries)))
    entries = tree.entries.values()
    # Made of the validators of its parts: reading twelve megabytes again takes longer than writing them.
    tag = representations.entity_tag(head + b"".join([entry.etag for entry in entries]))
    parts = [entry.json for entry in entries] or [b""]
    parts[0] = head[:-2] + parts[0]
    parts[-1] += head[-2:]
    return Resource(b",".join(parts), tag=tag)


def table(tree: Tree) -> Resource:
    """The whole directory as a table: joined from rows, each written when its responder changed."""
    lines = [entry.in_table for entry in tree.entries.values()]
    saved_as = directory_table.file_name(demonstration=tree.demonstration)
    headers = (*PUBLIC_HEADERS, ("content-disposition", f'attachment; filename="{saved_as}"'))
    return Resource(directory_table.table(lines), CSV, headers)


def _feed(public_url: str | None, tree: Tree) -> Resource:
    return Resource(feed.feed(tree.told, public_url, demonstration=tree.demonstration), feed.ATOM)


def _directory_page(settings: Settings, language: Language, spoken: Sequence[Language], tree: Tree) -> Resource:
    try:
        pictured = len(tree.entries) <= pages.MANY
        parts = {
            slug: entry.on_page(tree.now, pictured=pictured, language=language) for slug, entry in tree.entries.items()
        }
        address = settings.public_url and settings.public_url + language.home
        return html(
            pages.directory_page(
                tree.directory,
                tree.now,
                settings.contact,
                address=address,
                parts=parts,
                language=language,
                spoken=spoken,
            )
        )
    except Exception:
        # Programs must go on being told.
        _logger.exception("the page cannot be made; it says so, and everything else is published")
        return html(pages.unavailable_page())


def _coverage_page(language: Language, spoken: Sequence[Language], tree: Tree) -> Resource:
    return html(coverage_page(tree.coverage, tree.now, language, spoken))


def html(body: bytes) -> Resource:
    return Resource(body, _HTML, pages.headers(body), cacheable=False)


def _script(name: str, language: Language) -> Resource:
    # Not kept either: what a device keeps tells who was here.
    body = scripts.script(name, language)
    return Resource(body, "text/javascript; charset=utf-8", pages.HEADERS, cacheable=False)


@cache
def _static(spoken: tuple[Language, ...], demonstration: bool) -> Mapping[str, Resource]:
    """What is the same until the next release."""
    # As it is committed, which a test compares with the code: making it takes longer than all else of a start.
    document = shipped("openapi/openapi.json").read_bytes()
    each = {
        language.home + name: made
        for language in spoken
        for name, made in (
            ("update", html(pages.update_page(language, spoken, demonstration=demonstration))),
            *((scripts.FOLDER + name, _script(name, language)) for name in scripts.NAMES),
        )
    }
    return MappingProxyType(
        {
            **each,
            "/openapi.json": Resource(document),
            "/docs": html(reference.reference_page(msgspec.json.decode(document))),
            "/v1/vocabulary": Resource(representations.encode(representations.vocabulary())),
        }
    )
