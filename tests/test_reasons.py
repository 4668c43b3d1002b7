"""Where the code goes round a check, or waits for time, it says why."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted(path for folder in ("src", "tests", "tools", "migrations") for path in (ROOT / folder).rglob("*.py"))
# Behind it, or in a comment above it.
_WITHOUT_REASON = re.compile(r"# (?:noqa: [A-Z0-9, ]+|type: ignore\[[\w, -]+\])$")
_WAITS = re.compile(r"\b(?:asyncio|time)\.sleep\(")
# So far above may its reason stand: in the head of a loop, or in the docstring of a short function.
_LINES_ABOVE = 5


def _faults(lines: list[str]) -> list[int]:
    """The numbers of the lines that lack their reason."""
    found = []
    for number, line in enumerate(lines, 1):
        above = lines[max(0, number - 1 - _LINES_ABOVE) : number - 1]
        if _WITHOUT_REASON.search(line):
            is_faulty = not any("# " in each for each in above[-2:])
        else:
            is_faulty = bool(_WAITS.search(line)) and not any("# " in each or '"""' in each for each in [*above, line])
        if is_faulty:
            found.append(number)
    return found


def test_each_exception_and_each_wait_has_its_reason_beside_it() -> None:
    places = [
        f"{path.relative_to(ROOT)}:{number}" for path in FILES for number in _faults(path.read_text().splitlines())
    ]
    assert places == []


@pytest.mark.parametrize(
    ("line", "is_faulty"),
    [
        ("call()  # noqa: S608 - our own names", False),
        ("call()  # noqa: S608", True),
        ("call()  # type: ignore[arg-type]", True),
        ("call()  # type: ignore[arg-type] # the stub is older", False),
        ("await asyncio.sleep(1)", True),
        ("await asyncio.sleep(1)  # nothing announces it", False),
    ],
)
def test_what_lacks_a_reason_is_found(line: str, is_faulty: bool) -> None:
    assert bool(_faults([line])) == is_faulty
    assert _faults(["# The reason.", line]) == []
