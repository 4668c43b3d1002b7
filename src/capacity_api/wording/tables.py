"""Tables: CSV (RFC 4180) in UTF-8 with a header row, that a spreadsheet opens without harm."""

import csv
import io
from collections.abc import Iterable, Sequence

CSV = "text/csv; charset=utf-8"
# A spreadsheet takes UTF-8 for another encoding unless the file begins with this mark.
BYTE_ORDER_MARK = "\ufeff".encode()
# A cell that begins with one of these is a formula to a spreadsheet, and anybody may have chosen a name. The last four
# are the first four in full width, which some spreadsheets take for the same.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
Cell = str | int | float | None


def line(cells: Sequence[Cell]) -> bytes:
    """One row, line end included; null is an empty cell. A text that could be a formula begins with an apostrophe."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow([_harmless(cell) for cell in cells])
    return text.getvalue().encode()


def table(header: Sequence[str], lines: Iterable[bytes]) -> bytes:
    """The whole file, of rows that `line` made."""
    return b"".join((BYTE_ORDER_MARK, line(header), *lines))


def _harmless(cell: Cell) -> Cell:
    # What stands before a formula and is not seen does not make it any less of one.
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip(" \u00a0\ufeff").startswith(_FORMULA) else cell
