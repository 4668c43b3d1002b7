"""The directory as a table (CSV, RFC 4180): a row for each responder."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import partial

import msgspec
from msgspec import UNSET

from capacity_api.domain.intake import State
from capacity_api.domain.vocabulary import STATES
from capacity_api.formats.format import Format
from capacity_api.representations.responder import Responder
from capacity_api.snapshot.resource import PUBLIC_HEADERS, Resource
from capacity_api.snapshot.snapshot import Snapshot
from capacity_api.wording import tables
from capacity_api.wording.sentences import expected_in_words, remit_in_words

# Separates the codes in one cell: no code contains it, and no spreadsheet splits cells at it.
SEPARATOR = "|"
# Not an empty cell: the source says nothing about it, which is different.
UNKNOWN = "unknown"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """The columns by name, in their order. Columns in words repeat the codes beside them; null is an empty cell."""

    slug: str
    name: str
    state: str
    state_in_words: str
    confirmed_at: str | None
    confirm_by: str | None
    expected_response_min: int | None
    expected_response_max: int | None
    expected_response_unit: str | None
    expected_response_in_words: str | None
    reason: str | None
    exceptions: str
    reopens_on: str | None
    note: str | None
    changed_at: str | None
    reported_state: str | None
    capacity_status: str | None
    planned_state: str | None
    planned_effective_from: str | None
    planned_expected_response_min: int | None
    planned_expected_response_max: int | None
    planned_expected_response_unit: str | None
    planned_reason: str | None
    planned_exceptions: str | None
    planned_reopens_on: str | None
    planned_note: str | None
    website: str | None
    phone: str | None
    email: str | None
    contact_url: str | None
    hours: str | None
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
    id: str
    sequence: int
    updated_at: str


HEADER = Row.__struct_fields__


def directory_table(rows: Iterable[bytes]) -> bytes:
    """The whole file, from the rows of `row`."""
    return tables.table(HEADER, rows)


def file_name(*, demonstration: bool) -> str:
    """The name that browsers save it under. Nothing inside a saved table says that it is not real."""
    return "demonstration-directory.csv" if demonstration else "directory.csv"


def row(responder: Responder) -> bytes:
    """The row of one responder, line end included."""
    intake, remit, contact = responder.intake, responder.remit, responder.contact
    expected, planned = intake.expected_response, intake.planned
    after = planned.expected_response if planned else None
    published, source = remit.as_published, remit.source
    cells = Row(
        slug=responder.slug,
        name=responder.name,
        state=intake.state,
        state_in_words=STATES[intake.state].alone,
        confirmed_at=_time(intake.confirmed_at),
        confirm_by=_time(intake.confirm_by),
        expected_response_min=expected.min if expected else None,
        expected_response_max=expected.max if expected else None,
        expected_response_unit=expected.unit if expected else None,
        # Claim nothing about an unconfirmed responder, not even that it can give no timeframe.
        expected_response_in_words=None if intake.state is State.UNCONFIRMED else expected_in_words(expected),
        reason=intake.reason,
        exceptions=_joined(intake.exceptions),
        reopens_on=_day(intake.reopens_on),
        note=intake.note,
        changed_at=_time(intake.changed_at),
        reported_state=intake.reported_state,
        capacity_status=None if intake.capacity_status is UNSET else intake.capacity_status,
        planned_state=planned.state if planned else None,
        planned_effective_from=_time(planned.effective_from) if planned else None,
        planned_expected_response_min=after.min if after else None,
        planned_expected_response_max=after.max if after else None,
        planned_expected_response_unit=after.unit if after else None,
        planned_reason=planned.reason if planned else None,
        planned_exceptions=_joined(planned.exceptions) if planned else None,
        planned_reopens_on=_day(planned.reopens_on) if planned else None,
        planned_note=planned.note if planned else None,
        website=responder.website,
        phone=contact.phone,
        email=contact.email,
        contact_url=contact.url,
        hours=contact.hours,
        remit_in_words=remit_in_words(remit),
        areas=_joined([area.code for area in remit.areas]),
        area_names=_joined([area.name for area in remit.areas]),
        exploitation_types=UNKNOWN if remit.exploitation_types is None else _joined(remit.exploitation_types),
        age_groups=_joined(remit.age_groups),
        genders=_joined(remit.genders),
        existing_clients_only="true" if remit.existing_clients_only else "false",
        remit_note=remit.note,
        published_geography=published.geography if published else None,
        published_exploitation=published.exploitation if published else None,
        published_demographic=published.demographic if published else None,
        published_limitation=published.limitation if published else None,
        source_title=source.title if source else None,
        source_published=source.published if source else None,
        id=str(responder.id),
        sequence=responder.sequence,
        updated_at=_in_json(responder.updated_at),
    )
    return tables.line(msgspec.structs.astuple(cells))


def _joined(codes: Sequence[str]) -> str:
    """Several codes in one cell; "all" stays as it is."""
    return codes if isinstance(codes, str) else SEPARATOR.join(codes)


def _time(at: datetime | None) -> str | None:
    return None if at is None else _in_json(at)


def _in_json(at: datetime) -> str:
    text: str = msgspec.to_builtins(at)
    return text


def _day(on: date | None) -> str | None:
    return None if on is None else on.isoformat()


def _document(snapshot: Snapshot) -> Resource:
    rows = [entry.rendering("csv", None, partial(row, entry.responder)) for entry in snapshot.entries.values()]
    name = file_name(demonstration=snapshot.demonstration)
    headers = (*PUBLIC_HEADERS, ("content-disposition", f'attachment; filename="{name}"'))
    return Resource(directory_table(rows), tables.CSV, headers)


FORMAT = Format(name="csv", documents={"/v1/directory.csv": _document})
