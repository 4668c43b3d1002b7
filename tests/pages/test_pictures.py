"""The strip of the last 90 days: its shapes, its words and its size."""

import gzip
import re
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from tests.pages.directories import directory_of, intake_of, register

from capacity_api.domain.intake import LONDON_TIME, Report, ReportedState, State
from capacity_api.pages import pictures
from capacity_api.pages.directory import render_directory, render_entry
from capacity_api.pages.rendering import PageSettings

TODAY = datetime(2026, 11, 21, 9, 15, tzinfo=UTC)
START = TODAY - timedelta(days=90)
# One TCP flight: ten segments of 1,460 bytes, less what the headers take.
FLIGHT = 14_336


def after(days: float) -> datetime:
    return START + timedelta(days=days)


def test_each_state_has_a_height_and_the_words_count_its_days() -> None:
    states = ((START, State.UNCONFIRMED), (after(10), State.OPEN), (after(50), State.PAUSED), (after(80), State.OPEN))
    drawn = pictures.strip(states, TODAY)
    assert drawn is not None
    assert drawn.words == "open 50 days, paused 30 days, not confirmed 10 days"
    assert drawn.picture == (
        '<svg class="strip" aria-hidden="true" viewBox="0 0 900 10" preserveAspectRatio="none">'
        '<path class="o" d="M100 0h400V10H100zM800 0h100V10H800z"/><path class="p" d="M500 8h300V10H500z"/></svg>'
    )


def test_what_was_before_the_window_and_what_is_still_to_come_are_not_drawn() -> None:
    states = ((after(-30), State.WAITING_LIST), (after(45), State.OPEN), (after(95), State.PAUSED))
    drawn = pictures.strip(states, TODAY)
    assert drawn is not None
    assert 'd="M0 5h450V10H0z"' in drawn.picture
    assert 'd="M450 0h450V10H450z"' in drawn.picture
    assert drawn.words == "open 45 days, waiting list 45 days"


@pytest.mark.parametrize("states", [(), ((START, State.UNCONFIRMED),), ((after(89.99), State.OPEN),)])
def test_nothing_is_drawn_of_whom_nothing_is_known(states: tuple[tuple[datetime, State], ...]) -> None:
    assert pictures.strip(states, TODAY) is None


def test_less_than_a_day_is_shown_and_not_rounded_away() -> None:
    drawn = pictures.strip(((START, State.OPEN), (after(89.5), State.PAUSED)), TODAY)
    assert drawn is not None
    assert drawn.words == "open 90 days, paused 0.5 days"


def test_the_words_of_a_key_are_those_of_the_states() -> None:
    assert [words for _, words in pictures.legend()] == ["open", "waiting list", "paused", "not confirmed"]


def lived(seed: int) -> tuple[tuple[datetime, State], ...]:
    """A year's habits: a change every few days, as busy as any responder is likely to be."""
    random, at, states = Random(seed), START, []
    while at < TODAY:
        states.append((at, random.choice(list(State))))
        at += timedelta(days=random.expovariate(1 / 6))
    return tuple(states)


def test_thirteen_with_their_history_fit_in_one_tcp_flight() -> None:
    report = Report(state=ReportedState.PAUSED, note="A note of some length, as an organisation would write it.")
    everybody = register(intake_of(report))
    parts = {
        each.slug: render_entry(each, each.intake.state, states=lived(seed), today=TODAY).encode()
        for seed, each in enumerate(everybody)
    }
    page = render_directory(
        directory_of(*everybody, demonstration=True),
        TODAY,
        parts=parts,
        settings=PageSettings(contact="corrections@example.org"),
    )
    assert page.count(b'<svg class="strip"') == 13 + 4, "one for each, and the legend"
    assert len(re.findall(rb"M\d+ \d", page)) > 100
    assert len(gzip.compress(page, 6)) <= FLIGHT


def at(month: int, day: int, hour: int = 0, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, tzinfo=LONDON_TIME).astimezone(UTC)


def test_a_year_has_a_bar_for_each_day_and_counts_the_days_of_each_month() -> None:
    states = (
        (at(9, 1, year=2025), State.UNCONFIRMED),
        (at(3, 2), State.OPEN),
        (at(3, 30), State.WAITING_LIST),
        (at(4, 1), State.PAUSED),
        (at(4, 1, 12), State.OPEN),
        (at(4, 3), State.UNCONFIRMED),
    )
    year = pictures.year(states, TODAY)
    assert year is not None
    assert [month.name for month in year.months][::11] == ["November 2026", "December 2025"]
    assert len(year.months) == 12
    march = next(month for month in year.months if month.name == "March 2026")
    # The clocks went forward on 29 March, so that day has 23 hours.
    assert march.words == "open 28 days, waiting list 2 days, not confirmed 1 day"
    assert str(march.picture).count("M") == 1 + 28 + 2, "a line, and a bar for each day that is known"
    assert 'viewBox="0 0 310 11"' in march.picture
    assert '<path class="w" d="M290 5h9V10H290zM300 5h9V10H300z"/>' in march.picture
    april = next(month for month in year.months if month.name == "April 2026")
    assert april.words == "open 2 days, paused 0.5 days, not confirmed 28 days"
    assert '<path class="p" d="M0 8h4V10H0z"/>' in april.picture, "half of a day is half a bar"
    assert '<path class="b" d="M0 10h299v1H0z"/>' in april.picture
    assert year.words == "open 29 days, waiting list 2 days, paused 0.5 days, not confirmed 323 days"


def test_a_year_begins_with_the_record_and_ends_now() -> None:
    year = pictures.year(((at(10, 20), State.OPEN),), at(11, 3, 12))
    assert year is not None
    assert [(month.name, month.words) for month in year.months] == [
        ("November 2026", "open 2 days"),
        ("October 2026", "open 12 days"),
    ]
    assert '<path class="b" d="M190 10h119v1H190z"/>' in year.months[1].picture, "before it nothing is on record"
    assert '<path class="b" d="M0 10h24v1H0z"/>' in year.months[0].picture, "nothing is drawn of what is to come"


def test_no_year_is_drawn_of_whom_nothing_is_known() -> None:
    assert pictures.year(((at(1, 1), State.UNCONFIRMED),), TODAY) is None
