"""The last ninety days of one responder, as they are published: its reports, and the states that it was in."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from capacity_api import representations
from capacity_api.db.tables import ReportRow
from capacity_api.domain.intake import State
from capacity_api.operations import paging
from capacity_api.operations.paging import Page

LASTS = timedelta(days=90)
# A list shows so many unless it is asked for another number; one more tells whether there are others.
MOST_REPORTS = paging.USUAL + 1
# Of somebody who says something else every few minutes, the strip begins later.
_MOST_TURNS = 500

Turn = tuple[datetime, State]


class Kept(msgspec.Struct, frozen=True):
    """A report as it stands in the history."""

    at: datetime
    sequence: int
    shown: msgspec.Raw


class Past(msgspec.Struct, frozen=True):
    """`reports` newest first; `turns` oldest first: when the state became another, as far as that was recorded."""

    reports: tuple[Kept, ...] = ()
    turns: tuple[Turn, ...] = ()

    @classmethod
    def of(cls, rows: Sequence[ReportRow], turns: Sequence[Turn]) -> "Past":
        """The past with these reports and turns, each oldest first."""
        return cls(tuple(_kept(row) for row in reversed(rows)), tuple(turns[-_MOST_TURNS:]))

    def followed_by(self, rows: Sequence[ReportRow]) -> "Past":
        """The past after these reports and lapses, oldest first."""
        reports = (*(_kept(row) for row in reversed(rows)), *self.reports)[:MOST_REPORTS]
        turns = list(self.turns)
        for row in rows:
            if not turns or turns[-1][1] is not row.state:
                turns.append((row.at, row.state))
        return Past(reports, tuple(turns[-_MOST_TURNS:]))

    def history(self, now: datetime) -> bytes:
        """What `GET …/history` answers without a query: the newest reports of the last ninety days."""
        # A report of this very moment belongs to the history as it stands.
        since = now + timedelta(seconds=1) - LASTS
        kept = [each for each in self.reports if each.at >= since]
        following = paging.cursor_after(kept[paging.USUAL - 1].sequence) if len(kept) > paging.USUAL else None
        return representations.encode(Page([each.shown for each in kept[: paging.USUAL]], following))

    def states(self, since: datetime, known: Sequence[Turn]) -> tuple[Turn, ...]:
        """From when on which state held, oldest first: the first at `since`, the last now.

        `known` are the turns that the clock has brought and nobody has recorded yet.
        """
        held = State.UNCONFIRMED
        after: list[Turn] = []
        for at, state in (*self.turns, *known):
            if at <= since:
                held = state
            elif state is not (after[-1][1] if after else held):
                after.append((at, state))
        return ((since, held), *after)


def _kept(row: ReportRow) -> Kept:
    return Kept(row.at, row.sequence, msgspec.Raw(representations.encode(representations.from_report(row))))
