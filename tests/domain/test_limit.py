"""`limited_to`: what narrows a remit for as long as a report holds, and the remit now."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from tests.domain.strategies import filters, limits, remits, unhurried

from capacity_api.domain.areas import AREAS, ENGLAND, LONDON, SCOTLAND, SOUTH_WEST, UNITED_KINGDOM, WEST_OF_ENGLAND
from capacity_api.domain.codes import EVERYTHING, NOT_KNOWN
from capacity_api.domain.intake import (
    NEVER_REPORTED,
    Report,
    ReportedState,
    SaidBy,
    apply_report,
    intake_at,
    remit_now,
    validate_report,
)
from capacity_api.domain.remit import (
    AgeGroup,
    ExploitationType,
    Filter,
    Gender,
    Limit,
    Remit,
    limited_remit,
    takes_age,
    validate_limit,
    validate_remit,
)
from capacity_api.errors import FieldError, Invalid

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
WEEK = timedelta(days=7)
REGIONS = tuple(code for code, area in AREAS.items() if area.parent == ENGLAND)
NATIONS = tuple(code for code, area in AREAS.items() if area.parent == UNITED_KINGDOM)
EVERYBODY = Remit(areas=(UNITED_KINGDOM,), exploitation_types=EVERYTHING, age_groups=EVERYTHING)
ADULTS_IN_ENGLAND = Remit(areas=(ENGLAND,), exploitation_types=NOT_KNOWN, age_groups=(AgeGroup.ADULT,))


def with_remit(remit: Remit, **fields: Any) -> Remit:
    return msgspec.structs.replace(remit, **fields)


def pointers(limit: Limit, remit: Remit) -> list[str]:
    errors: list[FieldError] = []
    validate_limit(limit, remit, errors)
    return [error.pointer for error in errors]


def test_an_aspect_that_is_left_out_is_not_limited() -> None:
    assert Limit() == Limit(areas=EVERYTHING, exploitation_types=EVERYTHING, age_groups=EVERYTHING, genders=EVERYTHING)


def test_a_limit_is_put_into_standard_order() -> None:
    errors: list[FieldError] = []
    limit = validate_limit(
        Limit(areas=(SCOTLAND, LONDON, SCOTLAND), genders=(Gender.NON_BINARY, Gender.WOMAN)), EVERYBODY, errors
    )
    assert limit == Limit(areas=(SCOTLAND, LONDON), genders=(Gender.WOMAN, Gender.NON_BINARY))
    assert errors == []


@pytest.mark.parametrize(
    ("remit", "limit"),
    [
        (EVERYBODY, Limit(areas=(WEST_OF_ENGLAND,))),
        (EVERYBODY, Limit(age_groups=(AgeGroup.CHILD,), genders=EVERYTHING)),
        # Nine regions make up England.
        (with_remit(EVERYBODY, areas=(*REGIONS, SCOTLAND)), Limit(areas=(ENGLAND,))),
        # A young person is an adult.
        (ADULTS_IN_ENGLAND, Limit(age_groups=(AgeGroup.YOUNG_PERSON,))),
        # Any exploitation type is within an unknown remit, and to name them all says what was not known.
        (ADULTS_IN_ENGLAND, Limit(exploitation_types=(ExploitationType.LABOUR,))),
        (ADULTS_IN_ENGLAND, Limit(exploitation_types=tuple(ExploitationType))),
        (ADULTS_IN_ENGLAND, Limit(areas=(LONDON,), genders=tuple(Gender))),
    ],
)
def test_what_a_report_may_be_limited_to(remit: Remit, limit: Limit) -> None:
    assert pointers(limit, remit) == []


@pytest.mark.parametrize(
    ("remit", "limit", "expected"),
    [
        # It says nothing, or the same in other codes.
        (EVERYBODY, Limit(), ["/limited_to"]),
        (EVERYBODY, Limit(areas=(UNITED_KINGDOM,)), ["/limited_to"]),
        (EVERYBODY, Limit(areas=NATIONS), ["/limited_to"]),
        (EVERYBODY, Limit(genders=tuple(Gender), age_groups=tuple(AgeGroup)), ["/limited_to"]),
        (ADULTS_IN_ENGLAND, Limit(areas=REGIONS), ["/limited_to"]),
        (ADULTS_IN_ENGLAND, Limit(age_groups=(AgeGroup.ADULT, AgeGroup.YOUNG_PERSON)), ["/limited_to"]),
        # It is no set.
        (EVERYBODY, Limit(areas=()), ["/limited_to/areas"]),
        (EVERYBODY, Limit(exploitation_types=()), ["/limited_to/exploitation_types"]),
        (EVERYBODY, Limit(age_groups=(), genders=()), ["/limited_to/age_groups", "/limited_to/genders"]),
        (EVERYBODY, Limit(areas=("all", LONDON)), ["/limited_to/areas"]),
        (EVERYBODY, Limit(areas=NOT_KNOWN), ["/limited_to/areas/0"]),
        (ADULTS_IN_ENGLAND, Limit(exploitation_types=NOT_KNOWN), ["/limited_to/exploitation_types/0"]),
        (EVERYBODY, Limit(age_groups=NOT_KNOWN), ["/limited_to/age_groups/0"]),
        (EVERYBODY, Limit(genders=NOT_KNOWN), ["/limited_to/genders/0"]),
        (EVERYBODY, Limit(areas=(LONDON, "london")), ["/limited_to/areas/1"]),
        # It is not within the remit: each code is pointed at where it stands.
        (ADULTS_IN_ENGLAND, Limit(areas=(SCOTLAND,)), ["/limited_to/areas/0"]),
        (
            ADULTS_IN_ENGLAND,
            Limit(areas=(LONDON, UNITED_KINGDOM, SCOTLAND)),
            ["/limited_to/areas/1", "/limited_to/areas/2"],
        ),
        (with_remit(EVERYBODY, areas=(WEST_OF_ENGLAND,)), Limit(areas=(SOUTH_WEST,)), ["/limited_to/areas/0"]),
        (with_remit(EVERYBODY, areas=REGIONS[1:]), Limit(areas=(ENGLAND,)), ["/limited_to/areas/0"]),
        (
            with_remit(EVERYBODY, exploitation_types=(ExploitationType.SEXUAL,)),
            Limit(exploitation_types=(ExploitationType.LABOUR, ExploitationType.SEXUAL)),
            ["/limited_to/exploitation_types/0"],
        ),
        (ADULTS_IN_ENGLAND, Limit(age_groups=(AgeGroup.CHILD,)), ["/limited_to/age_groups/0"]),
        (
            with_remit(EVERYBODY, age_groups=(AgeGroup.YOUNG_PERSON,)),
            Limit(age_groups=(AgeGroup.ADULT,)),
            ["/limited_to/age_groups/0"],
        ),
        (with_remit(EVERYBODY, genders=(Gender.WOMAN,)), Limit(genders=(Gender.MAN,)), ["/limited_to/genders/0"]),
    ],
)
def test_what_a_report_may_not_be_limited_to(remit: Remit, limit: Limit, expected: list[str]) -> None:
    assert pointers(limit, remit) == expected
    with pytest.raises(Invalid) as refusal:
        validate_report(Report(state=ReportedState.OPEN, limited_to=limit), remit, NOON)
    assert [error.pointer for error in refusal.value.errors] == expected


def test_a_pause_is_not_limited_and_a_waiting_list_may_be() -> None:
    limit = Limit(areas=(LONDON,))
    waiting = Report(state=ReportedState.WAITING_LIST, limited_to=limit)
    assert validate_report(waiting, EVERYBODY, NOON) == waiting
    for refused in (limit, Limit(), Limit(areas=("?",))):
        with pytest.raises(Invalid) as refusal:
            validate_report(Report(state=ReportedState.PAUSED, limited_to=refused), EVERYBODY, NOON)
        assert [error.pointer for error in refusal.value.errors] == ["/limited_to"]


# The remit now


@pytest.mark.parametrize(
    ("remit", "limit", "changed"),
    [
        (EVERYBODY, Limit(areas=(LONDON,)), {"areas": (LONDON,)}),
        (ADULTS_IN_ENGLAND, Limit(genders=(Gender.WOMAN,)), {"genders": (Gender.WOMAN,)}),
        # What is named is then known.
        (
            ADULTS_IN_ENGLAND,
            Limit(exploitation_types=(ExploitationType.LABOUR,)),
            {"exploitation_types": (ExploitationType.LABOUR,)},
        ),
        (ADULTS_IN_ENGLAND, Limit(age_groups=(AgeGroup.YOUNG_PERSON,)), {"age_groups": (AgeGroup.YOUNG_PERSON,)}),
        # The remit was changed later: only what it still allows is left.
        (ADULTS_IN_ENGLAND, Limit(areas=(LONDON, SCOTLAND)), {"areas": (LONDON,)}),
        (ADULTS_IN_ENGLAND, Limit(areas=(SCOTLAND,)), {"areas": ()}),
        (ADULTS_IN_ENGLAND, Limit(age_groups=(AgeGroup.CHILD,)), {"age_groups": ()}),
    ],
)
def test_the_remit_now_has_the_codes_that_limit_and_remit_allow(
    remit: Remit, limit: Limit, changed: dict[str, Any]
) -> None:
    assert limited_remit(remit, limit) == with_remit(remit, **changed)


def test_the_remit_is_limited_while_the_report_holds_and_not_after() -> None:
    report = Report(state=ReportedState.OPEN, limited_to=Limit(areas=(LONDON,)))
    intake = apply_report(NEVER_REPORTED, report, SaidBy.RESPONDER, NOON, WEEK).after
    assert remit_now(EVERYBODY, NEVER_REPORTED) == EVERYBODY
    assert remit_now(EVERYBODY, intake) == with_remit(EVERYBODY, areas=(LONDON,))
    assert remit_now(EVERYBODY, intake_at(intake, NOON + WEEK)) == EVERYBODY


@pytest.mark.parametrize("limit", [Limit(areas=(SCOTLAND,)), Limit(age_groups=(AgeGroup.CHILD,))])
def test_an_empty_remit_now_takes_nobody_and_is_kept_by_no_filter_but_the_empty_one(limit: Limit) -> None:
    now = limited_remit(ADULTS_IN_ENGLAND, limit)
    assert now.is_empty
    for asked in (
        Filter(areas=(ENGLAND,)),
        Filter(exploitation_types=(ExploitationType.LABOUR,)),
        Filter(age_groups=(AgeGroup.ADULT,)),
        Filter(genders=(Gender.WOMAN,)),
    ):
        assert asked.keeps(ADULTS_IN_ENGLAND)
        assert not asked.keeps(now)
    assert Filter().keeps(now)


def test_a_filter_judges_the_remit_now() -> None:
    now = limited_remit(EVERYBODY, Limit(areas=(WEST_OF_ENGLAND,), genders=(Gender.WOMAN,)))
    assert Filter(areas=(SOUTH_WEST,)).keeps(now)
    assert not Filter(areas=(LONDON,)).keeps(now)
    assert not Filter(genders=(Gender.MAN,)).keeps(now)
    # An unknown remit is known where the limit names the types.
    named = limited_remit(ADULTS_IN_ENGLAND, Limit(exploitation_types=(ExploitationType.LABOUR,)))
    assert Filter(exploitation_types=(ExploitationType.SEXUAL,)).keeps(ADULTS_IN_ENGLAND)
    assert not Filter(exploitation_types=(ExploitationType.SEXUAL,)).keeps(named)


@unhurried
@given(remits, limits, filters)
def test_a_limit_never_widens_a_remit(remit: Remit, limit: Limit, asked: Filter) -> None:
    now = limited_remit(remit, limit)
    assert asked.keeps(remit) or not asked.keeps(now)
    assert all(takes_age(remit.age_groups, age) for age in AgeGroup if takes_age(now.age_groups, age))


@unhurried
@given(remits, limits)
def test_a_limit_that_was_taken_stays_as_it_is_and_leaves_somebody(remit: Remit, limit: Limit) -> None:
    remit = validate_remit(remit)
    errors: list[FieldError] = []
    taken = validate_limit(limit, remit, errors)
    if errors:
        return
    again: list[FieldError] = []
    assert validate_limit(taken, remit, again) == taken
    assert again == []
    now = limited_remit(remit, taken)
    assert not now.is_empty
    assert now != remit
    assert limited_remit(now, taken) == now
