"""Fails when the tests run a smaller share of the branches than the floor, in percent.

    coverage json -o - | python -m tools.branch_floor 95

The floor of `coverage report` counts lines and branches together, and lines are most of it.
"""

import json
import sys


def main(floor: float, measured: float) -> str | None:
    """What to complain about."""
    if measured < floor:
        return f"the tests run {measured:.2f} % of the branches; the floor is {floor:g} %"
    return None


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), json.load(sys.stdin)["totals"]["percent_branches_covered"]))
