"""A responder as the public reads it, and the entries of its history."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from capacity_api.domain.areas import AREAS
from capacity_api.domain.contact import Contact
from capacity_api.domain.intake import (
    Circumstance,
    ExpectedResponse,
    Intake,
    Plan,
    Reason,
    ReportedState,
    State,
    intake_at,
)
from capacity_api.domain.remit import AgeGroup, AsPublished, ExploitationType, Gender, Remit, Source
from capacity_api.domain.responder import ResponderRecord

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


def represent_responder(record: ResponderRecord, now: datetime) -> Responder:
    """The responder as the public sees it at `now`, whether or not its lapses have been recorded."""
    return Responder(
        id=record.id,
        slug=record.slug,
        name=record.name,
        website=record.website,
        contact=record.contact,
        remit=represent_remit(record.remit),
        intake=represent_intake(intake_at(record.intake, now)),
        sequence=record.sequence,
        updated_at=record.updated_at,
    )


def represent_remit(remit: Remit) -> RemitShown:
    types, genders = remit.exploitation_types, remit.genders
    return RemitShown(
        areas=[AreaRef(code, AREAS[code].name) for code in remit.areas],
        exploitation_types=list(types) if isinstance(types, tuple) else types,
        age_groups=list(remit.age_groups),
        genders=list(genders) if isinstance(genders, tuple) else genders,
        existing_clients_only=remit.existing_clients_only,
        note=remit.note,
        as_published=remit.as_published,
        source=remit.source,
    )


def remit_of(shown: RemitShown) -> Remit:
    """The remit behind its representation: the inverse of `represent_remit`."""
    types, genders = shown.exploitation_types, shown.genders
    return Remit(
        areas=tuple(area.code for area in shown.areas),
        exploitation_types=tuple(types) if isinstance(types, list) else types,
        age_groups=tuple(shown.age_groups),
        genders=tuple(genders) if isinstance(genders, list) else genders,
        existing_clients_only=shown.existing_clients_only,
        note=shown.note,
        as_published=shown.as_published,
        source=shown.source,
    )


def represent_intake(intake: Intake) -> IntakeShown:
    report, plan = intake.report, intake.planned
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
        planned=represent_plan(plan) if plan else None,
        capacity_status=_CAPACITY_STATUS.get(state, UNSET),
    )


def represent_plan(plan: Plan) -> PlannedShown:
    report = plan.report
    return PlannedShown(
        state=report.state,
        effective_from=plan.effective_from,
        expected_response=report.expected_response,
        reason=report.reason,
        exceptions=list(report.exceptions),
        reopens_on=report.reopens_on,
        note=report.note,
    )
