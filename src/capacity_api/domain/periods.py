"""Periods: how long a responder spends in each effective state, and how long nobody is confirmed open in a place.

A place is a nation, for any age ("E92000001"), or for one age group ("E92000001/adult"). A responder serves the places
that its remit, as the report that holds limits it, covers wholly, for any exploitation type and any gender.

Times are whole seconds since 1970, rounded down. So sums are exact, and both databases subtract in the same way. Each
period holds the sums of all periods before it. Any span of time is then measured from the periods at its two ends,
however many periods lie between them.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from operator import attrgetter
from typing import TypeVar
from uuid import UUID

import msgspec

from capacity_api.domain.areas import ENGLAND, NORTHERN_IRELAND, SCOTLAND, WALES, Cover, cover
from capacity_api.domain.codes import NOT_KNOWN
from capacity_api.domain.days import day_start
from capacity_api.domain.intake import LONDON_TIME, State
from capacity_api.domain.remit import AgeGroup, Remit, takes_age

NATIONS = (ENGLAND, WALES, SCOTLAND, NORTHERN_IRELAND)


def place_for(nation: str, age_group: str) -> str:
    """A nation for one age group."""
    return f"{nation}/{age_group}"


PLACES = (*NATIONS, *(place_for(nation, age) for nation in NATIONS for age in AgeGroup))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
T = TypeVar("T")


def to_second(time: datetime) -> int:
    """The whole seconds from 1970 to `time`, rounded down."""
    return (time - _EPOCH) // timedelta(seconds=1)


def from_second(number: int) -> datetime:
    """The time that is `number` seconds after 1970 began."""
    return _EPOCH + timedelta(seconds=number)


def month_starts(start: datetime, end: datetime) -> list[datetime]:
    """The times after `start` and before `end` at which a month begins in Europe/London."""
    local = start.astimezone(LONDON_TIME)
    year, month = local.year, local.month
    starts: list[datetime] = []
    while True:
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
        begins = day_start(date(year, month, 1))
        if begins >= end:
            return starts
        starts.append(begins)


class Totals(msgspec.Struct, frozen=True):
    """The seconds in each effective state before a time, and how many pauses began before it."""

    open: int = 0
    waiting_list: int = 0
    paused: int = 0
    unconfirmed: int = 0
    pauses: int = 0

    @property
    def seconds(self) -> int:
        """The seconds in any state."""
        return self.open + self.waiting_list + self.paused + self.unconfirmed

    def since(self, earlier: "Totals") -> "Totals":
        return Totals(
            self.open - earlier.open,
            self.waiting_list - earlier.waiting_list,
            self.paused - earlier.paused,
            self.unconfirmed - earlier.unconfirmed,
            self.pauses - earlier.pauses,
        )


class Period(msgspec.Struct):
    """A stretch of time in which a responder stayed in one effective state. `ended` is null while it lasts.

    `number` counts a responder's periods from 0. `nations` and `age_groups` are those that the responder served when
    the period ended. The last five fields are the totals before the period: the seconds in each state, and the pauses.
    """

    state: State
    began: int
    number: int = 0
    ended: int | None = None
    nations: tuple[str, ...] = ()
    age_groups: tuple[str, ...] = ()
    open: int = 0
    waiting_list: int = 0
    paused: int = 0
    unconfirmed: int = 0
    pauses: int = 0

    def totals(self, until: int) -> Totals:
        """The totals before `until`, which must be after `began` and not after the next period's `began`."""
        spent = self.within(self.began, until)
        return Totals(
            self.open + (spent if self.state is State.OPEN else 0),
            self.waiting_list + (spent if self.state is State.WAITING_LIST else 0),
            self.paused + (spent if self.state is State.PAUSED else 0),
            self.unconfirmed + (spent if self.state is State.UNCONFIRMED else 0),
            self.pauses + (self.state is State.PAUSED),
        )

    def within(self, start: int, end: int) -> int:
        """How many of its seconds are in [start, end)."""
        ended = end if self.ended is None else min(self.ended, end)
        return max(0, ended - max(self.began, start))


class Gap(msgspec.Struct, kw_only=True):
    """A stretch of time in which nobody was confirmed open in a place. `before` sums the seconds of earlier gaps."""

    began: int
    ended: int | None = None
    seconds_before: int = 0

    def seconds(self, until: int) -> int:
        """The seconds of this and all earlier gaps before `until`, which must be after `began`."""
        ended = until if self.ended is None else min(self.ended, until)
        return self.seconds_before + ended - self.began


class StateChange(msgspec.Struct, frozen=True):
    """From `at` on a responder is in this state and serves these people. `state` null: it was delisted."""

    responder_id: UUID
    at: int
    state: State | None
    nations: tuple[str, ...]
    age_groups: tuple[str, ...]


def state_change(responder_id: UUID, at: int, state: State | None, remit: Remit) -> StateChange:
    """The change of a responder that has this remit now."""
    nations: tuple[str, ...] = ()
    age_groups: tuple[str, ...] = ()
    if remit.exploitation_types != NOT_KNOWN and not remit.existing_clients_only and not remit.is_empty:
        nations, age_groups = _nations_covered(remit.areas), _age_groups_taken(remit.age_groups)
    return StateChange(responder_id, at, state, nations, age_groups)


@lru_cache(maxsize=4096)
def _nations_covered(areas: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(nation for nation in NATIONS if cover(areas, nation) is Cover.WHOLE)


@lru_cache(maxsize=64)
def _age_groups_taken(age_groups: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(age for age in AgeGroup if takes_age(age_groups, age))


@lru_cache(maxsize=256)
def _places(nations: tuple[str, ...], age_groups: tuple[str, ...]) -> tuple[str, ...]:
    return (*nations, *(place_for(nation, age) for nation in nations for age in age_groups))


class Ledger:
    """The periods of some responders and the gaps of the places, built up by applying state changes in order.

    `gaps` has the last stored gap of each place, and `open_in` says how many responders are confirmed open in each.
    Load the last stored period of a responder (`load`) before you apply a change of it. A place without a stored gap
    gets its first one when the first change of all is applied.
    """

    def __init__(self, gaps: Mapping[str, Gap], open_in: Mapping[str, int]) -> None:
        self.periods: dict[UUID, list[Period]] = {}
        self.gaps: dict[str, list[Gap]] = {each: [gaps[each]] if each in gaps else [] for each in PLACES}
        self.open_in = {each: open_in.get(each, 0) for each in PLACES}

    def load(self, responder_id: UUID, last: Period | None) -> None:
        """Start a responder with its last stored period, or with none."""
        self.periods[responder_id] = [] if last is None else [last]

    def apply(self, change: StateChange) -> None:
        """End the responder's current period and begin the next one, and update the gaps of the places."""
        periods = self.periods.setdefault(change.responder_id, [])
        last = periods[-1] if periods else None
        current = last if last is not None and last.ended is None else None
        self._count_open(current, change)
        for each in PLACES:
            self._update_gap(each, change.at)
        if current is not None and change.state is current.state:
            current.nations, current.age_groups = change.nations, change.age_groups
            return
        if current is not None:
            current.ended = change.at
        if change.state is not None:
            periods.append(_next_period(last, change.state, change))

    def prune(self, edges: Sequence[int]) -> None:
        """Drop what is not needed to measure between any two of `edges`, or the longest pause between two neighbours.

        So memory does not grow with the number of changes. For each responder this keeps the first period, the last
        that began before each edge, the longest pause between each two edges and the last period; for each place the
        first gap, the last that began before each edge, and the last.
        """
        spans = [*pairwise(edges), (edges[0], edges[-1])]
        for responder_id, periods in self.periods.items():
            needed = _last_before(edges, periods) | _longest_pauses(spans, periods)
            self.periods[responder_id] = _pick(periods, needed)
        for each, gaps in self.gaps.items():
            self.gaps[each] = _pick(gaps, _last_before(edges, gaps))

    def _count_open(self, current: Period | None, change: StateChange) -> None:
        if current is not None and current.state is State.OPEN:
            for each in _places(current.nations, current.age_groups):
                self.open_in[each] -= 1
        if change.state is State.OPEN:
            for each in _places(change.nations, change.age_groups):
                self.open_in[each] += 1

    def _update_gap(self, place: str, at: int) -> None:
        """Begin or end a gap at `at` if the number of open responders became zero or positive."""
        gaps = self.gaps[place]
        last = gaps[-1] if gaps else None
        current = last if last is not None and last.ended is None else None
        is_gap = self.open_in[place] == 0
        if is_gap == (current is not None):
            return
        if current is not None:
            current.ended = at
        elif last is not None and last.ended == at:
            # It ended in this same second: go on with it rather than begin a new gap zero seconds later.
            last.ended = None
        else:
            gaps.append(Gap(began=at, seconds_before=last.seconds(at) if last is not None else 0))


def _last_before(edges: Sequence[int], stretches: Sequence[Period | Gap]) -> set[int]:
    """The indices of the first one, of the last one before each edge, and of the last one."""
    before = (bisect_left(stretches, edge, key=attrgetter("began")) - 1 for edge in edges)
    return {0, len(stretches) - 1, *before}


def _longest_pauses(spans: Sequence[tuple[int, int]], periods: Sequence[Period]) -> set[int]:
    """The index of the longest pause within each of the spans."""
    pauses = [(n, period) for n, period in enumerate(periods) if period.state is State.PAUSED]
    longest = set()
    for start, end in spans if pauses else []:
        lengths = [(period.within(start, end), n) for n, period in pauses]
        longest.add(max(lengths)[1])
    return longest


def _pick(stretches: list[T], indices: set[int]) -> list[T]:
    return [stretch for n, stretch in enumerate(stretches) if n in indices]


def _next_period(last: Period | None, state: State, change: StateChange) -> Period:
    if last is None:
        return Period(state=state, began=change.at, nations=change.nations, age_groups=change.age_groups)
    totals = last.totals(change.at)
    return Period(
        state=state,
        began=change.at,
        number=last.number + 1,
        nations=change.nations,
        age_groups=change.age_groups,
        open=totals.open,
        waiting_list=totals.waiting_list,
        paused=totals.paused,
        unconfirmed=totals.unconfirmed,
        pauses=totals.pauses,
    )
