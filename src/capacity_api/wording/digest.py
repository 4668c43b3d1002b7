"""The digest: the week in plain text, to paste into a newsletter.

It is read days later, so whatever it says of now has its date beside it. It has no note of a responder and no way to
reach one: a newsletter can be neither corrected nor redacted, and the page has both as they are on the day.
"""

import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

import msgspec
from msgspec import UNSET

from capacity_api.domain.events import EventType
from capacity_api.domain.gaps import CellGroup
from capacity_api.domain.intake import State
from capacity_api.representations.event import Event
from capacity_api.representations.responder import Responder
from capacity_api.wording.sentences import balanced, day, intake_in_sentences, isolated, moment, remit_in_words

WIDTH = 72
# What happened to a responder besides its state.
_HAPPENED = {
    EventType.RESPONDER_LISTED: "joined the directory",
    EventType.RESPONDER_UPDATED: "new contact, name, website or who it helps",
    EventType.RESPONDER_DELISTED: "left the directory",
}
# The events that a digest needs. The states are in `state_changes`.
EVENT_TYPES = frozenset({*_HAPPENED, EventType.DIRECTORY_RESTORED})
_BECAME = {
    State.OPEN: "open",
    State.WAITING_LIST: "waiting list",
    State.PAUSED: "paused",
    State.UNCONFIRMED: "not confirmed any more",
}
# The heading of each state, and what stands below it for nobody.
_HEADINGS = {
    State.OPEN: ("Open", "We know of no organisation that is open."),
    State.WAITING_LIST: ("Waiting list", "We know of no organisation that has a waiting list."),
    State.PAUSED: ("Paused", "We know of no organisation that has paused."),
}
_NOTED = "It adds a note: see the directory."
# When, and what happened then.
_Happening = tuple[datetime, str]


class StateChange(NamedTuple):
    """The state that a responder came into at this time."""

    at: datetime
    responder: Responder
    state: State


class DigestContent(msgspec.Struct, frozen=True, kw_only=True):
    """What a digest says: what happened from `since` to `now`, and how everything is now.

    `state_changes` include the lapses that nobody has recorded yet. `events` are those of `EVENT_TYPES`. `contact` and
    `public_url` are the settings of these names.
    """

    since: datetime
    now: datetime
    responders: Sequence[Responder]
    state_changes: Sequence[StateChange]
    events: Sequence[Event]
    gaps: Sequence[CellGroup]
    contact: str | None
    public_url: str | None
    demonstration: bool


def render_digest(content: DigestContent) -> str:
    """The text, whose lines are at most 72 characters long but for the address of the directory and the contact."""
    blocks = [
        *_introduction(content),
        *_changes(content),
        *(block for state in _HEADINGS for block in _in_state(content.responders, state)),
        *_unconfirmed(content.responders),
        *_gaps(content.gaps),
        *_ending(content),
    ]
    return "\n\n".join(blocks) + "\n"


def _introduction(content: DigestContent) -> Iterator[str]:
    yield _heading("Who takes new people", "=")
    if content.demonstration:
        yield _paragraph("Demonstration data: not real. No organisation reported the states shown here.")
    yield _paragraph(f"From {day(content.since)} to {day(content.now)}.")
    yield _paragraph(
        f"This text was made on {moment(content.now)} (UK time). Check the end date of each answer: after it, we do "
        "not know. An organisation may also change its answer before that."
    )
    yield _where_to_look(content)
    yield ("In immediate danger, call 999.\nModern Slavery & Exploitation Helpline: 08000 121 700")


def _where_to_look(content: DigestContent) -> str:
    if content.public_url is None:
        return _paragraph("Check today, in the directory that this text was made from.")
    # On a line of its own: nothing may break it.
    return f"Check today:\n{content.public_url}/"


def _changes(content: DigestContent) -> Iterator[str]:
    yield _heading("What changed", "-")
    changes = [(at, f"{_name(responder)}: {_BECAME[state]}") for at, responder, state in content.state_changes]
    happenings = sorted([*changes, *map(_happening, content.events)], key=itemgetter(0))
    if not happenings:
        yield _paragraph("No organisation changed what it says, and no answer ended.")
    for date, of_day in groupby(happenings, key=lambda happening: day(happening[0])):
        # One responder may change its details several times a day.
        items = dict.fromkeys(_item(words) for _, words in of_day)
        yield "\n".join([date, *items])


def _happening(event: Event) -> _Happening:
    if event.type is EventType.DIRECTORY_RESTORED:
        return event.timestamp, "The directory was restored from a backup. What was said before is not confirmed."
    assert event.data.responder is not UNSET, "any other event of a digest is about a responder"
    return event.timestamp, f"{_name(event.data.responder)}: {_HAPPENED[event.type]}"


def _in_state(responders: Sequence[Responder], state: State) -> Iterator[str]:
    found = [responder for responder in responders if responder.intake.state is state]
    heading, nobody = _HEADINGS[state]
    yield _heading(f"{heading}: {len(found)}", "-")
    if not found:
        yield nobody
    for responder in found:
        yield _item(_said(responder))


def _said(responder: Responder) -> str:
    """What a responder says, without the notes."""
    intake = responder.intake
    report, plan = intake.report, intake.planned
    has_note = False
    if report is not None:
        has_note = report.note is not None
        report = msgspec.structs.replace(report, note=None)
    if plan is not None:
        has_note = has_note or plan.report.note is not None
        plan = msgspec.structs.replace(plan, report=msgspec.structs.replace(plan.report, note=None))
    without_notes = msgspec.structs.replace(
        responder, intake=msgspec.structs.replace(intake, report=report, planned=plan)
    )
    sentences = intake_in_sentences(without_notes) + [_NOTED] * has_note
    return " ".join([f"{_name(responder)}. For: {remit_in_words(responder.remit)}.", *sentences])


def _unconfirmed(responders: Sequence[Responder]) -> Iterator[str]:
    found = [responder for responder in responders if responder.intake.state is State.UNCONFIRMED]
    yield _heading(f"Not confirmed: {len(found)}", "-")
    if not found:
        yield _paragraph("None.")
        return
    yield _paragraph("We do not know if these are open. Contact them to ask.")
    lapsed = [responder for responder in found if responder.intake.last_report is not None]
    # A plan to pause says something even of one that never reported.
    silent = [responder for responder in found if responder.intake.last_report is None]
    for responder in lapsed:
        yield _item(_said(responder))
    if silent:
        yield _paragraph("These have not joined this directory:")
        yield "\n".join(_item(_name_and_plan(responder)) for responder in silent)


def _name_and_plan(responder: Responder) -> str:
    return _name(responder) if responder.intake.planned is None else _said(responder)


def _gaps(gaps: Sequence[CellGroup]) -> Iterator[str]:
    yield _heading("Gaps", "-")
    if not gaps:
        yield _paragraph("None when this text was made. There may be one by now.")
        return
    yield _paragraph("When this text was made:")
    yield "\n".join(_item(_sentence(gap.text)) for gap in gaps)


def _ending(content: DigestContent) -> Iterator[str]:
    yield _heading("Before you ring", "-")
    yield _where_to_look(content)
    if content.contact is not None:
        yield f"Is something here wrong? Tell us:\n{content.contact}"


def _name(responder: Responder) -> str:
    """The name. One in ASCII turns nothing round, and a newsletter may show the marks of an isolate as boxes."""
    return responder.name if responder.name.isascii() else isolated(responder.name)


def _heading(words: str, line: str) -> str:
    return f"{words}\n{line * len(words)}"


def _paragraph(words: str) -> str:
    return textwrap.fill(words, WIDTH, break_on_hyphens=False)


def _item(words: str) -> str:
    """One item of a list. Marks that turn the direction of text round end in it."""
    return textwrap.fill(balanced(words), WIDTH, initial_indent="* ", subsequent_indent="  ", break_on_hyphens=False)


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + "."
