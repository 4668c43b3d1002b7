"""The documents that are made of a whole tree: how each of them is made, by path."""

import logging
from collections.abc import Mapping
from functools import cache, partial
from types import MappingProxyType

import msgspec

from capacity_api import representations
from capacity_api.config import Settings
from capacity_api.publication import directory_table, feed, pages, reference
from capacity_api.publication.resources import PUBLIC_HEADERS, Resource
from capacity_api.publication.tables import CSV
from capacity_api.publication.tree import Site, Tree
from capacity_api.shipped import shipped

_logger = logging.getLogger(__name__)
_HTML = "text/html; charset=utf-8"


def site(settings: Settings) -> Site:
    """What one service publishes."""
    return Site(
        static=_static(),
        documents=MappingProxyType(
            {
                "/": partial(_directory_page, settings.contact),
                "/v1/coverage": lambda tree: Resource(representations.encode(tree.coverage)),
                "/v1/directory": directory,
                "/v1/directory.csv": table,
                feed.PATH: partial(_feed, settings.public_url),
            }
        ),
        pages=frozenset({"/"}),
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


def _directory_page(contact: str | None, tree: Tree) -> Resource:
    try:
        parts = {slug: entry.on_page for slug, entry in tree.entries.items()}
        return html(pages.directory_page(tree.directory, tree.now, contact, parts=parts))
    except Exception:
        # Programs must go on being told.
        _logger.exception("the page cannot be made; it says so, and everything else is published")
        return html(pages.unavailable_page())


def html(body: bytes) -> Resource:
    return Resource(body, _HTML, pages.headers(body), cacheable=False)


@cache
def _static() -> Mapping[str, Resource]:
    """What is the same until the next release."""
    # As it is committed, which a test compares with the code: making it takes longer than all else of a start.
    document = shipped("openapi/openapi.json").read_bytes()
    return MappingProxyType(
        {
            "/openapi.json": Resource(document),
            "/docs": html(reference.reference_page(msgspec.json.decode(document))),
            "/v1/vocabulary": Resource(representations.encode(representations.vocabulary())),
        }
    )
