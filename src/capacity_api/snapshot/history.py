"""The past of one responder: its entries of ninety days as `…/history` lists them, and its states of a year."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import msgspec

from capacity_api.domain.days import day_of, day_start
from capacity_api.domain.intake import State, TimedState
from capacity_api.operations.paging import DEFAULT_LIMIT, Page, encode_cursor
from capacity_api.representations.encoding import encode
from capacity_api.representations.responder import HistoryEntry

KEPT_FOR = timedelta(days=90)
# One page of the list, and one more to know whether there is another page.
MAX_ENTRIES = DEFAULT_LIMIT + 1
# Twelve calendar months, a leap day among them.
STATES_KEPT_FOR = timedelta(days=367)
# With more state changes than this, the older ones are summarised day by day, in at most four for each day.
_MAX_CHANGES = 2_000
_KEPT_EXACT = 500


class _EncodedEntry(msgspec.Struct, frozen=True, gc=False):
    """One entry of the history, encoded once."""

    at: datetime
    sequence: int
    json: msgspec.Raw


class History(msgspec.Struct, frozen=True, gc=False):
    """`entries` newest first; `changes` oldest first: when the effective state changed, as far as recorded.

    Of somebody who reports every few minutes, only the newest changes have their own times: see `_summarise`.
    """

    entries: tuple[_EncodedEntry, ...] = ()
    changes: tuple[TimedState, ...] = ()

    @classmethod
    def of(cls, entries: Sequence[HistoryEntry], changes: Sequence[TimedState]) -> "History":
        """The history with these entries and state changes, each oldest first."""
        return cls(tuple(_encode(entry) for entry in reversed(entries)), _bounded(changes))

    def followed_by(self, entries: Sequence[HistoryEntry]) -> "History":
        """The history after these new entries, oldest first."""
        newest = [_encode(entry) for entry in reversed(entries)]
        changes = list(self.changes)
        for entry in entries:
            if not changes or changes[-1][1] is not entry.state:
                changes.append((entry.at, entry.state))
        return History((*newest, *self.entries)[:MAX_ENTRIES], _bounded(changes))

    def changed(self, changes: Sequence[TimedState]) -> "History":
        """The history after these state changes, oldest first, of which there are no entries."""
        return History(self.entries, _bounded((*self.changes, *changes)))

    def recent(self, now: datetime) -> list[HistoryEntry]:
        """The newest entries of the last ninety days, newest first: as many as one page of the list has."""
        recent = [entry for entry in self.entries[:DEFAULT_LIMIT] if entry.at >= now - KEPT_FOR]
        return [msgspec.json.decode(entry.json, type=HistoryEntry) for entry in recent]

    def has_older(self, now: datetime) -> bool:
        """Whether the last ninety days have more entries than `recent` gives."""
        return len(self.entries) > DEFAULT_LIMIT and self.entries[DEFAULT_LIMIT].at >= now - KEPT_FOR

    def encode_list(self, now: datetime) -> bytes:
        """The answer to `GET …/history` without a query string: the newest entries of the last ninety days."""
        # The span ends one second after now, so that an entry of this moment is in it, as in the API.
        since = now + timedelta(seconds=1) - KEPT_FOR
        recent = [entry for entry in self.entries if entry.at >= since]
        following = encode_cursor(recent[DEFAULT_LIMIT - 1].sequence) if len(recent) > DEFAULT_LIMIT else None
        return encode(Page([entry.json for entry in recent[:DEFAULT_LIMIT]], following))

    def states(
        self, since: datetime, now: datetime, unrecorded: Sequence[TimedState], current: State
    ) -> tuple[TimedState, ...]:
        """The states from `since` until `now`, oldest first, each with the time from which it held.

        `unrecorded` are changes from due steps that nobody has recorded yet, and `current` is the state now: where a
        wrong clock dated the newest change, it does not hold.
        """
        first = State.UNCONFIRMED
        later: list[TimedState] = []
        for at, state in (*self.changes, *unrecorded):
            if at <= since:
                first = state
            elif at <= now and state is not (later[-1][1] if later else first):
                later.append((at, state))
        if current is not (later[-1][1] if later else first):
            later.append((now, current))
        return ((since, first), *later)


def _bounded(changes: Sequence[TimedState]) -> tuple[TimedState, ...]:
    if len(changes) <= _MAX_CHANGES:
        return tuple(changes)
    exact = changes[-_KEPT_EXACT:]
    oldest = exact[-1][0] - STATES_KEPT_FOR
    return (*_summarise([*changes[:-_KEPT_EXACT], exact[0]], oldest), *exact)


def _summarise(changes: Sequence[TimedState], oldest: datetime) -> Iterator[TimedState]:
    """The changes from `oldest` until the last one, with each state of a day in Europe/London in one piece.

    The pieces are in the order in which the states first came, and as long as the state held on that day.
    """
    lasted: dict[State, timedelta] = {}
    midnight = oldest
    for (began, state), (ended, _) in pairwise(changes):
        at = max(began, oldest)
        while at < ended:
            if at >= midnight:
                yield from _pieces(lasted, midnight)
                lasted = {}
                midnight = day_start(day_of(at) + timedelta(days=1))
            end = min(ended, midnight)
            lasted[state] = lasted.get(state, timedelta()) + (end - at)
            at = end
    yield from _pieces(lasted, changes[-1][0])


def _pieces(lasted: dict[State, timedelta], end: datetime) -> Iterator[TimedState]:
    """States that lasted so long until `end`, one after another."""
    at = end - sum(lasted.values(), timedelta())
    for state, held in lasted.items():
        yield at, state
        at += held


def _encode(entry: HistoryEntry) -> _EncodedEntry:
    return _EncodedEntry(entry.at, entry.sequence, msgspec.Raw(encode(entry)))
