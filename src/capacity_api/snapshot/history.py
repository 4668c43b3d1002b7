"""The last ninety days of one responder: its reports as `…/history` lists them, and its states."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from capacity_api.domain.intake import State
from capacity_api.operations.paging import USUAL, Page, encode_cursor
from capacity_api.representations.encoding import encode
from capacity_api.representations.responder import HistoryEntry

KEPT_FOR = timedelta(days=90)
# One page of the list, and one more to know whether there is another page.
MOST_REPORTS = USUAL + 1
# Somebody who reports every few minutes has a shorter strip.
_MOST_CHANGES = 500

StateChange = tuple[datetime, State]


class _Report(msgspec.Struct, frozen=True):
    """A report or lapse, encoded once."""

    at: datetime
    sequence: int
    json: msgspec.Raw


class History(msgspec.Struct, frozen=True):
    """`reports` newest first; `changes` oldest first: when the effective state changed, as far as recorded."""

    reports: tuple[_Report, ...] = ()
    changes: tuple[StateChange, ...] = ()

    @classmethod
    def of(cls, entries: Sequence[HistoryEntry], changes: Sequence[StateChange]) -> "History":
        """The history with these entries and state changes, each oldest first."""
        return cls(tuple(_encode(entry) for entry in reversed(entries)), tuple(changes[-_MOST_CHANGES:]))

    def followed_by(self, entries: Sequence[HistoryEntry]) -> "History":
        """The history after these new entries, oldest first."""
        newest = [_encode(entry) for entry in reversed(entries)]
        changes = list(self.changes)
        for entry in entries:
            if not changes or changes[-1][1] is not entry.state:
                changes.append((entry.at, entry.state))
        return History((*newest, *self.reports)[:MOST_REPORTS], tuple(changes[-_MOST_CHANGES:]))

    def first_page(self, now: datetime) -> bytes:
        """The answer to `GET …/history` without a query: the newest reports of the last ninety days."""
        # A report of this very moment is included.
        since = now + timedelta(seconds=1) - KEPT_FOR
        recent = [report for report in self.reports if report.at >= since]
        following = encode_cursor(recent[USUAL - 1].sequence) if len(recent) > USUAL else None
        return encode(Page([report.json for report in recent[:USUAL]], following))

    def states(self, since: datetime, unrecorded: Sequence[StateChange]) -> tuple[StateChange, ...]:
        """The states from `since` until now, oldest first, each with the time from which it held.

        `unrecorded` are changes that the clock has brought and nobody has recorded yet.
        """
        first = State.UNCONFIRMED
        later: list[StateChange] = []
        for at, state in (*self.changes, *unrecorded):
            if at <= since:
                first = state
            elif state is not (later[-1][1] if later else first):
                later.append((at, state))
        return ((since, first), *later)


def _encode(entry: HistoryEntry) -> _Report:
    return _Report(entry.at, entry.sequence, msgspec.Raw(encode(entry)))
