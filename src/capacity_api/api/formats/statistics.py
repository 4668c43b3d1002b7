"""`/v1/statistics.csv`: the statistics as a table."""

from litestar import Controller, Response, get
from litestar.di import NamedDependency

from capacity_api.api.context import Context
from capacity_api.api.downloads import csv_download
from capacity_api.api.spans import From, To
from capacity_api.api.statistics import By, read_requested_statistics
from capacity_api.edge.addresses import Client
from capacity_api.formats.statistics import FILE_NAME, statistics_table


class StatisticsTableController(Controller):
    path = "/v1/statistics.csv"
    tags = ("statistics",)

    @get(operation_id="readStatisticsTable", summary="Read the statistics as a table", media_type="text/csv")
    async def table(
        self,
        context: NamedDependency[Context],
        client: NamedDependency[Client],
        start: From = None,
        end: To = None,
        by: By = None,
    ) -> Response[bytes]:
        """The statistics as CSV (RFC 4180, UTF-8 with a byte order mark, with a header row).

        One row for each responder, then one for each nation, then one for each age group in each nation. `kind` says
        which it is: `responder`, `nation` or `group`. `code` is a responder's slug or a nation's code. With `by=month`
        the same rows follow for each month; `span` is `whole` or `month`. Columns that do not apply are empty. A text
        that a spreadsheet would take for a formula begins with an apostrophe.
        """
        statistics = await read_requested_statistics(context, client, start, end, by)
        return csv_download(FILE_NAME, statistics_table(statistics))
