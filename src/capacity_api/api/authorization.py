"""Bearer tokens (RFC 6750): whose call it is, whether the token may make it, and how often."""

from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from litestar import Request
from litestar.handlers import BaseRouteHandler

from capacity_api.api.context import Context
from capacity_api.api.headers import request_id
from capacity_api.api.requests import Connection
from capacity_api.domain.tokens import Scope
from capacity_api.errors import (
    CapacityError,
    Forbidden,
    NotFound,
    NotOwner,
    TokenMalformed,
    TokenMissing,
    TooManyWrites,
)
from capacity_api.operations import tokens
from capacity_api.operations.tokens import RECORD_USE_EVERY, Identity, Owner

log = structlog.get_logger()
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def requires_token(*scopes: Scope) -> dict[str, Any]:
    """The options of a route that needs a token with any of `scopes`, or any token at all if there are none."""
    return {"opt": {"scopes": frozenset(scopes)}, "security": [{"token": []}]}


async def authenticate(connection: Connection, handler: BaseRouteHandler) -> None:
    """A Litestar guard: identify the token, check its scopes, count its writes and record its use."""
    # A pipelined request begins in the context of the one before it.
    structlog.contextvars.clear_contextvars()
    scopes = handler.opt.get("scopes")
    if scopes is None:
        return
    context: Context = connection.app.state.context
    now = context.now()
    secret = read_bearer_token(connection)
    async with context.read() as session:
        identity = await tokens.identify(session, now, context.keys, secret)
    connection.scope["auth"] = identity
    structlog.contextvars.bind_contextvars(actor=identity.token_id, request_id=request_id(connection.scope))
    if scopes and not identity.is_admin and scopes.isdisjoint(identity.scopes):
        raise Forbidden(f"The token needs the scope {' or '.join(sorted(scopes))}")
    if connection.scope.get("method") in _WRITES:
        connection.app.state.write_limit.count(identity.token_id, now)
    if identity.last_used_at is None or now - identity.last_used_at >= RECORD_USE_EVERY:
        await _record_use(context, now, identity, secret)


def read_bearer_token(connection: Connection) -> str:
    """The token in the `Authorization` header. Raises `TokenMissing` or `TokenMalformed`."""
    header = connection.headers.get("authorization")
    if header is None:
        raise TokenMissing
    scheme, _, secret = header.partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise TokenMalformed
    return secret.strip()


async def _record_use(context: Context, now: datetime, identity: Identity, secret: str) -> None:
    try:
        async with context.database.write() as session:
            await tokens.record_use(session, now, identity, context.keys.token_hashes(secret)[0])
    except CapacityError:
        # The call matters more than `last_used_at`.
        log.warning("token.use_unrecorded")


def provide_identity(request: Request[Any, Any, Any]) -> Identity:
    identity: Identity = request.scope["auth"]
    return identity


def require_owner(context: Context, identity: Identity, slug: str) -> None:
    """Raise `NotOwner` unless the token belongs to the responder or to an administrator.

    `NotFound` would be read as "delisted", so it is only for one that is not listed.
    """
    if identity.is_admin or identity.owner.slug == slug:
        return
    if slug not in context.publisher.current().entries:
        raise NotFound(f"No responder {slug!r} is listed")
    raise NotOwner(f"The token does not belong to {slug!r}")


def only_owner(identity: Identity) -> Owner | None:
    """The owner to limit a query to, or `None` for an administrator, who may see everybody's."""
    return None if identity.is_admin else identity.owner


class WriteLimit:
    """At most `max_writes` writes for each token and minute in this process. 0 means no limit."""

    def __init__(self, max_writes: int) -> None:
        self._max_writes = max_writes
        self._minute = 0
        self._counts: dict[UUID, int] = {}

    def count(self, token_id: UUID, now: datetime) -> None:
        """Count one write. Raises `TooManyWrites` with the seconds until the next minute."""
        if not self._max_writes:
            return
        minute, second = divmod(int(now.timestamp()), 60)
        if minute != self._minute:
            self._minute, self._counts = minute, {}
        self._counts[token_id] = self._counts.get(token_id, 0) + 1
        if self._counts[token_id] > self._max_writes:
            raise TooManyWrites(retry_after=60 - second)
