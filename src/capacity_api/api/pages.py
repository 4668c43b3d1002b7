"""The pages and the OpenAPI document. The middleware answers these paths; this describes them."""

from litestar import Controller, Response, get
from litestar.di import NamedDependency

from capacity_api.api.context import Context


class PageController(Controller):
    tags = ("directory",)

    @get("/", operation_id="readPage", summary="The directory as a page", media_type="text/html")
    async def directory(self, context: NamedDependency[Context]) -> Response[bytes]:
        """Works without JavaScript, and loads nothing from other sites."""
        return _respond_from_snapshot(context, "/")

    @get("/update", operation_id="readUpdatePage", summary="A responder's own page", media_type="text/html")
    async def update(self, context: NamedDependency[Context]) -> Response[bytes]:
        """To change the state of a responder with its token. The page does not store the token."""
        return _respond_from_snapshot(context, "/update")

    @get("/manage", operation_id="readManagePage", summary="The coordinator's page", media_type="text/html")
    async def manage(self, context: NamedDependency[Context]) -> Response[bytes]:
        """To look after the directory with an administrator's token, and after webhooks with a partner's."""
        return _respond_from_snapshot(context, "/manage")

    @get("/coverage", operation_id="readCoveragePage", summary="The coverage as a picture", media_type="text/html")
    async def coverage(self, context: NamedDependency[Context]) -> Response[bytes]:
        """The counts of `/v1/coverage` for each area, with the gaps in words."""
        return _respond_from_snapshot(context, "/coverage")

    @get("/docs", operation_id="readReference", summary="This reference as a page", media_type="text/html")
    async def reference(self, context: NamedDependency[Context]) -> Response[bytes]:
        return _respond_from_snapshot(context, "/docs")

    @get("/openapi.json", operation_id="readOpenapi", summary="This document", media_type="application/json")
    async def document(self, context: NamedDependency[Context]) -> Response[bytes]:
        return _respond_from_snapshot(context, "/openapi.json")


def _respond_from_snapshot(context: Context, path: str) -> Response[bytes]:
    resource = context.publisher.current().find(path)
    assert resource is not None
    headers = {**dict(resource.headers), "content-type": resource.content_type}
    return Response(resource.body, status_code=resource.status, headers=headers)
