"""`/v1/directory.csv`: the directory as a table."""

from litestar import Controller, Response, get
from litestar.di import NamedDependency, Provide

from capacity_api.api.directory import read_directory
from capacity_api.api.downloads import csv_download
from capacity_api.formats.csv import directory_table, file_name, row
from capacity_api.representations.directory import Directory


class DirectoryTableController(Controller):
    path = "/v1/directory.csv"
    tags = ("directory",)
    dependencies = {"directory": Provide(read_directory)}  # noqa: RUF012 - the framework reads it from the class

    @get(
        operation_id="readDirectoryTable",
        summary="Read the directory as a table",
        media_type="text/csv",
        of_snapshot=True,
    )
    async def table(self, directory: NamedDependency[Directory]) -> Response[bytes]:
        """The directory as CSV (RFC 4180, UTF-8 with a byte order mark, with a header row). One row for each responder.

        Several codes in one cell are separated by `|`. `unknown` means that the source does not say; an empty cell is
        null. A text that a spreadsheet would take for a formula begins with an apostrophe. A saved table goes out of
        date: after its `confirm_by`, a state in it is no longer confirmed.
        """
        name = file_name(demonstration=directory.demonstration)
        return csv_download(name, directory_table(map(row, directory.responders)))
