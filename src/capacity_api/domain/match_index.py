"""The rules of `matching` for a whole register at once.

For each value that a question can have, one integer has a bit for every responder: does its remit take that value
("takes"), or might it ("may")? A question is then a few ANDs and ORs over those integers, however many responders
there are. Only the matches that somebody will read are decided one by one. The bits are set by asking `matching`;
there are no other rules here.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

import msgspec

from capacity_api.domain.codes import UNKNOWN
from capacity_api.domain.intake import Circumstance, Intake, State, remit_now
from capacity_api.domain.matching import (
    ASKED_CIRCUMSTANCES,
    ASPECTS,
    OUTCOME_OF,
    Outcome,
    Situations,
    Value,
    exceptions_of,
)
from capacity_api.domain.remit import Remit

# A kind (`takes`, `may`, `state` …), the index of the aspect (0 where the kind has none), a code.
_Trait = tuple[str, int, Value]
_Masks = dict[_Trait, int]
# With more changes than this, building the index from nothing costs less than moving its bits.
_REBUILD_FROM = 64
_EXISTING_CLIENTS_ONLY: _Trait = ("existing_clients_only", 0, None)
_EXISTING_CLIENT: _Trait = ("exception", 0, Circumstance.EXISTING_CLIENT)


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """A responder as the rules see it; `intake` brought up to now (`intake_at`)."""

    slug: str
    name: str
    remit: Remit
    intake: Intake


class MatchIndex(msgspec.Struct, frozen=True):
    """Immutable. `candidates` are sorted by name; a candidate's position is its bit in each of `masks`."""

    candidates: tuple[Candidate, ...]
    positions: Mapping[str, int]
    masks: Mapping[_Trait, int]

    def with_changes(self, changes: Mapping[str, Candidate | None]) -> "MatchIndex":
        """The index with these candidates in place of those of the same slugs; `None` for one that is gone.

        A candidate that keeps its position costs the bits that differ. One that comes, goes or is renamed moves the
        bits of everybody after it.
        """
        before = {slug: self.candidates[self.positions[slug]] for slug in changes if slug in self.positions}
        different = {slug: after for slug, after in changes.items() if after != before.get(slug)}
        if not different:
            return self
        if not self.candidates or len(different) > _REBUILD_FROM:
            everybody = {candidate.slug: candidate for candidate in self.candidates} | different
            return build_index(candidate for candidate in everybody.values() if candidate is not None)
        editor = _Editor(self)
        for slug, after in different.items():
            editor.replace(before.get(slug), after)
        return editor.index()

    def by_outcome(self, situations: Situations) -> dict[Outcome, int]:
        """For each outcome the bits of the responders that have it, as `decide_situations` decides."""
        everybody = (1 << len(self.candidates)) - 1
        clients = self._clients(situations)
        existing_only = self._mask(_EXISTING_CLIENTS_ONLY)
        takes = everybody & ~existing_only | clients
        may = everybody if UNKNOWN in situations.existing_client_of else takes
        for number, values in enumerate(situations.values):
            may_take_one = 0
            for value in values:
                takes &= self._mask(("takes", number, value))
                may_take_one |= self._mask(("may", number, value))
            may &= may_take_one
        now = self._mask(("state", 0, State.OPEN)) | self._mask(_EXISTING_CLIENT) & clients
        for circumstance in situations.circumstances:
            now |= self._mask(("exception", 0, circumstance))
        waiting = self._mask(("state", 0, State.WAITING_LIST))
        may &= now | waiting | self._mask(("state", 0, State.UNCONFIRMED)) | self._pauses_to_ask(situations)
        takes &= may
        return {
            Outcome.YES: takes & now,
            Outcome.WAITING_LIST: takes & waiting,
            Outcome.ASK: may & ~(takes & (now | waiting)),
            Outcome.NO: everybody & ~may,
        }

    def _clients(self, situations: Situations) -> int:
        """The bits of the responders whose existing client the person is."""
        bits = 0
        for slug in situations.existing_client_of:
            bits |= self.bit(slug)
        return bits

    def _pauses_to_ask(self, situations: Situations) -> int:
        """The bits of paused responders with an exception of which nothing was said."""
        bits = self._mask(_EXISTING_CLIENT) if UNKNOWN in situations.existing_client_of else 0
        for circumstance in ASKED_CIRCUMSTANCES:
            if circumstance not in situations.circumstances_excluded:
                bits |= self._mask(("exception", 0, circumstance))
        return bits

    def first(
        self,
        situations: Situations,
        limit: int,
        outcomes: Iterable[Outcome] = tuple(Outcome),
        but: str | None = None,
    ) -> list[Candidate]:
        """The first `limit` candidates with one of `outcomes`, by outcome and then name, without the slug `but`."""
        others = ~self.bit(but)
        found: list[Candidate] = []
        for outcome, bits in self.by_outcome(situations).items():
            if outcome in outcomes:
                found += (self.candidates[position] for position in _lowest(bits & others, limit - len(found)))
        return found

    def bit(self, slug: str | None) -> int:
        """The bit of a responder; 0 for `None` and for one that is not in the index."""
        position = self.positions.get(slug) if slug is not None else None
        return 0 if position is None else 1 << position

    def _mask(self, trait: _Trait) -> int:
        return self.masks.get(trait, 0)


class _Editor:
    """A copy of an index that is changed candidate by candidate."""

    def __init__(self, index: MatchIndex) -> None:
        self._candidates = list(index.candidates)
        self._positions = index.positions
        self._masks: _Masks = dict(index.masks)
        self._has_moved = False

    def replace(self, before: Candidate | None, after: Candidate | None) -> None:
        if before is not None and after is not None and before.name == after.name:
            position = self._position_of(after)
            self._candidates[position] = after
            self._toggle(position, _traits(before) ^ _traits(after))
            return
        self._has_moved = True
        if before is not None:
            self._remove(before)
        if after is not None:
            self._insert(after)

    def index(self) -> MatchIndex:
        positions = _positions(self._candidates) if self._has_moved else self._positions
        return MatchIndex(tuple(self._candidates), positions, MappingProxyType(self._masks))

    def _remove(self, candidate: Candidate) -> None:
        position = self._position_of(candidate)
        del self._candidates[position]
        below = (1 << position) - 1
        self._masks = {
            trait: (mask & below) | ((mask >> (position + 1)) << position) for trait, mask in self._masks.items()
        }

    def _insert(self, candidate: Candidate) -> None:
        position = self._position_of(candidate)
        self._candidates.insert(position, candidate)
        below = (1 << position) - 1
        self._masks = {
            trait: (mask & below) | ((mask >> position) << (position + 1)) for trait, mask in self._masks.items()
        }
        self._toggle(position, _traits(candidate))

    def _toggle(self, position: int, traits: Iterable[_Trait]) -> None:
        for trait in traits:
            self._masks[trait] = self._masks.get(trait, 0) ^ (1 << position)

    def _position_of(self, candidate: Candidate) -> int:
        return bisect_left(self._candidates, _order(candidate), key=_order)


def build_index(candidates: Iterable[Candidate]) -> MatchIndex:
    """The index of `candidates`, from nothing."""
    ordered = tuple(sorted(candidates, key=_order))
    rows: defaultdict[_Trait, bytearray] = defaultdict(lambda: bytearray(len(ordered) // 8 + 1))
    for position, candidate in enumerate(ordered):
        for trait in _traits(candidate):
            rows[trait][position // 8] |= 1 << position % 8
    masks = {trait: int.from_bytes(row, "little") for trait, row in rows.items()}
    return MatchIndex(ordered, _positions(ordered), MappingProxyType(masks))


def _positions(candidates: Iterable[Candidate]) -> Mapping[str, int]:
    return MappingProxyType({candidate.slug: position for position, candidate in enumerate(candidates)})


def _order(candidate: Candidate) -> tuple[str, str]:
    return candidate.name.casefold(), candidate.slug


def _traits(candidate: Candidate) -> set[_Trait]:
    """Every mask in which the candidate has a bit."""
    traits: set[_Trait] = {("state", 0, candidate.intake.state)}
    traits.update(("exception", 0, circumstance) for circumstance in exceptions_of(candidate.intake))
    # Many remits differ in their words alone.
    coded = msgspec.structs.replace(
        remit_now(candidate.remit, candidate.intake), note=None, as_published=None, source=None
    )
    return traits | _remit_traits(coded)


@lru_cache(maxsize=4096)
def _remit_traits(remit: Remit) -> frozenset[_Trait]:
    if remit.is_empty:
        return frozenset()
    traits = {_EXISTING_CLIENTS_ONLY} if remit.existing_clients_only else set()
    for number, aspect in enumerate(ASPECTS):
        for value in aspect.values:
            code = aspect.judge(remit, value)
            if code is None:
                traits.add(("takes", number, value))
            if code is None or OUTCOME_OF[code] is not Outcome.NO:
                traits.add(("may", number, value))
    return frozenset(traits)


def _lowest(bits: int, limit: int) -> Iterator[int]:
    """The positions of the lowest `limit` bits that are set, lowest first."""
    while bits and limit > 0:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
        limit -= 1
