"""The routes of the API as an ASGI application."""

import functools
import re
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager

from litestar import Litestar
from litestar.exceptions import HTTPException

from capacity_api.api import authorization, deprecation, problems, requests
from capacity_api.api.headers import allow_other_origins, forbid_caching, identify, list_methods
from capacity_api.api.metrics import count_request
from capacity_api.api.routes import DEPENDENCIES, routes
from capacity_api.asgi import Receive, Scope, Send
from capacity_api.formats.format import Format
from capacity_api.formats.registry import FORMATS
from capacity_api.snapshot.resource import Headers


class ApiApplication:
    """The routes of one service. Its `lifespan` surrounds all requests; each gets `state` in its scope."""

    def __init__(
        self,
        formats: Sequence[Format],
        state: Mapping[str, object],
        lifespan: Callable[[], AbstractAsyncContextManager[None]],
    ) -> None:
        self._routes = _routes_with(formats)
        self._state = state
        self._lifespan = lifespan

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        scope["state"] = dict(self._state)
        await self._routes(scope, receive, send)  # type: ignore[arg-type]  # a plain ASGI scope

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        moment = "startup"
        try:
            async with self._lifespan():
                await send({"type": "lifespan.startup.complete"})
                await receive()
                moment = "shutdown"
        except BaseException:
            await send({"type": f"lifespan.{moment}.failed", "message": traceback.format_exc()})
            raise
        await send({"type": "lifespan.shutdown.complete"})


def deprecated_reads(formats: Sequence[Format]) -> tuple[tuple[re.Pattern[str], Headers], ...]:
    """See `Catalogue.deprecated`."""
    return deprecation.deprecated_reads(_routes_with(formats))


def _routes_with(formats: Sequence[Format]) -> Litestar:
    return _routes_of(frozenset(output.name for output in formats))


@functools.cache
def _routes_of(formats: frozenset[str]) -> Litestar:
    """The framework looks at each handler, which takes as long as many requests; they depend on the code alone."""
    return Litestar(
        routes([output for output in FORMATS if output.name in formats]),
        dto=requests.StrictBody,
        return_dto=None,
        guards=[
            requests.refuse_odd_paths,
            authorization.authenticate,
            requests.refuse_unknown_parameters,
            requests.require_json,
            requests.refuse_unread_bodies,
        ],
        dependencies=DEPENDENCIES,
        exception_handlers={HTTPException: problems.handle, Exception: problems.handle},
        before_send=[
            count_request,
            identify,
            deprecation.announce_end,
            forbid_caching,
            list_methods,
            allow_other_origins,
        ],
        request_max_body_size=requests.MAX_BODY_BYTES,
        openapi_config=None,
        logging_config=None,
    )
