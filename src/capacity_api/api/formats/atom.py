"""`/v1/feed.atom`: the events in words."""

from litestar import Controller, Response, get
from litestar.di import NamedDependency

from capacity_api.api.context import Context
from capacity_api.formats.atom import ATOM, PATH


class FeedController(Controller):
    path = PATH
    tags = ("formats",)

    @get(operation_id="readFeed", summary="The events in words (Atom)", media_type="application/atom+xml")
    async def feed(self, context: NamedDependency[Context]) -> Response[bytes]:
        """An Atom feed (RFC 4287) of the newest 100 events, newest first, without `intake.confirmed`.

        An entry says what was true at its time, and never changes. `/v1/directory` says what is true now.
        """
        resource = context.publisher.current().find(PATH)
        assert resource is not None
        return Response(resource.body, headers={"content-type": ATOM})
