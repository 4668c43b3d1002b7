"""The match index decides as the rules do, for every responder, after any changes to it."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.domain.strategies import intakes_now, questions, remits, unhurried

from capacity_api.domain import match_index
from capacity_api.domain.areas import LONDON, UNITED_KINGDOM
from capacity_api.domain.codes import EVERYTHING
from capacity_api.domain.intake import NEVER_REPORTED, Intake, Report, ReportedState
from capacity_api.domain.match_index import Candidate, MatchIndex
from capacity_api.domain.matching import (
    Outcome,
    Question,
    Situations,
    decide_situations,
    situation_of,
    situations_within,
)
from capacity_api.domain.remit import AgeGroup, Remit

ADULTS = Remit(areas=(UNITED_KINGDOM,), exploitation_types=EVERYTHING, age_groups=(AgeGroup.ADULT,))
ADULT = situation_of(Question(age_group=AgeGroup.ADULT))
OPEN = Intake(report=Report(state=ReportedState.OPEN))

entries = st.builds(
    Candidate,
    st.sampled_from(["bawso", "nspcc", "tara", "unseen", *(f"other-{n}" for n in range(12))]),
    st.sampled_from(["Unseen", "unseen", "TARA", "Émile", "an other", "NSPCC"]),
    remits,
    intakes_now,
)
registers = st.lists(entries, max_size=16, unique_by=lambda entry: entry.slug)
asked = questions.map(situation_of) | remits.map(situations_within)


def decided(register: list[Candidate], asked: Situations) -> list[tuple[Outcome, Candidate]]:
    """Each responder with its outcome, decided one by one, in the order that readers see."""
    ranks = list(Outcome)
    found = [(decide_situations(each.slug, each.remit, each.intake, asked)[0], each) for each in register]
    return sorted(found, key=lambda pair: (ranks.index(pair[0]), pair[1].name.casefold(), pair[1].slug))


def assert_decides(index: MatchIndex, register: list[Candidate], asked: Situations) -> None:
    expected = decided(register, asked)
    assert index.first(asked, len(register)) == [entry for _, entry in expected]
    for outcome, bits in index.by_outcome(asked).items():
        matching = {entry.slug for number, entry in enumerate(index.candidates) if bits >> number & 1}
        assert matching == {entry.slug for found, entry in expected if found is outcome}


@given(registers, asked)
@settings(unhurried, max_examples=150)
def test_the_index_decides_as_the_rules_do(register: list[Candidate], asked: Situations) -> None:
    assert_decides(match_index.build_index(register), register, asked)


@given(
    registers,
    st.lists(st.tuples(st.lists(entries, max_size=3), st.lists(st.integers(0, 99), max_size=2)), max_size=5),
    asked,
)
@settings(unhurried, max_examples=150)
def test_an_index_that_is_brought_up_to_date_is_the_one_made_anew(
    register: list[Candidate], changes: list[tuple[list[Candidate], list[int]]], asked: Situations
) -> None:
    index = match_index.build_index(register)
    entries = {entry.slug: entry for entry in register}
    for come, gone in changes:
        changed: dict[str, Candidate | None] = {entry.slug: entry for entry in come}
        changed |= {sorted(entries)[number % len(entries)]: None for number in gone if entries}
        entries = {slug: entry for slug, entry in {**entries, **changed}.items() if entry is not None}
        index = index.with_changes(changed)
        assert_decides(index, list(entries.values()), asked)
    anew = match_index.build_index(entries.values())
    assert (index.candidates, index.positions) == (anew.candidates, anew.positions)
    assert {trait: mask for trait, mask in index.masks.items() if mask} == anew.masks


@given(registers, asked, st.integers(1, 20), st.sets(st.sampled_from(Outcome)), st.data())
@unhurried
def test_only_so_many_with_the_outcomes_that_are_wanted(
    register: list[Candidate], asked: Situations, limit: int, outcomes: set[Outcome], data: st.DataObject
) -> None:
    but = data.draw(st.none() | st.sampled_from([each.slug for each in register])) if register else None
    found = match_index.build_index(register).first(asked, limit, outcomes, but)
    wanted = [entry for outcome, entry in decided(register, asked) if outcome in outcomes and entry.slug != but]
    assert found == wanted[:limit]


def test_a_change_touches_the_bits_that_differ_and_the_index_before_it_stays_as_it_was() -> None:
    register = [Candidate(f"r-{n}", f"R {n:03}", ADULTS, NEVER_REPORTED) for n in range(100)]
    before = match_index.build_index(register)
    register[7] = msgspec.structs.replace(register[7], intake=OPEN)
    after = before.with_changes({each.slug: each for each in register})
    different = {
        trait for trait in {**before.masks, **after.masks} if before.masks.get(trait) != after.masks.get(trait)
    }
    assert different == {("state", 0, "open"), ("state", 0, "unconfirmed")}
    assert after.by_outcome(ADULT)[Outcome.YES] == 1 << 7
    assert before.by_outcome(ADULT)[Outcome.YES] == 0
    assert after.positions is before.positions
    assert after.with_changes({each.slug: each for each in register}) is after


def test_a_listed_delisted_or_renamed_responder_gets_a_new_position() -> None:
    register = [Candidate("b", "Beta", ADULTS, OPEN), Candidate("d", "Delta", ADULTS, OPEN)]
    index = match_index.build_index(register)
    names = []
    for changed in (
        [*register, Candidate("a", "alpha", ADULTS, OPEN)],
        [Candidate("b", "Zeta", ADULTS, OPEN), register[1]],
        [register[1]],
        [],
    ):
        index = index.with_changes({**dict.fromkeys(index.positions), **{each.slug: each for each in changed}})
        names.append([entry.name for entry in index.first(ADULT, 9)])
    assert names == [["alpha", "Beta", "Delta"], ["Delta", "Zeta"], ["Delta"], []]


def test_nobody_takes_anybody() -> None:
    nobody = match_index.build_index(())
    assert nobody.first(situation_of(Question(area=LONDON)), 5) == []
    assert nobody.with_changes({}) is nobody
    assert nobody.with_changes({"gone": None}) is nobody
