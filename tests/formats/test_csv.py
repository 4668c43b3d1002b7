"""The directory as a table: every field, a row at a time, and nothing that a spreadsheet would run."""

import csv
import io
from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.strategies import texts, unhurried
from tests.snapshot.responders import NOON, OPEN, PAUSE, TARA, responder, responders, shown

from capacity_api.domain.codes import EVERYTHING, NOT_KNOWN
from capacity_api.domain.contact import Contact, ContactRequest, ContactSource, Phone, validate_contact
from capacity_api.domain.intake import (
    Circumstance,
    ExpectedTime,
    Intake,
    Plan,
    Reason,
    Report,
    ReportedState,
    SaidBy,
    Unit,
    intake_at,
)
from capacity_api.domain.remit import AsPublished, Gender, Limit, Source
from capacity_api.formats.csv import HEADER, directory_table, row
from capacity_api.representations.responder import Responder
from capacity_api.wording import tables


def read(*responders: Responder) -> list[dict[str, str]]:
    """The rows as a program reads the file: `utf-8-sig` is UTF-8 with a byte order mark."""
    file = directory_table(row(each) for each in responders)
    return list(csv.DictReader(io.StringIO(file.decode("utf-8-sig"), newline=""), strict=True))


REPORT = Report(
    state=ReportedState.WAITING_LIST,
    expected_response=ExpectedTime(min=1, max=2, unit=Unit.WEEKS),
    expected_referral=ExpectedTime(max=3, unit=Unit.DAYS),
    limited_to=Limit(areas=("S92000003",), genders=(Gender.WOMAN,)),
    reason=Reason.FUNDING,
    exceptions=(Circumstance.HOMELESSNESS, Circumstance.DETENTION),
    reopens_on=date(2026, 12, 1),
    note="Line one,\nline two",
)
REPORT_CELLS = {
    "state": "waiting_list",
    "expected_response_min": "1",
    "expected_response_max": "2",
    "expected_response_unit": "weeks",
    "expected_referral_min": "0",
    "expected_referral_max": "3",
    "expected_referral_unit": "days",
    "no_timeframe": "false",
    "limited_to_areas": "S92000003",
    "limited_to_exploitation_types": "all",
    "limited_to_age_groups": "all",
    "limited_to_genders": "woman",
    "reason": "funding",
    "exceptions": "homelessness|detention",
    "reopens_on": "2026-12-01",
    "note": "Line one,\nline two",
}
PAUSE_CELLS = {**dict.fromkeys(REPORT_CELLS, ""), "state": "paused", "no_timeframe": "false"}


def prefixed(prefix: str, cells: dict[str, str]) -> dict[str, str]:
    return {f"{prefix}_{column}": cell for column, cell in cells.items()}


def test_every_field_stands_in_a_cell_of_its_own() -> None:
    planned = Plan(
        report=PAUSE,
        effective_from=NOON + timedelta(days=1),
        said_by=SaidBy.COORDINATOR,
        said_at=NOON,
        confirm_by=NOON,
    )
    remit = msgspec.structs.replace(
        TARA,
        areas=("S92000003", "W92000004"),
        genders=(Gender.WOMAN, Gender.NON_BINARY),
        existing_clients_only=True,
        note="A note",
        as_published=AsPublished(geography="Here", exploitation="This", demographic="These", limitation="That"),
        source=Source("A briefing", "2024", "https://example.org/briefing"),
    )
    (found,) = read(
        responder(
            REPORT,
            planned=planned,
            name='Ŵyn "and" sons',
            website="https://example.org/",
            contact=Contact(
                phone=Phone(text="0117 496 0000 ext 4", dial="+441174960000", extension="4"),
                email="a@example.org",
                url="https://example.org/c",
                hours="9 to 5",
                all_hours=True,
                languages=("vi", "sq"),
                interpreters=True,
                source=ContactSource(name="Its site", url="https://example.org/us", checked_on=date(2026, 11, 20)),
            ),
            remit=remit,
        )
    )
    assert found == {
        "slug": "tara",
        "name": 'Ŵyn "and" sons',
        "state": "waiting_list",
        "state_in_words": "Waiting list",
        "since": "2026-11-21T12:00:00Z",
        "said_by": "responder",
        "confirmed_at": "2026-11-21T12:00:00Z",
        "confirm_by": "2026-11-28T12:00:00Z",
        "response_in_words": "1 to 2 weeks: expected, not guaranteed",
        "limited_to_in_words": "Adult women · Scotland",
        "capacity_status": "waitlist",
        "planned_effective_from": "2026-11-22T12:00:00Z",
        "planned_said_by": "coordinator",
        "website": "https://example.org/",
        "phone": "0117 496 0000 ext 4",
        "phone_uri": "tel:+441174960000",
        "phone_extension": "4",
        "email": "a@example.org",
        "contact_url": "https://example.org/c",
        "hours": "9 to 5",
        "all_hours": "true",
        "languages": "vi|sq",
        "interpreters": "true",
        "contact_source": "Its site",
        "contact_source_url": "https://example.org/us",
        "contact_checked_on": "2026-11-20",
        "remit_in_words": (
            "Adult women and non-binary people · sexual exploitation · Scotland and Wales · existing clients only"
        ),
        "areas": "S92000003|W92000004",
        "area_names": "Scotland|Wales",
        "exploitation_types": "sexual",
        "age_groups": "adult",
        "genders": "woman|non_binary",
        "existing_clients_only": "true",
        "remit_note": "A note",
        "published_geography": "Here",
        "published_exploitation": "This",
        "published_demographic": "These",
        "published_limitation": "That",
        "source_title": "A briefing",
        "source_published": "2024",
        "source_url": "https://example.org/briefing",
        "id": "019e4500-0000-7000-8000-000000000010",
        "sequence": "42",
        "updated_at": "2026-11-21T12:00:00Z",
        **prefixed("reported", REPORT_CELLS),
        **prefixed("last", dict.fromkeys(REPORT_CELLS, "")),
        **prefixed("planned", PAUSE_CELLS),
    }


def test_a_report_that_lapsed_is_in_the_columns_of_the_last_report_alone() -> None:
    intake = Intake(report=REPORT, since=NOON, said_by=SaidBy.COORDINATOR, confirmed_at=NOON, confirm_by=NOON)
    (found,) = read(shown(intake=intake_at(intake, NOON)))
    assert (found["state"], found["said_by"], found["confirm_by"]) == (
        "unconfirmed",
        "coordinator",
        "2026-11-21T12:00:00Z",
    )
    assert found["response_in_words"] == found["limited_to_in_words"] == found["capacity_status"] == ""
    assert prefixed("last", REPORT_CELLS).items() <= found.items()
    assert prefixed("reported", dict.fromkeys(REPORT_CELLS, "")).items() <= found.items()


def test_every_field_of_a_report_has_a_column_after_each_prefix() -> None:
    names = {field.name for field in msgspec.structs.fields(Report)}
    for prefix in ("reported", "last", "planned"):
        columns = [column for column in HEADER if column.startswith(f"{prefix}_")]
        for name in names:
            assert any(column.startswith(f"{prefix}_{name}") for column in columns), name


def test_what_nobody_knows_is_neither_all_nor_empty() -> None:
    unknown, everything = (
        msgspec.structs.replace(TARA, exploitation_types=types, genders=EVERYTHING) for types in (NOT_KNOWN, EVERYTHING)
    )
    first, second = read(responder(remit=unknown), responder(remit=everything))
    assert (first["exploitation_types"], second["exploitation_types"]) == ("unknown", "all")
    assert first["genders"] == "all"


def test_an_unconfirmed_responder_promises_nothing_and_silence_is_no_statement() -> None:
    silent, unable = OPEN, msgspec.structs.replace(OPEN, no_timeframe=True)
    never, open_now, open_without = read(responder(), responder(silent), responder(unable))
    assert (never["state"], never["state_in_words"], never["capacity_status"]) == ("unconfirmed", "Not confirmed", "")
    assert never["response_in_words"] == never["confirm_by"] == never["said_by"] == never["since"] == ""
    assert (open_now["response_in_words"], open_now["reported_no_timeframe"]) == ("", "false")
    assert (open_without["response_in_words"], open_without["reported_no_timeframe"]) == (
        "cannot say how long a reply takes",
        "true",
    )


def test_the_file_is_utf_8_that_a_spreadsheet_recognises() -> None:
    file = directory_table([row(responder(PAUSE, name="Ŵ"))])
    assert file.startswith(b"\xef\xbb\xbfslug,name,state,")
    assert "Ŵ".encode() in file
    assert file.endswith(b"\r\n")
    assert directory_table([]) == b"\xef\xbb\xbf" + ",".join(HEADER).encode() + b"\r\n"


@pytest.mark.parametrize("cell", ["=1+1", "+44 808", "-1", "@sum", " =1", "\uff1d1", "\ufeff=1"])
def test_what_could_be_a_formula_begins_with_an_apostrophe(cell: str) -> None:
    (found,) = csv.reader(io.StringIO(tables.line([cell]).decode(), newline=""))
    assert found == [f"'{cell}"]


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("a;=1+1", "a;'=1+1"),
        ('a; "=1+1', "a; \"'=1+1"),
        ("a\n=1\n+2", "a\n'=1\n'+2"),
        ("a\t@sum", "a\t'@sum"),
        ("\t=1", "'\t'=1"),
        ("\n=1", "'\n'=1"),
        (";-1", ";'-1"),
        ("Mon;Tue", "Mon;Tue"),
    ],
)
def test_no_formula_stands_behind_what_separates_cells_elsewhere(cell: str, written: str) -> None:
    (found,) = csv.reader(io.StringIO(tables.line([cell]).decode(), newline=""))
    assert found == [written]
    for rows in (csv.reader(io.StringIO(tables.line([cell]).decode(), newline=""), delimiter=each) for each in ";\t"):
        assert not any(part.lstrip(' "').startswith(("=", "+", "-", "@")) for row in rows for part in row)


@pytest.mark.parametrize("cell", ["0800", "9-5", "01/02", "08008083733", "1.5", "10:30", "007"])
def test_what_would_become_a_number_or_a_date_begins_with_an_apostrophe(cell: str) -> None:
    assert tables.line([cell]) == f"'{cell}\r\n".encode()


def test_what_is_no_formula_stays_as_it_is() -> None:
    assert tables.line(["a=1", "0800 1", "'", -1, None, 0.5]) == b"a=1,0800 1,',-1,,0.5\r\n"
    assert tables.line(["2026-12-01", "Mon-Fri 9-5", "2024"]) == b"2026-12-01,Mon-Fri 9-5,2024\r\n"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("08008083733", "0800 808 3733"),
        ("+44 800 808 3733", "0800 808 3733"),
        ("0800 808 3733", "0800 808 3733"),
        ("+441174960000 ext 4", "0117 496 0000 x4"),
        ("116 123", "116 123"),
        ("+33 1 70 18 99 00", "'+33 1 70 18 99 00"),
        ("ask for Anna", "ask for Anna"),
    ],
)
def test_a_telephone_number_keeps_its_zero(written: str, shown: str) -> None:
    (found,) = read(responder(contact=validate_contact(ContactRequest(phone=written))))
    assert found["phone"] == shown


@unhurried
@given(st.lists(texts.filter(lambda text: text.isprintable() or text in "\r\n"), min_size=1))
def test_a_row_can_be_read_back(cells: list[str]) -> None:
    cells = [cell for cell in cells if "\ud800" not in cell] or ["x"]
    (found,) = csv.reader(io.StringIO(tables.line(cells).decode(), newline=""), strict=True)
    assert [each.replace("'", "") for each in found] == [each.replace("'", "") for each in cells]


@unhurried
@given(st.lists(responders(), max_size=3))
def test_every_responder_is_one_row_with_every_cell(everybody: list[Responder]) -> None:
    rows = read(*everybody)
    assert [found["name"].replace("'", "") for found in rows] == [each.name.replace("'", "") for each in everybody]
    for found in rows:
        assert tuple(found) == HEADER
        assert None not in found.values()
        assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in found.values())
