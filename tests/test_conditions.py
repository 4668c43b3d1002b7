"""What is wrong, by code: when it is logged, and where it is documented."""

import re
from pathlib import Path

from structlog.testing import capture_logs
from tests.conftest import Clock

from capacity_api.conditions import ConditionCode, Conditions

_DOCUMENT = Path(__file__).parent.parent / "docs" / "operate" / "readiness.md"


def test_each_code_is_documented() -> None:
    documented = re.findall(r"^\| `(\w+)` \|", _DOCUMENT.read_text(), re.MULTILINE)
    assert sorted(documented) == sorted(ConditionCode)


def test_a_condition_is_logged_when_it_begins_and_when_it_ends(clock: Clock) -> None:
    conditions = Conditions(clock)
    with capture_logs() as lines:
        for detail in (None, "first", "first", "second", None, None):
            conditions.set(ConditionCode.CLOCK, detail)
    assert [(line["event"], line["code"]) for line in lines] == [
        ("condition.began", "clock"),
        ("condition.ended", "clock"),
    ]


def test_a_condition_keeps_the_time_at_which_it_began(clock: Clock) -> None:
    conditions = Conditions(clock)
    conditions.set(ConditionCode.CLOCK, "first")
    began = clock()
    clock.advance(clock() - began.replace(hour=0))
    conditions.set(ConditionCode.CLOCK, "second")
    assert [(each.since, each.detail) for each in conditions.reasons] == [(began, "second")]


def test_a_warning_is_no_reason(clock: Clock) -> None:
    conditions = Conditions(clock)
    conditions.set(ConditionCode.NOT_DURABLE, "fsync is off")
    assert not conditions.reasons
    assert [each.code for each in conditions.warnings] == [ConditionCode.NOT_DURABLE]
