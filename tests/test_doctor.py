"""`capacity-api doctor` on databases that a wrong clock has written, and the sentence for each finding."""

import json
from datetime import datetime, timedelta

import pytest
from tests.conftest import NOON
from tests.processes import environment, run
from tests.sites import list_register, report_open

from capacity_api.cli.doctor import find_advice, find_wrong
from capacity_api.clock import utc_now
from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.operations.clock import ClockFindings


def found(*, database_time: datetime | None = None, newest_event_at: datetime = NOON) -> ClockFindings:
    return ClockFindings(
        wall=NOON,
        database_time=database_time,
        newest_sequence=1,
        newest_event_at=newest_event_at,
        accepted_at=None,
        future_event_count=0,
        future_events=[],
        misdated_reports=[],
    )


def test_a_second_between_the_clocks_is_nothing() -> None:
    assert find_wrong(found(database_time=NOON + timedelta(seconds=1)), accepted=False) == []


def test_another_time_of_the_database_is_wrong_until_the_operator_says_that_this_machine_is_right() -> None:
    findings = found(database_time=NOON + timedelta(seconds=90))
    (sentence,) = find_wrong(findings, accepted=False)
    assert sentence.startswith("this machine's clock and the database's differ by -90 seconds: set the wrong one right")
    assert find_wrong(findings, accepted=True) == []


def test_a_setting_that_readers_miss_is_named_and_is_no_fault() -> None:
    assert [each.partition(" ")[0] for each in find_advice(Settings())] == [
        "CAPACITY_OPERATOR",
        "CAPACITY_CONTACT",
        "CAPACITY_PUBLIC_URL",
    ]
    assert find_advice(Settings(operator="A", contact="a@example.org", public_url="https://capacity.example.org")) == []


@pytest.mark.parametrize(
    ("ahead", "remedy"),
    [
        (timedelta(hours=1), "if it is right, wait until 2026-11-21T12:55:00Z, or run `capacity-api db restored`"),
        (timedelta(days=1), "if it is right, run `capacity-api db restored`"),
    ],
)
def test_an_event_in_the_future_is_waited_for_only_if_that_does_not_take_long(ahead: timedelta, remedy: str) -> None:
    (sentence,) = find_wrong(found(newest_event_at=NOON + ahead), accepted=False)
    assert sentence.startswith("the newest event is dated in the future, and until ")
    assert sentence.endswith(remedy)


async def test_what_a_clock_that_was_ahead_has_dated_is_listed(database: Database) -> None:
    await list_register(database)
    await report_open(database, "tara", "Room for two.", utc_now() + timedelta(days=300))
    env = environment(database.settings.database_url)
    code, out, _ = await run("doctor", "--clock", "--json", env=env)
    diagnosis = json.loads(out)
    assert code == 1
    assert [each["slug"] for each in diagnosis["clock"]["misdated_reports"]] == ["tara"]
    assert diagnosis["clock"]["future_event_count"] == len(diagnosis["clock"]["future_events"]) > 0

    code, out, _ = await run("doctor", "--clock", "--accept", env=env)
    assert code == 1, "to accept the clock does not mend what was dated"
    assert "events are dated in the future; the newest:" in out
    assert "Reports that a clock that was ahead dated (confirmed, confirm by):\ntara  open  " in out
    assert "accepted: every running process takes this machine's clock as right within a second" in out
    # The tests' own PostgreSQL does not wait for the disk.
    lines = [line for line in out.splitlines() if line.startswith("WRONG: ") and "docs/settings.md" not in line]
    assert [line[:33] for line in lines] == [
        "WRONG: the newest event is dated ",
        "WRONG: a clock that was ahead dat",
    ]


async def test_a_clock_is_accepted_only_where_it_is_checked(sqlite_url: str) -> None:
    code, _, err = await run("doctor", "--accept", env=environment(sqlite_url))
    assert code == 2
    assert "--accept goes with --clock" in err
