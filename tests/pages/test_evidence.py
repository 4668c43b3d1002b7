"""The page of what happened: its pictures, its words and how large it becomes."""

import re
from datetime import timedelta
from typing import Any

import msgspec
from tests.pages.directories import NOW, intake_of, responder
from tests.pages.measured import HOUR, START, evidence_of, measured
from tests.pages.parsed import Parsed
from tests.pages.tables import tables_of

from capacity_api.domain.intake import Report, ReportedState, SaidBy, State
from capacity_api.pages.evidence import Evidence, render_evidence
from capacity_api.pages.evidence_pictures import columns, share_bar
from capacity_api.pages.rendering import PageSettings
from capacity_api.representations.responder import Responder


def page_of(*responders: Responder, evidence: Evidence | None = None) -> str:
    return render_evidence(evidence or evidence_of(), {each.slug: each for each in responders}, NOW).decode()


def test_a_bar_is_cut_into_the_states_and_each_has_a_height() -> None:
    bar = share_bar({State.OPEN: 50, State.WAITING_LIST: 15, State.PAUSED: 30, State.UNCONFIRMED: 5})
    assert bar == (
        '<svg class="share" aria-hidden="true" viewBox="0 0 1000 10" preserveAspectRatio="none">'
        '<path class="o" d="M0 0h500V10H0z"/><path class="w" d="M500 5h150V10H500z"/>'
        '<path class="p" d="M650 8h300V10H650z"/></svg>'
    )
    nothing = share_bar({State.OPEN: 0, State.WAITING_LIST: 0, State.PAUSED: 0, State.UNCONFIRMED: 9})
    assert "<path" not in nothing, "where nobody knows there is nothing"


def test_only_a_whole_month_without_anybody_is_a_full_column_and_only_none_is_empty() -> None:
    picture = columns([0, 0.0001, 0.5, 0.9999, 1])
    frames, filled = re.findall(r' d="([^"]*)"', picture)
    assert frames == "".join(f"M{left} 0h8V100H{left}z" for left in (1, 11, 21, 31, 41))
    assert filled == "M11 98h8V100H11zM21 50h8V100H21zM31 2h8V100H31zM41 0h8V100H41z"
    assert 'viewBox="0 0 120 100"' in picture, "few months do not become wide blocks"
    assert 'viewBox="0 0 150 100"' in columns([0] * 15)


def test_a_share_is_rounded_but_never_to_nothing_or_to_everything() -> None:
    almost = measured(1, open=1, unconfirmed=1000 * HOUR - 1)
    rows = tables_of(page_of(evidence=evidence_of(almost)))["Share of time in each state"]
    assert rows[-1] == ["under 1%", "0%", "0%", "over 99%"]
    for nobody, words in (
        (0, "0 (0%)"),
        (1, "under 1 (under 1%)"),
        (360_000 - 1, "100 (over 99%)"),
        (360_000, "100 (100%)"),
    ):
        page = page_of(evidence=evidence_of(nobody=nobody))
        assert tables_of(page)["Hours in the whole period, and their share of the hours counted"][2][0] == words


def test_the_median_age_is_of_what_somebody_confirmed_and_is_never_too_young() -> None:
    opened = Report(state=ReportedState.OPEN)
    ages = [timedelta(minutes=5), timedelta(hours=30, seconds=1), timedelta(hours=49), timedelta(days=6)]
    confirmed = [responder(intake_of(opened, ago=age), slug=f"a{n}") for n, age in enumerate(ages)]
    paused = intake_of(Report(state=ReportedState.PAUSED))
    counted = msgspec.structs.replace(paused, said_by=SaidBy.THRESHOLD, confirmed_at=None)
    by_threshold = responder(counted, slug="b")
    lapsed = responder(msgspec.structs.replace(intake_of(opened), lapsed=True), slug="c")
    cases = [
        ([], "0 of 0", None),
        ([lapsed, responder(slug="d")], "0 of 2", None),
        ([by_threshold, lapsed], "1 of 2", None),
        ([confirmed[0], lapsed], "1 of 2", "1 hour"),
        (confirmed[:2], "2 of 2", "31 hours"),
        (confirmed[:3], "3 of 3", "31 hours"),
        ([*confirmed[2:], by_threshold, lapsed], "3 of 4", "6 days"),
    ]
    for responders, count, age in cases:
        said = Parsed(page_of(*responders).encode()).text
        assert f"At 21 November 2026, 09:15, {count} charities have a state that still holds." in said
        assert ("median age" in said) == (age is not None)
        assert age is None or f"Half of these states are {age} old or newer (median age)." in said


def test_only_numbers_that_stay_are_offered_to_cite() -> None:
    evidence = evidence_of()
    settings = PageSettings(public_url="https://directory.example")
    for is_over in (True, False):
        span = msgspec.structs.replace(evidence.span, is_over=is_over)
        page = render_evidence(msgspec.structs.replace(evidence, span=span), {}, NOW, settings=settings).decode()
        assert ("To cite this page:" in page) == is_over
        assert ("These numbers still change." in page) != is_over


def test_the_charities_stand_by_name_and_only_those_of_now_have_a_page() -> None:
    hostile = measured(3, "<b>\u202eaardvark", open=HOUR)
    evidence = evidence_of(measured(1, "Zebra", open=HOUR), measured(2, "apple", paused=HOUR), hostile, measured(4))
    page = page_of(responder(slug="responder-00001"), evidence=evidence)
    names = [row[0] for row in tables_of(page)["Pauses of each charity"][1:]]
    assert names == ["All charities together", "<b>\u202eaardvark\u202c", "apple", "Zebra"]
    assert re.findall(r'href="(/r/[^"]*)"', page) == ["/r/responder-00001"]


def test_many_charities_do_not_make_the_page_long() -> None:
    few = page_of(evidence=evidence_of(*(measured(n, open=HOUR) for n in range(100))))
    assert len(tables_of(few)["Pauses of each charity"]) == 102
    many = page_of(evidence=evidence_of(*(measured(n, open=n, paused=1) for n in range(10_000))))
    assert len(many) < 40_000
    rows = tables_of(many)["Share of time in each state"]
    assert rows[1:] == [["All charities together"], ["over 99%", "0%", "under 1%", "0%"]]
    assert "There are 10,000 charities, too many for this page." in many


def test_no_text_stands_in_a_picture() -> None:
    page = page_of(evidence=evidence_of(measured(1, open=HOUR)))
    pictures = re.findall(r"(?s)<svg.*?</svg>", page)
    assert len(pictures) == 4 * 4 + 4 + 2
    assert all(re.sub(r"<[^>]*>", "", each) == "" for each in pictures)
    assert "style=" not in page


def test_a_charity_that_has_not_joined_is_told_apart_from_one_that_is_not_confirmed() -> None:
    lapsed = msgspec.structs.replace(intake_of(Report(state=ReportedState.OPEN)), lapsed=True)
    evidence = evidence_of(measured(1, "Never", unconfirmed=HOUR), measured(2, "Late", unconfirmed=HOUR))
    joined, never = responder(lapsed, slug="responder-00002"), responder(slug="responder-00001")
    page = page_of(joined, never, evidence=evidence)
    headings = [row[0] for row in tables_of(page)["Share of time in each state"][1::2]]
    assert headings == ["All charities together", "Late", "Never Has not joined"]
    assert "1 charity has not joined: it has said nothing." in page
    assert "joined: " not in page_of(joined, evidence=evidence)


def test_while_the_service_counts_the_page_says_how_far_it_has_come() -> None:
    evidence = evidence_of(measured(1, open=HOUR))

    def counted(**fields: Any) -> str:
        statistics = msgspec.structs.replace(evidence.statistics, **fields)
        return Parsed(page_of(evidence=msgspec.structs.replace(evidence, statistics=statistics)).encode()).text

    assert "still counting" not in counted()
    some = counted(counted_until=START + timedelta(days=1))
    assert "We are still counting. These numbers go up to " in some
    assert "It is counted up to the start of this hour." not in some
    nothing = counted(counted_from=None, counted_until=None, months=[])
    assert "We are still counting. There are no numbers for this period yet." in nothing


def test_no_link_leads_to_a_part_that_is_not_there() -> None:
    counted = evidence_of(measured(1, open=HOUR))
    nothing = msgspec.structs.replace(counted.statistics, counted_from=None, counted_until=None, months=[])
    for evidence, parts in ((counted, 6), (msgspec.structs.replace(counted, statistics=nothing), 2)):
        page = page_of(evidence=evidence)
        linked = re.findall(r'href="#([^"]+)"', page)
        assert len(linked) == parts
        assert {*linked} <= {*re.findall(r' id="([^"]+)"', page)}
