"""`tests/vectors/matching.json` is what the rules decide."""

import json
from collections import Counter

import msgspec
from tools.matching_vectors import VECTORS, vectors, written

from capacity_api.domain.matching import Outcome, ReasonCode
from capacity_api.domain.remit import Limit, Remit, limited_remit


def test_the_vectors_are_what_the_rules_decide() -> None:
    found = vectors()
    assert json.loads(VECTORS.read_text()) == found, "run make vectors"
    assert VECTORS.read_text() == written(found)
    assert VECTORS.stat().st_size < 200_000


def test_the_vectors_leave_out_no_outcome_and_no_reason() -> None:
    vectors = json.loads(VECTORS.read_text())
    everything = vectors["questions"] + vectors["alternatives"]
    assert len(vectors["questions"]) >= 200
    assert {each["outcome"] for each in vectors["questions"]} == set(Outcome)
    assert {each["outcome"] for each in vectors["alternatives"]} == set(Outcome)
    assert {code for each in everything for code in each["reasons"]} == set(ReasonCode)


def test_the_vectors_have_limits_that_leave_something_and_limits_that_leave_nothing() -> None:
    limits: Counter[bool] = Counter()
    for vector in json.loads(VECTORS.read_text())["questions"]:
        responder = vector["responder"]
        report = responder["intake"]["report"]
        if report is None or report["limited_to"] is None:
            continue
        areas = [area["code"] for area in responder["remit"]["areas"]]
        remit = msgspec.convert({**responder["remit"], "areas": areas}, Remit)
        limits[limited_remit(remit, msgspec.convert(report["limited_to"], Limit)).is_empty] += 1
    assert limits[False] >= 20
    assert limits[True] >= 3
