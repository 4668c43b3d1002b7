"""One responder in a snapshot: everything that depends on it alone, built once for each change."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import msgspec

from capacity_api.domain.coverage import contribution_for
from capacity_api.domain.intake import State, TimedState, due_steps, intake_at, remit_now, withdraw
from capacity_api.domain.match_index import Candidate
from capacity_api.domain.responder import ResponderRecord
from capacity_api.representations.encoding import encode
from capacity_api.representations.responder import Responder, represent_responder
from capacity_api.snapshot.history import STATES_KEPT_FOR, History
from capacity_api.snapshot.resource import Resource


class Entry:
    """A responder at a moment, with every due step applied until then; `wall` is for `intake_at`."""

    def __init__(self, record: ResponderRecord, history: History, now: datetime, wall: datetime | None = None) -> None:
        self.record = record
        self.history = history
        intake = intake_at(record.intake, now, wall)
        self.candidate = Candidate(record.slug, record.name, record.remit, intake)
        self.remit_now = remit_now(record.remit, intake)
        self.contribution = contribution_for(self.remit_now, intake.state)
        # When the clock alone changes it next. A reminder changes nothing that readers see.
        self.next_change = intake.next_change(timedelta(0) if wall is None else now - wall)
        self.responder: Responder = represent_responder(record, now, wall)
        self.json = encode(self.responder)
        self.resource = Resource(self.json)
        self.etag = self.resource.plain.etag
        self._history_list: tuple[date, Resource] | None = None
        self._renderings: dict[str, tuple[object, bytes]] = {}

    def at(self, now: datetime, wall: datetime | None = None) -> "Entry":
        """The same responder at another moment."""
        return Entry(self.record, self.history, now, wall)

    def withdrawn(self, at: datetime) -> "Entry":
        """The same responder, whose state nobody knows since `at`."""
        intake = withdraw(intake_at(self.record.intake, at), at)
        history = self.history.changed([*self._unrecorded(at), (at, State.UNCONFIRMED)])
        return Entry(msgspec.structs.replace(self.record, intake=intake), history, at)

    def history_list(self, now: datetime) -> Resource:
        """Its history of the last ninety days; reports up to a day older may still be in it."""
        if self._history_list is None or self._history_list[0] != now.date():
            self._history_list = now.date(), Resource(self.history.encode_list(now))
        return self._history_list[1]

    def states(self, now: datetime) -> tuple[TimedState, ...]:
        """Its states of the last twelve months, oldest first, each with the time from which it held."""
        return self.history.states(
            max(now - STATES_KEPT_FOR, self.record.created_at), now, self._unrecorded(now), self.responder.intake.state
        )

    def _unrecorded(self, now: datetime) -> list[TimedState]:
        """The states of due steps that nobody has recorded yet."""
        return [(step.at, step.after.state) for step in due_steps(self.record.intake, now)]

    def rendering(self, name: str, version: object, render: Callable[[], bytes]) -> bytes:
        """What `render` makes of this responder: built once for each `name`, and again when `version` changes."""
        cached = self._renderings.get(name)
        if cached is None or cached[0] != version:
            cached = self._renderings[name] = version, render()
        return cached[1]
