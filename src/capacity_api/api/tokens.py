"""`/v1/me`, `/v1/tokens`, `/v1/partners` and `/v1/audit`: who may change what, and who did."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.api.authorization import only_owner, requires_token
from capacity_api.api.context import Context
from capacity_api.api.headers import created
from capacity_api.api.lists import Cursor, Limit
from capacity_api.api.requests import UtcMoment
from capacity_api.domain.codes import code_limits
from capacity_api.domain.text import required_text, text_limits
from capacity_api.domain.tokens import Scope
from capacity_api.errors import FieldError, Invalid, NotFound
from capacity_api.operations import audit, tokens
from capacity_api.operations.audit import AuditEntry
from capacity_api.operations.paging import DEFAULT_LIMIT, Page
from capacity_api.operations.tokens import MAX_OVERLAP_HOURS, Identity, IssuedToken, Owner, Partner, Token


class NewToken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The owner of the token is exactly one of `responder` (a slug), `partner` (a name) and `admin` (true)."""

    responder: Annotated[str, text_limits(80, required=True)] | None = None
    partner: Annotated[str, text_limits(200, required=True)] | None = None
    admin: bool = False
    scopes: Annotated[tuple[str, ...], code_limits(Scope, words=())] | None = None
    expires_at: UtcMoment | None = None


class Rotation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For how many hours the old token stays valid beside the new one: 0 to 168."""

    overlap_hours: Annotated[int, msgspec.Meta(extra_json_schema={"minimum": 0, "maximum": MAX_OVERLAP_HOURS})] = 24


class NewPartner(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Annotated[str, text_limits(200, required=True)]


class TokenController(Controller):
    path = "/v1"
    tags = ("tokens",)

    @get("/me", operation_id="readMe", summary="Whose token is this?", **requires_token())
    async def me(self, identity: NamedDependency[Identity]) -> Identity:
        return identity

    @post("/tokens", operation_id="issueToken", summary="Issue a token", **requires_token(Scope.ADMIN))
    async def issue(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], data: JSONBody[NewToken]
    ) -> Response[IssuedToken]:
        """For a responder, a partner or an administrator. `token` is only in this response."""
        if sum((data.responder is not None, data.partner is not None, data.admin)) != 1:
            raise Invalid.at("", "must name one owner: responder, partner or admin")
        async with context.write() as session:
            issued = await tokens.issue_token(
                session,
                context.now(),
                context.keys,
                await _owner(session, data),
                scopes=_scopes(data.scopes),
                expires_at=data.expires_at,
                actor_token_id=identity.token_id,
            )
        return created(issued, f"/v1/tokens/{issued.id}")

    @get("/tokens", operation_id="listTokens", summary="List your tokens", **requires_token())
    async def list_tokens(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Token]:
        """Your own tokens; for an administrator, all tokens. The tokens themselves are not in the list."""
        async with context.read() as session:
            return await tokens.list_tokens(session, only_owner(identity), limit, cursor)

    @get("/tokens/{token_id:uuid}", operation_id="readToken", summary="Read what a token may do", **requires_token())
    async def read_token(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], token_id: FromPath[UUID]
    ) -> Token:
        """One of your own tokens; for an administrator, any. The token itself is not in the response."""
        async with context.read() as session:
            return await tokens.read_token(session, token_id, only_owner(identity))

    @delete("/tokens/{token_id:uuid}", operation_id="revokeToken", summary="Revoke a token", **requires_token())
    async def revoke(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], token_id: FromPath[UUID]
    ) -> None:
        """It ends at once. A token may revoke itself."""
        async with context.write() as session:
            await tokens.revoke_token(session, context.now(), token_id, only_owner(identity), identity.token_id)

    @post("/tokens/{token_id:uuid}/rotate", operation_id="rotateToken", summary="Replace a token", **requires_token())
    async def rotate(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        token_id: FromPath[UUID],
        data: JSONBody[Rotation],
    ) -> Response[IssuedToken]:
        """Issue a new token with the same owner and scopes. The old one stays valid for `overlap_hours`."""
        async with context.write() as session:
            issued = await tokens.rotate_token(
                session,
                context.now(),
                context.keys,
                token_id,
                only_owner(identity),
                data.overlap_hours,
                identity.token_id,
                caller_scopes=None if identity.is_admin else identity.scopes,
            )
        return created(issued, f"/v1/tokens/{issued.id}")

    @post("/partners", operation_id="addPartner", summary="Add a partner", **requires_token(Scope.ADMIN))
    async def add_partner(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], data: JSONBody[NewPartner]
    ) -> Response[Partner]:
        async with context.write() as session:
            partner = await tokens.add_partner(session, context.now(), data.name, identity.token_id)
        return created(partner, f"/v1/partners/{partner.id}")

    @get(
        "/partners/{partner_id:uuid}",
        operation_id="readPartner",
        summary="Read a partner",
        **requires_token(Scope.ADMIN),
    )
    async def read_partner(self, context: NamedDependency[Context], partner_id: FromPath[UUID]) -> Partner:
        async with context.read() as session:
            return await tokens.read_partner(session, partner_id)

    @get("/partners", operation_id="listPartners", summary="List the partners", **requires_token(Scope.ADMIN))
    async def list_partners(
        self, context: NamedDependency[Context], limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
    ) -> Page[Partner]:
        async with context.read() as session:
            return await tokens.list_partners(session, limit, cursor)

    @get("/audit", operation_id="readAudit", summary="Who changed what", **requires_token(Scope.ADMIN))
    async def read_audit(
        self, context: NamedDependency[Context], limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
    ) -> Page[AuditEntry]:
        """Newest first. The history and the events have the content of each change."""
        async with context.read() as session:
            return await audit.list_entries(session, limit, cursor)


async def _owner(session: AsyncSession, data: NewToken) -> Owner:
    """The owner that the body names. Raises `Invalid`, not `NotFound`: the path was found."""
    try:
        if data.responder is not None:
            return await tokens.responder_owner(session, required_text(data.responder, "/responder", 80))
        if data.partner is not None:
            return await tokens.partner_owner(session, required_text(data.partner, "/partner", 200))
    except NotFound as error:
        raise Invalid.at("/responder" if data.responder is not None else "/partner", error.detail) from None
    return Owner(type="admin")


def _scopes(names: tuple[str, ...] | None) -> tuple[Scope, ...] | None:
    if names is None:
        return None
    errors = tuple(
        FieldError(f"/scopes/{n}", f"must be one of {', '.join(Scope)}")
        for n, name in enumerate(names)
        if name not in set(Scope)
    )
    if errors or not names:
        raise Invalid("The scopes are not valid", errors or (FieldError("/scopes", "must name at least one"),))
    return tuple(Scope(name) for name in names)
