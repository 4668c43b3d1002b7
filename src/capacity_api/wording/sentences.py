"""What the codes, times and remits are in words, for everything that people read: plain text, to be escaped."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from capacity_api.domain.areas import AREAS
from capacity_api.domain.intake import LONDON_TIME, Circumstance, ExpectedResponse, Reason, ReportedState, State
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender
from capacity_api.domain.vocabulary import CIRCUMSTANCES, EXPLOITATION_TYPES, GENDERS, REASONS, STATES, UNITS
from capacity_api.representations.responder import IntakeShown, PlannedShown, RemitShown
from capacity_api.wording.language import gettext

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
    AgeGroup.ADULT: "adults",
    AgeGroup.CHILD: "children under 18",
    AgeGroup.YOUNG_PERSON: "young people from 18 to 25",
}
_GENDERS_WITH_CHILDREN = {
    Gender.WOMAN: "women and girls",
    Gender.MAN: "men and boys",
    Gender.NON_BINARY: "non-binary people",
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
    return gettext(STATES[state])


def state_in_words(state: State) -> str:
    """ "waiting list", inside a sentence."""
    return _inside(STATES[state])


def reason_in_words(reason: Reason) -> str:
    return _inside(REASONS[reason])


def circumstances_in_words(circumstances: Sequence[Circumstance]) -> str:
    """ "people in detention, and other urgent cases"; empty for none."""
    words = [_inside(CIRCUMSTANCES[each]) for each in circumstances]
    return _listed(words)


def summary(counts: dict[State, int]) -> str:
    """The directory in one line: every state, also those that nobody is in."""
    return " · ".join(f"{counts.get(state, 0)} {state_in_words(state)}" for state in State)


def period_in_words(expected: ExpectedResponse) -> str:
    """ "5 to 10 working days", "up to 1 hour", "2 weeks"."""
    one, many = UNITS[expected.unit]
    unit = gettext(one if expected.max == 1 else many)
    if expected.min == expected.max:
        return f"{expected.max} {unit}"
    words = gettext("{min} to {max} {unit}") if expected.min else gettext("up to {max} {unit}")
    return words.format(min=expected.min, max=expected.max, unit=unit)


def expected_in_words(expected: ExpectedResponse | None) -> str:
    """For a current report only: of an unconfirmed responder nothing may be claimed, not even this."""
    if expected is None:
        return gettext("no timeframe can be given")
    return gettext("{period}: expected, not guaranteed").format(period=period_in_words(expected))


def remit_in_words(remit: RemitShown) -> str:
    """ "Adult women · sexual exploitation · Scotland", with "existing clients only" where that holds."""
    parts = [people_in_words(remit), exploitation_in_words(remit.exploitation_types), places_in_words(remit)]
    if remit.existing_clients_only:
        parts.append(gettext("existing clients only"))
    return " · ".join(parts)


def people_in_words(remit: RemitShown) -> str:
    """Whom a remit is for: "Adults", "Adult women", "Children under 18, and young people from 18 to 25"."""
    ages = _listed([gettext(_AGES[group]) for group in remit.age_groups])
    if remit.genders == "all":
        return _outside(ages)
    if remit.age_groups == [AgeGroup.ADULT]:
        return gettext("Adult {people}").format(people=_listed([_inside(GENDERS[each]) for each in remit.genders]))
    words = _GENDERS_WITH_CHILDREN if AgeGroup.CHILD in remit.age_groups else GENDERS
    people = _listed([_inside(words[gender]) for gender in remit.genders])
    return gettext("{ages}: {people} only").format(ages=_outside(ages), people=people)


def exploitation_in_words(kinds: Sequence[ExploitationType] | str | None) -> str:
    """Null is what the source does not know; "all" is any kind."""
    if kinds is None:
        return gettext("kinds of exploitation not known")
    if isinstance(kinds, str):
        return gettext("any kind of exploitation")
    return _listed([kind_in_words(kind) for kind in kinds])


def kind_in_words(kind: ExploitationType) -> str:
    return _inside(EXPLOITATION_TYPES[kind])


def places_in_words(remit: RemitShown) -> str:
    return _listed([gettext(AREAS[area.code].name if area.code in AREAS else area.name) for area in remit.areas])


def intake_in_sentences(intake: IntakeShown) -> list[str]:
    """What a responder says, for plain text: each sentence names the time that it holds for, where there is one."""
    if intake.state is State.UNCONFIRMED:
        sentences = ["Not confirmed: it may be open or not, only it can say."]
        if intake.reported_state is None or intake.confirm_by is None:
            sentences.append("It has not reported to this directory yet.")
        else:
            last = _inside(STATES[State(intake.reported_state)])
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
        sentences.append(f"Planned: {_inside(STATES[State(planned.state)])} from {start} (UK time).")
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


def _listed(words: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"; with a comma more where an item has an "and" or "or" of its own."""
    if len(words) < 2:
        return "".join(words)
    parted = any(" and " in word or " or " in word for word in words)
    message = gettext("{words}, and {last}") if parted else gettext("{words} and {last}")
    return message.format(words=gettext(", ").join(words[:-1]), last=words[-1])


def _inside(words: str) -> str:
    words = gettext(words)
    return words[:1].lower() + words[1:]


def _outside(words: str) -> str:
    return words[:1].upper() + words[1:]
