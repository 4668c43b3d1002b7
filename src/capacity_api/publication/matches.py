"""Who can take a person now: the rules of the domain over what is published, as the public reads it."""

from collections.abc import Iterable

import msgspec

from capacity_api.domain import matching
from capacity_api.domain.matching import Asked, Outcome, Question, ReasonCode
from capacity_api.domain.vocabulary import MATCH_REASONS
from capacity_api.publication.tree import Tree
from capacity_api.representations import Responder

# How many matches an answer has at most, and unless it is said.
MOST, USUAL = 500, 50


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


def matches(tree: Tree, question: Question, outcomes: Iterable[Outcome], limit: int) -> Matches:
    """The first `limit` responders with one of `outcomes` for the person of the question."""
    return _found(tree, matching.about(question), outcomes, limit)


def alternatives(tree: Tree, slug: str, limit: int) -> Matches:
    """The first `limit` other responders that may take people whom the remit of a listed one reaches."""
    remit = tree.match_index.entries[tree.match_index.places[slug]].remit
    may_take = tuple(outcome for outcome in Outcome if outcome is not Outcome.NO)
    return _found(tree, matching.within(remit), may_take, limit, but=slug)


def _found(tree: Tree, asked: Asked, outcomes: Iterable[Outcome], limit: int, but: str | None = None) -> Matches:
    found = []
    for entry in tree.match_index.first(asked, limit, outcomes, but):
        outcome, codes = matching.decide_asked(entry.slug, entry.remit, entry.intake, asked)
        reasons = [MatchReason(code, MATCH_REASONS[code]) for code in codes]
        found.append(Match(responder=tree.entries[entry.slug].shown, outcome=outcome, reasons=reasons))
    return Matches(sequence=tree.sequence, matches=found)
