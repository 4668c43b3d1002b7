"""What the codes, times and remits are in words, for everything that people read: plain text, to be escaped."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from capacity_api.domain.areas import AREAS
from capacity_api.domain.codes import ALL, EVERYTHING, NOT_KNOWN, members
from capacity_api.domain.intake import (
    LONDON_TIME,
    Circumstance,
    ExpectedTime,
    Reason,
    Report,
    ReportedState,
    SaidBy,
    State,
    Unit,
)
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender, Limit, limited_remit
from capacity_api.domain.vocabulary import (
    CIRCUMSTANCES,
    COMPOUND_AREAS,
    EXPLOITATION_TYPES,
    GENDERS,
    REASONS,
    STATES,
    Label,
)
from capacity_api.representations.responder import PublicIntake, PublicRemit, Responder, remit_of, represent_remit
from capacity_api.wording.language import current_locale, gettext, join_words, ngettext

NOT_SUPPLIED = "not yet supplied by the organisation"

# A list of twelve would take twelve lines.
MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)
AGES = {
    AgeGroup.ADULT: Label("Adults", "adults"),
    AgeGroup.CHILD: Label("Children under 18", "children under 18"),
    AgeGroup.YOUNG_PERSON: Label("Young people from 18 to 25", "young people from 18 to 25"),
}
GENDERS_WITH_CHILDREN = {
    Gender.WOMAN: Label("Women and girls", "women and girls", compound=True),
    Gender.MAN: Label("Men and boys", "men and boys", compound=True),
    Gender.NON_BINARY: GENDERS[Gender.NON_BINARY],
}
# The rest are messages for one and for more. How many are in a state:
COUNTS = {
    State.OPEN: ("{count} open", "{count} open"),
    State.WAITING_LIST: ("{count} waiting list", "{count} waiting list"),
    State.PAUSED: ("{count} paused", "{count} paused"),
    State.UNCONFIRMED: ("{count} not confirmed", "{count} not confirmed"),
}
# A period, by the number at its end. One that begins at nothing is "up to"; no other range ends at 1.
PERIODS = {
    Unit.HOURS: ("{max} hour", "{max} hours"),
    Unit.DAYS: ("{max} day", "{max} days"),
    Unit.WORKING_DAYS: ("{max} working day", "{max} working days"),
    Unit.WEEKS: ("{max} week", "{max} weeks"),
}
PERIODS_UP_TO = {
    Unit.HOURS: ("up to {max} hour", "up to {max} hours"),
    Unit.DAYS: ("up to {max} day", "up to {max} days"),
    Unit.WORKING_DAYS: ("up to {max} working day", "up to {max} working days"),
    Unit.WEEKS: ("up to {max} week", "up to {max} weeks"),
}
PERIOD_RANGES = {
    Unit.HOURS: ("{min} to {max} hour", "{min} to {max} hours"),
    Unit.DAYS: ("{min} to {max} day", "{min} to {max} days"),
    Unit.WORKING_DAYS: ("{min} to {max} working day", "{min} to {max} working days"),
    Unit.WEEKS: ("{min} to {max} week", "{min} to {max} weeks"),
}
_STATE_SENTENCES = {
    State.OPEN: "Open: taking new people.",
    State.WAITING_LIST: "Waiting list: you can contact it. There is a wait.",
    State.PAUSED: "Paused: not taking new people.",
}
# Opens and closes of the Unicode Bidirectional Algorithm (UAX #9): embeddings and overrides, isolates.
_EMBEDDINGS, _POP_EMBEDDING = "\u202a\u202b\u202d\u202e", "\u202c"
_ISOLATES, _POP_ISOLATE = "\u2066\u2067\u2068", "\u2069"
_MARKS = frozenset(_EMBEDDINGS + _POP_EMBEDDING + _ISOLATES + _POP_ISOLATE)


def label(state: State) -> str:
    """ "Waiting list", standing by itself."""
    return gettext(STATES[state].alone)


def state_in_words(state: State) -> str:
    """ "waiting list", inside a sentence."""
    return gettext(STATES[state].inside)


def count_in_words(state: State, count: int) -> str:
    """ "3 open"."""
    return ngettext(*COUNTS[state], count).format(count=count)


def reason_in_words(reason: Reason) -> str:
    return gettext(REASONS[reason].inside)


def circumstances_in_words(circumstances: Sequence[Circumstance]) -> str:
    """ "people in detention and other urgent cases"; empty for none."""
    return _join_labels([CIRCUMSTANCES[each] for each in circumstances])


def period_in_words(expected: ExpectedTime) -> str:
    """ "5 to 10 working days", "up to 1 hour", "2 weeks"."""
    if expected.min == expected.max:
        messages = PERIODS
    elif expected.min:
        messages = PERIOD_RANGES
    else:
        messages = PERIODS_UP_TO
    return ngettext(*messages[expected.unit], expected.max).format(min=expected.min, max=expected.max)


def expected_in_words(expected: ExpectedTime) -> str:
    """ "5 to 10 working days: expected, not guaranteed"."""
    return gettext("{period}: expected, not guaranteed").format(period=period_in_words(expected))


def response_in_words(report: Report) -> str | None:
    """How long a first answer takes, as a current report says; `None` where it says nothing."""
    if report.no_timeframe:
        return gettext("cannot say how long a reply takes")
    return None if report.expected_response is None else expected_in_words(report.expected_response)


def limit_in_words(remit: PublicRemit, limit: Limit) -> str:
    """ "Adult women · London": the aspects that a report limits, as the remit allows them."""
    limited = limited_remit(remit_of(remit), limit)
    if limited.is_empty:
        return gettext("nobody that it usually helps")
    now = represent_remit(limited)
    parts = []
    if limit.age_groups != EVERYTHING or limit.genders != EVERYTHING:
        parts.append(people_in_words(now))
    if limit.exploitation_types != EVERYTHING:
        parts.append(exploitation_in_words(now.exploitation_types))
    if limit.areas != EVERYTHING:
        parts.append(places_in_words(now))
    return " · ".join(parts)


def remit_in_words(remit: PublicRemit, separator: str = " · ") -> str:
    """ "Adult women · sexual exploitation · Scotland", with "existing clients only" where that holds."""
    parts = [people_in_words(remit), exploitation_in_words(remit.exploitation_types), places_in_words(remit)]
    if remit.existing_clients_only:
        parts.append(gettext("existing clients only"))
    return separator.join(parts)


def people_in_words(remit: PublicRemit) -> str:
    """Whom a remit is for: "Adults", "Adult women", "Children under 18 and young people from 18 to 25"."""
    groups = members(remit.age_groups, AgeGroup)
    first, *others = (AGES[group] for group in groups)
    ages = join_words([gettext(first.alone), *(gettext(other.inside) for other in others)])
    if ALL in remit.genders:
        return ages
    labels = GENDERS_WITH_CHILDREN if AgeGroup.CHILD in groups else GENDERS
    people = _join_labels([labels[gender] for gender in members(remit.genders, Gender)])
    if groups == (AgeGroup.ADULT,):
        # Translators: {people} is a list, as in "Adult women and non-binary people".
        return gettext("Adult {people}").format(people=people)
    return gettext("{ages}: {people} only").format(ages=ages, people=people)


def exploitation_in_words(types: tuple[str, ...]) -> str:
    """The exploitation types of a remit: all, some, or not known where the source does not say."""
    if types == NOT_KNOWN:
        return gettext("kinds of exploitation not known")
    if ALL in types:
        return gettext("any kind of exploitation")
    return _join_labels([EXPLOITATION_TYPES[each] for each in members(types, ExploitationType)])


def places_in_words(remit: PublicRemit) -> str:
    codes = [area.code for area in remit.areas]
    names = [gettext(AREAS[area.code].name if area.code in AREAS else area.name) for area in remit.areas]
    return join_words(names, compound=not COMPOUND_AREAS.isdisjoint(codes))


def languages_in_words(tags: Sequence[str]) -> str:
    """ "Albanian and Vietnamese"; a script or a region of a language is left out."""
    names = current_locale().languages
    return join_words([names.get(tag.partition("-")[0], tag) for tag in tags])


def intake_in_sentences(responder: Responder) -> list[str]:
    """What a responder says, for plain text: each sentence names the time that it holds for, where there is one."""
    intake, remit = responder.intake, responder.remit
    if intake.report is None:
        sentences = ["Not confirmed: we do not know if it is open. Contact it to ask.", _last_report_in_words(intake)]
    else:
        sentences = [_STATE_SENTENCES[intake.state], *_terms_in_sentences(intake.report, remit)]
        if intake.confirm_by is not None:
            sentences.append(
                f"{_said_in_words(intake)} until {until(intake.confirm_by)} (UK time). After that we do not know."
            )
    if intake.planned is not None:
        report = intake.planned.report
        start = moment(intake.planned.effective_from)
        sentences.append(f"Planned: {state_in_words(State(report.state))} from {start} (UK time).")
        sentences += _terms_in_sentences(report, remit)
    return sentences


def _last_report_in_words(intake: PublicIntake) -> str:
    if intake.last_report is None or intake.confirm_by is None:
        return "It has not joined this directory."
    last = state_in_words(State(intake.last_report.state))
    return f"It last said \u201c{last}\u201d. That ended on {moment(intake.confirm_by)} (UK time)."


def _said_in_words(intake: PublicIntake) -> str:
    """Whose word a report is, and of when: only a responder confirms."""
    if intake.confirmed_at is None:
        return "At its own limit,"
    if intake.said_by is SaidBy.COORDINATOR:
        return f"We were told this on {moment(intake.confirmed_at)},"
    return f"Confirmed on {moment(intake.confirmed_at)},"


def _terms_in_sentences(report: Report, remit: PublicRemit) -> list[str]:
    """For whom, how long, why, and the note."""
    sentences = []
    if report.limited_to is not None:
        sentences.append(f"For now only: {limit_in_words(remit, report.limited_to)}.")
    if report.state is ReportedState.PAUSED:
        exceptions = circumstances_in_words(report.exceptions)
        sentences.append(f"It still takes {exceptions}." if exceptions else "It listed no exceptions.")
        sentences.append(
            f"It expects to stay paused through {day(report.reopens_on)}."
            if report.reopens_on
            else "It has not said until when."
        )
    elif report.reopens_on:
        sentences.append(f"It expects this to last until {day(report.reopens_on)}.")
    response = response_in_words(report)
    if response is not None:
        sentences.append(f"Response: {response}.")
    if report.expected_referral is not None:
        sentences.append(f"Referral to the NRM: {expected_in_words(report.expected_referral)}.")
    if report.reason:
        sentences.append(f"Reason given: {reason_in_words(report.reason)}.")
    if report.note:
        sentences.append(f"It adds: \u201c{isolated(report.note)}\u201d")
    return sentences


def day(at: date | datetime) -> str:
    """ "1 December 2026"; a moment gives the day that it falls on in Europe/London."""
    local = at.astimezone(LONDON_TIME) if isinstance(at, datetime) else at
    return gettext("{day} {month} {year}").format(
        day=local.day, month=gettext(MONTHS[local.month - 1]), year=local.year
    )


def moment(at: datetime) -> str:
    """ "1 December 2026, 09:15" in Europe/London. The page or text says once that it is UK time."""
    return gettext("{day}, {time}").format(day=day(at), time=_clock_time(at.astimezone(LONDON_TIME)))


def _clock_time(local: datetime) -> str:
    """ "09:15". In the hour of October that comes twice, "01:30 BST" and an hour later "01:30 GMT"."""
    first, second = (local.replace(fold=fold).utcoffset() for fold in (0, 1))
    message = "{time}"
    if first != second:
        message = gettext("{time} GMT") if local.fold else gettext("{time} BST")
    return message.format(time=f"{local:%H:%M}")


def until(at: datetime) -> str:
    """A moment that ends something: midnight in Europe/London is the end of the day before."""
    if f"{at.astimezone(LONDON_TIME):%H:%M:%S}" == "00:00:00":
        return gettext("the end of {day}").format(day=day(at - timedelta(seconds=1)))
    return moment(at)


def utc(at: datetime) -> str:
    """The same moment for a machine: RFC 3339 in UTC, whole seconds."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def balanced(text: str) -> str:
    """`text` with its bidirectional marks closed, line by line, and stray closing marks dropped.

    Without this a name could end the isolation that it is shown in and turn round what follows it.
    """
    # Nearly no text has any, and each change of a responder writes all of its texts several times.
    if _MARKS.isdisjoint(text):
        return text
    return "\n".join(_balanced_line(line) for line in text.split("\n"))


def isolated(text: str) -> str:
    """`text` for a plain-text sentence: isolated, in whatever direction it is written (UAX #9, FSI and PDI)."""
    return f"\u2068{balanced(text)}{_POP_ISOLATE}"


def _balanced_line(line: str) -> str:
    kept, closers = [], []
    for character in line:
        if character in _EMBEDDINGS:
            closers.append(_POP_EMBEDDING)
        elif character in _ISOLATES:
            closers.append(_POP_ISOLATE)
        elif character in (_POP_EMBEDDING, _POP_ISOLATE):
            if not closers or closers[-1] != character:
                continue
            closers.pop()
        kept.append(character)
    return "".join(kept) + "".join(reversed(closers))


def _join_labels(labels: Sequence[Label]) -> str:
    """Labels inside a sentence, as a list."""
    return join_words([gettext(label.inside) for label in labels], compound=any(label.compound for label in labels))
