"""The starting register against Table 2 of the briefing (mid 2024), row by row and cell by cell."""

import json
from importlib import resources
from typing import Any

import msgspec
import pytest

from capacity_api.domain.codes import EVERYTHING, NOT_KNOWN
from capacity_api.domain.contact import Contact, ContactRequest, Phone, validate_contact
from capacity_api.domain.remit import Remit, validate_remit

ALL, SEXUAL, SERVITUDE = EVERYTHING, ("sexual",), ("domestic_servitude",)
UK, ENGLAND, WALES, SCOTLAND = ("K02000001",), ("E92000001",), ("W92000004",), ("S92000003",)
NORTHERN_IRELAND = ("N92000002",)
WEST_OF_ENGLAND = ("E47000009",)

# The five cells as printed; then our codes: areas, exploitation types, age groups, genders.
TABLE_2: dict[str, tuple[tuple[str, str, str, str, str | None], tuple[Any, Any, Any, Any]]] = {
    "barnardos": (
        ("Barnardo's", "England, Wales and Northern Ireland", "All", "Children", None),
        (ENGLAND + WALES + NORTHERN_IRELAND, ALL, ("child",), ALL),
    ),
    "bawso": (("BAWSO", "Wales", "All", "Adults", None), (WALES, ALL, ("adult",), ALL)),
    "belfast-and-lisburn-womens-aid": (
        ("Belfast and Lisburn Women's Aid", "Northern Ireland", "All", "Women", None),
        (NORTHERN_IRELAND, ALL, ("adult",), ("woman",)),
    ),
    "kalayaan": (("Kalayaan", "UK", "Domestic servitude", "Adults", None), (UK, SERVITUDE, ("adult",), ALL)),
    "medaille-trust": (("Medaille Trust", "England", "All", "Adults", None), (ENGLAND, ALL, ("adult",), ALL)),
    "migrant-help": (("Migrant Help", "UK", "All", "Adults", None), (UK, ALL, ("adult",), ALL)),
    "refugee-council": (
        ("Refugee Council", "England", "All", "Adults and children", "Existing clients"),
        (ENGLAND, ALL, ("adult", "child"), ALL),
    ),
    "nspcc": (("NSPCC", "UK", "Unknown", "Children", None), (UK, NOT_KNOWN, ("child",), ALL)),
    "new-pathways": (
        ("New Pathways", "Wales", "Sexual exploitation", "Adult and children", None),
        (WALES, SEXUAL, ("adult", "child"), ALL),
    ),
    "salvation-army": (("The Salvation Army", "UK", "All", "Adults", None), (UK, ALL, ("adult",), ALL)),
    "tara": (
        ("TARA", "Scotland", "Sexual exploitation", "Adult women", None),
        (SCOTLAND, SEXUAL, ("adult",), ("woman",)),
    ),
    "unseen": (("Unseen", "West of England", "All", "Adults", None), (WEST_OF_ENGLAND, ALL, ("adult",), ALL)),
    "youth-work-alliance": (
        ("Youth Work Alliance", "Northern Ireland", "All", "Children and young people", None),
        (NORTHERN_IRELAND, ALL, ("child", "young_person"), ALL),
    ),
}


def register() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(resources.files("capacity_api").joinpath("register.json").read_bytes())
    return rows


@pytest.fixture(params=register(), ids=lambda row: row["slug"])
def row(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.param
    return found


def test_the_register_has_the_rows_of_table_2_in_its_order() -> None:
    assert [row["slug"] for row in register()] == list(TABLE_2)


def test_the_words_are_those_of_the_table(row: dict[str, Any]) -> None:
    name, geography, exploitation, demographic, limitation = TABLE_2[row["slug"]][0]
    assert row["name"] == name
    assert row["remit"]["as_published"] == {
        "geography": geography,
        "exploitation": exploitation,
        "demographic": demographic,
        "limitation": limitation,
    }


def test_the_codes_say_what_the_words_say(row: dict[str, Any]) -> None:
    words, codes = TABLE_2[row["slug"]]
    remit = msgspec.convert(row["remit"], Remit)
    assert (remit.areas, remit.exploitation_types, remit.age_groups, remit.genders) == codes
    assert remit.existing_clients_only is (words[4] == "Existing clients")


def test_the_remit_is_already_in_the_standard_form(row: dict[str, Any]) -> None:
    remit = msgspec.convert(row["remit"], Remit)
    assert validate_remit(remit) == remit


def test_the_source_and_its_date_stand_beside_the_words(row: dict[str, Any]) -> None:
    assert row["remit"]["source"]["published"] == "2024"
    assert row["remit"]["source"]["title"].endswith("Table 2")


def test_only_a_contact_that_was_verified_is_given(row: dict[str, Any]) -> None:
    contact = validate_contact(msgspec.convert(row["contact"], ContactRequest))
    if row["slug"] == "salvation-army":
        hours = "Answered at all hours according to its own site"
        assert contact == Contact(phone=Phone("0800 808 3733", "+448008083733", None), hours=hours)
    else:
        assert contact == Contact()


def test_only_what_the_table_leaves_open_is_noted() -> None:
    notes = {row["slug"]: row["remit"]["note"] for row in register() if row["remit"]["note"]}
    assert notes.keys() == {"salvation-army", "unseen"}
    assert "combined authority" in notes["unseen"]
    assert "Scotland" in notes["salvation-army"]


def test_no_row_says_anything_about_intake(row: dict[str, Any]) -> None:
    assert row.keys() == {"slug", "name", "contact", "remit"}
