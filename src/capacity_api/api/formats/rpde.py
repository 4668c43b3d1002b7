"""`/v1/changes`: the responders in order of their newest change, as Realtime Paged Data Exchange (RPDE) 1.1."""

from typing import Annotated, Any

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from capacity_api.api.address import base_url
from capacity_api.api.context import Context
from capacity_api.edge.addresses import Client
from capacity_api.formats.rpde import PATH, ChangedItem, ChangesPage, changes_page, deleted_item, updated_item
from capacity_api.operations.paging import MAX_LIMIT
from capacity_api.operations.responders import changed_between
from capacity_api.representations.responder import represent_responder


class ChangesFeedController(Controller):
    path = PATH
    tags = ("formats",)

    @get(operation_id="readChanges", summary="Follow the responders (RPDE)", of_snapshot=True)
    async def changes(
        self,
        context: NamedDependency[Context],
        client: NamedDependency[Client],
        request: Request[Any, Any, Any],
        after: Annotated[
            int,
            QueryParameter(name="afterChangeNumber", ge=0, le=2**53, description="A change number; 0 for all."),
        ] = 0,
        limit: Annotated[
            int | None,
            QueryParameter(ge=1, le=MAX_LIMIT, description=f"How many items at most; {MAX_LIMIT} by default."),
        ] = None,
    ) -> Response[ChangesPage]:
        """Realtime Paged Data Exchange 1.1: each responder once, in order of its newest change, oldest first.

        `state` is `deleted` for a responder that left the directory. Follow `next` from page to page. The page without
        items is the last for now, and its `next` is its own address. A number that no change has yet gets that page
        too, as the standard says; `/v1/events` refuses such a number.
        """
        published, now = context.publisher.current().sequence, context.now()
        items: list[ChangedItem] = []
        if after < published:
            async with context.read_anonymously(client) as session:
                # Nothing newer than the snapshot: the page is kept until the snapshot's next change by the clock, and a
                # newer report might lapse before.
                for record in await changed_between(session, after, published, limit or MAX_LIMIT):
                    if record.delisted_at is not None:
                        items.append(deleted_item(record.id, record.sequence))
                    else:
                        items.append(updated_item(represent_responder(record, now)))
        page = changes_page(
            items,
            after,
            base_url(context.settings, request) + PATH,
            limit,
            demonstration=context.settings.demonstration,
        )
        # Without a public URL the page names the host of this request, so it is for this reader alone.
        return Response(page, headers={"cache-control": "no-store"} if context.settings.public_url is None else None)
