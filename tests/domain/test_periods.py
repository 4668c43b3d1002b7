"""Periods, gaps and what they sum up to, state change by state change."""

from datetime import UTC, datetime
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
from capacity_api.domain.intake import State
from capacity_api.domain.periods import (
    NATIONS,
    Gap,
    Ledger,
    Period,
    StateChange,
    Totals,
    from_second,
    nations_covered,
    to_second,
)

ONE, TWO = UUID(int=1), UUID(int=2)
OPEN, PAUSED, WAITING, UNCONFIRMED = State.OPEN, State.PAUSED, State.WAITING_LIST, State.UNCONFIRMED
REGIONS = tuple(f"E1200000{n}" for n in range(1, 10))


def apply_changes(*changes: tuple[int, State | None], nations: tuple[str, ...] = ()) -> list[Period]:
    ledger = Ledger({}, {})
    for at, state in changes:
        ledger.apply(StateChange(ONE, at, state, nations))
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
    assert nations_covered(areas, is_known=True, existing_clients_only=False) == nations
    assert nations_covered(areas, is_known=False, existing_clients_only=False) == ()
    assert nations_covered(areas, is_known=True, existing_clients_only=True) == ()


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
        ledger.apply(StateChange(responder, at, state, nations))
    assert ledger.gaps == {
        ENGLAND: [Gap(began=10, ended=30), Gap(began=50, seconds_before=20)],
        WALES: [Gap(began=10, ended=20), Gap(began=50, seconds_before=10)],
        SCOTLAND: [Gap(began=10, ended=30), Gap(began=60, ended=60, seconds_before=20)],
        NORTHERN_IRELAND: [Gap(began=10, ended=30), Gap(began=50, seconds_before=20)],
    }
    assert ledger.open_in == {ENGLAND: 0, WALES: 0, SCOTLAND: 1, NORTHERN_IRELAND: 0}
    assert ledger.gaps[ENGLAND][-1].seconds(55) == 25
    # In the same second nobody is open again: the gap continues, and no second gap begins.
    ledger.apply(StateChange(TWO, 60, PAUSED, (SCOTLAND,)))
    assert ledger.gaps[SCOTLAND][1:] == [Gap(began=60, seconds_before=20)]


@unhurried
@given(
    st.lists(
        st.tuples(st.sampled_from([ONE, TWO]), st.integers(0, 5), st.none() | st.sampled_from(State)), max_size=40
    ),
    st.integers(0, 120),
    st.integers(0, 120),
)
def test_pruning_drops_nothing_that_the_span_is_measured_by(
    happened: list[tuple[UUID, int, State | None]], start: int, length: int
) -> None:
    end, at = start + length, 0
    whole, pruned = Ledger({}, {}), Ledger({}, {})
    for n, (responder, wait, state) in enumerate(happened):
        at += wait
        if at >= end:
            break
        for ledger in (whole, pruned):
            ledger.apply(StateChange(responder, at, state, (WALES,)))
        if n % 3 == 0:
            pruned.prune(start, end)
            assert all(len(periods) <= 4 for periods in pruned.periods.values())
            assert all(len(gaps) <= 4 for gaps in pruned.gaps.values())
    for responder, periods in whole.periods.items():
        for edge in (start, end):
            assert _totals(pruned.periods[responder], edge) == _totals(periods, edge)
        assert _longest(pruned.periods[responder], start, end) == _longest(periods, start, end)
        assert any(each.within(start, end) for each in pruned.periods[responder]) == any(
            each.within(start, end) for each in periods
        )
    for nation in NATIONS:
        for edge in (start, end):
            assert _gap_seconds(pruned.gaps[nation], edge) == _gap_seconds(whole.gaps[nation], edge)


def _totals(periods: list[Period], edge: int) -> Totals:
    return next((each.totals(edge) for each in reversed(periods) if each.began < edge), Totals())


def _longest(periods: list[Period], start: int, end: int) -> int:
    return max((each.within(start, end) for each in periods if each.state is PAUSED), default=0)


def _gap_seconds(gaps: list[Gap], edge: int) -> int:
    return next((each.seconds(edge) for each in reversed(gaps) if each.began < edge), 0)


def test_a_ledger_goes_on_from_what_is_stored() -> None:
    stored = apply_changes((10, PAUSED), nations=NATIONS)[-1]
    ledger = Ledger({WALES: Gap(began=10)}, {ENGLAND: 1, SCOTLAND: 1, NORTHERN_IRELAND: 1})
    ledger.load(ONE, msgspec.structs.replace(stored))
    ledger.apply(StateChange(ONE, 30, OPEN, (WALES,)))
    assert [(each.number, each.began, each.ended) for each in ledger.periods[ONE]] == [(0, 10, 30), (1, 30, None)]
    assert ledger.gaps[WALES] == [Gap(began=10, ended=30)]
    assert ledger.open_in == dict.fromkeys(NATIONS, 1)
