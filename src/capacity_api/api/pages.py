"""The pages and the OpenAPI document. The middleware answers them; these handlers are reached with a query, or when a
page cannot be built.
"""

from litestar import Controller, Response, get
from litestar.di import NamedDependency

from capacity_api.api.context import Context


class PageController(Controller):
    tags = ("directory",)

    @get("/", operation_id="readPage", summary="The directory as a page", media_type="text/html")
    async def directory(self, context: NamedDependency[Context]) -> Response[bytes]:
        """Complete without JavaScript; nothing in it comes from elsewhere."""
        return _respond_from_snapshot(context, "/")

    @get("/update", operation_id="readUpdatePage", summary="A responder's own page", media_type="text/html")
    async def update(self, context: NamedDependency[Context]) -> Response[bytes]:
        """For changing the state with a pasted token, which the page keeps nowhere."""
        return _respond_from_snapshot(context, "/update")

    @get("/coverage", operation_id="readCoveragePage", summary="The coverage as a picture", media_type="text/html")
    async def coverage(self, context: NamedDependency[Context]) -> Response[bytes]:
        """What `/v1/coverage` counts, place by place, with the gaps in words."""
        return _respond_from_snapshot(context, "/coverage")

    @get("/docs", operation_id="readReference", summary="This reference as a page", media_type="text/html")
    async def reference(self, context: NamedDependency[Context]) -> Response[bytes]:
        return _respond_from_snapshot(context, "/docs")

    @get("/openapi.json", operation_id="readOpenapi", summary="This document", media_type="application/json")
    async def document(self, context: NamedDependency[Context]) -> Response[bytes]:
        return _respond_from_snapshot(context, "/openapi.json")


def _respond_from_snapshot(context: Context, path: str) -> Response[bytes]:
    found = context.publisher.current().find(path)
    assert found is not None
    headers = {**dict(found.headers), "content-type": found.content_type}
    return Response(found.body, status_code=found.status, headers=headers)
