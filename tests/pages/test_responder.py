"""The page of one responder: what it says in each state, who else may help, and how its past is told."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from tests.pages.directories import FIRST_ANSWER, NOW, intake_of
from tests.pages.parsed import Parsed

from capacity_api.config import Settings
from capacity_api.domain.codes import EVERYTHING
from capacity_api.domain.contact import Contact, ContactSource, Phone
from capacity_api.domain.intake import (
    NEVER_REPORTED,
    Circumstance,
    Intake,
    Plan,
    Reason,
    Report,
    ReportedState,
    SaidBy,
    State,
    TimedState,
)
from capacity_api.domain.remit import AgeGroup, Gender, Limit, Remit
from capacity_api.domain.responder import ResponderRecord
from capacity_api.operations.paging import DEFAULT_LIMIT
from capacity_api.publication.documents import catalogue
from capacity_api.representations.responder import HistoryEntry
from capacity_api.snapshot.entry import Entry
from capacity_api.snapshot.history import History
from capacity_api.snapshot.snapshot import Snapshot, empty_snapshot

OPEN = Report(state=ReportedState.OPEN, expected_response=FIRST_ANSWER)
PAUSED = Report(
    state=ReportedState.PAUSED,
    reason=Reason.STAFFING,
    exceptions=(Circumstance.DETENTION,),
    reopens_on=date(2027, 1, 6),
    note="Please write to us.",
)
LISTED = NOW - timedelta(days=200)


def record(slug: str = "example", intake: Intake = NEVER_REPORTED, **changes: Any) -> ResponderRecord:
    return msgspec.structs.replace(
        ResponderRecord(
            id=UUID(int=sum(slug.encode())),
            slug=slug,
            name=f"{slug.title()} Trust",
            website=None,
            contact=Contact(phone=Phone(text="0141 496 0123", dial="+441414960123", extension=None)),
            remit=Remit(areas=("K02000001",), exploitation_types=EVERYTHING, age_groups=(AgeGroup.ADULT,)),
            intake=intake,
            sequence=1,
            updated_at=LISTED,
            created_at=LISTED,
        ),
        **changes,
    )


def entry(
    record: ResponderRecord,
    *,
    past: Sequence[HistoryEntry] = (),
    changes: Sequence[TimedState] = (),
    now: datetime = NOW,
) -> Entry:
    return Entry(record, History.of(past, changes), now)


def snapshot_of(*entries: Entry, now: datetime = NOW, **settings: Any) -> Snapshot:
    empty = empty_snapshot(catalogue(Settings(**settings)), now)
    return empty.with_changes({each.record.slug: each for each in entries}, now)


def raw(snapshot: Snapshot, path: str = "/r/example") -> bytes:
    found = snapshot.find(path)
    assert found is not None
    assert found.status == 200
    return found.body


def page(*entries: Entry, now: datetime = NOW, **settings: Any) -> Parsed:
    return Parsed(raw(snapshot_of(*entries, now=now, **settings)))


def said(kind: Any, ago: timedelta, state: State, report: Report | None = None, **values: Any) -> HistoryEntry:
    return msgspec.structs.replace(
        HistoryEntry(
            sequence=1,
            kind=kind,
            at=NOW - ago,
            said_by=SaidBy.RESPONDER,
            state=state,
            confirm_by=None,
            effective_from=None,
            report=report,
        ),
        **values,
    )


LIMITED = msgspec.structs.replace(OPEN, limited_to=Limit(genders=(Gender.WOMAN,)), expected_response=None)
TOLD = msgspec.structs.replace(intake_of(OPEN), said_by=SaidBy.COORDINATOR)
AT_ITS_LIMIT = msgspec.structs.replace(intake_of(PAUSED), said_by=SaidBy.THRESHOLD, confirmed_at=None)
PLANNED = msgspec.structs.replace(
    intake_of(OPEN),
    planned=Plan(
        effective_from=NOW + timedelta(days=2),
        said_by=SaidBy.RESPONDER,
        said_at=NOW,
        confirm_by=NOW + timedelta(days=9),
        report=PAUSED,
    ),
)
CONFIRMED = "Confirmed by Example Trust on 21 November 2026, 08:15. It holds until 27 November 2026, 09:15."


@pytest.mark.parametrize(
    ("intake", "sentences"),
    [
        (intake_of(OPEN), ["Example Trust Open Adults", CONFIRMED, "5 to 10 working days: expected, not guaranteed"]),
        (intake_of(LIMITED), ["Example Trust Open", "For now only: Adult women.", "It has not said how long"]),
        (intake_of(Report(state=ReportedState.WAITING_LIST)), ["Example Trust Waiting list", CONFIRMED]),
        (
            intake_of(PAUSED),
            [
                "Example Trust Paused",
                "Still takes people in detention. Expects to stay paused through 6 January 2027.",
                "Who else can help?",
                "Reason given: staffing. Please write to us.",
                CONFIRMED,
            ],
        ),
        (
            AT_ITS_LIMIT,
            ["Paused since 21 November 2026, 08:15: it reached its own limit. It holds until 27 November 2026"],
        ),
        (TOLD, ["We were told this on 21 November 2026, 08:15. It holds until 27 November 2026, 09:15."]),
        (NEVER_REPORTED, ["Example Trust Has not joined", "It has not joined this directory."]),
        (
            intake_of(OPEN, ago=timedelta(days=8), until=timedelta(days=-1)),
            ["Example Trust Not confirmed", "Last confirmed “open” on 13 November 2026, 09:15."],
        ),
        (
            PLANNED,
            ["Open", "Planned: paused from 23 November 2026, 09:15 until 6 January 2027.", "Will still take people in"],
        ),
    ],
    ids=["open", "limited", "waiting", "paused", "at its limit", "told", "never reported", "lapsed", "planned"],
)
def test_the_page_says_the_state_until_when_and_whose_word_it_is(intake: Intake, sentences: list[str]) -> None:
    found = page(entry(record(intake=intake)))
    positions = [found.text.find(sentence) for sentence in sentences]
    assert -1 not in positions, found.text
    assert "call 999" in found.text[: positions[0]]
    assert "Call 0141 496 0123" in found.text
    assert [each["href"] for each in found.links() if each.get("class") == "phone"] == ["tel:+441414960123"]
    assert [tag for tag, _ in found.elements if tag in {"h1", "h2", "h3"}][:2] == ["h1", "h2"]
    for word in ("guaranteed", "safe", "confidential", "victim", "24/7"):
        assert word not in found.text.lower().replace("not guaranteed", "")


def test_all_ways_to_reach_it_are_on_the_page() -> None:
    contact = Contact(
        phone=Phone(text="0141 496 0123", dial="+441414960123", extension=None),
        email="desk@example.org",
        url="https://example.org/refer",
        hours="Weekdays, 9 to 5",
        languages=("sq", "vi"),
        interpreters=True,
        source=ContactSource(name="Example Network", url="https://example.org/", checked_on=NOW.date()),
    )
    found = page(entry(record(contact=contact, website="https://example.org/")))
    for words in (
        "Weekdays, 9 to 5 · Languages: Albanian and Vietnamese · Interpreters can be arranged",
        "desk@example.org https://example.org/refer Website: https://example.org/",
        "Contact from Example Network, checked on 21 November 2026",
    ):
        assert words in found.text
    assert "mailto:desk@example.org" in [each["href"] for each in found.links()]


def test_the_others_come_with_what_they_can_do_and_a_link_to_their_pages() -> None:
    paused = entry(record(intake=intake_of(PAUSED)))
    others = [
        entry(record("able", intake_of(OPEN))),
        entry(record("beyond", intake_of(OPEN), remit=msgspec.structs.replace(record().remit, age_groups=("child",)))),
        entry(record("busy", intake_of(Report(state=ReportedState.WAITING_LIST)))),
        entry(record("silent", contact=Contact())),
    ]
    found = page(paused, *others)
    start = found.text.index("Who else may take the same people")
    remit = "Adults · any kind of exploitation · United Kingdom"
    assert found.text[start:].startswith(
        f"Who else may take the same people Able Trust: Can help now {remit} Call 0141 496 0123 "
        f"Busy Trust: Has a waiting list {remit} Call 0141 496 0123 Silent Trust: Ask them {remit} "
    )
    own = [each["href"] for each in found.links() if str(each["href"]).startswith("/r/")]
    assert own == ["/r/able", "/r/busy", "/r/silent"]
    until = [each.get("data-until") for tag, each in found.elements if tag == "li"]
    assert until[:3] == ["2026-11-27T09:15:00Z", "2026-11-27T09:15:00Z", None], "an open page asks after these"


def test_where_nobody_else_may_help_the_page_leads_to_the_helpline() -> None:
    text = page(entry(record())).text
    assert "Nobody else is known to take these people now. Call the helpline above. If none of these can help" in text
    assert "Police, local councils and some Home Office teams can make a referral too." in text


def test_the_past_is_told_newest_first_with_whose_word_it_was() -> None:
    days = timedelta(days=1)
    past = [
        said("reported", 95 * days, State.OPEN, OPEN),
        said("reported", 60 * days, State.OPEN, LIMITED, said_by=SaidBy.COORDINATOR),
        said("confirmed", 55 * days, State.OPEN, LIMITED),
        said("lapsed", 48 * days, State.UNCONFIRMED, LIMITED),
        said("reported", 40 * days, State.OPEN, OPEN),
        said("planned", 39 * days, State.OPEN, PAUSED, effective_from=NOW - 37 * days),
        said("plan_cancelled", 38 * days, State.OPEN),
        said("counted", 30 * days, State.PAUSED, PAUSED, said_by=SaidBy.THRESHOLD),
        said("counted", 20 * days, State.OPEN, OPEN),
        said("restored", 10 * days, State.UNCONFIRMED),
    ]
    text = page(entry(record(), past=past)).text
    start = text.index("The last 90 days")
    assert text[start : text.index("Page of")].strip() == (
        "The last 90 days "
        "11 November 2026, 09:15: This directory was restored from a backup. From then on we did not know. "
        "1 November 2026, 09:15: Below its own limit again: open. "
        "22 October 2026, 10:15: It reached its own limit: paused. Still takes people in detention. "
        "Expects this to last until 6 January 2027. Reason given: staffing. "
        "14 October 2026, 10:15: The planned change was cancelled. "
        "13 October 2026, 10:15: It planned a change: paused from 15 October 2026, 10:15. Still takes people in "
        "detention. Expects this to last until 6 January 2027. Reason given: staffing. "
        "12 October 2026, 10:15: It said: open. "
        "4 October 2026, 10:15: Nobody confirmed its report in time. From then on we did not know. "
        "27 September 2026, 10:15: It said that this is still true: open. "
        "22 September 2026, 10:15: We were told: open. For now only: Adult women."
    )
    assert "Please write to us." not in text, "a note was written for its own day"


def test_after_ten_entries_the_past_is_folded() -> None:
    past = [said("confirmed", timedelta(hours=50 - hour), State.OPEN, OPEN) for hour in range(15)]
    body = raw(snapshot_of(entry(record(intake=intake_of(OPEN)), past=past))).decode()
    folded = body[body.index("<details>") : body.index("</details>")]
    assert folded.count("It said that this is still true") == 5
    assert body.count("It said that this is still true") == 15


def test_a_past_with_more_entries_than_the_page_shows_says_so() -> None:
    def page_with(oldest: timedelta) -> str:
        newer = [said("confirmed", timedelta(days=1), State.OPEN, OPEN)] * DEFAULT_LIMIT
        past = [said("reported", oldest, State.PAUSED, PAUSED), *newer]
        return page(entry(record(intake=intake_of(OPEN)), past=past)).text

    assert f"These are the newest {DEFAULT_LIMIT}. There are older ones." in page_with(timedelta(days=89))
    assert "There are older ones." not in page_with(timedelta(days=91))


@pytest.mark.parametrize("intake", [intake_of(OPEN), intake_of(Report(state=ReportedState.WAITING_LIST))])
def test_where_nothing_more_was_said_nothing_stands_empty(intake: Intake) -> None:
    snapshot = snapshot_of(entry(record(intake=intake)))
    for path in ("/", "/r/example"):
        assert not re.search(rb'<div class="said">\s*</div>', raw(snapshot, path)), path


def test_the_year_is_a_picture_with_its_words_and_says_nothing_of_whom_nothing_is_known() -> None:
    changes = [(LISTED, State.UNCONFIRMED), (NOW - timedelta(days=60), State.OPEN)]
    known = page(entry(record(intake=intake_of(OPEN)), changes=changes))
    assert "The last 12 months In all: open 60 days, not confirmed 140 days. Each bar is a day." in known.text
    assert "November 2026 open 20 days October 2026 open 31 days" in known.text
    pictures = [each for tag, each in known.elements if tag == "svg" and each["class"] == "month"]
    assert len(pictures) == 7
    assert {each["aria-hidden"] for each in pictures} == {"true"}
    assert "The last 12 months" not in page(entry(record())).text


def test_the_page_stays_the_same_within_the_hour_and_says_of_when_it_is() -> None:
    quiet = [entry(record(intake=intake_of(OPEN))), entry(record("other"))]
    first = snapshot_of(*quiet)
    later = first.with_changes({}, NOW + timedelta(minutes=44))
    assert "As of 21 November 2026, 09:00. All times are UK time." in Parsed(raw(first)).text
    assert raw(first) == raw(later)
    next_hour = raw(first.with_changes({}, NOW + timedelta(minutes=46)))
    assert "As of 21 November 2026, 10:00." in Parsed(next_hour).text
    # What another one says changes what it can do for the same people.
    at = NOW + timedelta(minutes=30)
    reported = record("other", msgspec.structs.replace(intake_of(OPEN), since=at), updated_at=at)
    changed = Parsed(raw(first.with_changes({"other": entry(reported, now=at)}, at, sequence=2)))
    assert "As of 21 November 2026, 09:45." in changed.text
    assert "Other Trust: Can help now" in changed.text


def test_a_lapse_shows_at_once() -> None:
    snapshot = snapshot_of(entry(record(intake=intake_of(OPEN, until=timedelta(minutes=10)))))
    assert "Example Trust Open" in Parsed(raw(snapshot)).text
    at = NOW + timedelta(minutes=10)
    lapsed = Parsed(raw(snapshot.with_changes({"example": snapshot.entries["example"].at(at)}, at)))
    assert "Example Trust Not confirmed" in lapsed.text
    assert "As of 21 November 2026, 09:25." in lapsed.text


def test_the_page_names_its_address_where_the_service_has_one() -> None:
    found = page(entry(record()), public_url="https://capacity.example.org")
    address = "https://capacity.example.org/r/example"
    assert {"rel": "canonical", "href": address} in [each for tag, each in found.elements if tag == "link"]
    assert f"{address} Page of 21 November 2026, 09:00 (UK time)." in found.text
    assert "canonical" not in raw(snapshot_of(entry(record()))).decode()


def test_only_so_many_pages_are_kept_built() -> None:
    snapshot = snapshot_of(*(entry(record(f"r{number}")) for number in range(600)))
    assert raw(snapshot, "/r/r1") is raw(snapshot, "/r/r1")
    for number in range(600):
        raw(snapshot, f"/r/r{number}")
    assert snapshot.find("/r/nobody") is None
    assert len(snapshot._entry_pages) == 512


def test_hostile_text_stays_text() -> None:
    name = '<script>alert(1)</script>" onload="x'
    found = page(entry(record(intake=intake_of(OPEN), name=name)), entry(record("other", name=name)))
    assert name in found.text
    scripts = [each for tag, each in found.elements if tag == "script"]
    assert all(str(each["src"]).startswith("/scripts/") for each in scripts)
    assert not any(attribute.startswith("on") for _, each in found.elements for attribute in each)
