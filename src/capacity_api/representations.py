"""What the public reads, and the bodies that subscribers receive: one struct each, made by one function each."""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from capacity_api.db.tables import ReportRow, ResponderRow
from capacity_api.domain import intake as intakes
from capacity_api.domain import vocabulary as labels
from capacity_api.domain.areas import AREAS, Area
from capacity_api.domain.contact import Contact
from capacity_api.domain.coverage import CELLS, Counts, gaps, numbers
from capacity_api.domain.events import EventType
from capacity_api.domain.gaps import Cells, in_words
from capacity_api.domain.intake import Circumstance, ExpectedResponse, Intake, Planned, Reason, ReportedState, State
from capacity_api.domain.remit import AgeGroup, AsPublished, ExploitationType, Gender, Remit, Source

LICENCE = "https://creativecommons.org/licenses/by/4.0/"
# How long a reader may keep the directory, in seconds, unless an entry's confirm_by comes first.
TTL_SECONDS = 30

# HL7 FHIR US Gravity SDOH, capacity status. An unconfirmed state has none: the vocabulary cannot say "nobody knows".
_CAPACITY_STATUS: dict[State, Literal["capacity", "no-capacity", "waitlist"]] = {
    State.OPEN: "capacity",
    State.PAUSED: "no-capacity",
    State.WAITING_LIST: "waitlist",
}


class AreaRef(msgspec.Struct, frozen=True):
    code: str
    name: str


class RemitShown(msgspec.Struct, frozen=True, kw_only=True):
    """`exploitation_types` null: unknown. `as_published` holds the words of `source`."""

    areas: list[AreaRef]
    exploitation_types: list[ExploitationType] | Literal["all"] | None
    age_groups: list[AgeGroup]
    genders: list[Gender] | Literal["all"]
    existing_clients_only: bool
    note: str | None
    as_published: AsPublished | None
    source: Source | None


class PlannedShown(msgspec.Struct, frozen=True, kw_only=True):
    state: ReportedState
    effective_from: datetime
    expected_response: ExpectedResponse | None
    reason: Reason | None
    exceptions: list[Circumstance]
    reopens_on: date | None
    note: str | None


class IntakeShown(msgspec.Struct, frozen=True, kw_only=True):
    """`state` is the effective one; `reported_state` is what was last said, which may have lapsed.

    `expected_response` null means that no timeframe can be given, or, when unconfirmed, that none was said.
    """

    state: State
    reported_state: ReportedState | None
    expected_response: ExpectedResponse | None
    reason: Reason | None
    exceptions: list[Circumstance]
    reopens_on: date | None
    note: str | None
    changed_at: datetime | None
    confirmed_at: datetime | None
    confirm_by: datetime | None
    planned: PlannedShown | None
    capacity_status: Literal["capacity", "no-capacity", "waitlist"] | UnsetType = UNSET


class Responder(msgspec.Struct, frozen=True, kw_only=True):
    """`sequence` and `updated_at` are those of the newest event about it."""

    id: UUID
    slug: str
    name: str
    website: str | None
    contact: Contact
    remit: RemitShown
    intake: IntakeShown
    sequence: int
    updated_at: datetime


class Directory(msgspec.Struct, frozen=True, kw_only=True):
    """`sequence` is its version; `total` counts `responders`; `ttl` in seconds."""

    version: Literal["1"] = "1"
    sequence: int
    updated_at: datetime
    ttl: int = TTL_SECONDS
    licence: str = LICENCE
    demonstration: bool | UnsetType = UNSET
    total: int
    responders: list[Responder]


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """`state` is the effective state from `at` on; the rest is what was said."""

    kind: Literal["reported", "confirmed", "planned", "unplanned", "started", "lapsed", "counted"]
    at: datetime
    state: State
    reported_state: ReportedState | None
    expected_response: ExpectedResponse | None
    reason: Reason | None
    exceptions: list[Circumstance]
    reopens_on: date | None
    note: str | None
    effective_from: datetime | None
    confirm_by: datetime | None
    sequence: int


class CoverageCell(msgspec.Struct, frozen=True, kw_only=True):
    """How many responders with a known remit for all of it are in each state; `area` is a nation or region."""

    area: str
    exploitation_type: ExploitationType
    age_group: AgeGroup
    gender: Gender
    open: int
    waiting_list: int
    paused: int
    unconfirmed: int


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """`gaps` are the cells that nobody is confirmed as open or on a waiting list for, in as few words as are true."""

    sequence: int
    updated_at: datetime
    demonstration: bool | UnsetType = UNSET
    gaps: tuple[Cells, ...]
    cells: list[CoverageCell]


class EventData(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`previous_state` is the effective state before an `intake.…` event; `cells` are those of a `coverage.…` event."""

    responder: Responder | UnsetType = UNSET
    previous_state: State | UnsetType = UNSET
    cells: tuple[Cells, ...] | UnsetType = UNSET
    message: str | UnsetType = UNSET


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What a webhook's body holds. `sequence` is null for private events."""

    type: EventType
    timestamp: datetime
    sequence: int | None
    data: EventData


class EventPage(msgspec.Struct, frozen=True, kw_only=True):
    """`sequence` is the `after` to ask for next; `latest` is the directory's."""

    events: list[msgspec.Raw]
    sequence: int
    latest: int


class Term(msgspec.Struct, frozen=True):
    code: str
    label: str


class Vocabulary(msgspec.Struct, frozen=True, kw_only=True):
    """Every code that this service uses, with its label in English; `areas` as a tree by `parent`."""

    areas: list[Area]
    exploitation_types: list[Term]
    age_groups: list[Term]
    genders: list[Term]
    circumstances: list[Term]
    states: list[Term]
    reasons: list[Term]
    units: list[Term]
    outcomes: list[Term]
    match_reasons: list[Term]
    event_types: list[str]


_encoder = msgspec.json.Encoder()


def encode(value: Any) -> bytes:
    """The bytes of a representation: what is sent, signed and hashed."""
    return _encoder.encode(value)


def entity_tag(body: bytes, coding: str = "") -> str:
    """A strong validator (RFC 9110 §8.8.3): it changes with any byte, and differs by content coding."""
    digest = hashlib.blake2b(body, digest_size=12).hexdigest()
    return f'"{digest}-{coding}"' if coding else f'"{digest}"'


def names_tag(header: str, body: bytes) -> bool:
    """Whether an `If-Match` names the representation `body`, in whatever content coding it was read."""
    if header.strip() == "*":
        return True
    plain = entity_tag(body)[:-1]
    tags = [tag.strip() for tag in header.split(",")]
    return any(tag == plain + '"' or tag.startswith(plain + "-") for tag in tags)


def from_responder(row: ResponderRow, now: datetime) -> Responder:
    """The responder as the public sees it at `now`, whatever was recorded of what the clock has brought."""
    return Responder(
        id=row.id,
        slug=row.slug,
        name=row.name,
        website=row.website,
        contact=row.contact,
        remit=from_remit(row.remit),
        intake=from_intake(intakes.at(row.intake.value, now)),
        sequence=row.sequence,
        updated_at=row.updated_at,
    )


def from_remit(remit: Remit) -> RemitShown:
    kinds, genders = remit.exploitation_types, remit.genders
    return RemitShown(
        areas=[AreaRef(code, AREAS[code].name) for code in remit.areas],
        exploitation_types=list(kinds) if isinstance(kinds, tuple) else kinds,
        age_groups=list(remit.age_groups),
        genders=list(genders) if isinstance(genders, tuple) else genders,
        existing_clients_only=remit.existing_clients_only,
        note=remit.note,
        as_published=remit.as_published,
        source=remit.source,
    )


def to_remit(shown: RemitShown) -> Remit:
    """The remit that `from_remit` showed like this."""
    kinds, genders = shown.exploitation_types, shown.genders
    return Remit(
        areas=tuple(area.code for area in shown.areas),
        exploitation_types=tuple(kinds) if isinstance(kinds, list) else kinds,
        age_groups=tuple(shown.age_groups),
        genders=tuple(genders) if isinstance(genders, list) else genders,
        existing_clients_only=shown.existing_clients_only,
        note=shown.note,
        as_published=shown.as_published,
        source=shown.source,
    )


def from_intake(intake: Intake) -> IntakeShown:
    report, planned = intake.report, intake.planned
    state = intake.state
    return IntakeShown(
        state=state,
        reported_state=report.state if report else None,
        expected_response=report.expected_response if report and state is not State.UNCONFIRMED else None,
        reason=report.reason if report else None,
        exceptions=list(report.exceptions) if report else [],
        reopens_on=report.reopens_on if report else None,
        note=report.note if report else None,
        changed_at=intake.changed_at,
        confirmed_at=intake.confirmed_at,
        confirm_by=intake.confirm_by,
        planned=from_planned(planned) if planned else None,
        capacity_status=_CAPACITY_STATUS.get(state, UNSET),
    )


def from_planned(planned: Planned) -> PlannedShown:
    report = planned.report
    return PlannedShown(
        state=report.state,
        effective_from=planned.effective_from,
        expected_response=report.expected_response,
        reason=report.reason,
        exceptions=list(report.exceptions),
        reopens_on=report.reopens_on,
        note=report.note,
    )


def from_report(row: ReportRow) -> HistoryEntry:
    report = row.report
    return HistoryEntry(
        kind=row.kind,  # type: ignore[arg-type]  # only `operations.changes` writes it, from Step.kind
        at=row.at,
        state=row.state,
        reported_state=report.state if report else None,
        expected_response=report.expected_response if report else None,
        reason=report.reason if report else None,
        exceptions=list(report.exceptions) if report else [],
        reopens_on=report.reopens_on if report else None,
        note=report.note if report else None,
        effective_from=row.effective_from,
        confirm_by=row.confirm_by,
        sequence=row.sequence,
    )


def from_counts(counts: Counts, number: int, updated_at: datetime, *, demonstration: bool = False) -> Coverage:
    columns = [numbers(counts[state]) for state in State]
    return Coverage(
        sequence=number,
        updated_at=updated_at,
        demonstration=True if demonstration else UNSET,
        gaps=in_words(gaps(counts)),
        cells=[
            CoverageCell(
                area=cell.area,
                exploitation_type=cell.exploitation_type,
                age_group=cell.age_group,
                gender=cell.gender,
                **dict(zip(State, each, strict=True)),
            )
            for cell, each in zip(CELLS, zip(*columns, strict=True), strict=True)
        ],
    )


def vocabulary() -> Vocabulary:
    return Vocabulary(
        areas=list(AREAS.values()),
        exploitation_types=_terms(labels.EXPLOITATION_TYPES),
        age_groups=_terms(labels.AGE_GROUPS),
        genders=_terms(labels.GENDERS),
        circumstances=_terms(labels.CIRCUMSTANCES),
        states=_terms(labels.STATES),
        reasons=_terms(labels.REASONS),
        units=[Term(unit, many) for unit, (_, many) in labels.UNITS.items()],
        outcomes=_terms(labels.OUTCOMES),
        match_reasons=_terms(labels.MATCH_REASONS),
        event_types=list(EventType),
    )


def _terms(words: Mapping[Any, str]) -> list[Term]:
    return [Term(code, label) for code, label in words.items()]
