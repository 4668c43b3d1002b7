"""Registers of any size: copies of the starting register, in every state."""

from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from uuid import UUID

from capacity_api.db.tables import IntakeRow, ResponderRow
from capacity_api.domain.contact import validate_contact
from capacity_api.domain.intake import NEVER_REPORTED, Circumstance, Intake, Report, ReportedState, SaidBy
from capacity_api.operations.responders import read_register

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
STATES = (
    Report(state=ReportedState.OPEN),
    Report(state=ReportedState.WAITING_LIST),
    Report(state=ReportedState.PAUSED, exceptions=(Circumstance.HOMELESSNESS, Circumstance.DETENTION)),
    None,
)


def rows(size: int, now: datetime = NOW) -> list[ResponderRow]:
    """`size` responders. Their sequence numbers are 1 to `size`."""
    responders = []
    for n, new in enumerate(islice(cycle(read_register()), size), 1):
        report = STATES[n // 13 % len(STATES)]
        row = ResponderRow(
            id=UUID(int=n),
            slug=f"{new.slug}-{n}",
            name=f"{new.name} {n}",
            website=None,
            contact=validate_contact(new.contact),
            remit=new.remit,
            valid_for_hours=168,
            sequence=n,
            created_at=now,
            updated_at=now,
            intake=IntakeRow(responder_id=UUID(int=n)),
        )
        row.intake.value = NEVER_REPORTED if report is None else _intake(report, now)
        responders.append(row)
    return responders


def _intake(report: Report, now: datetime) -> Intake:
    return Intake(
        report=report,
        since=now,
        said_by=SaidBy.RESPONDER,
        confirmed_at=now,
        confirm_by=now + timedelta(days=7),
    )
