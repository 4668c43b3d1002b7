import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.strategies import filters, remits, unhurried, widened

from capacity_api.domain.areas import AREAS, ENGLAND, LONDON, SCOTLAND, SOUTH_WEST, UNITED_KINGDOM, WEST_OF_ENGLAND
from capacity_api.domain.codes import EVERYTHING, NOT_KNOWN
from capacity_api.domain.remit import (
    AgeGroup,
    AsPublished,
    ExploitationType,
    Filter,
    Gender,
    Remit,
    Source,
    may_take_age,
    validate_remit,
)
from capacity_api.errors import Invalid

LABOUR, SEXUAL, SERVITUDE = ExploitationType.LABOUR, ExploitationType.SEXUAL, ExploitationType.DOMESTIC_SERVITUDE
ADULT, CHILD, YOUNG = AgeGroup.ADULT, AgeGroup.CHILD, AgeGroup.YOUNG_PERSON
WOMAN, MAN, NON_BINARY = Gender.WOMAN, Gender.MAN, Gender.NON_BINARY


def make_remit(**fields: object) -> Remit:
    defaults = {"areas": (UNITED_KINGDOM,), "exploitation_types": EVERYTHING, "age_groups": (ADULT,)}
    # Each test gives its fields their types.
    return Remit(**{**defaults, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "standard"),
    [
        ({"areas": (LONDON, SCOTLAND, ENGLAND)}, {"areas": (ENGLAND, SCOTLAND, LONDON)}),
        ({"areas": (LONDON, LONDON)}, {"areas": (LONDON,)}),
        # Nothing is added up or left out: what a responder names is what it named.
        ({"areas": (UNITED_KINGDOM, LONDON)}, {"areas": (UNITED_KINGDOM, LONDON)}),
        ({"exploitation_types": (SERVITUDE, LABOUR, SERVITUDE)}, {"exploitation_types": (LABOUR, SERVITUDE)}),
        ({"exploitation_types": EVERYTHING}, {"exploitation_types": EVERYTHING}),
        ({"exploitation_types": tuple(ExploitationType)}, {"exploitation_types": tuple(ExploitationType)}),
        ({"age_groups": (YOUNG, CHILD, ADULT)}, {"age_groups": (ADULT, CHILD, YOUNG)}),
        ({"genders": (NON_BINARY, WOMAN)}, {"genders": (WOMAN, NON_BINARY)}),
        ({"genders": EVERYTHING}, {"genders": EVERYTHING}),
        ({"note": "  Ring first \r\n"}, {"note": "Ring first"}),
        ({"note": ""}, {"note": None}),
        ({"as_published": AsPublished(geography=" UK ", limitation="")}, {"as_published": AsPublished(geography="UK")}),
        ({"source": Source(" Briefing ", "2024")}, {"source": Source("Briefing", "2024")}),
        (
            {"source": Source("Briefing", "2024", " https://example.org/list ")},
            {"source": Source("Briefing", "2024", "https://example.org/list")},
        ),
    ],
)
def test_a_remit_is_put_into_standard_order(fields: dict[str, object], standard: dict[str, object]) -> None:
    assert validate_remit(make_remit(**fields)) == make_remit(**standard)


def test_unknown_exploitation_types_stay_unknown() -> None:
    assert validate_remit(make_remit(exploitation_types=NOT_KNOWN)).exploitation_types == NOT_KNOWN


@pytest.mark.parametrize(
    ("fields", "pointers"),
    [
        ({"areas": ("E12000099",)}, ["/remit/areas/0"]),
        ({"areas": (LONDON, "london", SCOTLAND, "")}, ["/remit/areas/1", "/remit/areas/3"]),
        ({"areas": ()}, ["/remit/areas"]),
        ({"age_groups": ()}, ["/remit/age_groups"]),
        ({"exploitation_types": ()}, ["/remit/exploitation_types"]),
        ({"genders": ()}, ["/remit/genders"]),
        # Everything is every code or "all", nothing is no set, and neither word stands beside a code.
        ({"areas": ("all",)}, ["/remit/areas/0"]),
        ({"exploitation_types": ("all", LABOUR)}, ["/remit/exploitation_types"]),
        ({"exploitation_types": ("all", "unknown")}, ["/remit/exploitation_types"]),
        ({"exploitation_types": (LABOUR, "unknown")}, ["/remit/exploitation_types"]),
        ({"age_groups": ("all", ADULT)}, ["/remit/age_groups"]),
        ({"age_groups": ("unknown",)}, ["/remit/age_groups/0"]),
        ({"genders": ("unknown",)}, ["/remit/genders/0"]),
        ({"areas": ("?",), "age_groups": (), "genders": ()}, ["/remit/areas/0", "/remit/age_groups", "/remit/genders"]),
        ({"note": "a" * 501}, ["/remit/note"]),
        ({"note": "a\x00"}, ["/remit/note"]),
        ({"as_published": AsPublished(demographic="a\nb")}, ["/remit/as_published/demographic"]),
        ({"as_published": AsPublished(exploitation="a" * 301)}, ["/remit/as_published/exploitation"]),
        ({"source": Source("a" * 301, "2024")}, ["/remit/source/title"]),
        ({"source": Source("Briefing", "last year")}, ["/remit/source/published"]),
        ({"source": Source("Briefing", "2024", "javascript:alert(1)")}, ["/remit/source/url"]),
    ],
)
def test_a_fault_is_pointed_at(fields: dict[str, object], pointers: list[str]) -> None:
    with pytest.raises(Invalid) as refusal:
        validate_remit(make_remit(**fields))
    assert [error.pointer for error in refusal.value.errors] == pointers


@pytest.mark.parametrize("published", ["2024", "2024-07", "2024-07-15", "2024-02-29"])
def test_a_source_is_dated_as_exactly_as_it_is(published: str) -> None:
    source = Source("Briefing", published)
    assert validate_remit(make_remit(source=source)).source == source


@pytest.mark.parametrize(
    "published",
    [
        "",
        "24",
        "0000",
        "2024-7",
        "2024-13",
        "2023-02-29",
        "2024-07-15T00:00",
        "July 2024",
        " 2024",
        "2024 ",
        "\uff12\uff10\uff12\uff14",
        "2024\n",
        "\ud800024",
        "20240715",
        "2024-W28",
        "2024-W28-1",
    ],
)
def test_a_source_is_dated_by_year_month_or_day_and_nothing_else(published: str) -> None:
    with pytest.raises(Invalid) as refusal:
        validate_remit(make_remit(source=Source("Briefing", published)))
    assert [error.pointer for error in refusal.value.errors] == ["/remit/source/published"]


@pytest.mark.parametrize(
    ("fields", "asked", "kept"),
    [
        ({}, Filter(), True),
        ({"areas": (ENGLAND,)}, Filter(areas=(LONDON,)), True),
        ({"areas": (ENGLAND,)}, Filter(areas=(SCOTLAND,)), False),
        ({"areas": (ENGLAND,)}, Filter(areas=(SCOTLAND, LONDON)), True),
        # Partly covered is kept.
        ({"areas": (WEST_OF_ENGLAND,)}, Filter(areas=(SOUTH_WEST,)), True),
        ({"areas": (WEST_OF_ENGLAND,)}, Filter(areas=(UNITED_KINGDOM,)), True),
        ({"areas": (WEST_OF_ENGLAND,)}, Filter(areas=(LONDON,)), False),
        ({"exploitation_types": (SEXUAL,)}, Filter(exploitation_types=(SEXUAL,)), True),
        ({"exploitation_types": (SEXUAL,)}, Filter(exploitation_types=(LABOUR,)), False),
        ({"exploitation_types": (SEXUAL,)}, Filter(exploitation_types=(LABOUR, SEXUAL)), True),
        ({"exploitation_types": EVERYTHING}, Filter(exploitation_types=(LABOUR,)), True),
        ({"exploitation_types": NOT_KNOWN}, Filter(exploitation_types=(LABOUR,)), True),
        ({"genders": (WOMAN,)}, Filter(genders=(WOMAN,)), True),
        ({"genders": (WOMAN,)}, Filter(genders=(MAN,)), False),
        ({"genders": EVERYTHING}, Filter(genders=(NON_BINARY,)), True),
        ({"age_groups": (CHILD,)}, Filter(age_groups=(ADULT,)), False),
        ({"age_groups": (CHILD,)}, Filter(age_groups=(ADULT, CHILD)), True),
        # Existing clients are not asked about here.
        ({"existing_clients_only": True}, Filter(areas=(LONDON,)), True),
        # Each field has to be met.
        ({"areas": (ENGLAND,), "genders": (WOMAN,)}, Filter(areas=(LONDON,), genders=(WOMAN,)), True),
        ({"areas": (ENGLAND,), "genders": (WOMAN,)}, Filter(areas=(LONDON,), genders=(MAN,)), False),
        ({"areas": (ENGLAND,), "genders": (WOMAN,)}, Filter(areas=(SCOTLAND,), genders=(WOMAN,)), False),
    ],
)
def test_which_remits_a_filter_keeps(fields: dict[str, object], asked: Filter, kept: bool) -> None:
    assert asked.keeps(make_remit(**fields)) is kept


@pytest.mark.parametrize(
    ("age_groups", "adult", "child", "young_person"),
    [
        ((ADULT,), True, False, True),
        ((CHILD,), False, True, False),
        # An adult may be young enough: that has to be asked, so it is not hidden.
        ((YOUNG,), True, False, True),
        ((ADULT, CHILD), True, True, True),
        ((CHILD, YOUNG), True, True, True),
        ((ADULT, YOUNG), True, False, True),
        ((ADULT, CHILD, YOUNG), True, True, True),
        (EVERYTHING, True, True, True),
    ],
)
def test_a_young_person_is_an_adult_and_a_child_is_not(
    age_groups: tuple[str, ...], adult: bool, child: bool, young_person: bool
) -> None:
    assert [may_take_age(age_groups, asked) for asked in (ADULT, CHILD, YOUNG)] == [adult, child, young_person]


@unhurried
@given(remits)
def test_a_validated_remit_is_in_standard_order_and_stays_so(remit: Remit) -> None:
    standard = validate_remit(remit)
    assert validate_remit(standard) == standard
    for field, order in (
        ("areas", list(AREAS)),
        ("age_groups", list(AgeGroup)),
        ("exploitation_types", list(ExploitationType)),
        ("genders", list(Gender)),
    ):
        standard_value, given_value = getattr(standard, field), getattr(remit, field)
        if given_value in (EVERYTHING, NOT_KNOWN):
            assert standard_value == given_value
        else:
            assert [each for each in order if each in given_value] == list(standard_value)


@unhurried
@given(remits, filters)
def test_validating_a_remit_does_not_change_which_filters_keep_it(remit: Remit, asked: Filter) -> None:
    assert asked.keeps(validate_remit(remit)) is asked.keeps(remit)


@unhurried
@given(remits, filters)
def test_an_unknown_exploitation_type_is_never_filtered_away(remit: Remit, asked: Filter) -> None:
    unknown = make_remit(
        areas=remit.areas, age_groups=remit.age_groups, genders=remit.genders, exploitation_types=NOT_KNOWN
    )
    without = Filter(areas=asked.areas, age_groups=asked.age_groups, genders=asked.genders)
    assert Filter(exploitation_types=asked.exploitation_types).keeps(unknown)
    assert asked.keeps(unknown) is without.keeps(unknown)


@unhurried
@given(remits.flatmap(lambda remit: st.tuples(st.just(remit), widened(remit))), filters)
def test_a_wider_remit_is_kept_wherever_the_narrower_one_is(both: tuple[Remit, Remit], asked: Filter) -> None:
    narrow, wide = both
    assert asked.keeps(wide) or not asked.keeps(narrow)


@unhurried
@given(remits, filters)
def test_values_of_one_field_are_alternatives_and_fields_are_demands(remit: Remit, asked: Filter) -> None:
    assert asked.keeps(remit) is all(
        not getattr(asked, field) or any(Filter(**{field: (value,)}).keeps(remit) for value in getattr(asked, field))
        for field in Filter.__struct_fields__
    )
