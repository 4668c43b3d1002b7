"""The answer to a question on the directory page: by what one can do now, and as plain text for a file.

`scripts/filter.js` and `scripts/record.js` say the same in the page.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, timedelta
from types import MappingProxyType

import msgspec
from markupsafe import Markup

from capacity_api.domain.intake import State
from capacity_api.domain.matching import EXCEPTIONS_NOT_GIVEN, Outcome
from capacity_api.domain.vocabulary import MATCH_REASONS
from capacity_api.pages.question import Asked
from capacity_api.pages.question_words import FOUND, LEFT_OUT, QUESTION
from capacity_api.pages.rendering import PageSettings
from capacity_api.representations.responder import holds_until
from capacity_api.snapshot.matches import MAX_MATCHES, Match, find_matches
from capacity_api.snapshot.snapshot import Snapshot
from capacity_api.wording import sentences
from capacity_api.wording.language import gettext, ngettext

_CIRCUMSTANCES = MappingProxyType({code: circumstance for circumstance, code in EXCEPTIONS_NOT_GIVEN.items()})


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Matches by outcome. A page shows only the name and the reason of a charity that cannot help.

    `summary` counts them in words, and `record` is what was shown, without what was asked.
    """

    matches: Mapping[Outcome, Sequence[Match]]
    summary: str
    record: str
    is_cut: bool = False

    @property
    def has_number(self) -> bool:
        """Whether a charity that can help, or may, has a number that can be dialled."""
        phones = [
            match.responder.contact.phone
            for outcome, matches in self.matches.items()
            if outcome is not Outcome.NO
            for match in matches
        ]
        return any(phone is not None and phone.dial for phone in phones)

    @property
    def refusals(self) -> list[tuple[str, str]]:
        return [(each.responder.name, reasons_in_words(each)) for each in self.matches[Outcome.NO]]


def find(snapshot: Snapshot, asked: Asked, settings: PageSettings) -> Found:
    """The answer to a question."""
    found, left_out = _find(snapshot, asked)
    is_cut = len(found) > MAX_MATCHES
    matches = {outcome: [each for each in found[:MAX_MATCHES] if each.outcome is outcome] for outcome in Outcome}
    notes = [
        *([_say("record_demonstration")] if settings.demonstration else []),
        *([_say("record_filtered")] if asked.accepting_only else []),
        *([_say("record_cut")] if is_cut else []),
    ]
    return Found(
        matches=matches,
        summary=_summary(matches, left_out),
        record=_record(snapshot, matches, notes, settings),
        is_cut=is_cut,
    )


def why(match: Match) -> Markup:
    """The reasons for a match, for its entry."""
    return Markup('<p class="why">{}</p>').format(reasons_in_words(match))


def reasons_in_words(match: Match) -> str:
    """The sentences of the reasons. Several exceptions that may apply are one sentence."""
    codes = [reason.code for reason in match.reasons]
    unsaid = [code for code in codes if code in _CIRCUMSTANCES]
    if len(unsaid) < 2:
        return " ".join(gettext(MATCH_REASONS[code]) for code in codes)
    people = sentences.circumstances_in_words([_CIRCUMSTANCES[code] for code in unsaid])
    said = [gettext(MATCH_REASONS[code]) for code in codes if code not in unsaid]
    # The exceptions come last but for `unconfirmed`, which a pause never has.
    return " ".join([*said, _say("may_help").format(people=people)])


def _find(snapshot: Snapshot, asked: Asked) -> tuple[list[Match], int]:
    """The matches to show, and one more if there are more. Also how many that may be open are left out."""
    if not asked.accepting_only:
        return find_matches(snapshot, asked.question, Outcome, MAX_MATCHES + 1).matches, 0
    # What is left out must not take the place of what is shown.
    outcomes = (Outcome.YES, Outcome.ASK)
    found = find_matches(snapshot, asked.question, outcomes, len(snapshot.entries)).matches
    return [each for each in found if _may_accept(each)], sum(map(_is_unknown, found))


def _may_accept(match: Match) -> bool:
    """Whether somebody new may be taken: it is open, or paused with an exception that applies or may apply."""
    state = match.responder.intake.state
    return match.outcome is Outcome.YES or (match.outcome is Outcome.ASK and state in {State.OPEN, State.PAUSED})


def _is_unknown(match: Match) -> bool:
    """Whether all that keeps it from being a charity to ask now is that nobody confirmed it."""
    return match.outcome is Outcome.ASK and match.responder.intake.state is State.UNCONFIRMED


def _summary(matches: Mapping[Outcome, Sequence[Match]], left_out: int) -> str:
    counts = {outcome: len(found) for outcome, found in matches.items() if found}
    parts = [ngettext(*FOUND[outcome], count).format(count=count) for outcome, count in counts.items()]
    if counts.keys() <= {Outcome.NO}:
        parts = [_say("nobody")]
    if left_out:
        parts.append(ngettext(*LEFT_OUT, left_out).format(count=left_out))
    return " · ".join(parts)


def _record(
    snapshot: Snapshot, matches: Mapping[Outcome, Sequence[Match]], notes: Sequence[str], settings: PageSettings
) -> str:
    lines = [_say("record_head").format(time=sentences.moment(snapshot.now), number=snapshot.sequence)]
    lines += notes
    for outcome, found in matches.items():
        if found:
            lines += ["", _say(f"action_{outcome}"), *(f"- {_line(each)}" for each in found)]
    lines += ["", _say("record_foot")]
    if settings.public_url is not None:
        # Rounded up: an earlier time would leave out what came just before the page.
        rounded = snapshot.now.astimezone(UTC) + timedelta(microseconds=999)
        at = rounded.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        lines.append(_say("record_proof").format(address=f"{settings.public_url}/v1/directory?as_of={at}"))
    return "\n".join(lines)


def _line(match: Match) -> str:
    """What a charity said, and why it is in its group. All its exceptions: the one that applies is about the person."""
    intake, report = match.responder.intake, match.responder.intake.report
    # Not isolated: some case systems show the marks for that as boxes.
    name, state = sentences.balanced(match.responder.name), sentences.state_in_words(intake.state)
    until = holds_until(intake)
    if intake.state is not State.UNCONFIRMED and until is not None:
        said = [_say("record_line").format(name=name, state=state, time=sentences.moment(until))]
    elif report or intake.last_report:
        said = [_say("record_unconfirmed").format(name=name, state=state)]
    else:
        said = [_say("record_not_joined").format(name=name)]
    if intake.state is State.PAUSED and report and report.exceptions:
        said.append(_say("record_exceptions").format(people=sentences.circumstances_in_words(report.exceptions)))
    if match.outcome in {Outcome.ASK, Outcome.NO}:
        said += [gettext(each.text) for each in match.reasons if not each.code.startswith("exception_")]
    return " ".join(said)


def _say(key: str) -> str:
    message = QUESTION[key]
    assert isinstance(message, str)
    return gettext(message)
