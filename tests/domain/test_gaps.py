import random
from datetime import UTC, datetime
from itertools import combinations, product
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import UNSET
from tests.domain.strategies import remits, unhurried

from capacity_api.domain.areas import ENGLAND, LONDON, NORTHERN_IRELAND, SCOTLAND, SOUTH_WEST, UNITED_KINGDOM, WALES
from capacity_api.domain.codes import EVERYTHING
from capacity_api.domain.coverage import ALL_CELLS, CELL_AREAS, CELLS, CellSet, cells_in, covered_cells
from capacity_api.domain.events import EventType
from capacity_api.domain.gaps import (
    MAX_GROUPS,
    MAX_NAMES,
    CellGroup,
    Helper,
    describe_gaps,
    enclosing_cells,
    is_superseded,
    name_helpers,
)
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender, Remit
from capacity_api.representations.encoding import encode
from capacity_api.representations.event import Event, EventData

SIDES: dict[str, tuple[Any, ...]] = {
    "areas": CELL_AREAS,
    "exploitation_types": tuple(ExploitationType),
    "age_groups": tuple(AgeGroup),
    "genders": tuple(Gender),
}
ALL = EVERYTHING
OPENED = "no charity is known to be open for "
CLOSED = "a charity is now confirmed open for "
# What some remits leave uncovered, as in practice, or any set of cells.
cell_sets = (
    st.integers(0, ALL_CELLS)
    | st.lists(remits.map(covered_cells), max_size=6).map(lambda sets: ALL_CELLS & ~_union(sets))
    | st.lists(remits.map(covered_cells), max_size=3).map(lambda sets: _union(sets))
)
# So scattered that nothing much can be merged.
SCATTERED = random.Random(2024).getrandbits(len(CELLS))


def _union(sets: list[int]) -> int:
    found = 0
    for each in sets:
        found |= each
    return found


def codes(group: CellGroup) -> dict[str, tuple[Any, ...]]:
    """The codes that a group names on each side, "all" spelt out."""
    named = {name: getattr(group, name) for name in SIDES}
    return {name: SIDES[name] if side == ALL else side for name, side in named.items()}


def box(areas: Any = ALL, types: Any = ALL, ages: Any = ALL, genders: Any = ALL) -> int:
    sides = zip((areas, types, ages, genders), SIDES.values(), strict=True)
    chosen = [set(side) if given == ALL else set(given) for given, side in sides]
    return sum(1 << n for n, cell in enumerate(CELLS) if all(a in b for a, b in zip(cell, chosen, strict=True)))


ENGLISH = (ENGLAND, *(f"E1200000{n}" for n in range(1, 10)))


@pytest.mark.parametrize(
    ("cell_set", "without", "within"),
    [
        (
            box((SCOTLAND,), ("sexual",), ("adult", "young_person"), ("woman",)),
            "adult women with sexual exploitation in Scotland",
            "adult women with sexual exploitation in Scotland",
        ),
        (box((NORTHERN_IRELAND,), ages=("child",)), "children in Northern Ireland", "children in Northern Ireland"),
        (box(), "anybody in any nation or region of the United Kingdom as a whole", "everybody in the United Kingdom"),
        # A responder may serve the West of England, or London, and not count for the region around it.
        (
            box(ENGLISH, ages=("adult", "young_person")),
            "adults in any region of England as a whole",
            "adults in England",
        ),
        (box((ENGLAND,), ages=("child",)), "children in England as a whole", "children in England"),
        (
            box((WALES, ENGLAND, LONDON, SOUTH_WEST), ages=("child",)),
            "children in Wales, London, the South West as a whole or England as a whole",
            "children in England and Wales",
        ),
        (box((*ENGLISH, WALES), genders=("man",)), None, "men and boys in England and Wales"),
        # Adults are from 18 on, so adults that are named beside young people are older.
        (box((WALES,), ages=("adult",)), "adults over 25 in Wales", "adults over 25 in Wales"),
        (
            box((WALES,), ages=("child", "young_person")),
            "young people from 18 to 25 or children in Wales",
            "young people from 18 to 25 and children in Wales",
        ),
        (
            box((LONDON, "E12000001"), ages=("child",), genders=("woman", "man")),
            "girls or boys in the North East or London",
            "girls and boys in the North East and London",
        ),
        (
            box((WALES,), ("labour", "organ_harvesting"), genders=("non_binary",)),
            "non-binary people with labour exploitation (financial included) or organ harvesting in Wales",
            "non-binary people with labour exploitation (financial included) and organ harvesting in Wales",
        ),
        (
            box(("E12000003",), genders=("woman", "man")),
            "women and girls, or men and boys in Yorkshire and The Humber",
            "women and girls, and men and boys in Yorkshire and The Humber",
        ),
    ],
)
def test_a_group_is_one_sentence(cell_set: CellSet, without: str | None, within: str) -> None:
    (opened,) = describe_gaps(cell_set)
    (closed,) = describe_gaps(cell_set, opened=False)
    if without is not None:
        assert opened.text == OPENED + without
    assert closed.text == CLOSED + within


def test_a_group_carries_its_codes_and_says_all_for_a_full_side() -> None:
    (group,) = describe_gaps(box((SCOTLAND,), ("sexual",), ("adult", "young_person"), ("woman",)))
    assert codes(group) == {
        "areas": (SCOTLAND,),
        "exploitation_types": ("sexual",),
        "age_groups": ("adult", "young_person"),
        "genders": ("woman",),
    }
    (group,) = describe_gaps(ALL_CELLS)
    assert (group.areas, group.exploitation_types, group.age_groups, group.genders) == (ALL, ALL, ALL, ALL)


def test_no_cells_are_no_words() -> None:
    assert describe_gaps(0) == ()


@unhurried
@example(SCATTERED)
@example(ALL_CELLS)
@given(cell_sets)
def test_the_groups_hold_exactly_the_cells_each_once(cell_set: CellSet) -> None:
    groups = describe_gaps(cell_set)
    found = [cell for group in groups for cell in product(*codes(group).values())]
    assert len(found) == len(set(found))
    assert set(found) == set(cells_in(cell_set))
    assert all(group.combinations is UNSET for group in groups)
    assert len({group.text for group in groups}) == len(groups)


@unhurried
@given(cell_sets)
def test_nothing_is_left_that_could_be_one_group(cell_set: CellSet) -> None:
    for one, other in combinations([codes(group) for group in describe_gaps(cell_set)], 2):
        assert sum(one[name] != other[name] for name in SIDES) > 1


def test_the_cells_of_one_remit_are_one_group() -> None:
    remit = Remit(
        areas=(UNITED_KINGDOM,),
        exploitation_types=(ExploitationType.SEXUAL,),
        age_groups=(AgeGroup.ADULT,),
        genders=(Gender.WOMAN,),
    )
    assert len(describe_gaps(covered_cells(remit))) == 1


@unhurried
@example(SCATTERED)
@given(cell_sets)
def test_an_event_is_shortened_when_it_is_too_long_and_stays_true(cell_set: CellSet) -> None:
    for opened in (True, False):
        groups = describe_gaps(cell_set, opened=opened, max_groups=MAX_GROUPS)
        assert len(groups) <= MAX_GROUPS
        event = Event(
            id=UUID(int=0),
            type=EventType.COVERAGE_GAP_OPENED,
            timestamp=datetime(2026, 5, 20, tzinfo=UTC),
            sequence=2**53,
            data=EventData(cell_groups=groups),
        )
        assert len(encode(event)) <= 20_000
        around: set[Any] = set()
        for group in groups:
            named = set(product(*codes(group).values()))
            inside = named & set(cells_in(cell_set))
            assert len(inside) == (len(named) if group.combinations is UNSET else group.combinations)
            if group.combinations is not UNSET:
                assert f"for {group.combinations} combinations of exploitation, age and gender in " in group.text
            around |= named
        assert around >= set(cells_in(cell_set))


def test_more_groups_than_an_event_holds_are_merged_area_by_area() -> None:
    groups = describe_gaps(SCATTERED, max_groups=MAX_GROUPS)
    assert [group.areas for group in groups] == [(code,) for code in CELL_AREAS]
    assert sum(group.combinations or 0 for group in groups) == SCATTERED.bit_count()
    assert (
        groups[2].text == OPENED + f"{groups[2].combinations} combinations of exploitation, age and gender in Scotland"
    )


def test_as_many_groups_as_an_event_holds_stay_below_20_kilobytes() -> None:
    texts = [group for n in range(702) for group in describe_gaps(SCATTERED ^ 1 << n)]
    # With room for "; you can ask 10000 charities" in each.
    assert MAX_GROUPS * max(len(encode(group)) + 30 for group in texts) < 19_000


def test_an_opened_gap_is_superseded_once_all_of_it_closed_and_a_closed_one_once_any_opened() -> None:
    both = describe_gaps(0b11)
    assert [is_superseded(both, now, opened=True) for now in (0b00, 0b01, 0b11, 0b100)] == [True, False, False, True]
    assert [is_superseded(both, now, opened=False) for now in (0b00, 0b01, 0b11, 0b100)] == [False, True, True, False]


def test_a_group_that_only_counts_its_cells_is_superseded_when_too_few_can_be_left() -> None:
    (group,) = describe_gaps(0b11)
    counted = (msgspec.structs.replace(group, combinations=1),)
    # One of these two cells closed, and the event does not tell which; with the other open it may still be true.
    assert [is_superseded(counted, now, opened=False) for now in (0b00, 0b01, 0b11)] == [False, False, True]


@given(st.integers(min_value=0, max_value=ALL_CELLS))
def test_the_groups_of_a_gap_name_its_cells_and_no_others(cell_set: CellSet) -> None:
    found = 0
    for group in describe_gaps(cell_set):
        found |= enclosing_cells(group)
    assert found == cell_set


def helpers_named(*names: str, cells: int = ALL_CELLS) -> list[Helper]:
    return [Helper(name, name.lower().replace(" ", "-"), cells) for name in names]


def test_a_gap_names_who_may_help_in_any_of_its_cells_by_name() -> None:
    wales, scotland = box((WALES,), ages=("child",)), box((SCOTLAND,), genders=("man",))
    helpers = [*helpers_named("tara", "Bawso"), *helpers_named("New Pathways", cells=wales & -wales)]
    groups = name_helpers(describe_gaps(wales | scotland), wales | scotland, helpers)
    assert [(group.areas, group.ask) for group in groups] == [
        ((WALES,), ("bawso", "new-pathways", "tara")),
        ((SCOTLAND,), ("bawso", "tara")),
    ]
    assert [group.text for group in groups] == [
        OPENED + "children in Wales; you can ask Bawso, New Pathways and tara",
        OPENED + "men and boys in Scotland; you can ask Bawso and tara",
    ]


def test_a_gap_in_which_nobody_may_help_names_nobody() -> None:
    wales = box((WALES,))
    groups = describe_gaps(wales)
    assert name_helpers(groups, wales, helpers_named("Bawso", cells=ALL_CELLS & ~wales)) == groups
    assert groups[0].ask == ()


@pytest.mark.parametrize(
    ("count", "max_names", "words"),
    [
        (1, 10, "A0"),
        (10, 10, "A0, A1, A2, A3, A4, A5, A6, A7, A8 and A9"),
        (13, 10, "A0, A1, A2, A3, A4, A5, A6, A7, A8, A9 and 3 more"),
        (13, 1, "A0 and 12 more"),
        (13, 0, "13 charities"),
        (1, 0, "one charity"),
    ],
)
def test_more_names_than_a_sentence_holds_are_counted(count: int, max_names: int, words: str) -> None:
    helpers = helpers_named(*(f"A{n}" if n < 10 else f"B{n}" for n in range(count)))
    (group,) = name_helpers(describe_gaps(ALL_CELLS), ALL_CELLS, helpers, max_names)
    assert group.text.endswith(f" as a whole; you can ask {words}")
    assert len(group.ask) == min(count, max_names) <= MAX_NAMES


def test_a_name_with_an_and_in_it_is_told_from_the_next() -> None:
    (group,) = name_helpers(describe_gaps(ALL_CELLS), ALL_CELLS, helpers_named("Belfast and Lisburn", "Tara"))
    assert group.text.endswith("; you can ask Belfast and Lisburn, and Tara")


def test_a_group_that_only_counts_its_cells_names_helpers_of_these_alone() -> None:
    groups = describe_gaps(SCATTERED, max_groups=MAX_GROUPS)
    around = enclosing_cells(groups[0])
    assert around & ~SCATTERED
    helpers = [*helpers_named("Beside", cells=around & ~SCATTERED), *helpers_named("Within", cells=around & SCATTERED)]
    assert name_helpers(groups, SCATTERED, helpers)[0].ask == ("within",)
