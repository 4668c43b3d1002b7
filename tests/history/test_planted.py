"""Each of the planted faults is found: by the checker, or by a test that leaves nothing to chance."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import text
from tests import test_lapses
from tests.conftest import Clock
from tests.db import test_sequence
from tests.delivery import test_claims, test_results
from tests.history.planted import FAULTS, NUMBERS, plant, planting
from tests.history.record import Finding, Promise
from tests.history.runs import Run
from tests.history.troubles import Trouble

from capacity_api.db.engine import Database

# What finds a fault for certain, on PostgreSQL.
DETERMINISTIC: dict[str, Callable[[Database, Clock], Awaitable[None]]] = {
    "number from a database sequence": (
        lambda database, _: test_sequence.test_a_transaction_that_is_undone_gives_its_number_back(database)
    ),
    "lapse without the lock": test_lapses.test_a_lapse_that_waits_for_a_report_does_not_end_it,
    "claim not checked when recording": test_results.test_a_lost_claim_records_nothing_but_the_attempt,
    "webhook claimed though it changed since": (
        test_claims.test_a_webhook_that_another_worker_dealt_with_since_is_left_alone
    ),
    "cursor not moved past what is not sent": test_claims.test_a_confirmation_goes_only_to_webhooks_that_named_it,
}
# The promises of which the checker finds at least one broken. Which comes first is chance.
BY_CHECKER = {
    "delivery recorded before it is sent": {Promise.TOLD},
    "snapshot that ignores a lower number": {Promise.READ_BACK, Promise.AGREED},
    "confirm_by from the sequence's clock": {Promise.VALIDITY},
}
_RUNS = 3
_SECONDS = 15


def test_each_fault_is_looked_for() -> None:
    assert sorted([*DETERMINISTIC, *BY_CHECKER]) == sorted(FAULTS)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("fault", DETERMINISTIC)
async def test_a_test_finds_it(fault: str, database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    await _make_numbers(database)
    plant(fault, monkeypatch)
    with pytest.raises(AssertionError):
        await DETERMINISTIC[fault](database, clock)


@pytest.mark.soak
@pytest.mark.parametrize("fault", BY_CHECKER)
async def test_the_checker_finds_it(fault: str, tmp_path: Path, chance: Random) -> None:
    for number in range(_RUNS):
        folder = tmp_path / str(number)
        folder.mkdir()
        try:
            await Run("postgresql", chance, _SECONDS, folder, planting(fault), drawn=frozenset({Trouble.AHEAD})).check()
        except Finding as finding:
            print(f"run {number + 1} of {fault!r}: {str(finding)[:200]}")  # noqa: T201 - the figures of a soak
            if finding.promise not in BY_CHECKER[fault]:
                raise
            return
    pytest.fail(f"{_RUNS} runs of {_SECONDS} s did not find it")


async def _make_numbers(database: Database) -> None:
    async with database.write() as session:
        await session.execute(text(f"CREATE SEQUENCE {NUMBERS}"))
