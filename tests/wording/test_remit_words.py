"""Sentences about what a charity takes, and how soon it answers."""

from typing import Any

import msgspec
import pytest
from tests.pages.directories import FIRST_ANSWER

from capacity_api.domain.intake import (
    ExpectedTime,
    Unit,
)
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender, Remit
from capacity_api.representations.responder import PublicRemit, represent_remit
from capacity_api.wording import sentences


def shown(ages: list[AgeGroup], genders: Any = ("all",), types: Any = ("all",), **changes: Any) -> PublicRemit:
    remit = Remit(areas=("E92000001", "W92000004"), exploitation_types=types, age_groups=tuple(ages), genders=genders)
    return msgspec.structs.replace(represent_remit(remit), **changes)


@pytest.mark.parametrize(
    ("remit", "words"),
    [
        (shown([AgeGroup.ADULT]), "Adults · any kind of exploitation · England and Wales"),
        (shown([AgeGroup.ADULT], (Gender.WOMAN,)), "Adult women · any kind of exploitation · England and Wales"),
        (
            shown([AgeGroup.ADULT, AgeGroup.CHILD], (Gender.WOMAN,), (ExploitationType.SEXUAL,)),
            "Adults and children under 18: women and girls only · sexual exploitation · England and Wales",
        ),
        (
            shown([AgeGroup.CHILD, AgeGroup.YOUNG_PERSON], types=("unknown",), existing_clients_only=True),
            "Children under 18 and young people from 18 to 25 · kinds of exploitation not known · "
            "England and Wales · existing clients only",
        ),
    ],
)
def test_a_remit_in_words(remit: PublicRemit, words: str) -> None:
    assert sentences.remit_in_words(remit) == words


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        (FIRST_ANSWER, "5 to 10 working days"),
        (ExpectedTime(max=1, unit=Unit.HOURS), "up to 1 hour"),
        (ExpectedTime(min=2, max=2, unit=Unit.WEEKS), "2 weeks"),
        (ExpectedTime(min=1, max=1, unit=Unit.DAYS), "1 day"),
    ],
)
def test_a_response_time_in_words(expected: ExpectedTime, words: str) -> None:
    assert sentences.period_in_words(expected) == words
    assert sentences.expected_in_words(expected) == f"{words}: expected, not guaranteed"
