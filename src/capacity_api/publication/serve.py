"""Answers what the tree holds, ahead of the framework, and passes the rest on (RFC 9110)."""

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from capacity_api.loop import Clock
from capacity_api.publication.publication import Publication
from capacity_api.publication.tree import Resource, Tree, Variant
from capacity_api.representations import TTL_SECONDS

# The Asynchronous Server Gateway Interface, in which this layer is written: plain dictionaries.
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Published:
    """An ASGI layer around `app`. `HEAD` is `GET` without the body, also for what it passes on."""

    def __init__(self, app: Application, publication: Publication, clock: Clock) -> None:
        self._app = app
        self._publication = publication
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
            return
        if not scope["query_string"]:
            tree = self._current()
            found = tree.resources.get(scope["path"]) if tree is not None else None
            if tree is not None and found is not None:
                await self._answer(scope, send, found, tree)
                return
        if scope["method"] == "HEAD":
            await self._app({**scope, "method": "GET"}, receive, _without_body(send))
        else:
            await self._app(scope, receive, send)

    def _current(self) -> Tree | None:
        """The tree, or nothing when it cannot be made: the handlers then answer with a problem, or without the tree."""
        try:
            return self._publication.current()
        except Exception:
            _logger.exception("the publication cannot be made true for now")
            return None

    async def _answer(self, scope: Scope, send: Send, found: Resource, tree: Tree) -> None:
        asked: dict[bytes, str] = {}
        for name, value in scope["headers"]:
            if name in _READ:
                # Several lines of one header are one list (RFC 9110 §5.3).
                asked[name] = ", ".join(filter(None, (asked.get(name), value.decode("latin-1"))))
        coding = preferred(asked.get(b"accept-encoding", ""), found)
        variant = found.variants[coding]
        headers = [
            (b"etag", variant.etag.encode()),
            (b"vary", b"accept-encoding"),
            (b"cache-control", self._cache_control(found, tree).encode()),
            *((name.encode(), value.encode()) for name, value in found.headers),
        ]
        if is_match(asked.get(b"if-none-match"), variant):
            await _send(send, 304, headers, b"")
            return
        headers.append((b"content-type", found.content_type.encode()))
        headers.append((b"content-length", str(len(variant.body)).encode()))
        if coding:
            headers.append((b"content-encoding", coding.encode()))
        await _send(send, 200, headers, b"" if scope["method"] == "HEAD" else variant.body)

    def _cache_control(self, found: Resource, tree: Tree) -> str:
        if not found.cacheable:
            return "no-store"
        age = TTL_SECONDS
        if tree.next_lapse is not None:
            # A reader's copy must not outlive the next lapse.
            age = max(0, min(age, int((tree.next_lapse - self._clock()).total_seconds())))
        return f"public, max-age={age}, must-revalidate"


_logger = logging.getLogger(__name__)
_READ = frozenset({b"accept-encoding", b"if-none-match"})


def preferred(accept_encoding: str, found: Resource) -> str:
    """The content coding to answer in: the best that is accepted and held, "" for none (RFC 9110 §12.5.3)."""
    weights: dict[str, float] = {}
    for item in accept_encoding.split(","):
        coding, _, parameters = item.strip().partition(";")
        weights[coding.strip().lower()] = _weight(parameters)
    best, best_weight = "", weights.get("identity", 0.001 if weights.get("*", 1) else 0.0)
    for coding in found.variants:
        weight = weights.get(coding, weights.get("*", 0.0)) if coding else best_weight
        if weight > 0 and weight >= best_weight:
            best, best_weight = coding, weight
    return best


def _weight(parameters: str) -> float:
    name, _, value = parameters.partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0


def is_match(if_none_match: str | None, variant: Variant) -> bool:
    """Whether the reader has it already; the comparison is weak (RFC 9110 §13.1.2)."""
    if if_none_match is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or variant.etag in tags


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _without_body(send: Send) -> Send:
    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.body":
            if not message.get("more_body", False):
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        await send(message)

    return send_head
