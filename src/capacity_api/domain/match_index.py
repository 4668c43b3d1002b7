"""The rules of `matching` for a whole register at once.

For each answer that a question can give, one integer has a bit for every responder: does it take that on, may it? One
question is then a handful of ANDs and ORs over those integers, however many responders there are, and only the matches
that somebody is going to read are decided one by one. The integers are made by asking `matching`, never by rules of
their own.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

import msgspec

from capacity_api.domain.intake import Intake, State
from capacity_api.domain.matching import ASPECTS, OUTCOME_OF, Answer, Asked, Outcome, exceptions
from capacity_api.domain.remit import Remit

_Trait = tuple[str, int, Answer]
Masks = dict[_Trait, int]
# From so many changes on, making the index from nothing costs less than moving its bits again and again.
_MANY = 64
_EXISTING_CLIENTS_ONLY: _Trait = ("existing_clients_only", 0, None)


class Entry(msgspec.Struct, frozen=True):
    """A responder as it is now: `intake` as the clock has left it."""

    slug: str
    name: str
    remit: Remit
    intake: Intake


class MatchIndex(msgspec.Struct, frozen=True):
    """Immutable. `entries` are in the order of their names; an entry's place is its bit in each of `masks`."""

    entries: tuple[Entry, ...]
    places: Mapping[str, int]
    masks: Mapping[_Trait, int]

    def brought_to(self, changed: Mapping[str, Entry | None]) -> "MatchIndex":
        """The index with these entries in place of those of the same slugs; `None` for one that is gone.

        Who is only changed costs the bits that differ; who comes, goes or is renamed moves the bits after its place.
        """
        held = {slug: self.entries[self.places[slug]] for slug in changed if slug in self.places}
        different = {slug: entry for slug, entry in changed.items() if entry != held.get(slug)}
        if not different:
            return self
        if not self.entries or len(different) > _MANY:
            everybody = {**{entry.slug: entry for entry in self.entries}, **different}
            return index(entry for entry in everybody.values() if entry is not None)
        entries, masks = list(self.entries), dict(self.masks)
        moves = False
        for slug, entry in different.items():
            before = held.get(slug)
            stays = before is not None and entry is not None and before.name == entry.name
            if before is not None and not stays:
                masks = _taken_out(entries, masks, before)
            if entry is not None and not stays:
                masks = _put_in(entries, masks, entry)
            moves = moves or not stays
            if entry is not None:
                place = bisect_left(entries, _order(entry), key=_order)
                entries[place] = entry
                for trait in _traits(entry) ^ (_traits(before) if before is not None and stays else set()):
                    masks[trait] = masks.get(trait, 0) ^ (1 << place)
        places = MappingProxyType({entry.slug: place for place, entry in enumerate(entries)}) if moves else self.places
        return MatchIndex(tuple(entries), places, MappingProxyType(masks))

    def by_outcome(self, asked: Asked) -> dict[Outcome, int]:
        """For each outcome the bits of the responders that have it, as `matching.decide_asked` decides."""
        everybody = (1 << len(self.entries)) - 1
        takes, may = everybody, everybody & ~self._mask(_EXISTING_CLIENTS_ONLY) | self.bit(asked.existing_client_of)
        for n, answers in enumerate(asked.answers):
            some = 0
            for answer in answers:
                takes &= self._mask(("takes", n, answer))
                some |= self._mask(("may", n, answer))
            may &= some
        now = self._mask(("state", 0, State.OPEN))
        for circumstance in asked.circumstances:
            now |= self._mask(("exception", 0, circumstance))
        waiting = self._mask(("state", 0, State.WAITING_LIST))
        may &= now | waiting | self._mask(("state", 0, State.UNCONFIRMED))
        takes &= may
        return {
            Outcome.YES: takes & now,
            Outcome.WAITING_LIST: takes & waiting,
            Outcome.ASK: may & ~(takes & (now | waiting)),
            Outcome.NO: everybody & ~may,
        }

    def first(
        self, asked: Asked, limit: int, outcomes: Iterable[Outcome] = tuple(Outcome), but: str | None = None
    ) -> list[Entry]:
        """The first `limit` entries with one of `outcomes`, by outcome and then name, without the responder `but`."""
        found: list[Entry] = []
        others = ~self.bit(but)
        for outcome, bits in self.by_outcome(asked).items():
            if outcome in outcomes:
                found += (self.entries[place] for place in _places(bits & others, limit - len(found)))
        return found

    def bit(self, slug: str | None) -> int:
        """The bit of a responder; none for nobody, and for one that is not in the index."""
        place = self.places.get(slug) if slug is not None else None
        return 0 if place is None else 1 << place

    def _mask(self, trait: _Trait) -> int:
        return self.masks.get(trait, 0)


def index(entries: Iterable[Entry]) -> MatchIndex:
    """The index of `entries`, made from nothing."""
    ordered = tuple(sorted(entries, key=_order))
    rows: defaultdict[_Trait, bytearray] = defaultdict(lambda: bytearray(len(ordered) // 8 + 1))
    for place, entry in enumerate(ordered):
        for trait in _traits(entry):
            rows[trait][place // 8] |= 1 << place % 8
    return MatchIndex(
        entries=ordered,
        places=MappingProxyType({entry.slug: place for place, entry in enumerate(ordered)}),
        masks=MappingProxyType({trait: int.from_bytes(row, "little") for trait, row in rows.items()}),
    )


def _order(entry: Entry) -> tuple[str, str]:
    return entry.name.casefold(), entry.slug


def _taken_out(entries: list[Entry], masks: Masks, entry: Entry) -> Masks:
    """The masks without the bit of an entry that leaves `entries`."""
    place = bisect_left(entries, _order(entry), key=_order)
    del entries[place]
    low = (1 << place) - 1
    return {trait: (mask & low) | ((mask >> (place + 1)) << place) for trait, mask in masks.items()}


def _put_in(entries: list[Entry], masks: Masks, entry: Entry) -> Masks:
    """The masks with a bit, not set yet, for an entry that joins `entries`."""
    place = bisect_left(entries, _order(entry), key=_order)
    entries.insert(place, entry)
    low = (1 << place) - 1
    return {trait: (mask & low) | ((mask >> place) << (place + 1)) for trait, mask in masks.items()}


def _traits(entry: Entry) -> set[_Trait]:
    """Everything that is so of a responder, whatever is asked: the masks that have its bit."""
    traits: set[_Trait] = {("state", 0, entry.intake.state)}
    traits.update(("exception", 0, circumstance) for circumstance in exceptions(entry.intake))
    # Without the words, because many remits differ in nothing else.
    coded = msgspec.structs.replace(entry.remit, note=None, as_published=None, source=None)
    return traits | _remit_traits(coded)


@lru_cache(maxsize=4096)
def _remit_traits(remit: Remit) -> frozenset[_Trait]:
    traits = {_EXISTING_CLIENTS_ONLY} if remit.existing_clients_only else set()
    for n, aspect in enumerate(ASPECTS):
        for answer in aspect.answers:
            code = aspect.judge(remit, answer)
            if code is None:
                traits.add(("takes", n, answer))
            if code is None or OUTCOME_OF[code] is not Outcome.NO:
                traits.add(("may", n, answer))
    return frozenset(traits)


def _places(bits: int, limit: int) -> Iterator[int]:
    """The places of the lowest `limit` bits that are set, lowest first."""
    while bits and limit > 0:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
        limit -= 1
