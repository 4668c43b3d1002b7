"""A responder as the public reads it, and the entries of its history."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from capacity_api.domain.areas import AREAS
from capacity_api.domain.contact import Contact
from capacity_api.domain.intake import Intake, Plan, Report, SaidBy, State, intake_at
from capacity_api.domain.remit import (
    AgeGroups,
    AsPublished,
    ExploitationTypes,
    Genders,
    Remit,
    Source,
    limited_remit,
)
from capacity_api.domain.responder import ResponderRecord

# HL7 FHIR US Gravity SDOH, capacity status. An unconfirmed state has none: the vocabulary cannot say "nobody knows".
CapacityStatus = Literal["capacity", "no-capacity", "waitlist"]
_CAPACITY_STATUS: dict[State, CapacityStatus] = {
    State.OPEN: "capacity",
    State.PAUSED: "no-capacity",
    State.WAITING_LIST: "waitlist",
}


class AreaRef(msgspec.Struct, frozen=True, gc=False):
    code: str
    name: str


class PublicRemit(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Whom a responder takes on: sets of codes. `as_published` holds the words of `source`."""

    areas: tuple[AreaRef, ...]
    exploitation_types: ExploitationTypes
    age_groups: AgeGroups
    genders: Genders
    existing_clients_only: bool
    note: str | None
    as_published: AsPublished | None
    source: Source | None


class PublicIntake(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """`state` is the effective one, and `since` when it began.

    A report that holds is `report`; one that has lapsed is `last_report`, and says nothing of now. `said_by`,
    `confirmed_at` and `confirm_by` belong to whichever of the two is set. All are null before the first report, and
    while the report is dated more than five minutes in the future, which a wrong clock did.
    """

    state: State
    since: datetime | None
    said_by: SaidBy | None
    confirmed_at: datetime | None
    confirm_by: datetime | None
    report: Report | None
    last_report: Report | None
    planned: Plan | None
    capacity_status: CapacityStatus | None


def holds_until(intake: PublicIntake) -> datetime | None:
    """When the clock alone changes the state that is shown; `None` where nothing was ever reported."""
    if intake.planned is None or intake.confirm_by is None:
        return intake.confirm_by
    return min(intake.confirm_by, intake.planned.effective_from)


class Responder(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """`sequence` and `updated_at` are those of the newest event about it."""

    id: UUID
    slug: str
    name: str
    website: str | None
    contact: Contact
    remit: PublicRemit
    intake: PublicIntake
    sequence: int
    updated_at: datetime


class HistoryEntry(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """`state` is the effective state from `at` on. `report` is what was said, and `said_by` whose word that is."""

    sequence: int
    kind: Literal["reported", "confirmed", "planned", "plan_cancelled", "started", "lapsed", "counted", "restored"]
    at: datetime
    said_by: SaidBy | None
    state: State
    confirm_by: datetime | None
    effective_from: datetime | None
    report: Report | None


def represent_responder(record: ResponderRecord, now: datetime, wall: datetime | None = None) -> Responder:
    """The responder as the public sees it at `now`, whether or not its lapses have been recorded.

    `wall` is for `intake_at`.
    """
    return Responder(
        id=record.id,
        slug=record.slug,
        name=record.name,
        website=record.website,
        contact=record.contact,
        remit=represent_remit(record.remit),
        intake=represent_intake(intake_at(record.intake, now, wall)),
        sequence=record.sequence,
        updated_at=record.updated_at,
    )


def responder_at(responder: Responder, time: datetime) -> Responder:
    """The responder of an earlier event as the public saw it at a later time: what was due by then has happened."""
    public = responder.intake
    intake = Intake(
        report=public.report or public.last_report,
        since=public.since,
        said_by=public.said_by,
        confirmed_at=public.confirmed_at,
        confirm_by=public.confirm_by,
        lapsed=public.last_report is not None,
        planned=public.planned,
    )
    return msgspec.structs.replace(responder, intake=represent_intake(intake_at(intake, time)))


def represent_remit(remit: Remit) -> PublicRemit:
    return PublicRemit(
        areas=tuple(AreaRef(code, AREAS[code].name) for code in remit.areas),
        exploitation_types=remit.exploitation_types,
        age_groups=remit.age_groups,
        genders=remit.genders,
        existing_clients_only=remit.existing_clients_only,
        note=remit.note,
        as_published=remit.as_published,
        source=remit.source,
    )


def remit_of(public: PublicRemit) -> Remit:
    """The remit behind its representation: the inverse of `represent_remit`."""
    return Remit(
        areas=tuple(area.code for area in public.areas),
        exploitation_types=public.exploitation_types,
        age_groups=public.age_groups,
        genders=public.genders,
        existing_clients_only=public.existing_clients_only,
        note=public.note,
        as_published=public.as_published,
        source=public.source,
    )


def represent_intake(intake: Intake) -> PublicIntake:
    state = intake.state
    if intake.ahead:
        # Its times lie in the future, so no sentence about it would be true.
        return PublicIntake(
            state=state,
            since=None,
            said_by=None,
            confirmed_at=None,
            confirm_by=None,
            report=None,
            last_report=None,
            planned=intake.planned,
            capacity_status=None,
        )
    return PublicIntake(
        state=state,
        since=intake.since,
        said_by=intake.said_by,
        confirmed_at=intake.confirmed_at,
        confirm_by=intake.confirm_by,
        report=intake.current_report,
        last_report=intake.report if intake.lapsed else None,
        planned=intake.planned,
        capacity_status=_CAPACITY_STATUS.get(state),
    )


def public_remit_now(responder: Responder) -> Remit:
    """The remit as the report that holds limits it."""
    report = responder.intake.report
    return limited_remit(remit_of(responder.remit), report.limited_to if report is not None else None)
