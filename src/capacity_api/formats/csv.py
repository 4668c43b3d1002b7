"""The directory as a table (CSV, RFC 4180): a row for each responder."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Any, get_args

import msgspec

from capacity_api.domain.contact import written_number
from capacity_api.domain.intake import Report
from capacity_api.domain.vocabulary import STATES
from capacity_api.formats.format import Format
from capacity_api.representations.responder import Responder
from capacity_api.snapshot.resource import PUBLIC_HEADERS, Resource
from capacity_api.snapshot.snapshot import Snapshot
from capacity_api.wording import tables
from capacity_api.wording.sentences import limit_in_words, remit_in_words, response_in_words

# Separates the codes in one cell: no code contains it, and no spreadsheet splits cells at it.
SEPARATOR = "|"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """The first columns by name. Columns in words repeat the codes beside them; null is an empty cell."""

    slug: str
    name: str
    state: str
    state_in_words: str
    since: str | None
    said_by: str | None
    confirmed_at: str | None
    confirm_by: str | None
    response_in_words: str | None
    limited_to_in_words: str | None
    capacity_status: str | None
    planned_effective_from: str | None
    planned_said_by: str | None
    website: str | None
    phone: str | None
    phone_uri: str | None
    phone_extension: str | None
    email: str | None
    contact_url: str | None
    hours: str | None
    all_hours: str | None
    languages: str
    interpreters: str | None
    contact_source: str | None
    contact_source_url: str | None
    contact_checked_on: str | None
    remit_in_words: str
    areas: str
    area_names: str
    exploitation_types: str
    age_groups: str
    genders: str
    existing_clients_only: str
    remit_note: str | None
    published_geography: str | None
    published_exploitation: str | None
    published_demographic: str | None
    published_limitation: str | None
    source_title: str | None
    source_published: str | None
    source_url: str | None
    id: str
    sequence: int
    updated_at: str


def _paths(struct: type[msgspec.Struct]) -> Iterator[tuple[str, ...]]:
    """The columns of a struct: one for each field, and one for each field of a struct inside it."""
    for field in msgspec.structs.fields(struct):
        inner = next((each for each in (field.type, *get_args(field.type)) if _is_struct(each)), None)
        if inner is None:
            yield (field.name,)
        else:
            yield from ((field.name, *path) for path in _paths(inner))


def _is_struct(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


_REPORT_PATHS = tuple(_paths(Report))
# The report that holds, the last one that lapsed, and the one that is planned. `state` is the effective state.
_REPORTS = ("reported", "last", "planned")
HEADER = (
    *Row.__struct_fields__,
    *("_".join((prefix, *path)) for prefix in _REPORTS for path in _REPORT_PATHS),
)


def directory_table(rows: Iterable[bytes]) -> bytes:
    """The whole file, from the rows of `row`."""
    return tables.table(HEADER, rows)


def file_name(*, demonstration: bool) -> str:
    """The name that browsers save it under. Nothing inside a saved table says that it is not real."""
    return "demonstration-directory.csv" if demonstration else "directory.csv"


def row(responder: Responder) -> bytes:
    """The row of one responder, line end included."""
    intake, remit, contact = responder.intake, responder.remit, responder.contact
    report, planned = intake.report, intake.planned
    published, source = remit.as_published, remit.source
    cells = Row(
        slug=responder.slug,
        name=responder.name,
        state=intake.state,
        state_in_words=STATES[intake.state].alone,
        since=_time(intake.since),
        said_by=intake.said_by,
        confirmed_at=_time(intake.confirmed_at),
        confirm_by=_time(intake.confirm_by),
        response_in_words=response_in_words(report) if report else None,
        limited_to_in_words=limit_in_words(remit, report.limited_to) if report and report.limited_to else None,
        capacity_status=intake.capacity_status,
        planned_effective_from=_time(planned.effective_from) if planned else None,
        planned_said_by=planned.said_by if planned else None,
        website=responder.website,
        phone=written_number(contact.phone) if contact.phone else None,
        phone_uri=f"tel:{contact.phone.dial}" if contact.phone and contact.phone.dial else None,
        phone_extension=contact.phone.extension if contact.phone else None,
        email=contact.email,
        contact_url=contact.url,
        hours=contact.hours,
        all_hours=_true(contact.all_hours),
        languages=SEPARATOR.join(contact.languages),
        interpreters=_true(contact.interpreters),
        contact_source=contact.source.name if contact.source else None,
        contact_source_url=contact.source.url if contact.source else None,
        contact_checked_on=contact.source.checked_on.isoformat() if contact.source else None,
        remit_in_words=remit_in_words(remit),
        areas=SEPARATOR.join(area.code for area in remit.areas),
        area_names=SEPARATOR.join(area.name for area in remit.areas),
        exploitation_types=SEPARATOR.join(remit.exploitation_types),
        age_groups=SEPARATOR.join(remit.age_groups),
        genders=SEPARATOR.join(remit.genders),
        existing_clients_only="true" if remit.existing_clients_only else "false",
        remit_note=remit.note,
        published_geography=published.geography if published else None,
        published_exploitation=published.exploitation if published else None,
        published_demographic=published.demographic if published else None,
        published_limitation=published.limitation if published else None,
        source_title=source.title if source else None,
        source_published=source.published if source else None,
        source_url=source.url if source else None,
        id=str(responder.id),
        sequence=responder.sequence,
        updated_at=_in_json(responder.updated_at),
    )
    reports = (report, intake.last_report, planned.report if planned else None)
    return tables.line([*msgspec.structs.astuple(cells), *(cell for each in reports for cell in _report_cells(each))])


def _report_cells(report: Report | None) -> Iterator[tables.Cell]:
    """The cells of `_REPORT_PATHS`, as in JSON."""
    document = msgspec.to_builtins(report)
    for path in _REPORT_PATHS:
        value = document
        for name in path:
            value = None if value is None else value[name]
        yield _cell(value)


def _cell(value: Any) -> tables.Cell:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return SEPARATOR.join(value)
    cell: tables.Cell = value
    return cell


def _true(value: bool | None) -> str | None:
    return "true" if value else None


def _time(at: datetime | None) -> str | None:
    return None if at is None else _in_json(at)


def _in_json(at: datetime) -> str:
    text: str = msgspec.to_builtins(at)
    return text


def _document(snapshot: Snapshot) -> Resource:
    rows = [entry.rendering("csv", None, partial(row, entry.responder)) for entry in snapshot.entries.values()]
    name = file_name(demonstration=snapshot.demonstration)
    headers = (*PUBLIC_HEADERS, ("content-disposition", f'attachment; filename="{name}"'))
    return Resource(directory_table(rows), tables.CSV, headers)


FORMAT = Format(name="csv", documents={"/v1/directory.csv": _document})
