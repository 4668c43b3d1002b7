"""What a webhook wants to hear of: pure, from what an event told at the time."""

import msgspec

from capacity_api.domain.areas import UNITED_KINGDOM, Cover, cover
from capacity_api.domain.events import EventType, is_subscribed
from capacity_api.domain.gaps import Cells


class _AreaRef(msgspec.Struct, frozen=True):
    code: str


class _Remit(msgspec.Struct, frozen=True):
    areas: list[_AreaRef]


class _Responder(msgspec.Struct, frozen=True):
    slug: str
    remit: _Remit


class _Data(msgspec.Struct, frozen=True):
    responder: _Responder | None = None
    cells: tuple[Cells, ...] = ()


class Told(msgspec.Struct, frozen=True):
    """What the filters look at, as the event's body tells it: a remit may have changed since."""

    type: EventType
    data: _Data

    @property
    def areas(self) -> set[str]:
        """The places that it is about."""
        if self.data.responder is not None:
            return {area.code for area in self.data.responder.remit.areas}
        return {code for each in self.data.cells for code in ((UNITED_KINGDOM,) if each.areas == "all" else each.areas)}


class Subscription(msgspec.Struct, frozen=True):
    """The filters; `None` for all, which leaves out what has to be named."""

    event_types: frozenset[EventType] | None = None
    responders: frozenset[str] | None = None
    areas: frozenset[str] | None = None

    def wants(self, told: Told) -> bool:
        """Whether a public event gets through them."""
        if not is_subscribed(told.type, self.event_types):
            return False
        responder = told.data.responder
        if self.responders is not None and (responder is None or responder.slug not in self.responders):
            return False
        if self.areas is None:
            return True
        places = told.areas
        return any(cover(places, area) is not Cover.NONE for area in self.areas)


def told(body: str | bytes) -> Told:
    """What an event's body tells the filters."""
    return msgspec.json.decode(body, type=Told)
