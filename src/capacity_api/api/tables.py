"""Answers as a table: CSV (RFC 4180) in UTF-8, with a header row, that a spreadsheet opens without harm."""

import csv
import io
from collections.abc import Iterable, Sequence

from litestar import Response

CSV = "text/csv; charset=utf-8"
# A cell that begins with one of these is a formula to a spreadsheet, and anybody may have chosen a name.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
Cell = str | int | float | None


def table(name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response[bytes]:
    """The table as an answer that browsers save as `name`; null is an empty cell."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return Response(
        text.getvalue().encode(),
        headers={"content-type": CSV, "content-disposition": f'attachment; filename="{name}"'},
    )


def _harmless(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
