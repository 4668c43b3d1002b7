"""Plurals and lists are the language's own: nothing is put together from English parts."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from gettext import c2py

import pytest
from tests.wording.languages import invented

from capacity_api.domain import vocabulary
from capacity_api.domain.areas import AREAS, SCOTLAND, WALES, YORKSHIRE
from capacity_api.domain.codes import EVERYTHING
from capacity_api.domain.intake import Circumstance, ExpectedTime, State, Unit
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender, Remit
from capacity_api.domain.vocabulary import Label
from capacity_api.pages import pictures
from capacity_api.representations.responder import PublicRemit, represent_remit
from capacity_api.wording import sentences
from capacity_api.wording.language import ENGLISH, Language, join_items, join_words, plural_forms, speaking

# By the rule of Arabic.
FORMS = [(0, 0), (1, 1), (2, 2), (3, 3), (10, 3), (11, 5), (100, 4), (103, 3), (1000, 4)]
LABELS: list[Label] = [
    *vocabulary.STATES.values(),
    *vocabulary.EXPLOITATION_TYPES.values(),
    *vocabulary.AGE_GROUPS.values(),
    *vocabulary.GENDERS.values(),
    *vocabulary.CIRCUMSTANCES.values(),
    *vocabulary.REASONS.values(),
    *sentences.AGES.values(),
    *sentences.GENDERS_WITH_CHILDREN.values(),
]


def remit(
    areas: Sequence[str] = (SCOTLAND,), ages: Sequence[AgeGroup] = (AgeGroup.ADULT,), genders: Sequence[Gender] = ()
) -> PublicRemit:
    kinds = (ExploitationType.LABOUR, ExploitationType.OTHER)
    return represent_remit(
        Remit(
            areas=tuple(areas), exploitation_types=kinds, age_groups=tuple(ages), genders=tuple(genders) or EVERYTHING
        )
    )


def has_conjunction(text: str) -> bool:
    """Whether an English text has an "and" or "or", outside of brackets."""
    return re.search(r" (?:and|or) ", re.sub(r"\(.*\)", "", text)) is not None


@pytest.mark.parametrize(("number", "form"), FORMS)
def test_a_number_has_the_plural_form_of_the_language(number: int, form: int, invented_language: Language) -> None:
    with speaking(invented_language):
        assert sentences.count_in_words(State.OPEN, number) == invented(f"{number} open", form)
        if number:
            exact = ExpectedTime(min=number, max=number, unit=Unit.WORKING_DAYS)
            assert sentences.period_in_words(exact) == invented(f"{number} working days", form)
            up_to = ExpectedTime(min=0, max=number, unit=Unit.HOURS)
            assert sentences.period_in_words(up_to) == invented(f"up to {number} hours", form)
        if number > 1:
            between = ExpectedTime(min=1, max=number, unit=Unit.WEEKS)
            assert sentences.period_in_words(between) == invented(f"1 to {number} weeks", form)


def test_the_forms_for_the_scripts_are_those_of_the_catalogue(invented_language: Language) -> None:
    rule = c2py(invented_language.plural_rule)
    with speaking(invented_language):
        forms = plural_forms("{max} day", "{max} days")
    assert forms == {form: invented("{max} days", form) for form in range(6)}
    assert [(number, rule(number)) for number, _ in FORMS] == FORMS


def test_english_has_two_forms_and_needs_no_catalogue() -> None:
    assert plural_forms("{max} day", "{max} days") == {0: "{max} day", 1: "{max} days"}
    assert ENGLISH.plural_rule == "n != 1"


def test_the_days_of_a_strip_are_counted_and_listed_as_the_language_does(invented_language: Language) -> None:
    today = datetime(2026, 11, 21, tzinfo=UTC)
    began = [(2.5, State.OPEN), (2, State.WAITING_LIST), (1, State.PAUSED)]
    states = [(today - timedelta(days=days), state) for days, state in began]
    english = pictures.strip(states, today)
    with speaking(invented_language):
        translated = pictures.strip(states, today)
    assert english is not None
    assert english.words == "open 0.5 days, waiting list 1 day, paused 1 day"
    assert translated is not None
    assert translated.words == " و".join(
        [
            invented(f"{invented('open')} 0.5 days"),
            invented(f"{invented('waiting list')} 1 days", 1),
            invented(f"{invented('paused')} 1 days", 1),
        ]
    )


def test_nearly_a_day_is_a_day() -> None:
    today = datetime(2026, 11, 21, tzinfo=UTC)
    drawn = pictures.strip([(today - timedelta(days=0.97), State.OPEN)], today)
    assert drawn is not None
    assert drawn.words == "open 1 day"


def test_a_list_is_joined_as_the_language_does(invented_language: Language) -> None:
    people = [Circumstance.DETENTION, Circumstance.SELF_REFERRAL, Circumstance.OTHER_URGENT]
    words = [invented(vocabulary.CIRCUMSTANCES[each].inside) for each in people]
    with speaking(invented_language):
        assert sentences.circumstances_in_words(people) == " و".join(words)
        assert sentences.circumstances_in_words(people[:1]) == words[0]
        assert sentences.circumstances_in_words([]) == ""
        assert join_items(words) == " و".join(words)


def test_a_list_with_an_and_inside_a_word_says_where_its_last_word_is(invented_language: Language) -> None:
    areas = (WALES, SCOTLAND, YORKSHIRE)
    assert sentences.places_in_words(remit(areas)) == "Wales, Scotland, and Yorkshire and The Humber"
    assert sentences.places_in_words(remit(areas[:2])) == "Wales and Scotland"
    names = [invented(AREAS[code].name) for code in areas]
    with speaking(invented_language):
        assert sentences.places_in_words(remit(areas)) == invented(f"{names[0]} و{names[1]}, and {names[2]}")


def test_the_words_of_a_translation_are_not_searched_for_an_and() -> None:
    assert join_words(["Sand and Salz", "Wasser"]) == "Sand and Salz and Wasser"


def test_a_line_begins_with_a_label_that_stands_alone_and_no_letter_is_changed(invented_language: Language) -> None:
    ages = [AgeGroup.CHILD, AgeGroup.YOUNG_PERSON]
    with speaking(invented_language):
        everybody = sentences.people_in_words(remit(ages=ages))
        women = sentences.people_in_words(remit(ages=ages, genders=[Gender.WOMAN]))
    assert everybody == f"{invented('Children under 18')} و{invented('young people from 18 to 25')}"
    assert women == invented(f"{everybody}: {invented('women and girls')} only")


@pytest.mark.parametrize("label", LABELS, ids=lambda label: label.inside)
def test_a_label_has_the_same_english_words_in_both_forms(label: Label) -> None:
    assert label.inside == label.alone[:1].lower() + label.alone[1:]
    assert label.compound == has_conjunction(label.inside)


def test_the_areas_with_an_and_in_their_names_are_known() -> None:
    assert {code for code, area in AREAS.items() if has_conjunction(area.name)} == vocabulary.COMPOUND_AREAS


@pytest.mark.parametrize(
    ("tag", "joined"), [("en", "a, b and c"), ("cy", "a, b, a(c) c"), ("zh-Hant", "a、b和c"), ("tlh", "a, b, c")]
)
def test_lists_follow_from_the_tag_also_of_a_language_that_nobody_has_described(tag: str, joined: str) -> None:
    with speaking(Language(tag)):
        assert join_words(["a", "b", "c"]) == joined
