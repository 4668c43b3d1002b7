"""Redaction: take a field out of everything that was stored about one responder in a range of events. No database.

A field becomes null wherever it stands: in the bodies of events, in reports, in the responder itself.
"""

from collections.abc import Collection, Iterator, Sequence
from enum import StrEnum
from typing import Any, TypeVar

import msgspec

from capacity_api.domain.contact import Contact
from capacity_api.domain.intake import Intake, Report
from capacity_api.domain.remit import Remit
from capacity_api.domain.threshold import Threshold

StructType = TypeVar("StructType", bound=msgspec.Struct)


class RedactedField(StrEnum):
    """The fields that a redaction can take out, by their place in a responder. `report` is any of its reports."""

    REPORT_NOTE = "report.note"
    REMIT_NOTE = "remit.note"
    REMIT_AS_PUBLISHED = "remit.as_published"
    WEBSITE = "website"
    CONTACT_PHONE = "contact.phone"
    CONTACT_EMAIL = "contact.email"
    CONTACT_URL = "contact.url"
    CONTACT_HOURS = "contact.hours"
    CONTACT_SOURCE = "contact.source"


_IN_CONTACT = tuple(field for field in RedactedField if field.startswith("contact."))
_IN_REMIT = (RedactedField.REMIT_NOTE, RedactedField.REMIT_AS_PUBLISHED)
# Where reports stand in the body of an event.
_REPORTS = (("intake", "report"), ("intake", "last_report"), ("intake", "planned", "report"))


class Removal:
    """The fields to take out, and the values that they had in the range of the events.

    A value that still stands is told by that: it is the same as one in the range. `everything` is for a range that
    reaches until now: then each current value stood in it.
    """

    def __init__(self, fields: Collection[RedactedField], *, everything: bool = False) -> None:
        self._fields = frozenset(fields)
        self._everything = everything
        self._values: dict[RedactedField, list[Any]] = {field: [] for field in fields}
        self._earlier_notes: set[str | None] = set()

    def note_values(self, body: str) -> None:
        """Remember what the fields hold in the body of an event that stood in the range."""
        for field, place, name in self._places(msgspec.json.decode(body)):
            value = place[name]
            if value is not None and value not in self._values[field]:
                self._values[field].append(value)

    def note_earlier(self, report: Report) -> None:
        """Remember the note of a report from before the end of the range: a threshold may have put it aside since."""
        self._earlier_notes.add(report.note)

    def redact_body(self, body: str) -> str:
        """The body of an event of the range without the fields."""
        event = msgspec.json.decode(body)
        places = [(place, name) for _, place, name in self._places(event) if place[name] is not None]
        if not places:
            return body
        for place, name in places:
            place[name] = None
        return msgspec.json.encode(event).decode()

    def redact_report(self, report: Report) -> Report:
        """A report of the range."""
        return msgspec.structs.replace(report, note=None) if RedactedField.REPORT_NOTE in self._fields else report

    def redact_threshold(self, threshold: Threshold) -> Threshold:
        return msgspec.structs.replace(threshold, report=self.redact_report(threshold.report))

    def current_website(self, website: str | None) -> str | None:
        return None if self._stood(RedactedField.WEBSITE, website) else website

    def current_contact(self, contact: Contact) -> Contact:
        return _without(contact, self._standing(contact, _IN_CONTACT))

    def current_remit(self, remit: Remit) -> Remit:
        return _without(remit, self._standing(remit, _IN_REMIT))

    def current_intake(self, intake: Intake) -> Intake:
        """The intake without the notes that stood in the range: in its report, its plan and its replaced report."""
        planned, before = intake.planned, intake.before
        if planned is not None:
            planned = msgspec.structs.replace(planned, report=self._current_report(planned.report))
        if before is not None and before.report is not None:
            put_aside = self._current_report(before.report)
            if put_aside.note in self._earlier_notes:
                put_aside = self.redact_report(put_aside)
            before = msgspec.structs.replace(before, report=put_aside)
        report = None if intake.report is None else self._current_report(intake.report)
        return msgspec.structs.replace(intake, report=report, planned=planned, before=before)

    def _current_report(self, report: Report) -> Report:
        return self.redact_report(report) if self._stood(RedactedField.REPORT_NOTE, report.note) else report

    def _standing(self, value: Contact | Remit, fields: Sequence[RedactedField]) -> list[str]:
        names = {field: field.rpartition(".")[2] for field in fields}
        return [name for field, name in names.items() if self._stood(field, getattr(value, name))]

    def _stood(self, field: RedactedField, value: Any) -> bool:
        if field not in self._fields or value is None:
            return False
        return self._everything or msgspec.to_builtins(value) in self._values[field]

    def _places(self, event: Any) -> Iterator[tuple[RedactedField, dict[str, Any], str]]:
        """Each place of a field in an event: the field, the object that holds it, and its name there."""
        responder = event["data"].get("responder")
        if responder is None:
            return
        for field in self._fields:
            above, _, name = field.rpartition(".")
            if above == "report":
                reports = [_find(responder, path) for path in _REPORTS]
                yield from ((field, report, name) for report in reports if report is not None)
            else:
                yield field, responder[above] if above else responder, name


def _find(responder: dict[str, Any], path: Sequence[str]) -> dict[str, Any] | None:
    found: dict[str, Any] | None = responder
    for name in path:
        if found is None:
            return None
        found = found[name]
    return found


def _without(value: StructType, names: Sequence[str]) -> StructType:
    return msgspec.structs.replace(value, **dict.fromkeys(names)) if names else value
