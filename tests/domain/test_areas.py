import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.strategies import area_codes, unhurried

from capacity_api.domain.areas import (
    AREAS,
    ENGLAND,
    LONDON,
    NORTHERN_IRELAND,
    SCOTLAND,
    SOUTH_WEST,
    UNITED_KINGDOM,
    WALES,
    WEST_OF_ENGLAND,
    Cover,
    cover,
    is_within,
)

NATIONS = (ENGLAND, WALES, SCOTLAND, NORTHERN_IRELAND)
REGIONS = tuple(f"E1200000{n}" for n in range(1, 10))

# The model: a place is the set of its leaves. The South West is the West of England and a rest that no code names.
_ENGLAND = {*REGIONS} - {SOUTH_WEST} | {WEST_OF_ENGLAND, "rest of the South West"}
LEAVES: dict[str, set[str]] = {
    **{code: {code} for code in (*REGIONS, WALES, SCOTLAND, NORTHERN_IRELAND, WEST_OF_ENGLAND)},
    SOUTH_WEST: {WEST_OF_ENGLAND, "rest of the South West"},
    ENGLAND: _ENGLAND,
    UNITED_KINGDOM: _ENGLAND | {WALES, SCOTLAND, NORTHERN_IRELAND},
}

remit_areas = st.lists(area_codes, max_size=14)


def _modelled(named: list[str], asked: str) -> Cover:
    reached = {leaf for code in named for leaf in LEAVES[code]}
    if LEAVES[asked] <= reached:
        return Cover.WHOLE
    return Cover.PART if LEAVES[asked] & reached else Cover.NONE


@pytest.mark.parametrize(
    ("code", "name", "parent"),
    [
        ("K02000001", "United Kingdom", None),
        ("E92000001", "England", "K02000001"),
        ("W92000004", "Wales", "K02000001"),
        ("S92000003", "Scotland", "K02000001"),
        ("N92000002", "Northern Ireland", "K02000001"),
        ("E12000001", "North East", "E92000001"),
        ("E12000002", "North West", "E92000001"),
        ("E12000003", "Yorkshire and The Humber", "E92000001"),
        ("E12000004", "East Midlands", "E92000001"),
        ("E12000005", "West Midlands", "E92000001"),
        ("E12000006", "East of England", "E92000001"),
        ("E12000007", "London", "E92000001"),
        ("E12000008", "South East", "E92000001"),
        ("E12000009", "South West", "E92000001"),
        ("E47000009", "West of England", "E12000009"),
    ],
)
def test_the_codes_are_those_of_the_office_for_national_statistics(code: str, name: str, parent: str | None) -> None:
    assert (AREAS[code].code, AREAS[code].name, AREAS[code].parent) == (code, name, parent)


def test_there_are_fifteen_places() -> None:
    assert AREAS.keys() == LEAVES.keys()


@pytest.mark.parametrize(
    ("named", "asked", "reached"),
    [
        ([UNITED_KINGDOM], WEST_OF_ENGLAND, Cover.WHOLE),
        ([ENGLAND], LONDON, Cover.WHOLE),
        ([ENGLAND], UNITED_KINGDOM, Cover.PART),
        ([ENGLAND], WALES, Cover.NONE),
        ([SOUTH_WEST], WEST_OF_ENGLAND, Cover.WHOLE),
        ([WEST_OF_ENGLAND], SOUTH_WEST, Cover.PART),
        ([WEST_OF_ENGLAND], ENGLAND, Cover.PART),
        ([WEST_OF_ENGLAND], UNITED_KINGDOM, Cover.PART),
        ([WEST_OF_ENGLAND], LONDON, Cover.NONE),
        ([ENGLAND, WALES, NORTHERN_IRELAND], UNITED_KINGDOM, Cover.PART),
        ([ENGLAND, WALES, NORTHERN_IRELAND], SCOTLAND, Cover.NONE),
        ([], UNITED_KINGDOM, Cover.NONE),
    ],
)
def test_how_much_of_an_area_a_remit_covers(named: list[str], asked: str, reached: Cover) -> None:
    assert cover(named, asked) is reached


def test_the_nine_regions_are_the_whole_of_england_and_eight_are_not() -> None:
    assert cover(REGIONS, ENGLAND) is Cover.WHOLE
    for missing in REGIONS:
        assert cover([code for code in REGIONS if code != missing], ENGLAND) is Cover.PART


def test_the_four_nations_are_the_whole_of_the_united_kingdom_and_three_are_not() -> None:
    assert cover(NATIONS, UNITED_KINGDOM) is Cover.WHOLE
    assert cover([*REGIONS, WALES, SCOTLAND, NORTHERN_IRELAND], UNITED_KINGDOM) is Cover.WHOLE
    for missing in NATIONS:
        assert cover([code for code in NATIONS if code != missing], UNITED_KINGDOM) is Cover.PART


def test_the_west_of_england_does_not_stand_in_for_the_south_west() -> None:
    others = [code for code in REGIONS if code != SOUTH_WEST]
    assert cover([*others, WEST_OF_ENGLAND], ENGLAND) is Cover.PART


@pytest.mark.parametrize("asked", AREAS)
@pytest.mark.parametrize("code", AREAS)
def test_one_area_is_within_another_if_all_its_leaves_are(code: str, asked: str) -> None:
    assert is_within(code, asked) is (LEAVES[code] <= LEAVES[asked])
    assert cover([code], asked) is _modelled([code], asked)


@unhurried
@given(remit_areas, area_codes)
def test_areas_together_cover_what_their_leaves_cover(named: list[str], asked: str) -> None:
    assert cover(named, asked) is _modelled(named, asked)


@unhurried
@given(remit_areas, area_codes, area_codes)
def test_one_more_area_never_covers_less(named: list[str], more: str, asked: str) -> None:
    order = [Cover.NONE, Cover.PART, Cover.WHOLE]
    assert order.index(cover([*named, more], asked)) >= order.index(cover(named, asked))


@unhurried
@given(st.permutations(list(AREAS)), st.integers(0, 15), area_codes)
def test_neither_order_nor_repetition_matters(codes: list[str], n: int, asked: str) -> None:
    named = codes[:n]
    assert cover(iter([*reversed(named), *named]), asked) is cover(named, asked)
