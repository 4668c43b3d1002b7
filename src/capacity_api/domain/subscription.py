"""Which events a webhook wants: its filters."""

import msgspec

from capacity_api.domain.areas import UNITED_KINGDOM, Cover, cover
from capacity_api.domain.codes import ALL, EVERYTHING, includes
from capacity_api.domain.events import TO_EVERY_WEBHOOK, EventType, is_subscribed
from capacity_api.domain.gaps import CellGroup


class _AreaRef(msgspec.Struct, frozen=True):
    code: str


class _Remit(msgspec.Struct, frozen=True):
    areas: list[_AreaRef]


class _Responder(msgspec.Struct, frozen=True):
    slug: str
    remit: _Remit


class _Data(msgspec.Struct, frozen=True):
    responder: _Responder | None = None
    previous_areas: tuple[str, ...] = ()
    cell_groups: tuple[CellGroup, ...] = msgspec.field(name="cells", default=())


class EventSummary(msgspec.Struct, frozen=True):
    """What the filters read of an event's body. The remit is as it was then, and may have changed since."""

    type: EventType
    data: _Data

    @property
    def areas(self) -> set[str]:
        """The codes of the areas that the event is about: those of a remit before and after a change of it."""
        if self.data.responder is not None:
            return {*(area.code for area in self.data.responder.remit.areas), *self.data.previous_areas}
        areas: set[str] = set()
        for group in self.data.cell_groups:
            areas.update([UNITED_KINGDOM] if group.areas == EVERYTHING else group.areas)
        return areas


class Subscription(msgspec.Struct, frozen=True):
    """The filters of one webhook: sets of codes. A code that this version does not know matches nothing."""

    event_types: frozenset[str] = frozenset(EVERYTHING)
    responders: frozenset[str] = frozenset(EVERYTHING)
    areas: frozenset[str] = frozenset(EVERYTHING)

    def wants(self, event: EventSummary) -> bool:
        """Whether a public event passes all filters.

        The areas are those of the remit before or after a change, never those of a limit: a subscriber whose area is no
        longer covered has to hear of it.
        """
        if event.type in TO_EVERY_WEBHOOK:
            return True
        if not is_subscribed(event.type, self.event_types):
            return False
        responder = event.data.responder
        if not includes(self.responders, None if responder is None else responder.slug):
            return False
        if ALL in self.areas:
            return True
        covered = event.areas
        return any(cover(covered, area) is not Cover.NONE for area in self.areas)


def summarise(body: str | bytes) -> EventSummary:
    """The summary of an event, from its body."""
    return msgspec.json.decode(body, type=EventSummary)
