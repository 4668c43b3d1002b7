"""`tests/vectors/matching.json` is what the rules decide."""

import json

from tools.matching_vectors import VECTORS, vectors, written

from capacity_api.domain.matching import Outcome, ReasonCode


def test_the_vectors_are_what_the_rules_decide() -> None:
    found = vectors()
    assert json.loads(VECTORS.read_text()) == found, "run make vectors"
    assert VECTORS.read_text() == written(found)
    assert VECTORS.stat().st_size < 200_000


def test_the_vectors_leave_out_no_outcome_and_no_reason() -> None:
    vectors = json.loads(VECTORS.read_text())
    everything = vectors["questions"] + vectors["alternatives"]
    assert {each["outcome"] for each in vectors["questions"]} == set(Outcome)
    assert {each["outcome"] for each in vectors["alternatives"]} == set(Outcome)
    assert {code for each in everything for code in each["reasons"]} == set(ReasonCode)
