"""`/v1/links` and `/v1/handovers`: links that work once. Their secrets are in bodies alone, which nobody logs."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from capacity_api.api.authorization import requires_editor, requires_token
from capacity_api.api.context import Context
from capacity_api.api.lists import Cursor, Limit
from capacity_api.api.matches import NOT_STORED
from capacity_api.api.people import OwnerKey, named_owner, only_owner
from capacity_api.api.tokens import parse_scopes
from capacity_api.domain.codes import code_limits
from capacity_api.domain.links import link_address, parse_link
from capacity_api.domain.text import required_text, text_limits
from capacity_api.domain.tokens import Scope
from capacity_api.edge.addresses import Client
from capacity_api.errors import LinkExpired, LinkSuperseded, LinkUsed, NotFound, ReportRestored
from capacity_api.operations import link_use, links
from capacity_api.operations.handovers import add_handover
from capacity_api.operations.link_use import LinkToken
from capacity_api.operations.links import Link, OpenLink, StoredLink
from capacity_api.operations.paging import DEFAULT_LIMIT, Page
from capacity_api.operations.people import Person
from capacity_api.operations.tokens import MAX_LABEL_LENGTH, Identity
from capacity_api.representations.responder import Responder
from capacity_api.secrecy import repr_without

_MAX_LINK_LENGTH = 2000


class LinkRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A link, or the whole address that ends with it."""

    __repr__ = repr_without("link")

    link: Annotated[str, text_limits(_MAX_LINK_LENGTH, required=True)]

    @property
    def secret(self) -> str | None:
        return parse_link(required_text(self.link, "/link", _MAX_LINK_LENGTH))


class HandoverRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The token that the link will bring: whose it is, what it may do, and what it is called."""

    owner: OwnerKey
    scopes: Annotated[tuple[str, ...], code_limits(Scope, words=())] | None = None
    label: Annotated[str, text_limits(MAX_LABEL_LENGTH)] | None = None


class Handover(msgspec.Struct, frozen=True, kw_only=True):
    """The link, which is shown this once."""

    __repr__ = repr_without("link")

    link: str
    expires_at: datetime


class LinkController(Controller):
    path = "/v1"
    tags = ("people",)
    opt = {"hides_error_message": True}  # noqa: RUF012 - the framework's way

    @get("/links", operation_id="listLinks", summary="List the open invitations and handovers", **requires_editor())
    async def list_links(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[OpenLink]:
        """Who will come in by a link that can still be used: the invitations of the token's owner.

        For an administrator, the invitations and handovers of every owner. Their secrets are in no answer.
        """
        async with context.read(identity) as session:
            return await links.list_links(session, context.now(), context.keys, only_owner(identity), limit, cursor)

    @delete("/links/{link_id:uuid}", operation_id="withdrawLink", summary="Withdraw a link", **requires_editor())
    async def withdraw(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], link_id: FromPath[UUID]
    ) -> None:
        """End an invitation or handover of the list at once. Mail of it that waits is not sent.

        404 also for one that was used or has ended.
        """
        async with context.write(identity) as session:
            await links.withdraw_link(session, context.now(), link_id, only_owner(identity))

    @post("/links/look", operation_id="lookAtLink", summary="What would this link do?", status_code=200)
    async def look(
        self, context: NamedDependency[Context], client: NamedDependency[Client], data: JSONBody[LinkRequest]
    ) -> Response[Link]:
        """What a link does and whether it can be used. Nothing changes. 404 if it is not known."""
        found = await _find(context, client, data.secret)
        return Response(found.represent(context.now()), headers=NOT_STORED)

    @post("/links/use", operation_id="useLink", summary="Use a link", status_code=200)
    async def use(
        self, context: NamedDependency[Context], client: NamedDependency[Client], data: JSONBody[LinkRequest]
    ) -> Response[LinkToken | Responder | Person]:
        """Do what the link is for. It works once.

        Signing in and a handover answer with a token, "still true" with the responder, an invitation with the person.
        410 `link_used` or `link_expired`; 409 `link_superseded` if a newer report stands; 404 if it is not known.
        """
        found = await _find(context, client, data.secret)
        try:
            found.require_usable(context.now())
            async with context.write_by_link() as session:
                result = await link_use.use_link(session, context.now(), context.keys, data.secret)
        except (LinkUsed, LinkExpired, LinkSuperseded, ReportRestored) as error:
            row = found.row
            context.refused.note_link(context.now(), error.code, row.id, found.kind, found.owner.key, row.person_id)
            raise
        return Response(result, headers=NOT_STORED)

    @post("/handovers", operation_id="addHandover", summary="Hand over a token", **requires_token(Scope.ADMIN))
    async def add_handover(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], data: JSONBody[HandoverRequest]
    ) -> Response[Handover]:
        """Make a link that issues a token to the first person who uses it, within 24 hours.

        The token is made then, and ends a year later. `link` is only in this response. Without a public URL
        (`CAPACITY_PUBLIC_URL`) it begins with the path.
        """
        async with context.write(identity) as session:
            owner = await named_owner(session, identity, data.owner)
            new = await add_handover(
                session,
                context.now(),
                context.keys,
                owner,
                scopes=parse_scopes(data.scopes),
                label=data.label,
            )
        address = link_address(context.settings.public_url or "", owner.type, new.secret)
        return Response(Handover(link=address, expires_at=new.expires_at), status_code=201)


async def _find(context: Context, client: Client, secret: str | None) -> StoredLink:
    """The link that an anonymous caller holds. Raises `NotFound`, and `TooManyRequests` after too many of those."""
    context.failure_budget.require(client, context.now())
    try:
        async with context.read_anonymously(client) as session:
            return await links.find_link(session, context.keys, secret)
    except NotFound:
        context.failure_budget.spend(client)
        raise
