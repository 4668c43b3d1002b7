"""What the property tests draw: text, remits, questions, and what may happen in the life of an intake."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Literal, NamedTuple

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from capacity_api.domain.areas import AREAS
from capacity_api.domain.codes import EVERYTHING, NOT_KNOWN
from capacity_api.domain.intake import (
    NEVER_REPORTED,
    Circumstance,
    ExpectedTime,
    Intake,
    Reason,
    Report,
    ReportedState,
    SaidBy,
    Unit,
)
from capacity_api.domain.matching import ASKED_CIRCUMSTANCES, Question
from capacity_api.domain.remit import AgeGroup, AsPublished, ExploitationType, Filter, Gender, Limit, Remit, Source

# A busy machine is no failure.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

# What Unicode keeps free of any meaning: the last two of each plane, and 32 in the middle of nowhere.
NONCHARACTERS = [
    *range(0xFDD0, 0xFDF0),
    *(plane + last for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF)),
]
# Any text, lone surrogates included, with more of what goes wrong than chance would bring.
texts = st.text(st.one_of(st.characters(), st.sampled_from("\x00\t\n\r\x1f\x7f\x85\x9f\u2028\u202e\ud800\ufffe aé中")))
lines = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters=[*map(chr, NONCHARACTERS)]), max_size=80
)

# Hypothesis takes the two ends without a zone.
moments = st.datetimes(datetime(2026, 1, 1), datetime(2029, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
validities = st.integers(1, 2160).map(lambda hours: timedelta(hours=hours))

area_codes = st.sampled_from(list(AREAS))


def _jumbled(codes: Iterable[str] | type[StrEnum]) -> st.SearchStrategy[tuple[str, ...]]:
    """Some of them, in any order, some of them twice."""
    return st.lists(st.sampled_from(list(codes)), min_size=1, max_size=8).map(tuple)


remits = st.builds(
    Remit,
    areas=_jumbled(AREAS),
    exploitation_types=st.just(NOT_KNOWN) | st.just(EVERYTHING) | _jumbled(ExploitationType),
    age_groups=st.just(EVERYTHING) | _jumbled(AgeGroup),
    genders=st.just(EVERYTHING) | _jumbled(Gender),
    existing_clients_only=st.booleans(),
    note=st.none() | lines,
    as_published=st.none() | st.builds(AsPublished, geography=st.none() | lines, limitation=st.none() | lines),
    source=st.none() | st.builds(Source, lines.filter(str.strip), st.sampled_from(["2024", "2024-07", "2024-07-15"])),
)

filters = st.builds(
    Filter,
    areas=st.just(()) | _jumbled(AREAS),
    exploitation_types=st.just(()) | _jumbled(ExploitationType),
    age_groups=st.just(()) | _jumbled(AgeGroup),
    genders=st.just(()) | _jumbled(Gender),
)


@st.composite
def widened(draw: st.DrawFn, remit: Remit) -> Remit:
    """A remit that reaches everybody whom `remit` reaches, and perhaps more."""
    types = remit.exploitation_types
    more_types = st.just(()) | _jumbled(ExploitationType)
    return msgspec.structs.replace(
        remit,
        areas=remit.areas + draw(st.just(()) | _jumbled(AREAS)),
        exploitation_types=draw(
            st.sampled_from([EVERYTHING, types])
            if types in (NOT_KNOWN, EVERYTHING)
            else st.just(NOT_KNOWN) | st.just(EVERYTHING) | more_types.map(lambda more: types + more)
        ),
        age_groups=draw(_wider(remit.age_groups, AgeGroup)),
        genders=draw(_wider(remit.genders, Gender)),
    )


def _wider(codes: tuple[str, ...], kind: type[StrEnum]) -> st.SearchStrategy[tuple[str, ...]]:
    if codes == EVERYTHING:
        return st.just(codes)
    return st.just(EVERYTHING) | (st.just(()) | _jumbled(kind)).map(lambda more: codes + more)


expected_times = st.builds(ExpectedTime, min=st.integers(0, 5), max=st.integers(5, 1000), unit=st.sampled_from(Unit))
limits = st.builds(
    Limit,
    areas=st.just(EVERYTHING) | _jumbled(AREAS),
    exploitation_types=st.just(EVERYTHING) | _jumbled(ExploitationType),
    age_groups=st.just(EVERYTHING) | _jumbled(AgeGroup),
    genders=st.just(EVERYTHING) | _jumbled(Gender),
)


def _coherent(report: Report) -> Report:
    """Without what contradicts the rest of it: a limit on a pause, or times beside "we cannot say"."""
    if report.state is ReportedState.PAUSED:
        report = msgspec.structs.replace(report, limited_to=None)
    if report.no_timeframe:
        report = msgspec.structs.replace(report, expected_response=None, expected_referral=None)
    return report


reports = st.builds(
    Report,
    state=st.sampled_from(ReportedState),
    expected_response=st.none() | expected_times,
    expected_referral=st.none() | expected_times,
    no_timeframe=st.booleans(),
    limited_to=st.none() | limits,
    reason=st.none() | st.sampled_from(Reason),
    exceptions=st.just(()) | st.sampled_from(Circumstance).map(lambda only: (only,)) | _jumbled(Circumstance),
    reopens_on=st.none() | st.dates(date(2026, 1, 1), date(2029, 12, 31)),
    note=st.none() | lines,
).map(_coherent)


class Move(NamedTuple):
    """One action after a wait. There are few different reports, so that the same one is often repeated."""

    wait: timedelta | Literal["until it is due", "until just before"]
    action: Literal["report", "confirm", "plan", "unplan"]
    report: Report
    said_by: SaidBy
    valid_for: timedelta
    # Of a pause or waiting list: the days to `reopens_on`, from its start.
    reopens_in: int | None
    # Of a plan: when it starts, from now.
    starts_in: timedelta
    replace: bool


moves = st.builds(
    Move,
    wait=st.sampled_from(["until it is due", "until just before"])
    | st.timedeltas(timedelta(), timedelta(days=2))
    | st.timedeltas(timedelta(), timedelta(days=120)),
    action=st.sampled_from(["report", "confirm", "plan", "unplan"]),
    report=st.builds(Report, state=st.sampled_from(ReportedState), note=st.sampled_from([None, "Ring first"])),
    said_by=st.sampled_from([SaidBy.RESPONDER, SaidBy.COORDINATOR]),
    valid_for=st.sampled_from([timedelta(hours=1), timedelta(days=7)]) | validities,
    reopens_in=st.none() | st.integers(0, 120),
    starts_in=st.sampled_from([timedelta(microseconds=1), timedelta(days=7)])
    | st.timedeltas(timedelta(microseconds=1), timedelta(days=366)),
    replace=st.booleans(),
)

# As the clock may have left them.
intakes_now = st.builds(Intake, report=reports, lapsed=st.booleans()) | st.just(NEVER_REPORTED)

slugs = st.sampled_from(["bawso", "nspcc", "tara", "unseen"])
questions = st.builds(
    Question,
    area=st.none() | area_codes,
    exploitation_type=st.none() | st.sampled_from(ExploitationType),
    age_group=st.none() | st.sampled_from(AgeGroup),
    gender=st.none() | st.sampled_from(Gender),
    circumstances=st.just(()) | _jumbled(ASKED_CIRCUMSTANCES),
    circumstances_excluded=st.just(()) | st.just(ASKED_CIRCUMSTANCES) | _jumbled(ASKED_CIRCUMSTANCES),
    existing_client_of=st.just(NOT_KNOWN) | st.lists(slugs, unique=True).map(tuple),
)
