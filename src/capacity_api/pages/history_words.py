"""The history of a responder in words: what happened, whose word it was, and what it meant for people."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

import msgspec

from capacity_api.domain.intake import Report, SaidBy, State
from capacity_api.representations.responder import HistoryEntry, PublicRemit
from capacity_api.wording.language import gettext
from capacity_api.wording.sentences import (
    circumstances_in_words,
    day,
    limit_in_words,
    moment,
    reason_in_words,
    state_in_words,
)

# By the kind of the entry. "…_as_told" is what a coordinator was told.
HISTORY: Mapping[str, str] = MappingProxyType(
    {
        "reported": "It said: {state}.",
        "reported_as_told": "We were told: {state}.",
        "confirmed": "It said that this is still true: {state}.",
        "confirmed_as_told": "We were told that this is still true: {state}.",
        "planned": "It planned a change: {state} from {time}.",
        "planned_as_told": "We were told of a planned change: {state} from {time}.",
        "plan_cancelled": "The planned change was cancelled.",
        "started": "The planned change began: {state}.",
        "lapsed": "Nobody confirmed its report in time. From then on we did not know.",
        "counted": "It reached its own limit: {state}.",
        "counted_below": "Below its own limit again: {state}.",
        "restored": "This directory was restored from a backup. From then on we did not know.",
    }
)


class PastEvent(msgspec.Struct, frozen=True):
    """One entry of a history: when it happened and what it was, in sentences."""

    at: datetime
    words: str


def past_event(entry: HistoryEntry, remit: PublicRemit) -> PastEvent:
    """An entry in the language that is spoken. `remit` is the one of now, which a limit is put into words by."""
    state = state_in_words(State(entry.report.state) if entry.kind == "planned" and entry.report else entry.state)
    time = "" if entry.effective_from is None else moment(entry.effective_from)
    sentences = [gettext(_message(entry)).format(state=state, time=time)]
    # What somebody confirmed was said before, and what lapsed holds no longer.
    if entry.report is not None and entry.kind in {"reported", "planned", "started", "counted"}:
        sentences += _terms(entry.report, remit)
    return PastEvent(entry.at, " ".join(sentences))


def _message(entry: HistoryEntry) -> str:
    if entry.kind == "counted" and entry.state is not State.PAUSED:
        return HISTORY["counted_below"]
    own = HISTORY[entry.kind]
    return HISTORY.get(f"{entry.kind}_as_told", own) if entry.said_by is SaidBy.COORDINATOR else own


def _terms(report: Report, remit: PublicRemit) -> list[str]:
    """For whom, until when and why. A note is left out: it was written for its own day."""
    sentences = []
    if report.limited_to is not None:
        sentences.append(gettext("For now only: {limit}.").format(limit=limit_in_words(remit, report.limited_to)))
    if report.exceptions:
        sentences.append(gettext("Still takes {people}.").format(people=circumstances_in_words(report.exceptions)))
    if report.reopens_on is not None:
        sentences.append(gettext("Expects this to last until {day}.").format(day=day(report.reopens_on)))
    if report.reason is not None:
        sentences.append(gettext("Reason given: {reason}.").format(reason=reason_in_words(report.reason)))
    return sentences
