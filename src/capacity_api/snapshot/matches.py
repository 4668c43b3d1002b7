"""Matches: who can take a person now, by the rules of the domain, over one snapshot."""

from collections.abc import Iterable

import msgspec

from capacity_api.domain.matching import (
    NOTHING_SAID,
    Outcome,
    Question,
    ReasonCode,
    Situations,
    decide_situations,
    situation_of,
    situations_within,
)
from capacity_api.domain.vocabulary import MATCH_REASONS
from capacity_api.representations.responder import Responder
from capacity_api.snapshot.snapshot import Snapshot

# A responder that cannot take the person is no alternative.
ALTERNATIVE_OUTCOMES = tuple(outcome for outcome in Outcome if outcome is not Outcome.NO)
# How many matches an answer has at most, and by default.
MAX_MATCHES, DEFAULT_MATCHES = 500, 50


class MatchReason(msgspec.Struct, frozen=True):
    """`text` is a sentence in English, the same for every occurrence of `code`."""

    code: ReasonCode
    text: str


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """`reasons` are those that decide the outcome."""

    responder: Responder
    outcome: Outcome
    reasons: list[MatchReason]


class Matches(msgspec.Struct, frozen=True, kw_only=True):
    """By outcome (`yes`, `waiting_list`, `ask`, `no`), then by name: nobody is ranked by anything else."""

    sequence: int
    matches: list[Match]


def find_matches(snapshot: Snapshot, question: Question, outcomes: Iterable[Outcome], limit: int) -> Matches:
    """The first `limit` responders with one of `outcomes` for the person of the question."""
    return _find(snapshot, situation_of(question), outcomes, limit)


def find_alternatives(
    snapshot: Snapshot, slug: str, question: Question, outcomes: Iterable[Outcome], limit: int
) -> Matches:
    """The first `limit` other responders with one of `outcomes` for the person of the question.

    A question that says nothing is about everybody within the lasting remit: what limits it now does not matter.
    """
    situations = situation_of(question)
    if situations == NOTHING_SAID:
        situations = situations_within(snapshot.entries[slug].record.remit)
    return _find(snapshot, situations, outcomes, limit, but=slug)


def _find(
    snapshot: Snapshot, situations: Situations, outcomes: Iterable[Outcome], limit: int, but: str | None = None
) -> Matches:
    matches = []
    for candidate in snapshot.match_index.first(situations, limit, outcomes, but):
        outcome, codes = decide_situations(candidate.slug, candidate.remit, candidate.intake, situations)
        reasons = [MatchReason(code, MATCH_REASONS[code]) for code in codes]
        responder = snapshot.entries[candidate.slug].responder
        matches.append(Match(responder=responder, outcome=outcome, reasons=reasons))
    return Matches(sequence=snapshot.sequence, matches=matches)
