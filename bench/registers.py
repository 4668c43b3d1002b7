"""Registers of any size: the starting one over and over, in every state."""

from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from uuid import UUID

from capacity_api.db.tables import IntakeRow, ResponderRow
from capacity_api.domain.intake import NEVER_REPORTED, Circumstance, Intake, Report, ReportedState
from capacity_api.operations.responders import register

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
STATES = (
    Report(state=ReportedState.OPEN),
    Report(state=ReportedState.WAITING_LIST),
    Report(state=ReportedState.PAUSED, exceptions=(Circumstance.HOMELESSNESS, Circumstance.DETENTION)),
    None,
)


def rows(size: int, now: datetime = NOW) -> list[ResponderRow]:
    """So many responders, the newest change of each with a number of its own from 1 on."""
    made = []
    for n, new in enumerate(islice(cycle(register()), size), 1):
        report = STATES[n // 13 % len(STATES)]
        row = ResponderRow(
            id=UUID(int=n),
            slug=f"{new.slug}-{n}",
            name=f"{new.name} {n}",
            website=None,
            contact=new.contact,
            remit=new.remit,
            valid_for_hours=168,
            sequence=n,
            created_at=now,
            updated_at=now,
            intake=IntakeRow(responder_id=UUID(int=n)),
        )
        row.intake.value = NEVER_REPORTED if report is None else _reported(report, now)
        made.append(row)
    return made


def _reported(report: Report, now: datetime) -> Intake:
    return Intake(report=report, changed_at=now, confirmed_at=now, confirm_by=now + timedelta(days=7))
