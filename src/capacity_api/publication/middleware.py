"""The ASGI middleware that answers published reads from the snapshot and passes the rest on to the framework."""

import structlog

from capacity_api.asgi import Application, Message, Receive, Scope, Send
from capacity_api.publication.addresses import FORM_PATH, is_for_programs, sent_path
from capacity_api.publication.answer import Answer, answer_published, find_answer
from capacity_api.publication.publisher import Publisher
from capacity_api.snapshot.resource import PUBLIC_HEADERS, PUBLISHED_SEQUENCE, Resource
from capacity_api.snapshot.snapshot import Snapshot

# A handler whose answer depends on the snapshot alone puts this key into its `http.response.start`.
OF_SNAPSHOT = "capacity_api.of_snapshot"
_READS = frozenset({"GET", "HEAD"})
_KEPT_HEADERS = ("content-disposition",)
log = structlog.get_logger()


class PublicationMiddleware:
    """Wraps `app`. `HEAD` is `GET` without the body, also for what is passed on."""

    def __init__(self, app: Application, publisher: Publisher) -> None:
        self._app = app
        self._publisher = publisher

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["query_string"] and not is_for_programs(sent_path(scope)):
            # Mail programs and social networks add one to a link. No handler, cache or log sees it.
            scope = {**scope, "query_string": b""}
        if scope["method"] == "POST" and sent_path(scope) in self._publisher.snapshot.catalogue.form_pages:
            # One route answers the forms of all languages.
            scope = {**scope, "path": "/", "raw_path": b"/", FORM_PATH: sent_path(scope)}
        if scope["method"] not in _READS:
            await self._app(scope, receive, self._numbered(send))
            return
        send = send if scope["method"] == "GET" else _without_body(send)
        passed_on = {**scope, "method": "GET"}
        try:
            snapshot = self._publisher.current()
            answer = find_answer(snapshot, sent_path(scope), scope["query_string"], *_conditions_of(scope))
        except Exception:
            log.exception("snapshot.failed")
            await self._app(passed_on, receive, self._numbered(send))
            return
        if answer is not None:
            await _send_answer(send, snapshot, answer)
        else:
            await self._app(passed_on, receive, self._caching(scope, self._numbered(send), snapshot))

    def _numbered(self, send: Send) -> Send:
        """Add the number of what this process shows when a handler's response starts."""

        async def send_numbered(message: Message) -> None:
            if message["type"] == "http.response.start" and PUBLISHED_SEQUENCE not in dict(message["headers"]):
                number = str(self._publisher.sequence).encode()
                message = {**message, "headers": [*message["headers"], (PUBLISHED_SEQUENCE, number)]}
            await send(message)

        return send_numbered

    def _caching(self, scope: Scope, send: Send, snapshot: Snapshot) -> Send:
        """Pass a handler's answer on. One that depends on the snapshot alone is cached, and sent like a document."""
        start: Message | None = None

        async def send_through(message: Message) -> None:
            nonlocal start
            if OF_SNAPSHOT in message:
                start = message
            elif start is None:
                await send(message)
            else:
                resource = _resource_of(start, message["body"])
                current = self._publisher.current()
                # Cache it only if the handler saw this snapshot and nothing newer is committed.
                if current is snapshot and not self._publisher.is_stale:
                    snapshot.cache_answer(sent_path(scope), scope["query_string"], resource)
                answer = answer_published(current, sent_path(scope), resource, *_conditions_of(scope))
                await _send_answer(send, current, answer)

        return send_through


async def _send_answer(send: Send, snapshot: Snapshot, answer: Answer) -> None:
    headers = [*answer.headers, snapshot.sequence_header]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


def _conditions_of(scope: Scope) -> tuple[bytes, bytes]:
    """`Accept-Encoding` and `If-None-Match`. Several lines of one header are one list (RFC 9110 §5.3)."""
    lines: dict[bytes, list[bytes]] = {b"accept-encoding": [], b"if-none-match": []}
    for name, value in scope["headers"]:
        if name in lines:
            lines[name].append(value)
    return b",".join(lines[b"accept-encoding"]), b",".join(lines[b"if-none-match"])


def _resource_of(start: Message, body: bytes) -> Resource:
    headers = {name.lower().decode(): value.decode() for name, value in start["headers"]}
    kept = [(name, headers[name]) for name in _KEPT_HEADERS if name in headers]
    return Resource(body, headers["content-type"], (*PUBLIC_HEADERS, *kept))


def _without_body(send: Send) -> Send:
    """For `HEAD`: the answer to `GET` without its body."""

    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.body":
            if not message.get("more_body", False):
                await send({"type": "http.response.body", "body": b""})
            return
        await send(message)

    return send_head
