"""The directory as a table: every field, a row at a time, and nothing that a spreadsheet would run."""

import csv
import io
from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.strategies import texts, unhurried
from tests.snapshot.responders import NOON, OPEN, PAUSE, TARA, responder, responders

from capacity_api.domain.contact import Contact
from capacity_api.domain.intake import Circumstance, ExpectedResponse, Plan, Reason, Report, ReportedState, Unit
from capacity_api.domain.remit import AsPublished, Source
from capacity_api.formats.csv import HEADER, directory_table, row
from capacity_api.representations.responder import Responder
from capacity_api.wording import tables


def read(*shown: Responder) -> list[dict[str, str]]:
    """The rows as a program reads the file: `utf-8-sig` is UTF-8 with a byte order mark."""
    file = directory_table(row(each) for each in shown)
    return list(csv.DictReader(io.StringIO(file.decode("utf-8-sig"), newline=""), strict=True))


def test_every_field_stands_in_a_cell_of_its_own() -> None:
    report = Report(
        state=ReportedState.PAUSED,
        expected_response=ExpectedResponse(min=1, max=2, unit=Unit.WEEKS),
        reason=Reason.FUNDING,
        exceptions=(Circumstance.DETENTION, Circumstance.HOMELESSNESS),
        reopens_on=date(2026, 12, 1),
        note="Line one,\nline two",
    )
    planned = Plan(
        report=Report(state=ReportedState.WAITING_LIST, exceptions=(Circumstance.DETENTION,)),
        effective_from=NOON + timedelta(days=1),
        said_at=NOON,
        confirm_by=NOON,
    )
    remit = msgspec.structs.replace(
        TARA,
        areas=("S92000003", "W92000004"),
        existing_clients_only=True,
        note="A note",
        as_published=AsPublished(geography="Here", exploitation="This", demographic="These", limitation="That"),
        source=Source("A briefing", "2024"),
    )
    (found,) = read(
        responder(
            report,
            planned=planned,
            name='Ŵyn "and" sons',
            website="https://example.org/",
            contact=Contact(phone="0800 1", email="a@example.org", url="https://example.org/c", hours="9 to 5"),
            remit=remit,
        )
    )
    assert found == {
        "slug": "tara",
        "name": 'Ŵyn "and" sons',
        "state": "paused",
        "state_in_words": "Paused",
        "confirmed_at": "2026-11-21T12:00:00Z",
        "confirm_by": "2026-11-28T12:00:00Z",
        "expected_response_min": "1",
        "expected_response_max": "2",
        "expected_response_unit": "weeks",
        "expected_response_in_words": "1 to 2 weeks: expected, not guaranteed",
        "reason": "funding",
        "exceptions": "detention|homelessness",
        "reopens_on": "2026-12-01",
        "note": "Line one,\nline two",
        "changed_at": "2026-11-21T12:00:00Z",
        "reported_state": "paused",
        "capacity_status": "no-capacity",
        "planned_state": "waiting_list",
        "planned_effective_from": "2026-11-22T12:00:00Z",
        "planned_expected_response_min": "",
        "planned_expected_response_max": "",
        "planned_expected_response_unit": "",
        "planned_reason": "",
        "planned_exceptions": "detention",
        "planned_reopens_on": "",
        "planned_note": "",
        "website": "https://example.org/",
        "phone": "0800 1",
        "email": "a@example.org",
        "contact_url": "https://example.org/c",
        "hours": "9 to 5",
        "remit_in_words": "Adult women · sexual exploitation · Scotland and Wales · existing clients only",
        "areas": "S92000003|W92000004",
        "area_names": "Scotland|Wales",
        "exploitation_types": "sexual",
        "age_groups": "adult",
        "genders": "woman",
        "existing_clients_only": "true",
        "remit_note": "A note",
        "published_geography": "Here",
        "published_exploitation": "This",
        "published_demographic": "These",
        "published_limitation": "That",
        "source_title": "A briefing",
        "source_published": "2024",
        "id": "019e4500-0000-7000-8000-000000000010",
        "sequence": "42",
        "updated_at": "2026-11-21T12:00:00Z",
    }


def test_what_nobody_knows_is_neither_all_nor_empty() -> None:
    unknown, everything = (
        msgspec.structs.replace(TARA, exploitation_types=types, genders="all") for types in (None, "all")
    )
    first, second = read(responder(remit=unknown), responder(remit=everything))
    assert (first["exploitation_types"], second["exploitation_types"]) == ("unknown", "all")
    assert first["genders"] == "all"


def test_an_unconfirmed_responder_promises_nothing() -> None:
    never, open_now = read(responder(), responder(OPEN))
    assert (never["state"], never["state_in_words"], never["capacity_status"]) == ("unconfirmed", "Not confirmed", "")
    assert never["expected_response_in_words"] == never["confirm_by"] == ""
    assert open_now["expected_response_in_words"] == "no timeframe can be given"


def test_the_file_is_utf_8_that_a_spreadsheet_recognises() -> None:
    file = directory_table([row(responder(PAUSE, name="Ŵ"))])
    assert file.startswith(b"\xef\xbb\xbfslug,name,state,")
    assert "Ŵ".encode() in file
    assert file.endswith(b"\r\n")
    assert directory_table([]) == b"\xef\xbb\xbf" + ",".join(HEADER).encode() + b"\r\n"


@pytest.mark.parametrize(
    "cell", ["=1+1", "+44 808", "-1", "@sum", "\t=1", "\r=1", "\n=1", " =1", "\uff1d1", "\ufeff=1"]
)
def test_what_could_be_a_formula_begins_with_an_apostrophe(cell: str) -> None:
    (found,) = csv.reader(io.StringIO(tables.line([cell]).decode(), newline=""))
    assert found == [f"'{cell}"]


def test_what_is_no_formula_stays_as_it_is() -> None:
    assert tables.line(["a=1", "0800 1", "'", -1, None, 0.5]) == b"a=1,0800 1,',-1,,0.5\r\n"


@unhurried
@given(st.lists(texts.filter(lambda text: text.isprintable() or text in "\r\n"), min_size=1))
def test_a_row_can_be_read_back(cells: list[str]) -> None:
    cells = [cell for cell in cells if "\ud800" not in cell] or ["x"]
    (found,) = csv.reader(io.StringIO(tables.line(cells).decode(), newline=""), strict=True)
    assert [each.removeprefix("'") for each in found] == [each.removeprefix("'") for each in cells]


@unhurried
@given(st.lists(responders(), max_size=3))
def test_every_responder_is_one_row_with_every_cell(shown: list[Responder]) -> None:
    rows = read(*shown)
    assert [found["name"].removeprefix("'") for found in rows] == [each.name.removeprefix("'") for each in shown]
    for found in rows:
        assert tuple(found) == HEADER
        assert None not in found.values()
        assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in found.values())
