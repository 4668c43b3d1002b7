"""`/v1/feed.atom`: what happened, in words."""

from litestar import Controller, Response, get
from litestar.di import NamedDependency

from capacity_api.api.context import Context
from capacity_api.formats.atom import ATOM, PATH


class FeedController(Controller):
    path = PATH
    tags = ("formats",)

    @get(operation_id="readFeed", summary="What happened, in words (Atom)", media_type="application/atom+xml")
    async def feed(self, context: NamedDependency[Context]) -> Response[bytes]:
        """An Atom feed (RFC 4287) of the newest hundred events, newest first, without `intake.confirmed`.

        An entry says what was reported at its time and never changes; `/v1/directory` has what holds now.
        """
        found = context.publisher.current().find(PATH)
        assert found is not None
        return Response(found.body, headers={"content-type": ATOM})
