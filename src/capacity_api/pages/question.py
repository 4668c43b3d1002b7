"""The question on the directory page: whom a charity is sought for. Its form, and what a browser sends of it.

Nothing of a question may get into an address, a log or a cache. With a script it is not sent at all.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar
from urllib.parse import parse_qsl

import msgspec

from capacity_api.domain.areas import (
    AREAS,
    ENGLAND,
    LONDON,
    NORTHERN_IRELAND,
    SCOTLAND,
    SOUTH_WEST,
    WALES,
    WEST_OF_ENGLAND,
    YORKSHIRE,
)
from capacity_api.domain.codes import NOT_KNOWN
from capacity_api.domain.intake import Circumstance
from capacity_api.domain.matching import ASKED_CIRCUMSTANCES, Question
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender
from capacity_api.representations.responder import Responder
from capacity_api.wording.language import gettext

# Large towns, so that nobody needs to know the name of a region. West of England is a part of the South West.
TOWNS: Mapping[str, str] = MappingProxyType(
    {
        "E12000001": "Newcastle, Sunderland, Durham, Middlesbrough",
        "E12000002": "Manchester, Liverpool, Preston, Carlisle",
        YORKSHIRE: "Leeds, Sheffield, Bradford, Hull, York",
        "E12000004": "Nottingham, Leicester, Derby, Lincoln",
        "E12000005": "Birmingham, Coventry, Stoke-on-Trent, Wolverhampton",
        "E12000006": "Norwich, Cambridge, Luton, Southend",
        "E12000008": "Brighton, Southampton, Oxford, Reading, Maidstone",
        SOUTH_WEST: "Plymouth, Exeter, Bournemouth, Swindon",
        WEST_OF_ENGLAND: "Bristol, Bath",
        WALES: "Cardiff, Swansea, Newport, Wrexham",
        SCOTLAND: "Glasgow, Edinburgh, Aberdeen, Dundee",
        NORTHERN_IRELAND: "Belfast, Derry/Londonderry, Lisburn, Newry",
    }
)
_NATIONS = (WALES, SCOTLAND, NORTHERN_IRELAND)
_IN_ENGLAND = (LONDON, *(code for code in TOWNS if code not in _NATIONS))
PERSON: Mapping[str, str] = MappingProxyType({"me": "For me", "other": "For somebody else"})
EXPLOITATION: Mapping[str, str] = MappingProxyType(
    {
        ExploitationType.LABOUR: "Forced work, or money taken (labour)",
        ExploitationType.SEXUAL: "Sexual exploitation",
        ExploitationType.CRIMINAL: "Forced crime (criminal exploitation)",
        ExploitationType.DOMESTIC_SERVITUDE: "Work in a home (domestic servitude)",
        ExploitationType.ORGAN_HARVESTING: "Organ removal",
        ExploitationType.OTHER: "Something else",
    }
)
AGES: Mapping[str, str] = MappingProxyType(
    {
        AgeGroup.ADULT: "Adult (18 or over)",
        AgeGroup.YOUNG_PERSON: "Young adult (18 to 25)",
        AgeGroup.CHILD: "Child (under 18)",
    }
)
GENDERS: Mapping[str, str] = MappingProxyType(
    {Gender.WOMAN: "Woman or girl", Gender.MAN: "Man or boy", Gender.NON_BINARY: "Non-binary person"}
)
CIRCUMSTANCES: Mapping[str, str] = MappingProxyType(
    {
        Circumstance.HOMELESSNESS: "Homeless, or no money",
        Circumstance.DETENTION: "In detention",
        Circumstance.CRIMINAL_INVESTIGATION: "A criminal investigation is going on",
        Circumstance.OTHER_URGENT: "Urgent for another reason",
        # "For me" means this too.
        Circumstance.SELF_REFERRAL: "The person will get in touch themselves",
    }
)
NONE = "none"
NONE_OF_THESE: Mapping[str, str] = MappingProxyType({NONE: "None of these"})
NOT_SURE: Mapping[str, str] = MappingProxyType({"": "Not sure"})
CLIENT: Mapping[str, str] = MappingProxyType({NONE: "Of no charity here", "unknown": "Not sure"})
# What each field asks. A fault quotes it.
LABELS: Mapping[str, str] = MappingProxyType(
    {
        "area": "Where in the UK?",
        "person": "Who is it for?",
        "exploitation_type": "What happened?",
        "age_group": "Age",
        "gender": "Gender",
        "circumstances": "Do any of these apply?",
        "client": "Already a client of a charity here?",
        "existing_client_of": "Already a client of a charity here?",
        "accepting": "Only charities that say they take people now",
    }
)
_UNREADABLE = "We could not read what was sent. Please fill in the form again."
FAULTS: Mapping[str, str] = MappingProxyType(
    {
        "unreadable": _UNREADABLE,
        "no_form": _UNREADABLE,
        "too_long": "What was sent is too long. Please fill in the form again.",
        "other_site": "Another site sent this form. Nothing was answered. Please fill in the form here.",
        "not_listed": "Choose an answer from the list: {question}",
        "both": "You chose “{none}” and another answer. Choose one or the other: {question}",
        "delisted": "A charity that you chose is no longer here. Please choose again: {question}",
        "nothing": "Choose at least one answer.",
    }
)
# All of these, for translators.
TABLES = (TOWNS, PERSON, EXPLOITATION, AGES, GENDERS, CIRCUMSTANCES, NONE_OF_THESE, NOT_SURE, CLIENT, LABELS, FAULTS)
# Any other fault is 422.
FAULT_STATUS: Mapping[str, int] = MappingProxyType({"other_site": 403, "too_long": 413, "no_form": 415})
# The fields that may be there more than once, and what each field may hold.
SEVERAL = frozenset({"circumstances", "existing_client_of"})
_VALUES: Mapping[str, Container[str]] = MappingProxyType(
    {
        "area": {"", *AREAS},
        "person": {"", *PERSON},
        "exploitation_type": {"", *ExploitationType},
        "age_group": {"", *AgeGroup},
        "gender": {"", *Gender},
        "circumstances": {NONE, *ASKED_CIRCUMSTANCES},
        "client": {"", *CLIENT},
        "accepting": {"on"},
    }
)
# More than a register has charities, and than a browser sends.
_MAX_FIELDS = 2_000
FORM_ID = "ask"
Code = TypeVar("Code", bound=StrEnum)


class Fault(msgspec.Struct, frozen=True):
    """One fault of a form in words. `target` is the id of the element that it is about."""

    target: str
    text: str


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a form said: the question, and its values by field, to show them again."""

    chosen: Mapping[str, frozenset[str]] = MappingProxyType({})
    question: Question = Question()
    accepting_only: bool = False
    faults: tuple[Fault, ...] = ()

    def has(self, field: str, value: str) -> bool:
        """Whether a value is chosen. Where nothing is, that is "not sure"."""
        return value in self.chosen.get(field, {""})


NOTHING_ASKED = Asked()


def faulty(code: str, target: str = FORM_ID, **values: str) -> Fault:
    """A fault in the language that is spoken."""
    return Fault(target, gettext(FAULTS[code]).format(**values))


def parse_form(body: bytes, slugs: Container[str]) -> Asked:
    """Read a form (`application/x-www-form-urlencoded`). What cannot be read is a fault, never an error."""
    try:
        pairs = parse_qsl(
            body.decode(),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=_MAX_FIELDS,
        )
    except ValueError:
        return refused_form("unreadable")
    values: dict[str, list[str]] = {}
    for field, value in pairs:
        values.setdefault(field, []).append(value)
    if not values.keys() <= LABELS.keys():
        return refused_form("unreadable")
    faults = [fault for field, found in values.items() if (fault := _fault_of(field, found, slugs)) is not None]
    if not faults:
        faults = _contradictions(values)
    chosen = {field: frozenset(found) for field, found in values.items()}
    if faults:
        return Asked(chosen=chosen, faults=tuple(faults))
    question = _question_of(values)
    accepting_only = "accepting" in values
    if question == Question() and not accepting_only:
        return Asked(chosen=chosen, faults=(faulty("nothing"),))
    return Asked(chosen=chosen, question=question, accepting_only=accepting_only)


def refused_form(code: str) -> Asked:
    """A form that is not read."""
    return Asked(faults=(faulty(code),))


def clients_matter(responder: Responder) -> bool:
    """Whether it decides anything that somebody is this responder's client."""
    report = responder.intake.report
    excepted = report is not None and Circumstance.EXISTING_CLIENT in report.exceptions
    return responder.remit.existing_clients_only or excepted


def form_values(asked: Asked, responders: Iterable[Responder]) -> dict[str, object]:
    """What the template of the question needs, in the language that is spoken."""
    return {
        "asked": asked,
        "is_about_child": asked.question.age_group is AgeGroup.CHILD,
        "places": _places(),
        "labels": {field: gettext(label) for field, label in LABELS.items()},
        "questions": [
            ("person", _labels(PERSON)),
            ("exploitation_type", _labels(EXPLOITATION, NOT_SURE)),
            ("age_group", _labels(AGES, NOT_SURE)),
            ("gender", _labels(GENDERS, NOT_SURE)),
        ],
        "circumstances": _labels(CIRCUMSTANCES, NONE_OF_THESE),
        "client": _labels(CLIENT),
        "clients": [(each.slug, each.name) for each in responders if clients_matter(each)],
    }


def _places() -> list[tuple[str, list[tuple[str, str]]]]:
    """The places to choose from, in groups: England's regions, and the nations."""
    england = gettext(AREAS[ENGLAND].name)
    regions = [(code, _place_in_words(code)) for code in _IN_ENGLAND]
    anywhere = (ENGLAND, gettext("England, not sure where"))
    return [(england, [*regions, anywhere]), ("", [(code, _place_in_words(code)) for code in _NATIONS])]


def _labels(*tables: Mapping[str, str]) -> list[tuple[str, str]]:
    """Values with their labels, in the language that is spoken."""
    return [(value, gettext(label)) for table in tables for value, label in table.items()]


def _place_in_words(code: str) -> str:
    name = gettext(AREAS[code].name)
    if code not in TOWNS:
        return name
    # Translators: {towns} are large towns in the {place}, as in "Wales: Cardiff, Swansea, Newport, Wrexham".
    return gettext("{place}: {towns}").format(place=name, towns=gettext(TOWNS[code]))


def _fault_of(field: str, values: Sequence[str], slugs: Container[str]) -> Fault | None:
    target, question = f"q-{field}", gettext(LABELS[field])
    if field == "existing_client_of":
        is_listed = all(value in slugs for value in values)
        return None if is_listed else faulty("delisted", "q-client", question=question)
    is_known = all(value in _VALUES[field] for value in values)
    if is_known and (len(values) == 1 or field in SEVERAL):
        return None
    return faulty("not_listed", target, question=question)


def _contradictions(values: Mapping[str, Sequence[str]]) -> list[Fault]:
    faults = []
    circumstances = set(values.get("circumstances", ()))
    if NONE in circumstances and len(circumstances) > 1:
        faults.append(_both("circumstances", NONE_OF_THESE))
    if NONE in values.get("client", ()) and values.get("existing_client_of"):
        faults.append(_both("client", CLIENT))
    return faults


def _both(field: str, labels: Mapping[str, str]) -> Fault:
    return faulty("both", f"q-{field}", none=gettext(labels[NONE]), question=gettext(LABELS[field]))


def _question_of(values: Mapping[str, Sequence[str]]) -> Question:
    """What was not ticked does not apply only if "do any of these apply?" was answered."""
    ticked = set(values.get("circumstances", ()))
    applying = {each for each in ASKED_CIRCUMSTANCES if each in ticked}
    if "me" in values.get("person", ()):
        applying.add(Circumstance.SELF_REFERRAL)
    excluded = [each for each in ASKED_CIRCUMSTANCES if each not in applying] if ticked else []
    return Question(
        area=_single(values, "area"),
        exploitation_type=_code(ExploitationType, _single(values, "exploitation_type")),
        age_group=_code(AgeGroup, _single(values, "age_group")),
        gender=_code(Gender, _single(values, "gender")),
        circumstances=tuple(each for each in ASKED_CIRCUMSTANCES if each in applying),
        circumstances_excluded=tuple(excluded),
        existing_client_of=_existing_client_of(values),
    )


def _existing_client_of(values: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    slugs = tuple(dict.fromkeys(values.get("existing_client_of", ())))
    if slugs:
        return slugs
    return () if NONE in values.get("client", ()) else NOT_KNOWN


def _single(values: Mapping[str, Sequence[str]], field: str) -> str | None:
    return next(iter(values.get(field, ())), None) or None


def _code(codes: type[Code], value: str | None) -> Code | None:
    return None if value is None else codes(value)
