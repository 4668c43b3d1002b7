"""`docs/guide/errors.md` has every problem that the service may answer with, under its status, and no other."""

import re

from tests.docs.blocks import ROOT

from capacity_api import errors
from capacity_api.api import problems
from capacity_api.errors import FieldError

PAGE = (ROOT / "docs" / "guide" / "errors.md").read_text()
WHEN, EVERY = PAGE.partition("\n## Every code\n")[::2]


def statuses() -> set[int]:
    return {*problems.STATUS.values(), *problems._FRAMEWORK}


def test_every_code_has_a_row_with_its_status_and_what_to_do() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| ([^|]+) \| ([^|]+) \|$", EVERY, re.MULTILINE)
    assert len(rows) == EVERY.count("\n| `"), "a row cannot be read"
    known = [
        (problem.code, problem.status)
        for status in (*map(str, sorted(statuses())), "default")
        for problem in problems.example_problems(status)
    ]
    written = [(code, int(status)) for code, status, *_ in rows]
    assert sorted(written) == sorted(known)
    assert [status for _, status in written] == sorted(status for _, status in written), "in the order of the statuses"


def test_the_example_of_an_unknown_parameter_names_those_that_the_path_has() -> None:
    (problem,) = (each for each in problems.example_problems("422") if each.code == "unknown_parameter")
    assert problem.detail == "The path has no such query parameter; it has area, state"
    assert problem.errors == (FieldError("?stat", "unknown"),)


def test_every_status_says_whether_to_try_again() -> None:
    rows = re.findall(r"^\| ([\d, ]+) \| (no|yes|after reading) \|", WHEN, re.MULTILINE)
    said = {int(status): again for cell, again in rows for status in cell.split(", ")}
    assert said.keys() == statuses() | {500}


def test_what_says_to_wait_says_for_how_long() -> None:
    """The page sends the reader to `Retry-After` for each code that has it, and for no other."""
    waits = dict(re.findall(r"^\| `(\w+)` \| \d+ \| [^|]+ \| (Wait for `Retry-After`)?", EVERY, re.MULTILINE))
    for kind in problems._error_classes(errors.CapacityError):
        _, headers = problems.problem_from_error(kind(), problems._EXAMPLE_ID)
        if kind is not errors.TooManyDisputes:
            assert bool(waits[kind.code]) == ("retry-after" in headers), kind.code
