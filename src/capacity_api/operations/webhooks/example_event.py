"""Examples of events: what a test of a webhook sends, and what the OpenAPI document shows."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from capacity_api.domain.areas import ENGLAND, WALES
from capacity_api.domain.codes import EVERYTHING
from capacity_api.domain.contact import ContactRequest, validate_contact
from capacity_api.domain.coverage import covered_cells
from capacity_api.domain.events import EventType
from capacity_api.domain.gaps import describe_gaps
from capacity_api.domain.intake import (
    DEFAULT_VALID_FOR,
    NEVER_REPORTED,
    Circumstance,
    ExpectedTime,
    Intake,
    Plan,
    Reason,
    Report,
    ReportedState,
    SaidBy,
    State,
    Unit,
)
from capacity_api.domain.redaction import RedactedField
from capacity_api.domain.remit import AgeGroup, Remit
from capacity_api.domain.responder import ResponderRecord
from capacity_api.operations.responders import ResponderRequest
from capacity_api.representations.event import EventData
from capacity_api.representations.responder import Responder, represent_responder

# A test names this responder and no other. Its slug is reserved, and its telephone number is one that Ofcom keeps free
# for drama.
EXAMPLE_RESPONDER = ResponderRequest(
    slug="example",
    name="Example responder",
    website="https://responder.example.org/",
    contact=ContactRequest(phone="0808 157 0000", url="https://responder.example.org/"),
    remit=Remit(areas=(ENGLAND,), exploitation_types=EVERYTHING, age_groups=(AgeGroup.ADULT,)),
)
_OPEN = Report(state=ReportedState.OPEN, expected_response=ExpectedTime(min=5, max=10, unit=Unit.WORKING_DAYS))
_WAITING_LIST = Report(
    state=ReportedState.WAITING_LIST,
    expected_response=ExpectedTime(min=2, max=3, unit=Unit.WORKING_DAYS),
    expected_referral=ExpectedTime(min=2, max=4, unit=Unit.WEEKS),
)
_PAUSED = Report(
    state=ReportedState.PAUSED,
    reason=Reason.REFERRAL_THRESHOLD,
    exceptions=(
        Circumstance.SELF_REFERRAL,
        Circumstance.HOMELESSNESS,
        Circumstance.DETENTION,
        Circumstance.CRIMINAL_INVESTIGATION,
    ),
    note="We have reached the number of referrals that we can take on.",
)

_ID = UUID("019e4500-0000-7000-8000-000000000010")
_WEBHOOK_ID = UUID("019e4500-0000-7000-8000-000000000030")
_DAY = timedelta(days=1)
_PREVIOUS: Mapping[EventType, State] = {
    EventType.INTAKE_OPENED: State.PAUSED,
    EventType.INTAKE_WAITING_LIST: State.OPEN,
    EventType.INTAKE_PAUSED: State.OPEN,
    EventType.INTAKE_UNCONFIRMED: State.OPEN,
    EventType.INTAKE_UPDATED: State.OPEN,
    EventType.INTAKE_CONFIRMED: State.OPEN,
    EventType.INTAKE_PLANNED: State.OPEN,
}
_REPORTS = {EventType.INTAKE_PAUSED: _PAUSED, EventType.INTAKE_WAITING_LIST: _WAITING_LIST}
# How long ago the report of an event was made, where the event is not about a new report.
_AGES = {
    EventType.INTAKE_UNCONFIRMED: DEFAULT_VALID_FOR,
    EventType.INTAKE_PLANNED: _DAY,
    EventType.INTAKE_CONFIRMATION_DUE: DEFAULT_VALID_FOR * 3 / 4,
    EventType.RESPONDER_UPDATED: _DAY,
    EventType.RESPONDER_DELISTED: _DAY,
}


def example_data(event_type: EventType, subject: ResponderRequest, at: datetime, number: int) -> EventData:
    """The data of an event of this type about `subject` at a time. `number` is the sequence of its responder."""
    match event_type:
        case EventType.WEBHOOK_TEST:
            return EventData(message="This is a test of your webhook.")
        case EventType.WEBHOOK_FAILING | EventType.WEBHOOK_DISABLED:
            is_failing = event_type is EventType.WEBHOOK_FAILING
            return EventData(webhook_id=_WEBHOOK_ID, since=at, reason="http_500" if is_failing else "gone")
        case EventType.DIRECTORY_RESTORED:
            return EventData(last=number - 1)
        case EventType.EVENT_REDACTED:
            return EventData(slug=subject.slug, from_number=1, to_number=number, fields=(RedactedField.REPORT_NOTE,))
        case EventType.COVERAGE_GAP_OPENED | EventType.COVERAGE_GAP_CLOSED:
            opened = event_type is EventType.COVERAGE_GAP_OPENED
            return EventData(cell_groups=describe_gaps(covered_cells(subject.remit), opened=opened))
        case EventType.RESPONDER_UPDATED:
            responder = example_responder(subject, _example_intake(event_type, at), at, number)
            return EventData(responder=responder, previous_areas=(WALES,))
    responder = example_responder(subject, _example_intake(event_type, at), at, number)
    if event_type not in _PREVIOUS:
        return EventData(responder=responder)
    return EventData(responder=responder, previous_state=_PREVIOUS[event_type])


def example_responder(subject: ResponderRequest, intake: Intake, at: datetime, number: int) -> Responder:
    """A responder as the public sees it, after an event with this number."""
    return represent_responder(example_record(subject, intake, at, number), at)


def example_record(subject: ResponderRequest, intake: Intake, at: datetime, number: int) -> ResponderRecord:
    """A responder as it is stored, after an event with this number."""
    return ResponderRecord(
        id=_ID,
        slug=subject.slug,
        name=subject.name,
        website=subject.website,
        contact=validate_contact(subject.contact),
        remit=subject.remit,
        intake=intake,
        sequence=number,
        updated_at=at,
        created_at=at,
    )


def reported(report: Report, at: datetime) -> Intake:
    """An intake after the responder's own report at a time."""
    return Intake(report=report, since=at, said_by=SaidBy.RESPONDER, confirmed_at=at, confirm_by=at + DEFAULT_VALID_FOR)


def _example_intake(event_type: EventType, at: datetime) -> Intake:
    if event_type is EventType.RESPONDER_LISTED:
        return NEVER_REPORTED
    said_at = at - _AGES.get(event_type, timedelta())
    since = said_at
    if event_type in {EventType.INTAKE_CONFIRMED, EventType.INTAKE_UPDATED}:
        since -= _DAY
    is_lapse = event_type is EventType.INTAKE_UNCONFIRMED
    return Intake(
        report=_REPORTS.get(event_type, _OPEN),
        since=at if is_lapse else since,
        said_by=SaidBy.RESPONDER,
        confirmed_at=said_at,
        confirm_by=said_at + DEFAULT_VALID_FOR,
        lapsed=is_lapse,
        planned=_example_plan(at) if event_type is EventType.INTAKE_PLANNED else None,
    )


def _example_plan(at: datetime) -> Plan:
    starts = at + 14 * _DAY
    reopens_on = (starts + 7 * _DAY).date()
    return Plan(
        effective_from=starts,
        said_by=SaidBy.RESPONDER,
        said_at=at,
        confirm_by=starts + 8 * _DAY,
        report=Report(state=ReportedState.PAUSED, reason=Reason.PLANNED, reopens_on=reopens_on),
    )
