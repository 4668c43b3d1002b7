"""What the codes, times and remits are in words, for everything that people read: plain text, to be escaped."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from capacity_api.domain.areas import AREAS
from capacity_api.domain.intake import LONDON_TIME, Circumstance, ExpectedResponse, Reason, ReportedState, State, Unit
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender
from capacity_api.domain.vocabulary import (
    CIRCUMSTANCES,
    COMPOUND_AREAS,
    EXPLOITATION_TYPES,
    GENDERS,
    REASONS,
    STATES,
    Label,
)
from capacity_api.representations.responder import IntakeShown, PlannedShown, RemitShown
from capacity_api.wording.language import gettext, join_words, ngettext

NOT_SUPPLIED = "not yet supplied by the organisation"
# What stands below the heading of each state, and where to go on.
OPEN = "Taking new people who are within their remit."
NOBODY_OPEN = "No organisation has confirmed that it is open now. The helpline above can be called."
WAITING = "They can be asked; whoever asks waits for a turn."
PAUSED = "Not taking new people now, apart from the exceptions named. Anybody else:"
PAUSED_NOBODY_OPEN = "Not taking new people now, apart from the exceptions. Nobody has confirmed being open:"
PAUSED_NOBODY = "Not taking new people now, apart from the exceptions. Otherwise call the helpline above."
UNCONFIRMED = "These have not said, or what they said has lapsed. Each may be open or not: only it can say."
SEE_OPEN = "see who is open"
SEE_WAITING = "see the waiting lists"

# A list of twelve would take twelve lines.
MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)
_AGES = {
    AgeGroup.ADULT: Label("Adults", "adults"),
    AgeGroup.CHILD: Label("Children under 18", "children under 18"),
    AgeGroup.YOUNG_PERSON: Label("Young people from 18 to 25", "young people from 18 to 25"),
}
_GENDERS_WITH_CHILDREN = {
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
    State.OPEN: "Open: taking new people who are within its remit.",
    State.WAITING_LIST: "Waiting list: whoever asks waits for a turn.",
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


def period_in_words(expected: ExpectedResponse) -> str:
    """ "5 to 10 working days", "up to 1 hour", "2 weeks"."""
    if expected.min == expected.max:
        messages = PERIODS
    elif expected.min:
        messages = PERIOD_RANGES
    else:
        messages = PERIODS_UP_TO
    return ngettext(*messages[expected.unit], expected.max).format(min=expected.min, max=expected.max)


def expected_in_words(expected: ExpectedResponse | None) -> str:
    """For a current report only: of an unconfirmed responder nothing may be claimed, not even this."""
    if expected is None:
        return gettext("no timeframe can be given")
    return gettext("{period}: expected, not guaranteed").format(period=period_in_words(expected))


def remit_in_words(remit: RemitShown, separator: str = " · ") -> str:
    """ "Adult women · sexual exploitation · Scotland", with "existing clients only" where that holds."""
    parts = [people_in_words(remit), exploitation_in_words(remit.exploitation_types), places_in_words(remit)]
    if remit.existing_clients_only:
        parts.append(gettext("existing clients only"))
    return separator.join(parts)


def people_in_words(remit: RemitShown) -> str:
    """Whom a remit is for: "Adults", "Adult women", "Children under 18 and young people from 18 to 25"."""
    first, *others = (_AGES[group] for group in remit.age_groups)
    ages = join_words([gettext(first.alone), *(gettext(other.inside) for other in others)])
    if remit.genders == "all":
        return ages
    labels = _GENDERS_WITH_CHILDREN if AgeGroup.CHILD in remit.age_groups else GENDERS
    people = _join_labels([labels[gender] for gender in remit.genders])
    if remit.age_groups == [AgeGroup.ADULT]:
        # Translators: {people} is a list, as in "Adult women and non-binary people".
        return gettext("Adult {people}").format(people=people)
    return gettext("{ages}: {people} only").format(ages=ages, people=people)


def exploitation_in_words(types: Sequence[ExploitationType] | str | None) -> str:
    """Null is what the source does not know; "all" is any type."""
    if types is None:
        return gettext("kinds of exploitation not known")
    if isinstance(types, str):
        return gettext("any kind of exploitation")
    return _join_labels([EXPLOITATION_TYPES[each] for each in types])


def genders_of_any_age() -> str:
    """ "women and girls, men and boys, and non-binary people"."""
    return _join_labels([_GENDERS_WITH_CHILDREN[gender] for gender in Gender])


def places_in_words(remit: RemitShown) -> str:
    codes = [area.code for area in remit.areas]
    names = [gettext(AREAS[area.code].name if area.code in AREAS else area.name) for area in remit.areas]
    return join_words(names, compound=not COMPOUND_AREAS.isdisjoint(codes))


def intake_in_sentences(intake: IntakeShown) -> list[str]:
    """What a responder says, for plain text: each sentence names the time that it holds for, where there is one."""
    if intake.state is State.UNCONFIRMED:
        sentences = ["Not confirmed: it may be open or not, only it can say."]
        if intake.reported_state is None or intake.confirm_by is None:
            sentences.append("It has not reported to this directory yet.")
        else:
            last = state_in_words(State(intake.reported_state))
            sentences.append(f"What it last said (\u201c{last}\u201d) lapsed on {moment(intake.confirm_by)} (UK time).")
    else:
        sentences = [_STATE_SENTENCES[intake.state], *_terms_in_sentences(intake)]
        sentences.append(f"Response: {expected_in_words(intake.expected_response)}.")
        if intake.confirm_by is not None:
            since = f"Confirmed on {moment(intake.confirmed_at)}; this" if intake.confirmed_at else "This"
            sentences.append(
                f"{since} holds until {until(intake.confirm_by)} (UK time) and is not confirmed after that."
            )
    if intake.planned is not None:
        planned = intake.planned
        start = moment(planned.effective_from)
        sentences.append(f"Planned: {state_in_words(State(planned.state))} from {start} (UK time).")
        sentences += _terms_in_sentences(planned)
    return sentences


def _terms_in_sentences(said: IntakeShown | PlannedShown) -> list[str]:
    """Exceptions, how long, why and the note of a pause, a waiting list or an opening."""
    sentences = []
    if said.state == ReportedState.PAUSED:
        exceptions = circumstances_in_words(said.exceptions)
        sentences.append(f"It still takes {exceptions}." if exceptions else "It named no exceptions.")
        sentences.append(
            f"Until {day(said.reopens_on)}, by its own account." if said.reopens_on else "It has not said until when."
        )
    elif said.reopens_on:
        sentences.append(f"It expects this to last until {day(said.reopens_on)}.")
    if said.reason:
        sentences.append(f"Reason given: {reason_in_words(said.reason)}.")
    if said.note:
        sentences.append(f"It adds: \u201c{isolated(said.note)}\u201d")
    return sentences


def day(at: date | datetime) -> str:
    """ "1 December 2026"; a moment gives the day that it falls on in Europe/London."""
    local = at.astimezone(LONDON_TIME) if isinstance(at, datetime) else at
    return gettext("{day} {month} {year}").format(
        day=local.day, month=gettext(MONTHS[local.month - 1]), year=local.year
    )


def moment(at: datetime) -> str:
    """ "1 December 2026, 09:15" in Europe/London; whoever shows it says once that it is UK time."""
    return gettext("{day}, {time}").format(day=day(at), time=f"{at.astimezone(LONDON_TIME):%H:%M}")


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
