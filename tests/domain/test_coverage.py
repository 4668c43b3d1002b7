import json
from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.strategies import remits, unhurried

from capacity_api.domain.areas import (
    ENGLAND,
    LONDON,
    NORTHERN_IRELAND,
    SCOTLAND,
    UNITED_KINGDOM,
    WALES,
    WEST_OF_ENGLAND,
)
from capacity_api.domain.codes import EVERYTHING, NOT_KNOWN
from capacity_api.domain.coverage import (
    ALL_CELLS,
    ASK,
    CELL_AREAS,
    CELLS,
    NOBODY,
    Contribution,
    Counts,
    ask_cells,
    cell_counts,
    cells_in,
    cells_with_help,
    count_contributions,
    counts_from_json,
    counts_to_json,
    covered_cells,
    gap_cells,
    move_contribution,
)
from capacity_api.domain.intake import Intake, Report, ReportedState, State
from capacity_api.domain.matching import Outcome, Question, decide
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender, Remit

ADULT_WOMEN = Remit(
    areas=(SCOTLAND,),
    exploitation_types=(ExploitationType.SEXUAL,),
    age_groups=(AgeGroup.ADULT,),
    genders=(Gender.WOMAN,),
)
EVERYBODY = Remit(areas=(UNITED_KINGDOM,), exploitation_types=EVERYTHING, age_groups=EVERYTHING)

cell_sets = st.integers(0, ALL_CELLS) | remits.map(covered_cells)
contributions = st.builds(Contribution, cell_sets, cell_sets, st.sampled_from(State))


def count_one_by_one(contributions: list[Contribution]) -> dict[str, list[int]]:
    """The counts by the plain definition, cell by cell."""
    counted: dict[str, list[int]] = {
        state: [
            sum(each.state is state and each.cell_set >> number & 1 for each in contributions)
            for number in range(len(CELLS))
        ]
        for state in State
    }
    counted[ASK] = [
        sum(each.state in {State.OPEN, State.WAITING_LIST} and each.ask >> number & 1 for each in contributions)
        for number in range(len(CELLS))
    ]
    return counted


def shown(counts: Counts) -> dict[str, list[int]]:
    return {name: cell_counts(planes) for name, planes in counts.items()}


def test_a_cell_is_a_nation_or_region_a_type_an_age_group_and_a_gender() -> None:
    assert len(CELL_AREAS) == 4 + 9
    assert len(CELLS) == len(set(CELLS)) == 702
    assert WEST_OF_ENGLAND not in CELL_AREAS
    assert UNITED_KINGDOM not in CELL_AREAS


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        # Adult women with sexual exploitation in Scotland: the young are adults, too.
        ({}, 2),
        ({"age_groups": ("young_person",)}, 1),
        ({"age_groups": ("child",)}, 1),
        ({"age_groups": ("adult", "child")}, 3),
        ({"age_groups": ("young_person", "child")}, 2),
        ({"genders": EVERYTHING}, 6),
        ({"genders": ("man", "non_binary")}, 4),
        ({"exploitation_types": EVERYTHING}, 12),
        ({"exploitation_types": ("sexual", "labour")}, 4),
        # England and its nine regions, then all thirteen; nine regions together are England.
        ({"areas": (ENGLAND,)}, 20),
        ({"areas": (UNITED_KINGDOM,)}, 26),
        ({"areas": tuple(f"E1200000{n}" for n in range(1, 10))}, 20),
        ({"areas": tuple(f"E1200000{n}" for n in range(1, 9))}, 16),
        ({"areas": (WALES, NORTHERN_IRELAND)}, 4),
        # What is covered in part, unknown, or for existing clients alone.
        ({"areas": (WEST_OF_ENGLAND,)}, 0),
        ({"exploitation_types": NOT_KNOWN}, 0),
        ({"existing_clients_only": True}, 0),
        # A limit and a later change of the remit have nothing in common.
        ({"areas": ()}, 0),
    ],
)
def test_a_remit_covers_the_cells_that_it_is_known_to_cover_wholly(change: dict[str, object], expected: int) -> None:
    assert covered_cells(msgspec.structs.replace(ADULT_WOMEN, **change)).bit_count() == expected


def test_an_adult_remit_covers_the_young_and_a_young_one_not_the_adults() -> None:
    assert {cell.age_group for cell in cells_in(covered_cells(ADULT_WOMEN))} == {AgeGroup.ADULT, AgeGroup.YOUNG_PERSON}
    young = msgspec.structs.replace(ADULT_WOMEN, age_groups=(AgeGroup.YOUNG_PERSON,))
    assert [(cell.age_group, cell.gender) for cell in cells_in(covered_cells(young))] == [
        (AgeGroup.YOUNG_PERSON, Gender.WOMAN),
    ]


def test_a_remit_for_everybody_everywhere_covers_all() -> None:
    assert covered_cells(EVERYBODY) == ALL_CELLS


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        # All of it is covered: nobody has to ask.
        ({}, 0),
        # A part of the South West and of England.
        ({"areas": (WEST_OF_ENGLAND,)}, 4),
        ({"areas": (LONDON,)}, 2),
        # Unknown kinds may be any of the six.
        ({"exploitation_types": NOT_KNOWN}, 12),
        # An adult may be young enough.
        ({"age_groups": ("young_person",)}, 1),
        ({"age_groups": ("child",)}, 0),
        ({"areas": (WEST_OF_ENGLAND,), "exploitation_types": NOT_KNOWN, "age_groups": ("young_person",)}, 24),
        ({"areas": (WEST_OF_ENGLAND,), "existing_clients_only": True}, 0),
        ({"exploitation_types": NOT_KNOWN, "genders": ()}, 0),
    ],
)
def test_one_asks_where_a_remit_may_take_people_and_may_not(change: dict[str, object], expected: int) -> None:
    assert ask_cells(msgspec.structs.replace(ADULT_WOMEN, **change)).bit_count() == expected


@unhurried
@given(remits)
def test_each_cell_counts_as_matching_answers(remit: Remit) -> None:
    covered, to_ask = set(cells_in(covered_cells(remit))), set(cells_in(ask_cells(remit)))
    intake = Intake(report=Report(state=ReportedState.OPEN))
    for cell in CELLS:
        question = Question(
            area=cell.area,
            exploitation_type=cell.exploitation_type,
            age_group=cell.age_group,
            gender=cell.gender,
            existing_client_of=(),
        )
        outcome, _ = decide("slug", remit, intake, question)
        assert (cell in covered, cell in to_ask) == (outcome is Outcome.YES, outcome is Outcome.ASK), cell


def test_where_nobody_is_listed_everything_is_a_gap() -> None:
    assert gap_cells(NOBODY) == ALL_CELLS
    assert count_contributions([]) == NOBODY
    assert shown(NOBODY) == count_one_by_one([])


@pytest.mark.parametrize(("state", "is_gap"), [("open", 0), ("waiting_list", 1), ("paused", 1), ("unconfirmed", 1)])
def test_a_gap_is_where_nobody_is_confirmed_open(state: str, is_gap: int) -> None:
    found = gap_cells(count_contributions([Contribution(ALL_CELLS, 0, State(state))]))
    assert found == (ALL_CELLS if is_gap else 0)


@pytest.mark.parametrize(
    ("state", "may_help"), [("open", 0b10), ("waiting_list", 0b11), ("paused", 0), ("unconfirmed", 0)]
)
def test_a_waiting_list_and_an_unclear_remit_may_help_in_a_gap(state: str, may_help: int) -> None:
    each = Contribution(0b01, 0b10, State(state))
    assert each.may_help == may_help
    # Who is open in one cell may be asked in another.
    assert cells_with_help(count_contributions([each])) == may_help


@unhurried
@given(st.lists(contributions, max_size=9))
def test_the_counts_are_those_of_counting_one_by_one(contributions: list[Contribution]) -> None:
    counts = count_contributions(contributions)
    assert shown(counts) == count_one_by_one(contributions)
    taking = [each.cell_set for each in contributions if each.state is State.OPEN]
    assert gap_cells(counts) == sum(1 << n for n in range(len(CELLS)) if not any(each >> n & 1 for each in taking))


@unhurried
@given(st.lists(st.tuples(st.integers(0, 3), st.none() | contributions), max_size=20))
def test_moving_a_contribution_gives_the_same_as_counting_again(life: list[tuple[int, Contribution | None]]) -> None:
    listed: dict[int, Contribution] = {}
    counts = NOBODY
    for who, after in life:
        before = gap_cells(counts)
        counts = move_contribution(counts, listed.pop(who, None), after)
        if after is not None:
            listed[who] = after
        assert counts == count_contributions(listed.values())
        # Nothing both opens and closes.
        assert not (gap_cells(counts) & ~before) & (before & ~gap_cells(counts))


@unhurried
@given(st.lists(contributions, max_size=9))
def test_the_counts_survive_being_written_down(contributions: list[Contribution]) -> None:
    counts = count_contributions(contributions)
    assert counts_from_json(json.loads(json.dumps(counts_to_json(counts)))) == counts


def test_the_document_of_ten_thousand_responders_is_small() -> None:
    each = Contribution(covered_cells(EVERYBODY), ALL_CELLS, State.OPEN)
    document = counts_to_json(count_contributions([each] * 10_000))
    assert len(json.dumps(document)) < 4_000
    assert Counter(cell_counts(counts_from_json(document)[State.OPEN])) == {10_000: 702}


@unhurried
@given(contributions, contributions)
def test_a_count_that_is_wrong_never_goes_below_zero(stored: Contribution, unknown: Contribution) -> None:
    counts = move_contribution(count_contributions([stored]), unknown, None)
    for state, columns in shown(counts).items():
        assert min(columns) >= 0
        assert all(a <= b for a, b in zip(columns, count_one_by_one([stored])[state], strict=True))
