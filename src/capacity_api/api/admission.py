"""What stands before the handlers: whose request it is, and when it may begin.

Most of what a request costs is this process's own time, which no pool of connections bounds. So of all anonymous
requests together one begins in each turn of the event loop, and of the requests with one token one as well. Four
hundred readers then delay each step of a report by the time of one of them. Published reads are answered before this,
and cost next to nothing.
"""

import asyncio
from collections import deque
from collections.abc import Hashable, Mapping

import structlog

from capacity_api.api.known_tokens import KnownTokens
from capacity_api.asgi import Application, Receive, Scope, Send
from capacity_api.config import Settings
from capacity_api.edge.addresses import Client, find_client

log = structlog.get_logger()
_CLIENT = "capacity_api.client"


class AdmissionMiddleware:
    """Wraps `app`, whose handlers learn from `client_of` who asks."""

    def __init__(self, app: Application, settings: Settings, known_tokens: KnownTokens) -> None:
        self._app = app
        self._trusted = settings.trusted_proxies
        self._known_tokens = known_tokens
        self._turnstile = Turnstile()
        self._has_warned = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._turnstile.enter(self._known_tokens.find_hash(_bearer_token(scope)))
            peer = scope.get("client")
            client = find_client(peer and peer[0], scope["headers"], self._trusted)
            if client.is_doubtful and not self._has_warned:
                self._has_warned = True
                log.warning("proxy.untrusted")
            scope[_CLIENT] = client
        await self._app(scope, receive, send)


def client_of(scope: Mapping[str, object]) -> Client:
    found = scope[_CLIENT]
    assert isinstance(found, Client)
    return found


def _bearer_token(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, token = value.decode("latin-1").partition(" ")
            return token.strip() if scheme.lower() == "bearer" else None
    return None


class Turnstile:
    """Lets one caller of each key in for each turn of the event loop, in order."""

    def __init__(self) -> None:
        self._queues: dict[Hashable, deque[asyncio.Future[None]]] = {}

    async def enter(self, key: Hashable) -> None:
        loop = asyncio.get_running_loop()
        queue = self._queues.get(key)
        if queue is None:
            self._queues[key] = deque()
            loop.call_soon(self._let_in, key)
            return
        turn = loop.create_future()
        queue.append(turn)
        await turn

    def _let_in(self, key: Hashable) -> None:
        queue = self._queues[key]
        while queue:
            turn = queue.popleft()
            # Otherwise its request was cancelled.
            if not turn.done():
                turn.set_result(None)
                asyncio.get_running_loop().call_soon(self._let_in, key)
                return
        del self._queues[key]
