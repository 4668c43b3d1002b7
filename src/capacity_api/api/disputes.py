"""`/v1/disputes`: "we rang and were told otherwise"."""

from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from capacity_api.api.authorization import require_partner, requires_token
from capacity_api.api.context import Context
from capacity_api.api.headers import created
from capacity_api.api.lists import Cursor, Limit
from capacity_api.domain.disputes import DisputeFinding
from capacity_api.domain.tokens import Scope
from capacity_api.operations import disputes
from capacity_api.operations.disputes import Dispute
from capacity_api.operations.paging import DEFAULT_LIMIT, Page
from capacity_api.operations.tokens import Identity


class DisputeRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    found: DisputeFinding


class DisputeController(Controller):
    path = "/v1"
    tags = ("disputes",)

    @post(
        "/responders/{slug:str}/disputes",
        operation_id="addDispute",
        summary="Say that you rang and were told otherwise",
        **requires_token(Scope.WEBHOOKS_MANAGE),
    )
    async def add_dispute(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        slug: FromPath[str],
        data: JSONBody[DisputeRequest],
    ) -> Response[Dispute]:
        """Tell the responder's people and the coordinators what you were told. A partner's token alone may do that.

        Nothing that the public sees changes: the responder's people are asked by mail whether their report is still
        true. At most one a day for each partner and responder: a second is 429 `too_many_disputes`.
        """
        require_partner(identity)
        async with context.write(identity) as session:
            dispute = await disputes.add_dispute(session, context.now(), identity.owner, slug, data.found)
        return created(dispute, f"/v1/disputes/{dispute.id}")

    @get("/disputes", operation_id="listDisputes", summary="List the disputes", **requires_token(Scope.ADMIN))
    async def list_disputes(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Dispute]:
        """The disputes of every partner, newest first."""
        async with context.read(identity) as session:
            return await disputes.list_disputes(session, limit, cursor)

    @get(
        "/disputes/{dispute_id:uuid}",
        operation_id="readDispute",
        summary="Read a dispute",
        **requires_token(Scope.WEBHOOKS_MANAGE),
    )
    async def read_dispute(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], dispute_id: FromPath[UUID]
    ) -> Dispute:
        """A partner reads its own, an administrator any."""
        async with context.read(identity) as session:
            return await disputes.read_dispute(session, dispute_id, None if identity.is_admin else identity.owner)
