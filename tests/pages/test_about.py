"""`/about` and the sheet for a wall: what they say by the settings, and what they must never say."""

import re

import pytest
import segno
from tests.pages.directories import register
from tests.pages.parsed import Parsed

from capacity_api.pages.about import about_page, wall_sheet_page
from capacity_api.pages.rendering import PageSettings
from capacity_api.wording.language import ENGLISH, Language

NAMED = PageSettings(
    operator="Example Network & Co, 1 Example Street",
    contact="corrections@example.org",
    public_url="https://capacity.example.org/first-responders",
)
UNNAMED = PageSettings()
# Draws a row of a QR code: "m1 0h7" moves, then draws seven modules.
STROKE = re.compile(r"([mM])\s*(-?[\d.]+)\s*(-?[\d.]+)|h(\d+)")


def about(settings: PageSettings, language: Language = ENGLISH) -> Parsed:
    return Parsed(about_page(language, settings).body)


def sheet(settings: PageSettings, language: Language = ENGLISH) -> Parsed:
    return Parsed(wall_sheet_page(language, settings).body)


def drawn_modules(page: Parsed) -> set[tuple[int, int]]:
    """The dark modules of the QR code on a page, by row and column, margin included."""
    dark = set()
    row, column = 0.0, 0.0
    drawn = [attributes["d"] for tag, attributes in page.elements if tag == "path" and "stroke" in attributes]
    for stroke in STROKE.finditer(drawn[0] or ""):
        if stroke[1]:
            is_relative = stroke[1] == "m"
            column = float(stroke[2]) + column * is_relative
            row = float(stroke[3]) + row * is_relative
        else:
            width = int(stroke[4])
            dark |= {(int(row), int(column) + step) for step in range(width)}
            column += width
    return dark


def test_it_names_who_runs_the_directory_and_how_to_reach_them() -> None:
    page = about(NAMED)
    assert "This directory is run by Example Network & Co, 1 Example Street." in page.text
    assert {each["href"] for each in page.links()} >= {"mailto:corrections@example.org"}


def test_it_says_plainly_that_nobody_is_named() -> None:
    text = about(UNNAMED).text
    assert "This copy of the directory does not say who runs it." in text
    assert "This copy does not say how to reach the people who run it." in text
    assert "run by" not in text


@pytest.mark.parametrize("settings", [NAMED, UNNAMED, PageSettings(is_static=True)])
def test_each_section_can_be_linked_to_and_is_in_the_contents(settings: PageSettings) -> None:
    page = about(settings)
    sections = [attributes["id"] for tag, attributes in page.elements if tag == "section"]
    assert sections == ["directory", "operator", "listing", "complaints", "privacy", "accessibility", "licences"]
    assert [each["href"] for each in page.links() if (each["href"] or "").startswith("#")] == [
        f"#{each}" for each in sections
    ]


def test_files_say_nothing_of_what_only_a_service_has() -> None:
    page = about(PageSettings(is_static=True))
    for word in ("sign in", "signed in", "invitation", "password", "For charities", "sent to us"):
        assert word not in page.text
    assert "/update" not in {each["href"] for each in page.links()}
    assert "sign in on the page For charities" in about(NAMED).text


def test_the_statements_that_law_and_honesty_ask_for_are_there() -> None:
    text = about(NAMED).text
    for sentence in (
        "It is not the government, and not part of the Home Office.",
        "We set no cookies, and we keep nothing on your device.",
        "Without JavaScript, what you choose is sent to us to find charities. We do not keep it.",
        "You can also complain to the Information Commissioner’s Office (ICO)",
        "Nobody has tested them with a screen reader, voice control or other assistive technology.",
        "What we quote from official lists and reports belongs to its source.",
    ):
        assert sentence in text


def test_the_qr_code_of_the_sheet_is_the_address_of_the_directory(invented_language: Language) -> None:
    for language, address in (
        (ENGLISH, "https://capacity.example.org/first-responders/"),
        (invented_language, f"https://capacity.example.org/first-responders/{invented_language.tag}/"),
    ):
        page = sheet(NAMED, language)
        code = segno.make(address, micro=False, error="m")
        expected = {(y, x) for y, line in enumerate(code.matrix_iter(border=4)) for x, dark in enumerate(line) if dark}
        assert drawn_modules(page) == expected
        assert address.removeprefix("https://").rstrip("/") in page.text


def test_a_sheet_without_an_address_has_room_to_write_it() -> None:
    page = sheet(UNNAMED)
    assert "Write the address of this directory here:" in page.text
    assert [tag for tag, _ in page.elements if tag == "svg"] == []


def test_the_sheet_names_the_calls_first_and_no_charity_or_state() -> None:
    # The help for a watched phone is below the sheet, on the screen alone.
    text = sheet(NAMED).text.partition("If someone checks your phone")[0]
    assert text.index("999") < text.index("08000 121 700") < text.index("Check today:")
    for responder in register():
        assert responder.name not in text
    for word in ("open", "paused", "waiting list", "not confirmed"):
        assert word not in text.lower()


def test_without_a_contact_it_asks_nobody_to_write() -> None:
    text = about(UNNAMED).text
    assert "This copy does not say how to reach the people who run it." in text
    for invitation in ("Is an entry wrong?", "an entry says something about a person, tell us", "write to us"):
        assert invitation not in text
        assert invitation in about(NAMED).text
