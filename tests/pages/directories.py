"""Directories as the pages get them: a time, responders and their intakes."""

import json
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import Any
from uuid import UUID

import msgspec
from tests.pages.parsed import Parsed

from capacity_api.domain.codes import EVERYTHING
from capacity_api.domain.contact import Contact, ContactRequest, validate_contact
from capacity_api.domain.intake import (
    NEVER_REPORTED,
    ExpectedTime,
    Intake,
    Report,
    SaidBy,
    Unit,
)
from capacity_api.domain.remit import AgeGroup, Remit
from capacity_api.pages.directory import render_directory
from capacity_api.pages.rendering import PageSettings
from capacity_api.representations.directory import Directory
from capacity_api.representations.responder import Responder, represent_intake, represent_remit

NOW = datetime(2026, 11, 21, 9, 15, tzinfo=UTC)
FIRST_ANSWER = ExpectedTime(min=5, max=10, unit=Unit.WORKING_DAYS)


def intake_of(report: Report, *, ago: timedelta = timedelta(hours=1), until: timedelta = timedelta(days=6)) -> Intake:
    return Intake(
        report=report,
        since=NOW - ago,
        said_by=SaidBy.RESPONDER,
        confirmed_at=NOW - ago,
        confirm_by=NOW + until,
    )


def responder(intake: Intake = NEVER_REPORTED, **changes: Any) -> Responder:
    remit = Remit(areas=("K02000001",), exploitation_types=EVERYTHING, age_groups=(AgeGroup.ADULT,))
    return msgspec.structs.replace(
        Responder(
            id=UUID(int=1),
            slug="example",
            name="Example Trust",
            website=None,
            contact=Contact(),
            remit=represent_remit(remit),
            intake=represent_intake(intake),
            sequence=1,
            updated_at=NOW,
        ),
        **changes,
    )


def directory_of(*responders: Responder, demonstration: bool = False) -> Directory:
    return Directory(
        sequence=1,
        updated_at=NOW,
        valid_until=None,
        demonstration=demonstration,
        total=len(responders),
        responders=list(responders),
    )


def page(*responders: Responder, now: datetime = NOW, contact: str | None = None) -> Parsed:
    return Parsed(render_directory(directory_of(*responders), now, settings=PageSettings(contact=contact)))


def register(intake: Intake = NEVER_REPORTED) -> list[Responder]:
    rows = json.loads(resources.files("capacity_api").joinpath("register.json").read_bytes())
    return [
        responder(
            intake,
            slug=row["slug"],
            name=row["name"],
            contact=validate_contact(msgspec.convert(row["contact"], ContactRequest)),
            remit=represent_remit(msgspec.convert(row["remit"], Remit)),
        )
        for row in rows
    ]
