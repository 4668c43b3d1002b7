"""What an output format contributes. `formats.registry` lists all of them."""

from collections.abc import Callable, Mapping

import msgspec

from capacity_api.snapshot.resource import Resource
from capacity_api.snapshot.snapshot import Document, Snapshot


def _no_files(_: Snapshot) -> Mapping[str, Callable[[], Resource]]:
    return {}


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """`name` also finds the format's controller, in `api.routes`.

    `documents` are built from a whole snapshot, by path. `files` are what the static site has besides: paths whose
    answers come from a controller. `folders` are those of its paths that have others below them, as soon as somebody
    is listed.
    """

    name: str
    documents: Mapping[str, Document] = {}
    files: Callable[[Snapshot], Mapping[str, Callable[[], Resource]]] = _no_files
    folders: frozenset[str] = frozenset()
