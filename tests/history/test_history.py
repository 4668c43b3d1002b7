"""Random changes, kills, stops, lost connections and more, and a checker that reads back what happened.

`HISTORY_RUNS=30 HISTORY_SECONDS=120 make soak PYTEST="-k history -s"` makes so many runs on each database, each so
long, and prints what happened in them. What befalls a run is drawn by its seed (`Trouble`).
"""

import os
from pathlib import Path
from random import Random

import pytest
from tests.conftest import SEED_OPTION
from tests.history.record import Finding
from tests.history.runs import Run

RUNS = int(os.environ.get("HISTORY_RUNS", "3"))
SECONDS = float(os.environ.get("HISTORY_SECONDS", "15"))


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("number", range(1, RUNS + 1))
async def test_every_promise_is_kept(
    kind: str, number: int, tmp_path: Path, chance: Random, request: pytest.FixtureRequest
) -> None:
    run = Run(kind, chance, SECONDS, tmp_path)
    try:
        await run.check()
    except Finding as finding:
        seed = request.config.getoption(SEED_OPTION)
        environment = f"HISTORY_RUNS={RUNS} HISTORY_SECONDS={SECONDS:g}"
        finding.add_note(f"a run on {run.describe()}; what befell it: {', '.join(run.befell)}")
        finding.add_note(f"the logs of its processes are in {tmp_path}")
        finding.add_note(f"to repeat its choices: {environment} pytest '{request.node.nodeid}' {SEED_OPTION}={seed}")
        raise
    print(run.describe(), number, dict(run.did), run.befell)  # noqa: T201 - the figures of a soak
    assert run.did["report"] > 0
