"""Small pictures in the page itself (SVG), each with its words. Height and filling tell, colour only helps."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise

import msgspec
from babel.numbers import format_decimal
from markupsafe import Markup

from capacity_api.domain.days import day_of, day_start
from capacity_api.domain.intake import State, TimedState
from capacity_api.wording.language import current_locale, gettext, join_items, ngettext
from capacity_api.wording.sentences import MONTHS, state_in_words

SHOWN = timedelta(days=90)
_UNIT = timedelta(hours=2.4)
# From the top, in a strip that is 10 high: open fills it, a waiting list half of it, a pause is a line, and where
# nobody knows there is nothing.
TOPS = {State.OPEN: 0, State.WAITING_LIST: 5, State.PAUSED: 8}
CLASSES = {State.OPEN: "o", State.WAITING_LIST: "w", State.PAUSED: "p"}
_MONTHS_SHOWN = 12
_DAY = timedelta(days=1)
# In the picture of a month a day is 10 wide, the space after it included, and every month is as wide as the longest.
_DAY_WIDTH, _DAY_SPACE = 10, 1
_MONTH_WIDTH = 31 * _DAY_WIDTH


class Strip(msgspec.Struct, frozen=True):
    picture: Markup
    words: str


def draw(width: int, drawn: str, *, height: int = 10, name: str = "strip") -> Markup:
    """A picture for the eye alone: its words stand beside it."""
    attributes = f'class="{name}" aria-hidden="true" viewBox="0 0 {width} {height}" preserveAspectRatio="none"'
    return Markup(f"<svg {attributes}>{drawn}</svg>")  # noqa: S704 - numbers and our own names


def strip(states: Sequence[tuple[datetime, State]], today: datetime) -> Strip | None:
    """The 90 days up to `today`; `states` are the states from each moment on, oldest first.

    None where nothing is known of these days. A tenth of a day is the smallest part that is drawn.
    """
    start = today - SHOWN
    paths: dict[State, list[str]] = {state: [] for state in TOPS}
    lasted = dict.fromkeys(State, timedelta())
    for (began, state), (ended, _) in pairwise((*states, (today, State.UNCONFIRMED))):
        begin, end = max(began, start), min(ended, today)
        if end <= begin:
            continue
        lasted[state] += end - begin
        left, right = (round((at - start) / _UNIT) for at in (begin, end))
        if state in paths and right > left:
            paths[state].append(f"M{left} {TOPS[state]}h{right - left}V10H{left}z")
    known = {state: held for state, held in lasted.items() if held >= _UNIT / 2}
    if known.keys() <= {State.UNCONFIRMED}:
        return None
    drawn = "".join(f'<path class="{CLASSES[state]}" d="{"".join(each)}"/>' for state, each in paths.items() if each)
    return Strip(draw(SHOWN // _UNIT, drawn), _in_words(known))


class Month(msgspec.Struct, frozen=True):
    """A month by name, with its days as a picture and in words."""

    name: str
    picture: Markup
    words: str


class Year(msgspec.Struct, frozen=True):
    """The months, the newest first, and the days of all of them in words."""

    months: list[Month]
    words: str


def year(states: Sequence[TimedState], now: datetime) -> Year | None:
    """This month and the eleven before it, as far as they are known, by the days of Europe/London.

    `states` are the states from each moment on, oldest first; the first one is where the record begins. None where
    nothing is known of these months.
    """
    begins = max(states[0][0], day_start(_months_before(day_of(now), _MONTHS_SHOWN - 1)))
    lasted = dict.fromkeys(State, timedelta())
    by_month: dict[date, list[tuple[date, State, datetime, datetime]]] = {}
    for (began, state), (ended, _) in pairwise((*states, (now, State.UNCONFIRMED))):
        at, end = max(began, begins), min(ended, now)
        while at < end:
            day = day_of(at)
            until = min(end, day_start(day + _DAY))
            by_month.setdefault(day.replace(day=1), []).append((day, state, at, until))
            lasted[state] += until - at
            at = until
    known = {state: held for state, held in lasted.items() if held >= _UNIT / 2}
    if known.keys() <= {State.UNCONFIRMED}:
        return None
    months = [_month(first, by_month[first]) for first in sorted(by_month, reverse=True)]
    return Year(months, _in_words(known))


def _month(first: date, stretches: Sequence[tuple[date, State, datetime, datetime]]) -> Month:
    paths: dict[State, list[str]] = {state: [] for state in TOPS}
    lasted: dict[State, timedelta] = {}
    for day, state, began, ended in stretches:
        lasted[state] = lasted.get(state, timedelta()) + (ended - began)
        left, right = _place(day, began), _place(day, ended)
        if state in paths and right > left:
            paths[state].append(f"M{left} {TOPS[state]}h{right - left}V10H{left}z")
    left, right = _place(*stretches[0][::2]), _place(stretches[-1][0], stretches[-1][3])
    # The line below the days that are on record: no day of it is empty by mistake.
    line = f'<path class="b" d="M{left} 10h{right - left}v1H{left}z"/>'
    drawn = "".join(f'<path class="{CLASSES[state]}" d="{"".join(each)}"/>' for state, each in paths.items() if each)
    shown = {state: lasted[state] for state in State if lasted.get(state, timedelta()) >= _UNIT / 2}
    # Translators: a month of a year, such as "November 2026".
    name = gettext("{month} {year}").format(month=gettext(MONTHS[first.month - 1]), year=first.year)
    picture = draw(_MONTH_WIDTH, line + drawn, height=11, name="month")
    return Month(name, picture, _in_words(shown))


def _place(day: date, at: datetime) -> int:
    """How far from the left a moment of this day is; the end of a day is before the space that follows it."""
    start = day_start(day)
    part = (at - start) / (day_start(day + _DAY) - start)
    return (day.day - 1) * _DAY_WIDTH + round(part * (_DAY_WIDTH - _DAY_SPACE))


def _months_before(day: date, count: int) -> date:
    """The first day of the month that is `count` months before that of `day`."""
    months = day.year * 12 + day.month - 1 - count
    return date(months // 12, months % 12 + 1, 1)


def legend() -> list[tuple[Markup, str]]:
    """What the heights of a strip mean: a picture and the words of each state."""
    drawn = {
        state: f'<path class="{CLASSES[state]}" d="M0 {TOPS[state]}h10V10H0z"/>' if state in TOPS else ""
        for state in State
    }
    return [(draw(10, drawn[state]), state_in_words(state)) for state in State]


def _in_words(lasted: dict[State, timedelta]) -> str:
    return join_items([_days_in_words(state, held / timedelta(days=1)) for state, held in lasted.items()])


def _days_in_words(state: State, days: float) -> str:
    """ "open 50 days", "paused 0.5 days"."""
    tenths = round(days, 1)
    if tenths < 1:
        # Translators: {part} is a part of one day, such as 0.5.
        message = gettext("{state} {part} days")
        return message.format(state=state_in_words(state), part=format_decimal(tenths, locale=current_locale()))
    whole = round(days)
    message = ngettext("{state} {days} day", "{state} {days} days", whole)
    return message.format(state=state_in_words(state), days=whole)
