"""Bearer tokens (RFC 6750): whose call it is, whether the token may make it, and how often."""

from datetime import datetime
from typing import Any

import structlog
from litestar import Request
from litestar.handlers import BaseRouteHandler

from capacity_api.api.admission import client_of
from capacity_api.api.context import Context
from capacity_api.api.headers import request_id
from capacity_api.api.requests import Connection
from capacity_api.api.write_limit import budget_of
from capacity_api.db.bulkheads import Bulkhead
from capacity_api.domain.text import join_words
from capacity_api.domain.tokens import EDITOR_SCOPES, Scope, is_well_formed
from capacity_api.edge.addresses import Client
from capacity_api.errors import (
    CapacityError,
    Forbidden,
    NotFound,
    NotOwner,
    TokenMalformed,
    TokenMissing,
    Unauthenticated,
)
from capacity_api.operations import tokens
from capacity_api.operations.tokens import RECORD_USE_EVERY, Identity

log = structlog.get_logger()
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def requires_token(*scopes: Scope) -> dict[str, Any]:
    """The options of a route that needs a token with any of `scopes`, or any token at all if there are none."""
    return {"opt": {"scopes": frozenset(scopes)}, "security": [{"token": []}]}


def requires_editor() -> dict[str, Any]:
    """The options of a route for administrators, and for a token that may do all that its owner's editors may.

    What may do less could otherwise make an editor of its holder.
    """
    options = requires_token(Scope.RESPONDER_WRITE, Scope.WEBHOOKS_MANAGE)
    return {**options, "opt": {**options["opt"], "for_editors": True}}


async def authenticate(connection: Connection, handler: BaseRouteHandler) -> None:
    """A Litestar guard: identify the token, check its scopes, count its writes and record its use."""
    # A pipelined request begins in the context of the one before it.
    structlog.contextvars.clear_contextvars()
    scopes = handler.opt.get("scopes")
    if scopes is None:
        if connection.scope.get("method") in _WRITES:
            # What a link does is logged too.
            structlog.contextvars.bind_contextvars(request_id=request_id(connection.scope))
        return
    context: Context = connection.scope["state"]["context"]
    now = context.now()
    secret = read_bearer_token(connection)
    identity = await identify(connection, context, secret)
    connection.scope["auth"] = identity
    structlog.contextvars.bind_contextvars(actor=identity.token_id, request_id=request_id(connection.scope))
    if scopes and not identity.is_admin and scopes.isdisjoint(identity.scopes):
        raise Forbidden(f"The token needs the scope {' or '.join(sorted(scopes))}")
    if handler.opt.get("for_editors") and not identity.is_admin:
        needed = EDITOR_SCOPES[identity.owner.type]
        if not set(needed) <= set(identity.scopes):
            raise Forbidden(f"The token needs the scopes {join_words(needed)}")
    if connection.scope.get("method") in _WRITES:
        connection.scope["state"]["write_limit"].count(identity.owner, budget_of(scopes), now)
    if identity.last_used_at is None or now - identity.last_used_at >= RECORD_USE_EVERY:
        await _record_use(context, now, identity, secret)


def read_bearer_token(connection: Connection) -> str:
    """The token in the `Authorization` header. Raises `TokenMissing` or `TokenMalformed`."""
    header = connection.headers.get("authorization")
    if header is None:
        raise TokenMissing
    scheme, _, secret = header.partition(" ")
    secret = secret.strip()
    if scheme.lower() != "bearer" or not is_well_formed(secret):
        raise TokenMalformed
    return secret


async def identify(connection: Connection, context: Context, secret: str) -> Identity:
    """Whose token it is. Raises the subclass of `Unauthenticated` that says why it is nobody's.

    Who has a token that this process does not know may be anybody, and waits with the anonymous. Raises
    `TooManyRequests` after so many failures from one address, and `TooBusy`.
    """
    client = client_of(connection.scope)
    is_known = context.known_tokens.find_hash(secret) is not None
    if not is_known:
        context.failure_budget.require(client, context.now())
    try:
        async with context.read_within(Bulkhead.AUTHENTICATION if is_known else Bulkhead.ANONYMOUS) as session:
            identity = await tokens.identify(session, context.now(), context.keys, secret)
    except Unauthenticated as error:
        context.refused.note_token(context.now(), error.code, error.token_id, error.owner, request_id(connection.scope))
        context.known_tokens.discard(secret)
        context.failure_budget.spend(client)
        raise
    if not is_known:
        context.known_tokens.add(secret)
    return identity


async def _record_use(context: Context, now: datetime, identity: Identity, secret: str) -> None:
    try:
        async with context.database.write() as session:
            await tokens.record_use(session, now, identity, context.keys.token_hashes(secret)[0])
    except CapacityError:
        # The call matters more than `last_used_at`.
        log.warning("token.use_unrecorded")


def provide_client(request: Request[Any, Any, Any]) -> Client:
    return client_of(request.scope)


def provide_identity(request: Request[Any, Any, Any]) -> Identity:
    identity: Identity = request.scope["auth"]
    return identity


def require_partner(identity: Identity) -> None:
    """Raise `Forbidden` unless the token is a partner's: not even an administrator speaks for one."""
    if identity.owner.type != "partner":
        raise Forbidden("Only a partner's token can do this")


def require_owner(context: Context, identity: Identity, slug: str) -> None:
    """Raise `NotOwner` unless the token belongs to the responder or to an administrator.

    `NotFound` would be read as "delisted", so it is only for one that is not listed.
    """
    if identity.is_admin or identity.owner.slug == slug:
        return
    if slug not in context.publisher.current().entries:
        raise NotFound(f"No responder {slug!r} is listed")
    raise NotOwner(f"The token does not belong to {slug!r}")
