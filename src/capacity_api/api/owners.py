"""`/v1/owners` and `/v1/partners`: who may have tokens and webhooks, and whose do not hold."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, UnsetType

from capacity_api.api.authorization import requires_token
from capacity_api.api.context import Context
from capacity_api.api.headers import created
from capacity_api.api.lists import Cursor, Limit
from capacity_api.domain.text import text_limits
from capacity_api.domain.tokens import Scope
from capacity_api.errors import NotFound
from capacity_api.operations import owners
from capacity_api.operations.owners import OwnerDetails, Partner
from capacity_api.operations.paging import DEFAULT_LIMIT, Page
from capacity_api.operations.tokens import Identity


class PartnerRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Annotated[str, text_limits(200, required=True)]


class OwnerPatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays as it is."""

    suspended: bool | UnsetType = UNSET


class OwnerController(Controller):
    path = "/v1"
    tags = ("owners",)

    @get("/owners", operation_id="listOwners", summary="List the owners", **requires_token(Scope.ADMIN))
    async def list_owners(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[OwnerDetails]:
        """Every responder, delisted ones included, every partner, and at the end the administrators."""
        async with context.read(identity) as session:
            return await owners.list_owners(session, context.now(), limit, cursor)

    @get("/owners/{owner_id:str}", operation_id="readOwner", summary="Read an owner", **requires_token(Scope.ADMIN))
    async def read_owner(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], owner_id: FromPath[str]
    ) -> OwnerDetails:
        async with context.read(identity) as session:
            return await owners.read_owner(session, context.now(), _parse_id(owner_id))

    @patch(
        "/owners/{owner_id:str}",
        operation_id="changeOwner",
        summary="Suspend or resume an owner",
        **requires_token(Scope.ADMIN),
    )
    async def change_owner(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        owner_id: FromPath[str],
        data: JSONBody[OwnerPatch],
    ) -> OwnerDetails:
        """While an owner is suspended, its tokens get 401 `owner_suspended` and nothing is sent to its webhooks.

        What a responder has published stays until it lapses, and an administrator may report for it. Delisting suspends
        a responder, and listing it again does not resume it. Resumed webhooks go on from their cursors. The
        administrators cannot be suspended, nor a delisted responder resumed: 409.
        """
        owner, now = _parse_id(owner_id), context.now()
        async with context.write(identity) as session:
            if data.suspended is True:
                await owners.suspend(session, now, owner)
            elif data.suspended is False:
                await owners.resume(session, now, owner)
            return await owners.read_owner(session, now, owner)

    @post("/partners", operation_id="addPartner", summary="Add a partner", **requires_token(Scope.ADMIN))
    async def add_partner(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], data: JSONBody[PartnerRequest]
    ) -> Response[Partner]:
        async with context.write(identity) as session:
            partner = await owners.add_partner(session, context.now(), data.name)
        return created(partner, f"/v1/partners/{partner.id}")

    @get(
        "/partners/{partner_id:uuid}",
        operation_id="readPartner",
        summary="Read a partner",
        **requires_token(Scope.ADMIN),
    )
    async def read_partner(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], partner_id: FromPath[UUID]
    ) -> Partner:
        async with context.read(identity) as session:
            return await owners.read_partner(session, partner_id)

    @get("/partners", operation_id="listPartners", summary="List the partners", **requires_token(Scope.ADMIN))
    async def list_partners(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Partner]:
        async with context.read(identity) as session:
            return await owners.list_partners(session, limit, cursor)

    @delete(
        "/partners/{partner_id:uuid}",
        operation_id="removePartner",
        summary="Remove a partner",
        **requires_token(Scope.ADMIN),
    )
    async def remove_partner(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], partner_id: FromPath[UUID]
    ) -> None:
        """Its tokens and webhooks go with it, at once. The audit keeps what it did."""
        async with context.write(identity) as session:
            await owners.remove_partner(session, context.now(), partner_id)


def _parse_id(text: str) -> UUID | None:
    """The id of an owner in a path; the administrators have none, and are `admin` there. Raises `NotFound`."""
    if text == "admin":
        return None
    try:
        return msgspec.convert(text, UUID)
    except msgspec.ValidationError:
        raise NotFound("There is no such owner") from None
