"""Periods: how long a responder spends in each effective state, and how long nobody is confirmed open in a nation.

Times are whole seconds since 1970: whatever happens counts from the second that it falls into, so that sums are exact
and both databases subtract alike. A period carries the sums of all before it, so that any span of time is measured
from the periods at its two edges, however much lies between them.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from uuid import UUID

import msgspec

from capacity_api.domain.areas import ENGLAND, NORTHERN_IRELAND, SCOTLAND, WALES, Cover, cover
from capacity_api.domain.intake import State

NATIONS = (ENGLAND, WALES, SCOTLAND, NORTHERN_IRELAND)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_second(time: datetime) -> int:
    """The second since 1970 that `time` falls into."""
    return (time - _EPOCH) // timedelta(seconds=1)


def from_second(number: int) -> datetime:
    """When the second `number` begins."""
    return _EPOCH + timedelta(seconds=number)


class Totals(msgspec.Struct, frozen=True):
    """Seconds in each effective state, and how many pauses began, before one moment."""

    open: int = 0
    waiting_list: int = 0
    paused: int = 0
    unconfirmed: int = 0
    pauses: int = 0

    def since(self, earlier: "Totals") -> "Totals":
        return Totals(
            self.open - earlier.open,
            self.waiting_list - earlier.waiting_list,
            self.paused - earlier.paused,
            self.unconfirmed - earlier.unconfirmed,
            self.pauses - earlier.pauses,
        )


class Period(msgspec.Struct):
    """The time that a responder spends in one effective state without a break; `ended` is null while it lasts.

    `number` counts a responder's periods. `nations` are those that it serves at the end of it. The last five fields
    are what came before it: the seconds in each state, and the pauses.
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
        """What came before `until`, which lies after `began`; no later period may have begun before it."""
        spent = self.within(self.began, until)
        return Totals(
            self.open + (spent if self.state is State.OPEN else 0),
            self.waiting_list + (spent if self.state is State.WAITING_LIST else 0),
            self.paused + (spent if self.state is State.PAUSED else 0),
            self.unconfirmed + (spent if self.state is State.UNCONFIRMED else 0),
            self.pauses + (self.state is State.PAUSED),
        )

    def within(self, start: int, end: int) -> int:
        """How many of its seconds lie in [start, end)."""
        return max(0, (end if self.ended is None else min(self.ended, end)) - max(self.began, start))


class Gap(msgspec.Struct, kw_only=True):
    """The time in which nobody is confirmed open in a nation; `before` is the seconds of all earlier gaps."""

    began: int
    ended: int | None = None
    before: int = 0

    def seconds(self, until: int) -> int:
        """The seconds without anybody before `until`, which lies after `began`; this is the last gap before it."""
        return self.before + (until if self.ended is None else min(self.ended, until)) - self.began


class StateChange(msgspec.Struct, frozen=True):
    """What one event says of a responder: its effective state from `at` on, null when it is delisted."""

    responder_id: UUID
    at: int
    state: State | None
    nations: tuple[str, ...]


@lru_cache(maxsize=4096)
def nations_covered(areas: tuple[str, ...], *, is_known: bool, existing_clients_only: bool) -> tuple[str, ...]:
    """The nations that a responder counts for: its remit is known, reaches all of the nation and takes new people."""
    if not is_known or existing_clients_only:
        return ()
    return tuple(nation for nation in NATIONS if cover(areas, nation) is Cover.WHOLE)


class Ledger:
    """The periods of some responders, and the nations' gaps, carried on turn by turn in the order of the events.

    It starts with the last of each that was kept; a nation's first gap begins with the first turn of all.
    """

    def __init__(self, gaps: Mapping[str, Gap], open_in: Mapping[str, int]) -> None:
        self.periods: dict[UUID, list[Period]] = {}
        self.gaps: dict[str, list[Gap]] = {nation: [gaps[nation]] if nation in gaps else [] for nation in NATIONS}
        # How many are confirmed open in each nation.
        self.open_in = {nation: open_in.get(nation, 0) for nation in NATIONS}

    def take(self, turn: StateChange) -> None:
        periods = self.periods.setdefault(turn.responder_id, [])
        running = periods[-1] if periods and periods[-1].ended is None else None
        for nation in _open_in(running.state, running.nations) if running is not None else ():
            self.open_in[nation] -= 1
        for nation in _open_in(turn.state, turn.nations):
            self.open_in[nation] += 1
        for nation in NATIONS:
            self._bound_gap(nation, turn.at)
        if running is not None and turn.state is running.state:
            running.nations = turn.nations
            return
        if running is not None:
            running.ended = turn.at
        if turn.state is not None:
            periods.append(_following(periods[-1] if periods else None, turn.state, turn))

    def thin(self, start: int, end: int) -> None:
        """Let go of what [start, end) is not measured by, so that what is held does not grow with the turns.

        Of a responder that leaves the first held, the last before `start`, the longest pause and the last.
        """
        for responder_id, held in self.periods.items():
            if len(held) > 4:
                edge = max((n for n, period in enumerate(held) if period.began < start), default=0)
                longest = max(
                    range(len(held)), key=lambda n: held[n].within(start, end) if held[n].state is State.PAUSED else -1
                )
                self.periods[responder_id] = [held[n] for n in sorted({0, edge, longest, len(held) - 1})]
        for nation, gaps in self.gaps.items():
            if len(gaps) > 3:
                edge = max((n for n, gap in enumerate(gaps) if gap.began < start), default=0)
                self.gaps[nation] = [gaps[n] for n in sorted({0, edge, len(gaps) - 1})]

    def _bound_gap(self, nation: str, at: int) -> None:
        gaps = self.gaps[nation]
        last = gaps[-1] if gaps else None
        is_running = last is not None and last.ended is None
        if is_running == (self.open_in[nation] == 0):
            return
        if last is not None and last.ended is None:
            last.ended = at
        elif last is not None and last.ended == at:
            last.ended = None
        else:
            gaps.append(Gap(began=at, before=last.seconds(at) if last is not None else 0))


def _open_in(state: State | None, nations: tuple[str, ...]) -> tuple[str, ...]:
    return nations if state is State.OPEN else ()


def _following(last: Period | None, state: State, turn: StateChange) -> Period:
    period = Period(state=state, began=turn.at, nations=turn.nations)
    if last is not None:
        period.number = last.number + 1
        for name, total in msgspec.structs.asdict(last.totals(turn.at)).items():
            setattr(period, name, total)
    return period
