"""Answers what the tree holds, ahead of the framework, and passes the rest on (RFC 9110)."""

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from typing import Any

from capacity_api.loop import Clock
from capacity_api.publication.publication import Publication
from capacity_api.publication.resources import CODINGS, PUBLIC_HEADERS, Resource
from capacity_api.publication.tree import Tree

# The Asynchronous Server Gateway Interface, in which this layer is written: plain dictionaries.
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_logger = logging.getLogger(__name__)


class Published:
    """An ASGI layer around `app`. `HEAD` is `GET` without the body, also for what it passes on."""

    def __init__(self, app: Application, publication: Publication, clock: Clock) -> None:
        self._app = app
        self._publication = publication
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in _READS:
            await self._app(scope, receive, send)
            return
        answer = send if scope["method"] == "GET" else _without_body(send)
        passed_on = {**scope, "method": "GET"}
        try:
            tree = self._publication.current()
            query = scope["query_string"]
            found = tree.answer(scope["path"], query) if query else tree.find(scope["path"])
        except Exception:
            # A handler then answers, without the tree or with a problem.
            _logger.exception("the publication cannot be made true for now")
            await self._app(passed_on, receive, answer)
            return
        if found is not None:
            await self._answer(scope, answer, tree, found)
        else:
            await self._app(passed_on, receive, self._keeping(scope, answer, tree))

    def _keeping(self, scope: Scope, send: Send, tree: Tree) -> Send:
        """Passes a handler's answer on. One that is made of the tree alone is kept with it, and published like it."""
        start: Message | None = None

        async def send_kept(message: Message) -> None:
            nonlocal start
            if message.get(OF_TREE) is not None:
                start = message
            elif start is None:
                await send(message)
            else:
                found = _resource(start, message["body"])
                now = self._publication.current()
                # Only then is it known which tree the handler saw.
                if now is tree and not self._publication.is_failing:
                    tree.keep(scope["path"], scope["query_string"], found)
                await self._answer(scope, send, now, found)

        return send_kept

    async def _answer(self, scope: Scope, send: Send, tree: Tree, found: Resource) -> None:
        accepted: bytes | None = None
        condition: bytes | None = None
        for name, value in scope["headers"]:
            # Several lines of one header are one list (RFC 9110 §5.3).
            if name == b"accept-encoding":
                accepted = value if accepted is None else accepted + b"," + value
            elif name == b"if-none-match":
                condition = value if condition is None else condition + b"," + value
        variant = found.best(codings(accepted) if accepted else ())
        unchanged = condition is not None and is_match(condition, variant.etag)
        headers = variant.unchanged if unchanged else variant.headers
        if tree.next_lapse is not None and found.cacheable:
            # A reader's copy must not outlive the next lapse.
            left = (tree.next_lapse - self._clock()).total_seconds()
            if left < found.most_seconds:
                headers = [*headers[:-1], (b"cache-control", found.cache_control(left).encode())]
        await send({"type": "http.response.start", "status": 304 if unchanged else 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if unchanged else variant.body})


_READS = frozenset({"GET", "HEAD"})
# A handler's `http.response.start` has it when its answer depends on the tree alone: for how many seconds at most it
# may be kept by those who read it.
OF_TREE = "capacity_api.of_tree"


def _resource(start: Message, body: bytes) -> Resource:
    headers = {name.lower().decode(): value.decode() for name, value in start["headers"]}
    content_type = headers["content-type"]
    kept = [(name, headers[name]) for name in _KEPT if name in headers]
    return Resource(body, content_type, (*PUBLIC_HEADERS, *kept), most_seconds=start[OF_TREE])


_KEPT = ("content-disposition",)


@lru_cache(maxsize=1024)
def codings(accept_encoding: bytes) -> tuple[str, ...]:
    """The content codings to answer in, the best first; "" is none, and what follows it is not wanted as much.

    RFC 9110 §12.5.3. Of those that the reader likes as much as any, ours comes first; a coding goes before none.
    """
    weights: dict[str, float] = {}
    for item in accept_encoding.decode("latin-1").split(","):
        coding, _, parameters = item.strip().partition(";")
        weights[coding.strip().lower()] = _weight(parameters)
    others = weights.get("*", 0.0)
    plain = weights.get("identity", 0.001 if weights.get("*", 1) else 0.0)
    wanted = {coding: weights.get(coding, others) for coding in CODINGS}
    # Sorting keeps our order among equals.
    return tuple(
        coding
        for coding in sorted(CODINGS, key=wanted.__getitem__, reverse=True)
        if wanted[coding] > 0 and wanted[coding] >= plain
    )


def _weight(parameters: str) -> float:
    name, _, value = parameters.partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0


def is_match(if_none_match: bytes, etag: bytes) -> bool:
    """Whether the reader has it already; the comparison is weak (RFC 9110 §13.1.2)."""
    if if_none_match == etag:
        return True
    tags = [tag.strip().removeprefix(b"W/") for tag in if_none_match.split(b",")]
    return b"*" in tags or etag in tags


def _without_body(send: Send) -> Send:
    """`HEAD` of what is answered to `GET`."""

    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.body":
            if not message.get("more_body", False):
                await send({"type": "http.response.body", "body": b""})
            return
        await send(message)

    return send_head
