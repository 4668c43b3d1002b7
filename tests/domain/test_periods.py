"""Periods, gaps and what they sum up to, state change by state change."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.strategies import unhurried

from capacity_api.domain.areas import (
    ENGLAND,
    LONDON,
    NORTHERN_IRELAND,
    SCOTLAND,
    SOUTH_WEST,
    UNITED_KINGDOM,
    WALES,
    WEST_OF_ENGLAND,
)
from capacity_api.domain.codes import EVERYTHING, NOT_KNOWN
from capacity_api.domain.intake import State
from capacity_api.domain.periods import (
    NATIONS,
    PLACES,
    Gap,
    Ledger,
    Period,
    StateChange,
    Totals,
    from_second,
    month_starts,
    place_for,
    state_change,
    to_second,
)
from capacity_api.domain.remit import AgeGroup, Remit

ONE, TWO = UUID(int=1), UUID(int=2)
OPEN, PAUSED, WAITING, UNCONFIRMED = State.OPEN, State.PAUSED, State.WAITING_LIST, State.UNCONFIRMED
REGIONS = tuple(f"E1200000{n}" for n in range(1, 10))


ADULTS = ("adult", "young_person")
UK_ADULTS = Remit(areas=(UNITED_KINGDOM,), exploitation_types=EVERYTHING, age_groups=(AgeGroup.ADULT,))


def change(
    responder: UUID, at: int, state: State | None, nations: tuple[str, ...], age_groups: tuple[str, ...] = ADULTS
) -> StateChange:
    return StateChange(responder, at, state, nations, age_groups)


def apply_changes(*changes: tuple[int, State | None], nations: tuple[str, ...] = ()) -> list[Period]:
    ledger = Ledger({}, {})
    for at, state in changes:
        ledger.apply(change(ONE, at, state, nations))
    return ledger.periods[ONE]


def test_a_time_is_rounded_down_to_its_second() -> None:
    for time, number in (
        (datetime(1970, 1, 1, tzinfo=UTC), 0),
        (datetime(1970, 1, 1, 0, 0, 1, 999_999, tzinfo=UTC), 1),
        (datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=UTC), -1),
        (datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), 253_402_300_799),
    ):
        assert to_second(time) == number
        assert from_second(number) == time.replace(microsecond=0)


def test_a_period_holds_the_totals_before_it() -> None:
    periods = apply_changes((10, UNCONFIRMED), (20, OPEN), (25, OPEN), (50, PAUSED), (60, WAITING), (63, PAUSED))
    assert [(each.number, each.state, each.began, each.ended) for each in periods] == [
        (0, UNCONFIRMED, 10, 20),
        (1, OPEN, 20, 50),
        (2, PAUSED, 50, 60),
        (3, WAITING, 60, 63),
        (4, PAUSED, 63, None),
    ]
    last = periods[-1]
    assert (last.unconfirmed, last.open, last.paused, last.waiting_list, last.pauses) == (10, 30, 10, 3, 1)
    assert last.totals(70) == Totals(open=30, waiting_list=3, paused=17, unconfirmed=10, pauses=2)
    assert last.totals(70).since(periods[2].totals(55)) == Totals(0, 3, 12, 0, 1)


def test_time_outside_the_directory_is_in_no_state() -> None:
    periods = apply_changes((10, OPEN), (20, None), (90, UNCONFIRMED), (95, None))
    assert [(each.number, each.began, each.ended) for each in periods] == [(0, 10, 20), (1, 90, 95)]
    assert periods[0].totals(50) == Totals(open=10)
    assert periods[1].totals(200) == Totals(open=10, unconfirmed=5)


def test_what_happens_within_a_second_takes_no_time_and_is_counted() -> None:
    periods = apply_changes((10, PAUSED), (10, OPEN), (10, PAUSED), (12, OPEN))
    assert periods[-1].totals(20) == Totals(open=8, paused=2, pauses=2)


@pytest.mark.parametrize(
    ("began", "ended", "start", "end", "within"),
    [
        (10, 20, 0, 30, 10),
        (10, 20, 12, 15, 3),
        (10, 20, 15, 30, 5),
        (10, 20, 0, 15, 5),
        (10, 20, 20, 30, 0),
        (10, 20, 0, 10, 0),
        (10, None, 0, 30, 20),
        (10, None, 25, 30, 5),
        (10, None, 0, 5, 0),
        (10, 10, 0, 30, 0),
    ],
)
def test_a_period_is_cut_at_the_edges(began: int, ended: int | None, start: int, end: int, within: int) -> None:
    assert Period(state=PAUSED, began=began, ended=ended).within(start, end) == within


@pytest.mark.parametrize(
    ("areas", "nations"),
    [
        ((UNITED_KINGDOM,), NATIONS),
        ((WALES, SCOTLAND), (WALES, SCOTLAND)),
        (REGIONS, (ENGLAND,)),
        (REGIONS[1:], ()),
        ((LONDON,), ()),
        ((SOUTH_WEST, WEST_OF_ENGLAND, NORTHERN_IRELAND), (NORTHERN_IRELAND,)),
    ],
)
def test_only_all_of_a_nation_is_served(areas: tuple[str, ...], nations: tuple[str, ...]) -> None:
    remit = msgspec.structs.replace(UK_ADULTS, areas=areas)
    assert state_change(ONE, 10, OPEN, remit).nations == nations


@pytest.mark.parametrize(
    ("ages", "served"),
    [
        (("adult",), ("adult", "young_person")),
        (("young_person",), ("young_person",)),
        (("child",), ("child",)),
        (EVERYTHING, ("adult", "child", "young_person")),
    ],
)
def test_a_young_person_is_an_adult(ages: tuple[str, ...], served: tuple[str, ...]) -> None:
    assert state_change(ONE, 10, OPEN, msgspec.structs.replace(UK_ADULTS, age_groups=ages)).age_groups == served


@pytest.mark.parametrize(
    "unclear",
    [{"exploitation_types": NOT_KNOWN}, {"existing_clients_only": True}, {"genders": ()}],
)
def test_a_remit_that_is_not_known_is_for_existing_clients_or_takes_nobody_serves_nobody(unclear: Any) -> None:
    found = state_change(ONE, 10, OPEN, msgspec.structs.replace(UK_ADULTS, **unclear))
    assert (found.nations, found.age_groups) == ((), ())


def test_a_gap_lasts_while_nobody_is_open_and_the_first_begins_with_the_first_change() -> None:
    ledger = Ledger({}, {})
    for responder, at, state, nations in (
        (ONE, 10, UNCONFIRMED, NATIONS),
        (TWO, 12, UNCONFIRMED, (WALES,)),
        (TWO, 20, OPEN, (WALES,)),
        (ONE, 30, OPEN, NATIONS),
        (TWO, 40, PAUSED, (WALES,)),
        (ONE, 50, OPEN, (SCOTLAND,)),
        (ONE, 60, None, (SCOTLAND,)),
        (TWO, 60, OPEN, (SCOTLAND,)),
    ):
        ledger.apply(change(responder, at, state, nations))
    expected = {
        ENGLAND: [Gap(began=10, ended=30), Gap(began=50, seconds_before=20)],
        WALES: [Gap(began=10, ended=20), Gap(began=50, seconds_before=10)],
        SCOTLAND: [Gap(began=10, ended=30), Gap(began=60, ended=60, seconds_before=20)],
        NORTHERN_IRELAND: [Gap(began=10, ended=30), Gap(began=50, seconds_before=20)],
    }
    for nation, gaps in expected.items():
        # Both serve adults, and nobody serves children.
        for age in ADULTS:
            assert ledger.gaps[nation] == ledger.gaps[place_for(nation, age)] == gaps
        assert ledger.gaps[place_for(nation, "child")] == [Gap(began=10)]
    assert ledger.open_in == {place: int(place in {SCOTLAND, *_adults_of(SCOTLAND)}) for place in PLACES}
    assert ledger.gaps[ENGLAND][-1].seconds(55) == 25
    # In the same second nobody is open again: the gap continues, and no second gap begins.
    ledger.apply(change(TWO, 60, PAUSED, (SCOTLAND,)))
    assert ledger.gaps[SCOTLAND][1:] == [Gap(began=60, seconds_before=20)]


def _adults_of(nation: str) -> list[str]:
    return [place_for(nation, age) for age in ADULTS]


def test_somebody_open_for_children_leaves_the_gap_of_the_adults() -> None:
    ledger = Ledger({}, {})
    ledger.apply(change(ONE, 10, UNCONFIRMED, (WALES,), ("child",)))
    ledger.apply(change(ONE, 20, OPEN, (WALES,), ("child",)))
    ledger.apply(change(ONE, 30, OPEN, (WALES,), ("adult", "young_person")))
    gaps = {place: ledger.gaps[place] for place in (WALES, f"{WALES}/adult", f"{WALES}/child")}
    assert gaps == {
        WALES: [Gap(began=10, ended=20)],
        f"{WALES}/adult": [Gap(began=10, ended=30)],
        f"{WALES}/child": [Gap(began=10, ended=20), Gap(began=30, seconds_before=10)],
    }


@pytest.mark.parametrize(
    ("start", "end", "starts"),
    [
        # In winter the UK has UTC; in summer the month begins an hour earlier.
        ("2026-01-31T23:59:59Z", "2026-02-01T00:00:01Z", ["2026-02-01T00:00:00Z"]),
        ("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z", []),
        ("2026-03-15T00:00:00Z", "2026-05-01T00:00:00Z", ["2026-03-31T23:00:00Z", "2026-04-30T23:00:00Z"]),
        (
            "2026-10-31T23:30:00Z",
            "2027-01-01T00:00:01Z",
            ["2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"],
        ),
        ("2026-05-31T22:59:59Z", "2026-05-31T23:00:00Z", []),
    ],
)
def test_a_month_begins_at_midnight_in_london(start: str, end: str, starts: list[str]) -> None:
    found = month_starts(datetime.fromisoformat(start), datetime.fromisoformat(end))
    assert found == [datetime.fromisoformat(each) for each in starts]


@unhurried
@given(
    st.lists(
        st.tuples(st.sampled_from([ONE, TWO]), st.integers(0, 5), st.none() | st.sampled_from(State)), max_size=40
    ),
    st.lists(st.integers(0, 200), min_size=1, max_size=5),
)
def test_pruning_drops_nothing_that_the_span_is_measured_by(
    happened: list[tuple[UUID, int, State | None]], edges: list[int]
) -> None:
    edges.sort()
    at = 0
    whole, pruned = Ledger({}, {}), Ledger({}, {})
    for n, (responder, wait, state) in enumerate(happened):
        at += wait
        if at >= edges[-1]:
            break
        for ledger in (whole, pruned):
            ledger.apply(change(responder, at, state, (WALES,)))
        if n % 3 == 0:
            pruned.prune(edges)
            # The first and the last, one before each edge, the longest pause of each span and of all together.
            assert all(len(periods) <= 2 + 2 * len(edges) for periods in pruned.periods.values())
            assert all(len(gaps) <= 2 + len(edges) for gaps in pruned.gaps.values())
    spans = [*pairwise(edges), (edges[0], edges[-1])]
    for responder, periods in whole.periods.items():
        for edge in edges:
            assert _totals(pruned.periods[responder], edge) == _totals(periods, edge)
        for start, end in spans:
            assert _longest(pruned.periods[responder], start, end) == _longest(periods, start, end)
            assert any(each.within(start, end) for each in pruned.periods[responder]) == any(
                each.within(start, end) for each in periods
            )
    for place in PLACES:
        for edge in edges:
            assert _gap_seconds(pruned.gaps[place], edge) == _gap_seconds(whole.gaps[place], edge)


def _totals(periods: list[Period], edge: int) -> Totals:
    return next((each.totals(edge) for each in reversed(periods) if each.began < edge), Totals())


def _longest(periods: list[Period], start: int, end: int) -> int:
    return max((each.within(start, end) for each in periods if each.state is PAUSED), default=0)


def _gap_seconds(gaps: list[Gap], edge: int) -> int:
    return next((each.seconds(edge) for each in reversed(gaps) if each.began < edge), 0)


def test_a_ledger_goes_on_from_what_is_stored() -> None:
    stored = apply_changes((10, PAUSED), nations=NATIONS)[-1]
    ledger = Ledger({WALES: Gap(began=10)}, dict.fromkeys(set(PLACES) - {WALES}, 1))
    ledger.load(ONE, msgspec.structs.replace(stored))
    ledger.apply(change(ONE, 30, OPEN, (WALES,), ()))
    assert [(each.number, each.began, each.ended) for each in ledger.periods[ONE]] == [(0, 10, 30), (1, 30, None)]
    assert ledger.gaps[WALES] == [Gap(began=10, ended=30)]
    assert ledger.open_in == dict.fromkeys(PLACES, 1)
