"""Bearer tokens (RFC 6750): whose call it is, what it may do, and how often."""

import logging
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request
from litestar.handlers import BaseRouteHandler

from capacity_api.api.context import Context
from capacity_api.api.requests import Connection
from capacity_api.domain.tokens import Scope
from capacity_api.errors import CapacityError, Forbidden, NotOwner, TokenMalformed, TokenMissing, TooManyWrites
from capacity_api.operations import tokens
from capacity_api.operations.tokens import USE_RECORDED_EVERY, Identity, Owner

_logger = logging.getLogger(__name__)
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def token(*scopes: Scope) -> dict[str, Any]:
    """What a route handler says of the token it needs: any of `scopes`; none named means that any token will do."""
    return {"opt": {"scopes": frozenset(scopes)}, "security": [{"token": []}]}


async def authenticate(connection: Connection, handler: BaseRouteHandler) -> None:
    """A guard: finds out whose token it is and whether it reaches this far."""
    scopes = handler.opt.get("scopes")
    if scopes is None:
        return
    context: Context = connection.app.state.context
    now = context.now()
    secret = read_bearer_token(connection)
    async with context.read() as session:
        identity = await tokens.identify(session, now, context.keys, secret)
    connection.scope["auth"] = identity
    if scopes and not identity.is_admin and scopes.isdisjoint(identity.scopes):
        raise Forbidden(f"The token would need the scope {' or '.join(sorted(scopes))}")
    if connection.scope.get("method") in _WRITES:
        connection.app.state.write_limit.count(identity.token_id, now)
    if identity.last_used_at is None or now - identity.last_used_at >= USE_RECORDED_EVERY:
        await _record_use(context, now, identity, secret)


def read_bearer_token(connection: Connection) -> str:
    """The token in `Authorization`; raises `TokenMissing` or `TokenMalformed`."""
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
        # When a token was last used is worth less than the call it is used for.
        _logger.warning("the use of a token could not be noted")


def provide_identity(request: Request[Any, Any, Any]) -> Identity:
    identity: Identity = request.scope["auth"]
    return identity


def require_owner(identity: Identity, slug: str) -> None:
    """Raise `NotOwner` unless the token speaks for the responder, or is an administrator's."""
    if not identity.is_admin and identity.owner.slug != slug:
        raise NotOwner(f"The token does not speak for {slug!r}")


def only_owner(identity: Identity) -> Owner | None:
    """Whose things a call may touch: its owner's, or `None` for everybody's."""
    return None if identity.is_admin else identity.owner


class WriteLimit:
    """At most `most` writes per token and minute in this process; 0 for no limit."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._minute = 0
        self._counts: dict[UUID, int] = {}

    def count(self, token_id: UUID, now: datetime) -> None:
        """Count one write; raises `TooManyWrites` with the seconds until the next minute."""
        if not self._most:
            return
        minute, second = divmod(int(now.timestamp()), 60)
        if minute != self._minute:
            self._minute, self._counts = minute, {}
        self._counts[token_id] = self._counts.get(token_id, 0) + 1
        if self._counts[token_id] > self._most:
            raise TooManyWrites(retry_after=60 - second)
