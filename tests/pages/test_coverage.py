"""The page of the coverage: the gaps in words, and tables that say what the cells say."""

import gzip
import random
import re
from collections.abc import Mapping

import pytest
from msgspec.structs import replace
from tests.pages.directories import NOW
from tests.pages.parsed import Parsed

from capacity_api.domain.coverage import (
    CELLS,
    NOBODY,
    Cell,
    Contribution,
    contribution_for,
    count_contributions,
    gap_cells,
)
from capacity_api.domain.gaps import Helper, describe_gaps
from capacity_api.domain.intake import State
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender
from capacity_api.domain.vocabulary import EXPLOITATION_TYPES
from capacity_api.operations.responders import read_register
from capacity_api.pages import coverage as page
from capacity_api.pages.coverage import render_coverage
from capacity_api.representations.coverage import Coverage, represent_coverage

REGISTER = read_register()
USUAL = {
    "barnardos": State.OPEN,
    "bawso": State.OPEN,
    "medaille-trust": State.OPEN,
    "migrant-help": State.WAITING_LIST,
    "tara": State.OPEN,
}
GENDERS_OF = {
    "Any gender": tuple(Gender),
    **dict.fromkeys(("Women", "Girls", "Women and girls"), (Gender.WOMAN,)),
    **dict.fromkeys(("Men", "Boys", "Men and boys"), (Gender.MAN,)),
    **dict.fromkeys(("Non-binary people", "Non-binary children"), (Gender.NON_BINARY,)),
}
TYPES_OF = {
    "Any kind of exploitation": tuple(ExploitationType),
    **{label.alone: (each,) for each, label in EXPLOITATION_TYPES.items()},
}


def contributions(states: Mapping[str, State]) -> list[tuple[Helper, Contribution]]:
    each = [(one, contribution_for(one.remit, states.get(one.slug, State.UNCONFIRMED))) for one in REGISTER]
    return [(Helper(one.name, one.slug, found.may_help), found) for one, found in each]


def coverage_of(states: Mapping[str, State]) -> Coverage:
    each = contributions(states)
    helpers = [helper for helper, _ in each if helper.cell_set]
    return represent_coverage(count_contributions(found for _, found in each), helpers, 1, NOW)


def rendered(states: Mapping[str, State]) -> str:
    helpers = [helper for helper, _ in contributions(states)]
    return render_coverage(coverage_of(states), NOW, helpers=helpers).decode()


def inside(tag: str, html: str) -> list[str]:
    """The texts of the elements with this tag, without what only a script shows."""
    html = re.sub(r'<span class="chosen" hidden>(<span></span>[^<]*)?</span>', "", html)
    found = re.findall(rf"<{tag}\b[^>]*>(.*?)</{tag}>", html, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", each).split()) for each in found]


def gaps_in_words(html: str) -> str:
    section = re.findall(r'<section id="gaps".*?</section>', html, re.DOTALL)[0]
    return Parsed(re.sub(r'<p id="no-gap" hidden>.*?</p>', "", section).encode()).text


def ages_of(caption: str, captions: list[str]) -> list[AgeGroup]:
    """The age groups that a reader understands: young people are adults unless they have a table of their own."""
    if caption == "People of any age":
        return list(AgeGroup)
    ages = []
    if "Adults (18 and over)" in caption:
        ages.append(AgeGroup.ADULT)
        if not any("Young people" in each for each in captions):
            ages.append(AgeGroup.YOUNG_PERSON)
    if "Young people (18 to 25)" in caption:
        ages.append(AgeGroup.YOUNG_PERSON)
    if "Children (under 18)" in caption:
        ages.append(AgeGroup.CHILD)
    return ages


def cells_shown(html: str) -> dict[Cell, str]:
    """The word for each cell, read from the tables by their captions and headings."""
    shown: dict[Cell, str] = {}
    for areas, place in re.findall(r'<details class="card" data-areas="([^"]+)">(.*?)</details>', html, re.DOTALL):
        captions = inside("caption", place)
        for table in re.findall(r"<table>.*?</table>", place, re.DOTALL):
            (caption,) = inside("caption", table)
            head, *rows = re.findall(r"<tr>.*?</tr>", table, re.DOTALL)
            genders = inside("th", head)[1:]
            for row in rows:
                (kind,) = inside("th", row)
                for gender_words, word in zip(genders, inside("td", row), strict=True):
                    for cell in (
                        Cell(area, each, age, gender)
                        for area in areas.split()
                        for each in TYPES_OF[kind]
                        for age in ages_of(caption, captions)
                        for gender in GENDERS_OF[gender_words]
                    ):
                        assert cell not in shown
                        shown[cell] = word
    return shown


def test_the_tables_say_of_each_cell_what_is_counted_in_it() -> None:
    draw = random.Random(20271127)
    seen = set()
    for _ in range(25):
        states = {each.slug: draw.choice([State.OPEN, State.WAITING_LIST, State.PAUSED]) for each in REGISTER}
        coverage = coverage_of(states)
        shown = cells_shown(render_coverage(coverage, NOW).decode())
        assert len(shown) == len(CELLS)
        for cell in coverage.cells:
            word = shown[Cell(cell.area, cell.exploitation_type, cell.age_group, cell.gender)]
            expected = "open" if cell.open else "waiting list" if cell.waiting_list else "may help"
            assert word == (expected if cell.open or cell.waiting_list or cell.ask else "nobody known"), cell
            seen.add(word)
    assert seen == {"open", "waiting list", "may help", "nobody known"}


def test_each_word_has_a_sign_of_its_own_and_each_sign_is_explained() -> None:
    html = rendered(USUAL)
    pairs = set(re.findall(r'<t[dh] class="(\w+)"><svg[^>]*><use href="#sign-(\w+)"/></svg>([^<]+)', html))
    assert {(name, name, page.SIGNS[name]) for name in (page.OPEN, page.WAITING_LIST, page.NOBODY)} == pairs
    symbols = re.findall(r'<symbol id="sign-(\w+)"[^>]*>(.*?)</symbol>', html)
    assert {name for name, _ in symbols} == {*page.SIGNS} == {*page.LEGEND}
    assert len({drawn for _, drawn in symbols}) == len(page.SIGNS)
    for word in page.SIGNS.values():
        assert word in inside("dt", html)


def test_the_gaps_come_first_place_by_place_with_those_who_may_help() -> None:
    html = rendered(USUAL)
    assert html.index('id="h-gaps"') < html.index('id="h-place"')
    assert gaps_in_words(html) == (
        "Gaps No charity is known to be open for: "
        "Scotland adult women: any kind of exploitation except sexual exploitation adult men and non-binary adults "
        "children These may help some of them: Migrant Help "
        "Northern Ireland adults These may help some of them: Migrant Help"
    )
    assert "/r/migrant-help" in {link["href"] for link in Parsed(html.encode()).links()}


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ({}, "Gaps No charity is known to be open for: Every nation and region anyone"),
        (
            {"salvation-army": State.OPEN, "barnardos": State.OPEN},
            "Gaps No charity is known to be open for: Scotland children",
        ),
        (
            {"nspcc": State.OPEN, "barnardos": State.OPEN, "unseen": State.OPEN, "salvation-army": State.OPEN},
            "Gaps No charity is known to be open for: Scotland children These may help some of them: NSPCC",
        ),
        (
            {"kalayaan": State.OPEN, "barnardos": State.OPEN, "bawso": State.OPEN},
            "Gaps No charity is known to be open for: Every region of England, Scotland, Northern Ireland "
            "adults: any kind of exploitation except domestic servitude Scotland children",
        ),
    ],
)
def test_the_gaps_are_said_in_few_words(states: dict[str, State], expected: str) -> None:
    words = gaps_in_words(rendered(states))
    assert re.sub(r"NSPCC.*", "NSPCC", words) == expected


def test_places_that_are_the_same_are_one_and_no_row_repeats_another() -> None:
    html = rendered(USUAL)
    assert inside("summary", html)[:3] == [
        "England and all its regions, Wales open for everyone",
        "Scotland open for some, not for all",
        "Northern Ireland open for some, not for all",
    ]
    england = re.findall(r'<details class="card".*?</details>', html, re.DOTALL)[0]
    assert inside("caption", england) == ["People of any age"]
    assert inside("th", england) == ["Exploitation", "Any gender", "Any kind of exploitation"]
    # All thirteen can be chosen by name.
    assert len(inside("option", html)) == 14
    nobody = render_coverage(represent_coverage(NOBODY, (), 1, NOW), NOW).decode()
    assert inside("summary", nobody)[0] == (
        "England and all its regions, Wales, Scotland, Northern Ireland nobody known to be open"
    )


def test_where_there_is_no_gap_the_page_says_so() -> None:
    every = [contribution_for(each.remit, State.OPEN) for each in REGISTER]
    counts = count_contributions(every)
    assert gap_cells(counts), "nobody in the register is known to take children in Scotland"
    covered = represent_coverage(
        count_contributions([replace(each, cell_set=(1 << len(CELLS)) - 1) for each in every]), (), 1, NOW
    )
    assert gaps_in_words(render_coverage(covered, NOW).decode()) == (
        "Gaps There is no gap. For each person in every place, at least one charity is confirmed open."
    )


def test_many_gaps_are_folded() -> None:
    draw = random.Random(7)
    scattered = sum(1 << number for number in range(len(CELLS)) if draw.random() < 0.5)
    counts = count_contributions([replace(contribution_for(REGISTER[0].remit, State.OPEN), cell_set=scattered)])
    groups = describe_gaps(gap_cells(counts))
    assert len(groups) > 20
    html = render_coverage(represent_coverage(counts, (), 1, NOW), NOW).decode()
    section = re.findall(r'<section id="gaps".*?</section>', html, re.DOTALL)[0]
    assert section.count('<details class="gap"') == len({group.areas for group in groups})
    assert "<h3>" not in section
    assert len(inside("li", section)) == len(groups)


def test_the_page_is_small_and_well_formed() -> None:
    html = rendered(USUAL)
    Parsed(html.encode())
    assert len(gzip.compress(html.encode())) < 8 * 1024
    assert "We count a charity only if it covers the whole area." in html
    assert "We do not count a paused charity, even if it still takes some people." in html
