"""Periods: how long a responder spends in each effective state, and how long nobody is confirmed open in a nation.

Times are whole seconds since 1970, rounded down. So sums are exact, and both databases subtract in the same way. Each
period holds the sums of all periods before it. Any span of time is then measured from the periods at its two ends,
however many periods lie between them.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TypeVar
from uuid import UUID

import msgspec

from capacity_api.domain.areas import ENGLAND, NORTHERN_IRELAND, SCOTLAND, WALES, Cover, cover
from capacity_api.domain.intake import State

NATIONS = (ENGLAND, WALES, SCOTLAND, NORTHERN_IRELAND)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
T = TypeVar("T")


def to_second(time: datetime) -> int:
    """The whole seconds from 1970 to `time`, rounded down."""
    return (time - _EPOCH) // timedelta(seconds=1)


def from_second(number: int) -> datetime:
    """The time that is `number` seconds after 1970 began."""
    return _EPOCH + timedelta(seconds=number)


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

    `number` counts a responder's periods from 0. `nations` are those that the responder counted for when the period
    ended. The last five fields are the totals before the period: the seconds in each state, and the pauses.
    """

    state: State
    began: int
    number: int = 0
    ended: int | None = None
    nations: tuple[str, ...] = ()
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
    """A stretch of time in which nobody was confirmed open in a nation.

    `seconds_before` is the sum of the earlier gaps.
    """

    began: int
    ended: int | None = None
    seconds_before: int = 0

    def seconds(self, until: int) -> int:
        """The seconds of this and all earlier gaps before `until`, which must be after `began`."""
        ended = until if self.ended is None else min(self.ended, until)
        return self.seconds_before + ended - self.began


class StateChange(msgspec.Struct, frozen=True):
    """From `at` on a responder is in this state and counts for these nations. `state` null: it was delisted."""

    responder_id: UUID
    at: int
    state: State | None
    nations: tuple[str, ...]


@lru_cache(maxsize=4096)
def nations_covered(areas: tuple[str, ...], *, is_known: bool, existing_clients_only: bool) -> tuple[str, ...]:
    """The nations that a responder counts for: its remit is known, covers all of the nation and takes new people.

    `is_known` says whether its exploitation types are known.
    """
    if not is_known or existing_clients_only:
        return ()
    return tuple(nation for nation in NATIONS if cover(areas, nation) is Cover.WHOLE)


class Ledger:
    """The periods of some responders and the gaps of the nations, built up by applying state changes in order.

    `gaps` has the last stored gap of each nation, and `open_in` says how many responders are confirmed open in each.
    Load the last stored period of a responder (`load`) before you apply a change of it. A nation without a stored gap
    gets its first one with the first change after which nobody is open there.
    """

    def __init__(self, gaps: Mapping[str, Gap], open_in: Mapping[str, int]) -> None:
        self.periods: dict[UUID, list[Period]] = {}
        self.gaps: dict[str, list[Gap]] = {nation: [gaps[nation]] if nation in gaps else [] for nation in NATIONS}
        self.open_in = {nation: open_in.get(nation, 0) for nation in NATIONS}

    def load(self, responder_id: UUID, last: Period | None) -> None:
        """Start a responder with its last stored period, or with none."""
        self.periods[responder_id] = [] if last is None else [last]

    def apply(self, change: StateChange) -> None:
        """End the responder's current period and begin the next one, and update the gaps of the nations."""
        periods = self.periods.setdefault(change.responder_id, [])
        last = periods[-1] if periods else None
        current = last if last is not None and last.ended is None else None
        self._count_open(current, change)
        for nation in NATIONS:
            self._update_gap(nation, change.at)
        if current is not None and change.state is current.state:
            current.nations = change.nations
            return
        if current is not None:
            current.ended = change.at
        if change.state is not None:
            periods.append(_next_period(last, change.state, change))

    def prune(self, start: int, end: int) -> None:
        """Drop what is not needed to measure [start, end), so that memory does not grow with the number of changes.

        For each responder this keeps the first period, the last that began before `start`, the longest pause and the
        last period; for each nation the first gap, the last that began before `start`, and the last.
        """
        for responder_id, periods in self.periods.items():
            edge = _last_before(start, periods)
            pauses = [period.within(start, end) if period.state is State.PAUSED else -1 for period in periods]
            longest = pauses.index(max(pauses)) if pauses else 0
            self.periods[responder_id] = _pick(periods, {0, edge, longest, len(periods) - 1})
        for nation, gaps in self.gaps.items():
            self.gaps[nation] = _pick(gaps, {0, _last_before(start, gaps), len(gaps) - 1})

    def _count_open(self, current: Period | None, change: StateChange) -> None:
        if current is not None and current.state is State.OPEN:
            for nation in current.nations:
                self.open_in[nation] -= 1
        if change.state is State.OPEN:
            for nation in change.nations:
                self.open_in[nation] += 1

    def _update_gap(self, nation: str, at: int) -> None:
        """Begin or end a gap at `at` if the number of open responders became zero or positive."""
        gaps = self.gaps[nation]
        last = gaps[-1] if gaps else None
        current = last if last is not None and last.ended is None else None
        is_gap = self.open_in[nation] == 0
        if is_gap == (current is not None):
            return
        if current is not None:
            current.ended = at
        elif last is not None and last.ended == at:
            # It ended in this same second: go on with it rather than begin a new gap zero seconds later.
            last.ended = None
        else:
            gaps.append(Gap(began=at, seconds_before=last.seconds(at) if last is not None else 0))


def _last_before(start: int, stretches: Sequence[Period | Gap]) -> int:
    """The index of the last one that began before `start`, or 0."""
    return max((n for n, stretch in enumerate(stretches) if stretch.began < start), default=0)


def _pick(stretches: list[T], indices: set[int]) -> list[T]:
    return [stretch for n, stretch in enumerate(stretches) if n in indices]


def _next_period(last: Period | None, state: State, change: StateChange) -> Period:
    if last is None:
        return Period(state=state, began=change.at, nations=change.nations)
    totals = last.totals(change.at)
    return Period(
        state=state,
        began=change.at,
        number=last.number + 1,
        nations=change.nations,
        open=totals.open,
        waiting_list=totals.waiting_list,
        paused=totals.paused,
        unconfirmed=totals.unconfirmed,
        pauses=totals.pauses,
    )
