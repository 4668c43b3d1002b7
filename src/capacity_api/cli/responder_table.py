"""A table of responders, as `responder import` takes it: CSV with a row for each, and codes or names in its cells.

Its columns have the names of `/v1/directory.csv`, so that a table that was downloaded can be changed and imported.
"""

import csv
import difflib
import io
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec

from capacity_api.domain.areas import AREAS, area_code
from capacity_api.domain.contact import details_of, validate_contact
from capacity_api.domain.remit import validate_remit
from capacity_api.errors import BadInput, FieldError, Invalid
from capacity_api.formats.csv import HEADER, SEPARATOR
from capacity_api.json import decode
from capacity_api.operations.responders import ResponderRequest

T = TypeVar("T")
# Each column, and where its value stands in a `ResponderRequest`.
COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "slug": ("slug",),
        "name": ("name",),
        "website": ("website",),
        "valid_for_hours": ("valid_for_hours",),
        "phone": ("contact", "phone"),
        "email": ("contact", "email"),
        "contact_url": ("contact", "url"),
        "hours": ("contact", "hours"),
        "all_hours": ("contact", "all_hours"),
        "languages": ("contact", "languages"),
        "interpreters": ("contact", "interpreters"),
        "contact_source": ("contact", "source", "name"),
        "contact_source_url": ("contact", "source", "url"),
        "contact_checked_on": ("contact", "source", "checked_on"),
        "areas": ("remit", "areas"),
        "exploitation_types": ("remit", "exploitation_types"),
        "age_groups": ("remit", "age_groups"),
        "genders": ("remit", "genders"),
        "existing_clients_only": ("remit", "existing_clients_only"),
        "remit_note": ("remit", "note"),
        "published_geography": ("remit", "as_published", "geography"),
        "published_exploitation": ("remit", "as_published", "exploitation"),
        "published_demographic": ("remit", "as_published", "demographic"),
        "published_limitation": ("remit", "as_published", "limitation"),
        "source_title": ("remit", "source", "title"),
        "source_published": ("remit", "source", "published"),
        "source_url": ("remit", "source", "url"),
    }
)
_SETS = frozenset({"languages", "areas", "exploitation_types", "age_groups", "genders"})
_REQUIRED = ("name", "areas", "exploitation_types", "age_groups")
_YES_OR_NO = MappingProxyType({"true": True, "yes": True, "false": False, "no": False})
# The columns of a contact know only "yes": "no" means that nobody knows.
_YES_OR_UNKNOWN = frozenset({"all_hours", "interpreters"})
_MAX_BYTES = 5_000_000
# What a spreadsheet may separate cells by.
_DELIMITERS = (",", ";", "\t")
# Before a text that a spreadsheet would take for a number or a formula, as our own tables have it.
_AS_TEXT = "'"


class Row(msgspec.Struct, frozen=True):
    """A row by its number as a spreadsheet counts it, and its cells that are not empty, by column."""

    number: int
    cells: dict[str, str]

    @property
    def slug(self) -> str:
        return self.cells.get("slug", "")


class Table(msgspec.Struct, frozen=True):
    """`ignored` are the columns of `/v1/directory.csv` that an import does not change, such as `state`."""

    rows: list[Row]
    ignored: list[str]


TEMPLATE_ROW = MappingProxyType(
    {
        "slug": "example-help",
        "name": "Example Help",
        "website": "https://example.org/",
        "valid_for_hours": "168",
        "phone": "'0800 808 3733",
        "areas": "Wales|West of England",
        "exploitation_types": "all",
        "age_groups": "adult",
        "genders": "woman|man",
        "existing_clients_only": "no",
    }
)


def template() -> str:
    """An empty table with one row to replace."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerow(TEMPLATE_ROW)
    return text.getvalue()


def read_table(name: str, content: bytes) -> Table:
    """The rows of the file `name`. Raises `Invalid` for what is no table, and for columns unknown or twice there."""
    if len(content) > _MAX_BYTES:
        raise Invalid(f"{name} is larger than {_MAX_BYTES} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid(f'{name} is not UTF-8; save it as "CSV UTF-8"') from None
    header = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=header.count)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise Invalid(f"{name} is not CSV: {error}") from None
    names = [name.strip() for name in lines[0]] if lines else []
    _check_columns(name, names)
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        cells = [_text(cell) for cell in line]
        if len(cells) > len(names) and any(cells[len(names) :]):
            raise Invalid(f"row {number} has {len(cells)} cells, and the header {len(names)}")
        found = {name: cell for name, cell in zip(names, cells, strict=False) if cell and name in COLUMNS}
        if any(cells):
            rows.append(Row(number, found))
    return Table(rows, [name for name in names if name and name not in COLUMNS])


def _check_columns(name: str, names: Sequence[str]) -> None:
    if "slug" not in names:
        raise Invalid(f"{name} has no column slug in its first row; `capacity-api responder import --template` has")
    unknown = [name for name in names if name and name not in COLUMNS and name not in HEADER]
    if unknown:
        raise Invalid(f"{name} has unknown columns: {', '.join(unknown)}; use {', '.join(COLUMNS)}")
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise Invalid(f"{name} has columns twice: {', '.join(twice)}")


def _text(cell: str) -> str:
    text = cell.strip()
    return text.removeprefix(_AS_TEXT) if text[1:2] in {*"=+-@0123456789"} else text


def build(row: Row, before: dict[str, Any]) -> ResponderRequest:
    """What the cells of a row say, upon what is listed `before`, in standard form.

    Raises `Invalid` with each fault; its pointers are columns.
    """
    faults: list[FieldError] = []
    document: dict[str, Any] = deepcopy(before)
    for column, cell in row.cells.items():
        *outer, last = COLUMNS[column]
        place = document
        for name in outer:
            if place.get(name) is None:
                place[name] = {}
            place = place[name]
        try:
            place[last] = _value(column, cell)
        except Invalid as error:
            faults += error.errors
    if not before:
        faults += [FieldError(column, "required") for column in _REQUIRED if column not in row.cells]
    new = None
    if not faults:
        try:
            new = decode(msgspec.json.encode(document), ResponderRequest)
        except BadInput as error:
            faults += by_column(error).errors
    if new is not None:
        contact, contact_faults = _attempt(lambda: details_of(validate_contact(new.contact)))
        remit, remit_faults = _attempt(lambda: validate_remit(new.remit))
        faults += contact_faults + remit_faults
        if contact is not None and remit is not None:
            return msgspec.structs.replace(new, contact=contact, remit=remit)
    raise Invalid("The row is not valid", tuple(faults))


def _attempt(check: Callable[[], T]) -> tuple[T | None, list[FieldError]]:
    """What a check returns, or its faults by column."""
    try:
        return check(), []
    except Invalid as error:
        return None, [*by_column(error).errors]


def _value(column: str, cell: str) -> Any:
    if column in _SETS:
        parts = [part.strip() for part in cell.replace(";", SEPARATOR).replace(",", SEPARATOR).split(SEPARATOR)]
        codes = [area_code(part) if column == "areas" else part for part in parts if part]
        unknown = [code for code in codes if column == "areas" and code not in AREAS]
        if unknown:
            names = [area.name for area in AREAS.values()]
            near = difflib.get_close_matches(unknown[0], names, 1)
            guess = f"; did you mean {near[0]}?" if near else f"; use {', '.join(names)}, or their codes"
            raise Invalid.at(column, f"unknown area {unknown[0]!r}{guess}")
        return codes
    if column == "existing_clients_only" or column in _YES_OR_UNKNOWN:
        value = _YES_OR_NO.get(cell.lower())
        if value is None:
            raise Invalid.at(column, f"must be yes or no, not {cell!r}")
        return value or (None if column in _YES_OR_UNKNOWN else False)
    if column == "valid_for_hours":
        if not (cell.isascii() and cell.isdigit()):
            raise Invalid.at(column, f"must be a whole number of hours, not {cell!r}")
        return int(cell)
    return cell


def by_column(error: BadInput) -> Invalid:
    """The same refusal, with columns in place of JSON pointers."""
    return Invalid(error.detail, tuple(FieldError(_column(each.pointer), each.detail) for each in error.errors))


def _column(pointer: str) -> str:
    """The column of a value, or of the first value of a document such as `/remit`."""
    parts = tuple(part for part in pointer.split("/") if part and not part.isdigit())
    return next((name for name, path in COLUMNS.items() if path[: len(parts)] == parts), pointer)
