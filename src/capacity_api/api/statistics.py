"""`/v1/statistics`: the evidence, for any period, as JSON and as a table."""

from collections.abc import Iterator
from datetime import timedelta

import msgspec
from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from capacity_api.api.authorization import require_owner, token
from capacity_api.api.context import Context
from capacity_api.api.downloads import saved_as
from capacity_api.api.periods import From, To, start_of
from capacity_api.api.requests import moment
from capacity_api.domain.intake import State
from capacity_api.domain.tokens import Scope
from capacity_api.operations import promptness, statistics
from capacity_api.operations.promptness import Promptness
from capacity_api.operations.statistics import Statistics
from capacity_api.operations.tokens import Identity
from capacity_api.publication import tables
from capacity_api.publication.tables import Cell

_HEADER = (
    "from",
    "to",
    "kind",
    "code",
    "name",
    "listed_seconds",
    *(f"{state}_seconds" for state in State),
    *(f"{state}_share" for state in State),
    "pauses",
    "longest_pause_seconds",
    "nobody_open_seconds",
    "nobody_open_hours",
    "counted_seconds",
)


class StatisticsController(Controller):
    path = "/v1"
    tags = ("statistics",)

    @get("/statistics", operation_id="readStatistics", summary="Read what was, for any period")
    async def statistics(self, context: NamedDependency[Context], start: From = None, end: To = None) -> Statistics:
        """Per responder the time in each state and its pauses, per nation the time in which nobody was confirmed open.

        For [`from`, `to`), exact to the second; a period that reaches into the future ends now. Responders are in the
        order of the directory, which is no ranking; each counts from when it was listed until it was delisted. A
        report that lapsed counts as unconfirmed from that second on.
        """
        return await _statistics(context, start, end)

    @get(
        "/statistics.csv",
        operation_id="readStatisticsTable",
        summary="Read what was, as a table",
        media_type="text/csv",
    )
    async def table(self, context: NamedDependency[Context], start: From = None, end: To = None) -> Response[bytes]:
        """The same as CSV (RFC 4180, UTF-8 with a byte order mark, with a header row).

        A row per responder, then one per nation. `kind` says which; `code` is a responder's slug or a nation's code.
        What a kind does not have is empty. What a spreadsheet would take for a formula begins with an apostrophe.
        """
        lines = map(tables.line, _rows(await _statistics(context, start, end)))
        return saved_as("statistics.csv", tables.table(_HEADER, lines))

    @get(
        "/responders/{slug:str}/promptness",
        operation_id="readPromptness",
        summary="Read how promptly you confirm",
        **token(Scope.INTAKE_WRITE),
    )
    async def promptness(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        slug: FromPath[str],
        start: From = None,
        end: To = None,
    ) -> Promptness:
        """How often the responder reported and confirmed, and how often a report lapsed before it did.

        For its own token, or an administrator's; it is in no public statistics.
        """
        require_owner(identity, slug)
        until = moment(end, "?to") if end is not None else context.now() + timedelta(seconds=1)
        async with context.read() as session:
            return await promptness.over(session, slug, start_of(start, until), until)


async def _statistics(context: Context, start: str | None, end: str | None) -> Statistics:
    now = context.now()
    until = min(moment(end, "?to"), now) if end is not None else now
    since = start_of(start, until)
    async with context.read() as session:
        return await statistics.over(session, since, until)


def _rows(found: Statistics) -> Iterator[list[Cell]]:
    start, end = (msgspec.to_builtins(time) for time in (found.start, found.end))
    for each in found.responders:
        shares = msgspec.structs.astuple(each.shares) if each.shares is not None else (None,) * len(State)
        yield [
            *(start, end, "responder", each.slug, each.name, each.listed_seconds),
            *msgspec.structs.astuple(each.seconds),
            *shares,
            *(each.pauses, each.longest_pause_seconds, None, None, None),
        ]
    empty: list[Cell] = [None] * (3 + 2 * len(State))
    for nation in found.nations:
        yield [
            *(start, end, "nation", nation.code, nation.name),
            *empty,
            *(nation.nobody_open_seconds, nation.nobody_open_hours, nation.counted_seconds),
        ]
