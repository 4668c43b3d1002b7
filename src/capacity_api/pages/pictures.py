"""Small pictures in the page itself (SVG), each with its words. Height and filling tell, colour only helps."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import msgspec
from babel.numbers import format_decimal
from markupsafe import Markup

from capacity_api.domain.intake import State
from capacity_api.wording.language import current_locale, gettext, join_items, ngettext
from capacity_api.wording.sentences import state_in_words

SHOWN = timedelta(days=90)
_UNIT = timedelta(hours=2.4)
# From the top, in a strip that is 10 high: open fills it, a waiting list half of it, a pause is a line, and where
# nobody knows there is nothing.
_TOPS = {State.OPEN: 0, State.WAITING_LIST: 5, State.PAUSED: 8}
_CLASSES = {State.OPEN: "o", State.WAITING_LIST: "w", State.PAUSED: "p"}


class Strip(msgspec.Struct, frozen=True):
    picture: Markup
    words: str


def strip(states: Sequence[tuple[datetime, State]], today: datetime) -> Strip | None:
    """The 90 days up to `today`; `states` are the states from each moment on, oldest first.

    None where nothing is known of these days. A tenth of a day is the smallest part that is drawn.
    """
    start = today - SHOWN
    paths: dict[State, list[str]] = {state: [] for state in _TOPS}
    lasted = dict.fromkeys(State, timedelta())
    for (began, state), (ended, _) in pairwise((*states, (today, State.UNCONFIRMED))):
        begin, end = max(began, start), min(ended, today)
        if end <= begin:
            continue
        lasted[state] += end - begin
        left, right = (round((at - start) / _UNIT) for at in (begin, end))
        if state in paths and right > left:
            paths[state].append(f"M{left} {_TOPS[state]}h{right - left}V10H{left}z")
    known = {state: held for state, held in lasted.items() if held >= _UNIT / 2}
    if known.keys() <= {State.UNCONFIRMED}:
        return None
    drawn = "".join(f'<path class="{_CLASSES[state]}" d="{"".join(each)}"/>' for state, each in paths.items() if each)
    return Strip(_picture(SHOWN // _UNIT, drawn), _in_words(known))


def legend() -> list[tuple[Markup, str]]:
    """What the heights of a strip mean: a picture and the words of each state."""
    drawn = {
        state: f'<path class="{_CLASSES[state]}" d="M0 {_TOPS[state]}h10V10H0z"/>' if state in _TOPS else ""
        for state in State
    }
    return [(_picture(10, drawn[state]), state_in_words(state)) for state in State]


def _picture(width: int, drawn: str) -> Markup:
    attributes = f'class="strip" aria-hidden="true" viewBox="0 0 {width} 10" preserveAspectRatio="none"'
    return Markup(f"<svg {attributes}>{drawn}</svg>")  # noqa: S704 - numbers and our own names


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
