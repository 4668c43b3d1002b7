"""The pages and the OpenAPI document. The middleware answers these paths; this describes them."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.params import FromPath

from capacity_api.api.context import Context
from capacity_api.edge.addresses import Client
from capacity_api.errors import NotFound
from capacity_api.publication.addresses import FORM_PATH
from capacity_api.publication.answer import answer_with
from capacity_api.snapshot.resource import Resource

_FORM = "application/x-www-form-urlencoded"


class PageController(Controller):
    tags = ("directory",)

    @get("/", operation_id="readPage", summary="The directory as a page", media_type="text/html")
    async def directory(self, context: NamedDependency[Context]) -> Response[bytes]:
        """Works without JavaScript, and loads nothing from other sites."""
        return _respond_from_snapshot(context, "/")

    @post(
        "/",
        operation_id="askByForm",
        summary="Who can take this person now, as a page",
        media_type="text/html",
        status_code=200,
        hides_error_message=True,
        reads_form=True,
    )
    async def answer(
        self, context: NamedDependency[Context], client: NamedDependency[Client], request: Request[Any, Any, Any]
    ) -> Response[bytes]:
        """For browsers without JavaScript: the page's form, answered as by `/v1/matches`, in the same page.

        It changes nothing, so that `Origin` is not looked at, which browsers send as "null" from these pages. A form
        from another site is refused by `Sec-Fetch-Site`, where a browser sends that. A fault is a page that says in
        words what is wrong. The question is not stored, logged or counted. An answer
        has the budget of queries of the database: with a thousand responders it costs as much.
        """
        context.spend_query(client)
        snapshot = context.publisher.current()
        build = snapshot.catalogue.form_pages[str(request.scope.get(FORM_PATH, "/"))]
        body, refusal = await _read_form(request)
        # With many charities this takes long, and everybody else would wait.
        page = await context.compute(lambda: build(snapshot, body, refusal))
        return respond_with(request, page)

    @get("/update", operation_id="readUpdatePage", summary="A responder's own page", media_type="text/html")
    async def update(self, context: NamedDependency[Context]) -> Response[bytes]:
        """To change the state of a responder with its token. The page does not store the token."""
        return _respond_from_snapshot(context, "/update")

    @get("/manage", operation_id="readManagePage", summary="The coordinator's page", media_type="text/html")
    async def manage(self, context: NamedDependency[Context]) -> Response[bytes]:
        """To look after the directory with an administrator's token, and after webhooks with a partner's."""
        return _respond_from_snapshot(context, "/manage")

    @get("/coverage", operation_id="readCoveragePage", summary="Who is covered, as a page", media_type="text/html")
    async def coverage(self, context: NamedDependency[Context]) -> Response[bytes]:
        """The gaps of `/v1/coverage` in words, and its cells as a table for each place."""
        return _respond_from_snapshot(context, "/coverage")

    @get("/r/{slug:str}", operation_id="readResponderPage", summary="One responder as a page", media_type="text/html")
    async def responder(self, context: NamedDependency[Context], slug: FromPath[str]) -> Response[bytes]:
        """What the responder says, its history in words and as a picture. To link, to send and to print."""
        return _respond_from_snapshot(context, f"/r/{slug}")

    @get("/about", operation_id="readAboutPage", summary="Who runs the directory", media_type="text/html")
    async def about(self, context: NamedDependency[Context]) -> Response[bytes]:
        """How a charity is listed and leaves, complaints, privacy, accessibility and licences."""
        return _respond_from_snapshot(context, "/about")

    @get("/wall-sheet", operation_id="readWallSheet", summary="A sheet for the wall", media_type="text/html")
    async def wall_sheet(self, context: NamedDependency[Context]) -> Response[bytes]:
        """To print: the helpline and where to look. It never says who is open."""
        return _respond_from_snapshot(context, "/wall-sheet")

    @get("/docs", operation_id="readReference", summary="This reference as a page", media_type="text/html")
    async def reference(self, context: NamedDependency[Context]) -> Response[bytes]:
        return _respond_from_snapshot(context, "/docs")

    @get("/openapi.json", operation_id="readOpenapi", summary="This document", media_type="application/json")
    async def document(self, context: NamedDependency[Context]) -> Response[bytes]:
        return _respond_from_snapshot(context, "/openapi.json")


def _respond_from_snapshot(context: Context, path: str) -> Response[bytes]:
    resource = context.publisher.current().find(path)
    if resource is None:
        raise NotFound
    headers = {**dict(resource.headers), "content-type": resource.content_type}
    return Response(resource.body, status_code=resource.status, headers=headers)


def respond_with(request: Request[Any, Any, Any], page: Resource) -> Response[bytes]:
    """A page that was built for this request, in the content coding that its reader prefers."""
    # Several lines of one header are one list (RFC 9110 §5.3).
    codings = ",".join(request.headers.getall("accept-encoding", [])).encode("latin-1")
    answer = answer_with(page, codings, if_none_match=b"")
    # Nobody may store the page, so nobody asks whether it has changed.
    headers = {name.decode(): value.decode() for name, value in answer.headers if name != b"etag"}
    return Response(answer.body, status_code=answer.status, headers=headers)


async def _read_form(request: Request[Any, Any, Any]) -> tuple[bytes, str | None]:
    """What was sent, or the code of the fault for which it is not read."""
    if request.headers.get("sec-fetch-site", "").strip().lower() == "cross-site":
        return b"", "other_site"
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        return b"", "no_form"
    try:
        return await request.body(), None
    except HTTPException as error:
        return b"", "too_long" if error.status_code == 413 else "unreadable"
