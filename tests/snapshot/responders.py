"""Responders as the public sees them, made from plain values."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import strategies as st
from tests.domain.strategies import intakes_now, lines, remits, reports

from capacity_api.domain.contact import Contact, Phone
from capacity_api.domain.intake import MAX_NOTE_LENGTH, Intake, Plan, Report, ReportedState, SaidBy
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender, Remit, validate_remit
from capacity_api.domain.text import plain_text
from capacity_api.representations.responder import Responder, represent_intake, represent_remit

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ID = UUID("019e4500-0000-7000-8000-000000000010")
TARA = Remit(
    areas=("S92000003",),
    exploitation_types=(ExploitationType.SEXUAL,),
    age_groups=(AgeGroup.ADULT,),
    genders=(Gender.WOMAN,),
)


def responder(report: Report | None = None, *, planned: Plan | None = None, **values: Any) -> Responder:
    """A responder with this report, from noon for a week; unconfirmed without a report."""
    intake = Intake()
    if report is not None:
        intake = Intake(
            report=report,
            since=NOON,
            said_by=SaidBy.RESPONDER,
            confirmed_at=NOON,
            confirm_by=NOON + timedelta(days=7),
        )
    return shown(intake=Intake(**{**_fields(intake), "planned": planned}), **values)


def shown(*, intake: Intake, remit: Remit = TARA, **values: Any) -> Responder:
    return Responder(
        **{
            "id": ID,
            "slug": "tara",
            "name": "TARA",
            "website": None,
            "contact": Contact(),
            "remit": represent_remit(remit),
            "intake": represent_intake(intake),
            "sequence": 42,
            "updated_at": NOON,
            **values,
        }
    )


def _fields(intake: Intake) -> dict[str, Any]:
    return {field: getattr(intake, field) for field in Intake.__struct_fields__}


PHONE = Phone(text="+44 808 800 0000", dial="+448088000000", extension=None)
PAUSE = Report(state=ReportedState.PAUSED)
OPEN = Report(state=ReportedState.OPEN)
clean_reports = reports.map(
    lambda report: msgspec.structs.replace(report, note=plain_text(report.note, "/note", MAX_NOTE_LENGTH))
)
plans = st.builds(
    Plan,
    effective_from=st.just(NOON),
    said_by=st.sampled_from([SaidBy.RESPONDER, SaidBy.COORDINATOR]),
    said_at=st.just(NOON),
    confirm_by=st.just(NOON),
    report=clean_reports,
)


@st.composite
def responders(draw: st.DrawFn) -> Responder:
    """Any responder, with any text that it may contain."""
    intake = draw(intakes_now)
    reported = intake.report is not None
    said_by = draw(st.sampled_from(SaidBy)) if reported else None
    return shown(
        intake=Intake(
            **{
                **_fields(intake),
                "report": draw(clean_reports) if reported else None,
                "planned": draw(st.none() | plans),
                "said_by": said_by,
                **dict.fromkeys(("since", "confirm_by"), NOON if reported else None),
                "confirmed_at": None if said_by in {None, SaidBy.THRESHOLD} else NOON,
            }
        ),
        remit=draw(remits.map(validate_remit)),
        name=draw(lines.filter(str.strip)),
        contact=draw(
            st.builds(
                Contact,
                phone=st.none() | st.just(PHONE),
                email=st.none() | st.just("a@example.org"),
                hours=st.none() | lines.filter(str.strip),
            )
        ),
    )
