"""What is answered to a published read, decided from values alone. The protocol and the middleware both ask here."""

from functools import lru_cache

import msgspec

from capacity_api.pages.headers import HEADERS
from capacity_api.pages.rendering import HTML
from capacity_api.publication.addresses import is_for_programs
from capacity_api.snapshot.resource import CODINGS, Headers, Resource, lines_of
from capacity_api.snapshot.snapshot import Snapshot

# No browser's list is as long. A reader that sends more is answered without compression, and nothing of it is kept.
_MAX_ACCEPT_ENCODING_BYTES = 200


class Answer(msgspec.Struct, frozen=True):
    """`head` has the status and `headers` as they go over the wire in HTTP/1.1."""

    status: int
    headers: Headers
    head: bytes
    body: bytes


def find_answer(
    snapshot: Snapshot, path: str, query: bytes, accept_encoding: bytes, if_none_match: bytes
) -> Answer | None:
    """The answer to a `GET` of a path as it was sent, or `None` where nothing is published at it.

    With a query, that is an answer which the application gave before. The pages ignore queries, and a slash too many
    or too few at the end of their paths is redirected.
    """
    if query and is_for_programs(path):
        resource = snapshot.cached_answer(path, query)
    else:
        resource = snapshot.find(path)
        page = snapshot.page_meant_by(path) if resource is None else None
        if page is not None and page != path:
            resource = _redirect(page)
    return None if resource is None else answer_published(snapshot, path, resource, accept_encoding, if_none_match)


def answer_published(
    snapshot: Snapshot, path: str, resource: Resource, accept_encoding: bytes, if_none_match: bytes
) -> Answer:
    """The answer to a `GET` of what is published at a path. One that is going says so."""
    answer = answer_with(resource, accept_encoding, if_none_match)
    dates = snapshot.catalogue.deprecation_of(path)
    if not dates:
        return answer
    return Answer(answer.status, [*answer.headers, *dates], answer.head + lines_of(dates), answer.body)


def _redirect(path: str) -> Resource:
    """Lead to a page. For good, but nobody may keep it: what a device keeps tells who was here."""
    return Resource(b"", HTML, (*HEADERS, ("location", path)), status=308, cacheable=False)


def answer_with(resource: Resource, accept_encoding: bytes, if_none_match: bytes) -> Answer:
    """The answer to a `GET`: content coding by `Accept-Encoding`, 304 by `If-None-Match`.

    Several lines of one header are one list (RFC 9110 §5.3).
    """
    variant = resource.best(_preferred_codings(accept_encoding))
    if if_none_match and resource.status == 200 and is_match(if_none_match, variant.etag):
        return Answer(304, variant.headers_unchanged, variant.head_unchanged, b"")
    return Answer(resource.status, variant.headers, variant.head, variant.body)


def _preferred_codings(accept_encoding: bytes) -> tuple[str, ...]:
    if not accept_encoding or len(accept_encoding) > _MAX_ACCEPT_ENCODING_BYTES:
        return ()
    return preferred_codings(accept_encoding)


@lru_cache(maxsize=1024)
def preferred_codings(accept_encoding: bytes) -> tuple[str, ...]:
    """The content codings that the reader likes at least as much as no compression, best first (RFC 9110 §12.5.3).

    Where the reader has no preference, our order decides.
    """
    weights: dict[str, float] = {}
    for item in accept_encoding.decode("latin-1").split(","):
        coding, _, parameters = item.strip().partition(";")
        weights[coding.strip().lower()] = weight_of(parameters)
    any_other = weights.get("*", 0.0)
    # An uncompressed answer is acceptable unless the reader excludes it, but every acceptable coding goes first.
    identity = weights.get("identity", 0.001 if weights.get("*", 1) else 0.0)
    wanted = {coding: weights.get(coding, any_other) for coding in CODINGS}
    acceptable = [coding for coding in CODINGS if wanted[coding] > 0 and wanted[coding] >= identity]
    # The sort is stable.
    return tuple(sorted(acceptable, key=wanted.__getitem__, reverse=True))


def is_match(if_none_match: bytes, etag: bytes) -> bool:
    """Whether the reader has this version already. The comparison is weak (RFC 9110 §13.1.2)."""
    if if_none_match == etag:
        return True
    if etag not in if_none_match and b"*" not in if_none_match:
        return False
    known = [each.strip().removeprefix(b"W/") for each in if_none_match.split(b",")]
    return b"*" in known or etag in known


def weight_of(parameters: str) -> float:
    """The weight (`q`) among the parameters of an item of an `Accept…` header (RFC 9110 §12.4.2): 0 if unreadable."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                # In this order, so that "nan" is 0.
                return min(max(0.0, float(value)), 1.0)
            except ValueError:
                return 0.0
    return 1.0
