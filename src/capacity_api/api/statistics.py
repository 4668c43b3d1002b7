"""`/v1/statistics` of any span of time, and how promptly a responder confirms."""

from datetime import timedelta
from typing import Annotated, Literal

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from capacity_api.api.authorization import require_owner, requires_token
from capacity_api.api.context import Context
from capacity_api.api.spans import From, To, parse_start
from capacity_api.clock import parse_time
from capacity_api.domain.tokens import Scope
from capacity_api.edge.addresses import Client
from capacity_api.operations.promptness import Promptness, read_promptness
from capacity_api.operations.statistics import read_statistics
from capacity_api.operations.tokens import Identity
from capacity_api.representations.statistics import Statistics

By = Annotated[
    Literal["month"] | None,
    QueryParameter(name="by", description="`month` measures each month too, from midnight to midnight in the UK."),
]


class StatisticsController(Controller):
    path = "/v1"
    tags = ("statistics",)

    @get("/statistics", operation_id="readStatistics", summary="Read the statistics of any span of time")
    async def statistics(
        self,
        context: NamedDependency[Context],
        client: NamedDependency[Client],
        start: From = None,
        end: To = None,
        by: By = None,
    ) -> Statistics:
        """For each responder its time in each state; for each nation the time in which nobody was confirmed open.

        The same for each age group in each nation. From `from` up to, but not including, `to`, exact to the second. A
        span that ends in the future ends now. Responders are in the order of the directory, which is not a ranking.
        Each counts from when it was listed until it was delisted. From the second in which a report lapses, the state
        is unconfirmed; where more than 20 lapse at once, up to a minute later. `by=month` adds the same for each month.
        """
        return await read_requested_statistics(context, client, start, end, by)

    @get(
        "/responders/{slug:str}/promptness",
        operation_id="readPromptness",
        summary="Read how promptly you confirm",
        **requires_token(Scope.INTAKE_WRITE),
    )
    async def promptness(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        slug: FromPath[str],
        start: From = None,
        end: To = None,
    ) -> Promptness:
        """How often the responder reported and confirmed, and how often a report lapsed.

        Only for its own token or an administrator's. The public statistics do not have it.
        """
        require_owner(context, identity, slug)
        until = parse_time(end, "?to") if end is not None else context.now() + timedelta(seconds=1)
        async with context.read(identity) as session:
            return await read_promptness(session, slug, parse_start(start, until), until)


async def read_requested_statistics(
    context: Context, client: Client, start: str | None, end: str | None, by: Literal["month"] | None
) -> Statistics:
    """The statistics for the query parameters `from`, `to` and `by`. Raises `Invalid`."""
    now = context.now()
    until = min(parse_time(end, "?to"), now) if end is not None else now
    since = parse_start(start, until)
    async with context.read_published(client) as session:
        return await read_statistics(session, since, until, by_month=by is not None)
