"""Responders as the public sees them, made from plain values."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import strategies as st
from tests.domain.strategies import intakes_now, lines, remits, reports

from capacity_api.domain.contact import Contact
from capacity_api.domain.intake import Intake, Plan, Report, ReportedState, validate_report
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender, Remit, validate_remit
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
        intake = Intake(report=report, changed_at=NOON, confirmed_at=NOON, confirm_by=NOON + timedelta(days=7))
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


PAUSE = Report(state=ReportedState.PAUSED)
OPEN = Report(state=ReportedState.OPEN)


@st.composite
def _clean_reports(draw: st.DrawFn) -> Report:
    report = draw(reports)
    if report.state is not ReportedState.OPEN:
        days = draw(st.none() | st.integers(0, 120))
        reopens_on = None if days is None else NOON.date() + timedelta(days=days)
        report = msgspec.structs.replace(report, reopens_on=reopens_on)
    return validate_report(report, NOON)


clean_reports = _clean_reports()
plans = st.builds(
    Plan, report=clean_reports, effective_from=st.just(NOON), said_at=st.just(NOON), confirm_by=st.just(NOON)
)


@st.composite
def responders(draw: st.DrawFn) -> Responder:
    """Any responder, with any text that it may contain."""
    intake = msgspec.structs.replace(draw(intakes_now), report=draw(st.none() | clean_reports))
    reported = intake.report is not None
    return shown(
        intake=Intake(
            **{
                **_fields(intake),
                "planned": draw(st.none() | plans),
                **dict.fromkeys(("changed_at", "confirmed_at", "confirm_by"), NOON if reported else None),
            }
        ),
        remit=draw(remits.map(validate_remit)),
        name=draw(lines.filter(str.strip)),
        contact=draw(
            st.builds(
                Contact,
                phone=st.none() | st.just("+44 808 800 0000"),
                email=st.none() | st.just("a@example.org"),
                hours=st.none() | lines.filter(str.strip),
            )
        ),
    )
