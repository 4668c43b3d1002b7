"""`/v1/me` and `/v1/tokens`: who may change what."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, UnsetType

from capacity_api.api.authorization import requires_token
from capacity_api.api.context import Context
from capacity_api.api.headers import created
from capacity_api.api.lists import Cursor, Limit
from capacity_api.api.people import OwnerKey, named_owner
from capacity_api.api.requests import UtcMoment
from capacity_api.domain.codes import code_limits
from capacity_api.domain.text import text_limits
from capacity_api.domain.tokens import Scope
from capacity_api.errors import FieldError, Invalid
from capacity_api.operations import tokens
from capacity_api.operations.paging import DEFAULT_LIMIT, Page
from capacity_api.operations.tokens import MAX_LABEL_LENGTH, MAX_OVERLAP_HOURS, Identity, IssuedToken, Token


class TokenRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose the token is, what it may do, and what it is called."""

    owner: OwnerKey
    scopes: Annotated[tuple[str, ...], code_limits(Scope, words=())] | None = None
    label: Annotated[str, text_limits(MAX_LABEL_LENGTH)] | None = None
    expires_at: UtcMoment | UnsetType | None = UNSET


class RotationRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For how many hours the old token stays valid beside the new one: 0 to 168."""

    overlap_hours: Annotated[int, msgspec.Meta(extra_json_schema={"minimum": 0, "maximum": MAX_OVERLAP_HOURS})] = 24


class TokenController(Controller):
    path = "/v1"
    tags = ("tokens",)

    @get("/me", operation_id="readMe", summary="Whose token is this?", **requires_token())
    async def me(self, identity: NamedDependency[Identity]) -> Identity:
        return identity

    @post("/tokens", operation_id="issueToken", summary="Issue a token", **requires_token(Scope.ADMIN))
    async def issue(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], data: JSONBody[TokenRequest]
    ) -> Response[IssuedToken]:
        """For a responder, a partner or an administrator. `token` is only in this response.

        It ends after a year unless `expires_at` says otherwise. 409 if the owner is suspended.
        """
        async with context.write(identity) as session:
            issued = await tokens.issue_token(
                session,
                context.now(),
                context.keys,
                await named_owner(session, identity, data.owner),
                label=data.label,
                scopes=parse_scopes(data.scopes),
                expires_at=data.expires_at,
            )
        return created(issued, f"/v1/tokens/{issued.id}")

    @get("/tokens", operation_id="listTokens", summary="List the tokens", **requires_token())
    async def list_tokens(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Token]:
        """The token that you use; for an administrator, all tokens. The tokens themselves are not in the list."""
        async with context.read(identity) as session:
            return await tokens.list_tokens(session, _only_token(identity), limit, cursor)

    @get("/tokens/{token_id:uuid}", operation_id="readToken", summary="Read what a token may do", **requires_token())
    async def read_token(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], token_id: FromPath[UUID]
    ) -> Token:
        """The token that you use; for an administrator, any. The token itself is not in the response."""
        async with context.read(identity) as session:
            return await tokens.read_token(session, token_id, _only_token(identity))

    @delete("/tokens/{token_id:uuid}", operation_id="revokeToken", summary="Revoke a token", **requires_token())
    async def revoke(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], token_id: FromPath[UUID]
    ) -> None:
        """It ends at once. A token may revoke itself, and an administrator any.

        That stops no webhook: its owner goes on receiving. To stop those too, suspend the owner.
        """
        async with context.write(identity) as session:
            await tokens.revoke_token(session, context.now(), token_id, _only_token(identity))

    @post("/tokens/{token_id:uuid}/rotate", operation_id="rotateToken", summary="Replace a token", **requires_token())
    async def rotate(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        token_id: FromPath[UUID],
        data: JSONBody[RotationRequest],
    ) -> Response[IssuedToken]:
        """Issue a new token with the same owner, label, scopes and lifetime: once, a second time is 409.

        The old one stays valid for `overlap_hours`. A token may rotate itself, and an administrator any.
        """
        async with context.write(identity) as session:
            issued = await tokens.rotate_token(
                session,
                context.now(),
                context.keys,
                token_id,
                _only_token(identity),
                data.overlap_hours,
            )
        return created(issued, f"/v1/tokens/{issued.id}")


def _only_token(identity: Identity) -> UUID | None:
    """The only token that the caller may see, rotate and revoke: its own. `None` for an administrator: any."""
    return None if identity.is_admin else identity.token_id


def parse_scopes(names: tuple[str, ...] | None) -> tuple[Scope, ...] | None:
    if names is None:
        return None
    allowed = ", ".join(Scope)
    if not names:
        raise Invalid("The scopes are not valid", (FieldError("/scopes", f"must name at least one of {allowed}"),))
    errors = tuple(
        FieldError(f"/scopes/{n}", f"must be one of {allowed}")
        for n, name in enumerate(names)
        if name not in set(Scope)
    )
    if errors:
        raise Invalid("The scopes are not valid", errors)
    return tuple(Scope(name) for name in names)
