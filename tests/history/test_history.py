"""Random changes, kills, stops and lost connections, and a checker that reads back what happened.

`HISTORY_RUNS=30 HISTORY_SECONDS=120 make soak PYTEST="-k history -s"` makes so many runs on each database, each so
long, and prints what happened in them.
"""

import os
from pathlib import Path
from random import Random

import pytest
from tests.conftest import settings_of
from tests.history.runs import run

RUNS = int(os.environ.get("HISTORY_RUNS", "2"))
SECONDS = float(os.environ.get("HISTORY_SECONDS", "20"))


@pytest.mark.soak
@pytest.mark.parametrize("number", range(1, RUNS + 1))
async def test_every_promise_is_kept(database_url: str, number: int, tmp_path: Path, chance: Random) -> None:
    happened = await run(settings_of(database_url), chance, SECONDS, tmp_path)
    print(database_url.partition(":")[0], number, happened)  # noqa: T201 - the figures of a soak
    assert happened["report"] > 0
