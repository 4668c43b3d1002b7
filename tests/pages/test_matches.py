"""The answer to a form in a directory with more charities than a page shows."""

import msgspec
from tests.pages.directories import intake_of
from tests.pages.test_responder import OPEN, entry, record, snapshot_of

from capacity_api.domain.areas import WEST_OF_ENGLAND
from capacity_api.domain.intake import Report, ReportedState
from capacity_api.domain.matching import Outcome
from capacity_api.pages.matches import Found, find
from capacity_api.pages.question import parse_form
from capacity_api.pages.rendering import PLAIN_SETTINGS, PageSettings
from capacity_api.snapshot.matches import MAX_MATCHES

QUESTION = b"area=E12000009&exploitation_type=labour&age_group=adult&gender=woman"


def answer(question: bytes, settings: PageSettings = PLAIN_SETTINGS) -> Found:
    """With twenty more than fit that have a waiting list, and twenty that are open for a part of the area."""
    waiting = intake_of(Report(state=ReportedState.WAITING_LIST))
    entries = [entry(record(f"waiting-{n}", intake=waiting)) for n in range(MAX_MATCHES + 20)]
    for n in range(20):
        one = record(f"open-{n}", intake=intake_of(OPEN))
        remit = msgspec.structs.replace(one.remit, areas=(WEST_OF_ENGLAND,))
        entries.append(entry(msgspec.structs.replace(one, remit=remit)))
    return find(snapshot_of(*entries), parse_form(question, ()), settings)


def test_who_is_left_out_takes_the_place_of_nobody_and_a_record_says_what_it_leaves_out() -> None:
    cut, left_out = (
        "There are more charities than are listed here.",
        "do not say that they take new people are left out.",
    )
    everybody = answer(QUESTION)
    assert (everybody.summary, everybody.is_cut) == ("500 with a wait", True)
    assert cut in everybody.record
    assert left_out not in everybody.record
    accepting = answer(QUESTION + b"&accepting=on")
    assert (accepting.summary, accepting.is_cut) == ("20 to ask", False)
    assert len(accepting.matches[Outcome.ASK]) == 20
    assert left_out in accepting.record
    assert cut not in accepting.record


def test_the_record_of_a_demonstration_says_that_it_is_one() -> None:
    settings = PageSettings(demonstration=True, public_url="https://directory.example")
    record = answer(QUESTION, settings).record
    assert record.splitlines()[1].startswith("Demonstration data: not real.")
    assert "\nTo check it later: https://directory.example/v1/directory?as_of=2026-11-21T09:15:00.000Z" in record
