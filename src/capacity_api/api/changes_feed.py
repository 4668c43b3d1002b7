"""`/v1/changes`: the responders in the order of their changes, as Realtime Paged Data Exchange (RPDE) 1.1."""

from typing import Annotated, Any

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from capacity_api import representations
from capacity_api.api import address
from capacity_api.api.context import Context
from capacity_api.operations import responders
from capacity_api.operations.paging import MOST
from capacity_api.publication import rpde
from capacity_api.publication.rpde import ChangesPage

_PATH = "/v1/changes"


class ChangesFeedController(Controller):
    path = _PATH
    tags = ("formats",)

    @get(operation_id="readChanges", summary="Follow the responders (RPDE)", of_tree=True)
    async def changes(
        self,
        context: NamedDependency[Context],
        request: Request[Any, Any, Any],
        after: Annotated[
            int,
            QueryParameter(name="afterChangeNumber", ge=0, le=2**53, description="A change number; 0 for all."),
        ] = 0,
        limit: Annotated[
            int | None, QueryParameter(ge=1, le=MOST, description=f"At most so many items; {MOST} unless said.")
        ] = None,
    ) -> Response[ChangesPage]:
        """Realtime Paged Data Exchange 1.1: each responder once, by the number of its newest change, oldest first.

        `state` is `deleted` for a responder that left the directory. Ask `next` again and again: the page without items
        is the last one for now, and its `next` is its own address. A number that nobody has given out yet has that page
        too, as the standard has it; `/v1/events` refuses such a number.
        """
        tree, now = context.publication.current(), context.now()
        items, published = [], tree.directory.sequence
        if after < published:
            async with context.read() as session:
                # What is newer than the tree could lapse before anything in it, and so before this page ends.
                for row in await responders.changed_next(session, after, published, limit or MOST):
                    if row.delisted_at is not None:
                        items.append(rpde.deleted(row.id, row.sequence))
                    else:
                        items.append(rpde.updated(representations.from_responder(row, now)))
        page = rpde.page(
            items,
            after,
            address.base(context.settings, request) + _PATH,
            limit,
            demonstration=context.settings.demonstration,
        )
        # Without the setting, the page is for whoever named this host alone.
        kept = "no-store" if context.settings.public_url is None else f"max-age={rpde.most_seconds(items)}"
        return Response(page, headers={"cache-control": kept})
