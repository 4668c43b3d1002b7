"""The last ninety days of one responder: its entries as `…/history` lists them, and its states."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from capacity_api.domain.intake import State, TimedState
from capacity_api.operations.paging import DEFAULT_LIMIT, Page, encode_cursor
from capacity_api.representations.encoding import encode
from capacity_api.representations.responder import HistoryEntry

KEPT_FOR = timedelta(days=90)
# One page of the list, and one more to know whether there is another page.
MAX_ENTRIES = DEFAULT_LIMIT + 1
# The strip (the picture of these ninety days) of somebody who reports every few minutes is shorter.
_MAX_CHANGES = 500


class _EncodedEntry(msgspec.Struct, frozen=True):
    """One entry of the history, encoded once."""

    at: datetime
    sequence: int
    json: msgspec.Raw


class History(msgspec.Struct, frozen=True):
    """`entries` newest first; `changes` oldest first: when the effective state changed, as far as recorded."""

    entries: tuple[_EncodedEntry, ...] = ()
    changes: tuple[TimedState, ...] = ()

    @classmethod
    def of(cls, entries: Sequence[HistoryEntry], changes: Sequence[TimedState]) -> "History":
        """The history with these entries and state changes, each oldest first."""
        return cls(tuple(_encode(entry) for entry in reversed(entries)), tuple(changes[-_MAX_CHANGES:]))

    def followed_by(self, entries: Sequence[HistoryEntry]) -> "History":
        """The history after these new entries, oldest first."""
        newest = [_encode(entry) for entry in reversed(entries)]
        changes = list(self.changes)
        for entry in entries:
            if not changes or changes[-1][1] is not entry.state:
                changes.append((entry.at, entry.state))
        return History((*newest, *self.entries)[:MAX_ENTRIES], tuple(changes[-_MAX_CHANGES:]))

    def changed(self, changes: Sequence[TimedState]) -> "History":
        """The history after these state changes, oldest first, of which there are no entries."""
        return History(self.entries, (*self.changes, *changes)[-_MAX_CHANGES:])

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


def _encode(entry: HistoryEntry) -> _EncodedEntry:
    return _EncodedEntry(entry.at, entry.sequence, msgspec.Raw(encode(entry)))
