"""The page at `/evidence`: what happened, from the record of states alone. It ranks nobody."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median_high
from urllib.parse import urlencode

import msgspec
from babel.numbers import format_decimal, format_percent
from markupsafe import Markup

from capacity_api.domain import vocabulary
from capacity_api.domain.intake import LONDON_TIME, ExpectedTime, State, Unit
from capacity_api.pages.directory import MANY
from capacity_api.pages.evidence_pictures import columns, share_bar
from capacity_api.pages.evidence_spans import Span, years
from capacity_api.pages.rendering import PLAIN_SETTINGS, PageSettings, options, render_page
from capacity_api.representations.responder import Responder
from capacity_api.representations.statistics import (
    GroupStatistics,
    MonthStatistics,
    NationStatistics,
    ResponderStatistics,
    Statistics,
)
from capacity_api.wording import sentences
from capacity_api.wording.language import ENGLISH, Language, current_locale, gettext, ngettext, speaking

_HOUR, _DAY = 3600, 24 * 3600
Measured = NationStatistics | GroupStatistics


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What was read for a page at `read_at`. The record `begins` with the first listing; `None` before it.

    The months of `statistics` need no responders.
    """

    span: Span
    read_at: datetime
    begins: datetime | None
    statistics: Statistics


class Charity(msgspec.Struct, frozen=True, kw_only=True):
    """How much of its time a charity, or all together, spent in each state. Without `slug` it has no page.

    `has_joined` is false where nothing was ever reported for it.
    """

    name: str
    slug: str | None
    has_joined: bool
    bar: Markup
    shares: list[str]
    pauses: str
    longest_pause: str


class Month(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    counted: str
    hours: list[str]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """For whom nobody was open, for how long in all, and a column for each month."""

    label: str
    total: str
    picture: Markup


class Nation(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    name: str
    totals: list[str]
    rows: list[Row]
    months: list[Month]


class Liveness(msgspec.Struct, frozen=True, kw_only=True):
    """How many of the listed have a state that holds, and how old the median of what they said is."""

    holding: int
    listed: int
    median_age: str | None


def render_evidence(
    evidence: Evidence,
    responders: Mapping[str, Responder],
    now: datetime,
    language: Language = ENGLISH,
    settings: PageSettings = PLAIN_SETTINGS,
) -> bytes:
    """The page of a span as UTF-8. Its numbers are those of `/v1/statistics` for the same span.

    `responders` are those of the directory at `now`, by slug.
    """
    span, statistics = evidence.span, evidence.statistics
    query = {"from": sentences.utc(span.start), "to": sentences.utc(span.end), "by": "month"}
    with speaking(language):
        return render_page(
            "evidence.html",
            language,
            settings,
            span=span,
            title=_title(span),
            periods=[
                (year, str(year.year), [(month, _month_name(month.start)) for month in months])
                for year, months in years(evidence.begins or now, now)
            ],
            counted_from=statistics.counted_from,
            begins_late=statistics.counted_from is not None and statistics.counted_from > span.start,
            counted_until=statistics.counted_until,
            still_counting=_still_counting(evidence),
            read_at=evidence.read_at,
            now=now,
            liveness=_liveness(responders.values(), now),
            groups=_group_labels(),
            nations=_nations(statistics),
            month_names=[_month_and_year(month.start) for month in statistics.months or ()],
            states=[sentences.label(state) for state in State],
            legend=[(share_bar(dict.fromkeys(State, 0) | {each: 1}), sentences.state_in_words(each)) for each in State],
            charities=list(_charities(statistics.responders, responders)),
            not_joined=_not_joined(statistics.responders, responders),
            count=format_decimal(len(statistics.responders), locale=language.locale),
            many=len(statistics.responders) > MANY,
            query=urlencode(query, safe=":"),
        )


def _still_counting(evidence: Evidence) -> bool:
    """Whether the service has not counted all of the span yet, of which there is a record."""
    until, end = evidence.statistics.counted_until, evidence.statistics.end
    has_record = evidence.begins is not None and evidence.begins < end
    return has_record and (until is None or until < end)


def _title(span: Span) -> str | None:
    if not span.path:
        return gettext("The last 12 months and this one")
    if span.year is None:
        return None
    return str(span.year) if span.is_year else _month_and_year(span.start)


def _liveness(responders: Iterable[Responder], now: datetime) -> Liveness:
    intakes = [responder.intake for responder in responders]
    holding = [intake for intake in intakes if intake.state is not State.UNCONFIRMED]
    # What a threshold did was confirmed by nobody, so it has no age.
    # Of two in the middle the older counts: nothing looks fresher than it is.
    ages = [now - intake.confirmed_at for intake in holding if intake.confirmed_at is not None]
    return Liveness(
        holding=len(holding),
        listed=len(intakes),
        median_age=_at_most(median_high(ages)) if ages else None,
    )


def _at_most(age: timedelta) -> str:
    """ "2 days", "5 hours": never less than it is."""
    hours = max(1, -(-age // timedelta(hours=1)))
    return _duration(-(-hours // 24), Unit.DAYS) if hours > 48 else _duration(hours, Unit.HOURS)


def _duration(number: int, unit: Unit) -> str:
    return sentences.period_in_words(ExpectedTime(min=number, max=number, unit=unit))


def _nations(statistics: Statistics) -> list[Nation]:
    months = statistics.months or []
    return [
        Nation(
            code=nation.code,
            name=gettext(nation.name),
            totals=[_hours_and_share(each) for each in _measured(statistics, nation.code)],
            rows=[
                Row(
                    label=label,
                    total=_hours_and_share(whole, in_words=True),
                    picture=columns([_share(_measured(month, nation.code)[number]) for month in months]),
                )
                for number, (label, whole) in enumerate(
                    zip(_group_labels(), _measured(statistics, nation.code), strict=True)
                )
            ],
            months=[_month(month, nation.code) for month in months],
        )
        for nation in statistics.nations
    ]


def _group_labels() -> list[str]:
    return [gettext("Any age"), *(label for _, label in options(vocabulary.AGE_GROUPS))]


def _measured(span: Statistics | MonthStatistics, code: str) -> Sequence[Measured]:
    """The nation, then each age group in it."""
    nation = next(each for each in span.nations if each.code == code)
    return [nation, *(group for group in span.groups if group.area == code)]


def _month(month: MonthStatistics, code: str) -> Month:
    measured = _measured(month, code)
    return Month(
        name=_month_and_year(month.start),
        counted=gettext("of {hours}").format(hours=_hours_in_words(measured[0].counted_seconds)),
        hours=[_whole_hours(each.nobody_open_seconds or 0) for each in measured],
    )


def _share(measured: Measured) -> float:
    return (measured.nobody_open_seconds or 0) / measured.counted_seconds if measured.counted_seconds else 0


def _hours_and_share(measured: Measured, *, in_words: bool = False) -> str:
    """ "312 (43%)", or "312 hours (43%)" in words."""
    seconds = measured.nobody_open_seconds
    if seconds is None or not measured.counted_seconds:
        return gettext("not counted")
    hours = _hours_in_words(seconds) if in_words else _whole_hours(seconds)
    # Translators: how long nobody was open, and the share of the time counted: "312 hours (43%)".
    return gettext("{hours} ({share})").format(hours=hours, share=_percent(_share(measured)))


def _hours_in_words(seconds: int) -> str:
    if 0 < seconds < _HOUR:
        return gettext("under 1 hour")
    number = round(seconds / _HOUR)
    return ngettext("{hours} hour", "{hours} hours", number).format(hours=_whole_hours(seconds))


def _whole_hours(seconds: int) -> str:
    """Rounded to whole hours, but for what is less than one and not nothing."""
    if 0 < seconds < _HOUR:
        return gettext("under 1")
    return str(format_decimal(round(seconds / _HOUR), locale=current_locale()))


def _percent(share: float) -> str:
    """Rounded to whole per cent; only nothing is 0%, and only everything is 100%."""
    locale = current_locale()
    if 0 < share < 0.01:
        return gettext("under {share}").format(share=format_percent(0.01, locale=locale))
    if 0.99 < share < 1:
        return gettext("over {share}").format(share=format_percent(0.99, locale=locale))
    return str(format_percent(share, locale=locale))


def _charities(measured: Sequence[ResponderStatistics], responders: Mapping[str, Responder]) -> Iterator[Charity]:
    """All together, then each by name, unless they are too many for a page."""
    with_time = [each for each in measured if each.listed_seconds]
    if not with_time:
        return
    seconds = Counter[State]()
    for each in with_time:
        seconds.update(_seconds(each))
    yield _charity(
        gettext("All charities together"),
        None,
        seconds,
        sum(each.pause_count for each in with_time),
        max(each.longest_pause_seconds for each in with_time),
    )
    if len(measured) > MANY:
        return
    for each in sorted(with_time, key=lambda each: (each.name.casefold(), each.slug)):
        responder = responders.get(each.slug)
        yield _charity(each.name, responder, _seconds(each), each.pause_count, each.longest_pause_seconds)


def _has_joined(responder: Responder) -> bool:
    return (responder.intake.last_report or responder.intake.report) is not None


def _not_joined(measured: Iterable[ResponderStatistics], responders: Mapping[str, Responder]) -> str:
    """How many of the charities measured never said anything, in words; empty for none."""
    listed = [responders[each.slug] for each in measured if each.listed_seconds and each.slug in responders]
    count = sum(not _has_joined(responder) for responder in listed)
    if not count:
        return ""
    message = ngettext(
        "{count} charity has not joined: it has said nothing.",
        "{count} charities have not joined: they have said nothing.",
        count,
    )
    return message.format(count=format_decimal(count, locale=current_locale()))


def _charity(
    name: str, responder: Responder | None, seconds: Mapping[State, int], pauses: int, longest: int
) -> Charity:
    whole = sum(seconds.values())
    return Charity(
        name=name,
        slug=None if responder is None else responder.slug,
        has_joined=responder is None or _has_joined(responder),
        bar=share_bar(seconds),
        shares=[_percent(seconds[state] / whole) for state in State],
        pauses=str(format_decimal(pauses, locale=current_locale())),
        longest_pause=_longest(longest),
    )


def _seconds(measured: ResponderStatistics) -> dict[State, int]:
    seconds = measured.seconds
    return {
        State.OPEN: seconds.open,
        State.WAITING_LIST: seconds.waiting_list,
        State.PAUSED: seconds.paused,
        State.UNCONFIRMED: seconds.unconfirmed,
    }


def _longest(seconds: int) -> str:
    """ "12 days", "5 hours"; a pause of less than two days is in hours."""
    if seconds == 0:
        return gettext("none")
    if seconds < 2 * _DAY:
        return _hours_in_words(seconds)
    return _duration(round(seconds / _DAY), Unit.DAYS)


def _month_name(start: datetime) -> str:
    return gettext(sentences.MONTHS[start.astimezone(LONDON_TIME).month - 1])


def _month_and_year(at: datetime) -> str:
    """ "October 2026"."""
    return gettext("{month} {year}").format(month=_month_name(at), year=at.astimezone(LONDON_TIME).year)
