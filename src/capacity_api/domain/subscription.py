"""Which events a webhook wants: its filters."""

import msgspec

from capacity_api.domain.areas import UNITED_KINGDOM, Cover, cover
from capacity_api.domain.events import EventType, is_subscribed
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
    cell_groups: tuple[CellGroup, ...] = msgspec.field(name="cells", default=())


class EventSummary(msgspec.Struct, frozen=True):
    """What the filters read of an event's body. The remit is as it was then, and may have changed since."""

    type: EventType
    data: _Data

    @property
    def areas(self) -> set[str]:
        """The codes of the areas that the event is about."""
        if self.data.responder is not None:
            return {area.code for area in self.data.responder.remit.areas}
        areas: set[str] = set()
        for group in self.data.cell_groups:
            areas.update([UNITED_KINGDOM] if group.areas == "all" else group.areas)
        return areas


class Subscription(msgspec.Struct, frozen=True):
    """The filters of one webhook. `None` means all, except event types that must be named."""

    event_types: frozenset[EventType] | None = None
    responders: frozenset[str] | None = None
    areas: frozenset[str] | None = None

    def wants(self, event: EventSummary) -> bool:
        """Whether a public event passes all filters."""
        if not is_subscribed(event.type, self.event_types):
            return False
        responder = event.data.responder
        if self.responders is not None and (responder is None or responder.slug not in self.responders):
            return False
        if self.areas is None:
            return True
        covered = event.areas
        return any(cover(covered, area) is not Cover.NONE for area in self.areas)


def summarise(body: str | bytes) -> EventSummary:
    """The summary of an event, from its body."""
    return msgspec.json.decode(body, type=EventSummary)
