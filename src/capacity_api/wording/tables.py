"""Tables: CSV (RFC 4180) in UTF-8 with a header row, that a spreadsheet opens without harm."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

CSV = "text/csv; charset=utf-8"
# A spreadsheet takes UTF-8 for another encoding unless the file begins with this mark.
BYTE_ORDER_MARK = "\ufeff".encode()
# A cell that begins with one of these is a formula to a spreadsheet, and anybody may have chosen a name. The last four
# are the first four in full width, which some spreadsheets take for the same.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# A spreadsheet that separates cells by semicolons or tabs begins a new one behind each, and at each end of a line.
_FORMULA_INSIDE = re.compile("([;\t\r\n][\\s\"'\u00a0\ufeff]*)(?=[=+@\uff1d\uff0b\uff0d\uff20-])")
# "9-5" would become a date, and "0800" lose its zero. A date of ours (ISO 8601) may become one.
_NUMBER_OR_DATE = re.compile(r"0\d+|(?!\d{4}-\d\d-\d\d$)\d+([.,:/-]\d+)+")
Cell = str | int | float | None


def line(cells: Sequence[Cell]) -> bytes:
    """One row, line end included; null is an empty cell.

    An apostrophe stands before a text that a spreadsheet could take for a formula, a number or a date.
    """
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow([_harmless(cell) for cell in cells])
    return text.getvalue().encode()


def table(header: Sequence[str], lines: Iterable[bytes]) -> bytes:
    """The whole file, of rows that `line` made."""
    return b"".join((BYTE_ORDER_MARK, line(header), *lines))


def _harmless(cell: Cell) -> Cell:
    if not isinstance(cell, str):
        return cell
    text = _FORMULA_INSIDE.sub(r"\1'", cell)
    # What stands before a formula and is not seen does not make it any less of one.
    is_formula = cell.lstrip(" \u00a0\ufeff").startswith(_FORMULA)
    return f"'{text}" if is_formula or _NUMBER_OR_DATE.fullmatch(cell.strip()) else text
