"""`/evidence`: what happened, as a page. It is read from the database, so no snapshot and no built file has it."""

from typing import Any

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from capacity_api.api.context import Context
from capacity_api.api.pages import respond_with
from capacity_api.edge.addresses import Client
from capacity_api.errors import Invalid, NotFound
from capacity_api.operations.statistics import read_evidence_start, read_statistics
from capacity_api.pages.evidence import Evidence
from capacity_api.pages.evidence_spans import Span, find_span, recent_span
from capacity_api.wording.language import ENGLISH

Reader = Request[Any, Any, Any]
Page = Response[bytes]


class EvidenceController(Controller):
    path = "/evidence"
    tags = ("statistics",)

    @get(operation_id="readEvidencePage", summary="What happened, as a page", media_type="text/html")
    async def recent(self, request: Reader, context: NamedDependency[Context], client: NamedDependency[Client]) -> Page:
        """The statistics of the last twelve months and this one, until the start of the present hour, in pictures.

        Beside each picture there is a table. Works without JavaScript.
        """
        return await _respond(request, context, client, ENGLISH.tag, recent_span(context.now()))

    @get(
        "/{period:str}",
        operation_id="readEvidencePageOfPeriod",
        summary="What happened in a year or a month, as a page",
        media_type="text/html",
    )
    async def of_period(
        self,
        request: Reader,
        context: NamedDependency[Context],
        client: NamedDependency[Client],
        period: FromPath[str],
    ) -> Page:
        """The address of a year or a month, to cite. Once it is over its numbers stay as they are.

        A restore from a backup may still change them. Refused before the first listing, and for a time to come.
        """
        return await _respond(request, context, client, ENGLISH.tag, find_span(period, None, context.now()))

    @get(
        "/{first:str}/{last:str}",
        operation_id="readEvidencePageOfDays",
        summary="What happened from one day to another, as a page",
        media_type="text/html",
    )
    async def of_days(
        self,
        request: Reader,
        context: NamedDependency[Context],
        client: NamedDependency[Client],
        first: FromPath[str],
        last: FromPath[str],
    ) -> Page:
        """The same for any days in UK time. Both days belong to it."""
        return await _respond(request, context, client, ENGLISH.tag, find_span(first, last, context.now()))


class TranslatedEvidenceController(Controller):
    """The same in the other languages, as every page."""

    path = "/{language:str}/evidence"
    include_in_schema = False

    @get()
    async def recent(
        self,
        request: Reader,
        context: NamedDependency[Context],
        client: NamedDependency[Client],
        language: FromPath[str],
    ) -> Page:
        return await _respond(request, context, client, _other(context, language), recent_span(context.now()))

    @get("/{period:str}")
    async def of_period(
        self,
        request: Reader,
        context: NamedDependency[Context],
        client: NamedDependency[Client],
        language: FromPath[str],
        period: FromPath[str],
    ) -> Page:
        return await _respond(
            request, context, client, _other(context, language), find_span(period, None, context.now())
        )

    @get("/{first:str}/{last:str}")
    async def of_days(
        self,
        request: Reader,
        context: NamedDependency[Context],
        client: NamedDependency[Client],
        language: FromPath[str],
        first: FromPath[str],
        last: FromPath[str],
    ) -> Page:
        return await _respond(
            request, context, client, _other(context, language), find_span(first, last, context.now())
        )


def _other(context: Context, tag: str) -> str:
    """The tag of a language other than English, whose pages have no tag in their paths."""
    if tag == ENGLISH.tag or not context.evidence_pages.has(tag):
        raise NotFound
    return tag


async def _respond(request: Reader, context: Context, client: Client, tag: str, span: Span) -> Page:
    now = context.now()

    async def read() -> Evidence:
        async with context.read_published(client) as session:
            begins = await read_evidence_start(session)
            if begins is not None and span.is_over and span.end <= begins:
                raise Invalid("This period was before the first listing, and nobody kept a record of it")
            statistics = await read_statistics(session, span.start, span.end, by_month=True, responders_by_month=False)
        return Evidence(span=span, read_at=now, begins=begins, statistics=statistics)

    return respond_with(request, await context.evidence_pages.find(tag, span, now, context.publisher, read))
